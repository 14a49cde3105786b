/* chain.c - see chain.h. One row a link, the gateway's own columns in the first of them. */
#include "chain.h"

#include <string.h>
#include <time.h>

#include "rows.h"
#include "when.h"

#define STALE_SHOWN 10

static const struct name link_states[] = {
    { 0, "unknown" }, { 1, "connecting" }, { 2, "restoring" }, { 3, "up" }, { 0, NULL },
};
#define LINK_UP 3

static double now_us(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

static int round_trip(struct cli *c, double *us)
{
    cJSON *s2c, *c2s = cJSON_CreateObject();
    cJSON_AddNumberToObject(c2s, "time", (double)time(NULL));
    double start = now_us();
    int code = cli_call(c, "KeepAlive", c2s, &s2c);
    *us = now_us() - start;
    cJSON_Delete(s2c);
    return code;
}

static void move_list(cJSON *to, const char *name, cJSON *s2c)
{
    cJSON *list = cJSON_DetachItemFromObjectCaseSensitive(s2c, name);
    cJSON_AddItemToObject(to, name, list ? list : cJSON_CreateArray());
}

cJSON *chain_fetch(struct cli *c, int *code)
{
    char gateway[300];
    double us;
    cJSON *s2c, *chain, *c2s;
    *code = round_trip(c, &us);
    if (*code)
        return NULL;
    c2s = cJSON_CreateObject();
    cJSON_AddBoolToObject(c2s, "stale", true);
    /* Only futu-opend knows it. Another gateway refuses, which is no error, or keeps silent. */
    if (cli_try(c, "Gateway_GetInfo", c2s, &s2c) != CLI_OK && c->unsure)
        fprintf(stderr, "futucli: the chain is not known: %s\n", futu_client_error(c->client));
    chain = cJSON_CreateObject();
    snprintf(gateway, sizeof(gateway), "%s:%u", c->host, c->port);
    cJSON_AddStringToObject(chain, "gateway", gateway);
    cJSON_AddNumberToObject(chain, "latencyUs", (double)(long)us);
    move_list(chain, "hopList", s2c);
    move_list(chain, "staleList", s2c);
    cJSON_Delete(s2c);
    return chain;
}

/* ---- the table ---- */

static void add_text(cJSON *row, const char *name, const char *text)
{
    cJSON_AddStringToObject(row, name, text);
}

static const char *text_of(const cJSON *item, const char *path, const char *none)
{
    const cJSON *m = member(item, path);
    return cJSON_IsString(m) && *m->valuestring ? m->valuestring : none;
}

static void add_latency(cJSON *row, const cJSON *from)
{
    char text[WHEN_TEXT];
    if (member(from, "latencyUs"))
        add_text(row, "latency", micros_text(member_number(from, "latencyUs"), text));
}

static cJSON *new_row(cJSON *rows, const char *hop, const char *upstream)
{
    cJSON *row = cJSON_CreateObject();
    add_text(row, "hop", hop);
    add_text(row, "upstream", upstream);
    cJSON_AddItemToArray(rows, row);
    return row;
}

static void fill_link(cJSON *row, const cJSON *link, const char *why)
{
    char since[WHEN_TEXT];
    int state = (int)member_number(link, "state");
    const char *name = name_of(link_states, state);
    add_text(row, "link", text_of(link, "name", "?"));
    add_text(row, "state", name ? name : "unknown");
    add_text(row, "since", clock_text(member_number(link, "sinceMs"), since));
    if (state == LINK_UP)
        add_latency(row, link);
    else
        add_text(row, "error", why);
}

static void add_hop(cJSON *rows, const cJSON *hop)
{
    static const char *const counts[] = { "subscriptions", "stale", "gaps" };
    const char *last = NULL;
    const cJSON *link;
    cJSON *row = new_row(rows, text_of(hop, "name", "?"), text_of(hop, "upstream", "not known"));
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
        if (member(hop, counts[i]))
            cJSON_AddNumberToObject(row, counts[i], member_number(hop, counts[i]));
    cJSON_ArrayForEach(link, member(hop, "linkList")) {
        const char *why = text_of(link, "lastError", "");
        if (!row)
            row = new_row(rows, "", "");
        fill_link(row, link, last && *why && strcmp(why, last) == 0 ? "the same" : why);
        last = why;
        row = NULL;
    }
}

static bool column_used(const cJSON *rows, const char *path)
{
    const cJSON *row;
    cJSON_ArrayForEach(row, rows) {
        const cJSON *m = member(row, path);
        if (cJSON_IsNumber(m) || (cJSON_IsString(m) && *m->valuestring))
            return true;
    }
    return false;
}

/* What no gateway of the chain tells needs no column. */
static void print_used(const struct cli *c, const cJSON *rows, const struct col *cols)
{
    struct col used[MAX_COLS];
    int n = 0;
    for (; cols->title; cols++)
        if (column_used(rows, cols->path))
            used[n++] = *cols;
    used[n] = *cols;
    rows_print(c, rows, used, "");
}

static void print_hops(const struct cli *c, const cJSON *chain, const char *description)
{
    static const struct col cols[] = {
        { "CHAIN", "hop", C_TEXT, NULL, NULL },
        { "UPSTREAM", "upstream", C_TEXT, NULL, NULL },
        { "LINK", "link", C_TEXT, NULL, NULL },
        { "STATE", "state", C_TEXT, NULL, NULL },
        { "LATENCY", "latency", C_RIGHT, NULL, NULL },
        { "SINCE", "since", C_TEXT, NULL, NULL },
        { "SUBSCRIBED", "subscriptions", C_QTY, NULL, NULL },
        { "STALE", "stale", C_QTY, NULL, NULL },
        { "GAPS", "gaps", C_QTY, NULL, NULL },
        { "WHY DOWN", "error", C_TEXT, NULL, NULL },
        { NULL, NULL, C_TEXT, NULL, NULL },
    };
    const cJSON *hop;
    cJSON *rows = cJSON_CreateArray();
    cJSON *self = new_row(rows, "futucli", text_of(chain, "gateway", ""));
    add_text(self, "state", "up");
    add_latency(self, chain);
    cJSON_ArrayForEach(hop, member(chain, "hopList"))
        add_hop(rows, hop);
    if (cJSON_GetArraySize(rows) == 1)
        new_row(rows, "the gateway", description ? description : "not known");
    print_used(c, rows, cols);
    cJSON_Delete(rows);
}

static void add_stale(cJSON *rows, const cJSON *stale)
{
    char text[WHEN_TEXT];
    double last = member_number(stale, "lastMs");
    cJSON *row = cJSON_CreateObject();
    cJSON_AddItemToObject(row, "security", cJSON_Duplicate(member(stale, "security"), true));
    add_text(row, "last", last > 0 ? clock_text(last, text) : "none yet");
    if (last > 0)
        add_text(row, "age", age_text(last, text));
    add_text(row, "reason", text_of(stale, "reason", ""));
    cJSON_AddItemToArray(rows, row);
}

static void print_stale(const struct cli *c, const cJSON *list, bool all)
{
    static const struct col cols[] = {
        { "STALE", "security", C_CODE, NULL, NULL },
        { "LAST DATA", "last", C_TEXT, NULL, NULL },
        { "AGE", "age", C_RIGHT, NULL, NULL },
        { "WHY", "reason", C_TEXT, NULL, NULL },
        { NULL, NULL, C_TEXT, NULL, NULL },
    };
    const cJSON *stale;
    int n = cJSON_GetArraySize(list), shown = all || n < STALE_SHOWN ? n : STALE_SHOWN, left;
    cJSON *rows = cJSON_CreateArray();
    left = shown;
    cJSON_ArrayForEach(stale, list) {
        if (left-- > 0)
            add_stale(rows, stale);
    }
    putchar('\n');
    rows_print(c, rows, cols, "");
    if (shown < n)
        printf("and %d more; futucli global-state --stale lists them all\n", n - shown);
    cJSON_Delete(rows);
}

void chain_print(const struct cli *c, const cJSON *chain, const char *description, bool all)
{
    const cJSON *list = member(chain, "staleList");
    putchar('\n');
    print_hops(c, chain, description);
    if (cJSON_GetArraySize(list) > 0)
        print_stale(c, list, all);
    else if (all)
        printf("\n%s\n", cJSON_GetArraySize(member(chain, "hopList")) > 0
                             ? "nothing is stale"
                             : "this gateway does not tell what is stale");
}
