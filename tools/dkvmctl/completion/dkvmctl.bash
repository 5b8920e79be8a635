# Completion of dkvmctl for bash. dkvmctl itself knows what may follow.
_dkvmctl() {
  local kind line word=${COMP_WORDS[COMP_CWORD]}
  local -a before=("${COMP_WORDS[@]:1:COMP_CWORD-1}")
  # `--socket=` is split before and behind the sign, but completed behind it only.
  [[ $word == '=' ]] && before+=('=') && word=''
  COMPREPLY=()
  {
    IFS= read -r kind
    while IFS= read -r line; do COMPREPLY+=("${line%%$'\t'*}"); done
  } < <("${COMP_WORDS[0]}" __complete "${before[@]}" "$word" 2>/dev/null)
  case $kind in
    files) compopt -o filenames && mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
    folders) compopt -o filenames && mapfile -t COMPREPLY < <(compgen -d -- "$word") ;;
  esac
}
complete -F _dkvmctl dkvmctl
