/* config_env.c - options from the environment. */
#include <ctype.h>
#include <string.h>

#include "config.h"
#include "option_table.h"

#define PREFIX CONFIG_PREFIX

/* Variables that were there before, or that are everybody's. */
static const struct {
    const char *variable, *option;
} known[] = {
    { "FUTU_STATE_DIR", "state-dir" },
    { "FUTU_KEYCHAIN", "keychain" },
    { "FUTU_REST_ALLOWED_ORIGINS", "rest-allowed-origins" },
    { "FUTU_METRICS_PUBLIC", "metrics-public" },
    { "FUTU_CLIENT_SIG_PROACTIVE_REFRESH", "client-sig-proactive-refresh" },
    { "FUTU_CLIENT_SIG_REACTIVE_REFRESH", "client-sig-reactive-refresh" },
    { "FUTU_QOT_RELOGIN_BACKOFF_MS", "qot-relogin-backoff-ms" },
    { "TZ", "tz" },
};

static bool upper_only(const char *name, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!isupper((unsigned char)name[i]) && !isdigit((unsigned char)name[i]) && name[i] != '_')
            return false;
    return true;
}

/* FUTU_OPEND_PUSH_INTERVAL, of which `name` is what follows the prefix -> "push-interval". */
static const struct option *find(const char *name, size_t n, char *why, size_t size)
{
    char option[40], near_name[40];
    const struct option *o = NULL, *near = NULL;
    const char *absent = NULL;
    if (n < sizeof(option)) {
        for (size_t i = 0; i < n; i++)
            option[i] = name[i] == '_' ? '-' : (char)tolower((unsigned char)name[i]);
        o = upper_only(name, n) ? option_find(option, n) : NULL;
        near = option_near(option, n);
        absent = option_absent(option, n);
    }
    if (o)
        return o;
    if (absent)
        snprintf(why, size, PREFIX "%.*s: %s", (int)n, name, absent);
    else if (near) {
        option_spell(near_name, sizeof(near_name), near->name, '_');
        for (char *p = near_name; *p; p++)
            *p = (char)toupper((unsigned char)*p);
        snprintf(why, size, "unknown variable " PREFIX "%.*s; did you mean " PREFIX "%s?", (int)n,
                 name, near_name);
    } else {
        snprintf(why, size, "unknown variable " PREFIX "%.60s: there is no such option", name);
    }
    return NULL;
}

static bool set(struct opend_conf *c, const struct option *o, enum option_source source,
                const char *variable, size_t n, char *why, size_t size)
{
    struct option_origin from = { .source = source };
    char name[64];
    snprintf(name, sizeof(name), "%.*s", (int)n, variable);
    from.where = conf_keep(c, name);
    if (!from.where) {
        snprintf(why, size, "out of memory");
        return false;
    }
    return option_set(c, o, variable + n + 1, from, why, size);
}

/* No option, and weaker than all that name a password. */
static bool take_password(struct opend_conf *c, const char *text, char *why, size_t size)
{
    c->login_pwd_env = conf_keep_secret(c, text);
    if (!c->login_pwd_env)
        snprintf(why, size, "out of memory");
    return c->login_pwd_env != NULL;
}

static bool take(struct opend_conf *c, const char *entry, char *why, size_t size)
{
    const char *eq = strchr(entry, '=');
    size_t n = eq ? (size_t)(eq - entry) : 0;
    if (n == 0 || !eq[1])
        return true;
    if (strncmp(entry, CONFIG_PASSWORD, n + 1) == 0)
        return take_password(c, eq + 1, why, size);
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strlen(known[i].variable) != n || memcmp(known[i].variable, entry, n) != 0)
            continue;
        const struct option *o = option_find(known[i].option, strlen(known[i].option));
        return set(c, o, FROM_VARIABLE, entry, n, why, size);
    }
    if (strncmp(entry, PREFIX, strlen(PREFIX)) != 0)
        return true;
    const struct option *o = find(entry + strlen(PREFIX), n - strlen(PREFIX), why, size);
    return o && set(c, o, FROM_ENV, entry, n, why, size);
}

bool config_env(struct opend_conf *c, char **env, char *why, size_t size)
{
    for (; *env; env++)
        if (!take(c, *env, why, size))
            return false;
    return true;
}
