#!/bin/sh
# man_test.sh GANGER DIR: is there a page for each command in DIR, with each of its options, and can they all be shown without a
# warning? mandoc looks closer than man where it is there.
set -eu
ganger=$1
cd "$2"
failed=
wrong() { echo "$*"; failed=1; }

for verb in $("$ganger" help | sed -n '/^Commands:/,/^$/ s/^  \([^ ]*\) .*/\1/p'); do
  page=ganger-$verb.1
  [ -s "$page" ] || { wrong "no page for ganger $verb: add it to packaging/man/CMakeLists.txt"; continue; }
  for option in $("$ganger" __complete "$verb" -- | cut -f 1); do
    grep -qF -e "$(echo "$option" | sed 's/-/\\-/g')" "$page" || wrong "$page does not have $option"
  done
  grep -q "^.BR ganger\\\\-$verb (1)" ganger.1 || wrong "ganger.1 does not lead to $page"
done
for section in NAME DESCRIPTION 'EXIT STATUS' ENVIRONMENT FILES EXAMPLES 'SEE ALSO'; do
  grep -q "^\.SH $section" ganger.1 || wrong "ganger.1 has no section $section"
done

for page in ganger*.[157]; do
  gzip -dc "$page.gz" | cmp -s - "$page" || wrong "$page.gz is another page"
  # shellcheck disable=SC2016  # the text of the pages
  if grep -nE '`|\]\(|^@' "$page"; then wrong "$page has what is no manual page"; fi
  if command -v man >/dev/null; then
    said=$(man -l --warnings -E UTF-8 -Tutf8 "./$page" 2>&1 >/dev/null) || true
    [ -z "$said" ] || wrong "man: $page: $said"
  fi
  if command -v mandoc >/dev/null; then
    said=$(mandoc -T lint "$page") || true
    [ -z "$said" ] || wrong "mandoc: $said"
  fi
done
[ -z "$failed" ]
