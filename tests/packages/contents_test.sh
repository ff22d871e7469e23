#!/usr/bin/env bash
# The packages without installing them: linters, hardening, dependencies, debug symbols.
# shellcheck source=tests/packages/checks.sh
. "$(dirname "$0")/checks.sh"

lintian --allow-root --fail-on error,warning "$packages"/*.deb || fail "lintian: see above"
rpmlint -c packaging/rpm/rpmlint.toml "$packages"/*.rpm >"$work/rpmlint.txt" 2>&1 || { cat "$work/rpmlint.txt"; fail "rpmlint: see above"; }
grep -q ' 0 errors, 0 warnings' "$work/rpmlint.txt" || { cat "$work/rpmlint.txt"; fail "rpmlint: see above"; }
command -v systemd-analyze >/dev/null || echo "contents_test.sh: no systemd-analyze here, so the units are not checked" >&2

# unpack FAMILY: all packages of a family in one tree.
unpack() {
  rm -rf "${work:?}/$1"
  mkdir -p "$work/$1"
  for file in "$packages"/*."$1"; do
    if [ "$1" = deb ]; then dpkg-deb -x "$file" "$work/deb"
    else rpm2cpio "$file" | (cd "$work/rpm" && cpio -idm --quiet)
    fi
  done
}

# Position independent, everything resolved and read-only before main(), checked stacks and buffers.
check_hardened() {
  local dynamic symbols
  dynamic=$(readelf -Wdl "$1")
  symbols=$(readelf -W --dyn-syms "$1")
  [[ $dynamic == *BIND_NOW* || $dynamic == *" NOW"* ]] || fail "not bound at start: $1"
  [[ $dynamic == *GNU_RELRO* ]] || fail "no relro: $1"
  [[ $dynamic != *RPATH* && $dynamic != *RUNPATH* ]] || fail "has a RUNPATH: $1"
  [[ $(readelf -h "$1") == *"Type:"*DYN* ]] || fail "not position independent: $1"
  [[ $symbols == *__stack_chk_fail* ]] || fail "no stack protector: $1"
  [[ $symbols =~ __[a-z]+_chk@ || $1 == */plugins/*.so ]] || fail "not fortified: $1" # a plugin may call nothing that can be
}

# What a plugin provides must be readable without running it, also when the debug symbols have been split off.
check_note() { readelf -SW "$1" | grep -q '\.note\.ganger' || fail "no note of what it provides: $1"; }

check_debug_symbols() {
  local id
  id=$(readelf -n "$1" | sed -n 's/.*Build ID: //p')
  [ -e "$2/usr/lib/debug/.build-id/${id:0:2}/${id:2}.debug" ] || fail "no debug symbols of $1"
  ! readelf -S "$1" | grep -q '\.debug_info' || fail "not stripped: $1"
}

for family in deb rpm; do
  unpack $family
  if [ $family = deb ]; then lib=usr/lib/$(dpkg-architecture -qDEB_HOST_MULTIARCH); else lib=usr/lib64; fi
  files=("$work/$family/usr/bin/ganger" "$work/$family/$lib"/ganger/plugins/*.so)
  expect "the program and four plugins in $family" 5 "${#files[@]}"
  for file in "${files[@]}"; do
    check_hardened "$file"
    check_debug_symbols "$file" "$work/$family"
    [[ $file != *.so ]] || check_note "$file"
  done
  [ -e "$work/$family/$lib/cmake/ganger-sdk/ganger-sdk-config.cmake" ] || fail "no CMake package in $family"
  [ -e "$work/$family/$lib/pkgconfig/ganger-sdk.pc" ] || fail "no pkg-config file in $family"
  for document in sdk/README.md sdk/ABI.md sdk/guide/stop.md examples/10-services/stop.cc examples/01-hello/hello.cc host/REFERENCE.md; do
    ls "$work/$family"/usr/share/doc/ganger-dev*/$document >/dev/null || fail "authors do not get $document in $family"
  done
  ! grep -rlF "$PWD" "$work/$family" || fail "the build's own path is in the files above"
  if command -v systemd-analyze >/dev/null; then
    # %i has no value in a template; a name makes it a unit that can be checked. The program is not at its place here.
    cp "$work/$family/usr/lib/systemd/system/ganger@.service" "$work/ganger@checked.service"
    cp "$work/$family/usr/lib/systemd/system/ganger@.timer" "$work/ganger@checked.timer"
    said=$(systemd-analyze verify --man=no "$work/ganger@checked.service" "$work/ganger@checked.timer" 2>&1 |
      grep -F ganger@ | grep -v 'not executable' || true)
    expect "what systemd says of the units" "" "$said"
  fi
done

# What every release and distribution has, and no library whose name carries a version of its own.
depends=$(dpkg-deb -f "$(one "$packages"/ganger_*.deb)" Depends)
[[ $depends == *"libc6 (>= "* ]] || fail "dependencies of the .deb are not computed: $depends"
requires=$(rpm -qp --requires "$(one "$packages"/ganger-[0-9]*.rpm)")
for library in sqlite3 seccomp; do # loaded at their first use, so said by hand
  [[ $depends == *lib$library* && $requires == *lib$library.so* ]] || fail "a package does not depend on $library"
done
for library in boost fmt libmd; do
  [[ $depends != *$library* && $requires != *$library* ]] || fail "a package depends on $library"
done
for file in "$packages"/*.rpm; do
  expect "where $(basename "$file") could be moved to" "(none)" "$(rpm -qp --qf '%{PREFIXES}' "$file")"
done
newest=$(grep -o 'GLIBC_[0-9.]*' <<<"$requires" | sort -Vu | tail -1)
[ "$(printf '%s\nGLIBC_2.36\n' "$newest" | sort -V | tail -1)" = GLIBC_2.36 ] || fail "the .rpm needs $newest, newer than 2.36"
