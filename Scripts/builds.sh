# Sourced: how the tests are built beside the debug build, and what the sanitizers are told.

release_build=(-c release -Xswiftc -enable-testing --scratch-path .build/release-tests)
address_build=(--sanitize=address --scratch-path .build/asan)
thread_build=(--sanitize=thread --scratch-path .build/tsan)

# Without the sanitizers these are not looked at.
export TSAN_OPTIONS="halt_on_error=0 exitcode=66 ${TSAN_OPTIONS:-}"
# What ends with the process is no leak; the tests count what they make.
export ASAN_OPTIONS="detect_leaks=0 ${ASAN_OPTIONS:-}"
