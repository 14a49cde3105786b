/* cred_text.c - credentials-HASH.json as text, strictly; see cred.h.
 *
 * Members:  the table below. Others are skipped, a member that stands twice is an error, null is as
 *           if it were not there.
 */
#include <stdio.h>

#include "base/buf.h"
#include "codec/base64.h"
#include "codec/json_lex.h"
#include "codec/json_text.h"
#include "login/cred.h"

#define TIME_MAX UINT64_C(100000000000)     /* in seconds: sums stay far from an overflow */

struct reader {
    struct json_lex lx;
    const char *text;
    char *why;
    size_t size;
};

struct member {
    const char *name;
    futu_err (*read)(struct reader *r, void *at, const struct member *m);
    futu_err (*write)(struct buf *out, const void *at, const struct member *m);
    size_t at;
    const char *also;           /* another name, only read */
};

/* ---- reading ---- */

static futu_err malformed(struct reader *r, const char *what)
{
    size_t line = 1;
    for (const char *p = r->text; p < r->lx.p; p++)
        line += *p == '\n';
    snprintf(r->why, r->size, "line %zu: %s", line, what);
    return FUTU_EFORMAT;
}

static futu_err bad(struct reader *r, const struct member *m, const char *what)
{
    snprintf(r->why, r->size, "%s: %s", m->name, what);
    return FUTU_EFORMAT;
}

/* Into out->p, which has room for all that is left of the text; sets out->n. */
static futu_err unescape(struct reader *r, const struct member *m, struct secret *out)
{
    char esc[4];
    futu_str piece;
    size_t n = 0;
    for (;;) {
        const char *wrong = json_piece(&r->lx, esc, &piece);
        if (wrong)
            return malformed(r, wrong);
        if (piece.n == 0)
            break;
        if (piece.n > out->n - n)
            return bad(r, m, "the text is too long");
        memcpy(out->p + n, piece.p, piece.n);
        n += piece.n;
    }
    out->n = n;
    out->p[n] = '\0';
    return FUTU_OK;
}

/* Visible ASCII, or nothing. */
static futu_err read_string(struct reader *r, const struct member *m, struct secret *out)
{
    if (!json_take(&r->lx, '"'))
        return bad(r, m, "a text is expected");
    struct secret text = SECRET_NULL;
    size_t left = (size_t)(r->lx.end - r->lx.p);
    futu_err err = secret_room(&text, MIN(left, (size_t)CRED_TEXT_MAX));
    if (!err)
        err = unescape(r, m, &text);
    if (!err && text.n && !str_visible((futu_str){ (const char *)text.p, text.n }))
        err = bad(r, m, "a character that no such text has");
    if (!err && text.n) {
        *out = text;
        return FUTU_OK;
    }
    secret_wipe(&text);
    return err;
}

static futu_err read_text(struct reader *r, void *at, const struct member *m)
{
    return read_string(r, m, at);
}

/* Raw bytes from base64; how many there must be is for cred_load() to say. */
static futu_err read_bytes(struct reader *r, void *at, const struct member *m)
{
    struct secret *s = at;
    futu_err err = read_string(r, m, s);
    size_t n = 0;
    if (err || !s->p)
        return err;
    if (!base64_read(s->p, (const char *)s->p, s->n, &n))
        return bad(r, m, "no base64");
    s->n = n;
    s->p[n] = '\0';
    return FUTU_OK;
}

/* A text that is no secret, into a field of `size` bytes. */
static futu_err read_short(struct reader *r, const struct member *m, char *out, size_t size)
{
    struct secret text = SECRET_NULL;
    futu_err err = read_string(r, m, &text);
    if (!err && text.p && !str_copy(out, size, (futu_str){ (const char *)text.p, text.n }))
        err = bad(r, m, "the text is too long");
    secret_wipe(&text);
    return err;
}

static futu_err read_account(struct reader *r, void *at, const struct member *m)
{
    return read_short(r, m, at, ACCOUNT_MAX + 1);
}

static futu_err read_device(struct reader *r, void *at, const struct member *m)
{
    char text[64] = "";
    futu_err err = read_short(r, m, text, sizeof(text));
    if (!err && text[0] && !device_id_read(str_c(text), at))
        err = bad(r, m, "16 hex digits are expected");
    return err;
}

static futu_err read_number(struct reader *r, const struct member *m, uint64_t max, uint64_t *out)
{
    json_blanks(&r->lx);
    futu_str word = { r->lx.p, 0 };
    for (; r->lx.p < r->lx.end && *r->lx.p >= '0' && *r->lx.p <= '9'; r->lx.p++)
        word.n++;
    bool more = r->lx.p < r->lx.end && memchr(".eE", *r->lx.p, 3);
    if (more || !str_to_u64(word, out) || *out > max || (word.n > 1 && word.p[0] == '0'))
        return bad(r, m, "a whole number is expected");
    return FUTU_OK;
}

static futu_err read_u32(struct reader *r, void *at, const struct member *m)
{
    uint64_t v = 0;
    futu_err err = read_number(r, m, UINT32_MAX, &v);
    *(uint32_t *)at = (uint32_t)v;
    return err;
}

static futu_err read_u64(struct reader *r, void *at, const struct member *m)
{
    return read_number(r, m, UINT64_MAX, at);
}

static futu_err read_time(struct reader *r, void *at, const struct member *m)
{
    uint64_t v = 0;
    futu_err err = read_number(r, m, TIME_MAX, &v);
    *(int64_t *)at = (int64_t)v;
    return err;
}

static futu_err read_attribution(struct reader *r, void *at, const struct member *m)
{
    char text[16] = "";
    futu_err err = read_short(r, m, text, sizeof(text));
    if (!err && text[0]) {
        *(uint8_t *)at = attribution_read(str_c(text));
        if (!*(uint8_t *)at)
            err = bad(r, m, "no attribution, such as Hk");
    }
    return err;
}

static futu_err read_platform(struct reader *r, void *at, const struct member *m)
{
    char text[16] = "";
    enum platform p;
    futu_err err = read_short(r, m, text, sizeof(text));
    if (err || !text[0])
        return err;
    if (!platform_read(text, &p))
        return bad(r, m, "futunn or moomoo is expected");
    *(uint8_t *)at = CRED_PLATFORM(p);
    return FUTU_OK;
}

/* ---- writing ---- */

static futu_err write_string(struct buf *out, const struct member *m, futu_str text)
{
    futu_err err = buf_printf(out, ",\n  \"%s\": ", m->name);
    return err ? err : json_put_string(out, text);
}

static futu_err write_text(struct buf *out, const void *at, const struct member *m)
{
    const struct secret *s = at;
    futu_str text = { (const char *)s->p, s->n };
    if (text.n > CRED_TEXT_MAX || (text.n && !str_visible(text)))
        return FUTU_EINVAL;
    return write_string(out, m, text);
}

static futu_err write_optional(struct buf *out, const void *at, const struct member *m)
{
    return ((const struct secret *)at)->n ? write_text(out, at, m) : FUTU_OK;
}

static futu_err write_bytes(struct buf *out, const void *at, const struct member *m)
{
    const struct secret *s = at;
    char text[BASE64_SIZE(CRED_RAND_KEY)];
    if (s->n != CRED_RAND_KEY)
        return FUTU_EINVAL;
    base64_write(text, s->p, s->n);
    futu_err err = write_string(out, m, (futu_str){ text, sizeof(text) });
    wipe(text, sizeof(text));
    return err;
}

static futu_err write_short(struct buf *out, const void *at, const struct member *m)
{
    return write_string(out, m, str_c(at));
}

static futu_err write_u64(struct buf *out, const void *at, const struct member *m)
{
    return buf_printf(out, ",\n  \"%s\": %llu", m->name,
                      (unsigned long long)*(const uint64_t *)at);
}

static futu_err write_time(struct buf *out, const void *at, const struct member *m)
{
    int64_t v = *(const int64_t *)at;
    return v > 0 ? buf_printf(out, ",\n  \"%s\": %lld", m->name, (long long)v) : FUTU_OK;
}

static futu_err write_attribution(struct buf *out, const void *at, const struct member *m)
{
    char text[ATTRIBUTION_TEXT];
    uint8_t number = *(const uint8_t *)at;
    if (!number)
        return FUTU_EINVAL;
    attribution_text(number, text);
    return write_string(out, m, str_c(text));
}

static futu_err write_platform(struct buf *out, const void *at, const struct member *m)
{
    uint8_t p = *(const uint8_t *)at;
    return p ? write_string(out, m, str_c(platform_name(p - CRED_PLATFORM(0)))) : FUTU_OK;
}

/* ---- the members, in the order they are written ---- */

#define AT(field) offsetof(struct cred, field)
static const struct member members[] = {
    { "schema_version", read_u32, NULL, AT(schema), NULL },
    { "account", read_account, write_short, AT(account), NULL },
    { "device_id", read_device, write_short, AT(device_id), NULL },
    { "device_sig", read_text, write_text, AT(device_sig), NULL },
    { "tgtgt", read_text, write_text, AT(tgtgt), NULL },
    { "rand_key", read_bytes, write_bytes, AT(rand_key), NULL },
    { "uid", read_u64, write_u64, AT(uid), "user_id" },
    { "user_attribution", read_attribution, write_attribution, AT(attribution), NULL },
    { "login_platform", read_platform, write_platform, AT(platform), NULL },
    { "web_sig", read_text, write_text, AT(web_sig), NULL },
    { "moomoo_client_sig", read_text, write_optional, AT(moomoo_client_sig), NULL },
    { "moomoo_web_sig", read_text, write_optional, AT(moomoo_web_sig), NULL },
    { "ticket_ts", read_time, write_time, AT(ticket_s), NULL },
    { "device_verify_sig", read_text, write_optional, AT(device_verify_sig), NULL },
    { "device_verify_sig_ts", read_time, write_time, AT(device_verify_sig_s), NULL },
    { "device_code_sig", read_text, write_optional, AT(device_code_sig), NULL },
    { "device_code_sig_ts", read_time, write_time, AT(device_code_sig_s), NULL },
};

static const struct member *find(futu_str name, size_t *i)
{
    for (*i = 0; *i < ARRAY_LEN(members); ++*i)
        if (str_is(name, members[*i].name) ||
            (members[*i].also && str_is(name, members[*i].also)))
            return &members[*i];
    return NULL;
}

static futu_err read_member(struct reader *r, struct cred *c, uint32_t *seen)
{
    char tmp[64];
    futu_str name, value;
    size_t i;
    const char *wrong = json_name(&r->lx, tmp, sizeof(tmp), &name);
    if (wrong)
        return malformed(r, wrong);
    const struct member *m = find(name, &i);
    if (!json_take(&r->lx, ':'))
        return malformed(r, "a colon is expected");
    if (!m)
        return json_skip(&r->lx, &value) ? FUTU_OK : malformed(r, "a value that does not end");
    if (*seen & UINT32_C(1) << i)
        return bad(r, m, "stands twice");
    *seen |= UINT32_C(1) << i;
    if (json_word(&r->lx, STR("null")))
        return FUTU_OK;
    return m->read(r, (char *)c + m->at, m);
}

static futu_err read_all(struct reader *r, struct cred *c)
{
    uint32_t seen = 0;
    if (!json_take(&r->lx, '{'))
        return malformed(r, "an object is expected");
    if (!json_take(&r->lx, '}')) {
        do {
            futu_err err = read_member(r, c, &seen);
            if (err)
                return err;
        } while (json_take(&r->lx, ','));
        if (!json_take(&r->lx, '}'))
            return malformed(r, "a comma or } is expected");
    }
    json_blanks(&r->lx);
    return r->lx.p == r->lx.end ? FUTU_OK : malformed(r, "something follows the object");
}

futu_err cred_parse(struct cred *out, futu_str text, char *why, size_t size)
{
    struct reader r = { { text.p, text.p + text.n }, text.p, why, size };
    memset(out, 0, sizeof(*out));
    futu_err err = read_all(&r, out);
    if (err == FUTU_ENOMEM)
        snprintf(why, size, "out of memory");
    if (err)
        cred_wipe(out);
    return err;
}

/* What the texts may take, quoted and escaped, and the rest. */
static size_t room_for(const struct cred *c)
{
    const struct secret *const texts[] = {
        &c->device_sig, &c->tgtgt, &c->web_sig, &c->moomoo_client_sig, &c->moomoo_web_sig,
        &c->device_verify_sig, &c->device_code_sig,
    };
    size_t n = 2048;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        n += 2 * MIN(texts[i]->n, (size_t)CRED_TEXT_MAX);
    return n;
}

/* The buffer stands in locked memory and never grows out of it. */
futu_err cred_write(const struct cred *c, struct secret *out)
{
    struct secret room = SECRET_NULL;
    futu_err err = secret_room(&room, room_for(c));
    if (err)
        return err;
    struct buf b = { room.p, 0, room.n, room.n };
    err = buf_printf(&b, "{\n  \"schema_version\": %d", CRED_SCHEMA);
    for (size_t i = 0; i < ARRAY_LEN(members) && !err; i++)
        if (members[i].write)
            err = members[i].write(&b, (const char *)c + members[i].at, &members[i]);
    if (!err)
        err = buf_puts(&b, "\n}\n");
    if (err) {
        secret_wipe(&room);
        return err;
    }
    room.p[b.n] = '\0';
    room.n = b.n;
    secret_wipe(out);
    *out = room;
    return FUTU_OK;
}
