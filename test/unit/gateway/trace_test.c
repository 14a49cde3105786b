/* trace_test.c - what passes the hub stands in the log at trace level, without its secrets. */
#include "rig.h"

#include "base/log.h"
#include "gateway/trace.h"

static struct rig r;
static struct peer a;
static struct buf logged;

static void on_log(int level, const char *line, void *arg)
{
    (void)arg;
    if (level == FUTU_LOG_TRACE) {
        ck_assert_int_eq(buf_puts(&logged, line), FUTU_OK);
        ck_assert_int_eq(buf_byte(&logged, '\n'), FUTU_OK);
    }
}

static bool has(const char *part)
{
    return logged.n && memmem(logged.p, logged.n, part, strlen(part));
}

static void setup(void)
{
    logged = (struct buf)BUF_INIT;
    rig_init(&r, NULL);
    peer_open(&a, &r, FUTU_WIRE_TCP);
}

static void teardown(void)
{
    futu_set_log(NULL, 0, NULL);
    peer_close(&a);
    rig_free(&r);
    buf_free(&logged);
}

START_TEST(requests_and_replies_are_logged_with_their_secrets_masked)
{
    static const char unlock[] = "{\"c2s\":{\"unlock\":true,\"pwdMD5\":\"d41d8cd98f00b204\"}}";
    struct frame f;
    futu_set_log(on_log, FUTU_LOG_TRACE, NULL);
    peer_init(&a, CIPHER_NONE, 0, false);
    ck_assert(!has(RIG_KEY));           /* the handshake's reply holds it */
    ck_assert_int_eq(peer_send(&a, 2005, FRAME_JSON, 7, unlock, sizeof(unlock) - 1), FUTU_OK);
    ck_assert(has("request: protobuf 2005 Trd_UnlockTrade, serial 7: "
                  "{\"c2s\":{\"unlock\":true,\"pwdMD5\":\"<redacted:16>\"}}"));
    rig_answer(&r, 2005, HEX_OK);
    ck_assert(peer_next(&a, &f));
    ck_assert(has("reply: JSON 2005 Trd_UnlockTrade, serial 7: {\"retType\":0"));
    ck_assert(!has("d41d8cd9"));
}
END_TEST

START_TEST(below_trace_level_nothing_of_it_is_logged)
{
    futu_set_log(on_log, FUTU_LOG_DEBUG, NULL);
    peer_init(&a, CIPHER_NONE, 0, false);
    ck_assert_uint_eq(logged.n, 0);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, requests_and_replies_are_logged_with_their_secrets_masked);
    tcase_add_test(tc, below_trace_level_nothing_of_it_is_logged);
}

int main(void)
{
    return run_tcase("trace", add);
}
