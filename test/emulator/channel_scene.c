/* channel_scene.c - see channel_scene.h. */
#include "channel_scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypt/digest.h"
#include "io/loop.h"
#include "upstream/broker/addr.h"

static bool fail(struct scene *x, const char *text)
{
    snprintf(x->why, sizeof(x->why), "%s", text);
    return false;
}

/* Whose signature it is, the auth servers know. */
static bool session(void *arg, const char *sig, size_t n, struct emu_login *out)
{
    struct scene *x = arg;
    struct auth_emu_session s;
    if (!auth_emu_session(x->auth, sig, n, &s))
        return false;
    out->identity = s.broker ? s.broker : s.attribution;
    out->user_id = s.user;
    memcpy(out->key, s.key, sizeof(out->key));
    out->n_key = sizeof(out->key);
    return true;
}

/* ---- from the scenario ---- */

static bool read_channel(struct scene *x, struct scenario *s)
{
    struct emu_scene *e = emu_scene(x->emu);
    int at = scenario_next(s, "channel", -1);
    uint64_t alive = 0, broker = 0;
    bool key = true;
    uint8_t digest[16];
    if (at < 0)
        return true;
    const char *pwd = scenario_get(s, at, "trade-password", NULL);
    if (pwd) {
        md5(pwd, strlen(pwd), digest);
        hex_lower(digest, sizeof(digest), e->trade_pwd_md5);
    }
    str_copy(e->otp, sizeof(e->otp), str_c(scenario_get(s, at, "otp", "")));
    bool fine = scenario_number(s, at, "keep-alive", 30, &alive) &&
                scenario_number(s, at, "otp-broker", 0, &broker) &&
                scenario_flag(s, at, "session-key", true, &key) &&
                scenario_flag(s, at, "pack", false, &e->pack);
    e->keep_alive_s = (uint32_t)alive;
    e->otp_broker = (int32_t)broker;
    e->no_session_key = !key;
    return fine;
}

static bool listen_at(struct scene *x, struct scene_server *to)
{
    if (emu_listen(&x->net, x->loop, x->emu, to->host, to->port, &to->port))
        return false;
    to->up = true;
    return true;
}

/* A dead server has had its port, so that nobody else is there. */
static bool add_server(struct scene *x, int32_t identity, const char *host, uint16_t port,
                       bool dead)
{
    struct scene_server *to = &x->servers[x->n];
    if (x->n == SCENE_SERVERS)
        return fail(x, "too many servers");
    *to = (struct scene_server){ .identity = identity, .port = port };
    str_copy(to->host, sizeof(to->host), str_c(host));
    if (!listen_at(x, to))
        return fail(x, "a channel server's address can't be had");
    if (dead) {
        emu_unlisten(x->net, to->host, to->port);
        to->up = false;
    }
    x->n++;
    return true;
}

static bool read_server(struct scene *x, struct scenario *s, int at)
{
    const char *host = scenario_get(s, at, "host", "127.0.0.1");
    uint64_t identity, port, slow;
    bool dead;
    if (!scenario_number(s, at, "identity", 1, &identity) ||
        !scenario_number(s, at, "port", 0, &port) || !scenario_number(s, at, "slow", 0, &slow) ||
        !scenario_flag(s, at, "dead", false, &dead))
        return fail(x, s->why);
    if (strncmp(host, "127.", 4) != 0 || port > UINT16_MAX)
        return fail(x, "a channel server is at 127.x.x.x");
    if (slow) {
        str_copy(emu_scene(x->emu)->slow_host, 64, str_c(host));
        emu_scene(x->emu)->slow_ms = (uint32_t)slow;
    }
    return add_server(x, (int32_t)identity, host, (uint16_t)port, dead);
}

static bool known(const struct scene *x, int32_t identity)
{
    for (size_t i = 0; i < x->n; i++)
        if (x->servers[i].identity == identity)
            return true;
    return false;
}

/* Without any server in the file there is one for each identity that its accounts have. */
static bool standard_servers(struct scene *x, struct scenario *s)
{
    for (int at = -1; (at = scenario_next(s, "account", at)) >= 0;) {
        char words[400];
        char *rest = NULL;
        uint64_t region;
        if (!scenario_number(s, at, "attribution", 1, &region))
            return fail(x, s->why);
        if (!known(x, (int32_t)region) && !add_server(x, (int32_t)region, "127.0.0.1", 0, false))
            return false;
        snprintf(words, sizeof(words), "%s", scenario_get(s, at, "brokers", ""));
        for (char *w = strtok_r(words, " ", &rest); w; w = strtok_r(NULL, " ", &rest)) {
            int32_t id = (int32_t)strtol(w, NULL, 10);
            if (!known(x, id) && !add_server(x, id, "127.0.0.1", 0, false))
                return false;
        }
    }
    return true;
}

static bool read_account(struct scene *x, struct scenario *s, int at)
{
    uint64_t broker, number, market, paper, env;
    struct emu_account a = { .card = scenario_get(s, at, "card", "EMULATED") };
    if (!scenario_number(s, at, "broker", 1001, &broker) ||
        !scenario_number(s, at, "number", 7001, &number) ||
        !scenario_number(s, at, "market", 1, &market) ||
        !scenario_number(s, at, "paper", UINT64_C(281756455983234), &paper) ||
        !scenario_number(s, at, "paper-env", 1, &env) ||
        !scenario_flag(s, at, "bad", false, &a.bad))
        return fail(x, s->why);
    a.broker_id = (int32_t)broker;
    a.number = (uint32_t)number;
    a.market = (int32_t)market;
    a.paper_id = paper;
    a.paper_env = (int32_t)env;
    return emu_add_account(x->emu, &a) || fail(x, "too many trade accounts");
}

static void standard_accounts(struct scene *x)
{
    static const struct emu_account all[] = {
        { 1001, 7001, 1, "EMU-HK-7001", UINT64_C(281756455983234), 1, false },
        { 1007, 7002, 2, "EMU-US-7002", UINT64_C(281756455983234), 1, false },
    };
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        emu_add_account(x->emu, &all[i]);
}

static bool read_all(struct scene *x, struct scenario *s)
{
    int at;
    if (!scenario_keys(s, "channel",
                       "clock trade-password otp otp-broker keep-alive session-key pack") ||
        !scenario_keys(s, "server", "identity host port slow dead") ||
        !scenario_keys(s, "trade-account", "broker number market card paper paper-env bad"))
        return fail(x, s->why);
    for (at = -1; (at = scenario_next(s, "server", at)) >= 0;)
        if (!read_server(x, s, at))
            return false;
    for (at = -1; (at = scenario_next(s, "trade-account", at)) >= 0;)
        if (!read_account(x, s, at))
            return false;
    if (scenario_next(s, "trade-account", -1) < 0)
        standard_accounts(x);
    return x->n || standard_servers(x, s);
}

bool scene_start(struct scene *x, futu_loop *l, struct scenario *s, struct auth_emu *auth)
{
    int at = scenario_next(s, "channel", -1);
    const char *clock = at >= 0 ? scenario_get(s, at, "clock", NULL) : NULL;
    const struct emu_opts o = { .clock = loop_clock(l), .timers = loop_timers(l), .seed = 1,
                                .paper_clock = clock, .session = session, .arg = x };
    *x = (struct scene){ .loop = l, .auth = auth };
    if (emu_new(&x->emu, &o, x->why, sizeof(x->why)))
        return false;
    if (!read_channel(x, s))
        return fail(x, s->why);
    return read_all(x, s);
}

void scene_stop(struct scene *x)
{
    emu_net_free(x->net);
    emu_free(x->emu);
    x->net = NULL;
    x->emu = NULL;
}

/* ---- telling ---- */

void scene_print(const struct scene *x)
{
    for (size_t i = 0; i < x->n; i++)
        printf("channel %d %s:%u\n", x->servers[i].identity, x->servers[i].host,
               x->servers[i].port);
    printf("broker-addr ");
    for (size_t i = 0; i < x->n; i++) {
        bool first = true;
        for (size_t k = 0; k < i; k++)
            first = first && x->servers[k].identity != x->servers[i].identity;
        if (!first)
            continue;
        printf("%s%d=", i ? ";" : "", x->servers[i].identity);
        for (size_t k = i; k < x->n; k++)
            if (x->servers[k].identity == x->servers[i].identity)
                printf("%s%s:%u", k > i ? "," : "", x->servers[k].host, x->servers[k].port);
    }
    printf("\n");
}

/* ---- commands ---- */

static struct scene_server *server_at(struct scene *x, const char *text)
{
    struct net_addr a;
    if (text && addr_read(str_c(text), 1, &a))
        for (size_t i = 0; i < x->n; i++)
            if (strcmp(x->servers[i].host, a.host) == 0 && x->servers[i].port == a.port)
                return &x->servers[i];
    return NULL;
}

static bool turn_away(struct scene *x, const char *word, int32_t id, char **rest)
{
    struct emu_scene *e = emu_scene(x->emu);
    const char *times = strtok_r(NULL, " ", rest), *what = strtok_r(NULL, " ", rest);
    struct net_addr a = { .port = 0 };
    bool redirect = strcmp(word, "redirect") == 0;
    if (!times || !what || (redirect && !addr_read(str_c(what), 1, &a)))
        return false;
    e->turn_away.identity = id;
    e->turn_away.times = (unsigned)strtoul(times, NULL, 10);
    e->turn_away.code = redirect ? 0 : (int32_t)strtol(what, NULL, 10);
    e->turn_away.port = a.port;
    str_copy(e->turn_away.host, sizeof(e->turn_away.host), str_c(a.host));
    return true;
}

static bool start_or_stop(struct scene *x, bool start, const char *where)
{
    struct scene_server *s = server_at(x, where);
    if (!s || s->up == start)
        return false;
    if (start)
        return listen_at(x, s);
    emu_unlisten(x->net, s->host, s->port);
    s->up = false;
    return true;
}

static bool lose_orders(struct emu_scene *e, const char *how, const char *times)
{
    unsigned n = times ? (unsigned)strtoul(times, NULL, 10) : 1;
    if (how && strcmp(how, "before") == 0)
        e->lose_before = n;
    else if (how && strcmp(how, "after") == 0)
        e->lose_after = n;
    else if (how && strcmp(how, "answer") == 0)
        e->lose_answer = n;
    else
        return false;
    return true;
}

static bool run(struct scene *x, const char *word, char **rest)
{
    struct emu_scene *e = emu_scene(x->emu);
    const char *arg = strtok_r(NULL, " ", rest);
    if (strcmp(word, "lose-orders") == 0)
        return lose_orders(e, arg, strtok_r(NULL, " ", rest));
    int32_t id = arg ? (int32_t)strtol(arg, NULL, 10) : 0;
    if (strcmp(word, "conf") == 0)
        return arg && auth_emu_set_conf(x->auth, arg);
    if (strcmp(word, "start") == 0 || strcmp(word, "stop") == 0)
        return start_or_stop(x, word[2] == 'a', arg);
    if (strcmp(word, "kick") == 0)
        return emu_kick(x->emu, id) > 0;
    if (strcmp(word, "drop") == 0)
        return emu_drop(x->emu, id) > 0;
    if (strcmp(word, "refuse") == 0 || strcmp(word, "redirect") == 0)
        return turn_away(x, word, id, rest);
    if (strcmp(word, "cancel-orders") == 0)
        emu_cancel_all(x->emu, id);
    else if (strcmp(word, "mute-beats") == 0)
        e->mute_beats = (unsigned)id;
    else if (strcmp(word, "mute-calls") == 0)
        e->mute_calls = (unsigned)id;
    else if (strcmp(word, "quotes") == 0)
        e->no_quotes = arg && strcmp(arg, "off") == 0;
    else if (strcmp(word, "orders") == 0)
        printf("orders %d %u\n", id, emu_orders(x->emu, id));
    else if (strcmp(word, "logins") == 0)
        printf("logins %d %u\n", id, emu_logins(x->emu, id));
    else
        return false;
    return true;
}

void scene_command(struct scene *x, char *line)
{
    char *rest = NULL;
    char *word = strtok_r(line, " \r\n", &rest);
    if (!word)
        return;
    printf("%s\n", run(x, word, &rest) ? "done" : "refused");
    fflush(stdout);
}
