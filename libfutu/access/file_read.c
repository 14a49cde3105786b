/* file_read.c - keys.json from text, strictly: what is not understood is an error.
 *
 * In:      text that an operator, a script or another program wrote.
 * Errors:  "line 3: a colon is expected" when it is no JSON, else "key alpha: MEMBER: what is
 *          wrong", or "key number 2: ..." when that one has no id.
 * Limits:  the text's size bounds the number of keys; lists and words have bounds of their own.
 */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "access/file.h"
#include "access/rules.h"
#include "base/map.h"
#include "base/mem.h"
#include "codec/json_lex.h"
#include "codec/num.h"
#include "crypt/digest.h"

#define DEPTH_MAX 16

struct reader;

/* A member of a key. */
struct member {
    const char *name;
    futu_err (*read)(struct reader *r, const struct member *m);
    bool limit;                 /* also inside `limits` */
    bool optional;              /* null is as if it were not there */
    const void *arg;
};

struct reader {
    struct json_lex lx;
    const char *text;
    char *why;
    size_t size;
    struct key_rules *key;
    size_t number;              /* of the key, from 1; 0: at the top */
    uint32_t seen;              /* members of the key, by their index */
    int depth;                  /* of skip() */
    bool in_limits;             /* inside of the nested spelling */
    bool raw_ids;               /* raw_explicit_acc_ids was a list */
    struct key_rules raw;       /* its accounts */
    struct key_list *list;
    bool has_version, has_keys;
};

/* ---- errors ---- */

static futu_err malformed(struct reader *r, const char *what)
{
    size_t line = 1;
    for (const char *p = r->text; p < r->lx.p; p++)
        line += *p == '\n';
    snprintf(r->why, r->size, "line %zu: %s", line, what);
    return FUTU_EFORMAT;
}

static futu_err bad(struct reader *r, const char *member, const char *fmt, ...) PRINTF_LIKE(3, 4);
static futu_err bad(struct reader *r, const char *member, const char *fmt, ...)
{
    char what[256];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(what, sizeof(what), fmt, ap);
    va_end(ap);
    if (r->number == 0)
        snprintf(r->why, r->size, "%s: %s", member, what);
    else if (r->key->id[0])
        snprintf(r->why, r->size, "key %s: %s: %s", r->key->id, member, what);
    else
        snprintf(r->why, r->size, "key number %zu: %s: %s", r->number, member, what);
    return FUTU_EFORMAT;
}

static futu_err no_memory(struct reader *r)
{
    snprintf(r->why, r->size, "out of memory");
    return FUTU_ENOMEM;
}

/* ---- JSON ---- */

typedef futu_err on_member(struct reader *r, futu_str name);

static futu_err each_member(struct reader *r, on_member *fn)
{
    char tmp[64];
    futu_str name;
    if (!json_take(&r->lx, '{'))
        return malformed(r, "an object is expected");
    if (json_take(&r->lx, '}'))
        return FUTU_OK;
    do {
        const char *wrong = json_name(&r->lx, tmp, sizeof(tmp), &name);
        if (wrong)
            return malformed(r, wrong);
        if (!json_take(&r->lx, ':'))
            return malformed(r, "a colon is expected");
        futu_err err = fn(r, name);
        if (err)
            return err;
    } while (json_take(&r->lx, ','));
    return json_take(&r->lx, '}') ? FUTU_OK : malformed(r, "a comma or } is expected");
}

/* The member whose items they are is handed on to fn. */
typedef futu_err on_item(struct reader *r, const struct member *m);

static futu_err each_item(struct reader *r, const struct member *m, on_item *fn)
{
    if (!json_take(&r->lx, '['))
        return m ? bad(r, m->name, "a list is expected") : malformed(r, "a list is expected");
    if (json_take(&r->lx, ']'))
        return FUTU_OK;
    do {
        futu_err err = fn(r, m);
        if (err)
            return err;
    } while (json_take(&r->lx, ','));
    return json_take(&r->lx, ']') ? FUTU_OK : malformed(r, "a comma or ] is expected");
}

/* Text into `out`, which ends with a NUL; too long or with a NUL inside: *fits is false. */
static futu_err read_string(struct reader *r, char *out, size_t size, bool *fits)
{
    char esc[4];
    futu_str piece;
    size_t n = 0;
    *fits = true;
    json_take(&r->lx, '"');
    for (;;) {
        const char *wrong = json_piece(&r->lx, esc, &piece);
        if (wrong)
            return malformed(r, wrong);
        if (piece.n == 0)
            break;
        if (memchr(piece.p, '\0', piece.n) || piece.n >= size - n) {
            *fits = false;
            continue;
        }
        memcpy(out + n, piece.p, piece.n);
        n += piece.n;
    }
    out[n] = '\0';
    return FUTU_OK;
}

static futu_err read_text(struct reader *r, const char *member, char *out, size_t size)
{
    bool fits;
    if (json_peek(&r->lx) != '"')
        return bad(r, member, "a text is expected");
    futu_err err = read_string(r, out, size, &fits);
    if (!err && !fits)
        return bad(r, member, "at most %zu bytes, none of them NUL", size - 1);
    return err;
}

/* A number as it stands; n 0: there is none. */
static futu_str take_number(struct reader *r, bool *whole)
{
    json_blanks(&r->lx);
    futu_str rest = { r->lx.p, (size_t)(r->lx.end - r->lx.p) };
    futu_str number = { rest.p, num_scan(rest, whole) };
    r->lx.p += number.n;
    return number;
}

static futu_err skip(struct reader *r);

static futu_err skip_member(struct reader *r, futu_str name)
{
    (void)name;
    return skip(r);
}

static futu_err skip_item(struct reader *r, const struct member *m)
{
    (void)m;
    return skip(r);
}

/* Any value, to find a key's id behind it. */
static futu_err skip(struct reader *r)
{
    char tmp[8];
    bool any;
    futu_err err = FUTU_OK;
    if (++r->depth > DEPTH_MAX)
        return malformed(r, "nested too deeply");
    char next = json_peek(&r->lx);
    if (next == '{')
        err = each_member(r, skip_member);
    else if (next == '[')
        err = each_item(r, NULL, skip_item);
    else if (next == '"')
        err = read_string(r, tmp, sizeof(tmp), &any);
    else if (!json_word(&r->lx, STR("null")) && !json_word(&r->lx, STR("true")) &&
             !json_word(&r->lx, STR("false")) && take_number(r, &any).n == 0)
        err = malformed(r, "a value is expected");
    r->depth--;
    return err;
}

/* ---- members of a key ---- */

static futu_err read_id(struct reader *r, const struct member *m)
{
    char id[KEY_ID_MAX + 1];
    futu_err err = read_text(r, m->name, id, sizeof(id));
    if (err)
        return err;
    if (!rule_id(str_c(id)))
        return bad(r, m->name, "1 to %d visible characters without \" \\ < are expected",
                   KEY_ID_MAX);
    memcpy(r->key->id, id, sizeof(id));
    return FUTU_OK;
}

static futu_err read_hash(struct reader *r, const struct member *m)
{
    static const char prefix[] = "sha256:";
    char text[96];
    futu_err err = read_text(r, m->name, text, sizeof(text));
    if (err)
        return err;
    const char *hex = text;
    if (strncmp(text, prefix, sizeof(prefix) - 1) == 0)
        hex += sizeof(prefix) - 1;
    return hex_read(str_c(hex), r->key->hash, sizeof(r->key->hash))
               ? FUTU_OK
               : bad(r, m->name, "sha256: and 64 hex digits are expected");
}

static futu_err read_scope(struct reader *r, const struct member *m)
{
    char text[KEY_WORD_MAX + 1], why[RULE_WHY];
    futu_err err = read_text(r, m->name, text, sizeof(text));
    if (err)
        return err;
    uint32_t bit = rule_scope(str_c(text), why, sizeof(why));
    r->key->scopes |= bit;
    return bit ? FUTU_OK : bad(r, m->name, "%s", why);
}

static futu_err read_scopes(struct reader *r, const struct member *m)
{
    return each_item(r, m, read_scope);
}

static futu_err too_many(struct reader *r, const struct member *m, futu_err err)
{
    if (err == FUTU_ENOMEM)
        return no_memory(r);
    return err ? bad(r, m->name, "more than %d entries", KEY_LIST_MAX) : FUTU_OK;
}

static futu_err read_word(struct reader *r, const struct member *m)
{
    const struct rule_list *l = m->arg;
    char text[KEY_WORD_MAX + 1], why[RULE_WHY];
    futu_err err = read_text(r, m->name, text, sizeof(text));
    if (err)
        return err;
    if (!l->check(text, why, sizeof(why)))
        return bad(r, m->name, "%s", why);
    return too_many(r, m, rule_list_add(l, r->key, text));
}

static futu_err read_words(struct reader *r, const struct member *m)
{
    return each_item(r, m, read_word);
}

static futu_err read_machines(struct reader *r, const struct member *m)
{
    r->key->has_machines = true;
    return each_item(r, m, read_word);
}

/* Exact up to 64 bits; as text too, since many programs can't write such a number. */
static bool read_u64(struct reader *r, uint64_t *out)
{
    char text[24];
    bool whole, fits;
    if (json_peek(&r->lx) == '"')
        return !read_string(r, text, sizeof(text), &fits) && fits && str_to_u64(str_c(text), out);
    futu_str number = take_number(r, &whole);
    return number.n > 0 && whole && number.p[0] != '-' && num_read_u64(number, out);
}

static futu_err read_acc_id(struct reader *r, const struct member *m)
{
    uint64_t id;
    if (!read_u64(r, &id))
        return bad(r, m->name, "a whole number of at most 64 bits is expected");
    return too_many(r, m, rule_acc_id_add(m->arg ? &r->raw : r->key, id));
}

static futu_err read_acc_ids(struct reader *r, const struct member *m)
{
    r->raw_ids = r->raw_ids || m->arg;
    return each_item(r, m, read_acc_id);
}

static futu_err read_value(struct reader *r, const struct member *m)
{
    bool whole, daily = m->arg != NULL;
    double v;
    futu_str number = take_number(r, &whole);
    if (number.n == 0 || !num_read_double(number, &v) || !isfinite(v) || v < 0 ||
        v > KEY_VALUE_MAX)
        return bad(r, m->name, "a number from 0 to %.0f is expected", KEY_VALUE_MAX);
    *(daily ? &r->key->has_daily_value : &r->key->has_order_value) = true;
    *(daily ? &r->key->max_daily_value : &r->key->max_order_value) = v;
    return FUTU_OK;
}

static futu_err read_rate(struct reader *r, const struct member *m)
{
    bool whole;
    uint64_t v;
    futu_str number = take_number(r, &whole);
    if (number.n == 0 || !whole || number.p[0] == '-' || !num_read_u64(number, &v) ||
        v > KEY_RATE_MAX)
        return bad(r, m->name, "a whole number from 0 to %u is expected", KEY_RATE_MAX);
    r->key->has_rate = true;
    r->key->max_orders_per_minute = (uint32_t)v;
    return FUTU_OK;
}

static futu_err read_hours(struct reader *r, const struct member *m)
{
    char text[16];
    futu_err err = read_text(r, m->name, text, sizeof(text));
    if (err)
        return err;
    r->key->has_hours = true;
    if (rule_hours(str_c(text), &r->key->hours_from, &r->key->hours_to))
        return FUTU_OK;
    return bad(r, m->name, "HH:MM-HH:MM of two different times is expected");
}

static futu_err read_time(struct reader *r, const struct member *m)
{
    char text[64];
    futu_err err = read_text(r, m->name, text, sizeof(text));
    if (err)
        return err;
    bool expiry = m->arg != NULL;
    int64_t ms;
    if (!rule_time(str_c(text), &ms))
        return bad(r, m->name, "a time such as 2030-01-31T12:00:00Z is expected");
    /* 0 stands for never; a key that ended with the first moment of 1970 has ended all the same. */
    *(expiry ? &r->key->expires_ms : &r->key->created_ms) = MAX(ms, 1);
    return FUTU_OK;
}

static futu_err read_note(struct reader *r, const struct member *m)
{
    return read_text(r, m->name, r->key->note, sizeof(r->key->note));
}

static futu_err read_limits(struct reader *r, const struct member *m);

static const char set[] = "";           /* an argument that says: the other one of two */
static const struct member members[] = {
    { "id", read_id, false, false, NULL },
    { "hash", read_hash, false, false, NULL },
    { "scopes", read_scopes, false, false, NULL },
    { "limits", read_limits, false, true, NULL },
    { "allowed_markets", read_words, true, true, &rule_lists[0] },
    { "allowed_symbols", read_words, true, true, &rule_lists[1] },
    { "allowed_trd_sides", read_words, true, true, &rule_lists[2] },
    { "allowed_card_nums", read_words, true, true, &rule_lists[3] },
    { "allowed_machines", read_machines, false, true, &rule_lists[4] },
    { "allowed_acc_ids", read_acc_ids, true, true, NULL },
    { "raw_explicit_acc_ids", read_acc_ids, false, true, set },
    { "max_order_value", read_value, true, true, NULL },
    { "max_daily_value", read_value, true, true, set },
    { "max_orders_per_minute", read_rate, true, true, NULL },
    { "hours_window", read_hours, true, true, NULL },
    { "created_at", read_time, false, true, NULL },
    { "expires_at", read_time, false, true, set },
    { "note", read_note, false, true, NULL },
};

static futu_err unknown_member(struct reader *r, futu_str name)
{
    const char *known[ARRAY_LEN(members)];
    char shown[RULE_SHOWN];
    size_t n = 0;
    for (size_t i = 0; i < ARRAY_LEN(members); i++)
        if (members[i].limit || !r->in_limits)
            known[n++] = members[i].name;
    const char *best = rule_nearest(name, known, n);
    rule_shown(name, shown);
    if (best)
        return bad(r, shown, "unknown member; did you mean %s?", best);
    return bad(r, shown, "unknown member");
}

static futu_err read_member(struct reader *r, futu_str name)
{
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        const struct member *m = &members[i];
        if (!str_is(name, m->name) || (r->in_limits && !m->limit))
            continue;
        if (r->seen & 1u << i)
            return bad(r, m->name, "given twice");
        r->seen |= 1u << i;
        if (m->optional && json_word(&r->lx, STR("null")))
            return FUTU_OK;
        return m->read(r, m);
    }
    return unknown_member(r, name);
}

static futu_err read_limits(struct reader *r, const struct member *m)
{
    if (json_peek(&r->lx) != '{')
        return bad(r, m->name, "an object is expected");
    r->in_limits = true;
    futu_err err = each_member(r, read_member);
    r->in_limits = false;
    return err;
}

/* ---- keys ---- */

/* So that an error can name its key wherever the id stands. */
static futu_err find_id(struct reader *r, futu_str name)
{
    if (!str_is(name, "id") || json_peek(&r->lx) != '"' || r->key->id[0])
        return skip(r);
    char id[KEY_ID_MAX + 1];
    bool fits;
    futu_err err = read_string(r, id, sizeof(id), &fits);
    if (!err && fits && rule_id(str_c(id)))
        memcpy(r->key->id, id, sizeof(id));
    return err;
}

static futu_err check_needed(struct reader *r)
{
    for (size_t i = 0; i < ARRAY_LEN(members); i++)
        if (!members[i].optional && !(r->seen & 1u << i))
            return bad(r, members[i].name, "missing");
    return FUTU_OK;
}

/* The other program keeps the accounts its user wrote apart from those that cards stood for; the
 * cards are resolved anew. */
static void take_raw_ids(struct reader *r)
{
    if (r->raw_ids && r->key->n_cards > 0) {
        mem_free(r->key->acc_ids);
        r->key->acc_ids = r->raw.acc_ids;
        r->key->n_acc_ids = r->raw.n_acc_ids;
        r->raw.acc_ids = NULL;
        r->raw.n_acc_ids = 0;
    }
    key_rules_free(&r->raw);
}

static futu_err read_key(struct reader *r, struct key_rules *k)
{
    r->key = k;
    r->number++;
    r->seen = 0;
    r->raw_ids = false;
    if (json_peek(&r->lx) != '{')
        return malformed(r, "an object is expected");
    struct json_lex start = r->lx;
    futu_err err = each_member(r, find_id);
    r->lx = start;
    if (!err)
        err = each_member(r, read_member);
    if (!err)
        err = check_needed(r);
    take_raw_ids(r);
    return err;
}

static futu_err read_next_key(struct reader *r, const struct member *m)
{
    struct key_list *l = r->list;
    (void)m;
    if ((l->n & (l->n - 1)) == 0) {
        struct key_rules *more = mem_realloc(l->keys, (l->n ? 2 * l->n : 1) * sizeof(*more));
        if (!more)
            return no_memory(r);
        l->keys = more;
    }
    struct key_rules *k = &l->keys[l->n++];
    memset(k, 0, sizeof(*k));
    return read_key(r, k);
}

static futu_err check_unique(struct reader *r, struct key_list *l)
{
    struct map ids = MAP_INIT, hashes = MAP_INIT;
    futu_err err = FUTU_OK;
    for (size_t i = 0; i < l->n && !err; i++) {
        r->key = &l->keys[i];
        r->number = i + 1;
        futu_str hash = { (const char *)r->key->hash, sizeof(r->key->hash) };
        const struct key_rules *other = map_get(&hashes, hash);
        if (map_get(&ids, str_c(r->key->id)))
            err = bad(r, "id", "two keys have it");
        else if (other)
            err = bad(r, "hash", "key %s has the same", other->id);
        else if (map_put(&ids, str_c(r->key->id), r->key) || map_put(&hashes, hash, r->key))
            err = no_memory(r);
    }
    map_free(&ids);
    map_free(&hashes);
    return err;
}

/* The file itself: {"version": 1, "keys": [...]}. */
static futu_err read_top_member(struct reader *r, futu_str name)
{
    char shown[RULE_SHOWN];
    bool whole;
    if (str_is(name, "version") && !r->has_version) {
        r->has_version = true;
        return str_is(take_number(r, &whole), "1") ? FUTU_OK : bad(r, "version", "1 is expected");
    }
    if (str_is(name, "keys") && !r->has_keys) {
        r->has_keys = true;
        futu_err err = each_item(r, NULL, read_next_key);
        if (!err)
            r->number = 0;
        return err;
    }
    return bad(r, rule_shown(name, shown), "version and keys are expected, once each");
}

static futu_err read_top(struct reader *r)
{
    futu_err err = each_member(r, read_top_member);
    if (err)
        return err;
    if (!r->has_version || !r->has_keys)
        return bad(r, r->has_version ? "keys" : "version", "missing");
    json_blanks(&r->lx);
    if (r->lx.p < r->lx.end)
        return malformed(r, "nothing is expected behind the object");
    return check_unique(r, r->list);
}

futu_err keys_parse(futu_str text, struct key_list *out, char *why, size_t size)
{
    struct reader r = { { text.p, text.p + text.n }, .text = text.p, .why = why, .size = size,
                        .list = out };
    *out = (struct key_list){ NULL, 0 };
    if (text.n > KEYS_FILE_MAX) {
        snprintf(why, size, "larger than %u MiB", KEYS_FILE_MAX >> 20);
        return FUTU_ELIMIT;
    }
    futu_err err = read_top(&r);
    if (err)
        keys_free(out);
    return err;
}
