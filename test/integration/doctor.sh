#!/bin/sh
# doctor.sh - futucli doctor against what it may find: nothing, a proper machine, wrong clocks, ports
# that are taken, files that are not right, servers that do not answer. FUTU_OPEND and FUTU_CLI name
# the programs; python3 stands for the auth server.
set -u
dir=$(mktemp -d)
failed=0 passed=0
servers=
# shellcheck disable=SC2086
trap 'kill $servers 2>/dev/null; rm -rf "$dir"' EXIT
HOME=$dir/home FUTU_LOOPBACK_ONLY=1
export HOME FUTU_LOOPBACK_ONLY
unset FUTU_STATE_DIR DBUS_SESSION_BUS_ADDRESS
mkdir "$HOME"
. "$(dirname "$0")/checks.sh"

# serve OFFSET: an HTTP server whose clock is that many seconds ahead; $port is its port.
serve() {
    python3 -B - "$1" "$dir/port" <<'PY' &
import http.server, os, sys, time

class Server(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(404)
        self.send_header("Content-Length", "0")
        self.end_headers()
    def date_time_string(self, timestamp=None):
        return super().date_time_string(time.time() + int(sys.argv[1]))
    def log_message(self, *args):
        pass

s = http.server.HTTPServer(("127.0.0.1", 0), Server)
with open(sys.argv[2] + ".new", "w") as f:
    f.write(str(s.server_port))
os.rename(sys.argv[2] + ".new", sys.argv[2])
s.serve_forever()
PY
    servers="$servers $!"
    while [ ! -s "$dir/port" ]; do sleep 0.05; done
    port=$(cat "$dir/port")
    rm "$dir/port"
}

doctor() { cli doctor -o jsonl "$@"; }

# finds LEVEL CHECK TEXT: such a finding is among them.
finds() {
    python3 - "$dir/out" "$@" <<'PY'
import json, sys
path, level, check, text = sys.argv[1:]
rows = [json.loads(line) for line in open(path)]
hits = [r for r in rows if r["check"] == check and r["level"] == level and text in r["text"]]
# Whoever is told of a fault is told what to do.
sys.exit(not hits or any(r["level"] in ("warn", "fail") and not r.get("remedy") for r in rows))
PY
    echo $?
}

serve 0
right=$port
doctor --auth-server "http://127.0.0.1:$right" --listen 0.0.0.0:65000 --state-dir "$dir/new"
verdict "a proper machine" "$(is $status = 0)" "$(silent)" "$(finds ok 'auth: dns' 127.0.0.1)" \
    "$(finds ok 'auth: tcp' 127.0.0.1)" "$(finds ok 'auth: http' "answers (404)")" \
    "$(finds ok clock ' s ')" "$(finds ok 'state folder' 'the first start makes it')" \
    "$(finds ok port '0.0.0.0:65000 is free')" "$(finds ok 'tls roots' there)" \
    "$(finds skip 'connection point' --conn)" "$(finds skip keychain 'session bus')"
[ ! -e "$dir/new" ]
verdict "nothing is made" $?

for at in 45 -45; do
    serve $at
    doctor --auth-server "http://127.0.0.1:$port" --state-dir "$dir/new"
    verdict "a clock $at s off" "$(is $status = 0)" "$(finds warn clock '4')"
done
serve 4000
doctor --auth-server "http://127.0.0.1:$port" --state-dir "$dir/new"
verdict "a clock an hour behind" "$(is $status = 1)" "$(finds fail clock 'behind the server')"

doctor --auth-server http://127.0.0.1:1 --state-dir "$dir/new"
verdict "nobody listens" "$(is $status = 1)" "$(finds ok 'auth: dns' 127.0.0.1)" \
    "$(finds fail 'auth: tcp' refused)" "$(finds skip 'auth: http' 'not reached')"
doctor --auth-server "https://127.0.0.1:$right" --state-dir "$dir/new"
verdict "no TLS there" "$(is $status = 1)" "$(finds ok 'auth: tcp' 127.0.0.1)" \
    "$(finds fail 'auth: tls' tls)" "$(finds skip 'auth: http' 'not reached')"
doctor --auth-server "http://127.0.0.1:$right" --tls-ca-file "$dir/none.pem" --state-dir "$dir/new"
verdict "no roots" "$(is $status = 1)" "$(finds fail 'tls roots' none.pem)"

# ---- files ----

mkdir -m 755 "$dir/state"
chmod 500 "$HOME"
"$FUTU_CLI" gen-key --keys-file "$dir/keys.json" --scopes quote >"$dir/out" 2>"$dir/err"
verdict "gen-key" $?
chmod 644 "$dir/keys.json"
echo '{' >"$dir/broken.json"
chmod 600 "$dir/broken.json"
doctor --auth-server "http://127.0.0.1:$right" --state-dir "$dir/state" \
    --login-account +86-13900000000 --keys-file "$dir/keys.json,$dir/broken.json,$dir/none.json"
verdict "files that are not right" "$(is $status = 1)" "$(finds ok 'state folder' "$dir/state")" \
    "$(finds warn 'saved login' 'none of this account')" "$(finds warn 'keys file' 'can read it')" \
    "$(finds fail 'keys file' broken.json)" "$(finds fail 'keys file' none.json)"
: >"$dir/state-file"
doctor --auth-server "http://127.0.0.1:$right" --state-dir "$dir/state-file"
verdict "a file as state folder" "$(is $status = 1)" "$(finds fail 'state folder' state-file)"

# ---- ports and gateways ----

"$FUTU_OPEND" --paper --port 0 --log-level error >"$dir/banner" 2>/dev/null &
servers="$servers $!"
gateway=$!
until grep -q '^ready' "$dir/banner"; do sleep 0.05; done
taken=$(sed -n 's/^ *FTAPI *[^:]*:\([0-9]*\).*/\1/p' "$dir/banner")
doctor --auth-server "http://127.0.0.1:$right" --state-dir "$dir/state" --listen "$taken" \
    --conn "127.0.0.1:$taken,127.0.0.1:1"
verdict "ports" "$(is $status = 1)" "$(finds warn port "taken by futu-opend, process $gateway")" \
    "$(finds ok 'connection point' "127.0.0.1:$taken")" \
    "$(finds fail 'connection point' '127.0.0.1:1: connection refused')"
doctor --upstream "127.0.0.1:$taken" --state-dir "$dir/state"
verdict "another gateway" "$(is $status = 0)" "$(finds ok upstream FTAPI)" \
    "$(finds ok 'upstream: state' 'quotes on, trading on')"
doctor --upstream 127.0.0.1:1 --state-dir "$dir/state"
verdict "no gateway there" "$(is $status = 1)" "$(finds fail upstream refused)"
cli -o json doctor --upstream "127.0.0.1:$taken" --state-dir "$dir/state"
python3 -c 'import json, sys; sys.exit(len(json.load(open(sys.argv[1]))) < 5)' "$dir/out"
verdict "-o json is one list" $? "$(is $status = 0)"
cli doctor --upstream "127.0.0.1:$taken" --state-dir "$dir/state"
grep -q 'ok, 1 skipped, 0 to look at, 0 that will not work' "$dir/out"
verdict "as a table, with a sum" $? "$(is $status = 0)"

# ---- usage ----

for bad in '--listen 99999' '--conn 127.0.0.1' '--upstream :1' '--keychain none' \
    '--platform foo' '--auth-server ftp://x' '--login-account +8613900000000'; do
    # shellcheck disable=SC2086
    cli doctor $bad
    verdict "doctor $bad" "$(is $status = 2)" "$(is "$(wc -l <"$dir/err")" = 1)" \
        "$(grep -q -e "${bad%% *}" "$dir/err"; echo $?)"
done

echo "doctor.sh: $passed passed, $failed failed"
[ $failed = 0 ]
