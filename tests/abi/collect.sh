#!/bin/sh
# Adds the plugins and the types of today's ABI to the museum, as tests/abi/MAJOR.MINOR-MACHINE. Once for each minor and kind of
# machine, when it is released: what is there is never built again.
# usage: collect.sh GANGER
#   GANGER  the program as it is released, which writes the notes of the plugins
set -eu
ganger=$(realpath "$1")
cd "$(dirname "$0")/../.."

number() { awk -v name="GANGER_ABI_$1" '$2 == name { print $3 + 0 }' sdk/include/ganger/version.h; }
museum=tests/abi/$(number MAJOR).$(number MINOR)-$(uname -m)
mkdir "$museum" || { echo "collect.sh: $museum is there already, and stays as it is" >&2; exit 1; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
echo '{ global: ganger_plugin_v1; local: *; };' >"$scratch/version"

# As ganger_add_plugin does, but small.
for source in 01-hello/hello.cc 04-heavy/primes.cc 09-pool-kind/ids.cc; do
  g++ -std=c++17 -Os -s -shared -fPIC -fvisibility=hidden -fvisibility-inlines-hidden -fno-gnu-unique \
    -ffile-prefix-map="$PWD"=. -Isdk/include "-Wl,--version-script=$scratch/version,-z,now,-z,defs" \
    "examples/$source" -o "$museum/$(basename "$source" .cc).so"
done
for plugin in "$museum"/*.so; do
  "$ganger" inspect "$plugin" --note "$scratch/note" --unsafe-plugins
  objcopy --add-section ".note.ganger=$scratch/note" "$plugin"
done
gcc -std=c11 -g -O0 -shared -fPIC -Isdk/include tests/abi/types.c -o "$scratch/types.so"
abidw --no-corpus-path --no-comp-dir-path --no-show-locs --out-file "$museum/types.abi" "$scratch/types.so"
(cd "$museum" && sha256sum ./*.so types.abi >SHA256SUMS)
echo "$museum, by $(g++ --version | head -1) and $(abidw --version)"
