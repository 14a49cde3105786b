/* cmd_order.c - place, modify, cancel. Orders of a real account need --confirm. */
#include <signal.h>
#include <string.h>
#include <sys/random.h>

#include "account.h"
#include "rows.h"

static const struct cmd_opt place_opts[] = {
    { "code", "CODE", NULL, "the security, such as HK.00700" },
    { "side", "SIDE", NULL, "buy or sell" },
    { "qty", "N", NULL, "shares; a whole number of lots" },
    { "price", "PRICE", NULL, "limit price; not for market orders" },
    { "type", "TYPE", NULL, "limit (with --price) or market (without), stop, stop-limit ..." },
    { "stop-price", "PRICE", NULL, "what triggers a stop or if-touched order" },
    { "time-in-force", "TIF", "day", "day, gtc, ioc or gtd" },
    { "session", "SESSION", NULL, "US: RTH, ETH, ALL or OVERNIGHT" },
    { "fill-outside-rth", NULL, NULL, "US: also before and after hours" },
    { "remark", "TEXT", NULL, "kept with the order, up to 64 bytes" },
    { "key", "TEXT", NULL,
      "futu-opend never places a second order with the same key [random]" },
    { "confirm", NULL, NULL, "yes, with real money; needed with --env real" },
    ACCOUNT_OPTS,
    { NULL, NULL, NULL, NULL },
};
static const struct cmd_opt modify_opts[] = {
    { "qty", "N", NULL, "the new total quantity" },
    { "price", "PRICE", NULL, "the new price" },
    { "confirm", NULL, NULL, "needed with --env real" },
    ACCOUNT_OPTS,
    { NULL, NULL, NULL, NULL },
};
static const struct cmd_opt cancel_opts[] = {
    { "confirm", NULL, NULL, "needed with --env real" },
    { "all", NULL, NULL, "every open order of the account" },
    ACCOUNT_OPTS,
    { NULL, NULL, NULL, NULL },
};
static const struct name sessions[] = {
    { 1, "RTH" }, { 2, "ETH" }, { 3, "ALL" }, { 4, "OVERNIGHT" }, { 0, NULL },
};

static bool confirmed(const struct args *a)
{
    if (strcmp(arg(a, "env"), "real") != 0 || arg_given(a, "confirm"))
        return true;
    usage_error("--env real moves real money: add --confirm when you mean it");
    return false;
}

static int trd_market_of(int market)
{
    return market == 1 ? 1 : market == 11 ? 2 : market == 21 || market == 22 ? 3 : 0;
}

static int sec_market_of(int market)
{
    return market == 1 ? 1 : market == 11 ? 2 : market == 21 ? 31 : market == 22 ? 32 : 0;
}

/* A number option that may be absent; false after its message. */
static bool add_number(cJSON *c2s, const struct args *a, const char *opt, const char *field)
{
    double v;
    if (!arg(a, opt))
        return true;
    if (!arg_number(a, opt, &v))
        return false;
    cJSON_AddNumberToObject(c2s, field, v);
    return true;
}

static bool add_choice(cJSON *c2s, const struct args *a, const char *opt, const char *field,
                       const struct name *list)
{
    int number;
    char choices[200];
    if (!arg(a, opt))
        return true;
    if (!name_number(list, arg(a, opt), &number)) {
        usage_error("--%s: one of %s", opt, name_choices(list, choices, sizeof(choices)));
        return false;
    }
    cJSON_AddNumberToObject(c2s, field, number);
    return true;
}

static bool fill_order(cJSON *c2s, const struct args *a, int market, const char *code)
{
    bool has_type = arg(a, "type") != NULL;
    cJSON_AddStringToObject(c2s, "code", code);
    cJSON_AddNumberToObject(c2s, "secMarket", sec_market_of(market));
    if (!has_type)
        cJSON_AddNumberToObject(c2s, "orderType", arg(a, "price") ? 1 : 2);
    if (arg(a, "remark"))
        cJSON_AddStringToObject(c2s, "remark", arg(a, "remark"));
    if (arg_given(a, "fill-outside-rth"))
        cJSON_AddBoolToObject(c2s, "fillOutsideRTH", true);
    return add_choice(c2s, a, "side", "trdSide", names_trd_side) &&
           add_choice(c2s, a, "type", "orderType", names_order_type) &&
           add_choice(c2s, a, "time-in-force", "timeInForce", names_tif) &&
           add_choice(c2s, a, "session", "session", sessions) &&
           add_number(c2s, a, "qty", "qty") && add_number(c2s, a, "price", "price") &&
           add_number(c2s, a, "stop-price", "auxPrice");
}

#define KEY_MAX 64

/* --key, or 32 random hex digits. False after its message. */
static bool make_key(const struct args *a, char key[KEY_MAX + 1])
{
    unsigned char bytes[16];
    const char *given = arg(a, "key");
    if (given && (!*given || strlen(given) > KEY_MAX)) {
        usage_error("--key: 1 to %d bytes", KEY_MAX);
        return false;
    }
    if (given) {
        snprintf(key, KEY_MAX + 1, "%s", given);
        return true;
    }
    if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes)) {
        failure("no random bytes for a key; give one with --key TEXT");
        return false;
    }
    for (size_t i = 0; i < sizeof(bytes); i++)
        snprintf(key + 2 * i, 3, "%02x", bytes[i]);
    return true;
}

/* The key is the way back: without it a repeat would be another order. */
static void explain_unsure(const struct cli *c, const char *key)
{
    if (!c->unsure)
        return;
    fprintf(stderr,
            "  the order may have been placed or not\n"
            "  next: repeat the same command with --key %s:\n"
            "        futu-opend never places it twice; other gateways ignore the key,\n"
            "        so see first whether it is there: futucli order\n",
            key);
}

static futu_client *interrupted;        /* for the signal handler */

static void on_signal(int signum)
{
    (void)signum;
    futu_client_stop(interrupted);
}

/* Ctrl-C ends the wait, not the program: the key must still be told. */
static int send_order(struct cli *c, cJSON *c2s, const char *key, cJSON **s2c)
{
    struct sigaction sa = { .sa_handler = on_signal }, old_int, old_term;
    interrupted = c->client;
    sigaction(SIGINT, &sa, &old_int);
    sigaction(SIGTERM, &sa, &old_term);
    int code = cli_call(c, "Trd_PlaceOrder", c2s, s2c);
    sigaction(SIGINT, &old_int, NULL);
    sigaction(SIGTERM, &old_term, NULL);
    if (code)
        explain_unsure(c, key);
    return code;
}

static int place(struct cli *c, const struct args *a, int market, const char *code)
{
    char key[KEY_MAX + 1];
    int result;
    if (!make_key(a, key))
        return CLI_USAGE;
    cJSON *s2c, *h = account_header(c, a, trd_market_of(market), &result);
    if (!h) {
        if (c->unsure)
            fprintf(stderr, "  the order has not been sent\n");
        return result;
    }
    cJSON *c2s = cJSON_CreateObject();
    cJSON_AddItemToObject(c2s, "header", h);
    cJSON_AddStringToObject(c2s, "idempotencyKey", key);
    if (!fill_order(c2s, a, market, code)) {
        cJSON_Delete(c2s);
        return CLI_USAGE;
    }
    result = send_order(c, c2s, key, &s2c);
    if (result)
        return result;
    const cJSON *id = member(s2c, "orderID");
    if (!json_printed(c, s2c))
        printf("order %s placed; futucli order shows how it goes\n",
               cJSON_IsString(id) ? id->valuestring : "?");
    cJSON_Delete(s2c);
    return CLI_OK;
}

static int run_place(struct cli *c, const struct args *a)
{
    static const char *const needed[] = { "code", "side", "qty" };
    char code[64];
    int market;
    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
        if (!arg(a, needed[i]))
            return usage_error(
                "--%s is needed, as in: futucli place-order --code HK.00700 --side buy "
                "--qty 100 --price 320",
                needed[i]);
    if (!confirmed(a) || !split_code(arg(a, "code"), &market, code, sizeof(code)))
        return CLI_USAGE;
    return place(c, a, market, code);
}

/* The order `id` of the account as the gateway lists it, for values that stay as they are. */
static int find_order(struct cli *c, const cJSON *header, const char *id, cJSON **order)
{
    cJSON *s2c, *o, *c2s = cJSON_CreateObject();
    *order = NULL;
    cJSON_AddItemToObject(c2s, "header", cJSON_Duplicate(header, true));
    int code = cli_call(c, "Trd_GetOrderList", c2s, &s2c);
    if (code)
        return code;
    cJSON_ArrayForEach(o, member(s2c, "orderList")) {
        const cJSON *no = member(o, "orderID"), *ex = member(o, "orderIDEx");
        if ((cJSON_IsString(no) && strcmp(no->valuestring, id) == 0) ||
            (cJSON_IsString(ex) && strcmp(ex->valuestring, id) == 0))
            *order = cJSON_Duplicate(o, true);
    }
    cJSON_Delete(s2c);
    return *order ? CLI_OK : failure("no order %s today in this account; futucli order lists them, "
                                     "--env and --acc-id name the account", id);
}

/* Looks through the accounts' orders only in the one that the options name. */
static int change(struct cli *c, const struct args *a, int op, cJSON **s2c)
{
    int code;
    cJSON *order, *h = account_header(c, a, 0, &code);
    if (!h)
        return code;
    code = find_order(c, h, a->words[0], &order);
    if (code) {
        cJSON_Delete(h);
        return code;
    }
    cJSON *c2s = cJSON_CreateObject();
    cJSON_ReplaceItemInObjectCaseSensitive(h, "trdMarket",
                                           cJSON_CreateNumber(member_number(order, "trdMarket")));
    cJSON_AddItemToObject(c2s, "header", h);
    cJSON_AddItemToObject(c2s, "orderID", cJSON_Duplicate(member(order, "orderID"), true));
    cJSON_AddItemToObject(c2s, "orderIDEx", cJSON_Duplicate(member(order, "orderIDEx"), true));
    cJSON_AddNumberToObject(c2s, "modifyOrderOp", op);
    bool fine = true;
    if (op == 1) {
        fine = add_number(c2s, a, "qty", "qty") && add_number(c2s, a, "price", "price");
        if (!arg(a, "qty"))
            cJSON_AddNumberToObject(c2s, "qty", member_number(order, "qty"));
        if (!arg(a, "price"))
            cJSON_AddNumberToObject(c2s, "price", member_number(order, "price"));
    }
    cJSON_Delete(order);
    if (fine)
        return cli_call(c, "Trd_ModifyOrder", c2s, s2c);
    cJSON_Delete(c2s);
    return CLI_USAGE;
}

static int finish(struct cli *c, cJSON *s2c, const char *text)
{
    if (!json_printed(c, s2c))
        puts(text);
    cJSON_Delete(s2c);
    return CLI_OK;
}

static int run_modify(struct cli *c, const struct args *a)
{
    cJSON *s2c;
    if (!arg(a, "qty") && !arg(a, "price"))
        return usage_error("what shall change? --qty N, --price PRICE, or both");
    if (!confirmed(a))
        return CLI_USAGE;
    int code = change(c, a, 1, &s2c);
    return code ? code : finish(c, s2c, "order modified");
}

static int cancel_all(struct cli *c, const struct args *a)
{
    int code;
    cJSON *s2c, *c2s, *h = account_header(c, a, 0, &code);
    if (!h)
        return code;
    c2s = cJSON_CreateObject();
    if (arg(a, "market"))
        cJSON_AddItemToObject(c2s, "trdMarket", cJSON_Duplicate(member(h, "trdMarket"), true));
    cJSON_AddItemToObject(c2s, "header", h);
    cJSON_AddStringToObject(c2s, "orderID", "0");
    cJSON_AddNumberToObject(c2s, "modifyOrderOp", 2);
    cJSON_AddBoolToObject(c2s, "forAll", true);
    code = cli_call(c, "Trd_ModifyOrder", c2s, &s2c);
    return code ? code : finish(c, s2c, "open orders cancelled");
}

static int run_cancel(struct cli *c, const struct args *a)
{
    cJSON *s2c;
    if (!confirmed(a))
        return CLI_USAGE;
    if (arg_given(a, "all"))
        return cancel_all(c, a);
    if (a->n_words != 1)
        return usage_error("which one? futucli cancel-order ORDER-ID, or --all");
    int code = change(c, a, 2, &s2c);
    return code ? code : finish(c, s2c, "order cancelled");
}

const struct cmd cmds_order[] = {
    { "place-order", run_place, 0, 0, "--code CODE --side SIDE --qty N", "buy or sell", place_opts,
      "Orders" },
    { "modify-order", run_modify, 1, 1, "ORDER-ID", "change quantity or price", modify_opts, NULL },
    { "cancel-order", run_cancel, 0, 1, "ORDER-ID", "take an order out of the market", cancel_opts,
      NULL },
    { NULL, NULL, 0, 0, NULL, NULL, NULL, NULL },
};
