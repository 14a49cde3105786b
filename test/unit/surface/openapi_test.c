/* openapi_test.c - the document: valid JSON, all routes, all references, and examples that the
 * calls take. That it is OpenAPI is checked by a validator in test/rest/. */
#include "surface/openapi.h"

#include <cjson/cJSON.h>
#include <stdio.h>

#include "../support.h"
#include "surface/body.h"
#include "surface/openapi_doc.h"

static struct buf out;
static cJSON *doc;

static void setup(void)
{
    out = (struct buf)BUF_INIT;
    ck_assert_int_eq(openapi_write(&out), FUTU_OK);
    doc = cJSON_ParseWithLength((char *)out.p, out.n);
    ck_assert_ptr_nonnull(doc);
}

static void teardown(void)
{
    cJSON_Delete(doc);
    buf_free(&out);
}

static const cJSON *at(const cJSON *from, const char *name)
{
    const cJSON *found = cJSON_GetObjectItemCaseSensitive(from, name);
    ck_assert_msg(found != NULL, "%s", name);
    return found;
}

START_TEST(each_route_is_there_with_its_methods)
{
    size_t n;
    const struct route *r = routes(&n);
    const cJSON *paths = at(doc, "paths");
    ck_assert_int_eq(cJSON_GetArraySize(paths), (int)n);
    for (size_t i = 0; i < n; i++) {
        const cJSON *path = at(paths, r[i].path);
        ck_assert_int_eq(cJSON_HasObjectItem(path, "get"), (r[i].methods & METHOD_GET) != 0);
        ck_assert_int_eq(cJSON_HasObjectItem(path, "post"), (r[i].methods & METHOD_POST) != 0);
    }
}
END_TEST

/* No name twice in an object, and every reference leads somewhere. */
static void walk(const cJSON *node)
{
    for (const cJSON *a = node->child; a; a = a->next) {
        if (cJSON_IsObject(node)) {
            for (const cJSON *b = a->next; b; b = b->next)
                ck_assert_msg(strcmp(a->string, b->string) != 0, "%s is there twice", a->string);
        }
        if (a->string && strcmp(a->string, "$ref") == 0 && cJSON_IsString(a)) {
            const char *name = strrchr(a->valuestring, '/') + 1;
            const char *where = strstr(a->valuestring, "/schemas/") ? "schemas" : "responses";
            at(at(at(doc, "components"), where), name);
        }
        walk(a);
    }
}

START_TEST(references_lead_somewhere_and_no_name_is_there_twice)
{
    walk(doc);
}
END_TEST

START_TEST(each_example_is_taken_by_its_call)
{
    size_t n;
    const struct route *r = routes(&n);
    for (size_t i = 0; i < n; i++) {
        struct buf pb = BUF_INIT;
        struct body_extra extra;
        struct body_error e = { .text = "" };
        struct body_fill with = { .preset = r[i].preset ? str_c(r[i].preset) : STR_NULL };
        const struct proto_row *row = r[i].kind == ROUTE_CALL ? proto_find(r[i].proto) : NULL;
        const char *body = openapi_example(r[i].path);
        if (row && row->request) {
            futu_err err = body_to_pb(row, str_c(body), &with, &pb, &extra, &e);
            ck_assert_msg(err == FUTU_OK, "%s: %s", r[i].path, e.text);
        }
        buf_free(&pb);
    }
}
END_TEST

START_TEST(each_example_has_its_route)
{
    const char *path;
    for (size_t i = 0; (path = openapi_example_path(i)); i++) {
        struct route room;
        const struct route *r = route_find(str_c(path), &room);
        ck_assert_msg(r && r != &room && (r->methods & METHOD_POST), "%s", path);
    }
}
END_TEST

static const cJSON *body_schema(const char *path, int form)
{
    const cJSON *post = at(at(at(doc, "paths"), path), "post");
    const cJSON *type = at(at(at(post, "requestBody"), "content"), "application/json");
    return cJSON_GetArrayItem(at(at(type, "schema"), "anyOf"), form);
}

static bool lists(const cJSON *array, const char *text)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, array) {
        if (strcmp(item->valuestring, text) == 0)
            return true;
    }
    return false;
}

START_TEST(the_flat_form_asks_for_what_a_caller_must_say)
{
    const cJSON *flat = body_schema("/api/order", 0), *need = at(flat, "required");
    ck_assert(lists(need, "code") && lists(need, "qty") && lists(need, "trd_env"));
    ck_assert(!lists(need, "packet_id") && !lists(need, "acc_id") && !lists(need, "trd_market"));
    at(at(flat, "properties"), "card_num");
    need = at(body_schema("/api/unsubscribe", 0), "required");
    ck_assert(!lists(need, "is_sub_or_un_sub"));
    need = at(body_schema("/api/subscribe", 0), "required");
    ck_assert(!lists(need, "is_sub_or_un_sub"));
    need = at(body_schema("/api/funds", 0), "required");
    ck_assert(lists(need, "trd_market"));
}
END_TEST

START_TEST(numbers_have_their_names)
{
    const cJSON *flat = body_schema("/api/funds", 0);
    const cJSON *env = at(at(flat, "properties"), "trd_env");
    ck_assert_str_eq(at(at(env, "x-enum-names"), "0")->valuestring, "Simulate");
    ck_assert_str_eq(at(env, "x-enum")->valuestring, "Trd_Common.TrdEnv");
    ck_assert_str_eq(at(env, "description")->valuestring, "A TrdEnv.");
}
END_TEST

START_TEST(scopes_and_open_routes_are_told)
{
    const cJSON *paths = at(doc, "paths");
    const cJSON *order = at(at(paths, "/api/order"), "post");
    ck_assert(lists(at(order, "x-scope"), "trade:real"));
    ck_assert(lists(at(order, "x-scope"), "trade:simulate"));
    const cJSON *health = at(at(paths, "/health"), "get");
    ck_assert_int_eq(cJSON_GetArraySize(at(health, "security")), 0);
    ck_assert(!cJSON_HasObjectItem(order, "security"));
}
END_TEST

START_TEST(it_is_the_same_each_time)
{
    struct buf again = BUF_INIT;
    ck_assert_int_eq(openapi_write(&again), FUTU_OK);
    ck_assert_uint_eq(again.n, out.n);
    ck_assert_mem_eq(again.p, out.p, out.n);
    buf_free(&again);
}
END_TEST

START_TEST(every_failed_allocation_is_clean)
{
    for (long i = 0; test_alloc_fail_at(i); i++) {
        struct buf b = BUF_INIT;
        ck_assert_int_eq(openapi_write(&b), mem_failed() ? FUTU_ENOMEM : FUTU_OK);
        ck_assert(!mem_failed() || b.n == 0);
        buf_free(&b);
    }
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, each_route_is_there_with_its_methods);
    tcase_add_test(tc, references_lead_somewhere_and_no_name_is_there_twice);
    tcase_add_test(tc, each_example_is_taken_by_its_call);
    tcase_add_test(tc, each_example_has_its_route);
    tcase_add_test(tc, the_flat_form_asks_for_what_a_caller_must_say);
    tcase_add_test(tc, numbers_have_their_names);
    tcase_add_test(tc, scopes_and_open_routes_are_told);
    tcase_add_test(tc, it_is_the_same_each_time);
    tcase_add_test(tc, every_failed_allocation_is_clean);
}

int main(void)
{
    return run_tcase("openapi", add);
}
