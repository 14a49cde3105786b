/* mcp_conf.c - see mcp_conf.h.
 *
 * File:    flat TOML; names as on the command line, with - or _; also api_key. http_listen is known
 *          and refused with what to do instead: HTTP is the daemon's.
 * Secrets: the API key and the trade password are wiped at the end; the password comes from the
 *          keychain of --trade-pwd-account, else from FUTU_TRADE_PWD.
 * Tests:   test/mcp/options.test.mjs; the reader of TOML has its own
 */
#include "mcp_conf.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "futu-opend/toml.h"
#include "password.h"

#define FILE_MAX (64u << 10)
#define KEYCHAIN_MS 10000

const struct cmd_opt mcp_opts[] = {
    { "config", "FILE", NULL, "TOML with these options, gateway and api_key" },
    { "keys-file", "FILE", NULL, "API keys; without it nothing may trade" },
    { "audit-log", "PATH", NULL, "file or folder of the audit trail" },
    { "mcp-tools", "GROUPS", NULL,
      "core,subscribe,quote,plate,derivative,watchlist,account,trade,push; default all" },
    { "mcp-no-output-schemas", NULL, NULL,
      "list what tools take, not what they answer: under half of it" },
    { "mcp-direct-orders", NULL, NULL,
      "send orders of real accounts without a preview to confirm" },
    { "enable-trading", NULL, NULL, "without a keys file: allow orders of simulated accounts" },
    { "allow-real-trading", NULL, NULL, "and those of real accounts, too" },
    { "trade-pwd-account", "ACCOUNT", NULL,
      "its trade password from the keychain; else FUTU_TRADE_PWD" },
    PASSWORD_OPTS,
    { "http-listen", "ADDR:PORT", NULL, "not here: futu-opend --rest-port serves /mcp" },
    { NULL, NULL, NULL, NULL },
};

/* ---- the file ---- */

enum field { F_GATEWAY, F_KEYS, F_AUDIT, F_TOOLS, F_STATE, F_ACCOUNT, F_API_KEY,
             F_TEXTS, F_DIRECT = F_TEXTS, F_SHORT, F_ENABLE, F_REAL, F_HTTP };

static const struct {
    const char *name;
    enum field field;
} names[] = {
    { "gateway", F_GATEWAY },           { "keys_file", F_KEYS },
    { "audit_log", F_AUDIT },           { "mcp_tools", F_TOOLS },
    { "state_dir", F_STATE },           { "trade_pwd_account", F_ACCOUNT },
    { "api_key", F_API_KEY },           { "mcp_direct_orders", F_DIRECT },
    { "enable_trading", F_ENABLE },     { "allow_real_trading", F_REAL },
    { "http_listen", F_HTTP },          { "mcp_no_output_schemas", F_SHORT },
};
#define N_NAMES (sizeof(names) / sizeof(names[0]))

struct reading {
    struct mcp_conf *m;
    unsigned seen;              /* bits of enum field */
};

static int find_name(const char *key, size_t n)
{
    for (size_t i = 0; i < N_NAMES; i++) {
        size_t k = 0;
        while (k < n && names[i].name[k] == (key[k] == '-' ? '_' : key[k]))
            k++;
        if (k == n && !names[i].name[k])
            return (int)i;
    }
    return -1;
}

static bool refuse(char *why, size_t size, const char *key, const char *what)
{
    snprintf(why, size, "%.40s: %s", key, what);
    return false;
}

static bool unknown(const struct toml_entry *e, char *why, size_t size)
{
    const char *best = NULL;
    unsigned least = 4;
    for (size_t i = 0; i < N_NAMES; i++) {
        unsigned d = futu_word_distance((futu_str){ e->key, e->key_n },
                                        (futu_str){ names[i].name, strlen(names[i].name) });
        if (d < least) {
            least = d;
            best = names[i].name;
        }
    }
    snprintf(why, size, best ? "unknown option %.40s; did you mean %s?" : "unknown option %.40s",
             e->key, best);
    return false;
}

static bool *flag_of(struct mcp_conf *m, enum field f)
{
    switch (f) {
    case F_DIRECT:
        return &m->direct_orders;
    case F_SHORT:
        return &m->no_output_schemas;
    case F_ENABLE:
        return &m->enable_trading;
    default:
        return &m->allow_real_trading;
    }
}

static bool on_entry(const struct toml_entry *e, void *arg, char *why, size_t size)
{
    struct reading *r = arg;
    int i = find_name(e->key, e->key_n);
    if (i < 0)
        return unknown(e, why, size);
    enum field f = names[i].field;
    if (f == F_HTTP)
        return refuse(why, size, "http_listen", "futucli speaks on standard input and output; for "
                      "HTTP run futu-opend --upstream HOST:PORT --rest-port PORT, which has /mcp");
    if (r->seen & 1u << f)
        return refuse(why, size, names[i].name, "it is there twice");
    r->seen |= 1u << f;
    if (f < F_TEXTS) {
        if (e->kind != TOML_STRING || !e->text[0])
            return refuse(why, size, names[i].name, "a text in quotes is expected");
        r->m->file[f] = strdup(e->text);
        return r->m->file[f] || refuse(why, size, names[i].name, "out of memory");
    }
    if (e->kind != TOML_BOOLEAN)
        return refuse(why, size, names[i].name, "true or false is expected");
    bool on = strcmp(e->text, "true") == 0;
    *flag_of(r->m, f) = on;
    return true;
}

static void wipe_text(char *p, size_t n)
{
    for (volatile char *v = p; n > 0; n--)
        *v++ = 0;
}

static int parse_file(struct mcp_conf *m, const char *path, const char *text, size_t n)
{
    struct reading r = { m, 0 };
    struct stat st;
    char why[400];
    if (!toml_parse(text, n, on_entry, &r, why, sizeof(why))) {
        usage_error("--config: %s, %s", path, why);
        return CLI_USAGE;
    }
    if (m->file[F_API_KEY] && stat(path, &st) == 0 && st.st_mode & 077)
        fprintf(stderr, "futucli mcp: %s holds an API key and others may read it: chmod 600\n",
                path);
    return CLI_OK;
}

static int read_file(struct mcp_conf *m, const char *path)
{
    FILE *f = fopen(path, "r");
    char *text = malloc(FILE_MAX + 1);
    size_t n = f && text ? fread(text, 1, FILE_MAX + 1, f) : 0;
    int code;
    if (!f || !text || ferror(f))
        code = usage_error("--config: %s can't be read", path);
    else if (n > FILE_MAX)
        code = usage_error("--config: %s is larger than %u bytes", path, FILE_MAX);
    else
        code = parse_file(m, path, text, n);
    if (text)
        wipe_text(text, n);
    free(text);
    if (f)
        fclose(f);
    return code;
}

/* ---- all of it ---- */

static const char *text_of(const struct mcp_conf *m, const struct args *a, const char *name,
                           enum field f)
{
    const char *given = arg(a, name);
    return given ? given : m->file[f];
}

static int set_gateway(struct mcp_conf *m, const struct cli *c)
{
    m->host = c->host;
    m->port = c->port;
    if (c->gateway_given || !m->file[F_GATEWAY])
        return CLI_OK;
    m->host = m->host_room;
    return read_gateway("gateway", m->file[F_GATEWAY], m->host_room, sizeof(m->host_room),
                        &m->port) ? CLI_OK : CLI_USAGE;
}

/* Without blanks at its ends. */
static void set_password(struct mcp_conf *m, const char *text)
{
    size_t n = strlen(text);
    while (n > 0 && strchr(" \t\r\n", text[n - 1]))
        n--;
    while (n > 0 && strchr(" \t\r\n", *text)) {
        text++;
        n--;
    }
    if (n > MCP_PWD_MAX)
        return;
    memcpy(m->trade_pwd, text, n);
    m->trade_pwd[n] = '\0';
}

static void find_password(struct mcp_conf *m, const struct args *a)
{
    futu_keychain_opts o = password_keychain(a);
    const char *env = getenv("FUTU_TRADE_PWD"), *where;
    char found[MCP_PWD_MAX + 1] = "", why[300] = "";
    o.state_dir = m->state_dir;
    o.timeout_ms = KEYCHAIN_MS;
    if (m->trade_pwd_account && futu_keychain_get(FUTU_PASSWORD_TRADE, m->trade_pwd_account, found,
                                                  sizeof(found), &o, &where, why,
                                                  sizeof(why)) == FUTU_OK)
        set_password(m, found);
    else if (env)
        set_password(m, env);
    if (m->trade_pwd_account && !m->trade_pwd[0])
        fprintf(stderr, "futucli mcp: no trade password of %s: %s; futu_unlock_trade can't "
                "unlock: futucli set-trade-pwd --account %s stores it\n", m->trade_pwd_account,
                why[0] ? why : "the keychain has none", m->trade_pwd_account);
    wipe_text(found, sizeof(found));
}

static int judge(const struct mcp_conf *m)
{
    if (m->allow_real_trading && !m->enable_trading)
        return usage_error("--allow-real-trading goes with --enable-trading");
    if (m->enable_trading && m->keys_file)
        fprintf(stderr, "futucli mcp: --enable-trading has no effect: with --keys-file the scopes "
                "of the keys say who may trade\n");
    return CLI_OK;
}

int mcp_conf_read(struct mcp_conf *m, const struct cli *c, const struct args *a)
{
    const char *key = getenv("FUTU_MCP_API_KEY");
    if (arg(a, "http-listen"))
        return usage_error("--http-listen: futucli speaks on standard input and output; for HTTP "
                           "run futu-opend --upstream HOST:PORT --rest-port PORT, which has /mcp");
    int code = arg(a, "config") ? read_file(m, arg(a, "config")) : CLI_OK;
    if (code == CLI_OK)
        code = set_gateway(m, c);
    if (code != CLI_OK)
        return code;
    m->keys_file = text_of(m, a, "keys-file", F_KEYS);
    m->audit_log = text_of(m, a, "audit-log", F_AUDIT);
    m->tools = text_of(m, a, "mcp-tools", F_TOOLS);
    m->state_dir = text_of(m, a, "state-dir", F_STATE);
    m->trade_pwd_account = text_of(m, a, "trade-pwd-account", F_ACCOUNT);
    m->api_key = key && key[0] ? key : m->file[F_API_KEY];
    m->direct_orders |= arg_given(a, "mcp-direct-orders");
    m->no_output_schemas |= arg_given(a, "mcp-no-output-schemas");
    m->enable_trading |= arg_given(a, "enable-trading");
    m->allow_real_trading |= arg_given(a, "allow-real-trading");
    find_password(m, a);
    return judge(m);
}

void mcp_conf_free(struct mcp_conf *m)
{
    wipe_text(m->trade_pwd, sizeof(m->trade_pwd));
    for (size_t i = 0; i < sizeof(m->file) / sizeof(m->file[0]); i++) {
        if (m->file[i])
            wipe_text(m->file[i], strlen(m->file[i]));
        free(m->file[i]);
    }
}
