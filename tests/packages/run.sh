#!/usr/bin/env bash
# Checks the packages in build/packages: what linters say, what is in them, that they come out equal when made again, and
# how they install, upgrade and go in a Debian and in an rpm root of their own. Called by `./dev package --test`.
#   usage: run.sh [TEST...]        some of: contents twice deb rpm; default all
# A test that cannot run here says why and counts as skipped.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.."
[ $# -gt 0 ] || set -- contents twice deb rpm

failed=
for name in "$@"; do
  echo "packages: $name"
  code=0
  "$here/${name}_test.sh" || code=$?
  case $code in
    0) echo "packages: $name: passed" ;;
    77) echo "packages: $name: skipped" ;;
    *) echo "packages: $name: FAILED ($code)" && failed=1 ;;
  esac
done
[ -z "$failed" ]
