# Reads a report of `abidiff --leaf-changes-only` and prints what sdk/ABI.md does not allow: all but fields that are
# appended to the structs that may grow. (abidiff's own suppressions let other changes of such a struct through.)
/^$|^Leaf changes summary|^Changed leaf types summary|^Removed.Changed.Added (function|variable)s summary/ { next }
/^'struct ganger_(host|plugin|task|param|need|pool_kind|sql_api|buffer_api|clock_api)' changed:$/ { next }
/^  type size changed from / { end = $5; next }
/^  [0-9]+ data member insertions?:$/ { next }
/^    '.*', at offset [0-9]+ \(in bits\)$/ && $(NF - 2) >= end { next }
{ print; is_break = 1 }
END { exit is_break }
