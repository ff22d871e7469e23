#!/usr/bin/env bash
# The .rpm in a root of its own, with this machine's libraries and a package that says so; dnf resolves the dependencies.
# Upgraded from the version before, used, removed.
# shellcheck source=tests/packages/installed.sh
. "$(dirname "$0")/installed.sh"
need_own_root
for tool in rpmbuild createrepo_c dnf; do command -v $tool >/dev/null || skip "no $tool here"; done

rpm=$(one "$packages"/ganger-[0-9]*.rpm)
make_previous
root=$(mktemp -d "$work/root.XXXXXX")
trap 'rm -rf --one-file-system "$root"' EXIT
chmod 755 "$root"
mkdir -p "$root"/{tmp,var/tmp,usr/bin,usr/lib,usr/lib64}
chmod 1777 "$root/tmp" "$root/var/tmp"
for folder in bin lib lib64; do ln -s "usr/$folder" "$root/$folder"; done

# The base of that root: a shell, some commands, and all libraries that these and ganger need, at their place here.
programs=(/bin/sh /usr/bin/env /usr/bin/test /usr/bin/rm)
rm -rf "$work/unpacked"
mkdir "$work/unpacked"
rpm2cpio "$rpm" | (cd "$work/unpacked" && cpio -idm --quiet)
mapfile -t libraries < <(ldd "$work"/unpacked/usr/bin/ganger "$work"/unpacked/usr/lib64/ganger/plugins/*.so "${programs[@]}" |
  sed -n 's/.*=> \(\/[^ ]*\).*/\1/p; s/^[[:space:]]*\(\/[^ ]*\) (.*/\1/p' | sort -u)
libraries+=("$(ldconfig -p | sed -n 's/.*libseccomp\.so\.2 .*=> //p' | head -n 1)") # loaded at its first use: ldd does not see it
for file in "${programs[@]}" "${libraries[@]}"; do
  mkdir -p "$root$(dirname "$file")"
  cp -L "$file" "$root$file"
done
{
  printf 'Name: base\nVersion: 1\nRelease: 1\nSummary: What this machine has\nLicense: none\nBuildArch: %s\n' "$(uname -m)"
  printf 'Provides: %s\n' /bin/sh /usr/bin/pkg-config 'rtld(GNU_HASH)' # what elfdeps does not see
  printf '%s\n' "${libraries[@]}" | /usr/lib/rpm/elfdeps --provides | sed 's/^/Provides: /'
  printf '%%description\n%s\n%%files\n' "Stands for the system below ganger."
} >"$work/base.spec"
rm -rf "$work/repo"
mkdir -p "$work/repo"
rpmbuild --quiet -bb --define "_topdir $work/rpmbuild" --define "_rpmdir $work/repo" "$work/base.spec" >"$work/rpmbuild.log" 2>&1 ||
  { cat "$work/rpmbuild.log"; fail "no base package"; }
cp "$packages"/*.rpm "$work"/previous/*.rpm "$work/repo"
createrepo_c -q "$work/repo"
cat >"$work/dnf.conf" <<CONF
[main]
gpgcheck=0
reposdir=/nowhere
cachedir=/var/cache/dnf
logdir=/var/log
[ganger]
name=ganger
baseurl=file://$work/repo
CONF
dnf() {
  command dnf -q -y -c "$work/dnf.conf" --installroot "$root" --releasever 1 "$@" >"$work/dnf.log" 2>&1 ||
    { cat "$work/dnf.log"; fail "dnf $*"; }
}
installed() { rpm --root "$root" -q --queryformat '%{VERSION}' ganger; }

dnf install ganger-0.0.9 ganger-devel-0.0.9
start_before_upgrade
dnf upgrade ganger ganger-devel
expect "the version after the upgrade" "$(rpm -qp --queryformat '%{VERSION}' "$rpm")" "$(installed)"
dnf install ganger-debuginfo
expect "what rpm says of the installed files" "" "$(rpm --root "$root" -V ganger ganger-devel ganger-debuginfo)"
resume_after_upgrade
run_inventory env

dnf remove ganger ganger-devel ganger-debuginfo
[ -e "$root/var/lib/ganger/journal.db" ] || fail "removal took the record of the runs along"
rm -r "$root/var/lib/ganger"
left=$(find "$root" -xdev -name '*ganger*' -not -path "$root/var/lib/dnf/*" -not -path "$root/var/cache/*" -not -path "$root/var/log/*")
expect "what removal leaves" "" "$left"
