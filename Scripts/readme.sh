#!/usr/bin/env bash
# Builds and runs README.md's Swift programs, and checks what each says it prints (`print(x)  // 45`).
# Against the debug build, as a package of its own, as a user's would be.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root="$PWD" package=.build/readme
rm -rf "$package/Sources"
mkdir -p "$package/Sources"
awk -v to="$package/Sources" '
  /^```swift$/ { inside = 1; count++; folder = to "/program" count; system("mkdir -p " folder); next }
  /^```$/ { inside = 0 }
  inside { print > (folder "/main.swift") }
' README.md
targets=""
for folder in "$package"/Sources/*/; do
  targets+=".executableTarget(name: \"$(basename "$folder")\", dependencies: libraries),"
done
cat >"$package/Package.swift" <<END
// swift-tools-version: 6.2
import PackageDescription
let libraries: [Target.Dependency] = [
  .product(name: "NexusRT", package: "NexusRT"), .product(name: "NexusChannels", package: "NexusRT"),
]
let package = Package(
  name: "readme", dependencies: [.package(name: "NexusRT", path: "$root")], targets: [$targets])
END
swift build --package-path "$package" --scratch-path .build/readme/.build
passed=0 failed=0
for folder in "$package"/Sources/*/; do
  program="$(basename "$folder")"
  expected="$(sed -nE 's/^print\(.*\)  \/\/ (.*)$/\1/p' "$folder/main.swift")"
  printed="$("$package/.build/debug/$program")" || printed="exit code $?"
  if [[ -n "$expected" && "$printed" == "$expected" ]]; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "FAILED $program: expected '$expected', got '$printed'"
  fi
done
echo "readme: $passed passed, $failed failed"
((failed == 0 && passed > 0))
