#!/usr/bin/env bash
# Builds the benchmarks in release and runs them. Arguments go to each of them: parts of the names of what
# to run. BENCH_ROUNDS=3 makes channels-bench quicker.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
mkdir -p .build/logs
log=.build/logs/bench-build.log
Scripts/peers.sh
swift build -c release --package-path Benchmarks >"$log" 2>&1 || { tail -n 60 "$log"; exit 1; }
programs="$(swift build -c release --package-path Benchmarks --show-bin-path)"
"$programs/nexus-bench" "$@"
echo
"$programs/tasks-bench" "$@"
echo
"$programs/logbuf-bench" "$@"
echo
"$programs/channels-bench" "$@"
