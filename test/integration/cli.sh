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
        --state-dir "$dir/$name.state" "$@" >"$dir/$name.banner" 2>"$dir/$name" &
    pid=$!
    until grep -qs '^ready' "$dir/$name.banner"; do
        kill -0 $pid 2>/dev/null || { cat "$dir/$name"; exit 1; }
        sleep 0.05
    done
    port=$(sed -n 's/^ *FTAPI .*:\([0-9]*\).*/\1/p' "$dir/$name.banner")
}

# proxy MODE [INPUT]: cli_proxy.py in front of the daemon. Sets proxy, via.
proxy() {
    python3 -B test/integration/cli_proxy.py "$daemon_port" "$1" <"${2:-/dev/null}" >"$dir/proxy" \
        2>"$dir/proxy.log" &
    proxy=$!
    until [ -s "$dir/proxy" ]; do
        kill -0 $proxy 2>/dev/null || { cat "$dir/proxy.log"; exit 1; }
        sleep 0.05
    done
    via=127.0.0.1:$(cat "$dir/proxy")
}

end_proxy() {
    kill "$proxy"
    wait "$proxy" 2>/dev/null
    proxy='' via=''
    : >"$dir/proxy"
}

daemon='' secret='' proxy='' deep='' near='' far=''
trap 'kill $daemon $secret $proxy $deep $near $far 2>/dev/null; rm -rf "$dir"' EXIT
start daemon
daemon=$pid
daemon_port=$port
FUTU_GATEWAY=127.0.0.1:$port
export FUTU_GATEWAY

. "$(dirname "$0")/checks.sh"
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

# A key: the same order again is not placed again, another order with it is refused.
far_order="place-order --code HK.00005 --side buy --qty 400 --price $price"
cli -o json $far_order --key first
verdict 'place-order --key' "$status" "$(silent)"
id=$(order_id)
cli -o json $far_order --key first
verdict 'a repeat with the key' "$status" "$(silent)" "$([ "$(order_id)" = "$id" ]; echo $?)"
cli -o json $far_order --key second
verdict 'another key' "$status" "$([ "$(order_id)" != "$id" ]; echo $?)"
cli -o json $far_order
first=$(order_id)
cli -o json $far_order
verdict 'without a key each order is another' "$status" "$([ "$(order_id)" != "$first" ]; echo $?)"
refused 1 'another --key' $far_order --remark other --key first
refused 2 '--key: 1 to 64' $far_order --key ''
refused 2 '--key: 1 to 64' $far_order --key "$(printf '%065d' 0)"

# told_key: the key that the last error offers for a repeat.
told_key() { sed -n 's/.*repeat the same command with --key \([^ :]*\).*/\1/p' "$dir/err"; }
count_orders() { "$FUTU_CLI" -o json order | python3 -c 'import json, sys; print(len(json.load(sys.stdin)))'; }

# Nobody knows what became of the order: the key is told, and a repeat with it finds the order.
for mode in mute cut; do
    before=$(count_orders)
    proxy $mode
    refused 1 'may have been placed or not' --gateway "$via" --timeout 1 $far_order
    key=$(told_key)
    refused 1 "repeat the same command with --key mine-$mode:" --gateway "$via" --timeout 1 $far_order \
        --key "mine-$mode"
    end_proxy
    cli $far_order --key "$key"
    verdict "a repeat after $mode" "$status" "$(is "${#key}" = 32)"
    cli $far_order --key "mine-$mode"
    verdict "a repeat after $mode, own key" "$status" "$(is "$(count_orders)" = $((before + 2)))"
done
proxy lost
refused 1 'the order has not been sent' --gateway "$via" --timeout 1 $far_order
end_proxy
proxy timeout
refused 1 'futucli order' --gateway "$via" $far_order
verdict 'retType -100 tells the key' "$(is "$(told_key | wc -c)" = 33)"
end_proxy
proxy mute
timeout -s INT 1 "$FUTU_CLI" --gateway "$via" --timeout 30 $far_order >"$dir/out" 2>"$dir/err" </dev/null
verdict 'Ctrl-C tells the key' "$(is "$(told_key | wc -c)" = 33)"
end_proxy
cli place-order --code HK.00005 --side buy --qty 400 --price 1.005
verdict 'a refusal has no key' "$([ -z "$(told_key)" ]; echo $?)"

# The chain of gateways.
chain() { python3 -c "import json, sys
chain = json.load(sys.stdin)['chain']
sys.exit(not ($1))" <"$dir/out"; }
cli -o json global-state
chain 'chain["gateway"].startswith("127.0.0.1:") and chain["latencyUs"] > 0'
verdict 'global-state: the way to the gateway' $?
chain '[h["upstream"] for h in chain["hopList"]] == ["paper"] and chain["staleList"] == []'
verdict 'global-state: one hop' $?
cli global-state
grep -q '^CHAIN' "$dir/out" && grep -q '^futucli .* up .* [µm]s' "$dir/out" &&
    grep -q '^futu-opend .* paper' "$dir/out"
verdict 'global-state: the chain' $?
cli global-state --stale
grep -q 'nothing is stale' "$dir/out"
verdict 'global-state --stale' $? "$status" "$(silent)"

python3 -c 'import json
link = lambda name, state, **more: dict(name=name, state=state, sinceMs=1795539889000, **more)
print(json.dumps({"hopList": [
    {"bootID": 7, "name": "futu-opend 9", "upstream": "far:1", "subscriptions": 1210, "stale": 12,
     "linkList": [link("quote", 3, latencyUs=82), link("trade", 3, latencyUs=1250),
                  link("bulk", 1, lastError="connect: refused")]},
    {"bootID": 0, "name": "OpenD 10.2", "upstream": ""}],
    "staleList": [{"security": {"market": 1, "code": "%05d" % n}, "lastMs": 1795539880000 * (n > 1),
                   "reason": "quota"} for n in range(1, 13)]}))' >"$dir/chain"
proxy chain "$dir/chain"
shows 20 --gateway "$via" global-state
cli --gateway "$via" global-state
for row in '^futu-opend 9 *far:1 *quote *up *82 µs .*1,210 *12' '^ *trade *up *1.25 ms' \
    '^ *bulk *connecting .*connect: refused' '^OpenD 10.2 *not known' '^HK.00001 *none yet *quota' \
    '^HK.00010 .* quota' 'and 2 more'; do
    grep -q "$row" "$dir/out"
    verdict "global-state: $row" $?
done
cli --gateway "$via" global-state --stale
grep -q '^HK.00012' "$dir/out"
verdict 'global-state --stale lists all' $?
end_proxy
proxy strange
shows 10 --gateway "$via" global-state
cli --gateway "$via" global-state
grep -q '^the gateway *paper' "$dir/out"
verdict 'a gateway that does not know the chain' $?
cli --gateway "$via" global-state --stale -o json
chain 'chain["latencyUs"] > 0 and chain["hopList"] == [] and chain["staleList"] == []'
verdict 'its JSON' $?
end_proxy

proxy silent
cli --gateway "$via" --timeout 1 global-state
grep -q '^the gateway *paper' "$dir/out" && grep -q 'the chain is not known' "$dir/err"
verdict 'a gateway that keeps silent about the chain' $? "$status"
end_proxy

# Gaps and lost links as objects of their own among the pushes, and on the last lines of a screen.
cat >"$dir/events" <<'END'
60002 {"bootID":"7","seq":"1","state":1,"link":"quote","upstream":"far:1","beginMs":"1795540153622"}
1003 {"type":3,"connectStatus":{"qotLogined":false,"trdLogined":true}}
60002 {"bootID":"7","seq":"2","state":2,"link":"quote","upstream":"far:1","beginMs":"1795540153622","endMs":"1795540155622","lostList":[{"security":{"market":1,"code":"00700"},"beginMs":"1","endMs":"2","tickersLost":true,"sequenceAfter":"100","sequenceBefore":"113"},{"security":{"market":11,"code":"AAPL"},"beginMs":"1","endMs":"2","error":"no quota"}]}
END
proxy gap "$dir/events"
cli --gateway "$via" sub HK.00700 --count 5
verdict 'sub with a gap' "$status" "$(silent)" "$(each_line_parses)"
python3 -c 'import json, sys
lines = [json.loads(line) for line in sys.stdin]
events = [line for line in lines if "type" in line]
texts = [e["text"] for e in events]
assert [e["type"] for e in events] == ["gap", "connection", "gap"]
assert len(lines) == 3 + 5 and all(line["push"] and line["body"] for line in lines)
assert texts[0].startswith("no data from far:1 since "), texts
assert "quotes down, trading up" in texts[1], texts
assert "over, 2 securities, 12 tickers of HK.00700 lost, US.AAPL stays stale: no quota" in texts[2], texts
' <"$dir/out" 2>>"$dir/err"
verdict 'a gap is an object of its own' $?
script -qec "stty cols 120 rows 30; '$FUTU_CLI' --gateway $via sub HK.00700 --seconds 1" /dev/null \
    >"$dir/out" 2>"$dir/err" </dev/null
drawn=$?
grep -q '12 tickers of HK.00700 lost' "$dir/out" && grep -q 'quotes down, trading up' "$dir/out"
verdict 'a gap on a terminal' $drawn $?
end_proxy

# Two gateways in front of a paper one: each is a hop. Their links come up in their own time.
until_chain() {
    for _ in $(seq 100); do
        cli --gateway "127.0.0.1:$far_port" -o json global-state
        chain "$1" && return 0
        sleep 0.1
    done
    return 1
}
relay() {
    name=$1 up=$2
    "$FUTU_OPEND" --upstream "$up" --port 0 --log-level error --frequency-limits off \
        --state-dir "$dir/$name.state" >"$dir/$name.banner" 2>"$dir/$name" &
    pid=$!
    until grep -qs '^ready' "$dir/$name.banner"; do
        kill -0 $pid 2>/dev/null || return 1
        sleep 0.05
    done
    port=$(sed -n 's/^ *FTAPI .*:\([0-9]*\).*/\1/p' "$dir/$name.banner")
}
start deep
deep=$pid deep_port=$port
relay near "127.0.0.1:$deep_port"
near=$pid near_port=$port
relay far "127.0.0.1:$near_port"
far=$pid far_port=$port
shows 10 --gateway "127.0.0.1:$far_port" global-state
until_chain "[h['upstream'] for h in chain['hopList']] ==
    ['127.0.0.1:$near_port', '127.0.0.1:$deep_port', 'paper']"
verdict 'three hops' $?
until_chain "all(l['state'] == 3 and int(l['latencyUs']) > 0
    for h in chain['hopList'][:2] for l in h['linkList'])"
verdict 'their links are up' $?
cli -o json --gateway "127.0.0.1:$far_port" $far_order --key through
id=$(order_id)
cli -o json --gateway "127.0.0.1:$far_port" $far_order --key through
verdict 'a key through every gateway' "$status" "$([ "$(order_id)" = "$id" ]; echo $?)"
"$FUTU_CLI" --gateway "127.0.0.1:$far_port" sub HK.00700 --seconds 4 >"$dir/watched" 2>&1 </dev/null &
watcher=$!
until grep -qs Qot_UpdateTicker "$dir/watched"; do
    kill -0 $watcher 2>/dev/null || break
    sleep 0.05
done
kill -KILL "$deep"
wait "$deep" 2>/dev/null
deep=''
until_chain "any(l['state'] == 1 and l['lastError'] for l in chain['hopList'][1]['linkList'])"
verdict 'the lost link of the second hop' $?
cli --gateway "127.0.0.1:$far_port" global-state
grep -q ' quote *connecting ' "$dir/out" && grep -q '^HK.00700 ' "$dir/out"
verdict 'what is down and what is stale' $?
cli --gateway "127.0.0.1:$far_port" --timeout 1 sub HK.00005 --seconds 1
grep -q 'quotes down' "$dir/err"
verdict 'sub says that quotes were down before it' $?
wait $watcher
cp "$dir/watched" "$dir/out"
grep -q '"type":"gap".*"text":"no data from 127.0.0.1:'"$deep_port since" "$dir/out"
verdict 'the gap reaches a live view' $?
for name in near far; do
    eval "pid=\$$name"
    kill "$pid"
    wait "$pid"
    verdict "$name ends with 0" $?
done
near='' far=''

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
