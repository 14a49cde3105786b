#!/bin/sh
# rest.sh [CODE] - the REST API with curl: subscribe to a security, read its quote, place an order
# on the simulated account, look at it and cancel it.
#
# A gateway with a key, on the offline paper exchange:
#   futucli gen-key --keys-file keys.json --scopes qot:read,acc:read,trade:simulate
#   futu-opend --paper --paper-clock always-open --rest-port 22222 --rest-keys-file keys.json
# then, with the key that gen-key has shown:
#   FUTU_API_KEY=fc_... sh rest.sh HK.00700
# FUTU_REST_URL: where the gateway is, when not at http://127.0.0.1:22222.
set -eu
url=${FUTU_REST_URL:-http://127.0.0.1:22222}
key=${FUTU_API_KEY:?the key that futucli gen-key has shown}
code=${1:-HK.00700}

# call PATH [JSON [IDEMPOTENCY-KEY]]: one call; a body makes it a POST. The key goes to curl by its
# standard input, so that no list of processes shows it.
call() {
    {
        printf 'header = "Authorization: Bearer %s"\n' "$key"
        [ -z "${3:-}" ] || printf 'header = "Idempotency-Key: %s"\n' "$3"
    } | curl --silent --show-error --fail-with-body --config - \
        --header 'Content-Type: application/json' ${2:+--data "$2"} "$url$1"
    echo
}

# number NAME: the first member of that name, in the JSON on standard input.
number() { sed -n 's/.*"'"$1"'":\([0-9.]*\).*/\1/p'; }

# good: passes the answer on when ret_type is 0. A call that failed is still answered with HTTP 200.
good() {
    answer=$(cat)
    case $answer in
        '{"ret_type":0,'*) printf '%s\n' "$answer" ;;
        '') return 1 ;;             # curl has said why
        *) printf 'rest.sh: %s\n' "$answer" >&2; return 1 ;;
    esac
}

held='{"symbols":["'"$code"'"],"sub_type_list":[1],"is_sub_or_un_sub":true}'
call /api/subscribe "$held" | good >/dev/null
price=$(call /api/quote '{"symbols":["'"$code"'"]}' | good | number cur_price)
echo "$code is $price"

# Simulated accounts have trd_env 0. The first one that trades in Hong Kong, market 1:
account=$(call /api/accounts | good | tr '{' '\n' |
    grep '"trd_env":0.*"trd_market_auth_list":\[1\]' | number acc_id | head -1)
who='"acc_id":'$account',"trd_env":0,"trd_market":1'
lot=$(call /api/static-info '{"symbols":["'"$code"'"]}' | good | number lot_size)

# The same Idempotency-Key again would not place a second order, but give the first one's answer.
buy=$who',"trd_side":1,"order_type":1,"code":"'$code'","qty":'$lot',"price":'$price
order=$(call /api/order "{$buy}" "example-$$-$(date +%s)" | good | number order_id)
echo "order $order: $lot of $code at $price on account $account"

status=$(call /api/orders "{$who}" | good | tr '{' '\n' | grep '"order_id":'"$order"',' |
    number order_status)
echo "its status is $status"

# 11: filled. What has not been filled can be cancelled.
if [ "$status" != 11 ]; then
    call /api/cancel-order "{$who,\"order_id\":$order}" | good >/dev/null
    echo 'cancelled'
fi
