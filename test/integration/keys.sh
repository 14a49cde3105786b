#!/bin/sh
# keys.sh - the key commands of futucli on files: what they make, say and refuse; modes, links, edits
# at once and edits that are killed. FUTU_CLI names the program.
set -u
dir=$(mktemp -d)
failed=0 passed=0
trap 'rm -rf "$dir"' EXIT
HOME=$dir/home
export HOME
unset XDG_CONFIG_HOME
mkdir "$HOME"
file=$dir/keys.json

. "$(dirname "$0")/checks.sh"
has() { grep -q -e "$1" "$dir/out"; echo $?; }
mode() { stat -c %a "$1"; }

# works TEXT VERB...: succeeds, with that on standard output.
works() {
    want=$1
    shift
    cli "$@"
    verdict "$*" "$status" "$(silent)" "$(has "$want")"
}

# refused STATUS TEXT VERB...: fails with that on standard error, and leaves the file as it is.
refused() {
    want=$1 text=$2
    shift 2
    cp "$file" "$dir/before"
    cli "$@"
    grep -q -e "$text" "$dir/err"
    found=$?
    cmp -s "$file" "$dir/before"
    same=$?
    [ ! -s "$dir/out" ]
    verdict "$* (must fail with $want, $text)" $? "$(is "$status" = "$want")" "$found" "$same"
}

# json EXPRESSION: true of the JSON in $dir/out, as `o`.
json() {
    python3 -c 'import json, sys
o = json.load(open(sys.argv[1]))
sys.exit(not eval(sys.argv[2]))' "$dir/out" "$1"
    echo $?
}

count() {
    cli list-keys --keys-file "$file" -o jsonl
    wc -l <"$dir/out"
}

# ---- making keys ----

works 'Authorization: Bearer fc_[0-9a-f]\{32\}' gen-key --keys-file "$file" --id first \
    --scopes quote,trade:read --expires 30d
verdict "gen-key tells all" "$(has '^id  *first$')" "$(has "^file  *$file\$")" \
    "$(has '^scopes  *qot:read,acc:read$')" "$(has '^expires  *20..-')" "$(has 'rest-keys-file')"
verdict "the file is 0600" "$(is "$(mode "$file")" = 600)"
plain=$(sed -n 's/^key  *//p' "$dir/out")
hash=$(printf %s "$plain" | sha256sum | cut -d' ' -f1)
grep -q "sha256:$hash" "$file"
verdict "the file has the hash" $?
grep -q "$plain" "$file"
verdict "the file has not the key" "$(is $? = 1)"

cli -o json gen-key --keys-file "$file" --id second --scopes trade:real --allowed-markets hk,US \
    --allowed-symbols hk.00700 --allowed-trd-sides buy --allowed-acc-ids '9007199254740993, 7' \
    --allowed-card-nums 1234 --max-order-value 1000 --max-daily-value 5000 \
    --max-orders-per-minute 3 --hours-window 22:30-05:00 --note 'two words' \
    --bind-machines "$(printf %064d 1)" --expires 2100-01-01T00:00:00Z
verdict "gen-key -o json" "$status" "$(silent)" "$(json 'o["key"].startswith("fc_")')" \
    "$(json 'o["allowed_acc_ids"] == [9007199254740993, 7]')" \
    "$(json 'o["allowed_markets"] == ["HK", "US"] and o["allowed_trd_sides"] == ["BUY"]')" \
    "$(json 'o["max_orders_per_minute"] == 3 and o["hours_window"] == "22:30-05:00"')" \
    "$(json 'o["expires_at"] == "2100-01-01T00:00:00Z" and o["note"] == "two words"')" \
    "$(json 'len(o["allowed_machines"]) == 1 and o["file"].endswith("keys.json")')"
works '^id  *key-[0-9a-f]\{8\}$' gen-key --keys-file "$file" --scopes metrics:read

refused 1 'use another --id, or futucli revoke-key first' gen-key --keys-file "$file" --id first \
    --scopes admin
refused 2 '--scopes is needed' gen-key --keys-file "$file"
refused 2 '--scopes: qot:raed is no scope; did you mean qot:read' gen-key --keys-file "$file" \
    --scopes qot:raed
refused 2 'trade:simulate, trade:real or trade:unlock' gen-key --keys-file "$file" --scopes trade
refused 2 '--allowed-card-nums: an entry is empty' gen-key --keys-file "$file" --scopes quote \
    --allowed-card-nums ''
refused 2 '--allowed-acc-ids: -5 is no account' gen-key --keys-file "$file" --scopes quote \
    --allowed-acc-ids 1,-5
refused 2 '--max-order-value: 10 is above' gen-key --keys-file "$file" --scopes trade:real \
    --max-order-value 10 --max-daily-value 5
refused 2 '--expires: 3w is neither' gen-key --keys-file "$file" --scopes quote --expires 3w
refused 2 'has passed' gen-key --keys-file "$file" --scopes quote --expires 2020-01-01T00:00:00Z
refused 2 '--hours-window' gen-key --keys-file "$file" --scopes quote --hours-window 9-17
refused 2 '--bind-machines: fingerprints are of one id' gen-key --keys-file "$file" --scopes quote \
    --bind-machines "$(printf %064d 1)"
refused 2 'unknown option --scope; did you mean --scopes' gen-key --scope quote
refused 1 "can't be written" gen-key --keys-file /dev/null/keys.json --scopes quote

# ---- the path ----

works "^file  *$HOME/.config/futu/keys.json" gen-key --scopes quote
verdict "the folder is 0700" "$(is "$(mode "$HOME/.config/futu")" = 700)" \
    "$(is "$(mode "$HOME/.config/futu/keys.json")" = 600)"
works "^file  *$HOME/k.json" gen-key --scopes quote --keys-file='~/k.json'
XDG_CONFIG_HOME=$dir/xdg works "^file  *$dir/xdg/futu/keys.json" gen-key --scopes quote

# ---- list ----

works '^ID  *SCOPES  *LIMITS  *BOUND  *EXPIRES  *NOTE' list-keys --keys-file "$file"
verdict "limits in short" "$(has '^second .* 3/min, BUY, order 1000, day 5000, 22:30-05:00, HK US')" \
    "$(has '^first .* -  *\*  ')"
sed 's/"expires_at": "2100/"expires_at": "2020/' "$file" >"$dir/old.json"
works 'T00:00:00Z EXPIRED' list-keys --keys-file "$dir/old.json"
cli list-keys --keys-file "$file" -o json
verdict "list-keys -o json" "$status" "$(json 'len(o) == 3 and not o[0]["expired"]')" \
    "$(json 'not any("key" in k or "hash" in k for k in o)')"
verdict "list-keys -o jsonl" "$(is "$(count)" = 3)"
echo '{"version":1,"keys":[]}' >"$dir/none.json"
cli list-keys --keys-file "$dir/none.json"
grep -q 'gen-key makes one' "$dir/err"
verdict "no keys" $? "$status"
refused 1 'No such file' list-keys --keys-file "$dir/missing"
echo '{"version":1,"keys":[{"id":"a","hash":"'"$hash"'","scopes":[],"alowed_markets":[]}]}' >"$dir/bad.json"
refused 1 'key a: alowed_markets: unknown member; did you mean allowed_markets' list-keys \
    --keys-file "$dir/bad.json"

# ---- binding ----

print=$(printf %064d 2)
works 'picks this up by itself within a second' bind-key first --keys-file "$file" --machines "$print"
works 'key first is bound' bind-key first --machines "$print,$(printf %064d 3)" --keys-file "$file"
cli list-keys --keys-file "$file" -o json
verdict "adding leaves out what is there" "$(json 'len(o[0]["allowed_machines"]) == 2')"
works 'key first is bound' bind-key first --replace --machines "$print" --keys-file "$file"
works '^first .* 1  20' list-keys --keys-file "$file"
works 'key first is frozen' bind-key first --freeze --keys-file "$file"
works '^first .* FROZEN' list-keys --keys-file "$file"
works 'SIGHUP' bind-key first --clear --keys-file "$file"
works '^first .* \*  20' list-keys --keys-file "$file"
refused 2 'to which machine' bind-key first --keys-file "$file"
refused 2 'exclude each other' bind-key first --clear --freeze --keys-file "$file"
refused 2 '--clear takes no machines' bind-key first --clear --this-machine --keys-file "$file"
refused 2 '--machines: x is no fingerprint' bind-key first --machines x --keys-file "$file"
refused 1 'no key frist; did you mean first' bind-key frist --freeze --keys-file "$file"
if "$FUTU_CLI" machine-id >/dev/null 2>&1; then
    raw=$("$FUTU_CLI" machine-id)
    print=$(printf 'futu-machine-bind:v1:first:%s' "$raw" | sha256sum | cut -d' ' -f1)
    works "^$print\$" machine-id --for-key first
    works 'key first is bound' bind-key first --this-machine --keys-file "$file"
    grep -q "$print" "$file"
    verdict "the file has the machine" $?
    works '^bound  *1' gen-key --scopes quote --bind-this-machine --keys-file "$dir/here.json"
    cli machine-id -o json
    verdict "machine-id -o json" "$status" "$(json "o['machineId'] == '$raw'")"
fi
refused 2 'is no id of a key' machine-id --for-key 'a b'

# ---- revoking ----

works 'key second is revoked' revoke-key second --keys-file "$file"
verdict "one less" "$(is "$(count)" = 2)"
refused 1 'no key second' revoke-key second --keys-file "$file"
refused 2 'usage: futucli revoke-key ID' revoke-key --keys-file "$file"
chmod 640 "$file"
works 'revoked' revoke-key first --keys-file "$file"
verdict "the group may still read" "$(is "$(mode "$file")" = 640)"
ln -s keys.json "$dir/link.json"
works '^id  *third' gen-key --id third --scopes quote --keys-file "$dir/link.json"
verdict "a link stays one" "$(is "$(count)" = 2)" "$(test -L "$dir/link.json"; echo $?)"

# ---- output that can't be written ----

"$FUTU_CLI" gen-key --id unseen --scopes quote --keys-file "$file" >/dev/full 2>"$dir/err"
verdict "a key that nobody has seen" "$(is $? = 1)" \
    "$(grep -q 'take it back with futucli revoke-key unseen' "$dir/err"; echo $?)"
"$FUTU_CLI" list-keys --keys-file "$file" >/dev/full 2>"$dir/err"
verdict "a list to a full disk" "$(is $? = 1)" "$(grep -q 'standard output: ' "$dir/err"; echo $?)"
"$FUTU_CLI" list-keys --keys-file "$file" >&- 2>"$dir/err"
verdict "a list to nowhere" "$(is $? = 1)"
refused 1 'gone.json: .*; futucli gen-key makes it' list-keys --keys-file "$dir/gone.json"

# ---- edits at once, and edits that are killed ----

file=$dir/many.json
pids=
for i in $(seq 20); do
    "$FUTU_CLI" gen-key --keys-file "$file" --id "k$i" --scopes quote >/dev/null 2>&1 &
    pids="$pids $!"
done
status=0
for pid in $pids; do
    wait "$pid" || status=1
done
verdict "20 gen-key at once" "$status" "$(is "$(count)" = 20)"

i=0
while [ $i -lt 40 ]; do
    i=$((i + 1))
    "$FUTU_CLI" gen-key --keys-file "$file" --id "killed$i" --scopes quote >/dev/null 2>&1 &
    pid=$!
    sleep "0.00$((i % 10))"
    kill -9 $pid 2>/dev/null
    wait $pid 2>/dev/null
    cli list-keys --keys-file "$file"
    [ $status = 0 ] || break
done
verdict "a killed gen-key leaves a whole file" "$status" "$(is "$(count)" -ge 20)"
works '^id  *last' gen-key --keys-file "$file" --id last --scopes quote

echo "keys.sh: $passed passed, $failed failed"
[ $failed = 0 ]
