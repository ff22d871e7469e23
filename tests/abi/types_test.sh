#!/bin/sh
# Compares the types of today's headers with those of each museum, and sees that the comparison can fail.
# usage: types_test.sh ABIDIFF CC INCLUDE MUSEUM...
set -eu

abidiff=$1 cc=$2 include=$3
shift 3
here=$(cd "$(dirname "$0")" && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# types_of INCLUDE: into $dir/types.so
types_of() { "$cc" -std=c11 -g -O0 -shared -fPIC "-I$1" "$here/types.c" -o "$dir/types.so"; }

# promised MUSEUM: are $dir/types.so still the types that are promised there? Prints what is not.
promised() {
  code=0
  "$abidiff" --no-show-locs --no-architecture --leaf-changes-only "$1/types.abi" "$dir/types.so" >"$dir/report" || code=$?
  [ $((code & 3)) = 0 ] || { echo "FAILED: abidiff exits with $code" >&2; exit 1; } # 4 and 8 = changes
  awk -f "$here/growth.awk" "$dir/report"
}

# edited SED: the headers as that makes them, into $dir/edited
edited() {
  rm -rf "$dir/edited"
  cp -r "$include" "$dir/edited"
  sed -i "$1" "$dir/edited/ganger/plugin.h"
  ! cmp -s "$include/ganger/plugin.h" "$dir/edited/ganger/plugin.h" || { echo "FAILED: no edit: $1" >&2; exit 1; }
  types_of "$dir/edited"
}

for museum; do
  types_of "$include"
  promised "$museum" || { echo "FAILED: this is no longer what $museum promises" >&2; exit 1; }

  edited 's,^  /\* ---- end of minor 0; append below ---- \*/,&\n  void (*appended)(ganger_ctx *ctx);,'
  promised "$museum" || { echo "FAILED: an append is taken for a break" >&2; exit 1; }
  for break in 's,^  int32_t (\*stop_reason),  void (*inserted)(void);\n&,' 's,^  int32_t (\*stop_reason),  int64_t (*stop_reason),' \
               '/int (\*stop_fd)/d' 's,^} ganger_value;,  int64_t more;\n&,' 's,ganger_ctx \*ctx\, uint64_t token,&\, int how,'; do
    edited "$break"
    ! promised "$museum" >/dev/null || { echo "FAILED: a break goes through: $break" >&2; exit 1; }
  done
done
