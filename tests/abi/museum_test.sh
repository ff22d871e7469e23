#!/bin/sh
# Runs the plugins of a museum on the host of today, as they were built then: in its process and in children.
# usage: museum_test.sh GANGER MUSEUM
# exit code 77: they were built for another kind of machine
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

# machine FILE: e_machine of its ELF header.
machine() { od -An -tx1 -j18 -N2 "$1"; }
if [ "$(machine "$ganger")" != "$(machine "$museum/hello.so")" ]; then
  echo "skipped: the plugins of $museum are for another kind of machine than $ganger"
  exit 77
fi

# A checkout may belong to anybody, and ganger opens only what nobody else could have changed: so, copies.
umask 022
mkdir "$dir/lib"
cp "$museum"/*.so "$dir/lib"
(cd "$museum" && sha256sum --check SHA256SUMS) >"$dir/says" 2>&1 || fail "an exhibit is not what was put there"

for plugin in "$dir"/lib/*.so; do
  "$ganger" check "$plugin" >"$dir/says" 2>&1 || fail "ganger check $(basename "$plugin") says no"
  grep -qxF 'ok note: says what its code says' "$dir/says" || fail "ganger check $(basename "$plugin") says nothing of its note"
done
for where in '' --isolate; do
  # shellcheck disable=SC2086  # none or one
  "$ganger" run "$here/museum.toml" -P "$dir/lib" $where >"$dir/says" 2>&1 || fail "ganger run $where exits with $?"
  grep -qF 'hello, visitor of 78498 primes and numbers 100 101 102' "$dir/says" || fail "ganger run $where says it otherwise"
done
