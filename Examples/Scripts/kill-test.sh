#!/bin/bash
# Kills a recorder with SIGKILL at random moments and looks at what is left, again and again.
#
#   Examples/Scripts/kill-test.sh [ROUNDS] [DIRECTORY]
#
# Each round records generated traffic into a new archive, from a file or standard input and with each sync policy in
# turn, and kills the recorder after 0 to 600 ms. Then:
#   - `verify` finds the archive sound,
#   - `cat` gives a prefix of the input,
#   - every message that was reported synced is in it,
#   - a recorder that goes on in the same archive repairs it, and `verify` still finds it sound.
# Ends with 0 if all rounds held. Needs about 1.5 GB in DIRECTORY (default: a new one in the current directory).
set -u
rounds=${1:-50}
program=${FIX_ARCHIVE:-$(dirname "$0")/../.build/release/fix-archive}
work=${2:-$(mktemp -d ./kill-test.XXXXXX)}
mkdir -p "$work"
trap 'rm -rf "$work"' EXIT

fail() {
  echo "kill-test: round $round: $1" >&2
  trap - EXIT
  echo "kill-test: what is left is in $work" >&2
  exit 1
}

"$program" generate --messages 6000000 --profile small --output "$work/input.fix" || exit 1
"$program" generate --messages 1000 --profile orders --output "$work/more.fix" || exit 1
policies=(interval every-batch none)
survivors=0

for ((round = 1; round <= rounds; round++)); do
  archive=$work/archive
  rm -rf "$archive" "$work/synced"
  policy=${policies[round % 3]}
  options=(--archive "$archive" --sync "$policy" --sync-interval 20 --segment-bytes $((16 << 20)) --report-synced)
  if ((round % 2)); then
    "$program" record "${options[@]}" --input "$work/input.fix" >"$work/synced" 2>/dev/null &
  else
    "$program" record "${options[@]}" - <"$work/input.fix" >"$work/synced" 2>/dev/null &
  fi
  recorder=$!
  sleep "$(printf '0.%03d' $((RANDOM % 600)))"
  kill -KILL "$recorder" 2>/dev/null
  wait "$recorder" 2>/dev/null
  # A line that the kill cut off reports nothing.
  reported=$(sed -n 's/^synced messages=\([0-9]*\) bytes=[0-9]*$/\1/p' "$work/synced" | tail -n 1)
  reported=${reported:-0}
  if [[ ! -e $archive/lock ]]; then continue; fi

  "$program" verify "$archive" >"$work/verified" || fail "verify finds damage"
  "$program" cat "$archive" >"$work/output" || fail "cat fails"
  size=$(stat -c %s "$work/output")
  cmp -s -n "$size" "$work/output" "$work/input.fix" || fail "cat is no prefix of the input"
  messages=$(sed -n 's/^messages *//p' "$work/verified")
  ((messages >= reported)) || fail "$reported messages were reported synced, $messages are there"

  "$program" record --archive "$archive" --input "$work/more.fix" 2>/dev/null || fail "cannot record on"
  "$program" verify "$archive" >"$work/verified" || fail "verify finds damage after the repair"
  [[ $(sed -n 's/^messages *//p' "$work/verified") == $((messages + 1000)) ]] || fail "the repair lost messages"
  ((survivors += messages))
  printf 'round %d (%s): %d messages, %d reported synced\n' "$round" "$policy" "$messages" "$reported"
done
echo "kill-test: $rounds rounds held, $survivors messages survived"
