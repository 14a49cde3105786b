#!/bin/sh
# run.sh BUILD - the integration tests against the programs in BUILD. Those that mostly wait run
# beside the others.
set -u
FUTU_OPEND=$1/futu-opend
FUTU_CLI=$1/futucli
FUTU_TEST_LOGS=${FUTU_TEST_LOGS:-$(mktemp -d)}
export FUTU_OPEND FUTU_CLI FUTU_TEST_LOGS
waiting="silence_test relay_faults_test relay_inflight_test"
status=0
pids=
for t in $waiting; do
    "$1/test/integration/$t" >"$1/$t.log" 2>&1 &
    pids="$pids $!"
done
for t in "$1"/test/integration/*_test; do
    case " $waiting " in *" $(basename "$t") "*) continue ;; esac
    "$t" || status=1
done
sh test/integration/cli.sh || status=1
if node test/integration/cheatsheet/walk.mjs "$FUTU_OPEND" "$FUTU_CLI" "$1/futu-emulator" \
    >"$1/cheatsheet.log" 2>&1; then
    tail -1 "$1/cheatsheet.log"
else
    cat "$1/cheatsheet.log"
    status=1
fi
sh test/integration/keys.sh || status=1
sh test/integration/doctor.sh || status=1
python3 -B test/integration/passwords.py "$FUTU_OPEND" "$FUTU_CLI" || status=1
python3 -B test/integration/login.py "$FUTU_OPEND" "$1/futu-emulator" "$FUTU_CLI" || status=1
for pid in $pids; do
    wait "$pid" || status=1
done
for t in $waiting; do
    cat "$1/$t.log"
done
# On a failure the daemons' words are worth reading, and are kept.
python3 test/integration/log_scan.py "$FUTU_TEST_LOGS" || status=1
if [ $status -eq 0 ]; then
    rm -rf "$FUTU_TEST_LOGS"
else
    echo "logs of the daemons: $FUTU_TEST_LOGS" >&2
fi
exit $status
