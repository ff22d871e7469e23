#!/bin/sh
# page.sh GANGER SOURCE_DIR PAGE: prints a manual page. PAGE is NAME.SECTION, made from NAME.SECTION.in here if that is there, else
# from verb.1.in. Lines of those files that ask for something get what the program says or what is written elsewhere, so that
# nothing is written twice:
#   @USAGE@ @ABOUT@ @OPTIONS@ @EXAMPLE@   from `ganger help VERB`; @MORE PART@ from VERB.more, what is between .\" PART and the next
#   @COMMANDS@                            all verbs, with their pages
#   @TEXT FILE [HEADING]@                 Markdown, all of it or one section
set -eu
ganger=$1 source=$2 page=$3
here=$(dirname "$0")
name=${page%.*}
verb=${name#ganger-}
title=$(echo "$name" | tr '[:lower:]' '[:upper:]')
version=$("$ganger" --version | awk '{ print $2 }')
template=$here/$page.in
[ -e "$template" ] || template=$here/verb.1.in
export LC_ALL=C.UTF-8

plain() { sed 's/\\/\\e/g; s/-/\\-/g; s/^\([.'\'']\)/\\\&\1/'; }
help_of() { "$ganger" help "$verb"; }
verbs() { "$ganger" help | sed -n '/^Commands:/,/^$/ s/^  //p'; }
summary=$(verbs | awk -v verb="$verb" '$1 == verb { $1 = ""; print substr($0, 2) }')

usage() { help_of | sed -n 's/^Usage: ganger [^ ]* *//p' | plain | sed "s/^/.B ganger $verb\n/"; }
about() { help_of | sed -n '3p' | plain; }
example() { printf '.RS 4\n.EX\n'; help_of | sed -n '/^Example:/,$ s/^  //p' | plain; printf '.EE\n.RE\n'; }
commands() {
  verbs | while read -r command what; do
    printf '.TP\n.BR ganger\\-%s (1)\n%s\n' "$command" "$what"
  done
}
more() {
  [ -e "$here/$verb.more" ] || return 0
  awk -v part="$1" '/^\.\\" / { is_on = substr($0, 5) == part; next } is_on' "$here/$verb.more"
}

# Standard input with what its lines ask for.
filled() {
  while IFS= read -r line; do
    set -f
    # shellcheck disable=SC2086  # words
    set -- $line
    case $line in
      @USAGE@) usage ;;
      @ABOUT@) about ;;
      @OPTIONS@) help_of | awk -f "$here/options.awk" ;;
      @EXAMPLE@) example ;;
      @COMMANDS@) commands ;;
      '@MORE '*) more "${2%@}" | filled ;;
      '@TEXT '*)
        file=$2
        heading=
        if [ $# -gt 2 ]; then shift 2 && heading=$*; fi
        awk -v section="${heading%@}" -f "$here/markdown.awk" "$source/${file%@}"
        ;;
      *@*@*) printf '%s\n' "$line" | sed "s/@VERSION@/$version/; s/@TITLE@/$title/; s/@VERB@/$verb/g; s/@SUMMARY@/$summary/" ;;
      *) printf '%s\n' "$line" ;;
    esac
  done
}

# Lines of text as long as others, and no paragraph begun where a section begins one.
wrapped() {
  awk '/^\.P$/ && before ~ /^\.S[HS]/ { next }
       { before = $0 }
       /^\.(EX|nf)/ { is_as_it_is = 1 }
       /^\.(EE|fi)/ { is_as_it_is = 0 }
       /^\./ || is_as_it_is || length($0) < 80 { print; next }
       {
         line = ""
         for (i = 1; i <= NF; ++i) {
           if (line != "" && length(line) + length($i) > 78) { print line; line = $i ~ /^[.\047]/ ? "\\&" $i : $i }
           else line = line (line == "" ? "" : " ") $i
         }
         print line
       }'
}

text=$(filled <"$template")
printf '%s\n' "$text" | wrapped
