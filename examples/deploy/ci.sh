#!/bin/sh
# ci.sh COMMAND... - runs a command beside a gateway with a direct login: what a job of a CI server,
# or of cron, does. Its status is the command's, or the gateway's when that does not start.
#
# From the job's secrets: FUTU_ACCOUNT, FUTU_PWD. From what it keeps between runs: FUTU_STATE_DIR,
# where the device id and the saved login are; without it each run costs an SMS.
#
# A first run ends with status 3 and an SMS on its way; run the job again within 300 seconds with
# FUTU_OPEND_VERIFY_CODE=123456, and without it from then on. Status 4: the broker refused the login;
# a job that is run again and again then locks the account.
set -eu
: "${FUTU_ACCOUNT:?}" "${FUTU_PWD:?}" "${FUTU_STATE_DIR:?}"
port=${FUTU_REST_PORT:-22222}
log=${FUTU_LOG:-futu-opend.log}

futu-opend --login-account "$FUTU_ACCOUNT" --platform "${FUTU_PLATFORM:-futunn}" \
    --rest-port "$port" </dev/null >"$log" 2>&1 &
gateway=$!
trap 'kill $gateway 2>/dev/null && wait $gateway' EXIT
unset FUTU_PWD

until curl -fs -o /dev/null "http://127.0.0.1:$port/readyz"; do
    if ! kill -0 $gateway 2>/dev/null; then
        status=0
        wait $gateway || status=$?
        cat "$log" >&2
        exit "$status"
    fi
    sleep 1
done
FUTU_REST_URL=http://127.0.0.1:$port
export FUTU_REST_URL
"$@"
