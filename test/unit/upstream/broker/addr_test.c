/* addr_test.c - which addresses come in which order. */
#include "upstream/broker/addr.h"

#include <stdio.h>

#include "support.h"

#define WALL (1000 * NS_PER_S)

static const char *const pool[] = { "10.0.0.1", "10.0.0.2", "10.9.9.9", NULL };
static const char names[2][NET_HOST_MAX + 1] = { "10.0.0.2", "10.3.3.3" };

static void make(struct addr_book *b)
{
    *b = (struct addr_book){ .name = "conn.example", .port = 9595, .pool = pool };
    addr_add(&b->guaranteed, "10.1.1.1", 443);
    addr_add(&b->learned, "10.2.2.2", 9595);
    b->good = (struct net_addr){ .host = "10.8.8.8", .port = 9595 };
}

static void is(const struct addr_list *l, const char *want)
{
    char all[400] = "", text[ADDR_TEXT];
    size_t n = 0;
    for (size_t i = 0; i < l->n; i++)
        n += (size_t)snprintf(all + n, sizeof(all) - n, "%s%s", i ? " " : "",
                              addr_text(&l->a[i], text));
    ck_assert_str_eq(all, want);
}

START_TEST(a_forced_address_is_the_only_one_until_it_expires)
{
    struct addr_book b;
    struct addr_list l;
    make(&b);
    b.forced = (struct net_addr){ .host = "10.7.7.7", .port = 1 };
    b.forced_until = WALL + 1;
    ck_assert(addr_known(&b, WALL, true, &l));
    is(&l, "10.7.7.7:1");
    ck_assert(!addr_known(&b, WALL + 1, true, &l));
    is(&l, "10.1.1.1:443 10.8.8.8:9595 10.2.2.2:9595");
}
END_TEST

START_TEST(what_was_learned_serves_reconnects_only)
{
    struct addr_book b;
    struct addr_list l;
    make(&b);
    ck_assert(!addr_known(&b, WALL, false, &l));
    is(&l, "10.1.1.1:443");
}
END_TEST

START_TEST(the_name_comes_before_the_pool_and_nothing_twice)
{
    struct addr_book b;
    struct addr_list tried = { .n = 0 }, l;
    make(&b);
    addr_add(&tried, "10.9.9.9", 9595);
    addr_rest(&b, names, 2, &tried, &l);
    is(&l, "10.0.0.2:9595 10.3.3.3:9595 10.0.0.1:9595");
    b.pool = NULL;
    addr_rest(&b, NULL, 0, &tried, &l);
    ck_assert_uint_eq(l.n, 0);
}
END_TEST

START_TEST(a_list_takes_no_more_than_it_can_hold)
{
    struct addr_list l = { .n = 0 };
    char host[16];
    for (int i = 0; i < ADDR_MAX; i++) {
        snprintf(host, sizeof(host), "10.0.0.%d", i);
        ck_assert(addr_add(&l, host, 1));
        ck_assert(!addr_add(&l, host, 1));
    }
    ck_assert(!addr_add(&l, "10.0.1.1", 1));
    l.n = 0;
    ck_assert(!addr_add(&l, "10.0.1.1", 0));
    ck_assert(!addr_add(&l, "", 1));
    ck_assert(!addr_add(&l, "a-name-that-is-far-too-long-to-be-that-of-any-host-at-all.example",
                        1));
}
END_TEST

START_TEST(addresses_are_read_as_they_are_written)
{
    static const struct {
        const char *text, *want;
    } rows[] = {
        { "10.0.0.1:443", "10.0.0.1:443" }, { "10.0.0.1", "10.0.0.1:9595" },
        { "[::1]:80", "[::1]:80" },         { "[::1]", "[::1]:9595" },
        { "host.example:1", "host.example:1" },
        { "", NULL }, { ":1", NULL }, { "a:", NULL }, { "a:0", NULL }, { "a:65536", NULL },
        { "a:x", NULL }, { "[::1", NULL }, { "[::1]x", NULL }, { "a b:1", NULL }, { "a:1:2", NULL },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct net_addr a;
        char text[ADDR_TEXT];
        bool ok = addr_read(str_c(rows[i].text), 9595, &a);
        ck_assert_msg(ok == (rows[i].want != NULL), "%s", rows[i].text);
        if (ok)
            ck_assert_str_eq(addr_text(&a, text), rows[i].want);
    }
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, a_forced_address_is_the_only_one_until_it_expires);
    tcase_add_test(tc, what_was_learned_serves_reconnects_only);
    tcase_add_test(tc, the_name_comes_before_the_pool_and_nothing_twice);
    tcase_add_test(tc, a_list_takes_no_more_than_it_can_hold);
    tcase_add_test(tc, addresses_are_read_as_they_are_written);
}

int main(void)
{
    return run_tcase("addr", add);
}
