#!/usr/bin/env bash
# Made again in another folder and later, the packages are equal byte for byte.
#   usage: twice_test.sh [--afresh]    --afresh: also from a copy of the sources elsewhere, and without ccache; takes as long
#                                      as a whole build
# shellcheck source=tests/packages/checks.sh
. "$(dirname "$0")/checks.sh"
source=$PWD
again=$work/again
rm -rf "$again"
mkdir -p "$again/packages"
if [ "${1:-}" = --afresh ]; then
  export CCACHE_DISABLE=1
  source=$again/sources/of/another/place
  mkdir -p "$source"
  (git ls-files 2>/dev/null || find . -path ./build -prune -o -type f -print) | tar -cf - -T - | tar -xf - -C "$source"
  SOURCE_DATE_EPOCH=$(cat build/package/packaging/changelog.epoch) # a copy has no commits to ask
  export SOURCE_DATE_EPOCH
fi

for family in DEB RPM; do
  (cd "$source" && cmake --preset release -B "$again/tree" -D "GANGER_PACKAGES=$family" >/dev/null)
  cmake --build "$again/tree" -j "$(nproc)" >/dev/null
  (cd "$again/tree" && cpack -D "CPACK_OUTPUT_FILE_PREFIX=$again/packages" >/dev/null 2>&1) || fail "cpack failed"
done
SOURCE_DATE_EPOCH=$(cat "$again/tree/packaging/changelog.epoch")
export SOURCE_DATE_EPOCH
for file in "$again"/packages/*.ddeb; do packaging/deb/dbgsym.sh "$file"; done

expect "the packages" "$(ls "$packages")" "$(ls "$again/packages")"
for file in "$packages"/*; do
  cmp "$file" "$again/packages/$(basename "$file")" || fail "made again, it is another: $(basename "$file")"
done
rm -rf "$again"
