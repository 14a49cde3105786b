/* mcp_test.c - futu/mcp.h against a paper gateway: texts in and out, and pushes that are handed
 * over at once or when they are asked for. */
#include "host.h"

#include "futu/mcp.h"

#define INIT "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":{"                \
             "\"protocolVersion\":\"2025-11-25\"}}"
#define SUBSCRIBE                                                                                  \
    "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"tools/call\",\"params\":{\"name\":"                \
    "\"futu_subscribe\",\"arguments\":{\"symbols\":[\"HK.00700\"],\"sub_types\":[\"QUOTE\"],"      \
    "\"push\":true}}}"

static struct host host;
static futu_mcp *m;
static unsigned answers, quotes, asked;

static bool has(futu_str text, const char *part)
{
    return memmem(text.p, text.n, part, strlen(part)) != NULL;
}

static void on_text(futu_str text, void *arg)
{
    ck_assert_ptr_eq(arg, &host);
    ck_assert_ptr_null(memchr(text.p, '\n', text.n));
    answers += has(text, "\"result\"");
    quotes += has(text, "futu.quote");
}

static void on_push(void *arg)
{
    ck_assert_ptr_eq(arg, &host);
    asked++;
}

static void begin(void (*on)(void *arg))
{
    futu_mcp_opts o = FUTU_MCP_OPTS_INIT;
    host_init(&host, NULL);
    answers = quotes = asked = 0;
    o.on_text = on_text;
    o.on_push = on;
    o.arg = &host;
    ck_assert_int_eq(futu_mcp_new(host.gateway, &m, &o), FUTU_OK);
    futu_mcp_feed(m, (futu_str){ INIT, sizeof(INIT) - 1 });
    ck_assert_uint_eq(answers, 1);
    futu_mcp_feed(m, (futu_str){ SUBSCRIBE, sizeof(SUBSCRIBE) - 1 });
    host_until(&host, &answers, 2);
    ck_assert(!futu_mcp_busy(m));
}

static void end(void)
{
    futu_mcp_free(m);
    host_free(&host);
}

START_TEST(pushes_come_by_themselves)
{
    begin(NULL);
    host_until(&host, &quotes, 2);
    ck_assert(!futu_mcp_take(m));
    end();
}
END_TEST

START_TEST(pushes_wait_until_they_are_taken)
{
    begin(on_push);
    host_until(&host, &asked, 1);
    ck_assert_uint_eq(quotes, 0);
    while (futu_mcp_take(m)) { }
    ck_assert_uint_ge(quotes, 1);
    asked = 0;
    host_until(&host, &asked, 1);
    ck_assert(futu_mcp_take(m));
    end();
}
END_TEST

START_TEST(a_session_without_on_text_is_refused)
{
    futu_mcp_opts o = FUTU_MCP_OPTS_INIT;
    host_init(&host, NULL);
    ck_assert_int_eq(futu_mcp_new(host.gateway, &m, &o), FUTU_EINVAL);
    ck_assert_ptr_null(m);
    o.on_text = on_text;
    o.size = 4;
    ck_assert_int_eq(futu_mcp_new(host.gateway, &m, &o), FUTU_EINVAL);
    futu_mcp_free(NULL);
    host_free(&host);
}
END_TEST

static void tests(TCase *tc)
{
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, pushes_come_by_themselves);
    tcase_add_test(tc, pushes_wait_until_they_are_taken);
    tcase_add_test(tc, a_session_without_on_text_is_refused);
}

int main(void)
{
    return run_tcase("futu_mcp", tests);
}
