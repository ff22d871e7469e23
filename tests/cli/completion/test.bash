# The completion of ganger as bash calls it: each line of expected.txt is what is typed after `ganger`, and the one
# word that is offered. bash itself keeps what comes before the last = of a word, and adds the / of folders.
here=$(dirname "$0")
# shellcheck source=/dev/null
source <(ganger completion bash)
# shellcheck disable=SC2317  # _ganger calls it
compopt() { [[ $* == '-o filenames' || $* == '-o nospace' ]]; }

set -u # as some have it, in a shell of a service without HOME
unset HOME
failed=0
while IFS='|' read -r typed expected; do
  COMP_LINE="ganger $typed" COMP_POINT=$((${#typed} + 7)) COMP_WORDS=() COMPREPLY=()
  # As bash splits it, at blanks and around = and :.
  while IFS= read -r word; do COMP_WORDS+=("$word"); done < <(grep -oE '[=:]+|[^[:space:]=:]+' <<<"$COMP_LINE")
  COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
  _ganger
  [[ $typed == *=* ]] && expected=${expected##*=}
  if [[ ${COMPREPLY[*]} != "$expected" ]]; then
    echo "ganger $typed: offers '${COMPREPLY[*]}', and should offer '$expected'"
    failed=1
  fi
done <"$here/expected.txt"
exit $failed
