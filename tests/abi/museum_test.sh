#!/bin/sh
# Runs the plugins of a museum on the host of today, as they were built then: in its process and in children.
# usage: museum_test.sh GANGER MUSEUM
set -eu

ganger=$1 museum=$2
here=$(cd "$(dirname "$0")" && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
export GANGER_STATE_DIR="$dir/state"

fail() {
  cat "$dir/says" >&2
  echo "FAILED: $1" >&2
  exit 1
}

# A checkout may belong to anybody, and ganger opens only what nobody else could have changed: so, copies.
umask 022
mkdir "$dir/lib"
cp "$museum"/*.so "$dir/lib"
(cd "$museum" && sha256sum --check SHA256SUMS) >"$dir/says" 2>&1 || fail "an exhibit is not what was put there"

for plugin in "$dir"/lib/*.so; do
  "$ganger" check "$plugin" >"$dir/says" 2>&1 || fail "ganger check $(basename "$plugin") says no"
done
for where in '' --isolate; do
  # shellcheck disable=SC2086  # none or one
  "$ganger" run "$here/museum.toml" -P "$dir/lib" $where >"$dir/says" 2>&1 || fail "ganger run $where exits with $?"
  grep -qF 'hello, visitor of 78498 primes and numbers 100 101 102' "$dir/says" || fail "ganger run $where says it otherwise"
done
