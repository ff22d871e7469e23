#!/bin/sh
# inventory_test.sh GANGER: the inventory example on a tree with odd names. Its digests must be those of sha256sum.
set -eu

ganger=$1
repository=$(cd "$(dirname "$0")/../.." && pwd)
inventory=$repository/examples/inventory/inventory.toml
work=$(mktemp -d)
trap 'chmod -R u+rwx "$work"; rm -rf "$work"' EXIT
tree=$work/tree
out=$work/out
GANGER_STATE_DIR=$work/state
export GANGER_STATE_DIR

fail() {
  echo "inventory_test: $*" >&2
  exit 1
}

# Runs ganger; its exit code must be $1.
expect_exit() {
  wanted=$1
  shift
  code=0
  "$ganger" "$@" >"$work/stdout" 2>"$work/stderr" || code=$?
  if [ "$code" -ne "$wanted" ]; then
    cat "$work/stdout" "$work/stderr" >&2
    fail "ganger $* exits with $code instead of $wanted"
  fi
}

# Writes the rows of $1, an SQL statement on the inventory's database, to $2, without header and CR.
query() {
  cat >"$work/query.toml" <<JOB
[pools.db]
kind = "sqlite.connection"
with = { path = "$out/inventory.db" }
[[task]]
name = "rows"
uses = "sqlite.query"
with = { pool = "db", format = "csv", to = "$work/query.csv", sql = "$1" }
JOB
  expect_exit 0 run "$work/query.toml"
  tr -d '\r' <"$work/query.csv" | tail -n +2 >"$2"
}

# PATH,SHA256 of every regular file below $1, the path in hexadecimal.
digests_of() {
  # shellcheck disable=SC2016 # the inner shell expands
  find "$1" -type f -exec sh -c '
    for file; do
      hex=$(printf %s "$file" | od -An -v -tx1 | tr -d " \n" | tr a-f A-F)
      digest=$(sha256sum <"$file")
      echo "$hex,${digest%% *}"
    done' sh {} + | LC_ALL=C sort
}

mkdir -p "$tree/folder/deeper" "$work/outside"
echo one >"$tree/plain"
echo two >"$tree/with space and 'quotes\","
echo three >"$tree/$(printf 'new\nline')"
echo four >"$tree/$(printf 'latin-\351')"
echo five >"$tree/-n"
: >"$tree/empty"
echo same >"$tree/folder/copy one"
echo same >"$tree/folder/deeper/.copy two"
head -c 3000000 /dev/zero >"$tree/folder/large"
echo outside >"$work/outside/file"
ln -s "$work/outside" "$tree/link"
ln -s nowhere "$tree/dangling"

# Digests, sizes and the two CSV files.
expect_exit 0 run "$inventory" --param "root=$tree" --param "out=$out"
query 'select hex(cast(path as blob)), sha256 from files order by 1' "$work/found"
digests_of "$tree" >"$work/wanted"
diff "$work/wanted" "$work/found" || fail "the digests are not those of sha256sum"
[ "$(grep -c 'copy' "$out/duplicates.csv")" -eq 2 ] || fail "duplicates.csv has not the two copies"
[ "$(wc -l <"$out/duplicates.csv")" -eq 3 ] || fail "duplicates.csv has other rows than the two copies"
sed -n 2p "$out/largest.csv" | grep -q '^3000000,.*/folder/large' || fail "largest.csv does not start with the largest"
[ ! -s "$out/inventory.db-wal" ] || fail "clean-up left a write-ahead log"

# Another root into the same folder: no row of the first one stays.
expect_exit 0 run "$inventory" --param "root=$work/outside" --param "out=$out"
query 'select count(*) from files' "$work/found"
[ "$(cat "$work/found")" = 1 ] || fail "rows of the first root are still there"

# Out of time at once: exit 1 and a database that is whole.
expect_exit 1 run "$inventory" --param "root=$tree" --param "out=$out" --timeout 1us
query 'pragma integrity_check' "$work/found"
[ "$(cat "$work/found")" = ok ] || fail "the database is broken after a timeout"

# No such root.
expect_exit 3 run "$inventory" --param "root=$work/nowhere" --param "out=$out"
cat "$work/stdout" "$work/stderr" | grep -q 'No such file or directory' || fail "it does not say why scan failed"

# A file and a folder that cannot be read; root reads them all the same.
if [ "$(id -u)" -ne 0 ]; then
  mkdir "$tree/locked"
  chmod 000 "$tree/plain" "$tree/locked"
  expect_exit 0 run "$inventory" --param "root=$tree" --param "out=$out"
  query 'select error, sha256 from files where error is not null' "$work/found"
  [ "$(cat "$work/found")" = "Permission denied," ] || fail "the unreadable file is not a row with its error"
fi
