#!/bin/sh
# Writes CHANGELOG.md in the form that a package wants.
#   usage: changelog.sh deb|rpm 'NAME <ADDRESS>' FILE    the whole of it
#          changelog.sh epoch - FILE                     seconds since 1970 of the newest version: the date of all in a package
# A version that is not released yet has the date of SOURCE_DATE_EPOCH, else of the last commit, else of the file.
set -eu
form=$1 contact=$2 file=$3

# The entries as lines "VERSION DAY ITEM", an item on one line however many it had.
entries() {
  awk '
    function flush() { if (item != "") print version, day, item; item = "" }
    /^## / { flush(); version = $2; day = $4; next }
    /^$/ { flush(); next }
    version == "" { next }
    /^- / { flush(); item = substr($0, 3); next }
    { sub(/^ +/, ""); item = item == "" ? $0 : item " " $0 }
    END { flush() }' "$file"
}

seconds_of() {
  if [ "$1" != unreleased ]; then date -u -d "$1 12:00" +%s
  elif [ -n "${SOURCE_DATE_EPOCH:-}" ]; then echo "$SOURCE_DATE_EPOCH"
  else git -C "$(dirname "$file")" log -1 --format=%ct 2>/dev/null || date -u -r "$file" +%s
  fi
}

day_of() { LC_ALL=C date -u -d "@$(seconds_of "$1")" "$2"; }

end_of_entry() { [ "$form" = rpm ] || [ -z "$open" ] || printf '\n -- %s  %s\n\n' "$contact" "$(day_of "$open" -R)"; }

write() {
  last='' open=''
  entries | {
    while read -r version day item; do
      if [ "$version" != "$last" ]; then
        end_of_entry
        last=$version open=$day
        if [ "$form" = deb ]; then printf 'ganger (%s) unstable; urgency=medium\n\n' "$version"
        else printf '* %s %s - %s-1\n' "$(day_of "$day" '+%a %b %d %Y')" "$contact" "$version"
        fi
      fi
      if [ "$form" = deb ]; then echo "$item" | fold -s -w 74 | sed 's/ *$//; 1s/^/  * /; 2,$s/^/    /'
      else echo "$item" | sed 's/%/%%/g; s/^/- /' | fold -s -w 78 | sed 's/ *$//; 2,$s/^/  /'
      fi
    done
    end_of_entry
  }
}

wrong=$(grep '^## ' "$file" | grep -vE '^## [0-9][^ ]* - (unreleased|[0-9]{4}-[0-9]{2}-[0-9]{2})$' || true)
[ -z "$wrong" ] || { printf "changelog.sh: a heading is '## 1.2.3 - 2026-01-31' or '## 1.2.3 - unreleased', and not: %s\n" "$wrong" >&2; exit 1; }
newest=$(entries | awk 'NR == 1 { print $2 }')
[ -n "$newest" ] || { echo "changelog.sh: no version in it; a heading is '## 1.2.3 - 2026-01-31': $file" >&2; exit 1; }
case $form in
  deb | rpm) write ;;
  epoch) seconds_of "$newest" ;;
  *) echo "changelog.sh: no such form: $form" >&2; exit 64 ;;
esac
