/* num_in.c - the reading half of num.h.
 *
 * How:     up to 15 digits without an exponent are t / 10^k with both exact, so one division gives
 *          the nearest double. All others become digits and an exponent for strtod(), which then
 *          has no decimal point that a locale could spell in another way.
 * Tests:   test/unit/codec/num_test.c
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "codec/num.h"

static size_t skip_digits(futu_str s, size_t i)
{
    while (i < s.n && s.p[i] >= '0' && s.p[i] <= '9')
        i++;
    return i;
}

/* Behind the digits that must stand at i; 0: there are none. */
static size_t want_digits(futu_str s, size_t i)
{
    size_t end = skip_digits(s, i);
    return end > i ? end : 0;
}

size_t num_scan(futu_str s, bool *integer)
{
    size_t i = s.n && s.p[0] == '-' ? 1 : 0;
    *integer = true;
    if (i < s.n && s.p[i] == '0')       /* no digit may follow a leading zero */
        i++;
    else if ((i = want_digits(s, i)) == 0)
        return 0;
    if (i < s.n && s.p[i] == '.') {
        *integer = false;
        if ((i = want_digits(s, i + 1)) == 0)
            return 0;
    }
    if (i < s.n && (s.p[i] == 'e' || s.p[i] == 'E')) {
        *integer = false;
        i++;
        if (i < s.n && (s.p[i] == '+' || s.p[i] == '-'))
            i++;
        i = want_digits(s, i);
    }
    return i;
}

bool num_read_u64(futu_str s, uint64_t *out)
{
    bool negative = s.n && s.p[0] == '-';
    if (negative)
        s = (futu_str){ s.p + 1, s.n - 1 };
    return str_to_u64(s, out) && !(negative && *out);
}

bool num_read_i64(futu_str s, int64_t *out)
{
    uint64_t v;
    bool negative = s.n && s.p[0] == '-';
    if (negative)
        s = (futu_str){ s.p + 1, s.n - 1 };
    if (!str_to_u64(s, &v) || v > (uint64_t)INT64_MAX + negative)
        return false;
    *out = negative ? (int64_t)-v : (int64_t)v;
    return true;
}

/* A number without its point: sign, digits without leading zeros, power of ten. */
struct decimal {
    bool negative;
    char digits[NUM_MAX_TEXT + 1];
    size_t n;
    int exp;
};

static int read_exponent(futu_str s, size_t i)
{
    bool negative = i < s.n && s.p[i] == '-';
    int v = 0;
    for (i += i < s.n && (s.p[i] == '-' || s.p[i] == '+'); i < s.n; i++)
        v = MIN(v * 10 + (s.p[i] - '0'), 99999);
    return negative ? -v : v;
}

static bool read_decimal(futu_str s, struct decimal *d)
{
    bool point = false;
    size_t i;
    if (s.n > NUM_MAX_TEXT)
        return false;
    d->negative = s.p[0] == '-';
    d->n = 0;
    d->exp = 0;
    for (i = d->negative; i < s.n && s.p[i] != 'e' && s.p[i] != 'E'; i++) {
        if (s.p[i] == '.') {
            point = true;
            continue;
        }
        d->exp -= point;
        if (d->n || s.p[i] != '0')
            d->digits[d->n++] = s.p[i];
    }
    if (i < s.n)
        d->exp += read_exponent(s, i + 1);
    return true;
}

static void decimal_text(const struct decimal *d, char *out, size_t size)
{
    snprintf(out, size, "0%.*se%d", (int)d->n, d->digits, d->exp);  /* the 0 may be all of it */
}

/* Up to 15 digits without an exponent: t / 10^k with both exact. */
static bool read_short(futu_str s, double *out)
{
    uint64_t t = 0;
    size_t i = s.n && s.p[0] == '-', k = 0;
    if (s.n > 16 + i)
        return false;
    bool negative = i, point = false;
    for (; i < s.n; i++) {
        if (s.p[i] == '.' && !point) {
            point = true;
            continue;
        }
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
        t = t * 10 + (uint64_t)(s.p[i] - '0');
        k += point;
    }
    if (t >= 1000000000000000)
        return false;
    *out = (double)t / num_power[k];
    if (negative)
        *out = -*out;
    return true;
}

bool num_read_double(futu_str s, double *out)
{
    struct decimal d;
    char text[NUM_MAX_TEXT + 16];
    if (read_short(s, out))
        return true;
    if (!read_decimal(s, &d))
        return false;
    decimal_text(&d, text, sizeof(text));
    *out = strtod(text, NULL);
    if (d.negative)
        *out = -*out;
    return !isinf(*out);
}

bool num_read_float(futu_str s, float *out)
{
    struct decimal d;
    char text[NUM_MAX_TEXT + 16];
    if (!read_decimal(s, &d))
        return false;
    decimal_text(&d, text, sizeof(text));
    *out = strtof(text, NULL);
    if (d.negative)
        *out = -*out;
    return !isinf(*out);
}
