/* num.c - the writing half of num.h.
 *
 * How:     a double from 10^-6 to 10^15, which all prices and amounts are, is written without libc
 *          in two ways. Decimals of few places are found by scaling to an integer t and dividing
 *          back: t and 10^k are exact, so the quotient is the double nearest to the decimal, and
 *          up to 15 digits name one double only. Else m * 10^k of m / 2^s fits into 128 bits: its
 *          upper part is the number of 15, 16 or 17 digits, and whether these still name the same
 *          double is an exact comparison. All others go through snprintf(), with a digit more
 *          until the text reads back as the same number.
 * Why not %g and strtod() alone: both obey the locale of the program around the library. Here
 *          strtod() only ever sees digits and an exponent, and of what snprintf() writes only
 *          digits are used.
 * Tests:   test/unit/codec/num_test.c
 */
#include "codec/num.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define FEW_PLACES 4            /* as far as trying them one by one is the faster way */

const double num_power[NUM_POWERS] = { 1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                       1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                       1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };

size_t num_write_u64(char *out, uint64_t v)
{
    char tmp[20];
    size_t n = sizeof(tmp);
    do {
        tmp[--n] = (char)('0' + v % 10);
        v /= 10;
    } while (v);
    memcpy(out, tmp + n, sizeof(tmp) - n);
    return sizeof(tmp) - n;
}

size_t num_write_i64(char *out, int64_t v)
{
    if (v >= 0)
        return num_write_u64(out, (uint64_t)v);
    *out = '-';
    return 1 + num_write_u64(out + 1, -(uint64_t)v);
}

/* t / 10^k with k digits behind the point. */
static size_t write_decimal(char *out, uint64_t t, unsigned k)
{
    char digits[24];
    size_t n = num_write_u64(digits, t), pad = n <= k ? k + 1 - n : 0;
    if (k == 0) {
        memcpy(out, digits, n);
        return n;
    }
    char all[48];
    memset(all, '0', pad);
    memcpy(all + pad, digits, n);
    n += pad;
    memcpy(out, all, n - k);
    out[n - k] = '.';
    memcpy(out + n - k + 1, all + n - k, k);
    return n + 1;
}

/* A decimal below `most` with at most `max_k` places; 0: it is none of these. */
static size_t write_short(char *out, double v, double most, unsigned max_k, bool single)
{
    for (unsigned k = 0; k <= max_k; k++) {
        double scaled = v * num_power[k];
        if (scaled >= most)
            return 0;
        uint64_t t = (uint64_t)(scaled + 0.5);
        double back = (double)t / num_power[k];
        if (t < (uint64_t)most && (single ? (float)back == (float)v : back == v))
            return write_decimal(out, t, k);
    }
    return 0;
}

#ifdef __SIZEOF_INT128__
typedef unsigned __int128 u128;

/* v is m / 2^s, `exact` is m * 10^k. True when t / 10^k is nearer to v than half the distance to
 * the next double. (Below a power of two that is half as long, but those have few digits.) */
static bool names_it(u128 exact, uint64_t t, unsigned s, u128 ten_k)
{
    u128 there = (u128)t << s;
    u128 diff = there > exact ? there - exact : exact - there;
    return diff * 2 < ten_k;
}

/* For 10^-6 <= v < 10^15, where s is from 3 to 72 and m * 10^k is below 2^127. */
static size_t write_exact(char *out, double v)
{
    uint64_t bits, t = 0;
    int before = 0;                     /* digits before the point; behind it, zeros count down */
    memcpy(&bits, &v, sizeof(bits));
    uint64_t m = (bits & ((UINT64_C(1) << 52) - 1)) | UINT64_C(1) << 52;
    unsigned s = 1075 - (unsigned)(bits >> 52), k = 0;
    while (before < 15 && v >= num_power[before])
        before++;
    while (before > -5 && before <= 0 && v * num_power[1 - before] < 1)
        before--;
    for (int digits = 15; digits <= 17; digits++) {
        u128 ten_k = 1;
        k = (unsigned)(digits - before);
        for (unsigned i = 0; i < k; i++)
            ten_k *= 10;
        u128 exact = m * ten_k;
        t = (uint64_t)((exact + ((u128)1 << (s - 1))) >> s);
        if (digits == 17 || names_it(exact, t, s, ten_k))
            break;
    }
    for (; k && t % 10 == 0; k--)
        t /= 10;
    return write_decimal(out, t, k);
}
#endif

static bool reads_back(const char *text, double v, bool single)
{
    return single ? strtof(text, NULL) == (float)v : strtod(text, NULL) == v;
}

/* Digits and the exponent of the first one as JSON: positional when that is short. */
static size_t write_digits(char *out, const char *digits, size_t n, int exp)
{
    if (exp >= (int)n - 1 && exp < 17) {                        /* an integer */
        memcpy(out, digits, n);
        memset(out + n, '0', (size_t)exp + 1 - n);
        return (size_t)exp + 1;
    }
    if (exp >= 0 && exp < (int)n - 1) {
        memcpy(out, digits, (size_t)exp + 1);
        out[exp + 1] = '.';
        memcpy(out + exp + 2, digits + exp + 1, n - (size_t)exp - 1);
        return n + 1;
    }
    if (exp < 0 && exp >= -5) {
        memcpy(out, "0.00000", 7);
        memcpy(out + 1 - exp, digits, n);
        return n + 1 - (size_t)exp;
    }
    size_t k = 0;
    out[k++] = digits[0];
    if (n > 1) {
        out[k++] = '.';
        memcpy(out + k, digits + 1, n - 1);
        k += n - 1;
    }
    out[k++] = 'e';
    return k + num_write_i64(out + k, exp);
}

/* Zeros at the end are cut, so that a number of fewer digits than the first try is found, too. */
static size_t write_long(char *out, double v, unsigned digits, unsigned most, bool single)
{
    char text[64], mantissa[32], check[64];
    for (;; digits++) {
        size_t n = 0;
        snprintf(text, sizeof(text), "%.*e", (int)digits - 1, v);
        const char *e = strchr(text, 'e');
        for (const char *p = text; p < e; p++)
            if (*p >= '0' && *p <= '9')
                mantissa[n++] = *p;
        int exp = (int)strtol(e + 1, NULL, 10);
        while (n > 1 && mantissa[n - 1] == '0')
            n--;
        snprintf(check, sizeof(check), "%.*se%d", (int)n, mantissa, exp - (int)n + 1);
        if (digits == most || reads_back(check, v, single))
            return write_digits(out, mantissa, n, exp);
    }
}

static size_t write_text(char *out, const char *s)
{
    size_t n = strlen(s);
    memcpy(out, s, n);
    return n;
}

/* Everything that is not a positive number; 0 for those. */
static size_t write_special(char *out, double v)
{
    if (isnan(v))
        return write_text(out, "\"NaN\"");
    if (isinf(v))
        return write_text(out, v > 0 ? "\"Infinity\"" : "\"-Infinity\"");
    if (v == 0)                 /* "-0" would become the integer 0 in many readers */
        return write_text(out, signbit(v) ? "-0.0" : "0");
    return 0;
}

size_t num_write_double(char *out, double v)
{
    size_t sign = 0, n = write_special(out, v);
    if (n)
        return n;
    if (v < 0) {
        out[sign++] = '-';
        v = -v;
    }
    if (v >= 1e-6 && v < 1e15) {
#ifdef __SIZEOF_INT128__
        n = write_short(out + sign, v, 1e15, FEW_PLACES, false);
        return sign + (n ? n : write_exact(out + sign, v));
#endif
    }
    return sign + write_long(out + sign, v, 15, 17, false);
}

size_t num_write_float(char *out, float f)
{
    size_t sign = 0, n = write_special(out, (double)f);
    double v = (double)f;
    if (n)
        return n;
    if (v < 0) {
        out[sign++] = '-';
        v = -v;
    }
    n = v >= 1e-3 ? write_short(out + sign, v, 1e6, 8, true) : 0;
    return sign + (n ? n : write_long(out + sign, v, 6, 9, true));
}
