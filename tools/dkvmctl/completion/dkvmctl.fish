# Completion of dkvmctl for fish. dkvmctl itself knows what may follow.
function __dkvmctl_complete
    set -l words (commandline -opc)
    set -l word (commandline -ct)
    set -l lines ($words[1] __complete $words[2..-1] "$word" 2>/dev/null)
    switch "$lines[1]"
        case files
            __fish_complete_path "$word"
        case folders
            __fish_complete_directories "$word"
        case '*'
            printf '%s\n' $lines[2..-1]
    end
end
complete -c dkvmctl -f -a '(__dkvmctl_complete)'
