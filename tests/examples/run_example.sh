#!/bin/sh
# Runs a command and checks how it ends and what it prints.
#
#   run_example.sh [OPTION...] -- COMMAND...
#     -x CODE    the exit code it must have (default 0)
#     -s TEXT    a line with TEXT must come, after that of the -s before it
#     -c N TEXT  exactly N lines have TEXT
#     -e TEXT TEXT2  as many lines have TEXT as have TEXT2
#     -i TEXT    send SIGINT as soon as a line with TEXT is there
set -eu

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
export GANGER_STATE_DIR="$dir/state"
out=$dir/out
touch "$dir/says" "$dir/counts" "$dir/pairs" "$out"
want_code=0
interrupt_at=

while [ "$1" != -- ]; do
  case $1 in
    -x) want_code=$2; shift 2 ;;
    -s) printf '%s\n' "$2" >>"$dir/says"; shift 2 ;;
    -c) printf '%s %s\n' "$2" "$3" >>"$dir/counts"; shift 3 ;;
    -e) printf '%s\n' "$2" "$3" >>"$dir/pairs"; shift 3 ;;
    -i) interrupt_at=$2; shift 2 ;;
    *) echo "unknown option $1" >&2; exit 64 ;;
  esac
done
shift

# The command stays in the foreground: a shell starts background commands with SIGINT ignored.
if [ -n "$interrupt_at" ]; then
  (
    until grep -qF -- "$interrupt_at" "$out" || [ -e "$dir/ended" ]; do sleep 0.02; done
    [ -e "$dir/ended" ] || kill -INT "$(cat "$dir/pid")"
  ) &
fi
code=0
# shellcheck disable=SC2016  # expanded by the inner shell
sh -c 'echo $$ >"$0"; exec "$@"' "$dir/pid" "$@" >"$out" 2>&1 || code=$?
: >"$dir/ended"
wait

fail() {
  echo "FAILED: $1" >&2
  echo "command: $command" >&2
  echo "it printed:" >&2
  cat "$out" >&2
  exit 1
}
command=$*

[ "$code" = "$want_code" ] || fail "exit code $code, not $want_code"
missing=$(awk 'FILENAME == ARGV[1] { want[++n] = $0; next }
               found < n && index($0, want[found + 1]) { ++found }
               END { if (found < n) print want[found + 1] }' "$dir/says" "$out")
[ -z "$missing" ] || fail "no line with '$missing' where it should come"
lines_with() { grep -cF -- "$1" "$out" || true; }
while read -r count text; do
  found=$(lines_with "$text")
  [ "$found" = "$count" ] || fail "$found lines with '$text', not $count"
done <"$dir/counts"
while read -r one && read -r other; do
  [ "$(lines_with "$one")" = "$(lines_with "$other")" ] || fail "not as many lines with '$one' as with '$other'"
done <"$dir/pairs"
