# The Markdown of this project as man(7) macros: paragraphs, lists, tables, code blocks. With -v section=HEADING only what is
# below "## HEADING", without it; else every "## HEADING" becomes a section. Shell commands about a build tree are left out,
# of the others what the tests of the documents expect (`# says TEXT`, `# exit code N`).
function escaped(text) {
  gsub(/\\/, "\\e", text)
  return text
}
# A line of text must not look like a request.
function line(text) { print (text ~ /^[.']/ ? "\\&" : "") text }
function inline(text,   out, at, code) {
  while (match(text, /\[[^]]*\]\([^)]*\)/)) { # of a link its text
    code = substr(text, RSTART + 1, RLENGTH)
    sub(/\].*/, "", code)
    text = substr(text, 1, RSTART - 1) code substr(text, RSTART + RLENGTH)
  }
  text = escaped(text)
  gsub(/\*\*[^*]+\*\*/, "\\fI&\\fR", text)
  gsub(/\*\*/, "", text)
  out = ""
  while ((at = index(text, "`")) > 0) {
    out = out substr(text, 1, at - 1)
    text = substr(text, at + 1)
    at = index(text, "`")
    code = substr(text, 1, at - 1)
    gsub(/-/, "\\-", code)
    gsub(/ /, " \\%", code) # no hyphens in the names of things
    out = out "\\fB" (out ~ /(^| )$/ ? "\\%" : "") code "\\fR"
    text = substr(text, at + 1)
  }
  return out text
}
function end_paragraph() {
  if (paragraph != "") {
    if (!is_item) print ".P"
    line(inline(paragraph))
  }
  paragraph = ""
  is_item = 0
}
# A row: its first cell is the term, a cell below "default" comes last.
function row(text,   cells, n, i, body, tail) {
  gsub(/\\\|/, "\001", text)
  sub(/^\| */, "", text)
  sub(/ *\|$/, "", text)
  n = split(text, cells, / *\| */)
  if (!is_table) {
    is_table = 1
    for (i = 1; i <= n; ++i) heads[i] = cells[i]
    if (heads[1] ~ /^key of /) print ".SS Keys" inline(substr(heads[1], 4))
    if (heads[1] ~ /^(a|in) /) print ".P\n" inline(heads[1] " " heads[2]) ":" # else the terms speak for themselves
    return
  }
  if (text ~ /^[-| ]+$/) return
  for (i = 2; i <= n; ++i) {
    if (cells[i] == "") continue
    if (heads[i] == "default") tail = cells[i] == "required" ? "Required." : "Default: " cells[i] "."
    else body = body (body == "" ? "" : "; ") cells[i]
  }
  if (body != "" && tail != "") body = body (body ~ /[.]$/ ? " " : ". ")
  body = body tail
  gsub("\001", "|", cells[1])
  gsub("\001", "|", body)
  print ".TP"
  line(inline(cells[1]))
  line(body == "" ? "\\&" : inline(body))
}
BEGIN { is_on = section == "" }
/^```/ && is_on {
  end_paragraph()
  if (is_code) code_block()
  else { is_shell = /^```sh/; lines = 0 }
  is_code = !is_code
  next
}
/^```/ { next }
is_code { code[++lines] = $0; next }
/^# / { next }
/^## / {
  end_paragraph()
  is_table = 0
  heading = substr($0, 4)
  if (section == "") print ".SH " toupper(heading)
  else is_on = heading == section
  was_found = was_found || heading == section
  next
}
!is_on { next }
/^### / { end_paragraph(); is_table = 0; print ".SS " inline(substr($0, 5)); next }
/^\|/ { end_paragraph(); row($0); next }
/^$/ { end_paragraph(); is_table = 0; next }
/^[0-9]+[.] / { end_paragraph(); print ".IP " $1 " 4"; is_item = 1; paragraph = substr($0, length($1) + 2); next }
/^- / { end_paragraph(); print ".IP \\(bu 2"; is_item = 1; paragraph = substr($0, 3); next }
{ paragraph = paragraph (paragraph == "" ? "" : " ") $0 }
END {
  end_paragraph()
  if (section != "" && !was_found) { print "no section \"" section "\"" > "/dev/stderr"; exit 1 }
}
function code_block(   i) {
  for (i = 1; is_shell && i <= lines; ++i) {
    if (code[i] ~ /build\/dev|^\.\/dev/) return
    sub(/ *# (says|exit code) .*/, "", code[i])
  }
  print ".P\n.RS 4\n.EX"
  for (i = 1; i <= lines; ++i) line(escaped_code(code[i]))
  print ".EE\n.RE"
}
function escaped_code(text) {
  text = escaped(text)
  gsub(/-/, "\\-", text)
  return text
}
