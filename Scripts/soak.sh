#!/usr/bin/env bash
# Stress for as long as one likes: the tests with NEXUS_SOAK=1, which asks them for longer runs, once per round, each
# round with its own NEXUS_SEED; then the archive under kill -9.
#
#   SOAK_ROUNDS=10     rounds
#   SOAK_SEED=1        seed of the first round; the others count on from it
#   SOAK_FILTER=REGEX  which tests of the root package (default: all)
#   SOAK_SANITIZE=address|thread   with that sanitizer, and without kill -9
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
rounds="${SOAK_ROUNDS:-10}" first="${SOAK_SEED:-1}" filter="${SOAK_FILTER:-.}"
logs=.build/logs/soak
mkdir -p "$logs"
sanitizer="${SOAK_SANITIZE:-}" ways=(direct switch continuation)
source Scripts/builds.sh
build=("${release_build[@]}")
case "$sanitizer" in
  address) build=("${address_build[@]}") ;;
  # The other ways would keep the sanitizer from following a task from one stack to the next.
  thread) build=("${thread_build[@]}") ways=(continuation) ;;
esac
# Under a sanitizer one test at a time: hundreds at once, each with threads of its own, keep two cores from getting anywhere.
crowd=()
[[ -n "$sanitizer" ]] && crowd=(--no-parallel)
swift build --build-tests "${build[@]}" >"$logs/build.log" 2>&1 \
  || { tail -n 60 "$logs/build.log"; exit 1; }

passed=0 failed=0
# Runs the rest of its arguments under a name, and keeps the log if that fails.
attempt() {
  local name="$1" log="$logs/$1.log" started=$SECONDS
  shift
  if "$@" >"$log" 2>&1 </dev/null; then
    passed=$((passed + 1))
    printf '%-40s%5d s  ok\n' "$name" "$((SECONDS - started))"
    rm -f "$log"
  else
    failed=$((failed + 1))
    printf '%-40s%5d s  FAILED, see %s\n' "$name" "$((SECONDS - started))" "$log"
    tail -n 60 "$log"
  fi
}

export NEXUS_SOAK=1
export SWIFT_BACKTRACE="${SWIFT_BACKTRACE:-enable=no}"
for ((round = 0; round < rounds; round++)); do
  export NEXUS_SEED=$((first + round))
  for way in "${ways[@]}"; do
    NEXUS_SUSPENSION="$way" attempt "round-$round-seed-$NEXUS_SEED-$way" \
      swift test --skip-build "${build[@]}" "${crowd[@]}" --filter "$filter"
  done
done

if [[ -z "$sanitizer" ]]; then
  attempt fix-archive-build swift build -c release --package-path Examples --product fix-archive
  attempt kill-test Examples/Scripts/kill-test.sh
fi

echo "$passed passed, $failed failed"
((failed == 0 && passed > 0))
