#!/bin/sh
# run.sh BUILD - the integration tests against the programs in BUILD. silence_test mostly waits, so it
# runs beside the others.
set -u
FUTU_OPEND=$1/futu-opend
FUTU_CLI=$1/futucli
export FUTU_OPEND FUTU_CLI
status=0
"$1/test/integration/silence_test" >"$1/silence.log" 2>&1 &
silence=$!
for t in "$1"/test/integration/*_test; do
    case $t in */silence_test) continue ;; esac
    "$t" || status=1
done
sh test/integration/cli.sh || status=1
wait $silence || status=1
cat "$1/silence.log"
exit $status
