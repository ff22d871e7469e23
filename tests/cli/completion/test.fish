# The completion of ganger as fish tells of it: each line of expected.txt is what is typed after `ganger`, and the one
# word that is offered.
set here (dirname (status filename))
source (ganger completion fish | psub)
set failed 0
while read -l -d '|' typed expected
    # Without what it is for, and the / of folders.
    set offered (complete -C "ganger $typed" | string replace -r '\t.*' '' | string replace -r '/$' '')
    if test "$offered" != "$expected"
        echo "ganger $typed: offers '$offered', and should offer '$expected'"
        set failed 1
    end
end <$here/expected.txt
exit $failed
