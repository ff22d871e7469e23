# Fails unless each C++ block of a README is in one of the files, but for its indentation; these are compiled and run.
# usage: awk -f readme_blocks.awk FILE... README
function without_indent(line) { sub(/^ +/, "", line); return line "\n" }

FILENAME != ARGV[ARGC - 1] { code = code without_indent($0); next }
/^```cpp$/ { inside = 1; block = ""; next }
/^```/ && inside {
  inside = 0
  ++blocks
  if (index(code, block) == 0) { printf "this block of %s is in none of the files:\n%s", FILENAME, block; is_wrong = 1 }
  next
}
inside { block = block without_indent($0) }
END { exit is_wrong || blocks == 0 }
