# The completion of ganger in an interactive zsh on a terminal of its own: types each line of expected.txt after
# `ganger `, and a tab, and has the widget tell what the line has become.
here=${0:h}
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell 'PS1= PS2=; TERM=dumb; autoload -Uz compinit; compinit -u -D; source <(ganger completion zsh)'
zpty -w shell 'tell() { zle complete-word; print -r -- "BECAME<$BUFFER>"; zle kill-whole-line; }'
zpty -w shell 'zle -N tell; bindkey "^I" tell; echo READY-$((1 + 1))'
zpty -r shell out '*READY-2*'

failed=0
while IFS='|' read -r typed expected; do
  zpty -n -w shell "ganger $typed"$'\t'
  zpty -r shell out '*BECAME<*>*'
  out=${${out##*BECAME<}%%>*}
  # zsh adds a blank to a word that is complete, and a / to a folder.
  out=${${out% }%/}
  expected="ganger ${typed% *} ${${expected:-${typed##* }}// /\\ }"
  [[ $typed == *' '* ]] || expected="ganger ${expected##* }"
  if [[ $out != $expected ]]; then
    print -r -- "ganger $typed: becomes '$out', and should become '$expected'"
    failed=1
  fi
done <$here/expected.txt
exit $failed
