#!/usr/bin/env bash
# Everything CI checks, one step after the other; `make test` calls it. A failing step does not stop the others.
#
#   Scripts/test.sh            all steps
#   Scripts/test.sh lint tsan  only these (the names are those of the functions step_NAME)
#
# Each step writes .build/logs/NAME.log. The last line is "N passed, M failed": tests as swift-testing counts them in
# each run, plus compile-fail's snippets and the documents' programs. A step that fails without a failed test (it does
# not build, it crashes, it warns, it ran no test, it takes longer than STEP_SECONDS) counts as one failure.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root="$PWD"
logs="$root/.build/logs"
mkdir -p "$logs"
# A build of the code must not depend on who runs it: nothing but a step chooses how tasks suspend.
unset NEXUS_SUSPENSION
# A crash is told by its stack; its registers and images fill the log.
# The backtracer of an exit test's process can outlive it with its pipes open, and then the test waits for ever.
export SWIFT_BACKTRACE="${SWIFT_BACKTRACE:-enable=no}"
# A step that hangs is ended, so that the others still run; a step takes a minute or two.
step_seconds="${STEP_SECONDS:-900}"

source Scripts/builds.sh

total_passed=0
total_failed=0
# What failed, told again at the end: who sees the last lines only should not have to guess.
failures=""

# MARK: Steps. Each prints to its log only, and returns non-zero when it failed.

step_lint() {
  Scripts/swift-files.sh | xargs -0 swift format lint --strict --configuration .swift-format
}

# One test at a time: hundreds at once, each with threads of its own, share two cores unevenly (a run took 14 to 160 s) and
# starve a thread for longer than a test can allow for. The release run keeps them all at once, for what only a crowd shows.
step_debug() { swift build --build-tests && swift test --skip-build --no-parallel; }

# The tests of what suspends, once per portable way of suspending (see Sources/NexusRT/Suspension).
suspending_tests=(--filter '^(NexusRTTests|NexusChannelsTests)\.')
step_switch() { NEXUS_SUSPENSION=switch swift test --skip-build --no-parallel "${suspending_tests[@]}"; }
step_continuation() { NEXUS_SUSPENSION=continuation swift test --skip-build --no-parallel "${suspending_tests[@]}"; }

step_compile_fail() { swift build && Scripts/compile-fail.sh --skip-build; }

step_readme() { Scripts/readme.sh; }

step_release() { swift test "${release_build[@]}"; }

# The direct way keeps the sanitizer from following a task from one stack to the next, so a portable one is asked for.
step_tsan() { NEXUS_SUSPENSION=continuation swift test "${thread_build[@]}" --no-parallel; }

step_asan() { swift test "${address_build[@]}" --no-parallel; }

# The parts that a trait of the package adds.
step_traits() {
  swift test --traits ExperimentalScheduling --scratch-path .build/traits --no-parallel --filter '^NexusRTTests\.'
}

# SwiftPM does not notice files that are new in a package it reaches by path, unless that package's manifest is younger.
step_examples() { touch Package.swift && swift test --package-path Examples; }

step_benchmarks() { touch Package.swift && swift build --package-path Benchmarks; }

# A step runs in a process of its own, so that it can be ended with everything it started.
if [[ "${1:-}" == --step ]]; then
  "step_$2"
  exit
fi

# MARK: What a log says

# The tests that began and did not end: what hung, or crashed.
unended_in() {
  comm -23 \
    <(sed -nE 's/^◇ Test ([^ ]+\)) started\.$/\1/p' "$1" | sort -u) \
    <(sed -nE 's/^[✔✘➜] Test ([^ ]+\)) .*(passed after|failed after|skipped).*$/\1/p' "$1" | sort -u)
}

# Warnings in this repository's own files and the documents' programs, each once. Dependencies may warn: -warnings-as-errors
# would stop at theirs.
warnings_in() {
  grep -E "^$root/[^:]+:[0-9]+:[0-9]+: warning:" "$1" | sort -u \
    | awk -v readme="$root/.build/readme/Sources/" 'index($0, readme) == 1 || index($0, "/.build/") == 0'
}

# The step and why it failed, and the first issues of it, each with what was found (the line after it).
failures_in() {
  echo "FAILED: $2: $3"
  grep -A 1 -E '^✘ Test [^r].* recorded an issue|^FAILED|Fatal error' "$1" | grep -v '^--$' | cut -c 1-300 | head -n 8
}

# Prints "passed failed" for the test runs in a log.
counts_in() {
  local log="$1" name="$2" passed=0 failed=0 run ran
  if [[ "$name" == compile_fail || "$name" == readme ]]; then
    sed -nE 's/^(compile-fail|readme): ([0-9]+) passed, ([0-9]+) failed$/\2 \3/p' "$log" | tail -n 1
    return
  fi
  while read -r ran; do passed=$((passed + ran)); done < <(
    sed -nE 's/^.*Test run with ([0-9]+) tests? in [0-9]+ suites? (passed|failed) after.*$/\1/p' "$log")
  # A test is counted once, however many of its arguments fail.
  failed="$(grep -E '^✘ Test [^ ].* failed after ' "$log" | grep -cvE '^✘ Test (run|case) ')"
  run="$(grep -cE '^➜ Test .* skipped' "$log")"
  passed=$((passed - failed - run))
  # A run that crashed or hung has no summary: what passed before is counted from its own lines.
  ((passed < 0)) || ! grep -q 'Test run with ' "$log" \
    && passed="$(grep -E '^✔ Test [^ ].* passed after ' "$log" | grep -cvE '^✔ Test (run|case) ')"
  echo "$passed $failed"
}

# MARK: Running them

run_step() {
  local name="$1" counted="$2" title="$3" log="$logs/$1.log" status=0 started=$SECONDS passed=0 failed=0 found=""
  printf '%-56s' "== $title"
  timeout --kill-after=10 "$step_seconds" Scripts/test.sh --step "$name" >"$log" 2>&1 </dev/null || status=$?
  [[ "$counted" == counted ]] && read -r passed failed < <(counts_in "$log" "$name")
  passed="${passed:-0}" failed="${failed:-0}"
  local reasons=()
  found="$(warnings_in "$log")"
  if [[ -n "$found" ]]; then
    reasons+=("warnings in our own files")
    # A warning is only given when the file is compiled: have it compiled the next time too.
    cut -d: -f1 <<<"$found" | sort -u | xargs touch -c
  fi
  grep -q 'WARNING: ThreadSanitizer' "$log" && reasons+=("the thread sanitizer reported")
  ((failed > 0)) && reasons+=("failed tests")
  ((status == 124 || status == 137)) && reasons+=("took longer than $step_seconds s")
  ((status != 0 && ${#reasons[@]} == 0)) && reasons+=("exit code $status")
  [[ "$counted" == counted ]] && ((status == 0 && passed + failed == 0)) && reasons+=("no test ran")
  ((${#reasons[@]} > 0 && failed == 0)) && failed=1
  total_passed=$((total_passed + passed))
  total_failed=$((total_failed + failed))

  local tally="" verdict="ok" why=""
  why="$(printf '%s; ' "${reasons[@]}" | sed 's/; $//')"
  [[ "$counted" == counted ]] && tally="$passed passed, $failed failed  "
  ((${#reasons[@]} > 0)) && verdict="FAILED: $why"
  printf '%4d s  %s%s\n' "$((SECONDS - started))" "$tally" "$verdict"
  ((${#reasons[@]} == 0)) && return
  failures+="$(failures_in "$log" "$title" "$why")"$'\n'
  echo "--- $log"
  [[ -n "$found" ]] && sed "s#^$root/##" <<<"$found" | head -n 40
  grep -A 40 -m 1 'WARNING: ThreadSanitizer' "$log"
  # What failed, and then the end of the log without what went well.
  grep -E '^✘ Test [^r]|error:|Fatal error|^FAILED' "$log" | sort | uniq -c | sort -rn | sed 's/^ *1 //' | head -n 30
  if ((status != 0)); then
    unended_in "$log" | head -n 10 | sed 's/^/did not end: /'
    echo "    ..."
    grep -vE '^[✔◇✘➜↳]' "$log" | tail -n 60
  fi
  echo "---"
}

wanted=" $* "
maybe() { if [[ "$wanted" == "  " || "$wanted" == *" $1 "* ]]; then run_step "$@"; fi; }

maybe lint uncounted "format: swift format lint --strict"
maybe debug counted "debug tests"
maybe switch counted "debug tests, NEXUS_SUSPENSION=switch"
maybe continuation counted "debug tests, NEXUS_SUSPENSION=continuation"
maybe compile_fail counted "what must not compile"
maybe readme counted "README's and Documentation's programs"
maybe examples counted "debug tests of Examples"
maybe release counted "release tests"
maybe tsan counted "thread sanitizer, NEXUS_SUSPENSION=continuation"
maybe asan counted "address sanitizer"
maybe traits counted "debug tests with the trait ExperimentalScheduling"
maybe benchmarks uncounted "Benchmarks build"

printf '%s' "$failures"
echo "total time: $SECONDS s; logs in .build/logs"
echo "$total_passed passed, $total_failed failed"
((total_failed == 0 && total_passed > 0))
