#!/bin/sh
# Makes of the .ddeb that CPack writes a .deb as Debian wants one: checksums of files by their place in the package and not in
# the build tree, nothing executable, the documentation that of the package it belongs to.
#   usage: dbgsym.sh FILE.ddeb      with SOURCE_DATE_EPOCH set; FILE.deb takes its place
set -eu
umask 022
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT

dpkg-deb -R "$1" "$tree"
chmod 755 "$tree"
name=$(sed -n 's/^Package: //p' "$tree/DEBIAN/control")
sed -i '/^Package-Type: ddeb$/d' "$tree/DEBIAN/control"
find "$tree/usr" -type f -exec chmod 644 {} +
mkdir -p "$tree/usr/share/doc"
ln -s "${name%-dbgsym}" "$tree/usr/share/doc/$name"
(cd "$tree" && find usr -type f | LC_ALL=C sort | xargs md5sum >DEBIAN/md5sums)
dpkg-deb --root-owner-group -Zxz -b "$tree" "${1%.ddeb}.deb" >/dev/null
rm "$1"
