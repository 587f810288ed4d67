#!/usr/bin/env bash
# The main job, end to end: FIX traffic is generated, archived by two producers, and verified.
#
#   DEMO_MESSAGES=2000000   how many messages, of about 100 bytes; the demo needs 250 bytes of disk for each
#   DEMO_DIR=.build         where the temporary directory is made
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
messages="${DEMO_MESSAGES:-2000000}"
mkdir -p .build/logs
log=.build/logs/demo-build.log
echo "== building (release)"
swift build -c release --package-path Examples --product fix-archive >"$log" 2>&1 || { tail -n 60 "$log"; exit 1; }
fix_archive="$(swift build -c release --package-path Examples --show-bin-path)/fix-archive"

directory="$(mktemp -d "${DEMO_DIR:-.build}/demo.XXXXXX")"
trap 'rm -rf "$directory"' EXIT
# Shows a command as a user would type it, and runs it.
step() {
  echo
  echo "\$ fix-archive $*"
  "$fix_archive" "$@"
}
step generate --messages "$messages" --profile small --output "$directory/traffic.fix"
step record --archive "$directory/archive" --input "$directory/traffic.fix" --threads 2 --sync interval
step verify "$directory/archive"
