#!/bin/sh
# run.sh BUILD - the official MCP SDK against BUILD/futu-opend and BUILD/futucli: the closing summary
# when all is well, else everything that the failed tests said.
set -u
build=$(cd "$1" && pwd)
FUTU_OPEND=$build/futu-opend
FUTU_CLI=$build/futucli
export FUTU_OPEND FUTU_CLI
case $1 in *asan* | *tsan*) export FUTU_SLOW=1 ;; esac
log=$build/mcp.log
cd "$(dirname "$0")" || exit 1
if node --test --test-force-exit --test-reporter=spec --test-reporter-destination="$log" ./*.test.mjs; then
    sed -n '/^ℹ tests/,$s/^ℹ/mcp:/p' "$log"
else
    cat "$log"
    exit 1
fi
