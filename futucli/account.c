/* account.c - see account.h. */
#include "account.h"

#include <string.h>

#include "rows.h"

static bool trades_in(const cJSON *acc, int trd_market)
{
    const cJSON *m;
    if (trd_market == 0)
        return true;
    cJSON_ArrayForEach(m, member(acc, "trdMarketAuthList"))
        if (m->valueint == trd_market)
            return true;
    return false;
}

/* A stock account stands before one for options or futures. */
static int rank(const cJSON *acc)
{
    int sim = (int)member_number(acc, "simAccType");
    return sim == 0 || sim == 1 || sim == 4 ? 0 : 1;
}

static const cJSON *choose(const cJSON *list, const char *id, int env, int trd_market)
{
    const cJSON *acc, *best = NULL;
    cJSON_ArrayForEach(acc, list) {
        const cJSON *acc_id = member(acc, "accID");
        if (id) {
            if (cJSON_IsString(acc_id) && strcmp(acc_id->valuestring, id) == 0)
                return acc;
        } else if ((int)member_number(acc, "trdEnv") == env && trades_in(acc, trd_market) &&
                   (!best || rank(acc) < rank(best))) {
            best = acc;
        }
    }
    return best;
}

static bool read_options(const struct args *a, int *env, int *trd_market)
{
    char choices[128];
    const char *market = arg(a, "market");
    if (!name_number(names_trd_env, arg(a, "env"), env)) {
        usage_error("--env: simulate or real");
        return false;
    }
    if (*trd_market == 0 && market && !name_number(names_trd_market, market, trd_market)) {
        usage_error("--market: one of %s",
                    name_choices(names_trd_market, choices, sizeof(choices)));
        return false;
    }
    return true;
}

static cJSON *make_header(const cJSON *acc, int trd_market)
{
    cJSON *h = cJSON_CreateObject();
    const cJSON *first = cJSON_GetArrayItem(member(acc, "trdMarketAuthList"), 0);
    cJSON_AddNumberToObject(h, "trdEnv", member_number(acc, "trdEnv"));
    cJSON_AddStringToObject(h, "accID", member(acc, "accID")->valuestring);
    cJSON_AddNumberToObject(h, "trdMarket", trd_market ? trd_market : first ? first->valueint : 1);
    return h;
}

cJSON *account_header(struct cli *c, const struct args *a, int trd_market, int *code)
{
    int env;
    cJSON *s2c, *h = NULL, *c2s;
    *code = CLI_USAGE;
    if (!read_options(a, &env, &trd_market))
        return NULL;
    c2s = cJSON_CreateObject();
    cJSON_AddStringToObject(c2s, "userID", "0");
    cJSON_AddNumberToObject(c2s, "trdCategory", 1);
    cJSON_AddBoolToObject(c2s, "needGeneralSecAccount", true);
    *code = cli_call(c, "Trd_GetAccList", c2s, &s2c);
    if (*code)
        return NULL;
    const cJSON *acc = choose(member(s2c, "accList"), arg(a, "acc-id"), env, trd_market);
    if (acc && cJSON_IsString(member(acc, "accID")))
        h = make_header(acc, trd_market);
    else
        *code =
            failure("no account fits --env %s%s%s; futucli account lists them", arg(a, "env"),
                    arg(a, "acc-id") ? " --acc-id " : "", arg(a, "acc-id") ? arg(a, "acc-id") : "");
    cJSON_Delete(s2c);
    return h;
}
