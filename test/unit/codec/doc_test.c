/* doc_test.c - the generated table of comments and enums. */
#include "codec/doc.h"

#include "../support.h"
#include "codec/registry.h"

START_TEST(messages_are_sorted_and_found)
{
    for (size_t i = 0; i < proto_n_docs; i++) {
        ck_assert(i == 0 || strcmp(proto_docs[i - 1].m->name, proto_docs[i].m->name) < 0);
        ck_assert_ptr_eq(proto_doc(proto_docs[i].m), &proto_docs[i]);
    }
}
END_TEST

START_TEST(each_message_behind_a_rest_path_is_there)
{
    size_t n;
    const struct proto_row *rows = proto_rows(&n);
    for (size_t i = 0; i < n; i++) {
        if (!rows[i].rest || !rows[i].request)
            continue;
        ck_assert_msg(proto_doc(rows[i].request) != NULL, "%s", rows[i].name);
        ck_assert_msg(proto_doc(rows[i].response) != NULL, "%s", rows[i].name);
    }
    ck_assert_ptr_null(proto_doc(&InitConnect_Request_msg));
    ck_assert_ptr_null(proto_field_doc(&InitConnect_Request_msg, InitConnect_Request_msg.fields));
}
END_TEST

static const struct proto_field_doc *of(const futu_msg *m, const char *name)
{
    return proto_field_doc(m, codec_field(m, str_c(name)));
}

START_TEST(a_comment_of_two_lines_stays_with_its_field)
{
    const struct proto_field_doc *doc = of(&Trd_ModifyOrder_C2S_msg, "trdMarket");
    ck_assert_str_eq(doc->text, "A Trd_Common.TrdMarket that forAll is limited to; 0: all.");
    ck_assert_str_eq(doc->numbers->name, "Trd_Common.TrdMarket");
    ck_assert_str_eq(of(&Trd_ModifyOrder_C2S_msg, "qty")->text,
                     "New total quantity, not the change.");
    ck_assert_ptr_null(of(&Trd_ModifyOrder_C2S_msg, "qty")->numbers);
}
END_TEST

START_TEST(a_sum_of_flags_is_no_enum)
{
    ck_assert_ptr_null(of(&GetUserInfo_C2S_msg, "flag")->numbers);
}
END_TEST

START_TEST(names_of_numbers_are_without_their_enum)
{
    const struct proto_enum *e = of(&Trd_Common_TrdHeader_msg, "trdEnv")->numbers;
    ck_assert_uint_eq(e->n, 2);
    ck_assert_str_eq(e->values[1].name, "Real");
    ck_assert_int_eq(e->values[1].number, 1);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, messages_are_sorted_and_found);
    tcase_add_test(tc, each_message_behind_a_rest_path_is_there);
    tcase_add_test(tc, a_comment_of_two_lines_stays_with_its_field);
    tcase_add_test(tc, a_sum_of_flags_is_no_enum);
    tcase_add_test(tc, names_of_numbers_are_without_their_enum);
}

int main(void)
{
    return run_tcase("doc", add);
}
