# Completion of ganger for fish: asks ganger itself what may stand at the cursor. `ganger completion fish` prints this.
function __ganger_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l base (string replace -r '^.*=' '' -- $current)
    set -l kept (string replace -r '[^=]*$' '' -- $current)
    for line in (command $words[1] __complete $words[2..-1] "$current" 2>/dev/null)
        switch $line
            case ':folders*'
                for path in (__fish_complete_directories $base '')
                    printf '%s%s\n' $kept $path
                end
            case ':files*'
                set -l suffix (string split -m 1 \t -- $line)[2]
                for path in (complete -C"'' $base")
                    set -l name (string split -m 1 \t -- $path)[1]
                    if string match -q -- '*/' $name; or test -z "$suffix"; or string match -q -- "*$suffix" $name
                        printf '%s%s\n' $kept $name
                    end
                end
            case '*'
                printf '%s\n' $line
        end
    end
end
complete -c ganger -f -a '(__ganger_complete)'
