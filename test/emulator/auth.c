/* auth.c - see auth.h: the scenario, faults, and the way of a request through it. */
#include "auth_in.h"

#include <stdio.h>
#include <stdlib.h>

#include "crypt/digest.h"

#define N_CALLS ARRAY_LEN(emu_calls)

/* ---- the scenario ---- */

#define AUTH_KEYS                                                                                  \
    "code code-life abuse-window ticket-life sig-life broker-sig-life lock-after salt32 "          \
    "new-ticket client-version futunn-type moomoo-type clock-ahead conf-key"
#define ACCOUNT_KEYS                                                                               \
    "name region phone password uid attribution sms locked brokers bad-brokers otp server-time"
#define FAULT_KEYS "call nth count error message status body delay drop silent"

static bool read_auth(struct auth_emu *e)
{
    struct scenario *s = e->s;
    int i = scenario_next(s, "auth", -1);
    e->code = scenario_get(s, i, "code", "random");
    e->version = scenario_get(s, i, "client-version", "900");
    e->conf_key = scenario_get(s, i, "conf-key", "");
    str_copy(e->conf, sizeof(e->conf), STR("{}"));
    e->types[0] = scenario_get(s, i, "futunn-type", "1");
    e->types[1] = scenario_get(s, i, "moomoo-type", "2");
    return scenario_keys(s, "auth", AUTH_KEYS) && scenario_keys(s, "fault", FAULT_KEYS) &&
           scenario_number(s, i, "code-life", 60, &e->code_life_s) &&
           scenario_number(s, i, "abuse-window", 0, &e->abuse_s) &&
           scenario_number(s, i, "ticket-life", 30 * 86400, &e->ticket_life_s) &&
           scenario_number(s, i, "sig-life", 86400, &e->sig_life_s) &&
           scenario_number(s, i, "broker-sig-life", 1800, &e->broker_sig_life_s) &&
           scenario_number(s, i, "lock-after", 3, &e->lock_after) &&
           scenario_number(s, i, "clock-ahead", 0, &e->clock_ahead_s) &&
           scenario_flag(s, i, "salt32", true, &e->salt32) &&
           scenario_flag(s, i, "new-ticket", true, &e->tell_ticket);
}

static bool read_account(struct auth_emu *e, int i)
{
    struct scenario *s = e->s;
    struct emu_account *a = &e->accounts[e->n_accounts++];
    const char *password = scenario_get(s, i, "password", "");
    uint8_t digest[16];
    bool time;
    a->name = scenario_get(s, i, "name", "");
    a->region = scenario_get(s, i, "region", "");
    a->phone = scenario_get(s, i, "phone", "13900000000");
    a->brokers = scenario_get(s, i, "brokers", "");
    a->bad_brokers = scenario_get(s, i, "bad-brokers", "");
    a->otp = scenario_get(s, i, "otp", "");
    md5(password, strlen(password), digest);
    hex_lower(digest, sizeof(digest), a->md5);
    emu_token(a->salt, 16);
    if (e->salt32)
        emu_token(a->salt32, 32);
    bool fine = scenario_number(s, i, "uid", 9000000 + e->n_accounts, &a->uid) &&
                scenario_number(s, i, "attribution", 1, &a->attribution) &&
                scenario_flag(s, i, "sms", true, &a->sms) &&
                scenario_flag(s, i, "locked", false, &a->locked) &&
                scenario_flag(s, i, "server-time", true, &time);
    a->no_time = fine && !time;
    return fine;
}

static bool read_accounts(struct auth_emu *e)
{
    if (!scenario_keys(e->s, "account", ACCOUNT_KEYS))
        return false;
    for (int i = -1; (i = scenario_next(e->s, "account", i)) >= 0;) {
        if (e->n_accounts == ARRAY_LEN(e->accounts)) {
            snprintf(e->s->why, sizeof(e->s->why), "%.200s: too many accounts", e->s->file);
            return false;
        }
        if (!read_account(e, i))
            return false;
    }
    return true;
}

struct auth_emu *auth_emu_new(struct scenario *s, const struct auth_emu_opts *o)
{
    struct auth_emu *e = calloc(1, sizeof(*e));
    if (!e)
        return NULL;
    e->s = s;
    e->o = *o;
    if (read_auth(e) && read_accounts(e))
        return e;
    auth_emu_free(e);
    return NULL;
}

void auth_emu_free(struct auth_emu *e)
{
    free(e);
}

/* ---- faults: what a scenario wants to go wrong ---- */

/* True: the answer is there already. */
static bool apply_fault(struct emu_ask *q, int i)
{
    struct scenario *s = q->e->s;
    uint64_t error, status;
    const char *body = scenario_get(s, i, "body", NULL);
    scenario_number(s, i, "error", 0, &error);
    scenario_number(s, i, "status", 200, &status);
    scenario_number(s, i, "delay", 0, &q->say->delay_ms);
    scenario_flag(s, i, "drop", false, &q->say->drop);
    scenario_flag(s, i, "silent", false, &q->say->silent);
    q->say->status = (int)status;
    if (error)
        emu_error(q, (int)error, scenario_get(s, i, "message", "no"));
    else if (body)
        buf_puts(&q->say->body, body);
    return error || body || status != 200 || q->say->drop || q->say->silent;
}

static bool fault(struct emu_ask *q, const struct emu_call *c, unsigned nth)
{
    struct scenario *s = q->e->s;
    for (int i = scenario_next(s, "fault", -1); i >= 0; i = scenario_next(s, "fault", i)) {
        uint64_t from, count;
        scenario_number(s, i, "nth", 1, &from);
        scenario_number(s, i, "count", 1, &count);
        if (strcmp(scenario_get(s, i, "call", ""), c->name) == 0 && nth >= from &&
            (count == 0 || nth < from + count) && apply_fault(q, i))
            return true;
    }
    return false;
}

/* ---- a request ---- */

static void take_query(cJSON *in, futu_str query)
{
    while (query.n) {
        const char *amp = memchr(query.p, '&', query.n);
        futu_str part = { query.p, amp ? (size_t)(amp - query.p) : query.n };
        char name[64] = "", value[9000];
        size_t n = 0;
        query.p += part.n + (amp != NULL);
        query.n -= part.n + (amp != NULL);
        const char *eq = memchr(part.p, '=', part.n);
        if (!eq || !str_copy(name, sizeof(name), (futu_str){ part.p, (size_t)(eq - part.p) }))
            continue;
        futu_str v = { eq + 1, part.n - (size_t)(eq - part.p) - 1 };
        while (v.n && n < sizeof(value) - 1)
            value[n++] = (char)str_percent(&v);
        value[n] = '\0';
        cJSON_AddStringToObject(in, name, value);
    }
}

/* What every request must say of the client. */
static bool client_is_fine(struct emu_ask *q)
{
    char text[32];
    str_copy(text, sizeof(text), q->ask->client_version);
    if (strtol(text, NULL, 10) < strtol(q->e->version, NULL, 10)) {
        emu_error(q, 45, "the version is too low");
        return false;
    }
    str_copy(text, sizeof(text), q->ask->client_type);
    bool futunn = strcmp(text, q->e->types[0]) == 0, moomoo = strcmp(text, q->e->types[1]) == 0;
    if ((q->ask->side == AUTH_SIDE_MOOMOO && !moomoo) ||
        (q->ask->side == AUTH_SIDE_FUTUNN && !futunn) || (!futunn && !moomoo)) {
        emu_error(q, 2, "account/password mismatch");
        return false;
    }
    return true;
}

static void answer(struct emu_ask *q)
{
    if (q->say->body.n)
        return;
    cJSON *all = cJSON_CreateObject();
    cJSON_AddItemToObject(all, "result", q->out);
    cJSON_AddNullToObject(all, "error");
    q->out = NULL;
    char *text = cJSON_PrintUnformatted(all);
    buf_puts(&q->say->body, text);
    free(text);
    cJSON_Delete(all);
}

static void run(struct emu_ask *q, size_t i)
{
    const struct emu_call *c = &emu_calls[i];
    unsigned nth = ++q->e->counts[i];
    if (fault(q, c, nth))
        return;
    if (!q->in) {
        q->say->status = 400;
        return;
    }
    if (client_is_fine(q))
        c->run(q);
    answer(q);
}

void auth_emu_handle(struct auth_emu *e, const struct auth_ask *ask, struct auth_say *say)
{
    struct emu_ask q = { .e = e, .ask = ask, .say = say, .out = cJSON_CreateObject() };
    *say = (struct auth_say){ .status = 404 };
    q.now_s = clock_wall(&e->o.clock) / NS_PER_S + (int64_t)e->clock_ahead_s;
    bool get = str_is(ask->method, "GET");
    q.in = get ? cJSON_CreateObject() : cJSON_ParseWithLength(ask->body.p, ask->body.n);
    if (get)
        take_query(q.in, ask->query);
    for (size_t i = 0; i < N_CALLS; i++) {
        if (!str_is(ask->path, emu_calls[i].path) || !str_is(ask->method, emu_calls[i].method))
            continue;
        say->status = 200;
        run(&q, i);
        break;
    }
    cJSON_Delete(q.in);
    cJSON_Delete(q.out);
}

bool auth_emu_set_conf(struct auth_emu *e, const char *json)
{
    return str_copy(e->conf, sizeof(e->conf), str_c(json));
}

unsigned auth_emu_count(const struct auth_emu *e, const char *path)
{
    unsigned n = 0;
    for (size_t i = 0; i < N_CALLS; i++)
        if (!path || strcmp(emu_calls[i].path, path) == 0)
            n += e->counts[i];
    return n;
}

const char *auth_emu_sms(const struct auth_emu *e, const char *account)
{
    for (size_t i = 0; i < e->n_accounts; i++)
        if (strcmp(e->accounts[i].name, account) == 0)
            return e->accounts[i].sms_code;
    return "";
}

bool auth_emu_session(const struct auth_emu *e, const void *sig, size_t n,
                      struct auth_emu_session *out)
{
    int64_t now = clock_wall(&e->o.clock) / NS_PER_S;
    for (size_t i = 0; i < e->n_sigs && i < SIGS_MAX; i++) {
        const struct emu_sig *g = &e->sigs[i];
        if (n != 32 || memcmp(g->text, sig, n) != 0 || g->until_s <= now)
            continue;
        *out = (struct auth_emu_session){
            g->account->name, g->broker ? g->account->uid * 10000 + (uint64_t)g->broker
                                        : g->account->uid,
            g->broker, (int)g->account->attribution, { 0 } };
        memcpy(out->key, g->key, sizeof(out->key));
        return true;
    }
    return false;
}
