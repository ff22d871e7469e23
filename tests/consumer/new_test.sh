#!/bin/sh
# Has the installed `ganger new` make projects, and runs what it prints, line by line as it stands there.
# usage: new_test.sh PREFIX BINARY_DIR
set -eu

prefix=$1 binary_dir=$2
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
export CMAKE_GENERATOR=Ninja GANGER_STATE_DIR="$dir/state"
umask 022
cd "$dir"

fail() {
  echo "FAILED: $1" >&2
  exit 1
}

# make NAME LANG: makes the project with the `ganger` of the PATH, and does what the lines that are indented say.
make() {
  "${ganger:-ganger}" new "$1" --lang "$2" >says
  cat says
  sed -n 's/^  //p' says >commands
  for what in cd cmake 'cmake --build' ctest "${ganger:-ganger} run" cpack; do
    grep -q "^$what " commands || fail "ganger new does not say how to $what"
  done
  sh -eux ./commands
}

usual_path=$PATH
for lang in cpp c; do
  PATH=$prefix/bin:$usual_path
  name=my_$lang-plugin.v1 # all that a name may hold
  make "$name" $lang

  ! grep -rnE 'hello[^,]|shout|hello$' "$name" --exclude-dir=build || fail "the example's name is left in $name"
  find "$name" -name '*hello*' -o -name '*shout*' | grep . && fail "the example's name is left in the names of $name"
  if command -v dpkg-shlibdeps >/dev/null; then # as the project decides
    dpkg-deb --contents "$name"/build/packages/*.deb | grep -q "\./usr/lib.*/ganger/plugins/$name\.so$" ||
      fail "the .deb has no plugin where ganger looks for it"
    dpkg-deb --field "$name"/build/packages/*.deb Depends | grep -q 'ganger.*libc6' || fail "the .deb lacks dependencies"
  fi
  if command -v rpmbuild >/dev/null; then
    rpm -qpl "$name"/build/packages/*.rpm | grep -q "^/usr/lib.*/ganger/plugins/$name\.so$" ||
      fail "the .rpm has no plugin where ganger looks for it"
    rpm -qp --requires "$name"/build/packages/*.rpm | grep -qx ganger || fail "the .rpm lacks dependencies"
  fi
  "$name/ci.sh"
done

# Not in the PATH: the commands say where the program is, and where the SDK. A build tree has one, too.
PATH=$usual_path ganger=$binary_dir/bin/ganger
make from_a_build_tree c
