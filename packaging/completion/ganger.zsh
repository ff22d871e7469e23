#compdef ganger
# Completion of ganger for zsh: asks ganger itself what may stand at the cursor. `ganger completion zsh` prints this.
_ganger() {
  local line word base=${PREFIX##*=}
  local -a described unfinished suffixes
  local folders=
  while IFS= read -r line; do
    word=${line%%$'\t'*}
    case $line in
      :folders*) folders=1 ;;
      :files*) suffixes+=("${line#*$'\t'}") ;;
      *=$'\t'*) unfinished+=("${word//:/\\:}:${line#*$'\t'}") ;;
      *) described+=("${word//:/\\:}:${line#*$'\t'}") ;;
    esac
  done < <(${(Q)words[1]/#\~/$HOME} __complete "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)

  local ret=1
  (( $#described )) && _describe -t words 'ganger' described && ret=0
  (( $#unfinished )) && _describe -t words 'ganger' unfinished -S '' && ret=0
  if (( $#suffixes )) || [[ -n $folders ]]; then
    [[ $PREFIX == *=* ]] && compset -P '*='
    [[ -n $folders ]] && _files -/ && ret=0
    for line in $suffixes; do _files -g "*${line}(-.)" && ret=0; done
    # A suffix of nothing is lost in the loop above: any file will do.
    (( ${suffixes[(Ie)]} )) && _files && ret=0
  fi
  return ret
}
if [[ ${funcstack[1]} == _ganger ]]; then
  _ganger "$@"
else
  compdef _ganger ganger
fi
