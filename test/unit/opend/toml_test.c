/* toml_test.c - what flat TOML means, and what is refused on which line. */
#include "toml.h"

#include <stdio.h>

#include "support.h"

struct seen {
    char text[4096];    /* "line key kind text\n" of each entry */
    const char *refuse; /* this key */
};

static bool on_entry(const struct toml_entry *e, void *arg, char *why, size_t size)
{
    struct seen *s = arg;
    size_t n = strlen(s->text);
    ck_assert_uint_eq(strlen(e->key), e->key_n);
    if (s->refuse && strcmp(e->key, s->refuse) == 0) {
        snprintf(why, size, "refused");
        return false;
    }
    snprintf(s->text + n, sizeof(s->text) - n, "%u %s %d %s\n", e->line, e->key, e->kind, e->text);
    return true;
}

static void reads(const char *text, const char *want)
{
    struct seen s = { "", NULL };
    char why[256] = "";
    ck_assert_msg(toml_parse(text, strlen(text), on_entry, &s, why, sizeof(why)), "%s: %s", text,
                  why);
    ck_assert_str_eq(s.text, want);
}

static void refuses_n(const char *text, size_t n, const char *want)
{
    struct seen s = { "", NULL };
    char why[256] = "";
    ck_assert_msg(!toml_parse(text, n, on_entry, &s, why, sizeof(why)), "%s", text);
    ck_assert_msg(strstr(why, want) != NULL, "no \"%s\" in \"%s\"", want, why);
}

static void refuses(const char *text, const char *want)
{
    refuses_n(text, strlen(text), want);
}

START_TEST(keys_comments_and_line_ends)
{
    reads("", "");
    reads("# only a comment", "");
    reads("\xef\xbb\xbf"
          "a = 1\r\n\r\n \t b-c_D9=2 # two\r\n",
          "1 a 1 1\n3 b-c_D9 1 2\n");
    reads("\"quoted \\u00e9\" = 1\n'lit\\eral'\t=\t2\n\"\" = 3",
          "1 quoted é 1 1\n2 lit\\eral 1 2\n3  1 3\n");
    reads("1 = true\nf=false", "1 1 2 true\n2 f 2 false\n");
}
END_TEST

START_TEST(strings_of_all_four_kinds)
{
    reads("a = \"x\\b\\t\\n\\f\\r\\\"\\\\\\u0041\\U0001F600\"",
          "1 a 0 x\b\t\n\f\r\"\\A\xf0\x9f\x98\x80\n");
    reads("a = 'C:\\dir\\\"'", "1 a 0 C:\\dir\\\"\n");
    reads("a = \"\"\nb = ''", "1 a 0 \n2 b 0 \n");
    reads("a = \"\"\"\nx\r\ny \\\n  \n  z\"\"\"\nb = 1", "1 a 0 x\ny z\n6 b 1 1\n");
    reads("a = '''\nx\\\ny'''", "1 a 0 x\\\ny\n");
    reads("a = \"\"\"\"two\"\"\"\"\"", "1 a 0 \"two\"\"\n");
    reads("a = ''''''", "1 a 0 \n");
    reads("a = \"# no comment\" # one", "1 a 0 # no comment\n");
}
END_TEST

START_TEST(integers)
{
    reads("a = 0\nb = +17\nc = -17\nd = 1_000\ne = 0xDEAD_beef\nf = 0o755\ng = 0b1010\nh = -0",
          "1 a 1 0\n2 b 1 17\n3 c 1 -17\n4 d 1 1000\n5 e 1 3735928559\n6 f 1 493\n7 g 1 10\n8 h 1 "
          "0\n");
    reads("a = 18446744073709551615", "1 a 1 18446744073709551615\n");
    refuses("a = 18446744073709551616", "too large");
    refuses("a = 0x1_0000_0000_0000_0000", "too large");
    static const char *const bad[] = { "01",   "1_",   "_1",  "1__0", "+",  "-",     "0x", "0xg",
                                       "-0x1", "+0b1", "0b2", "0o8",  "1a", "1_.0x", "0X1" };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        char text[32];
        snprintf(text, sizeof(text), "\na = %s", bad[i]);
        refuses(text, "line 2: ");
        refuses(text, "is no value");
    }
}
END_TEST

/* The callback sees what kind it is; taking it all the same is an error here. */
START_TEST(other_kinds_are_named_and_not_read)
{
    static const struct {
        const char *value;
        enum toml_kind kind;
    } cases[] = {
        { "1.5", TOML_FLOAT },
        { "-1e6", TOML_FLOAT },
        { "6.6e-3", TOML_FLOAT },
        { "inf", TOML_FLOAT },
        { "+nan", TOML_FLOAT },
        { "1979-05-27", TOML_DATE },
        { "1979-05-27T07:32:00Z", TOML_DATE },
        { "07:32:00", TOML_DATE },
        { "[1, 2]", TOML_ARRAY },
        { "{ a = 1 }", TOML_TABLE },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct seen s = { "", NULL };
        char text[64], why[256], want[64];
        snprintf(text, sizeof(text), "k = %s\n", cases[i].value);
        snprintf(want, sizeof(want), "1 k %d \n", cases[i].kind);
        ck_assert(!toml_parse(text, strlen(text), on_entry, &s, why, sizeof(why)));
        ck_assert_str_eq(s.text, want);
        ck_assert_str_eq(why, "line 1: k: only strings, integers and booleans are read");
    }
}
END_TEST

START_TEST(what_is_no_flat_toml_is_refused_by_line)
{
    refuses("a = 1\n[daemon]\n", "line 2: the file is flat: no [tables]");
    refuses("[[a]]", "line 1: the file is flat");
    refuses("\na.b = 1", "line 2: a.: the file is flat");
    refuses("\"a\" . b = 1", "the file is flat");
    refuses("a", "line 1: a: an equals sign");
    refuses("= 1", "line 1: a line is KEY = VALUE");
    refuses("a b = 1", "an equals sign");
    refuses("\xc3\xa9 = 1", "KEY = VALUE");
    refuses("a =", "a value is missing");
    refuses("a = # no", "a value is missing");
    refuses("a = bare", "bare is no value; text stands in quotes");
    refuses("a = True", "is no value");
    refuses("a = 1 2", "text behind the value");
    refuses("a = \"x\" y", "text behind the value");
    refuses("a = 1\r", "text behind the value");
    refuses("a = \"x", "without its closing quote");
    refuses("\n\na = \"x\ny\"", "line 3: a string ends within its line");
    refuses("\na = \"\"\"x\n\n", "line 2: a string without its closing quotes");
    refuses("a = \"\\q\"", "no escape \\q");
    refuses("a = \"\\u12\"", "wants 4 hex digits");
    refuses("a = \"\\uD800\"", "no character");
    refuses("a = \"\\U00110000\"", "no character");
    refuses("a = \"\\u0000\"", "NUL");
    refuses("a = \"\x01\"", "control character");
    refuses("# \x01", "control character");
    refuses("a = '''\x7f'''", "control character");
    refuses("\"\"\"a\"\"\" = 1", "a key stands in");
    refuses("a = 1\n\xff", "line 2: not UTF-8");
    refuses("a = \"\xc0\x80\"", "not UTF-8");
    refuses("a = \"\xed\xa0\x80\"", "not UTF-8");
    refuses_n("a = \"\0\"", 7, "control character");
    refuses_n("a\0 = 1", 6, "equals sign");
    refuses_n("a = 1\0", 6, "text behind");
}
END_TEST

START_TEST(the_callback_ends_it_with_the_line_of_the_key)
{
    struct seen s = { "", "b" };
    char why[256];
    const char *text = "a = 1\nb = '''\n\n'''\nc = 1";
    ck_assert(!toml_parse(text, strlen(text), on_entry, &s, why, sizeof(why)));
    ck_assert_str_eq(why, "line 2: refused");
    ck_assert_str_eq(s.text, "1 a 1 1\n");
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, keys_comments_and_line_ends);
    tcase_add_test(tc, strings_of_all_four_kinds);
    tcase_add_test(tc, integers);
    tcase_add_test(tc, other_kinds_are_named_and_not_read);
    tcase_add_test(tc, what_is_no_flat_toml_is_refused_by_line);
    tcase_add_test(tc, the_callback_ends_it_with_the_line_of_the_key);
}

int main(void)
{
    return run_tcase("toml", add);
}
