# The headers' comments in the form that Doxygen reads: they explain what follows, or what stands before them in the line;
# the first one explains the file. No backslash in them is a command.
1s,^/\* ,/** \\file\n * ,
1s,^// ,/// \\file\n/// ,
1,/^#/s,^//   ,///        , # code
1,/^#/s,^//\( \|$\),///\1,
s,^\([[:space:]]*\)/\* ,\1/** ,
s,^\(.*[^[:space:]].*[[:space:]]\)/\* ,\1/**< ,
1!{
  \,^[[:space:]]*/// [^ ], s,\\,\\\\,g
}
