/* console_auth.c - who may use the console: with any keys file set, the keys of scope admin of all
 * of them. */
#include "surface/console_state.h"

#define WRONG_KEYS 3

static const char *why(enum deny d)
{
    return d == DENY_MISSING ? "usage: auth KEY" : d == DENY_SCOPE ? "the key lacks the scope admin"
                                                                   : deny_text(d);
}

/* Of several refusals the one of a key that is known says most. */
static enum deny judge(const struct access *a, futu_str token, struct api_key **key)
{
    enum deny worst = DENY_INVALID;
    *key = NULL;
    for (enum iface i = 0; i < IFACES; i++) {
        struct api_key *k;
        if (!access_has_keys(a, i))
            continue;
        enum deny d = access_open(a, i, token, &k);
        if (d == DENY_NONE && !access_scope(k, SCOPE_ADMIN))
            d = DENY_SCOPE;
        if (d == DENY_NONE || d != DENY_INVALID)
            *key = k;
        if (d == DENY_NONE)
            return d;
        worst = d == DENY_INVALID ? worst : d;
    }
    return worst;
}

void cmd_auth(futu_console *s, const struct console_args *a)
{
    struct api_key *key;
    if (!console_keyed(s->of)) {
        say(s, "no key is needed: this gateway has no keys file");
        return;
    }
    enum deny d = a->value[0].n ? judge(s->of->o.access, a->value[0], &key) : DENY_MISSING;
    struct audit_event e = { .iface = IFACE_CONSOLE, .endpoint = "auth", .peer = s->peer,
                             .key_id = d == DENY_MISSING ? "<missing>"
                                       : key ? key->rules->id : "<invalid>",
                             .outcome = d ? OUTCOME_REJECT : OUTCOME_ALLOW,
                             .reason = d ? deny_text(d) : NULL, .scope = d ? NULL : "admin" };
    hub_audit(s->of->o.hub, &e, d);
    if (d == DENY_NONE) {
        s->key = key;
        say(s, "key %s", key->rules->id);
        return;
    }
    say(s, "%s", why(d));
    if (++s->wrong_keys == WRONG_KEYS)
        console_end(s);
}

bool console_key_holds(futu_console *s)
{
    if (!s->key)
        return true;
    enum deny d = access_alive(s->of->o.access, s->key);
    if (d == DENY_NONE && !access_scope(s->key, SCOPE_ADMIN))
        d = DENY_SCOPE;
    if (d == DENY_NONE)
        return true;
    say(s, "the key %s no longer holds: %s", s->key->rules->id, why(d));
    console_end(s);
    return false;
}

bool console_admitted(futu_console *s)
{
    if (s->key)
        return console_key_holds(s);
    if (!console_keyed(s->of))
        return true;
    say(s, "a key with the scope admin is needed first: auth KEY");
    return false;
}
