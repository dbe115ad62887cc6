#!/usr/bin/env bash
# Builds one peer, of a pinned version, once, into a cache outside the tree; prints where it is.
set -euo pipefail

peer=${1:?step-ca or cfssl}
case $peer in
  step-ca) package=github.com/smallstep/certificates/cmd/step-ca version=v0.30.2 cgo=0 ;;
  # Its SQLite driver is C.
  cfssl) package=github.com/cloudflare/cfssl/cmd/cfssl version=v1.6.5 cgo=1 ;;
  *) echo "no such peer: $peer" >&2 && exit 2 ;;
esac

folder="${XDG_CACHE_HOME:-$HOME/.cache}/capstan-bench/$peer-$version"
if [ ! -x "$folder/$peer" ]; then
  command -v go >/dev/null || { echo 'peers are built with Go: https://go.dev/dl' >&2 && exit 1; }
  echo "building $peer $version: some minutes, once" >&2
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  GOBIN=$work CGO_ENABLED=$cgo GOFLAGS='-trimpath -buildvcs=false' go install "$package@$version" >&2
  mkdir -p "$folder"
  # Whoever finds the name finds a whole binary, however many builds ran at once.
  mv "$work/$peer" "$folder/$peer"
fi
echo "$folder/$peer"
