# shellcheck shell=bash
# For the tests of this folder, which run in the root of the tree.
set -euo pipefail
packages=$PWD/build/packages
work=$PWD/build/package-test
mkdir -p "$work"

fail() { echo "$(basename "$0"): $*" >&2; exit 1; }
skip() { echo "$(basename "$0"): skipped: $*" >&2; exit 77; }

# one FILE...: the file of a pattern that has to have exactly one.
one() {
  if [ $# != 1 ] || [ ! -e "$1" ]; then fail "expected one file: $*"; fi
  echo "$1"
}

# expect WHAT WANTED GOT
expect() { [ "$2" = "$3" ] || fail "$1: expected '$2', got '$3'"; }

need_own_root() {
  [ "$(id -u)" = 0 ] || skip "this needs root, for chroot"
  unshare --mount --pid --fork true 2>/dev/null || skip "this machine lets root have no namespaces of its own"
}

# inside ROOT COMMAND...: runs it in that root, with processes and an environment of its own.
inside() {
  local root=$1
  shift
  # shellcheck disable=SC2016
  unshare --mount --pid --fork --kill-child bash -ec '
    root=$1; shift
    mkdir -p "$root/proc" "$root/dev"
    mount -t proc proc "$root/proc"
    for device in null zero random urandom; do
      [ -e "$root/dev/$device" ] || touch "$root/dev/$device"
      [ -c "$root/dev/$device" ] || mount --bind "/dev/$device" "$root/dev/$device"
    done
    exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive chroot "$root" "$@"
  ' inside "$root" "$@"
}

# make_previous: the same packages once more as version 0.0.9, to upgrade from.
make_previous() {
  local family
  [ ! -e "$work/previous/made" ] || [ "$work/previous/made" -ot "$(one "$packages"/ganger_*.deb)" ] || return 0
  rm -rf "$work/previous"
  for family in DEB RPM; do
    cmake --preset release -B build/package -D "GANGER_PACKAGES=$family" >/dev/null
    (cd build/package && cpack -D CPACK_PACKAGE_VERSION=0.0.9 -D "CPACK_OUTPUT_FILE_PREFIX=$work/previous" \
      -D CPACK_DEBIAN_COMPRESSION_TYPE=gzip -D CPACK_RPM_COMPRESSION_TYPE=gzip >/dev/null 2>&1) ||
      fail "no previous version: cpack failed"
  done
  touch "$work/previous/made"
}
