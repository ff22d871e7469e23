#!/bin/sh
# Checks the fenced blocks of a README by their language:
#   sh                 runs them; `# exit code N`, `# says TEXT` or `# exit code N, says TEXT` after a command tells how it
#                      ends and what is in its output (without quotes); of ./dev only the verb is looked up
#   toml cpp c cmake   must be equal to a file under examples/
#   console            is not run: what would change the machine, such as an installation
# and that its links within the tree lead somewhere.
# usage: readme_test.sh SOURCE_DIR BINARY_DIR PREFIX README [copy]
#   PREFIX  what is built, installed: for commands that take ganger from there
#   copy    its commands are run in a copy of the README's folder, and not in SOURCE_DIR
set -eu

source_dir=$1 binary_dir=$2 prefix=$3 readme=$4
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mkdir "$dir/blocks"
run_dir=$source_dir
if [ "${5:-}" = copy ]; then
  run_dir=$dir/copy
  cp -r "$(dirname "$readme")" "$run_dir"
fi
export GANGER_STATE_DIR="$dir/state" HOME="$dir" PATH="$prefix/bin:$PATH" CMAKE_PREFIX_PATH="$prefix" CMAKE_GENERATOR=Ninja

awk -v dir="$dir/blocks" -v prose="$dir/prose" '
  /^```/ && !inside { inside = 1; language = substr($0, 4); file = dir "/" ++n "." (language ? language : "none"); next }
  /^```/ { inside = 0; close(file); next }
  { print > (inside ? file : prose) }' "$readme"

run() {
  cat >"$1.run" <<END
ended() { cat "$1.said"; [ "\$code" = "\$1" ] && grep -qF -e "\$2" "$1.said"; }
END
  sed -e "s,build/dev/,$binary_dir/,g" \
      -e 's,^\./dev \([a-z]*\).*,./dev help | grep -q "^  \1 ",' \
      -e 's,# says ,# exit code 0\, says ,' \
      -e "s!^\(.*[^ ]\)  *# exit code \([0-9]*\)\(, says \(.*\)\)*\$!code=0; { \1; } >$1.said 2>\&1 || code=\$?; ended \2 '\4'!" \
      "$1" >>"$1.run"
  (cd "$run_dir" && sh -euv "$1.run" </dev/null) >"$1.out" 2>&1 || {
    echo "FAILED: this block of $readme, of which the last command below did not end as it should:" >&2
    cat "$1" "$1.out" >&2
    return 1
  }
}

is_a_file() {
  case $1 in *.cpp) pattern='*.[ch]*' ;; *.cmake) pattern=CMakeLists.txt ;; *) pattern="*.${1##*.}" ;; esac
  if find "$source_dir/examples" -name "$pattern" -exec cmp -s "$1" {} \; -print | grep -q .; then return 0; fi
  echo "FAILED: this block of $readme is no file under examples/:" >&2
  cat "$1" >&2
  return 1
}

grep -oE '\]\([^):]+\)' "$dir/prose" | sed 's/^](//; s/)$//' | while read -r link; do
  [ -e "$(dirname "$readme")/$link" ] || { echo "FAILED: $readme links to $link, which is not there" >&2; exit 1; }
done

for block in "$dir"/blocks/*; do
  [ -e "$block" ] || { echo "FAILED: no block in $readme" >&2; exit 1; }
  case $block in
    *.sh) run "$block" ;;
    *.toml | *.cpp | *.c | *.cmake) is_a_file "$block" ;;
    *.console) ;;
    *) echo "FAILED: a block of $readme says no language this test knows: ${block##*.}" >&2; exit 1 ;;
  esac
done
