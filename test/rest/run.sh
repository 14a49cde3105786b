#!/bin/sh
# run.sh BUILD - every REST test against BUILD/futu-opend: the closing summary when all is well, else
# everything that the failed tests said.
set -u
FUTU_OPEND=$(cd "$1" && pwd)/futu-opend
export FUTU_OPEND
log=$(dirname "$FUTU_OPEND")/rest.log
cd "$(dirname "$0")" || exit 1
if node --test --test-reporter=spec --test-reporter-destination="$log" ./*.test.mjs; then
    sed -n '/^ℹ tests/,$s/^ℹ/rest:/p' "$log"
else
    cat "$log"
    exit 1
fi
