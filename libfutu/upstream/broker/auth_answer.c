/* auth_answer.c - see auth_answer.h. The names are told, but for those that are marked. */
#include "upstream/broker/auth_answer.h"

#include <stdio.h>

#include "base/mem.h"
#include "codec/json_lex.h"
#include "codec/utf8.h"

enum kind { K_SECRET, K_MSG, K_PHONE, K_U64, K_I64, K_I32, K_CODES };

struct member {
    const char *name;
    size_t at;
    enum kind kind;
};

#define M(name, field, kind) { name, offsetof(struct auth_answer, field), kind }
static const struct member error_members[] = {
    M("error_code", code, K_I64),
    M("error_msg", msg, K_MSG),
    M("phone_no", phone, K_PHONE),
    M("device_verify_sig", verify_sig, K_SECRET),
    M("third_factor_verify_sig", third_sig, K_SECRET),
    M("uid", uid, K_U64),
};

static const struct member result_members[] = {
    M("salt", salt, K_SECRET),                      /* not told: beside "salt32" */
    M("salt32", salt32, K_SECRET),
    M("user_attribution", attribution, K_U64),
    M("svr_time", server_time_s, K_U64),
    M("uid", uid, K_U64),
    M("client_sig", client_sig, K_SECRET),
    M("client_key", client_key, K_SECRET),
    M("tgtgt_new", ticket, K_SECRET),
    M("rand_key_new", rand_key, K_SECRET),
    M("device_sig_new", device_sig, K_SECRET),
    M("web_sig_new", web_sig, K_SECRET),
    M("moomoo_client_sig", moomoo_client_sig, K_SECRET),
    M("moomoo_web_sig_new", moomoo_web_sig, K_SECRET),
    M("cltsig_invalidtime", sig_life_s, K_U64),
    M("device_code_sig", code_sig, K_SECRET),
    M("auth_code_list", codes, K_CODES),
    M("cid", customer_id, K_U64),                   /* not told: "customer id" is */
    M("broker_client_sig", broker_sig, K_SECRET),
    M("broker_client_key", broker_key, K_SECRET),
    M("auth_code", auth_code, K_SECRET),
    M("broker_id", broker_id, K_I32),
    M("invalid_time", invalid_s, K_U64),
};
#undef M

/* Not told either: the same names as in the answer of a repull. */
#define M(name, field, kind) { name, offsetof(struct auth_code_entry, field), kind }
static const struct member code_members[] = {
    M("broker_id", broker_id, K_I32),
    M("auth_code", code, K_SECRET),
    M("invalid_time", invalid_s, K_U64),
};
#undef M

struct reader {
    struct json_lex lx;
    const char *why;
    char name[48];              /* of the member that is wrong */
    futu_err err;
};

static bool fail(struct reader *r, futu_err err, const char *why)
{
    if (!r->err) {
        r->err = err;
        r->why = why;
    }
    return false;
}

/* A string's text into `text`, which is wiped by the caller. */
static bool read_text(struct reader *r, char *text, size_t size, size_t *n)
{
    char esc[4];
    futu_str piece;
    const char *bad;
    *n = 0;
    if (!json_take(&r->lx, '"'))
        return fail(r, FUTU_EFORMAT, "a text is expected");
    while (!(bad = json_piece(&r->lx, esc, &piece)) && piece.n) {
        if (piece.n > size - *n)
            return fail(r, FUTU_EFORMAT, "too long");
        memcpy(text + *n, piece.p, piece.n);
        *n += piece.n;
    }
    return bad ? fail(r, FUTU_EFORMAT, bad) : true;
}

static bool read_secret(struct reader *r, struct secret *out)
{
    char text[AUTH_TEXT_MAX];
    size_t n;
    bool fine = read_text(r, text, sizeof(text), &n);
    if (fine && n && secret_set(out, text, n))
        fine = fail(r, FUTU_ENOMEM, futu_strerror(FUTU_ENOMEM));
    wipe(text, sizeof(text));
    return fine;
}

/* For people: cut at a whole character, control characters become blanks. */
static bool read_message(struct reader *r, char *out, size_t size)
{
    char text[AUTH_TEXT_MAX];
    size_t n, used = 0;
    if (!read_text(r, text, sizeof(text), &n))
        return false;
    while (used < n) {
        size_t k = utf8_next((const uint8_t *)text + used, n - used);
        if (k == 0 || used + k >= size)
            break;
        used += k;
    }
    for (size_t i = 0; i < used; i++)
        out[i] = (unsigned char)text[i] < 0x20 || text[i] == 0x7f ? ' ' : text[i];
    out[used] = '\0';
    return true;
}

/* Digits, as a number or as a text. */
static bool read_number(struct reader *r, bool *negative, uint64_t *out)
{
    futu_str s;
    if (!json_skip(&r->lx, &s))
        return fail(r, FUTU_EFORMAT, "the text ends too early");
    if (s.n >= 2 && s.p[0] == '"')
        s = (futu_str){ s.p + 1, s.n - 2 };
    *negative = s.n && s.p[0] == '-';
    s.p += *negative;
    s.n -= *negative;
    return str_to_u64(s, out) ? true : fail(r, FUTU_EFORMAT, "a whole number is expected");
}

static bool read_integer(struct reader *r, enum kind kind, void *at)
{
    bool negative;
    uint64_t v;
    if (!read_number(r, &negative, &v))
        return false;
    if ((negative && kind == K_U64) || (kind == K_I64 && v > INT64_MAX) ||
        (kind == K_I32 && v > INT32_MAX))
        return fail(r, FUTU_EFORMAT, "out of range");
    if (kind == K_U64)
        memcpy(at, &v, sizeof(v));
    else if (kind == K_I64)
        memcpy(at, &(int64_t){ negative ? -(int64_t)v : (int64_t)v }, sizeof(int64_t));
    else
        memcpy(at, &(int32_t){ negative ? -(int32_t)v : (int32_t)v }, sizeof(int32_t));
    return true;
}

static bool read_codes(struct reader *r, struct auth_answer *a);

static bool read_value(struct reader *r, const struct member *m, void *base)
{
    void *at = (char *)base + m->at;
    if (json_word(&r->lx, STR("null")))
        return true;
    switch (m->kind) {
    case K_SECRET:
        return read_secret(r, at);
    case K_MSG:
        return read_message(r, at, AUTH_MSG_MAX);
    case K_PHONE:
        return read_message(r, at, sizeof(((struct auth_answer *)NULL)->phone));
    case K_CODES:
        return read_codes(r, base);
    default:
        return read_integer(r, m->kind, at);
    }
}

static const struct member *find(const struct member *m, size_t n, futu_str name)
{
    for (size_t i = 0; i < n; i++)
        if (str_is(name, m[i].name))
            return &m[i];
    return NULL;
}

static bool read_member(struct reader *r, const struct member *m, size_t n, void *base,
                        uint32_t *seen)
{
    char tmp[40];
    futu_str name, value;
    const char *bad = json_name(&r->lx, tmp, sizeof(tmp), &name);
    if (bad || !json_take(&r->lx, ':'))
        return fail(r, FUTU_EFORMAT, bad ? bad : "\":\" is expected");
    const struct member *known = find(m, n, name);
    if (!known)
        return json_skip(&r->lx, &value) || fail(r, FUTU_EFORMAT, "the text ends too early");
    uint32_t bit = UINT32_C(1) << (known - m);
    bool fine = *seen & bit ? fail(r, FUTU_EFORMAT, "it stands twice") : read_value(r, known, base);
    *seen |= bit;
    if (!fine && !r->name[0])
        str_copy(r->name, sizeof(r->name), str_c(known->name));
    return fine;
}

static bool read_object(struct reader *r, const struct member *m, size_t n, void *base)
{
    uint32_t seen = 0;
    if (!json_take(&r->lx, '{'))
        return fail(r, FUTU_EFORMAT, "an object is expected");
    if (json_take(&r->lx, '}'))
        return true;
    do {
        json_blanks(&r->lx);
        if (!read_member(r, m, n, base, &seen))
            return false;
    } while (json_take(&r->lx, ','));
    return json_take(&r->lx, '}') || fail(r, FUTU_EFORMAT, "\"}\" is expected");
}

/* A malformed entry is passed over, as one of a broker too many is: the others still serve. */
static void read_code(struct auth_answer *a, futu_str text, futu_err *err)
{
    struct auth_code_entry e = { 0 };
    struct reader r = { .lx = { text.p, text.p + text.n } };
    bool fine = read_object(&r, code_members, ARRAY_LEN(code_members), &e) && e.broker_id > 0 &&
                e.code.n && a->n_codes < AUTH_BROKERS_MAX;
    for (size_t i = 0; i < a->n_codes && fine; i++)
        fine = a->codes[i].broker_id != e.broker_id;
    if (fine)
        a->codes[a->n_codes++] = e;
    else
        secret_wipe(&e.code);
    if (r.err == FUTU_ENOMEM)
        *err = FUTU_ENOMEM;
}

static bool read_codes(struct reader *r, struct auth_answer *a)
{
    futu_err err = FUTU_OK;
    futu_str entry;
    if (!json_take(&r->lx, '['))
        return fail(r, FUTU_EFORMAT, "a list is expected");
    if (json_take(&r->lx, ']'))
        return true;
    do {
        json_blanks(&r->lx);
        if (!json_skip(&r->lx, &entry))
            return fail(r, FUTU_EFORMAT, "the text ends too early");
        read_code(a, entry, &err);
    } while (json_take(&r->lx, ','));
    if (err)
        return fail(r, err, futu_strerror(err));
    return json_take(&r->lx, ']') || fail(r, FUTU_EFORMAT, "\"]\" is expected");
}

/* ---- the envelope ---- */

static bool read_part(struct reader *r, struct auth_answer *a, futu_str name, unsigned *seen)
{
    futu_str value;
    bool is_error = str_is(name, "error"), is_result = str_is(name, "result");
    unsigned bit = is_error ? 1 : is_result ? 2 : 0;
    if (*seen & bit)
        return fail(r, FUTU_EFORMAT, "it stands twice");
    *seen |= bit;
    if (bit && json_word(&r->lx, STR("null")))
        return true;
    if (is_error)
        return read_object(r, error_members, ARRAY_LEN(error_members), a);
    if (!is_result)
        return json_skip(&r->lx, &value) || fail(r, FUTU_EFORMAT, "the text ends too early");
    a->has_result = true;
    return read_object(r, result_members, ARRAY_LEN(result_members), a);
}

static bool read_all(struct reader *r, struct auth_answer *a)
{
    char tmp[40];
    futu_str name;
    unsigned seen = 0;
    if (!json_take(&r->lx, '{'))
        return fail(r, FUTU_EFORMAT, "an object is expected");
    if (!json_take(&r->lx, '}')) {
        do {
            json_blanks(&r->lx);
            const char *bad = json_name(&r->lx, tmp, sizeof(tmp), &name);
            if (bad || !json_take(&r->lx, ':'))
                return fail(r, FUTU_EFORMAT, bad ? bad : "\":\" is expected");
            json_blanks(&r->lx);
            if (!read_part(r, a, name, &seen))
                return false;
        } while (json_take(&r->lx, ','));
        if (!json_take(&r->lx, '}'))
            return fail(r, FUTU_EFORMAT, "\"}\" is expected");
    }
    if (json_peek(&r->lx) != '\0' || r->lx.p != r->lx.end)
        return fail(r, FUTU_EFORMAT, "something follows the object");
    if (a->code == 0 && !a->has_result)
        return fail(r, FUTU_EFORMAT, "neither a result nor an error");
    return true;
}

futu_err auth_answer_parse(struct auth_answer *out, futu_str text, char *why, size_t size)
{
    struct reader r = { .lx = { text.p, text.p + text.n } };
    *out = (struct auth_answer){ 0 };
    if (text.n > AUTH_ANSWER_MAX)
        fail(&r, FUTU_EFORMAT, "it is too long");
    else if (read_all(&r, out))
        return FUTU_OK;
    auth_answer_free(out);
    snprintf(why, size, "the server's answer can't be read: %s%s%s", r.name, r.name[0] ? ": " : "",
             r.why);
    return r.err;
}

void auth_answer_free(struct auth_answer *a)
{
    struct secret *all[] = {
        &a->verify_sig, &a->third_sig, &a->salt, &a->salt32, &a->client_sig, &a->client_key,
        &a->ticket, &a->rand_key, &a->device_sig, &a->web_sig, &a->moomoo_client_sig,
        &a->moomoo_web_sig, &a->code_sig, &a->broker_sig, &a->broker_key, &a->auth_code,
    };
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        secret_wipe(all[i]);
    for (size_t i = 0; i < a->n_codes; i++)
        secret_wipe(&a->codes[i].code);
    *a = (struct auth_answer){ 0 };
}
