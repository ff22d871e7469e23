#!/bin/sh
# changelog_test.sh CHANGELOG_SH: does it write a changelog as .deb and .rpm want it, and refuse headings that have no date?
set -eu
script=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
file=$folder/CHANGELOG.md
failed=
wrong() { echo "$*"; failed=1; }

printf '# Changelog\n\n## 1.2.3 - 2026-01-31\nABI: nothing.\n\n- 100%% of it\n  and more\n\n## 1.2.2 - 2026-01-01\n- less\n' >"$file"
"$script" deb 'A <a@b>' "$file" >"$folder/deb"
cat >"$folder/wanted.deb" <<'END'
ganger (1.2.3) unstable; urgency=medium

  * ABI: nothing.
  * 100% of it and more

 -- A <a@b>  Sat, 31 Jan 2026 12:00:00 +0000

ganger (1.2.2) unstable; urgency=medium

  * less

 -- A <a@b>  Thu, 01 Jan 2026 12:00:00 +0000

END
diff "$folder/wanted.deb" "$folder/deb" || wrong "the changelog of a .deb differs as above"
"$script" rpm 'A <a@b>' "$file" | head -3 >"$folder/rpm"
printf '* Sat Jan 31 2026 A <a@b> - 1.2.3-1\n- ABI: nothing.\n- 100%%%% of it and more\n' >"$folder/wanted.rpm"
diff "$folder/wanted.rpm" "$folder/rpm" || wrong "the changelog of an .rpm differs as above"
[ "$("$script" epoch - "$file")" = 1769860800 ] || wrong "the date of all in a package is not that of its version"

printf '## 1.2.4 - unreleased\n- new\n' >"$file"
[ "$(SOURCE_DATE_EPOCH=1000 "$script" epoch - "$file")" = 1000 ] || wrong "a version without a date ignores SOURCE_DATE_EPOCH"

for heading in '## 1.2.3' '## 1.2.3 - soon' '# Changelog'; do
  printf '%s\n- a line\n' "$heading" >"$file"
  if "$script" deb 'A <a@b>' "$file" >"$folder/out" 2>"$folder/said"; then wrong "it takes this heading: $heading"; fi
  grep -q "a heading is '## 1.2.3 - 2026-01-31'" "$folder/said" || wrong "does not say how a heading has to be: $heading"
done
[ -z "$failed" ]
