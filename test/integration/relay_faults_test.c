/* relay_faults_test.c - an upstream that is silent, slow, broken or something else altogether: the
 * relay says which stage failed, goes on trying, and its clients are told meanwhile.
 */
#include <stdio.h>
#include <unistd.h>

#include "chain.h"
#include "peer.h"
#include "support.h"
#include "watcher.h"

#define SILENCE_MS (15000 * SLOW)       /* three intervals of KeepAlive, and room */
#define BACK_MS (20000 * SLOW)
#define FLOW_MS (20000 * SLOW)
/* A name that can't exist: no server is asked for it. */
#define TOO_LONG "a-label-has-63-letters-at-most-and-this-one-has-some-more-than-that-"
#define WRONG_KEY "/tmp/futu-test-key-XXXXXX"

static const char *const codes[] = { "HK.00700", "HK.09988", "HK.00005", "US.AAPL", "SH.600519" };
static const int32_t types[] = { Qot_Common_SubType_Basic, Qot_Common_SubType_Ticker,
                                 Qot_Common_SubType_KL_1Min };
static const char *const lively[] = { "--paper-clock", "always-open,x20", "--keep-alive", "1",
                                      NULL };
/* An exchange that is started again has the tickers of before, unless its time ran faster. */
static const char *const calm[] = { "--keep-alive", "1", NULL };
static struct opend paper;
static struct chain ch;
static futu_loop *loop;
static struct watcher w;
static size_t n_codes;

static void start_with(const char *const *args, size_t n)
{
    n_codes = n;
    opend_start(&paper, args);
    chain_start(&ch, 1, &paper);
    ck_assert_int_eq(futu_loop_new(&loop), FUTU_OK);
    watcher_start(&w, loop, chain_port(&ch));
    watcher_subscribe(&w, codes, n_codes, types, ARRAY_LEN(types));
}

static void start(void)
{
    start_with(lively, ARRAY_LEN(codes));
}

static void start_calm(void)
{
    start_with(calm, 1);      /* in real time others are quiet for a while */
}

static void stop(void)
{
    watcher_check_tickers(&w);
    watcher_stop(&w);
    futu_loop_free(loop);
    chain_stop(&ch);
    opend_stop(&paper);
}

static void wait_events(const uint64_t *count, uint64_t above, int ms, const char *what)
{
    for (int64_t end = now_ms() + ms; *count <= above; futu_loop_poll(loop, 20))
        ck_assert_msg(now_ms() < end, "no event \"%s\" within %d ms", what, ms);
}

static void streams_flow(void)
{
    char missing[64];
    watcher_reset(&w);
    for (int64_t end = now_ms() + FLOW_MS;
         !watcher_all_pushed(&w, types, ARRAY_LEN(types), missing); futu_loop_poll(loop, 20))
        ck_assert_msg(now_ms() < end, "nothing comes: %s", missing);
}

/* ---- a link that is there and does not work ---- */

START_TEST(a_half_open_link_is_noticed_and_replaced)
{
    streams_flow();
    proxy_half_open(&ch.link[0], true);
    wait_events(&w.began, 0, SILENCE_MS, "began");
    ck_assert_uint_eq(w.over, 0);
    proxy_half_open(&ch.link[0], false);
    wait_events(&w.over, 0, BACK_MS, "over");
    streams_flow();
}
END_TEST

START_TEST(garbage_from_the_upstream_ends_that_connection_only)
{
    for (uint32_t i = 0; i < 5; i++) {
        uint64_t over = w.over;
        streams_flow();
        proxy_garbage(&ch.link[0], PROXY_TO_CLIENT, 1 + 1000 * i);
        wait_events(&w.over, over, BACK_MS, "over");
    }
    streams_flow();
}
END_TEST

START_TEST(garbage_towards_the_upstream_is_like_a_cut)
{
    streams_flow();
    proxy_garbage(&ch.link[0], PROXY_TO_SERVER, 1000);
    wait_events(&w.over, 0, BACK_MS, "over");
    streams_flow();
}
END_TEST

START_TEST(single_bytes_and_delays_lose_nothing)
{
    proxy_split(&ch.link[0], 1);
    streams_flow();
    proxy_split(&ch.link[0], 7);
    proxy_delay(&ch.link[0], 30);
    streams_flow();
    proxy_split(&ch.link[0], 0);
    proxy_delay(&ch.link[0], 300);
    streams_flow();
    ck_assert_uint_eq(w.began, 0);
    ck_assert_uint_eq(watcher_check_tickers(&w), 0);
}
END_TEST

/* The slow one loses its place or gets less; nobody else notices. */
START_TEST(a_slow_reader_holds_nobody_up)
{
    struct watcher slow;
    futu_loop *unread;                  /* never run once it has subscribed */
    ck_assert_int_eq(futu_loop_new(&unread), FUTU_OK);
    watcher_start(&slow, unread, ch.link[1].port);
    watcher_subscribe(&slow, codes, n_codes, types, ARRAY_LEN(types));
    watcher_stop(&w);
    watcher_start(&w, loop, ch.relay[0].port);
    watcher_subscribe(&w, codes, n_codes, types, ARRAY_LEN(types));
    proxy_rate(&ch.link[1], 500);
    for (int i = 0; i < 3; i++) {
        struct peer p;
        int64_t at = now_ms();
        streams_flow();
        peer_login(&p, ch.relay[0].port);
        peer_keep_alive(&p);
        ck_assert_int_lt(now_ms() - at, FLOW_MS);
        peer_close(&p);
    }
    ck_assert_uint_eq(w.began, 0);
    ck_assert_uint_eq(watcher_check_tickers(&w), 0);
    watcher_stop(&slow);
    futu_loop_free(unread);
}
END_TEST

START_TEST(a_link_that_is_too_slow_heals)
{
    streams_flow();
    proxy_rate(&ch.link[0], 200);
    for (int64_t end = now_ms() + 3000; now_ms() < end;)
        futu_loop_poll(loop, 20);
    proxy_rate(&ch.link[0], 0);
    proxy_cut(&ch.link[0], PROXY_RST);
    wait_events(&w.over, w.over, BACK_MS, "over");
    streams_flow();
}
END_TEST

START_TEST(an_upstream_that_is_started_again_on_another_port)
{
    streams_flow();
    opend_kill(&paper);
    proxy_cut(&ch.link[0], PROXY_RST);
    wait_events(&w.began, 0, BACK_MS, "began");
    opend_start(&paper, calm);
    proxy_target(&ch.link[0], paper.port);
    wait_events(&w.over, 0, BACK_MS, "over");
    streams_flow();
}
END_TEST

START_TEST(an_upstream_that_refuses_for_a_while)
{
    struct chain_info info;
    streams_flow();
    proxy_refuse(&ch.link[0], true);
    proxy_cut(&ch.link[0], PROXY_FIN);
    wait_events(&w.began, 0, BACK_MS, "began");
    do {
        futu_loop_poll(loop, 20);
        chain_info(&ch, 0, &info);
    } while (info.up || !strstr(info.error, "tcp"));
    ck_assert_int_gt(info.stale, 0);
    proxy_refuse(&ch.link[0], false);
    wait_events(&w.over, 0, BACK_MS, "over");
    streams_flow();
    chain_wait_up(&ch);
}
END_TEST

/* ---- what can't work ---- */

/* One that was made for this test and opens nothing. */
static const char other_key[] =
    "-----BEGIN RSA PRIVATE KEY-----\n"
    "MIICXAIBAAKBgQDilkUqAXxTAmZts8F/UOwh1H48rB2onYTravdh0SsBp5FAFSOd\n"
    "EZMKncash6SoDIQUGzCd8QocOBmFYeOvmjU0v95bRSQ9Jc8SBWhfW94FNvlOErdh\n"
    "qPEZzKLuTwA/UJRC4OyV6aeRb3RTu2sAEaI4tIcMcdYA8s4jzL9zkqLXUwIDAQAB\n"
    "AoGAIovWr7jaQ62yADfP4KFt3xqOxKFZREP/6AS/AuLpM69greyLKX9sc8nqaJOl\n"
    "vxlpacdbejkt2W+UNIngNP3F7qOBD+1dHWGtJhZHIa4RQfVTOFPRtdtYjO1Smcig\n"
    "OJ4KFt1jtxSFybiEzjkNIsYyiin5vQKoIyls0wj42R+Q7YECQQDx/x1mVNvqI35L\n"
    "UfghNLumZptlrsXN4WdGRSf2e4m6L2GowCz9TEG/xFSQeG0soF/50yR1vNjIrI0I\n"
    "esGJXE8rAkEA77LhrUjaZdP2BZXkVDTd/rYDC+E2eVWVRP6xxEcwM1O9+p5BW+/0\n"
    "hUw2JywSF39GeWyazkJpGR6a7CMHFe5EeQJAEO4hN2yOaiYLiud0LZaL3ktlacq9\n"
    "afbwC7mA3zyrWQxBj9XKD/qKywjIRcc3FB0wOcEs1tPccsWnpEU6TwrXOwJAQBYB\n"
    "hIT/7022b1PeEi14VQtw0RJLsDETkbjO6n1mA7MWDhWVv/Dt3V289MgxphqfSwOg\n"
    "eBkFZHPsU8ohsNldcQJBAN8XLe5okqa5mt7qfombKllAtMHw48bhZWErLRiFyanS\n"
    "Q84x0u2QtaqFUXNwfMjeaEGiFH9a7OJ2ao0m8VETzao=\n"
    "-----END RSA PRIVATE KEY-----\n";

static void write_key(char *path)
{
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, other_key, sizeof(other_key) - 1), sizeof(other_key) - 1);
    close(fd);
}

/* A relay towards `upstream`, with a key file or without: it goes on or ends with status 1, and
 * says the word of the stage. */
static void fails_at(const char *stage, const char *upstream, const char *key)
{
    static char text[8192];
    char dir[64];
    chain_folder(dir);
    const char *args[] = { "--upstream", upstream, "--port", "0", "--state-dir", dir,
                           key ? "--upstream-rsa-key" : NULL, key, NULL };
    int status = opend_run_until(args, stage, text, sizeof(text));
    ck_assert_msg(status == -1 || status == 1, "status %d: %s", status, text);
    ck_assert_msg(strstr(text, stage) != NULL, "no \"%s\" in: %s", stage, text);
    chain_remove(dir);
}

static void address(char out[32], int port)
{
    snprintf(out, 32, "127.0.0.1:%d", port);
}

START_TEST(the_stage_that_fails_is_named)
{
    static const char *const with_key[] = { "--rsa-private-key", "test/data/rsa1024.pem", NULL };
    struct opend plain, keyed;
    struct proxy px;
    char to[32], key[] = WRONG_KEY;
    write_key(key);
    opend_start(&plain, NULL);
    opend_start(&keyed, with_key);
    proxy_start(&px, plain.port);
    address(to, free_port());
    fails_at("tcp", to, NULL);
    fails_at("dns", TOO_LONG ".invalid:1", NULL);
    proxy_answer(&px, "HTTP/1.1 400 Bad Request\r\nServer: x\r\nContent-Length: 0\r\n\r\n");
    address(to, px.port);
    fails_at("ftapi", to, NULL);
    address(to, keyed.port);
    fails_at("rsa", to, NULL);
    fails_at("rsa", to, key);
    address(to, plain.port);
    fails_at("rsa", to, key);
    proxy_stop(&px);
    opend_stop(&plain);
    opend_stop(&keyed);
    unlink(key);
}
END_TEST

static void add(TCase *tc)
{
    tcase_set_timeout(tc, 100 * SLOW);
    tcase_add_test(tc, the_stage_that_fails_is_named);
}

static void add_links(TCase *tc)
{
    tcase_set_timeout(tc, 100 * SLOW);
    tcase_add_checked_fixture(tc, start, stop);
    tcase_add_test(tc, a_half_open_link_is_noticed_and_replaced);
    tcase_add_test(tc, garbage_from_the_upstream_ends_that_connection_only);
    tcase_add_test(tc, garbage_towards_the_upstream_is_like_a_cut);
    tcase_add_test(tc, single_bytes_and_delays_lose_nothing);
    tcase_add_test(tc, a_slow_reader_holds_nobody_up);
    tcase_add_test(tc, a_link_that_is_too_slow_heals);
    tcase_add_test(tc, an_upstream_that_refuses_for_a_while);
}

static void add_restart(TCase *tc)
{
    tcase_set_timeout(tc, 100 * SLOW);
    tcase_add_checked_fixture(tc, start_calm, stop);
    tcase_add_test(tc, an_upstream_that_is_started_again_on_another_port);
}

int main(void)
{
    int wrong = run_tcase("relay, wrong upstreams", add);
    int links = run_tcase("relay, bad links", add_links);
    int restart = run_tcase("relay, upstream restarted", add_restart);
    return wrong || links || restart;
}
