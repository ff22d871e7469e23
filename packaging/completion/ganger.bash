# shellcheck shell=bash
# Completion of ganger for bash: asks ganger itself what may stand at the cursor. `ganger completion bash` prints this.
_ganger() {
  local rest=${COMP_LINE:0:COMP_POINT} blanks word='' i
  local -a words=()
  # bash also ends words at = and :, which are part of ours: only blanks end them here.
  for ((i = 0; i <= COMP_CWORD; i++)); do
    blanks=${rest%%[![:space:]]*}
    rest=${rest#"$blanks"}
    if [[ -n $blanks && $i -gt 0 ]]; then
      words+=("$word")
      word=
    fi
    if ((i < COMP_CWORD)); then
      word+=${COMP_WORDS[i]}
      rest=${rest#"${COMP_WORDS[i]}"}
    else
      word+=$rest
    fi
  done
  words+=("$word")
  words=("${words[@]//[\"\'\\]/}")
  # What bash takes to be there already, and must not be given again.
  local kept=
  [[ $COMP_WORDBREAKS == *=* && $word == *=* ]] && kept=${word%"${word##*=}"}
  [[ $COMP_WORDBREAKS == *:* && $word == *:* && ${#kept} -lt ${#word} ]] && kept=${word%"${word##*:}"}

  COMPREPLY=()
  local line candidate base=${word##*=}
  while IFS= read -r line; do
    candidate=${line%%$'\t'*}
    case $line in
      :folders*)
        compopt -o filenames
        while IFS= read -r candidate; do COMPREPLY+=("$candidate"); done < <(compgen -d -- "$base")
        ;;
      :files*)
        compopt -o filenames
        while IFS= read -r candidate; do
          [[ -d ${candidate/#\~/${HOME-}} || $candidate == *"${line#*$'\t'}" ]] && COMPREPLY+=("$candidate")
        done < <(compgen -f -- "$base")
        ;;
      *)
        [[ $candidate == *= ]] && compopt -o nospace
        candidate=${candidate#"$kept"}
        [[ $candidate == *[!A-Za-z0-9_./=:,@%+-]* ]] && printf -v candidate %q "$candidate"
        COMPREPLY+=("$candidate")
        ;;
    esac
  done < <("${words[0]/#\~/${HOME-}}" __complete "${words[@]:1}" 2>/dev/null)
}
complete -F _ganger ganger
