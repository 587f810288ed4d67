#!/usr/bin/env bash
# Checks that misuse does not compile. Each Tests/CompileFail/<Module>/*.swift is compiled against the debug build:
#   // expect-error: TEXT    on its first line: it must fail, with TEXT on an `error:` line;
#   // expect-success        on its first line: it must compile. Each module has such a Control.swift, so that a
#                            broken set-up, in which nothing compiles, cannot pass.
# Prints each failure and, last, "compile-fail: N passed, M failed". --skip-build uses the build that is there.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

check_one() {
  local file="$1" first output errors status=0 wanted
  IFS= read -r first <"$file" || true
  output="$(swiftc -emit-sil -o /dev/null -parse-as-library -swift-version 6 \
    -enable-experimental-feature Lifetimes -enable-upcoming-feature MemberImportVisibility \
    -I .build/debug/Modules -I Sources/CNexus/include -I Sources/CURing "$file" 2>&1)" || status=$?
  # The messages alone: the excerpts below them can quote the snippet's own first line.
  errors="$(grep -E '^[^ |]+:[0-9]+:[0-9]+: error: ' <<<"$output" || true)"
  case "$first" in
    "// expect-success")
      ((status == 0)) && { echo "passed $file"; return; }
      echo "FAILED $file: it must compile, and does not:"
      ;;
    "// expect-error: "*)
      wanted="${first#// expect-error: }"
      if ((status != 0)) && grep -qF -- "$wanted" <<<"$errors"; then
        echo "passed $file"
        return
      fi
      if ((status == 0)); then
        echo "FAILED $file: it compiles; expected an error with: $wanted"
      else
        echo "FAILED $file: expected an error with: $wanted; got:"
      fi
      ;;
    *)
      echo "FAILED $file: its first line is neither '// expect-error: TEXT' nor '// expect-success'"
      ;;
  esac
  sed 's/^/    /' <<<"${errors:-$output}" | head -n 5
}

if [[ "${1:-}" == --check ]]; then
  check_one "$2"
  exit 0
fi
if [[ "${1:-}" != --skip-build ]]; then
  swift build -q >&2
fi

results="$(find Tests/CompileFail -mindepth 2 -maxdepth 2 -name '*.swift' -print0 | sort -z \
  | xargs -0 -P2 -n1 "${BASH_SOURCE[0]}" --check)"
for module in Tests/CompileFail/*/; do
  [[ -f "${module}Control.swift" ]] \
    || results+=$'\n'"FAILED ${module}Control.swift: there is no control, so that its snippets prove nothing"
done
passed="$(grep -c '^passed ' <<<"$results" || true)"
failed="$(grep -c '^FAILED ' <<<"$results" || true)"
grep -v '^passed ' <<<"$results" || true
echo "compile-fail: $passed passed, $failed failed"
((failed == 0 && passed > 0))
