#!/usr/bin/env bash
# The .deb in a fresh Debian without compilers: upgraded from the version before, used by root and by a plain user, removed
# and purged, after which every file is as it was.
# shellcheck source=tests/packages/installed.sh
. "$(dirname "$0")/installed.sh"
need_own_root
command -v debootstrap >/dev/null || skip "no debootstrap here"

debs=("$(one "$packages"/ganger_*.deb)" "$(one "$packages"/ganger-dev_*.deb)" "$(one "$packages"/ganger-dbgsym_*.deb)")
make_previous
previous=("$(one "$work"/previous/ganger_*.deb)" "$(one "$work"/previous/ganger-dev_*.deb)")

# A fresh Debian with what the packages depend on and nothing else; it is kept for the next time.
depends=$(dpkg-deb -f "${debs[0]}" Depends | sed 's/([^)]*)//g; s/|[^,]*//g; s/ //g')
base=$work/debian-$(md5sum <<<"$depends" | cut -c1-8)
if [ ! -e "$base/made" ]; then
  rm -rf --one-file-system "$work"/debian-*
  # shellcheck disable=SC2016  # apt's own placeholders
  mirror=$(apt-get indextargets --format '$(ORIGIN)|$(REPO_URI)' | sed -n 's/^Debian|//p' | grep -v security | head -1)
  suite=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
  debootstrap --variant=minbase --include="$depends" "$suite" "$base" ${mirror:+"$mirror"} >"$work/debootstrap.log" 2>&1 ||
    { tail -n 20 "$work/debootstrap.log" >&2; fail "debootstrap failed"; }
  touch "$base/made"
fi
root=$(mktemp -d "$work/root.XXXXXX")
trap 'rm -rf --one-file-system "$root"' EXIT
chmod 755 "$root" # ganger opens no plugin below a folder of others
cp -a --reflink=auto "$base/." "$root"
for compiler in cc gcc g++ c++ clang cmake; do
  [ ! -e "$root/usr/bin/$compiler" ] || fail "the fresh Debian has $compiler"
done

# What is there, without what apt and dpkg keep for themselves.
files() {
  find "$root" -xdev \( -path "$root/proc" -o -path "$root/dev" -o -path "$root/debs" -o -path "$root/var/lib/dpkg" -o \
    -path "$root/var/lib/apt" -o -path "$root/var/cache" -o -path "$root/var/log" \) -prune -o -print | LC_ALL=C sort
}

install_debs() {
  rm -rf "$root/debs"
  mkdir "$root/debs"
  cp "$@" "$root/debs"
  inside "$root" sh -c 'apt-get install -q -y /debs/*.deb' >"$work/apt.log" 2>&1 || { cat "$work/apt.log"; fail "apt-get install"; }
}

files >"$work/files.before"
install_debs "${previous[@]}"
start_before_upgrade
install_debs "${debs[@]}"
expect "the version after the upgrade" "$(dpkg-deb -f "${debs[0]}" Version)" \
  "$(inside "$root" dpkg -s ganger | sed -n 's/^Version: //p')"
expect "what dpkg says of the installed files" "" "$(inside "$root" dpkg --verify ganger ganger-dev ganger-dbgsym)"
resume_after_upgrade
run_inventory env
run_inventory setpriv --reuid nobody --regid nogroup --clear-groups env HOME=/var/tmp

inside "$root" apt-get remove -q -y ganger ganger-dev ganger-dbgsym >"$work/apt.log" 2>&1 || { cat "$work/apt.log"; fail "remove"; }
[ -e "$root/var/lib/ganger/journal.db" ] || fail "remove took the record of the runs along"
mkdir -p "$root/etc/systemd/system/timers.target.wants" "$root/var/lib/systemd/timers" # as an enabled timer leaves them
touch "$root/var/lib/systemd/timers/stamp-ganger@nightly.timer"
ln -s /lib/systemd/system/ganger@.timer "$root/etc/systemd/system/timers.target.wants/ganger@nightly.timer"
inside "$root" dpkg --purge ganger ganger-dev ganger-dbgsym >"$work/apt.log" 2>&1 || { cat "$work/apt.log"; fail "purge"; }
rmdir -p --ignore-fail-on-non-empty "$root/etc/systemd/system/timers.target.wants" "$root/var/lib/systemd/timers"
files >"$work/files.after"
diff "$work/files.before" "$work/files.after" || fail "purged, but the files above are left or gone"
