# Reads tools/layers, then lines "FILE <or" INCLUDED"; prints each breach and exits 1 if any.
FNR == NR && $1 == "room" {
    room[++rooms] = $2; path[rooms] = $3
    for (i = 4; i <= NF; i++) may[$2, $i] = 1
    next
}
FNR == NR && $1 == "order" {
    for (i = 3; i <= NF; i++) order[$2, i - 2] = $i
    orders[$2] = NF - 2
    next
}
FNR == NR && $1 == "library" {
    library[++libraries] = $2; owners[libraries] = ""
    for (i = 3; i <= NF; i++) owners[libraries] = owners[libraries] " " $i
    next
}
FNR == NR { next }

function starts(text, prefix) { return substr(text, 1, length(prefix)) == prefix }

function room_of(file,    i) {
    for (i = 1; i <= rooms; i++)
        if (starts(file, path[i])) return room[i]
    return ""
}

function rank(name, file,    i) {
    for (i = 1; i <= orders[name]; i++)
        if (starts(file, order[name, i])) return i
    return 0
}

function breach(text) { print "layers: " $1 ": " text; failed = 1 }

{
    file = $1; quoted = $2 == "\""; what = $3
}

!quoted {
    for (i = 1; i <= libraries; i++) {
        if (!starts(what, library[i])) continue
        n = split(owners[i], owner, " "); owned = starts(file, "tests/")
        for (k = 1; k <= n; k++) owned = owned || starts(file, owner[k])
        if (!owned) breach("includes <" what ">, which belongs to" owners[i])
    }
    next
}

quoted && !starts(file, "tests/") {
    target = what
    if (!(starts(what, "ui/") || starts(what, "db/") || starts(what, "tools/"))) target = "src/" what
    from = room_of(file); to = room_of(target)
    if (from == "" || to == "" || from == to) {
        if (from == to && orders[from] && rank(from, target) > rank(from, file))
            breach("looks up the ladder of " from " to " what)
        next
    }
    store = target ~ /^db\/[a-z_]*_store\.h$/
    if (!((from, to) in may) && !(store && (from, "stores") in may))
        breach("room " from " may not include room " to " (" what ")")
}

END { exit failed }
