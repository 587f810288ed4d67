#!/usr/bin/env bash
# Installs what the build needs and the machine lacks: liburing's headers, and pkg-config, which tells SwiftPM where
# they are. Further Debian packages may be named as arguments. Does nothing where nothing is missing.
set -euo pipefail

missing=()
command -v pkg-config >/dev/null || missing+=(pkg-config)
if ! { command -v pkg-config >/dev/null && pkg-config --exists 'liburing >= 2.3'; }; then
  missing+=(liburing-dev)
fi
for package in "$@"; do
  [[ "$(dpkg-query -W -f='${Status}' "$package" 2>/dev/null)" == "install ok installed" ]] || missing+=("$package")
done

if ((${#missing[@]} > 0)); then
  if ! command -v apt-get >/dev/null; then
    echo "deps: missing: ${missing[*]} (Debian's names). There is no apt-get here: install them with the system's own tool." >&2
    exit 1
  fi
  as_root=()
  if ((EUID != 0)); then
    if ! command -v sudo >/dev/null; then
      echo "deps: missing: ${missing[*]}. Not root and no sudo: run 'apt-get install ${missing[*]}' as root, then again." >&2
      exit 1
    fi
    as_root=(sudo)
  fi
  echo "deps: installing ${missing[*]}"
  log="$(mktemp)"
  trap 'rm -f "$log"' EXIT
  # `env` after sudo: sudo does not hand the caller's environment on.
  apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -y -q -o DPkg::Lock::Timeout=120)
  if ! { "${apt[@]}" update && "${apt[@]}" install --no-install-recommends "${missing[@]}"; } >"$log" 2>&1 </dev/null
  then
    tail -n 20 "$log" >&2
    echo "deps: apt-get could not install ${missing[*]}" >&2
    exit 1
  fi
fi

if ! command -v swift >/dev/null; then
  echo "deps: there is no 'swift' on PATH: install Swift 6.2 or later (https://www.swift.org/install/linux/)." >&2
  exit 1
fi
