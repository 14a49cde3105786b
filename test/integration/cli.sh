#!/bin/sh
# cli.sh - every verb of futucli against a real daemon: exit status, table, JSON, JSON lines, and what
# it says when something is wrong. FUTU_OPEND and FUTU_CLI name the programs.
set -u
dir=$(mktemp -d)
failed=0 passed=0

# start NAME OPTION...: a daemon whose messages go to $dir/NAME; waits until it is ready. Sets pid, port.
start() {
    name=$1
    shift
    "$FUTU_OPEND" --paper --paper-clock always-open --frequency-limits off --port 0 --log-level error \
        "$@" >"$dir/$name.banner" 2>"$dir/$name" &
    pid=$!
    until grep -q '^ready' "$dir/$name.banner"; do
        kill -0 $pid 2>/dev/null || { cat "$dir/$name"; exit 1; }
        sleep 0.05
    done
    port=$(sed -n 's/^ *FTAPI .*:\([0-9]*\).*/\1/p' "$dir/$name.banner")
}

daemon='' secret=''
trap 'kill $daemon $secret 2>/dev/null; rm -rf "$dir"' EXIT
start daemon
daemon=$pid
FUTU_GATEWAY=127.0.0.1:$port
export FUTU_GATEWAY

cli() {
    "$FUTU_CLI" "$@" >"$dir/out" 2>"$dir/err" </dev/null
    status=$?
}

# verdict NAME CONDITION-STATUS...: all must be 0.
verdict() {
    name=$1
    shift
    for r in "$@"; do
        [ "$r" = 0 ] && continue
        failed=$((failed + 1))
        echo "cli.sh: $name"
        sed 's/^/    out: /' "$dir/out" | cut -c1-160 | head -5
        sed 's/^/    err: /' "$dir/err" | cut -c1-160 | head -5
        return
    done
    passed=$((passed + 1))
}

is() { [ "$1" "$2" "$3" ]; echo $?; }
silent() { [ ! -s "$dir/err" ]; echo $?; }
parses() { python3 -m json.tool "$1" >/dev/null 2>&1; echo $?; }
lines() { is "$(wc -l <"$dir/out")" -ge "$1"; }
each_line_parses() {
    python3 -c 'import json, sys
n = 0
for line in sys.stdin:
    json.loads(line)
    n += 1
sys.exit(n == 0)' <"$dir/out" 2>/dev/null
    echo $?
}

# shows LINES VERB...: success in every output format.
shows() {
    want=$1
    shift
    cli "$@"
    verdict "$* (table)" "$status" "$(silent)" "$(lines "$want")"
    cli -o json "$@"
    verdict "$* -o json" "$status" "$(silent)" "$(parses "$dir/out")"
    cli "$@" -o jsonl
    verdict "$* -o jsonl" "$status" "$(silent)" "$(each_line_parses)"
}

# shows_none TEXT VERB...: success with nothing to show, which a table says on standard error.
shows_none() {
    text=$1
    shift
    cli "$@"
    grep -q "$text" "$dir/err"
    verdict "$* (none, table)" $? "$status" "$(lines 0)"
    cli -o json "$@"
    verdict "$* (none) -o json" "$status" "$(parses "$dir/out")"
    cli "$@" -o jsonl
    verdict "$* (none) -o jsonl" "$status" "$(is "$(wc -c <"$dir/out")" = 0)"
}

# streams VERB...: a line of JSON each push, whatever format is asked for.
streams() {
    for format in table json jsonl; do
        cli "$@" -o $format
        verdict "$* -o $format" "$status" "$(silent)" "$(each_line_parses)"
    done
}

# refused STATUS WORD VERB...: fails with that text on standard error, and nothing on standard output.
refused() {
    want=$1 word=$2
    shift 2
    cli "$@"
    grep -q -e "$word" "$dir/err"
    found=$?
    [ ! -s "$dir/out" ]
    verdict "$* (must fail with $want, $word)" $? "$(is "$status" = "$want")" "$found"
}

shows 1 ping --count 2
shows 4 global-state
shows 2 account
shows 2 funds
shows_none 'no positions' position
shows_none 'no orders' order
shows 2 quote HK.00700 US.AAPL SH.600519 SZ.000001
shows 2 snapshot HK.00700 US.AAPL
shows 5 orderbook HK.00700
shows 2 ticker HK.00700 --count 5
shows 1 rt HK.00700
shows 2 kline HK.00700 --count 5
shows 2 kline US.AAPL --type 5m --count 5
shows 2 kline HK.00700 --begin 2025-01-02 --end 2025-03-03
shows 2 static HK.00700 HK.00005
shows 2 call Qot_GetMarketState '{"securityList":[{"market":1,"code":"00700"}]}'
shows 2 call getglobalstate '{"c2s":{"userID":0}}'
streams sub HK.00700 --count 3
streams sub HK.00700 HK.00005 --types quote,book,ticker,rt,1m --seconds 1

cli --help
verdict '--help' "$status" "$(silent)" "$(lines 20)"
for verb in ping global-state call account funds position order deal unlock-trade place-order modify-order \
    cancel-order quote snapshot orderbook ticker rt kline static sub; do
    cli "$verb" --help
    grep -q "usage: futucli $verb" "$dir/out"
    verdict "$verb --help" "$status" $? "$(silent)"
done
cli --version
verdict '--version' "$status" "$(lines 1)"

# Orders: simulated ones without, real ones with unlocking.
order_id() { python3 -c 'import json, sys; print(json.load(sys.stdin)["orderID"])' <"$dir/out"; }
lowest() {
    cli -o json orderbook "$1" --depth 10
    python3 -c 'import json, sys
book = json.load(sys.stdin)
print(book["orderBookBidList"][-1]["price"])' <"$dir/out"
}
price=$(lowest HK.00005)
cli -o json place-order --code HK.00005 --side buy --qty 400 --price "$price"
verdict 'place-order' "$status" "$(parses "$dir/out")"
id=$(order_id)
shows 2 order
cli order
grep -q "$id" "$dir/out"
verdict 'order lists it' "$status" $?
shows 1 modify-order "$id" --qty 800
cli cancel-order "$id"
verdict 'cancel-order' "$status" "$(silent)" "$(lines 1)"
refused 1 'cancel' cancel-order "$id"
refused 1 'futucli order' cancel-order 999999999
refused 1 '模拟' deal
refused 1 '最小单位' place-order --code HK.00005 --side buy --qty 400 --price 1.005
refused 1 'next:' place-order --code HK.00005 --side buy --qty 400000000 --price "$price"
refused 2 '--confirm' place-order --env real --code HK.00005 --side buy --qty 400 --price "$price"
refused 1 'futucli unlock-trade' place-order --env real --confirm --code HK.00005 --side buy --qty 400 \
    --price "$price"
echo wrong | "$FUTU_CLI" unlock-trade --from-stdin >"$dir/out" 2>"$dir/err"
verdict 'unlock-trade with a wrong password' "$(is $? = 1)" "$([ -s "$dir/err" ]; echo $?)"
echo paper | "$FUTU_CLI" unlock-trade --from-stdin >"$dir/out" 2>"$dir/err"
verdict 'unlock-trade' $? "$(silent)"
cli place-order --env real --confirm --code HK.00005 --side buy --qty 400
verdict 'place-order at the market' "$status" "$(silent)" "$(lines 1)"
shows 2 deal --env real
shows 2 position --env real
cli -o json place-order --env real --confirm --code HK.00005 --side buy --qty 400 --price "$price"
verdict 'a real order' "$status"
shows 1 cancel-order --all --env real --confirm
FUTU_TRADE_PWD=paper "$FUTU_CLI" unlock-trade >"$dir/out" 2>"$dir/err"
verdict 'unlock-trade from the environment' $?
cli unlock-trade --lock
verdict 'unlock-trade --lock' "$status"

# Wrong usage is 2, a failed call 1; both say what to do.
refused 2 '--help' frobnicate
refused 2 'did you mean quote' qoute HK.00700
refused 2 'usage: futucli quote' quote
refused 2 'HK.00700' quote 00700
refused 2 'XX' quote XX.1
refused 2 'did you mean --count' ticker HK.00700 --cuont 3
refused 2 '--count' ticker HK.00700 --count 0
refused 2 '--count' ticker HK.00700 --count many
refused 2 'table, json, jsonl' -o xml quote HK.00700
refused 2 '--gateway' --gateway nonsense:x ping
refused 2 '--side' place-order --code HK.00005 --qty 400
refused 2 '--side' place-order --code HK.00005 --qty 400 --side up
refused 2 '--types' sub HK.00700 --types everything
refused 2 'JSON object' call Qot_GetMarketState nonsense
refused 1 '未知股票' quote HK.99999
refused 1 'Qot_GetOptionChain' call Qot_GetOptionChain \
    '{"owner":{"market":1,"code":"00700"},"beginTime":"2026-01-01","endTime":"2026-01-20"}'
refused 1 'securityList' call Qot_GetMarketState '{"securityList":[{"market":"x","code":"00700"}]}'
refused 1 'Qot_Nothing' call Qot_Nothing '{}'
refused 1 'futu-opend --paper' --gateway 127.0.0.1:1 ping

# On a terminal the live view draws; without one it writes lines.
script -qec "'$FUTU_CLI' sub HK.00700 --seconds 1" /dev/null >"$dir/out" 2>"$dir/err" </dev/null
drawn=$?
grep -q "$(printf '\033')\\[" "$dir/out" && grep -q '00700' "$dir/out"
verdict 'sub on a terminal' $drawn $?
cli quote HK.00700
grep -q "$(printf '\033')" "$dir/out"
verdict 'no colours into a pipe' "$(is $? = 1)"

# An encrypted connection.
key=test/data/rsa1024.pem
start secret --rsa-private-key $key
secret=$pid
shows 2 --gateway "127.0.0.1:$port" --rsa-key $key quote HK.00700
refused 1 'RSA key' --gateway "127.0.0.1:$port" ping
refused 1 '/nonexistent' --gateway "127.0.0.1:$port" --rsa-key /nonexistent ping
refused 1 'no connection' --rsa-key $key --timeout 5 ping

for name in daemon secret; do
    eval "pid=\$$name"
    kill "$pid"
    wait "$pid"
    status=$?
    cat "$dir/$name"
    : >"$dir/out" >"$dir/err"
    verdict "the $name ends with 0" $status
done
daemon='' secret=''
echo "cli: $passed checks passed, $failed failed"
exit $((failed > 0))
