/* silence_test.c - who is cut for being silent, and who is not. Takes half a minute, since that is
 * the least the protocol allows; it runs beside the other tests.
 */
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "support.h"
#include "ws.h"

#define LIMIT_MS 30000          /* silent TCP clients, and beginnings that never end */
#define UPGRADE_MS 10000        /* the HTTP part of a WebSocket */
#define LATE_MS (2500 * SLOW)
#define END_MS (LIMIT_MS + LATE_MS)

static const char *const args[] = { "--keep-alive", "1", NULL };
static struct opend d;

/* One connection that does what its name says. */
enum { MUTE, SILENT, SUBSCRIBED, ALIVE, SDK, NO_INIT_WS, NO_UPGRADE, N };
static const struct {
    const char *name;
    int cut_ms;                 /* 0: never */
} kinds[N] = {
    { "no InitConnect", LIMIT_MS }, { "no KeepAlive", LIMIT_MS },
    { "pushes, but no KeepAlive", LIMIT_MS }, { "KeepAlive each second", 0 },
    { "the SDK, silent", 0 }, { "WebSocket without an init", LIMIT_MS },
    { "half an upgrade", UPGRADE_MS },
};
static struct peer p[N];
static int64_t cut_at[N];

static void connect_all(void)
{
    uint8_t body[64];
    struct got g;
    peer_connect(&p[MUTE], d.port);
    peer_login(&p[SILENT], d.port);
    peer_login(&p[SUBSCRIBED], d.port);
    size_t n = hex_bytes("0a150a0908011205303037303010011002180120013001", body, sizeof(body));
    peer_call(&p[SUBSCRIBED], 3001, 0, body, n, &g);
    got_free(&g);
    peer_login(&p[ALIVE], d.port);
    sdk_login(&p[SDK], d.ws_port);
    ws_open(&p[NO_INIT_WS], d.ws_port);
    peer_connect(&p[NO_UPGRADE], d.ws_port);
    peer_send(&p[NO_UPGRADE], "GET / HTTP/1.1\r\nHost", 20);
}

/* Drops what comes; notes the time when the other side closes. Pings of the WebSocket are not
 * answered: within a minute that is no reason to close. */
static void drain(int i, int64_t since)
{
    static char sink[65536];
    struct pollfd f = { .fd = p[i].fd, .events = POLLIN };
    while (!cut_at[i] && poll(&f, 1, 0) > 0)
        if (recv(p[i].fd, sink, sizeof(sink), 0) <= 0)
            cut_at[i] = now_ms() - since;
}

START_TEST(the_silent_are_cut_in_time_and_the_others_are_not)
{
    opend_start(&d, args);
    int64_t since = now_ms(), next = since;
    connect_all();
    while (now_ms() - since < END_MS) {
        if (now_ms() >= next) {
            peer_keep_alive(&p[ALIVE]);
            next += 1000;
        }
        for (int i = 0; i < N; i++)
            if (i != ALIVE)
                drain(i, since);
        poll(NULL, 0, 20);
    }
    for (int i = 0; i < N; i++) {
        long long at = (long long)cut_at[i], want = kinds[i].cut_ms;
        ck_assert_msg(want || !at, "%s: cut after %lld ms", kinds[i].name, at);
        ck_assert_msg(!want || at, "%s: not cut", kinds[i].name);
        ck_assert_msg(!want || (at >= want - 1000 && at <= want + LATE_MS), "%s: cut after %lld ms",
                      kinds[i].name, at);
    }
    peer_keep_alive(&p[ALIVE]);
    sdk_keep_alive(&p[SDK]);
    opend_stop(&d);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, the_silent_are_cut_in_time_and_the_others_are_not);
}

int main(void)
{
    return run_tcase("silence", add);
}
