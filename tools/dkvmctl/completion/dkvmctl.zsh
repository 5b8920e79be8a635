#compdef dkvmctl
# Completion of dkvmctl for zsh. dkvmctl itself knows what may follow.
_dkvmctl() {
  local line kind word help
  local -a lines candidates
  lines=("${(@f)$("${words[1]}" __complete "${(@Q)words[2,CURRENT]}" 2>/dev/null)}")
  kind=$lines[1]
  for line in "${(@)lines[2,-1]}"; do
    word=${line%%$'\t'*}
    help=${line#*$'\t'}
    candidates+=("${word//:/\\:}${help:+:$help}")
  done
  case $kind in
    files) _files ;;
    folders) _files -/ ;;
    *) _describe 'dkvmctl' candidates ;;
  esac
}
if [[ $funcstack[1] == _dkvmctl ]]; then
  _dkvmctl "$@" # loaded by way of $fpath
else
  compdef _dkvmctl dkvmctl
fi
