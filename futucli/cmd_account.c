/* cmd_account.c - accounts, funds, positions, orders, fills. */
#include <string.h>

#include "account.h"
#include "rows.h"
#include "unlock.h"

static const struct col account_cols[] = {
    { "ACC ID", "accID", C_TEXT, NULL, NULL },
    { "ENV", "trdEnv", C_NAME, NULL, names_trd_env },
    { "TYPE", "accType", C_NAME, NULL, names_acc_type },
    { "FIRM", "securityFirm", C_NAME, NULL, names_firm },
    { "CARD", "cardNum", C_TEXT, NULL, NULL },
    { "MARKETS", "markets", C_TEXT, NULL, NULL },
    { NULL, NULL, C_TEXT, NULL, NULL },
};
static const struct col position_cols[] = {
    { "MARKET", "secMarket", C_NAME, NULL, names_sec_market },
    { "CODE", "code", C_TEXT, NULL, NULL },
    { "NAME", "name", C_TEXT, NULL, NULL },
    { "QTY", "qty", C_QTY, NULL, NULL },
    { "CAN SELL", "canSellQty", C_QTY, NULL, NULL },
    { "COST", "costPrice", C_PRICE, NULL, NULL },
    { "LAST", "price", C_PRICE, NULL, NULL },
    { "VALUE", "val", C_MONEY, NULL, NULL },
    { "P/L", "plVal", C_SIGNED, NULL, NULL },
    { NULL, NULL, C_TEXT, NULL, NULL },
};
static const struct col order_cols[] = {
    { "ORDER ID", "orderID", C_TEXT, NULL, NULL },
    { "MARKET", "secMarket", C_NAME, NULL, names_sec_market },
    { "CODE", "code", C_TEXT, NULL, NULL },
    { "SIDE", "trdSide", C_NAME, NULL, names_trd_side },
    { "TYPE", "orderType", C_NAME, NULL, names_order_type },
    { "STATUS", "orderStatus", C_NAME, NULL, names_order_status },
    { "QTY", "qty", C_QTY, NULL, NULL },
    { "PRICE", "price", C_PRICE, NULL, NULL },
    { "FILLED", "fillQty", C_QTY, NULL, NULL },
    { "AVERAGE", "fillAvgPrice", C_PRICE, NULL, NULL },
    { "UPDATED", "updateTime", C_TEXT, NULL, NULL },
    { NULL, NULL, C_TEXT, NULL, NULL },
};
static const struct col fill_cols[] = {
    { "FILL ID", "fillIDEx", C_TEXT, NULL, NULL },
    { "ORDER ID", "orderID", C_TEXT, NULL, NULL },
    { "MARKET", "secMarket", C_NAME, NULL, names_sec_market },
    { "CODE", "code", C_TEXT, NULL, NULL },
    { "SIDE", "trdSide", C_NAME, NULL, names_trd_side },
    { "QTY", "qty", C_QTY, NULL, NULL },
    { "PRICE", "price", C_PRICE, NULL, NULL },
    { "TIME", "createTime", C_TEXT, NULL, NULL },
    { NULL, NULL, C_TEXT, NULL, NULL },
};
static const struct col funds_cols[] = {
    { "CURRENCY", "currency", C_NAME, NULL, names_currency },
    { "TOTAL ASSETS", "totalAssets", C_MONEY, NULL, NULL },
    { "CASH", "cash", C_MONEY, NULL, NULL },
    { "FROZEN", "frozenCash", C_MONEY, NULL, NULL },
    { "MARKET VALUE", "marketVal", C_MONEY, NULL, NULL },
    { "BUYING POWER", "power", C_MONEY, NULL, NULL },
    { "CAN WITHDRAW", "avlWithdrawalCash", C_MONEY, NULL, NULL },
    { NULL, NULL, C_TEXT, NULL, NULL },
};

/* "HK US CN" from the numbers, for the table only. */
static void add_markets(cJSON *acc)
{
    char text[128] = "";
    size_t n = 0;
    const cJSON *m;
    cJSON_ArrayForEach(m, member(acc, "trdMarketAuthList")) {
        const char *name = name_of(names_trd_market, m->valueint);
        n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s", n ? " " : "", name ? name : "?");
        if (n >= sizeof(text))
            break;
    }
    cJSON_AddStringToObject(acc, "markets", text);
}

static int run_account(struct cli *c, const struct args *a)
{
    cJSON *s2c, *acc, *c2s = cJSON_CreateObject();
    (void)a;
    cJSON_AddStringToObject(c2s, "userID", "0");
    cJSON_AddBoolToObject(c2s, "needGeneralSecAccount", true);
    int code = cli_call(c, "Trd_GetAccList", c2s, &s2c);
    if (code)
        return code;
    cJSON *list = cJSON_GetObjectItemCaseSensitive(s2c, "accList");
    if (c->out == OUT_TABLE)
        cJSON_ArrayForEach(acc, list)
            add_markets(acc);
    rows_print(c, list, account_cols, "no accounts");
    cJSON_Delete(s2c);
    return CLI_OK;
}

/* {"header": ...} for the account asked for. */
static cJSON *request(struct cli *c, const struct args *a, int *code)
{
    cJSON *c2s, *h = account_header(c, a, 0, code);
    if (!h)
        return NULL;
    c2s = cJSON_CreateObject();
    cJSON_AddItemToObject(c2s, "header", h);
    return c2s;
}

static int show(struct cli *c, const struct args *a, const char *proto, const char *list,
                const struct col *cols, const char *none)
{
    int code;
    cJSON *s2c, *c2s = request(c, a, &code);
    if (!c2s)
        return code;
    code = cli_call(c, proto, c2s, &s2c);
    if (code)
        return code;
    rows_print(c, member(s2c, list), cols, none);
    cJSON_Delete(s2c);
    return CLI_OK;
}

static const struct cmd_opt account_opts[] = { ACCOUNT_OPTS, { NULL, NULL, NULL, NULL } };
static const struct cmd_opt funds_opts[] = {
    ACCOUNT_OPTS,
    { "currency", "CURRENCY", NULL, "HKD, USD or CNH: what the sums are in" },
    { NULL, NULL, NULL, NULL },
};

static int run_funds(struct cli *c, const struct args *a)
{
    int code, currency;
    cJSON *s2c, *list, *c2s;
    if (arg(a, "currency") && !name_number(names_currency, arg(a, "currency"), &currency))
        return usage_error("--currency: HKD, USD or CNH");
    c2s = request(c, a, &code);
    if (!c2s)
        return code;
    if (arg(a, "currency"))
        cJSON_AddNumberToObject(c2s, "currency", currency);
    code = cli_call(c, "Trd_GetFunds", c2s, &s2c);
    if (code)
        return code;
    list = cJSON_CreateArray();
    cJSON_AddItemToArray(list, cJSON_DetachItemFromObjectCaseSensitive(s2c, "funds"));
    rows_print(c, list, funds_cols, "no funds");
    cJSON_Delete(list);
    cJSON_Delete(s2c);
    return CLI_OK;
}

static int run_position(struct cli *c, const struct args *a)
{
    return show(c, a, "Trd_GetPositionList", "positionList", position_cols, "no positions");
}

static int run_order(struct cli *c, const struct args *a)
{
    return show(c, a, "Trd_GetOrderList", "orderList", order_cols, "no orders today");
}

static int run_deal(struct cli *c, const struct args *a)
{
    return show(c, a, "Trd_GetOrderFillList", "orderFillList", fill_cols, "no fills today");
}

const struct cmd cmds_account[] = {
    { "account", run_account, 0, 0, "", "list trading accounts", NULL, "Account" },
    { "funds", run_funds, 0, 0, "", "cash, value and buying power", funds_opts, NULL },
    { "position", run_position, 0, 0, "", "what the account holds", account_opts, NULL },
    { "order", run_order, 0, 0, "", "today's orders", account_opts, NULL },
    { "deal", run_deal, 0, 0, "", "today's fills", account_opts, NULL },
    { "unlock-trade", run_unlock, 0, 0, "", "unlock or lock trading of real accounts", unlock_opts,
      NULL },
    { NULL, NULL, 0, 0, NULL, NULL, NULL, NULL },
};
