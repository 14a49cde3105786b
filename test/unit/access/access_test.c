/* access_test.c - who presents a token: lookup, expiry, binding, cards, reloads. */
#include "support.h"

#include <stdio.h>
#include <unistd.h>

#include "access/access.h"
#include "access/rules.h"
#include "crypt/digest.h"

#define MACHINE "0123456789abcdef0123456789abcdef"
#define START_MS INT64_C(1767225600000)     /* 2026-01-01 */

static struct access *a;
static struct clock_fake now;
static char dir[64], path[2][96], why[256];

static void setup(void)
{
    struct access_opts o = { .raw_machine_id = MACHINE };
    now = (struct clock_fake){ 5 * NS_PER_S, START_MS * NS_PER_MS };
    o.clock = clock_fake(&now);
    ck_assert_int_eq(access_new(&a, &o), FUTU_OK);
    snprintf(dir, sizeof(dir), "/tmp/access_test.XXXXXX");
    ck_assert(mkdtemp(dir) != NULL);
    for (int i = 0; i < 2; i++)
        snprintf(path[i], sizeof(path[i]), "%s/keys%d.json", dir, i);
}

static void teardown(void)
{
    access_free(a);
    a = NULL;
    unlink(path[0]);
    unlink(path[1]);
    ck_assert_int_eq(rmdir(dir), 0);
}

/* One record whose token is "token-ID"; `more` begins with a comma. */
static void put_key(struct buf *b, const char *id, const char *token, const char *more)
{
    uint8_t hash[32];
    char hex[65];
    sha256(token, strlen(token), hash);
    hex_lower(hash, sizeof(hash), hex);
    buf_printf(b, "%s{\"id\":\"%s\",\"hash\":\"%s\",\"scopes\":[\"qot:read\"]%s}", b->n ? "," : "",
               id, hex, more);
}

static void save(int i, struct buf *keys)
{
    FILE *f = fopen(path[i], "w");
    ck_assert(f != NULL);
    fprintf(f, "{\"version\":1,\"keys\":[%.*s]}", (int)keys->n, (const char *)keys->p);
    ck_assert_int_eq(fclose(f), 0);
    buf_free(keys);
}

static void save_one(int i, const char *id, const char *token, const char *more)
{
    struct buf b = BUF_INIT;
    put_key(&b, id, token, more);
    save(i, &b);
}

static void add_file(uint32_t ifaces, int i)
{
    ck_assert_msg(access_add_file(a, ifaces, path[i], why, sizeof(why)) == FUTU_OK, "%s", why);
}

static void reload(void)
{
    ck_assert_msg(access_reload(a, why, sizeof(why)) == FUTU_OK, "%s", why);
}

static enum deny open_as(enum iface i, const char *token, struct api_key **k)
{
    return access_open(a, i, str_c(token), k);
}

static struct api_key *opened(enum iface i, const char *token)
{
    struct api_key *k;
    ck_assert_int_eq(open_as(i, token, &k), DENY_NONE);
    ck_assert(k != NULL);
    return k;
}

START_TEST(without_a_file_a_surface_is_open)
{
    struct api_key *k = (struct api_key *)&now;
    save_one(0, "alpha", "t1", "");
    add_file(1u << IFACE_REST, 0);
    ck_assert(access_has_keys(a, IFACE_REST) && !access_has_keys(a, IFACE_GRPC));
    ck_assert_int_eq(open_as(IFACE_GRPC, "whatever", &k), DENY_NONE);
    ck_assert(k == NULL);
    ck_assert(access_scope(NULL, SCOPE_QOT_READ) && access_scope(NULL, SCOPE_ACC_READ));
    ck_assert(access_scope(NULL, 0) && access_scope(NULL, SCOPE_METRICS_READ));
    ck_assert(!access_scope(NULL, SCOPE_TRADE_REAL | SCOPE_TRADE_SIMULATE));
    ck_assert(!access_scope(NULL, SCOPE_ADMIN) && !access_scope(NULL, SCOPE_TRADE_UNLOCK));
    ck_assert(access_account(NULL, 5) && access_market(NULL, "US") && !access_needs_value(NULL));
    ck_assert_int_eq(access_alive(a, NULL), DENY_NONE);
}
END_TEST

START_TEST(a_token_opens_its_key_and_no_other)
{
    struct buf b = BUF_INIT;
    struct api_key *k;
    put_key(&b, "alpha", "t1", "");
    put_key(&b, "beta", "t2", "");
    save(0, &b);
    add_file(1u << IFACE_REST | 1u << IFACE_WS, 0);
    ck_assert_uint_eq(access_n_keys(a), 2);
    ck_assert_str_eq(opened(IFACE_REST, "t1")->rules->id, "alpha");
    ck_assert_str_eq(opened(IFACE_WS, "t2")->rules->id, "beta");
    ck_assert(opened(IFACE_REST, "t2") == opened(IFACE_WS, "t2"));
    ck_assert_int_eq(open_as(IFACE_REST, "t3", &k), DENY_INVALID);
    ck_assert(k == NULL);
    ck_assert_int_eq(open_as(IFACE_REST, "", &k), DENY_INVALID);
    ck_assert_int_eq(open_as(IFACE_REST, NULL, &k), DENY_MISSING);
    ck_assert_int_eq(access_open(a, IFACE_REST, (futu_str){ "t1\0", 3 }, &k), DENY_INVALID);
}
END_TEST

START_TEST(a_scope_is_held_or_not)
{
    save_one(0, "alpha", "t1", "");
    add_file(1u << IFACE_REST, 0);
    const struct api_key *k = opened(IFACE_REST, "t1");
    ck_assert(access_scope(k, SCOPE_QOT_READ | SCOPE_ACC_READ) && access_scope(k, 0));
    ck_assert(!access_scope(k, SCOPE_ACC_READ) && !access_scope(k, SCOPE_ADMIN));
}
END_TEST

START_TEST(a_key_ends_at_its_time)
{
    struct api_key *k;
    save_one(0, "alpha", "t1", ",\"expires_at\":\"2026-01-01T00:00:10Z\"");
    add_file(1u << IFACE_REST, 0);
    const struct api_key *held = opened(IFACE_REST, "t1");
    clock_fake_advance(&now, 10 * NS_PER_S - NS_PER_MS);
    ck_assert_int_eq(access_alive(a, held), DENY_NONE);
    clock_fake_advance(&now, NS_PER_MS);
    ck_assert_int_eq(access_alive(a, held), DENY_EXPIRED);
    ck_assert_int_eq(open_as(IFACE_REST, "t1", &k), DENY_EXPIRED);
    ck_assert(k == held);
}
END_TEST

START_TEST(a_bound_key_works_on_its_machine_alone)
{
    char print[65], more[128];
    struct api_key *k;
    machine_fingerprint("alpha", MACHINE, print);
    snprintf(more, sizeof(more), ",\"allowed_machines\":[\"%s\"]", print);
    save_one(0, "alpha", "t1", more);
    add_file(1u << IFACE_REST, 0);
    const struct api_key *held = opened(IFACE_REST, "t1");
    /* The print is the key's own: it opens no other. */
    save_one(0, "beta", "t1", more);
    reload();
    ck_assert_int_eq(open_as(IFACE_REST, "t1", &k), DENY_INVALID);
    ck_assert(k == held && k->wrong_machine);
    ck_assert_int_eq(access_alive(a, held), DENY_INVALID);
    save_one(0, "alpha", "t1", ",\"allowed_machines\":[]");
    reload();
    ck_assert_int_eq(open_as(IFACE_REST, "t1", &k), DENY_INVALID);
    save_one(0, "alpha", "t1", "");
    reload();
    ck_assert(opened(IFACE_REST, "t1") == held && !held->wrong_machine);
}
END_TEST

START_TEST(without_a_machine_id_a_bound_key_is_refused)
{
    char print[65], more[128];
    struct access_opts o = { .clock = clock_fake(&now) };
    struct api_key *k;
    access_free(a);
    ck_assert_int_eq(access_new(&a, &o), FUTU_OK);
    machine_fingerprint("alpha", "", print);
    snprintf(more, sizeof(more), ",\"allowed_machines\":[\"%s\"]", print);
    save_one(0, "alpha", "t1", more);
    add_file(1u << IFACE_REST, 0);
    ck_assert_int_eq(open_as(IFACE_REST, "t1", &k), DENY_INVALID);
}
END_TEST

START_TEST(a_fingerprint_is_the_documented_digest)
{
    char print[65], hex[65];
    uint8_t hash[32];
    const char text[] = "futu-machine-bind:v1:alpha:" MACHINE;
    sha256(text, sizeof(text) - 1, hash);
    hex_lower(hash, sizeof(hash), hex);
    machine_fingerprint("alpha", MACHINE, print);
    ck_assert_str_eq(print, hex);
}
END_TEST

START_TEST(a_reload_changes_rules_in_place)
{
    save_one(0, "alpha", "t1", "");
    add_file(1u << IFACE_REST, 0);
    struct api_key *k = opened(IFACE_REST, "t1");
    const struct key_rules *rules = k->rules;
    save_one(0, "alpha", "t1", ",\"allowed_markets\":[\"US\"],\"allowed_acc_ids\":[7]");
    ck_assert(access_market(k, "HK") && access_account(k, 8));
    reload();
    ck_assert(opened(IFACE_REST, "t1") == k && k->rules == rules);
    ck_assert(!access_market(k, "HK") && access_market(k, "us") && access_market(k, NULL));
    ck_assert(access_market(k, "") && access_account(k, 7) && !access_account(k, 8));
}
END_TEST

START_TEST(a_key_that_went_is_revoked_and_may_come_back)
{
    struct api_key *k;
    save_one(0, "alpha", "t1", "");
    add_file(1u << IFACE_REST, 0);
    const struct api_key *held = opened(IFACE_REST, "t1");
    save_one(0, "alpha", "t2", "");             /* the same id with another token is another key */
    reload();
    ck_assert_int_eq(access_alive(a, held), DENY_REVOKED);
    ck_assert_str_eq(held->rules->id, "alpha");
    ck_assert_int_eq(open_as(IFACE_REST, "t1", &k), DENY_INVALID);
    ck_assert(k == held && k->revoked);
    ck_assert(opened(IFACE_REST, "t2") != held);
    ck_assert(opened(IFACE_REST, "t2")->count == held->count);
    ck_assert_uint_eq(access_n_keys(a), 1);
    save_one(0, "alpha", "t1", "");
    reload();
    ck_assert(opened(IFACE_REST, "t1") == held);
    ck_assert_int_eq(access_alive(a, held), DENY_NONE);
}
END_TEST

START_TEST(a_reload_takes_all_files_or_none)
{
    struct api_key *k;
    save_one(0, "alpha", "t1", "");
    save_one(1, "beta", "t2", "");
    add_file(1u << IFACE_REST, 0);
    add_file(1u << IFACE_GRPC, 1);
    save_one(0, "alpha", "t1", ",\"allowed_markets\":[\"US\"]");
    struct buf b = BUF_INIT;
    put_key(&b, "beta", "t2", "");
    put_key(&b, "gamma", "t3", ",\"oops\":1");
    save(1, &b);
    ck_assert_int_eq(access_reload(a, why, sizeof(why)), FUTU_EFORMAT);
    ck_assert_msg(strstr(why, "keys1.json: key gamma: oops: unknown member"), "%s", why);
    ck_assert(access_market(opened(IFACE_REST, "t1"), "HK"));
    ck_assert_int_eq(open_as(IFACE_GRPC, "t3", &k), DENY_INVALID);
    unlink(path[1]);
    ck_assert_int_eq(access_reload(a, why, sizeof(why)), FUTU_EIO);
    ck_assert(opened(IFACE_GRPC, "t2") != NULL);
    save_one(1, "beta", "t2", "");
    reload();
    ck_assert(!access_market(opened(IFACE_REST, "t1"), "HK"));
}
END_TEST

START_TEST(one_file_of_several_surfaces_is_kept_once)
{
    save_one(0, "alpha", "t1", "");
    save_one(1, "beta", "t2", "");
    add_file(1u << IFACE_REST, 0);
    add_file(1u << IFACE_GRPC, 1);
    add_file(1u << IFACE_WS, 0);
    ck_assert_str_eq(access_path(a, 0), path[0]);
    ck_assert_str_eq(access_path(a, 1), path[1]);
    ck_assert(access_path(a, 2) == NULL);
    ck_assert_uint_eq(access_n_keys(a), 2);
    ck_assert(opened(IFACE_REST, "t1") == opened(IFACE_WS, "t1"));
}
END_TEST

START_TEST(a_file_that_is_wrong_opens_nothing)
{
    save_one(0, "alpha", "t1", ",\"x\":1");
    ck_assert_int_eq(access_add_file(a, 1u << IFACE_REST, path[0], why, sizeof(why)), FUTU_EFORMAT);
    ck_assert(!access_has_keys(a, IFACE_REST) && access_path(a, 0) == NULL);
    ck_assert_int_eq(access_add_file(a, 1u << IFACE_REST, path[1], why, sizeof(why)), FUTU_EIO);
    ck_assert_msg(strstr(why, path[1]) == why, "%s", why);
}
END_TEST

START_TEST(one_id_in_two_files_counts_once)
{
    save_one(0, "alpha", "t1", "");
    save_one(1, "alpha", "t1", ",\"allowed_markets\":[\"US\"]");
    add_file(1u << IFACE_REST, 0);
    add_file(1u << IFACE_GRPC, 1);
    const struct api_key *rest = opened(IFACE_REST, "t1"), *grpc = opened(IFACE_GRPC, "t1");
    ck_assert(rest != grpc && rest->count == grpc->count);
    ck_assert(access_market(rest, "HK") && !access_market(grpc, "HK"));
}
END_TEST

static const struct access_card cards[] = {
    { 11, { "1111222233334444", 16 }, { "9999000011112222", 16 } },
    { 12, { "5555666677778888", 16 }, { "9999000011113333", 16 } },
    { 13, { "5555666677779999", 16 }, { "9999000011113333", 16 } },
};

START_TEST(cards_become_accounts)
{
    struct buf b = BUF_INIT;
    put_key(&b, "whole", "t1", ",\"allowed_card_nums\":[\"1111222233334444\"]");
    put_key(&b, "last", "t2", ",\"allowed_card_nums\":[\"8888\",\"2222\"]");
    put_key(&b, "twice", "t3", ",\"allowed_card_nums\":[\"3333\"]");
    put_key(&b, "none", "t4", ",\"allowed_card_nums\":[\"0000\"],\"allowed_acc_ids\":[77]");
    save(0, &b);
    add_file(1u << IFACE_REST, 0);
    const struct api_key *whole = opened(IFACE_REST, "t1"), *last = opened(IFACE_REST, "t2");
    const struct api_key *twice = opened(IFACE_REST, "t3"), *none = opened(IFACE_REST, "t4");
    ck_assert(!access_account(whole, 11) && !access_account(whole, 0));   /* not known yet */
    ck_assert_int_eq(access_resolve_cards(a, cards, ARRAY_LEN(cards)), FUTU_OK);
    ck_assert(access_account(whole, 11) && !access_account(whole, 12));
    ck_assert(access_account(last, 11) && access_account(last, 12) && !access_account(last, 13));
    ck_assert(!access_account(twice, 12) && !access_account(twice, 13));
    ck_assert(!access_account(twice, 0) && !access_account(none, 0));
    ck_assert(access_account(none, 77) && !access_account(none, 11));
    save_one(0, "whole", "t1", ",\"allowed_card_nums\":[\"8888\"]");
    reload();                                   /* with the list that is known */
    ck_assert(access_account(whole, 12) && !access_account(whole, 11));
    ck_assert_int_eq(access_resolve_cards(a, cards, 1), FUTU_OK);
    ck_assert(!access_account(whole, 12) && !access_account(whole, 0));
}
END_TEST

/* A reload that fails leaves the old keys, whichever allocation it was. */
START_TEST(every_failed_allocation_is_clean)
{
    struct buf b = BUF_INIT;
    struct api_key *k;
    bool fresh = false;
    save_one(0, "alpha", "t1", ",\"allowed_card_nums\":[\"8888\"]");
    add_file(1u << IFACE_REST, 0);
    ck_assert_int_eq(access_resolve_cards(a, cards, 1), FUTU_OK);
    put_key(&b, "alpha", "t1", ",\"allowed_card_nums\":[\"4444\"],\"allowed_markets\":[\"US\"]");
    put_key(&b, "beta", "t2", ",\"allowed_acc_ids\":[1,2]");
    save(0, &b);
    for (long n = 0; test_alloc_fail_at(n); n++) {
        futu_err err = access_reload(a, why, sizeof(why));
        fresh = fresh || !err;
        if (!err)
            err = access_resolve_cards(a, cards, ARRAY_LEN(cards));
        ck_assert_int_eq(err, mem_failed() ? FUTU_ENOMEM : FUTU_OK);
        ck_assert(access_market(opened(IFACE_REST, "t1"), "HK") == !fresh);
        ck_assert_int_eq(open_as(IFACE_REST, "t2", &k), fresh ? DENY_NONE : DENY_INVALID);
    }
    ck_assert(fresh && access_account(opened(IFACE_REST, "t1"), 11));
}
END_TEST

START_TEST(making_one_without_memory_is_clean)
{
    struct access_opts o = { .clock = clock_fake(&now), .raw_machine_id = MACHINE };
    struct access *other;
    save_one(0, "alpha", "t1", ",\"allowed_acc_ids\":[1]");
    for (long n = 0; test_alloc_fail_at(n); n++) {
        futu_err err = access_new(&other, &o);
        if (!err)
            err = access_add_file(other, 1u << IFACE_REST, path[0], why, sizeof(why));
        ck_assert_int_eq(err, mem_failed() ? FUTU_ENOMEM : FUTU_OK);
        access_free(other);
    }
}
END_TEST

START_TEST(every_refusal_has_a_status)
{
    static const int status[DENIES] = { 0, 401, 401, 401, 401, 401, 403, 400, 403, 403, 403, 403,
                                        429, 403, 429, 429 };
    for (int d = 0; d < DENIES; d++) {
        ck_assert_int_eq(deny_status((enum deny)d), status[d]);
        ck_assert((deny_category((enum deny)d) != NULL) == (d >= DENY_ACCOUNT));
    }
    ck_assert_str_eq(deny_category(DENY_ACCOUNT), "other");
    ck_assert_str_eq(deny_category(DENY_PER_ORDER), "per_order");
    ck_assert_str_eq(iface_name(IFACE_TCP), "tcp");
    ck_assert_str_eq(iface_name(IFACE_CLI), "cli");
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, without_a_file_a_surface_is_open);
    tcase_add_test(tc, a_token_opens_its_key_and_no_other);
    tcase_add_test(tc, a_scope_is_held_or_not);
    tcase_add_test(tc, a_key_ends_at_its_time);
    tcase_add_test(tc, a_bound_key_works_on_its_machine_alone);
    tcase_add_test(tc, without_a_machine_id_a_bound_key_is_refused);
    tcase_add_test(tc, a_fingerprint_is_the_documented_digest);
    tcase_add_test(tc, a_reload_changes_rules_in_place);
    tcase_add_test(tc, a_key_that_went_is_revoked_and_may_come_back);
    tcase_add_test(tc, a_reload_takes_all_files_or_none);
    tcase_add_test(tc, one_file_of_several_surfaces_is_kept_once);
    tcase_add_test(tc, a_file_that_is_wrong_opens_nothing);
    tcase_add_test(tc, one_id_in_two_files_counts_once);
    tcase_add_test(tc, cards_become_accounts);
    tcase_add_test(tc, every_failed_allocation_is_clean);
    tcase_add_test(tc, making_one_without_memory_is_clean);
    tcase_add_test(tc, every_refusal_has_a_status);
}

int main(void)
{
    return run_tcase("access", add);
}
