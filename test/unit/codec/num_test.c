/* num_test.c - numbers as text and back, base64, UTF-8. */
#include "random_msg.h"

#include "codec/base64.h"
#include "codec/num.h"
#include "codec/utf8.h"

static futu_str dbl(double v)
{
    static char out[NUM_MAX];
    return (futu_str){ out, num_write_double(out, v) };
}

#define EXPECT(v, text) ck_assert_msg(str_is(dbl(v), text), "%s is " STR_FMT, text, STR_ARG(dbl(v)))

START_TEST(doubles_are_short)
{
    EXPECT(0.0, "0");
    EXPECT(-0.0, "-0.0");
    EXPECT(1.0, "1");
    EXPECT(-1.5, "-1.5");
    EXPECT(0.1, "0.1");
    EXPECT(320.4, "320.4");
    EXPECT(0.07, "0.07");
    EXPECT(123456789.123, "123456789.123");
    EXPECT(999999999999999.0, "999999999999999");
    EXPECT(1e15, "1000000000000000");
    EXPECT(1e16, "10000000000000000");
    EXPECT(1e17, "1e17");
    EXPECT(1.5e300, "1.5e300");
    EXPECT(0.000001, "0.000001");
    EXPECT(0.00001234, "0.00001234");
    EXPECT(1.25e-7, "1.25e-7");
    EXPECT(0.1 + 0.2, "0.30000000000000004");
    EXPECT(1.0 / 3, "0.3333333333333333");
    EXPECT(9007199254740993.0, "9007199254740992");
    EXPECT(DBL_MAX, "1.7976931348623157e308");
    EXPECT(DBL_MIN, "2.2250738585072014e-308");
    EXPECT((double)NAN, "\"NaN\"");
    EXPECT((double)INFINITY, "\"Infinity\"");
    EXPECT(-(double)INFINITY, "\"-Infinity\"");
}
END_TEST

/* What libc needs for the same number, a yardstick for "shortest". */
static size_t digits_of_libc(double v)
{
    char text[64];
    int prec = 1;
    while (snprintf(text, sizeof(text), "%.*g", prec, v), strtod(text, NULL) != v)
        prec++;
    return (size_t)prec;
}

static size_t digits(futu_str s)
{
    size_t n = 0, zeros = 0;
    for (size_t i = 0; i < s.n && s.p[i] != 'e'; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            continue;
        if (n || s.p[i] != '0')
            n++;
        zeros = s.p[i] == '0' ? zeros + 1 : 0;
    }
    return n > zeros ? n - zeros : n;
}

START_TEST(random_doubles_come_back_and_are_the_shortest)
{
    rnd_state = 4711;
    for (int i = 0; i < 200000; i++) {
        double v = rnd_double(), back = 0;
        bool integer;
        if (isnan(v) || isinf(v))
            continue;
        futu_str s = dbl(v);
        ck_assert_uint_le(s.n, NUM_MAX);
        ck_assert_uint_eq(num_scan(s, &integer), s.n);
        ck_assert(num_read_double(s, &back));
        ck_assert_msg(memcmp(&v, &back, sizeof(v)) == 0, "%.17g is " STR_FMT, v, STR_ARG(s));
        if (i % 10 == 0 && v != 0 && fabs(v) > 1e-300)
            ck_assert_msg(digits(s) <= digits_of_libc(v), "%.17g is " STR_FMT, v, STR_ARG(s));
    }
}
END_TEST

START_TEST(powers_of_ten_and_two_and_their_neighbours)
{
    for (int sign = -1; sign <= 1; sign += 2)
        for (int e = -1080; e <= 1030; e++) {
            double v = (double)sign * (e % 2 ? pow(10, e / 3) : ldexp(1, e)), back;
            double near[] = { nextafter(v, 0), v, nextafter(v, (double)sign * DBL_MAX) };
            for (size_t i = 0; i < ARRAY_LEN(near); i++) {
                if (isinf(near[i]) || fabs(near[i]) < 1e-300)
                    continue;
                futu_str s = dbl(near[i]);
                ck_assert(num_read_double(s, &back));
                ck_assert_msg(back == near[i], "%.17g is " STR_FMT, near[i], STR_ARG(s));
                ck_assert_msg(digits(s) <= digits_of_libc(near[i]), "%.17g is " STR_FMT, near[i],
                              STR_ARG(s));
            }
        }
}
END_TEST

START_TEST(random_floats_come_back)
{
    rnd_state = 4712;
    for (int i = 0; i < 100000; i++) {
        char out[NUM_MAX];
        float v = i % 2 ? (float)rnd_double() : (float)rnd_below(1000000) / 100, back = 0;
        if (isnan(v) || isinf(v))
            continue;
        futu_str s = { out, num_write_float(out, v) };
        ck_assert_uint_le(s.n, NUM_MAX);
        ck_assert(num_read_float(s, &back));
        ck_assert_msg(memcmp(&v, &back, sizeof(v)) == 0, "%.9g is " STR_FMT, (double)v, STR_ARG(s));
        ck_assert_uint_le(digits(s), 9);
    }
    char out[NUM_MAX];
    ck_assert(str_is((futu_str){ out, num_write_float(out, 0.1f) }, "0.1"));
    ck_assert(str_is((futu_str){ out, num_write_float(out, 16777216.0f) }, "16777216"));
    ck_assert(str_is((futu_str){ out, num_write_float(out, FLT_MAX) }, "3.4028235e38"));
}
END_TEST

/* strtod() is right about rounding, in the C locale that this program has. */
START_TEST(random_decimals_read_as_libc_reads_them)
{
    rnd_state = 4713;
    for (int i = 0; i < 100000; i++) {
        char text[80];
        double v;
        snprintf(text, sizeof(text), "%s%llu.%llue%d", rnd_below(2) ? "-" : "",
                 (unsigned long long)(rnd() >> rnd_below(64)),
                 (unsigned long long)(rnd() >> rnd_below(64)), (int)rnd_below(660) - 330);
        bool ok = num_read_double(str_c(text), &v);
        ck_assert(ok == !isinf(strtod(text, NULL)));
        if (ok)
            ck_assert_msg(v == strtod(text, NULL), "%s", text);
    }
}
END_TEST

START_TEST(integers)
{
    char out[NUM_MAX];
    uint64_t u;
    int64_t i;
    ck_assert(str_is((futu_str){ out, num_write_i64(out, INT64_MIN) }, "-9223372036854775808"));
    ck_assert(str_is((futu_str){ out, num_write_u64(out, UINT64_MAX) }, "18446744073709551615"));
    ck_assert(num_read_i64(STR("-9223372036854775808"), &i) && i == INT64_MIN);
    ck_assert(num_read_i64(STR("9223372036854775807"), &i) && i == INT64_MAX);
    ck_assert(!num_read_i64(STR("9223372036854775808"), &i));
    ck_assert(!num_read_i64(STR("-9223372036854775809"), &i));
    ck_assert(num_read_u64(STR("18446744073709551615"), &u) && u == UINT64_MAX);
    ck_assert(!num_read_u64(STR("18446744073709551616"), &u));
    ck_assert(!num_read_u64(STR("-1"), &u));
    ck_assert(num_read_u64(STR("-0"), &u) && u == 0);
}
END_TEST

START_TEST(what_is_a_number)
{
    static const struct { const char *text; size_t n; bool integer; } rows[] = {
        { "0", 1, true },     { "-0", 2, true },    { "10", 2, true },      { "01", 1, true },
        { "1.5", 3, false },  { "1e5", 3, false },  { "1E+05", 5, false },
        { "-1.0e-3x", 7, false },
        { "", 0, true },      { "-", 0, true },     { "+1", 0, true },      { ".5", 0, true },
        { "1.", 0, false },   { "1e", 0, false },   { "1e+", 0, false },    { "NaN", 0, true },
        { "0x10", 1, true },  { "1.5.5", 3, false },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        bool integer;
        ck_assert_msg(num_scan(str_c(rows[i].text), &integer) == rows[i].n, "%s", rows[i].text);
        if (rows[i].n)
            ck_assert(integer == rows[i].integer);
    }
}
END_TEST

START_TEST(base64_both_ways)
{
    static const struct { const char *plain, *text; } rows[] = {
        { "", "" },           { "f", "Zg==" },         { "fo", "Zm8=" },
        { "foo", "Zm9v" },    { "foobar", "Zm9vYmFy" }, { "\xff\xef\xbe", "/+++" },
    };
    static const char *const bad[] = { "Z", "Zg", "Zg=", "Zg===", "Z===", "====", "Zh==", "Zm9=",
                                       "Zg==Zg==", "Zm 9", "Zm9\n", "Z=g=" };
    uint8_t out[64];
    char text[64];
    size_t n;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        futu_str plain = str_c(rows[i].plain);
        base64_write(text, (const uint8_t *)plain.p, plain.n);
        ck_assert(str_is((futu_str){ text, BASE64_SIZE(plain.n) }, rows[i].text));
        ck_assert(base64_read(out, rows[i].text, strlen(rows[i].text), &n));
        ck_assert(str_eq((futu_str){ (char *)out, n }, plain));
    }
    ck_assert(base64_read(out, "_-++", 4, &n) && n == 3 && memcmp(out, "\xff\xef\xbe", 3) == 0);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        ck_assert_msg(!base64_read(out, bad[i], strlen(bad[i]), &n), "%s", bad[i]);
}
END_TEST

START_TEST(utf8_is_strict)
{
    static const char *const bad[] = { "\x80", "\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf",
                                       "\xed\xa0\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80",
                                       "\xf5\x80\x80\x80",
                                       "\xe4\xbd", "\xff" };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        ck_assert_uint_eq(utf8_next((const unsigned char *)bad[i], strlen(bad[i])), 0);
    for (uint32_t c = 0; c <= 0x10ffff; c++) {
        char out[4];
        if (c >= 0xd800 && c <= 0xdfff)
            continue;
        size_t n = utf8_put(out, c);
        ck_assert_uint_eq(utf8_next((const unsigned char *)out, n), n);
    }
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, doubles_are_short);
    tcase_add_test(tc, random_doubles_come_back_and_are_the_shortest);
    tcase_add_test(tc, powers_of_ten_and_two_and_their_neighbours);
    tcase_add_test(tc, random_floats_come_back);
    tcase_add_test(tc, random_decimals_read_as_libc_reads_them);
    tcase_add_test(tc, integers);
    tcase_add_test(tc, what_is_a_number);
    tcase_add_test(tc, base64_both_ways);
    tcase_add_test(tc, utf8_is_strict);
}

int main(void)
{
    return run_tcase("num", add);
}
