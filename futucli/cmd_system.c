/* cmd_system.c - the gateway itself: ping, global-state, call. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "chain.h"
#include "rows.h"

static const struct cmd_opt ping_opts[] = {
    { "count", "N", "5", "round trips" },
    { NULL, NULL, NULL, NULL },
};
static const struct cmd_opt state_opts[] = {
    { "stale", NULL, NULL, "list every security whose data is stale, not just ten" },
    { NULL, NULL, NULL, NULL },
};

static double now_us(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

static int run_ping(struct cli *c, const struct args *a)
{
    double count, least = 1e18, most = 0, sum = 0;
    if (!arg_number(a, "count", &count) || count < 1 || count > 1e6)
        return arg_given(a, "count") ? usage_error("--count: 1 to 1000000") : CLI_USAGE;
    for (int i = 0; i < (int)count; i++) {
        cJSON *c2s = cJSON_CreateObject(), *s2c;
        cJSON_AddNumberToObject(c2s, "time", (double)time(NULL));
        int code = cli_connect(c);
        double start = now_us();
        code = code ? (cJSON_Delete(c2s), code) : cli_call(c, "KeepAlive", c2s, &s2c);
        if (code)
            return code;
        cJSON_Delete(s2c);
        double us = now_us() - start;
        least = us < least ? us : least;
        most = us > most ? us : most;
        sum += us;
    }
    cJSON *r = cJSON_CreateObject();
    cJSON_AddNumberToObject(r, "count", count);
    cJSON_AddNumberToObject(r, "min_us", least);
    cJSON_AddNumberToObject(r, "avg_us", sum / count);
    cJSON_AddNumberToObject(r, "max_us", most);
    if (!json_printed(c, r))
        printf("%s:%u answers: %d round trips, min %.0f, avg %.0f, max %.0f microseconds\n",
               c->host, c->port, (int)count, least, sum / count, most);
    cJSON_Delete(r);
    return CLI_OK;
}

static void print_state(const cJSON *s2c, const char *description)
{
    static const struct {
        const char *field, *title;
    } markets[] = { { "marketHK", "Hong Kong" }, { "marketUS", "US" }, { "marketSH", "Shanghai" },
                    { "marketSZ", "Shenzhen" } };
    for (size_t i = 0; i < sizeof(markets) / sizeof(markets[0]); i++) {
        int state = (int)member_number(s2c, markets[i].field);
        const char *name = name_of(names_market_state, state);
        printf("%-14s %s\n", markets[i].title, name ? name : "?");
    }
    printf("%-14s %s\n", "quotes", member_number(s2c, "qotLogined") != 0 ? "up" : "down");
    printf("%-14s %s\n", "trading", member_number(s2c, "trdLogined") != 0 ? "up" : "down");
    printf("%-14s %.0f\n", "server version", member_number(s2c, "serverVer"));
    if (description)
        printf("%-14s %s\n", "upstream", description);
}

static int run_global_state(struct cli *c, const struct args *a)
{
    cJSON *s2c, *c2s = cJSON_CreateObject();
    cJSON_AddStringToObject(c2s, "userID", "0");
    int code = cli_call(c, "GetGlobalState", c2s, &s2c);
    if (code)
        return code;
    cJSON *chain = chain_fetch(c, &code);
    if (!chain) {
        cJSON_Delete(s2c);
        return code;
    }
    cJSON_AddItemToObject(s2c, "chain", chain);
    if (!json_printed(c, s2c)) {
        const cJSON *text = member(s2c, "programStatus.strExtDesc");
        const char *description = cJSON_IsString(text) ? text->valuestring : NULL;
        print_state(s2c, description);
        chain_print(c, chain, description, arg_given(a, "stale"));
    }
    cJSON_Delete(s2c);
    return CLI_OK;
}

/* JSON of c2s, or of a whole request with a c2s member. */
static cJSON *read_c2s(const char *text)
{
    cJSON *root = cJSON_Parse(text);
    cJSON *c2s = cJSON_IsObject(root) ? cJSON_DetachItemFromObjectCaseSensitive(root, "c2s") : NULL;
    if (!c2s)
        return root;
    cJSON_Delete(root);
    return c2s;
}

static int run_call(struct cli *c, const struct args *a)
{
    cJSON *s2c;
    cJSON *c2s = read_c2s(a->n_words > 1 ? a->words[1] : "{}");
    if (!cJSON_IsObject(c2s)) {
        cJSON_Delete(c2s);
        return usage_error(
            "call %s: the second argument is a JSON object, such as '{\"market\":1}'", a->words[0]);
    }
    int code = cli_call(c, a->words[0], c2s, &s2c);
    if (code)
        return code;
    char *text = c->out == OUT_JSONL ? cJSON_PrintUnformatted(s2c) : cJSON_Print(s2c);
    if (text)
        puts(text);
    cJSON_free(text);
    cJSON_Delete(s2c);
    return CLI_OK;
}

const struct cmd cmds_system[] = {
    { "ping", run_ping, 0, 0, "", "round trips to the gateway", ping_opts, "Gateway" },
    { "global-state", run_global_state, 0, 0, "",
      "markets, version, the chain of gateways with its latencies", state_opts, NULL },
    { "call", run_call, 1, 2, "NAME [JSON]",
      "send any protocol, such as Qot_GetKL, print its answer", NULL, NULL },
    { NULL, NULL, 0, 0, NULL, NULL, NULL, NULL },
};
