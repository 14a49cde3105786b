/* key_spec.c - see key_spec.h. */
#include "api/key_spec.h"

#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "access/rules.h"
#include "codec/num.h"

#define DAYS_MAX 36500

struct reader {
    struct key_rules *k;
    char *why;
    size_t size;
    int64_t now_ms;
};

static futu_err bad(struct reader *r, const char *field, const char *fmt, ...) PRINTF_LIKE(3, 4);
static futu_err bad(struct reader *r, const char *field, const char *fmt, ...)
{
    char what[256];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(what, sizeof(what), fmt, ap);
    va_end(ap);
    snprintf(r->why, r->size, "%s: %s", field, what);
    return FUTU_EINVAL;
}

static futu_err added(struct reader *r, const char *field, futu_err err)
{
    if (err == FUTU_ELIMIT)
        return bad(r, field, "more than %d entries", KEY_LIST_MAX);
    if (err)
        snprintf(r->why, r->size, "out of memory");
    return err;
}

/* ---- lists ---- */

typedef futu_err on_word(struct reader *r, const char *field, const void *arg, char *word);

static futu_err each_word(struct reader *r, const char *field, const char *text, on_word *fn,
                          const void *arg)
{
    char word[KEY_WORD_MAX + 1], shown[RULE_SHOWN];
    futu_err err = FUTU_OK;
    do {
        text += strspn(text, " \t");
        size_t n = strcspn(text, ","), used = n;
        while (used > 0 && (text[used - 1] == ' ' || text[used - 1] == '\t'))
            used--;
        if (used == 0)
            return bad(r, field, "an entry is empty");
        if (!str_copy(word, sizeof(word), (futu_str){ text, used }))
            return bad(r, field, "%s is too long", rule_shown((futu_str){ text, used }, shown));
        err = fn(r, field, arg, word);
        text += n;
    } while (!err && *text++ == ',');
    return err;
}

static futu_err take_scope(struct reader *r, const char *field, const void *arg, char *word)
{
    char what[RULE_WHY];
    uint32_t bit = rule_scope(str_c(word), what, sizeof(what));
    (void)arg;
    r->k->scopes |= bit;
    return bit ? FUTU_OK : bad(r, field, "%s", what);
}

/* Markets, symbols and sides are stored in capitals; the rest has no letters that matter. */
static futu_err take_word(struct reader *r, const char *field, const void *arg, char *word)
{
    const struct rule_list *l = arg;
    char what[RULE_WHY];
    if (l->off != offsetof(struct key_rules, machines))
        for (char *c = word; *c; c++)
            *c = (char)toupper((unsigned char)*c);
    if (!l->check(word, what, sizeof(what)))
        return bad(r, field, "%s", what);
    return added(r, field, rule_list_add(l, r->k, word));
}

static futu_err take_acc_id(struct reader *r, const char *field, const void *arg, char *word)
{
    char shown[RULE_SHOWN];
    uint64_t id;
    (void)arg;
    if (!str_to_u64(str_c(word), &id) || id == 0)
        return bad(r, field, "%s is no account", rule_shown(str_c(word), shown));
    return added(r, field, rule_acc_id_add(r->k, id));
}

static const struct rule_list *list_named(const char *member)
{
    for (size_t i = 0; i < rule_n_lists; i++)
        if (strcmp(rule_lists[i].member, member) == 0)
            return &rule_lists[i];
    return NULL;
}

static futu_err read_list(struct reader *r, const char *field, const char *text)
{
    return text ? each_word(r, field, text, take_word, list_named(field)) : FUTU_OK;
}

futu_err key_spec_machines(struct key_rules *k, const char *list, char *why, size_t size)
{
    struct reader r = { k, why, size, 0 };
    k->has_machines = true;
    return read_list(&r, "allowed_machines", list);
}

futu_err key_spec_bind_here(struct key_rules *k, char *why, size_t size)
{
    struct reader r = { k, why, size, 0 };
    char print[FUTU_FINGERPRINT_SIZE];
    futu_err err = futu_machine_fingerprint(k->id, print);
    if (err) {
        snprintf(why, size, "this machine has no /etc/machine-id to bind to");
        return err;
    }
    k->has_machines = true;
    return added(&r, "allowed_machines", rule_list_add(list_named("allowed_machines"), k, print));
}

/* ---- single values ---- */

static futu_err read_id(struct reader *r, const char *text)
{
    if (text && !rule_id(str_c(text)))
        return bad(r, "id", "1 to %d visible characters without \" \\ < are expected", KEY_ID_MAX);
    if (text)
        str_copy(r->k->id, sizeof(r->k->id), str_c(text));
    return FUTU_OK;
}

static futu_err read_value(struct reader *r, const char *field, const char *text, bool *has,
                           double *out)
{
    char shown[RULE_SHOWN];
    bool whole;
    futu_str s = str_c(text);
    if (!text)
        return FUTU_OK;
    if (num_scan(s, &whole) != s.n || s.n == 0 || !num_read_double(s, out) || !isfinite(*out) ||
        *out < 0 || *out > KEY_VALUE_MAX)
        return bad(r, field, "%s is no number from 0 to %.0f", rule_shown(s, shown), KEY_VALUE_MAX);
    *has = true;
    return FUTU_OK;
}

static futu_err read_rate(struct reader *r, const char *text)
{
    char shown[RULE_SHOWN];
    uint64_t v;
    if (!text)
        return FUTU_OK;
    if (!str_to_u64(str_c(text), &v) || v > KEY_RATE_MAX)
        return bad(r, "max_orders_per_minute", "%s is no whole number from 0 to %u",
                   rule_shown(str_c(text), shown), KEY_RATE_MAX);
    r->k->has_rate = true;
    r->k->max_orders_per_minute = (uint32_t)v;
    return FUTU_OK;
}

static futu_err read_hours(struct reader *r, const char *text)
{
    char shown[RULE_SHOWN];
    if (!text)
        return FUTU_OK;
    if (!rule_hours(str_c(text), &r->k->hours_from, &r->k->hours_to))
        return bad(r, "hours_window", "%s is not HH:MM-HH:MM of two different times",
                   rule_shown(str_c(text), shown));
    r->k->has_hours = true;
    return FUTU_OK;
}

/* "30d", "12h", "90m"; false: it has another form. */
static bool span(futu_str s, int64_t *ms)
{
    static const struct {
        char unit;
        int64_t ms;
    } units[] = { { 'd', 86400000 }, { 'h', 3600000 }, { 'm', 60000 } };
    uint64_t n;
    if (s.n < 2 || !str_to_u64((futu_str){ s.p, s.n - 1 }, &n))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(units); i++)
        if (s.p[s.n - 1] == units[i].unit && n > 0 &&
            n <= DAYS_MAX * (uint64_t)(units[0].ms / units[i].ms)) {
            *ms = (int64_t)n * units[i].ms;
            return true;
        }
    return false;
}

static futu_err read_expiry(struct reader *r, const char *text)
{
    char shown[RULE_SHOWN];
    int64_t ms;
    if (!text)
        return FUTU_OK;
    if (span(str_c(text), &ms))
        ms += r->now_ms;
    else if (!rule_time(str_c(text), &ms))
        return bad(r, "expires", "%s is neither 30d, 12h, 90m nor 2030-01-31T12:00:00Z",
                   rule_shown(str_c(text), shown));
    if (ms <= r->now_ms)
        return bad(r, "expires", "%s has passed already", rule_shown(str_c(text), shown));
    r->k->expires_ms = ms;
    return FUTU_OK;
}

static futu_err read_note(struct reader *r, const char *text)
{
    if (text && !str_copy(r->k->note, sizeof(r->k->note), str_c(text)))
        return bad(r, "note", "longer than %d bytes", KEY_NOTE_MAX);
    if (text && !rule_utf8(str_c(text)))
        return bad(r, "note", "not UTF-8");
    return FUTU_OK;
}

/* ---- the whole ---- */

static futu_err check(struct reader *r, const futu_key_spec *s)
{
    const struct key_rules *k = r->k;
    if (k->has_order_value && k->has_daily_value && k->max_order_value > k->max_daily_value)
        return bad(r, "max_order_value", "%s is above the cap of a whole day, %s",
                   s->max_order_value, s->max_daily_value);
    if (k->n_machines > 0 && !k->id[0])
        return bad(r, "allowed_machines", "fingerprints are of one id, which must be given too");
    return FUTU_OK;
}

static futu_err read_lists(struct reader *r, const futu_key_spec *s)
{
    futu_err err = FUTU_OK;
    if (!s->scopes)
        return bad(r, "scopes", "missing");
    err = each_word(r, "scopes", s->scopes, take_scope, NULL);
    if (!err)
        err = read_list(r, "allowed_markets", s->allowed_markets);
    if (!err)
        err = read_list(r, "allowed_symbols", s->allowed_symbols);
    if (!err)
        err = read_list(r, "allowed_trd_sides", s->allowed_trd_sides);
    if (!err && s->allowed_acc_ids)
        err = each_word(r, "allowed_acc_ids", s->allowed_acc_ids, take_acc_id, NULL);
    if (!err)
        err = read_list(r, "allowed_card_nums", s->allowed_card_nums);
    if (!err && s->allowed_machines)
        err = key_spec_machines(r->k, s->allowed_machines, r->why, r->size);
    return err;
}

futu_err key_spec_read(const futu_key_spec *s, int64_t now_ms, struct key_rules *k, char *why,
                       size_t size)
{
    struct reader r = { k, why, size, now_ms };
    futu_err err = read_id(&r, s->id);
    if (!err)
        err = read_lists(&r, s);
    if (!err)
        err = read_value(&r, "max_order_value", s->max_order_value, &k->has_order_value,
                         &k->max_order_value);
    if (!err)
        err = read_value(&r, "max_daily_value", s->max_daily_value, &k->has_daily_value,
                         &k->max_daily_value);
    if (!err)
        err = read_rate(&r, s->max_orders_per_minute);
    if (!err)
        err = read_hours(&r, s->hours_window);
    if (!err)
        err = read_expiry(&r, s->expires);
    if (!err)
        err = read_note(&r, s->note);
    return err ? err : check(&r, s);
}
