/* registry_test.c - the generated table of protocols, its look-ups, what descriptors promise. */
#include "../support.h"

#include <ctype.h>
#include <stdio.h>

#include "codec/ctx.h"
#include "codec/registry.h"

START_TEST(rows_are_in_order_and_found)
{
    size_t n;
    const struct proto_row *rows = proto_rows(&n);
    ck_assert_uint_gt(n, 150);
    for (size_t i = 0; i < n; i++) {
        char name[80];
        if (i)
            ck_assert_uint_lt(rows[i - 1].id, rows[i].id);
        ck_assert_ptr_eq(proto_find(rows[i].id), &rows[i]);
        ck_assert_ptr_eq(proto_by_name(str_c(rows[i].name)), &rows[i]);
        int len = snprintf(name, sizeof(name), "%sx", rows[i].name);
        ck_assert_ptr_null(proto_by_name(str_c(name)));
        name[len - 1] = '\0';
        for (char *p = name; *p; p++)
            *p = (char)(i % 2 ? toupper(*p) : tolower(*p));
        ck_assert_ptr_eq(proto_by_name(str_c(name)), &rows[i]);
        ck_assert_ptr_nonnull(rows[i].scope);
    }
    ck_assert_ptr_null(proto_find(0));
    ck_assert_ptr_null(proto_find(UINT32_MAX));
    ck_assert_ptr_null(proto_find(rows[n - 1].id + 1));
    ck_assert_ptr_null(proto_by_name(STR("")));
    ck_assert_ptr_null(proto_by_name(STR("Qot_Su")));
    ck_assert_ptr_null(proto_by_name(STR("Qot_Sub\0")));
}
END_TEST

START_TEST(ids_are_those_of_the_table)
{
    char line[512];
    size_t n, lines = 0;
    FILE *f = fopen("test/data/proto-ids.tsv", "r");
    ck_assert_ptr_nonnull(f);
    ck_assert_ptr_nonnull(fgets(line, sizeof(line), f));
    while (fgets(line, sizeof(line), f)) {
        futu_str name = { strchr(line, '\t') + 1, 0 };
        uint64_t id;
        name.n = strcspn(name.p, "\t");
        ck_assert(str_to_u64((futu_str){ line, strcspn(line, "\t") }, &id));
        const struct proto_row *row = proto_find((uint32_t)id);
        ck_assert_msg(row && str_eq(str_c(row->name), name), STR_FMT, STR_ARG(name));
        lines++;
    }
    fclose(f);
    const struct proto_row *rows = proto_rows(&n);
    while (n > 0 && strncmp(rows[n - 1].name, "Gateway_", 8) == 0)
        n--;                    /* our own additions have the highest ids */
    while (n > 0 && !rows[n - 1].request && rows[n - 1].id > 22700)
        n--;                    /* what is known by number only */
    ck_assert_uint_eq(n, lines);
}
END_TEST

static void check_field(const futu_msg *m, size_t i)
{
    const struct pb_field *f = &m->fields[i];
    ck_assert_uint_eq(f->n_name, strlen(f->name));
    ck_assert_uint_eq(f->n_camel, strlen(f->camel));
    ck_assert_uint_eq(f->n_snake, strlen(f->snake));
    ck_assert_uint_le(f->off + (f->label == PB_REPEATED ? sizeof(void *) : pb_value_size(f)),
                      f->type == PB_MESSAGE && f->label != PB_REPEATED ? SIZE_MAX : m->size);
    ck_assert(i == 0 || m->fields[i - 1].tag < f->tag);
    ck_assert(i == 0 || strcmp(m->fields[m->by_name[i - 1]].name,
                               m->fields[m->by_name[i]].name) < 0);
    ck_assert((f->type == PB_MESSAGE) == (f->sub != NULL));
    ck_assert(pb_set_has(&m->required, i) == (f->label == PB_REQUIRED));
    ck_assert_ptr_eq(codec_field(m, str_c(f->name)), f);
    if (m->flat)
        ck_assert(f->label != PB_REPEATED && f->type != PB_MESSAGE);
}

static size_t check_message(const futu_msg *m, int depth)
{
    size_t fields = m->n_fields;
    ck_assert_int_lt(depth, 12);
    ck_assert_uint_le(m->n_fields, PB_MAX_FIELDS);
    for (size_t i = 0; i < m->n_fields; i++) {
        check_field(m, i);
        if (m->fields[i].sub)
            fields += check_message(m->fields[i].sub, depth + 1);
    }
    return fields;
}

START_TEST(protocols_have_constants_by_their_names)
{
    static const struct {
        uint32_t id;
        const char *name;
    } some[] = {
        { PROTO_INIT_CONNECT, "InitConnect" }, { PROTO_NOTIFY, "Notify" },
        { PROTO_TRD_PLACE_ORDER, "Trd_PlaceOrder" }, { PROTO_QOT_GET_KL, "Qot_GetKL" },
        { PROTO_QOT_REQUEST_HISTORY_KL_QUOTA, "Qot_RequestHistoryKLQuota" },
        { PROTO_TRD_GET_MAX_TRD_QTYS, "Trd_GetMaxTrdQtys" },
        { PROTO_GATEWAY_UPDATE_GAP, "Gateway_UpdateGap" },
    };
    for (size_t i = 0; i < ARRAY_LEN(some); i++) {
        const struct proto_row *row = proto_by_name(str_c(some[i].name));
        ck_assert(row && row->id == some[i].id);
    }
}
END_TEST

START_TEST(descriptors_keep_their_promises)
{
    size_t n, fields = 0;
    const struct proto_row *rows = proto_rows(&n);
    for (size_t i = 0; i < n; i++) {
        if (rows[i].request)
            fields += check_message(rows[i].request, 0);
        if (rows[i].response)
            fields += check_message(rows[i].response, 0);
    }
    ck_assert_uint_gt(fields, 4000);
}
END_TEST

START_TEST(what_the_table_says_of_one)
{
    const struct proto_row *row = proto_by_name(STR("trd_placeorder"));
    ck_assert_uint_eq(row->id, 2202);
    ck_assert(row->write && row->kind == PROTO_REQUEST && row->freq_by == FREQ_ACCOUNT);
    ck_assert_uint_gt(row->freq_n, 0);
    ck_assert_uint_gt(row->freq_gap_ms, 0);
    ck_assert_ptr_eq(row->request, &Trd_PlaceOrder_Request_msg);
    ck_assert_ptr_eq(row->response, &Trd_PlaceOrder_Response_msg);
    row = proto_find(3005);
    ck_assert(row->kind == PROTO_PUSH && !row->write && row->freq_n == 0);
    ck_assert_str_eq(row->name, "Qot_UpdateBasicQot");
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, rows_are_in_order_and_found);
    tcase_add_test(tc, ids_are_those_of_the_table);
    tcase_add_test(tc, protocols_have_constants_by_their_names);
    tcase_add_test(tc, descriptors_keep_their_promises);
    tcase_add_test(tc, what_the_table_says_of_one);
}

int main(void)
{
    return run_tcase("registry", add);
}
