#!/bin/sh
# examples.sh FUTU-OPEND FOLDER - runs the example programs in FOLDER as their comments say, and looks
# at what they print.
set -u
opend=$1 bin=$2
dir=$(mktemp -d)
failed=0 passed=0

: >"$dir/banner"
"$opend" --paper --paper-clock always-open --port 0 --log-level error >"$dir/banner" 2>"$dir/daemon" &
daemon=$!
trap 'kill $daemon 2>/dev/null; rm -rf "$dir"' EXIT
until grep -q '^ready' "$dir/banner"; do
    kill -0 $daemon 2>/dev/null || { cat "$dir/daemon"; exit 1; }
    sleep 0.05
done
port=$(sed -n 's/^ *FTAPI .*:\([0-9]*\).*/\1/p' "$dir/banner")

# try STATUS PATTERN PROGRAM ARGUMENT...: the exit status, and a line of the output.
try() {
    want=$1 pattern=$2 name=$3
    shift 3
    program=$bin/$name
    case $name in *.sh) program=examples/$name ;; esac
    timeout 120 "$program" "$@" >"$dir/out" 2>&1 </dev/null
    status=$?
    if [ $status = "$want" ] && grep -q "$pattern" "$dir/out"; then
        passed=$((passed + 1))
        return
    fi
    failed=$((failed + 1))
    echo "examples.sh: $name $*: status $status, $want expected, with a line like $pattern"
    tail -5 "$dir/out" | sed 's/^/    /'
}

# stop PID LOG: it must have lived until now, and end well.
stop() {
    kill "$1"
    wait "$1" && return
    failed=$((failed + 1))
    echo "examples.sh: the gateway ended with $?"
    cat "$2"
}

try 0 '^candle ' embedded_gateway
try 0 'AAPL [0-9.]*$' embedded_gateway US.AAPL 3
try 1 'XX: a security is written' embedded_gateway XX
try 0 '^AAPL is ' cpp_client
try 0 '"paper exchange"' cpp_client 127.0.0.1 "$port"
try 0 '^quote  00700 ' quote_stream -p "$port" -n 5 HK.00700 US.AAPL
try 0 ' pushes$' quote_stream -p "$port" -t 1 HK.00005
try 2 '^usage' quote_stream
try 1 'XX: a security is written' quote_stream -p "$port" XX
try 0 '^in the end: filled, 100 filled$' place_order -p "$port" HK.00700 100 5000
try 0 '^in the end: cancelled, 0 filled$' place_order -p "$port" US.AAPL 10 1
try 1 'place_order: snapshot: ' place_order -p "$port" HK.NOTHING

# REST, with a key as the script's comment makes it.
FUTU_API_KEY=$("$(dirname "$opend")/futucli" gen-key --keys-file "$dir/keys.json" \
    --scopes qot:read,acc:read,trade:simulate 2>/dev/null | grep -o 'fc_[0-9a-f]*' | head -1)
rest_port=$(python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')
FUTU_REST_URL=http://127.0.0.1:$rest_port
export FUTU_API_KEY FUTU_REST_URL
"$opend" --paper --paper-clock always-open --rest-port "$rest_port" --rest-keys-file "$dir/keys.json" \
    --state-dir "$dir/state" --log-level error >"$dir/rest" 2>"$dir/rest-log" &
rest=$!
trap 'kill $daemon $rest 2>/dev/null; rm -rf "$dir"' EXIT
until grep -q '^ready' "$dir/rest"; do
    kill -0 $rest 2>/dev/null || { cat "$dir/rest-log"; exit 1; }
    sleep 0.05
done
try 0 '^its status is ' rest.sh
try 0 '^order [0-9]*: 400 of HK.00005 at ' rest.sh HK.00005
try 1 'NOTHING' rest.sh HK.NOTHING
FUTU_API_KEY=fc_none try 1 'the API key is not valid' rest.sh
stop $rest "$dir/rest-log"
try 1 'Failed to connect' rest.sh

# Nobody listens there any more.
stop $daemon "$dir/daemon"
try 1 'connection refused' quote_stream -p "$port" HK.00700

echo "examples.sh: $passed passed, $failed failed"
[ $failed = 0 ]
