#!/bin/sh
# Copies each example that has a CMakeLists.txt out of the tree, and builds and tests it there against the installed SDK.
# usage: copied_out_test.sh SOURCE_DIR PREFIX
set -eu

source_dir=$1 prefix=$2
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
export CMAKE_PREFIX_PATH="$prefix" CMAKE_BUILD_TYPE=Debug CMAKE_GENERATOR=Ninja

for list in "$source_dir"/examples/*/CMakeLists.txt; do
  example=$(dirname "$list")
  copy=$dir/$(basename "$example")
  cp -r "$example" "$copy"
  cmake -S "$copy" -B "$copy/build" -DCMAKE_C_FLAGS=-Werror -DCMAKE_CXX_FLAGS=-Werror
  cmake --build "$copy/build"
  ctest --test-dir "$copy/build" --output-on-failure # nothing to do in those without tests
  for plugin in "$copy"/build/*.so; do
    [ -e "$plugin" ] || continue # left out where its language is missing
    GANGER_STATE_DIR=$dir/state "$prefix/bin/ganger" check "$plugin"
  done
done
