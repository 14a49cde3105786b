# checks.sh - what scripts share that try futucli; sourced. They have set dir, an empty folder, and failed
# and passed to 0; FUTU_CLI names the program.
# shellcheck shell=sh disable=SC2154

cli() {
    "$FUTU_CLI" "$@" >"$dir/out" 2>"$dir/err" </dev/null
    status=$?
}

# verdict NAME CONDITION-STATUS...: all must be 0.
verdict() {
    name=$1
    shift
    for r in "$@"; do
        [ "$r" = 0 ] && continue
        failed=$((failed + 1))
        echo "${0##*/}: $name"
        sed 's/^/    out: /' "$dir/out" | cut -c1-160 | head -5
        sed 's/^/    err: /' "$dir/err" | cut -c1-160 | head -5
        return
    done
    passed=$((passed + 1))
}

is() { [ "$1" "$2" "$3" ]; echo $?; }
silent() { [ ! -s "$dir/err" ]; echo $?; }
