#!/usr/bin/env bash
# Builds the programs channels-bench compares with, into .build/peers: `rust`, `go`, and in <name>.versions what they
# are made of. Installs Debian's packages for them where it can. Never fails: what cannot be had has its reason in
# <name>.missing instead, one line, which the benchmark prints in place of numbers.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# rustup's, where PATH has no cargo.
PATH="$PATH:${HOME:-/root}/.cargo/bin"
out="$PWD/.build/peers"
mkdir -p "$out" .build/logs
rm -f "$out"/{rust,go}{,.versions,.missing}

# missing NAME REASON...
missing() { printf '%s\n' "${*:2}" | head -n 1 >"$out/$1.missing"; }

# install NAME PACKAGE...: false, and the reason noted, where it could not.
install() {
  local said
  said="$(Scripts/deps.sh "${@:2}" 2>&1)" || { missing "$1" "$(tail -n 1 <<<"${said//deps: /}")"; return 1; }
}

# build NAME COMMAND...: false, and the compiler's complaint noted, where it did not compile.
build() {
  local log="$PWD/.build/logs/peers-$1.log"
  "${@:2}" >"$log" 2>&1 || { missing "$1" "does not build ($(grep -m 1 -i error "$log" || tail -n 1 "$log"))"; return 1; }
}

build_rust() (
  cd Benchmarks/Peers/rust || exit
  # Made anew: another cargo's, or of other packages, would be refused.
  rm -f Cargo.lock
  cargo build --release --offline --target-dir "$out/cargo"
)

build_go() (
  cd Benchmarks/Peers/go || exit
  GOCACHE="$out/go-cache" GOPROXY=off GOFLAGS= GOWORK=off go build -buildvcs=false -o "$out/go" .
)

have_rust() {
  local packages=(librust-{async-channel,crossbeam-channel,flume,tokio}-dev)
  command -v cargo >/dev/null || packages+=(cargo)
  install rust "${packages[@]}" || return
  build rust build_rust || return
  {
    rustc --version | cut -d ' ' -f 1,2
    awk -F '"' '/^name = /{ name = $2 } /^version = / && name ~ /^(async-channel|crossbeam-channel|flume|tokio)$/ {
      print name, $2 }' Benchmarks/Peers/rust/Cargo.lock
  } | paste -s -d , | sed 's/,/, /g' >"$out/rust.versions"
  cp "$out/cargo/release/peers" "$out/rust"
}

have_go() {
  command -v go >/dev/null || install go golang-go || return
  build go build_go || return
  go version | cut -d ' ' -f 3 >"$out/go.versions"
}

have_rust
have_go
exit 0
