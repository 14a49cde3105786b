/* dialect_test.c - the tables of the dialect are sound: a changed tag breaks nothing else. */
#include "upstream/broker/dialect.h"

#include "support.h"
#include "upstream/broker/messages.h"

#define NAME(name) { #name, &bk_##name##_msg },
static const struct {
    const char *name;
    const futu_msg *m;
} all[] = { BK_MESSAGES(NAME) };

static void check_field(const futu_msg *m, const struct pb_field *f)
{
    bool sub = f->type == PB_MESSAGE;
    ck_assert_msg((f->sub != NULL) == sub, "%s.%s", m->name, f->name);
    ck_assert_uint_lt(f->off, m->size);
    ck_assert_uint_eq(f->n_name, strlen(f->name));
    bool flag = f->label != PB_REPEATED && f->type < PB_STRING;
    ck_assert_msg((f->off_has != 0) == flag || f->label == PB_REPEATED, "%s.%s", m->name, f->name);
    ck_assert_uint_lt(f->off_has, m->size);
}

START_TEST(tags_ascend_and_fields_lie_in_their_structs)
{
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        const futu_msg *m = all[i].m;
        uint32_t last = 0;
        ck_assert_str_eq(m->name + strlen("broker."), all[i].name);
        ck_assert_uint_le(m->n_fields, PB_MAX_FIELDS);
        for (size_t k = 0; k < m->n_fields; k++) {
            ck_assert_msg(m->fields[k].tag > last, "%s: %s", m->name, m->fields[k].name);
            last = m->fields[k].tag;
            check_field(m, &m->fields[k]);
        }
    }
}
END_TEST

/* A value for each field that differs from its neighbour's, out and back. */
static void fill_number(uint8_t *base, const struct pb_field *f)
{
    uint64_t v = f->tag * 3 + 1;
    int32_t small = (int32_t)v;
    bool yes = true;
    base[f->off_has] = 1;
    if (f->type == PB_BOOL)
        memcpy(base + f->off, &yes, sizeof(yes));
    else if (f->type == PB_INT32 || f->type == PB_UINT32)
        memcpy(base + f->off, &small, sizeof(small));
    else
        memcpy(base + f->off, &v, sizeof(v));
}

START_TEST(every_singular_field_goes_out_and_comes_back)
{
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        const futu_msg *m = all[i].m;
        struct arena a = ARENA_INIT;
        struct buf out = BUF_INIT;
        uint8_t *in = calloc(1, m->size), *back = calloc(1, m->size);
        futu_str text = STR("text");
        for (size_t k = 0; k < m->n_fields; k++) {
            const struct pb_field *f = &m->fields[k];
            if (f->label == PB_REPEATED || f->type == PB_MESSAGE)
                continue;
            if (f->type >= PB_STRING)
                memcpy(in + f->off, &text, sizeof(text));
            else
                fill_number(in, f);
        }
        ck_assert_int_eq(codec_encode(m, in, &out, NULL), FUTU_OK);
        ck_assert_int_eq(codec_decode(m, &a, out.p, out.n, back, NULL, NULL), FUTU_OK);
        for (size_t k = 0; k < m->n_fields; k++) {
            const struct pb_field *f = &m->fields[k];
            futu_str s;
            if (f->label == PB_REPEATED || f->type == PB_MESSAGE)
                continue;
            memcpy(&s, back + f->off, sizeof(s));
            if (f->type >= PB_STRING)
                ck_assert_msg(str_is(s, "text"), "%s.%s", m->name, f->name);
            else
                ck_assert_msg(back[f->off_has] && memcmp(in + f->off, back + f->off, 1) == 0,
                              "%s.%s", m->name, f->name);
        }
        free(in);
        free(back);
        buf_free(&out);
        arena_free(&a);
    }
}
END_TEST

START_TEST(documented_tags_stay_as_they_are)
{
    static const struct {
        const futu_msg *m;
        const char *name;
        uint32_t tag;
    } told[] = {
        { &bk_login_secret_msg, "host_ip", 7 },       { &bk_login_secret_msg, "conn_identity", 8 },
        { &bk_login_secret_msg, "host_port", 9 },     { &bk_login_secret_msg, "os_name", 12 },
        { &bk_ext_head_msg, "err_info", 5 },          { &bk_sec_msg, "market_code", 18 },
        { &bk_order_new_req_msg, "security_type", 11 },
        { &bk_order_new_req_msg, "exchange_code", 18 },
        { &bk_order_new_req_msg, "exchange", 26 },
    };
    for (size_t i = 0; i < ARRAY_LEN(told); i++) {
        uint32_t tag = 0;
        for (size_t k = 0; k < told[i].m->n_fields; k++)
            if (strcmp(told[i].m->fields[k].name, told[i].name) == 0)
                tag = told[i].m->fields[k].tag;
        ck_assert_msg(tag == told[i].tag, "%s", told[i].name);
    }
}
END_TEST

START_TEST(logins_and_quotes_travel_in_the_clear_and_orders_do_not)
{
    static const uint16_t clear[] = { 1001, 6001, 6211, 6212, 18012 };
    static const uint16_t sealed[] = { 2282, 2900, 3020, 4701, 4703, 14716, 20176 };
    for (size_t i = 0; i < ARRAY_LEN(clear); i++)
        ck_assert(dialect_in_clear(clear[i]));
    for (size_t i = 0; i < ARRAY_LEN(sealed); i++)
        ck_assert(!dialect_in_clear(sealed[i]));
}
END_TEST

START_TEST(order_numbers_are_stable_and_positive)
{
    uint64_t a = dialect_order_number(STR("FH1A2B3C4D5E6F7G8H"));
    ck_assert_uint_eq(a, dialect_order_number(STR("FH1A2B3C4D5E6F7G8H")));
    ck_assert_uint_ne(a, dialect_order_number(STR("FH1A2B3C4D5E6F7G8I")));
    ck_assert_uint_eq(a >> 63, 0);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, tags_ascend_and_fields_lie_in_their_structs);
    tcase_add_test(tc, every_singular_field_goes_out_and_comes_back);
    tcase_add_test(tc, documented_tags_stay_as_they_are);
    tcase_add_test(tc, logins_and_quotes_travel_in_the_clear_and_orders_do_not);
    tcase_add_test(tc, order_numbers_are_stable_and_positive);
}

int main(void)
{
    return run_tcase("dialect", add);
}
