#!/bin/sh
# run.sh BUILD - `make run`: a paper gateway that never closes, and a live view of it until Ctrl-C.
# Ports: FUTU_PORT and FUTU_WS_PORT, 11111 and 33333 when unset.
set -u
bin=$1
port=${FUTU_PORT:-11111}
ws=${FUTU_WS_PORT:-33333}
log=$(mktemp)
"$bin/futu-opend" --paper --paper-clock always-open --port "$port" --websocket-port "$ws" >"$log" 2>&1 &
daemon=$!
trap 'kill $daemon 2>/dev/null; wait $daemon 2>/dev/null; rm -f "$log"' EXIT
trap 'exit 130' INT TERM
until grep -q '^ready' "$log"; do
    kill -0 $daemon 2>/dev/null || { cat "$log" >&2; exit 1; }
    sleep 0.05
done
cat "$log"
"$bin/futucli" --gateway "127.0.0.1:$port" sub HK.00700 HK.09988 HK.00005 HK.03690 US.AAPL US.NVDA \
    US.TSLA US.SPY SH.600519 SZ.300750 ${FUTU_RUN_SECONDS:+--seconds $FUTU_RUN_SECONDS}
