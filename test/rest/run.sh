#!/bin/sh
# run.sh BUILD - every REST test against BUILD/futu-opend: the closing summary when all is well, else
# everything that the failed tests said.
set -u
build=$(cd "$1" && pwd)
FUTU_OPEND=$build/futu-opend
FUTU_CLI=$build/futucli
PATH=$PATH:$(cd "$1/.." && pwd)/tools            # promtool, see test/setup.sh
export FUTU_OPEND FUTU_CLI PATH
case $1 in *asan* | *tsan*) export FUTU_SLOW=1 ;; esac
log=$build/rest.log
cd "$(dirname "$0")" || exit 1
if node --test --test-reporter=spec --test-reporter-destination="$log" ./*.test.mjs; then
    sed -n '/^ℹ tests/,$s/^ℹ/rest:/p' "$log"
else
    cat "$log"
    exit 1
fi
