#!/bin/sh
# run.sh BUILD - the integration tests against the programs in BUILD. Those that mostly wait run
# beside the others. What failed is said again at the end, where it is not lost among what passed.
set -u
FUTU_OPEND=$1/futu-opend
FUTU_CLI=$1/futucli
FUTU_TEST_LOGS=${FUTU_TEST_LOGS:-$(mktemp -d)}
export FUTU_OPEND FUTU_CLI FUTU_TEST_LOGS
output=$(mktemp -d)
trap 'rm -rf "$output"' EXIT
waiting="silence_test relay_faults_test relay_inflight_test"
failed=
pids=

# judge NAME STATUS - what it printed, shown; kept for the end if it failed.
judge() {
    cat "$output/$1"
    [ "$2" -eq 0 ] && return
    failed="$failed $1"
}

# run NAME COMMAND... - one after the other.
run() {
    name=$1
    shift
    "$@" >"$output/$name" 2>&1
    judge "$name" $?
}

for t in $waiting; do
    "$1/test/integration/$t" >"$output/$t" 2>&1 &
    pids="$pids $t=$!"
done
for t in "$1"/test/integration/*_test; do
    name=$(basename "$t")
    case " $waiting " in *" $name "*) continue ;; esac
    run "$name" "$t"
done
run cli.sh sh test/integration/cli.sh
run cheatsheet node test/integration/cheatsheet/walk.mjs "$FUTU_OPEND" "$FUTU_CLI" \
    "$1/futu-emulator"
run keys.sh sh test/integration/keys.sh
run doctor.sh sh test/integration/doctor.sh
run passwords.py python3 -B test/integration/passwords.py "$FUTU_OPEND" "$FUTU_CLI"
run deploy.py python3 -B test/integration/deploy.py "$FUTU_OPEND" "$1/futu-emulator" "$FUTU_CLI"
run core.py python3 -B test/integration/core.py "$FUTU_OPEND" "$1/futu-emulator" "$FUTU_CLI"
run unlock.py python3 -B test/integration/unlock.py "$FUTU_OPEND" "$1/futu-emulator" "$FUTU_CLI"
run login.py python3 -B test/integration/login.py "$FUTU_OPEND" "$1/futu-emulator" "$FUTU_CLI"
run console.py python3 -B test/integration/console.py "$FUTU_OPEND" "$1/futu-emulator" "$FUTU_CLI"
for pid in $pids; do
    wait "${pid#*=}"
    judge "${pid%%=*}" $?
done
# The daemons' words: no secret in them; worth reading, and kept, on a failure.
run log_scan.py python3 test/integration/log_scan.py "$FUTU_TEST_LOGS"
if [ -z "$failed" ]; then
    rm -rf "$FUTU_TEST_LOGS"
    exit 0
fi
for name in $failed; do
    echo "---- failed: $name; its last lines:" >&2
    grep -v '^$' "$output/$name" | tail -25 >&2
done
echo "logs of the daemons: $FUTU_TEST_LOGS" >&2
echo "failed:$failed" >&2
exit 1
