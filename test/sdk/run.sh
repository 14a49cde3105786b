#!/bin/sh
# run.sh BUILD - every SDK test against BUILD/futu-opend, then once more at the end of a chain of three
# what a gateway promises whatever its upstream; the closing summaries when all is well, else
# everything that the failed tests said. What mostly waits runs beside the others.
set -u
FUTU_OPEND=$(cd "$1" && pwd)/futu-opend
export FUTU_OPEND
case $1 in *asan* | *tsan*) export FUTU_SLOW=1 ;; esac
build=$(dirname "$FUTU_OPEND")
cd "$(dirname "$0")" || exit 1

# try LABEL FILE... - the log has the label's name.
try() {
    label=$1
    log=$build/$label.log
    shift
    if node --test --test-reporter=spec --test-reporter-destination="$log" "$@"; then
        sed -n "/^ℹ tests/,\$s/^ℹ/$label:/p" "$log"
    else
        cat "$log"
        exit 1
    fi
}

waiting=direct_orders.test.mjs
(try sdk-waiting $waiting) &
pid=$!
trap 'kill $pid 2>/dev/null' EXIT
try sdk $(ls ./*.test.mjs | grep -v "/$waiting")
FUTU_RELAYS=2
export FUTU_RELAYS
try sdk-chain commands.test.mjs push.test.mjs trade.test.mjs reconnect.test.mjs
trap - EXIT
wait $pid
