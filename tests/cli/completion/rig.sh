#!/bin/sh
# rig.sh GANGER SHELL SCRIPT: runs a shell's test of completion in a folder of its own, with that ganger on its path.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
script=$(realpath "$(dirname "$0")")/$3
mkdir "$folder/home" "$folder/bin" "$folder/sub" "$folder/my dir"
ln -s "$1" "$folder/bin/ganger"
cat >"$folder/job.toml" <<'END'
[params]
root = "/usr/share/doc"

[[task]]
name = "scan"
uses = "files.scan"

[[task]]
name = "hash"
uses = "files.hash"
END
: >"$folder/notes.txt"
cd "$folder"
env -i HOME="$folder/home" PATH="$folder/bin:$PATH" LC_ALL=C "$2" "$script"
