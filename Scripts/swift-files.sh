#!/usr/bin/env bash
# Prints the repository's own Swift files, each ended by a zero byte. Without git: an unpacked archive has none.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
find Package.swift Sources Tests Benchmarks Examples -name .build -prune -o -name '*.swift' -type f -print0
