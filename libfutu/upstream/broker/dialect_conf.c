/* dialect_conf.c - see dialect_conf.h. */
#include "upstream/broker/dialect_conf.h"

#include <arpa/inet.h>
#include <stdio.h>

#include "codec/json_lex.h"
#include "upstream/broker/tables.h"

struct reader {
    struct json_lex lx;
    struct remote_conf *out;
    int32_t identity;           /* whose value is being read; 0: the platform's */
    const char *why;
};

typedef bool read_fn(struct reader *r);

static bool fail(struct reader *r, const char *why)
{
    r->why = r->why ? r->why : why;
    return false;
}

/* ---- JSON ---- */

static bool skip(struct reader *r, futu_str *value)
{
    json_blanks(&r->lx);
    return json_skip(&r->lx, value) || fail(r, "the text ends too early");
}

static bool read_text(struct reader *r, char *out, size_t size)
{
    char esc[4];
    futu_str piece;
    const char *bad;
    size_t n = 0;
    if (!json_take(&r->lx, '"'))
        return fail(r, "a text is expected");
    while (!(bad = json_piece(&r->lx, esc, &piece)) && piece.n) {
        if (piece.n >= size - n)
            return fail(r, "a text is too long");
        memcpy(out + n, piece.p, piece.n);
        n += piece.n;
    }
    out[n] = '\0';
    return bad ? fail(r, bad) : strlen(out) == n || fail(r, "a text has a NUL");
}

/* Digits, as a number or as a text. */
static bool read_number(struct reader *r, uint64_t max, uint64_t *out)
{
    futu_str s;
    if (!skip(r, &s))
        return false;
    if (s.n >= 2 && s.p[0] == '"')
        s = (futu_str){ s.p + 1, s.n - 2 };
    return (str_to_u64(s, out) && *out <= max) || fail(r, "a whole number is expected");
}

/* The members of an object; `member` reads the value of each. */
static bool read_object(struct reader *r, bool (*member)(struct reader *r, futu_str name))
{
    char tmp[40];
    futu_str name;
    if (!json_take(&r->lx, '{'))
        return fail(r, "an object is expected");
    if (json_take(&r->lx, '}'))
        return true;
    do {
        json_blanks(&r->lx);
        const char *bad = json_name(&r->lx, tmp, sizeof(tmp), &name);
        if (bad || !json_take(&r->lx, ':'))
            return fail(r, bad ? bad : "\":\" is expected");
        json_blanks(&r->lx);
        if (!member(r, name))
            return false;
    } while (json_take(&r->lx, ','));
    return json_take(&r->lx, '}') || fail(r, "\"}\" is expected");
}

static bool read_list(struct reader *r, read_fn *entry)
{
    if (!json_take(&r->lx, '['))
        return fail(r, "a list is expected");
    if (json_take(&r->lx, ']'))
        return true;
    do {
        json_blanks(&r->lx);
        if (!entry(r))
            return false;
    } while (json_take(&r->lx, ','));
    return json_take(&r->lx, ']') || fail(r, "\"]\" is expected");
}

/* A value that may be null, or JSON as the text of a string; the empty text is none. */
static bool read_open(struct reader *r, read_fn *fn)
{
    char text[CONF_INNER_MAX];
    struct reader inner = *r;
    if (json_word(&r->lx, STR("null")))
        return true;
    if (json_peek(&r->lx) != '"')
        return fn(r);
    if (!read_text(r, text, sizeof(text)))
        return false;
    if (!text[0])
        return true;
    inner.lx = (struct json_lex){ text, text + strlen(text) };
    if (!json_word(&inner.lx, STR("null")) && !fn(&inner))
        return fail(r, inner.why);
    return json_peek(&inner.lx) == '\0' || fail(r, "something follows the value");
}

/* ---- addresses ---- */

static struct conf_addrs *addrs_of(struct reader *r)
{
    struct remote_conf *c = r->out;
    for (size_t i = 0; i < c->n; i++)
        if (c->at[i].identity == r->identity)
            return &c->at[i];
    if (c->n == CONF_IDENTITIES) {
        fail(r, "it names too many identities");
        return NULL;
    }
    c->at[c->n].identity = r->identity;
    return &c->at[c->n++];
}

static uint16_t usual_port(const struct reader *r)
{
    return r->identity < 1000 ? PLATFORM_PORT : FIRM_PORT;
}

static bool numeric(const char *host)
{
    uint8_t raw[16];
    return inet_pton(AF_INET, host, raw) == 1 || inet_pton(AF_INET6, host, raw) == 1;
}

static bool keep(struct reader *r, const struct net_addr *a)
{
    struct conf_addrs *to = numeric(a->host) ? addrs_of(r) : NULL;
    if (to)
        addr_add(&to->guaranteed, a->host, a->port);
    return to || fail(r, "an IP address is expected");
}

/* An entry of an address list, whose form is not told: "IP", "IP:PORT", or an object as the forced
 * address is told to be. */
struct entry {
    struct reader r;
    struct net_addr a;
    int64_t until_s;
};

static bool entry_member(struct reader *r, futu_str name)
{
    struct entry *e = container_of(r, struct entry, r);
    futu_str other;
    uint64_t v;
    if (str_is(name, "ip"))
        return read_text(r, e->a.host, sizeof(e->a.host));
    if (!str_is(name, "port") && !str_is(name, "expire_ts"))
        return skip(r, &other);
    bool port = str_is(name, "port");
    if (!read_number(r, port ? UINT16_MAX : INT32_MAX * UINT64_C(2), &v))
        return false;
    if (port)
        e->a.port = (uint16_t)v;
    else
        e->until_s = (int64_t)v;
    return true;
}

static bool read_entry(struct reader *r)
{
    struct entry e = { .r = *r, .a = { .port = usual_port(r) } };
    char text[ADDR_TEXT];
    bool fine;
    if (json_peek(&r->lx) == '{') {
        fine = read_object(&e.r, entry_member);
    } else {
        fine = read_text(&e.r, text, sizeof(text));
        if (fine && !addr_read(str_c(text), usual_port(r), &e.a))
            fine = fail(&e.r, "IP:PORT is expected");
    }
    r->lx = e.r.lx;
    return fine ? keep(r, &e.a) : fail(r, e.r.why);
}

static bool read_addrs(struct reader *r)
{
    return read_list(r, read_entry);
}

/* ---- for each identity ---- */

/* False: the name is no identity. */
static bool is_identity(futu_str name, int32_t *identity)
{
    uint64_t v;
    if (!str_to_u64(name, &v) || v == 0 || v > 100000)
        return false;
    *identity = (int32_t)v;
    return true;
}

static bool guaranteed_member(struct reader *r, futu_str name)
{
    futu_str other;
    if (!is_identity(name, &r->identity))
        return skip(r, &other);
    bool fine = read_open(r, read_addrs);
    r->identity = 0;
    return fine;
}

/* "For each identity" is taken as an object with their numbers as names; a list as it is can only
 * be of the platform that was asked. */
static bool read_guaranteed(struct reader *r)
{
    return json_peek(&r->lx) == '[' ? read_addrs(r) : read_object(r, guaranteed_member);
}

static bool read_forced_one(struct reader *r)
{
    struct entry e = { .r = *r, .a = { .port = usual_port(r) } };
    bool fine = read_object(&e.r, entry_member);
    r->lx = e.r.lx;
    if (!fine)
        return fail(r, e.r.why);
    if (!e.a.host[0])
        return true;
    if (!numeric(e.a.host) || !e.a.port)
        return fail(r, "an IP address is expected");
    struct conf_addrs *to = addrs_of(r);
    if (to) {
        to->forced = e.a;
        to->forced_until_s = e.until_s;
    }
    return to != NULL;
}

static bool forced_member(struct reader *r, futu_str name)
{
    futu_str other;
    if (!is_identity(name, &r->identity))
        return skip(r, &other);
    bool fine = read_open(r, read_forced_one);
    r->identity = 0;
    return fine;
}

/* One address is of the platform: a broker is to be dialled at servers of its own, which nothing
 * here names. Numbers as names are read as above. */
static bool read_forced(struct reader *r)
{
    struct json_lex again = r->lx;
    if (!read_forced_one(r))
        return false;
    r->lx = again;
    return read_object(r, forced_member);
}

/* ---- the answer ---- */

static bool info_member(struct reader *r, futu_str name)
{
    futu_str other;
    uint64_t v;
    if (str_is(name, "guaranteed_ip_for_conn"))
        return read_open(r, read_guaranteed);
    if (str_is(name, "forced_ip_for_conn"))
        return read_open(r, read_forced);
    if (!str_is(name, "limit_time"))
        return skip(r, &other);
    if (json_word(&r->lx, STR("null")))
        return true;
    if (!read_number(r, INT32_MAX, &v))
        return false;
    r->out->again_s = MIN(MAX((int64_t)v, CONF_AGAIN_MIN_S), CONF_AGAIN_MAX_S);
    return true;
}

static bool read_info(struct reader *r)
{
    return read_object(r, info_member);
}

struct top {
    struct reader r;
    bool found;
};

static bool top_member(struct reader *r, futu_str name)
{
    struct top *t = container_of(r, struct top, r);
    futu_str other;
    if (!str_is(name, "conf_info"))
        return skip(r, &other);
    t->found = true;
    return read_open(r, read_info);
}

futu_err conf_parse(struct remote_conf *out, futu_str text, char *why, size_t size)
{
    struct top t = { .r = { .lx = { text.p, text.p + text.n }, .out = out } };
    *out = (struct remote_conf){ .again_s = CONF_AGAIN_MAX_S };
    bool fine = text.n <= CONF_TEXT_MAX ? read_object(&t.r, top_member)
                                        : fail(&t.r, "it is too long");
    if (fine && (json_peek(&t.r.lx) != '\0' || t.r.lx.p != t.r.lx.end))
        fine = fail(&t.r, "something follows the object");
    if (fine && !t.found)
        fine = fail(&t.r, "it has no conf_info");
    if (fine)
        return FUTU_OK;
    snprintf(why, size, "the configuration can't be read: %s", t.r.why);
    *out = (struct remote_conf){ .again_s = CONF_AGAIN_MAX_S };
    return FUTU_EFORMAT;
}

const struct conf_addrs *conf_of(const struct remote_conf *c, int32_t identity)
{
    const struct conf_addrs *any = NULL;
    for (size_t i = 0; i < c->n; i++) {
        if (c->at[i].identity == identity)
            return &c->at[i];
        if (c->at[i].identity == 0 && identity < 1000)
            any = &c->at[i];
    }
    return any;
}
