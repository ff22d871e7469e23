# The options in the text of `ganger help VERB` as man(7) macros. The column of their texts is that of --help's.
{ lines[++n] = $0; if ($0 ~ /^  -h \[ --help \]/) column = index($0, "shows this") }
function flush() {
  if (term == "") return
  gsub(/\\/, "\\e", text)
  print ".TP"
  print term
  print (text ~ /^[.']/ ? "\\&" : "") text
  term = text = ""
}
# "-p [ --param ] K=V" becomes "-p, --param K=V", words in bold, what they take in italics.
function term_of(left,   words, count, i, out, word) {
  gsub(/\[ /, "", left)
  gsub(/ \]/, "", left)
  count = split(left, words, / +/)
  for (i = 1; i <= count; ++i) {
    word = words[i]
    gsub(/-/, "\\-", word)
    if (words[i] ~ /^-/) out = out (out == "" ? "" : "\\fR, ") "\\fB" word "\\fR"
    else out = out " \\fI" word "\\fR"
  }
  return out
}
END {
  for (i = 1; i <= n; ++i) {
    if (lines[i] == "Options:") { is_on = 1; continue }
    if (lines[i] == "") { flush(); is_on = 0 }
    if (!is_on) continue
    left = substr(lines[i], 1, column - 1)
    rest = substr(lines[i], column)
    if (lines[i] ~ /^  -/) {
      flush()
      sub(/^ +/, "", left)
      sub(/ +$/, "", left)
      term = term_of(left)
      text = rest
    } else {
      sub(/^ +/, "", rest)
      text = text (text == "" ? "" : " ") rest
    }
  }
  flush()
}
