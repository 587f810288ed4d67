#!/usr/bin/env bash
# Builds and runs the Swift programs of README.md and Documentation/*.md, and checks what each says it prints
# (`print(x)  // 45`). Against the debug build, as a package of its own, as a user's would be.
#
#   Scripts/readme.sh                             all files
#   Scripts/readme.sh Documentation/Channels.md   only these
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root="$PWD" package=.build/readme
files=("$@")
((${#files[@]} > 0)) || files=(README.md Documentation/*.md)

# Written beside the last run's, and taken over where they differ: what has not changed is not compiled again.
rm -rf "$package/new"
mkdir -p "$package/new" "$package/Sources"
awk -v to="$package/new" '
  FNR == 1 { name = FILENAME; gsub(/^.*\/|\.md$/, "", name); count = 0; inside = 0 }
  /^```swift$/ {
    inside = 1
    folder = to "/" name sprintf("%02d", ++count)
    system("mkdir -p " folder)
    print FILENAME ":" FNR > (folder "/where")
    next
  }
  /^```$/ { inside = 0 }
  inside { print > (folder "/main.swift") }
' "${files[@]}"
rm -rf "$package/where"
mkdir "$package/where"
targets="" programs=()
for folder in "$package"/new/*/; do
  program="$(basename "$folder")"
  programs+=("$program")
  mv "$folder/where" "$package/where/$program"
  mkdir -p "$package/Sources/$program"
  cmp -s "$folder/main.swift" "$package/Sources/$program/main.swift" \
    || cp "$folder/main.swift" "$package/Sources/$program/main.swift"
  targets+=".executableTarget(name: \"$program\", dependencies: libraries),"
done
for folder in "$package"/Sources/*/; do
  [[ -d "$package/new/$(basename "$folder")" ]] || rm -rf "$folder"
done
cat >"$package/Package.swift" <<END
// swift-tools-version: 6.2
import PackageDescription
let libraries: [Target.Dependency] = [
  .product(name: "NexusRT", package: "NexusRT"), .product(name: "NexusChannels", package: "NexusRT"),
  .product(name: "NexusTestSupport", package: "NexusRT"), .product(name: "NexusSlab", package: "NexusRT"),
]
let package = Package(
  name: "readme", dependencies: [.package(name: "NexusRT", path: "$root")], targets: [$targets])
END
swift build --package-path "$package" --scratch-path .build/readme/.build
passed=0 failed=0
for program in "${programs[@]}"; do
  expected="$(sed -nE 's/^print\(.*\)  \/\/ (.*)$/\1/p' "$package/Sources/$program/main.swift")"
  printed="$(timeout 60 "$package/.build/debug/$program")" || printed="exit code $?"
  if [[ -n "$expected" && "$printed" == "$expected" ]]; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "FAILED $(cat "$package/where/$program"): expected '$expected', got '$printed'"
  fi
done
echo "readme: $passed passed, $failed failed"
((failed == 0 && passed > 0))
