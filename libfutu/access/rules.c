/* rules.c - see rules.h. */
#include "access/rules.h"

#include <ctype.h>
#include <stdio.h>
#include <strings.h>
#include <time.h>

#include "base/mem.h"
#include "codec/registry.h"
#include "codec/utf8.h"

#define YEAR_10000_MS INT64_C(253402300800000)

static const struct {
    const char *name;
    uint32_t bit;
} scopes[] = {
    { "qot:read", SCOPE_QOT_READ },
    { "acc:read", SCOPE_ACC_READ },
    { "trade:simulate", SCOPE_TRADE_SIMULATE },
    { "trade:real", SCOPE_TRADE_REAL },
    { "trade:unlock", SCOPE_TRADE_UNLOCK },
    { "admin", SCOPE_ADMIN },
    { "metrics:read", SCOPE_METRICS_READ },
}, aliases[] = {
    { "quote", SCOPE_QOT_READ },
    { "trade:read", SCOPE_ACC_READ },
};

/* Trd_Common.TrdMarket in capitals. */
static const char *const markets[] = {  /* at most 32 */
    "HK", "US", "CN", "HKCC", "FUTURES", "SG", "CRYPTO", "AU", "FUTURES_SIMULATE_HK",
    "FUTURES_SIMULATE_US", "FUTURES_SIMULATE_SG", "FUTURES_SIMULATE_JP", "JP", "PREDICTION", "MY",
    "CA", "HK_FUND", "US_FUND", "SG_FUND", "MY_FUND", "JP_FUND",
};
/* Trd_Common.TrdSide, from 1. */
static const char *const sides[] = { "BUY", "SELL", "SELL_SHORT", "BUY_BACK" };

const char *rule_shown(futu_str text, char out[RULE_SHOWN])
{
    if (!str_copy(out, RULE_SHOWN - 3, text))
        memcpy(out + RULE_SHOWN - 4, "...", 4);
    for (char *c = out; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = '?';
    return out;
}

unsigned rule_near_enough(futu_str word)
{
    return 2 + (word.n > 2) + (unsigned)MIN(word.n, 100) / 4;
}

const char *rule_nearest(futu_str word, const char *const *names, size_t n)
{
    const char *best = NULL;
    unsigned far = rule_near_enough(word);
    for (size_t i = 0; i < n; i++) {
        unsigned d = futu_word_distance(word, str_c(names[i]));
        if (d < far) {
            far = d;
            best = names[i];
        }
    }
    return best;
}

static bool unknown(futu_str word, const char *what, const char *const *names, size_t n, char *why,
                    size_t size)
{
    char shown[RULE_SHOWN];
    const char *best = rule_nearest(word, names, n);
    rule_shown(word, shown);
    if (best) {
        snprintf(why, size, "%s is no %s; did you mean %s?", shown, what, best);
        return false;
    }
    size_t used = (size_t)snprintf(why, size, "%s is no %s; there are", shown, what);
    for (size_t i = 0; i < n && used < size; i++) {
        bool fits = i + 1 == n || used + strlen(names[i]) + sizeof("  ...") <= size;
        used += (size_t)snprintf(why + used, size - used, " %s", fits ? names[i] : "...");
        if (!fits)
            break;
    }
    return false;
}

/* ---- scopes ---- */

const char *rule_scope_at(size_t i, uint32_t *bit)
{
    if (i >= ARRAY_LEN(scopes))
        return NULL;
    *bit = scopes[i].bit;
    return scopes[i].name;
}

uint32_t rule_scope(futu_str name, char *why, size_t size)
{
    const char *names[ARRAY_LEN(scopes)];
    for (size_t i = 0; i < ARRAY_LEN(scopes); i++) {
        names[i] = scopes[i].name;
        if (str_is(name, scopes[i].name))
            return scopes[i].bit;
    }
    for (size_t i = 0; i < ARRAY_LEN(aliases); i++)
        if (str_is(name, aliases[i].name))
            return aliases[i].bit;
    if (str_is(name, "trade"))
        snprintf(why, size, "trade is not a scope of its own; say which: trade:simulate, "
                 "trade:real or trade:unlock");
    else
        unknown(name, "scope", names, ARRAY_LEN(scopes), why, size);
    return 0;
}

/* ---- words of lists ---- */

uint32_t rule_market_bit(const char *name)
{
    int first = toupper((unsigned char)name[0]);
    for (size_t i = 0; i < ARRAY_LEN(markets); i++)
        if (markets[i][0] == first && strcasecmp(markets[i], name) == 0)
            return 1u << i;
    return 0;
}

uint32_t rule_side_bit(int32_t side)
{
    return rule_side_name(side) ? 1u << side : 0;
}

const char *rule_side_name(int32_t side)
{
    return side >= 1 && side <= (int32_t)ARRAY_LEN(sides) ? sides[side - 1] : NULL;
}

static bool one_of(const char *text, const char *what, const char *const *names, size_t n,
                   char *why, size_t size)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(text, names[i]) == 0)
            return true;
    return unknown(str_c(text), what, names, n, why, size);
}

static bool check_side(char *text, char *why, size_t size)
{
    return one_of(text, "side", sides, ARRAY_LEN(sides), why, size);
}

static bool check_market(char *text, char *why, size_t size)
{
    if (strcmp(text, "SH") != 0 && strcmp(text, "SZ") != 0)
        return one_of(text, "market", markets, ARRAY_LEN(markets), why, size);
    snprintf(why, size, "%s is traded as CN or HKCC; name those", text);
    return false;
}

static bool check_symbol(char *text, char *why, size_t size)
{
    const char *dot = strchr(text, '.');
    bool fine = dot && dot != text && dot[1];
    for (const char *c = text; *c; c++)
        if ((unsigned char)*c <= ' ' || (unsigned char)*c >= 0x7f || *c == ',' ||
            (dot && c < dot && !isalpha((unsigned char)*c)))
            fine = false;
    if (fine)
        return true;
    char shown[RULE_SHOWN];
    snprintf(why, size, "%s is not MARKET.CODE, such as HK.00700", rule_shown(str_c(text), shown));
    return false;
}

static bool check_card(char *text, char *why, size_t size)
{
    char shown[RULE_SHOWN];
    size_t n = strlen(text);
    if (n >= 4 && n <= 32 && strspn(text, "0123456789") == n)
        return true;
    snprintf(why, size, "%s is neither a card number nor its last four digits",
             rule_shown(str_c(text), shown));
    return false;
}

/* The guide shows fingerprints with "fp_" before them. */
static bool check_machine(char *text, char *why, size_t size)
{
    char shown[RULE_SHOWN];
    size_t skip = strncmp(text, "fp_", 3) == 0 ? 3 : 0;
    if (strlen(text + skip) == 64 && strspn(text + skip, "0123456789abcdefABCDEF") == 64) {
        memmove(text, text + skip, 65);
        for (char *c = text; *c; c++)
            *c = (char)tolower((unsigned char)*c);
        return true;
    }
    snprintf(why, size, "%s is no fingerprint of 64 hex digits, as machine-id --for-key prints it",
             rule_shown(str_c(text), shown));
    return false;
}

#define LIST(name, field, fn)                                                                      \
    { name, offsetof(struct key_rules, field), offsetof(struct key_rules, n_##field), fn }
const struct rule_list rule_lists[] = {
    LIST("allowed_markets", markets, check_market),
    LIST("allowed_symbols", symbols, check_symbol),
    LIST("allowed_trd_sides", sides, check_side),
    LIST("allowed_card_nums", cards, check_card),
    LIST("allowed_machines", machines, check_machine),
};
const size_t rule_n_lists = ARRAY_LEN(rule_lists);

char ***rule_list_of(const struct rule_list *l, struct key_rules *k, size_t **n)
{
    *n = (size_t *)((char *)k + l->off_n);
    return (char ***)((char *)k + l->off);
}

/* Room for one more in an array that doubles; its size follows from n. */
static void *with_room(void *p, size_t n, size_t size)
{
    if (p && (n & (n - 1)) != 0)
        return p;
    return mem_realloc(p, (n ? 2 * n : 1) * size);
}

futu_err rule_list_add(const struct rule_list *l, struct key_rules *k, const char *word)
{
    size_t *n;
    char ***list = rule_list_of(l, k, &n);
    for (size_t i = 0; i < *n; i++)
        if (strcmp((*list)[i], word) == 0)
            return FUTU_OK;
    if (*n >= KEY_LIST_MAX)
        return FUTU_ELIMIT;
    char **more = with_room(*list, *n, sizeof(*more));
    if (!more)
        return FUTU_ENOMEM;
    *list = more;
    more[*n] = mem_strdup(word);
    if (!more[*n])
        return FUTU_ENOMEM;
    ++*n;
    return FUTU_OK;
}

futu_err rule_acc_id_add(struct key_rules *k, uint64_t acc_id)
{
    for (size_t i = 0; i < k->n_acc_ids; i++)
        if (k->acc_ids[i] == acc_id)
            return FUTU_OK;
    if (k->n_acc_ids >= KEY_LIST_MAX)
        return FUTU_ELIMIT;
    uint64_t *more = with_room(k->acc_ids, k->n_acc_ids, sizeof(*more));
    if (!more)
        return FUTU_ENOMEM;
    k->acc_ids = more;
    more[k->n_acc_ids++] = acc_id;
    return FUTU_OK;
}

void key_rules_free(struct key_rules *k)
{
    for (size_t i = 0; i < rule_n_lists; i++) {
        size_t *n;
        char ***list = rule_list_of(&rule_lists[i], k, &n);
        for (size_t j = 0; j < *n; j++)
            mem_free((*list)[j]);
        mem_free(*list);
    }
    mem_free(k->acc_ids);
    memset(k, 0, sizeof(*k));
}

/* ---- single values ---- */

bool rule_utf8(futu_str text)
{
    for (size_t i = 0, n; i < text.n; i += n) {
        n = utf8_next((const unsigned char *)text.p + i, text.n - i);
        if (n == 0)
            return false;
    }
    return true;
}

/* "<" begins what an audit line says when there is no id. */
bool rule_id(futu_str id)
{
    if (id.n == 0 || id.n > KEY_ID_MAX || !rule_utf8(id))
        return false;
    for (size_t i = 0; i < id.n; i++) {
        unsigned char c = (unsigned char)id.p[i];
        if (c <= ' ' || c == 0x7f || c == '"' || c == '\\' || c == '<')
            return false;
    }
    return true;
}

/* `n` digits; -1: other characters. */
static int digits(const char *p, int n)
{
    int v = 0;
    for (int i = 0; i < n; i++) {
        if (p[i] < '0' || p[i] > '9')
            return -1;
        v = v * 10 + (p[i] - '0');
    }
    return v;
}

static int minutes(const char *p, int most)
{
    int h = digits(p, 2), m = digits(p + 3, 2);
    int v = h * 60 + m;
    return h < 0 || m < 0 || m > 59 || p[2] != ':' || v > most ? -1 : v;
}

bool rule_hours(futu_str text, uint16_t *from, uint16_t *to)
{
    if (text.n != 11 || text.p[5] != '-')
        return false;
    int a = minutes(text.p, 1439), b = minutes(text.p + 6, 1440);
    if (a < 0 || b < 0 || a == b)
        return false;
    *from = (uint16_t)a;
    *to = (uint16_t)b;
    return true;
}

void rule_hours_text(uint16_t from, uint16_t to, char out[12])
{
    snprintf(out, 12, "%02u:%02u-%02u:%02u", from / 60u % 100u, from % 60u, to / 60u % 100u,
             to % 60u);
}

/* Seconds east of UTC of "Z" or "+HH:MM"; false: neither. */
static bool zone(futu_str s, int *out)
{
    *out = 0;
    if (s.n == 1 && (s.p[0] == 'Z' || s.p[0] == 'z'))
        return true;
    if (s.n != 6 || (s.p[0] != '+' && s.p[0] != '-'))
        return false;
    int m = minutes(s.p + 1, 1439);
    *out = (s.p[0] == '-' ? -60 : 60) * m;
    return m >= 0;
}

/* Milliseconds of ".123456" at the start, which is cut off. */
static bool fraction(futu_str *s, int *ms)
{
    *ms = 0;
    if (s->n == 0 || s->p[0] != '.')
        return true;
    size_t n = 1;
    for (int unit = 100; n < s->n && s->p[n] >= '0' && s->p[n] <= '9'; n++, unit /= 10)
        *ms += unit * (s->p[n] - '0');
    s->p += n;
    s->n -= n;
    return n > 1;
}

bool rule_time(futu_str text, int64_t *ms)
{
    static const char form[] = "dddd-dd-ddTdd:dd:dd";
    const size_t n = sizeof(form) - 1;
    struct tm tm = { 0 };
    int offset, frac;
    if (text.n <= n)
        return false;
    for (size_t i = 0; i < n; i++) {
        int c = toupper((unsigned char)text.p[i]);
        if (form[i] == 'd' ? c < '0' || c > '9' : c != form[i])
            return false;
    }
    futu_str rest = { text.p + n, text.n - n };
    if (!fraction(&rest, &frac) || !zone(rest, &offset))
        return false;
    tm.tm_year = digits(text.p, 4) - 1900;
    tm.tm_mon = digits(text.p + 5, 2) - 1;
    tm.tm_mday = digits(text.p + 8, 2);
    tm.tm_hour = digits(text.p + 11, 2);
    tm.tm_min = digits(text.p + 14, 2);
    tm.tm_sec = digits(text.p + 17, 2);
    struct tm given = tm;
    if (tm.tm_sec == 60)                /* a leap second counts as the one behind it */
        given.tm_sec = tm.tm_sec = 59;
    time_t t = timegm(&tm);
    /* timegm() carries the 31st of June over: what it changed was no date. */
    if (tm.tm_mon != given.tm_mon || tm.tm_mday != given.tm_mday || tm.tm_hour != given.tm_hour ||
        tm.tm_min != given.tm_min || tm.tm_sec != given.tm_sec)
        return false;
    *ms = ((int64_t)t - offset) * 1000 + frac;
    return *ms >= 0 && *ms < YEAR_10000_MS;
}

void rule_time_text(int64_t ms, char out[RFC3339_SIZE])
{
    rfc3339_text(ms, out);
    if (ms % 1000 == 0)
        memcpy(out + strlen("2026-11-24T09:30:00"), "Z", 2);
}
