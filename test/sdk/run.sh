#!/bin/sh
# run.sh BUILD - every SDK test against BUILD/futu-opend; the closing summary when all is well, else
# everything that the tests said.
set -u
FUTU_OPEND=$(cd "$1" && pwd)/futu-opend
export FUTU_OPEND
case $1 in *asan* | *tsan*) export FUTU_SLOW=1 ;; esac
log=$1/sdk.log
cd "$(dirname "$0")" || exit 1
case $log in /*) ;; *) log=../../$log ;; esac
if node --test --test-reporter=spec --test-reporter-destination="$log" ./*.test.mjs; then
    sed -n '/^ℹ tests/,$s/^ℹ/sdk:/p' "$log"
else
    cat "$log"
    exit 1
fi
