#!/bin/sh
# run.sh BUILD PYTHON - every gRPC test against BUILD/futu-opend, from Node.js and from Debian's Python: the
# closing summaries when all is well, else everything that the failed tests said.
set -u
build=$(cd "$1" && pwd)
FUTU_OPEND=$build/futu-opend
FUTU_PROTO=$(cd "$1/../gen" && pwd)
export FUTU_OPEND FUTU_PROTO
case $1 in *asan* | *tsan*) export FUTU_SLOW=1 ;; esac
log=$build/grpc.log
cd "$(dirname "$0")" || exit 1
if node --test --test-reporter=spec --test-reporter-destination="$log" ./*.test.mjs; then
    sed -n '/^ℹ tests/,$s/^ℹ/grpc:/p' "$log"
else
    cat "$log"
    exit 1
fi
if (cd python && timeout -s INT 600 "$2" -B -m unittest discover -p '*_test.py') >"$log" 2>&1; then
    sed -n 's/^Ran/grpc, Python: ran/p' "$log"
else
    cat "$log"
    exit 1
fi
