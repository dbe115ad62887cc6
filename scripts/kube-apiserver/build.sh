#!/usr/bin/env bash
# Builds the real kube-apiserver once, into a cache outside the tree, and prints where it is.
set -euo pipefail

version=v1.35.3
here=$(cd "$(dirname "$0")" && pwd)
cache="${XDG_CACHE_HOME:-$HOME/.cache}/capstan-e2e"
binary="$cache/kube-apiserver-$version"

if [ -x "$binary" ]; then
  echo "$binary"
  exit 0
fi

command -v go >/dev/null || {
  echo 'kube-apiserver is built from source and needs Go 1.25 or newer: https://go.dev/dl' >&2
  exit 1
}

mkdir -p "$cache"
work=$(mktemp -d "$cache/build.XXXXXX")
trap 'rm -rf "$work"' EXIT
cp "$here"/go.mod "$here"/main.go "$work"/

echo "building kube-apiserver $version: about four minutes, once" >&2
cd "$work"
go mod tidy >&2
CGO_ENABLED=0 go build -trimpath -ldflags "-s -w \
  -X k8s.io/component-base/version.gitVersion=$version \
  -X k8s.io/component-base/version.gitMajor=1 \
  -X k8s.io/component-base/version.gitMinor=35" -o kube-apiserver .

# Whoever finds the name finds a whole binary, however many builds ran at once.
mv kube-apiserver "$binary"
echo "$binary"
