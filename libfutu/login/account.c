/* account.c - see account.h. */
#include "login/account.h"

#include <ctype.h>
#include <stdio.h>

#include "crypt/digest.h"

#define PHONE_MIN 4
#define PHONE_MAX 15
#define ID_MAX 19               /* digits that always fit into a u64 */
#define LABEL_MAX 63

#define FORMS "a numeric id (12345678), +REGION-NUMBER (+86-13900000000) or an e-mail address"

static size_t digits(futu_str s)
{
    size_t n = 0;
    while (n < s.n && s.p[n] >= '0' && s.p[n] <= '9')
        n++;
    return n;
}

static futu_str trimmed(futu_str s)
{
    while (s.n && isspace((unsigned char)s.p[0])) {
        s.p++;
        s.n--;
    }
    while (s.n && isspace((unsigned char)s.p[s.n - 1]))
        s.n--;
    return s;
}

/* ---- the three forms; NULL: it is one, else what is wrong with it ---- */

static const char *judge_id(futu_str s)
{
    if (digits(s) != s.n)
        return "is none of the forms: " FORMS;
    if (s.n > ID_MAX || s.p[0] == '0')
        return "is no id: 1 to 19 digits, the first of them not 0; a phone is +REGION-NUMBER, such "
               "as +86-13900000000";
    return NULL;
}

/* Where the region ends can't be guessed, so the dash is a must. */
static const char *judge_phone(futu_str s, size_t *region)
{
    futu_str rest = { s.p + 1, s.n - 1 };
    *region = digits(rest);
    if (*region == rest.n)
        return "lacks the dash behind the region: +REGION-NUMBER, such as +86-13900000000 or "
               "+1-4155551234";
    futu_str number = { rest.p + *region + 1, rest.n - *region - 1 };
    if (*region == 0 || *region > ACCOUNT_REGION_MAX || rest.p[0] == '0' ||
        rest.p[*region] != '-' || digits(number) != number.n || number.n < PHONE_MIN ||
        number.n > PHONE_MAX)
        return "is no phone: +REGION-NUMBER in digits alone, such as +86-13900000000 or "
               "+1-4155551234";
    return NULL;
}

static bool is_label(futu_str s)
{
    if (s.n == 0 || s.n > LABEL_MAX || s.p[0] == '-' || s.p[s.n - 1] == '-')
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (!isalnum((unsigned char)s.p[i]) && s.p[i] != '-')
            return false;
    return true;
}

/* Two labels at least. */
static bool is_domain(futu_str s)
{
    size_t labels = 0;
    for (;;) {
        const char *dot = memchr(s.p, '.', s.n);
        futu_str label = { s.p, dot ? (size_t)(dot - s.p) : s.n };
        if (!is_label(label))
            return false;
        labels++;
        if (!dot)
            return labels > 1;
        s.n -= label.n + 1;
        s.p = dot + 1;
    }
}

static bool is_local(futu_str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!isalnum((unsigned char)s.p[i]) && !memchr(".!#$%&'*+/=?^_`{|}~-", s.p[i], 20))
            return false;
    return s.n > 0 && s.p[0] != '.' && s.p[s.n - 1] != '.';
}

static const char *judge_email(futu_str s, size_t at)
{
    futu_str local = { s.p, at }, domain = { s.p + at + 1, s.n - at - 1 };
    return is_local(local) && is_domain(domain)
               ? NULL
               : "is no e-mail address: NAME@DOMAIN, such as user@example.com";
}

/* ---- all ---- */

static void set_hash(struct account *a)
{
    uint8_t hash[16];
    char hex[33];
    md5(a->name, strlen(a->name), hash);
    hex_lower(hash, sizeof(hash), hex);
    memcpy(a->hash, hex, ACCOUNT_HASH);
}

static const char *judge(struct account *a, futu_str s)
{
    size_t region = 0;
    futu_str name = s;
    const char *at = memchr(s.p, '@', s.n), *wrong;
    if (s.p[0] == '+' && !at) {
        a->kind = ACCOUNT_PHONE;
        wrong = judge_phone(s, &region);
        if (wrong)
            return wrong;
        name = (futu_str){ s.p + region + 2, s.n - region - 2 };
    } else if (at) {
        a->kind = ACCOUNT_EMAIL;
        wrong = judge_email(s, (size_t)(at - s.p));
    } else {
        a->kind = ACCOUNT_ID;
        wrong = judge_id(s);
    }
    if (wrong)
        return wrong;
    str_copy(a->typed, sizeof(a->typed), s);
    str_copy(a->name, sizeof(a->name), name);
    str_copy(a->region, sizeof(a->region), (futu_str){ s.p + 1, region });
    return NULL;
}

/* What the user wrote, as far as it can be shown in a line. */
static void complain(futu_str s, const char *wrong, char *why, size_t size)
{
    if (str_visible(s))
        snprintf(why, size, "%.*s %s", (int)MIN(s.n, 40u), s.p, wrong);
    else
        snprintf(why, size, "this %s", wrong);
}

futu_err account_parse(struct account *out, const char *text, char *why, size_t size)
{
    futu_str s = trimmed(str_c(text));
    memset(out, 0, sizeof(*out));
    if (s.n == 0) {
        snprintf(why, size, "is empty: " FORMS);
        return FUTU_EINVAL;
    }
    if (s.n > ACCOUNT_MAX) {
        snprintf(why, size, "is longer than %d characters", ACCOUNT_MAX);
        return FUTU_EINVAL;
    }
    const char *wrong = judge(out, s);
    if (wrong) {
        memset(out, 0, sizeof(*out));
        complain(s, wrong, why, size);
        return FUTU_EINVAL;
    }
    set_hash(out);
    return FUTU_OK;
}

bool account_is(const struct account *a, futu_str stored)
{
    struct account other;
    char text[ACCOUNT_MAX + 1], why[256];
    if (str_is(stored, a->name))
        return true;
    if (stored.n > ACCOUNT_MAX || memchr(stored.p, '\0', stored.n))
        return false;
    str_copy(text, sizeof(text), stored);
    if (account_parse(&other, text, why, sizeof(why)))
        return false;
    return strcmp(a->name, other.name) == 0 &&
           (!a->region[0] || !other.region[0] || strcmp(a->region, other.region) == 0);
}
