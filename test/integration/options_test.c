/* options_test.c - what the daemon says and returns when it is started wrongly, and how it ends. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support.h"
#include "ws.h"

#define ARGS(...) ((const char *const[]){ __VA_ARGS__, NULL })

static char text[16384];

/* One line; what concerns a port stands in the log before it. */
static void fails(const char *const *args, int status, const char *word)
{
    int got = opend_run(args, text, sizeof(text));
    ck_assert_msg(got == status, "%s ...: status %d instead of %d: %s", args[0], got, status, text);
    ck_assert_msg(strstr(text, word) != NULL, "no \"%s\" in: %s", word, text);
    const char *said = strstr(text, " WARN ") ? strchr(text, '\n') + 1 : text;
    ck_assert_msg(strncmp(said, "futu-opend: ", 12) == 0, "%s", text);
    ck_assert_msg(strchr(said, '\n') == said + strlen(said) - 1, "more than one line: %s", text);
}

START_TEST(help_and_version)
{
    ck_assert_int_eq(opend_run(ARGS("--help"), text, sizeof(text)), 0);
    static const char *const words[] = { "--paper ", "--port N", "--websocket-port N", "[11111]",
                                         "--rsa-private-key FILE", "usage:" };
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        ck_assert_msg(strstr(text, words[i]) != NULL, "no %s in the help", words[i]);
    ck_assert_int_eq(opend_run(ARGS("--version"), text, sizeof(text)), 0);
    ck_assert_str_eq(text, "futu-opend " FUTU_VERSION "\n");
}
END_TEST

START_TEST(wrong_usage_is_status_2_and_one_line)
{
    fails(ARGS("--port", "0"), 2, "--paper");           /* no upstream */
    fails(ARGS("--paper", "--prot", "0"), 2, "did you mean --port?");
    fails(ARGS("--paper", "--frobnicate"), 2, "--frobnicate");
    fails(ARGS("--paper", "paper"), 2, "options begin with --");
    fails(ARGS("--paper", "--port"), 2, "--port needs a value");
    fails(ARGS("--paper", "--port", "70000"), 2, "70000 is not a number in 0..65535");
    fails(ARGS("--paper", "--port", "1x"), 2, "1x");
    fails(ARGS("--paper=yes"), 2, "takes no value");
    fails(ARGS("--paper", "--frequency-limits", "perhaps"), 2, "on or off");
    fails(ARGS("--paper", "--log-level", "loud"), 2, "--log-level");
    fails(ARGS("--paper", "--websocket-cert", "x"), 2, "--websocket-private-key");
    fails(ARGS("--paper", "--websocket-key-md5", "x"), 2, "--websocket-port");
    fails(ARGS("--paper", "--websocket-port", "1", "--websocket-key-md5", "x"), 2, "32 hex digits");
    fails(ARGS("--paper", "--keep-alive", "0"), 2, "1..30");
    fails(ARGS("--paper", "--rest-ip", "127.0.0.1"), 2, "--rest-ip needs --rest-port");
    fails(ARGS("--paper", "--tz", "Mars/Olympus"), 2, "--tz: Mars/Olympus is no zone");
    fails(ARGS("--login-account", "+8613900000000"), 2, "+REGION-NUMBER, such as +86-13900000000");
    fails(ARGS("--login-account", "1", "--login-pwd-md5", "x"), 2, "--login-pwd-md5: 32 hex");
    fails(ARGS("--paper", "--login-account", "1"), 2, "a gateway has one upstream");
    fails(ARGS("--paper", "--telnet-port", "1", "--telnet-ip", "0.0.0.0"), 2,
          "--telnet-ip: beyond loopback the console needs keys");
    fails(ARGS("--paper", "--telnet-ip", "127.0.0.1"), 2, "--telnet-ip needs --management-port");
    fails(ARGS("--paper", "--management-port", "11111"), 2, "--port and --management-port");
}
END_TEST

START_TEST(log_lines_are_text_with_the_zones_offset_or_json)
{
    ck_assert_int_eq(opend_run_until(ARGS("--paper", "--port", "0", "--log-level", "debug", "--tz",
                                          "Asia/Hong_Kong"), "\nready", text, sizeof(text)), -1);
    ck_assert_ptr_nonnull(strstr(text, "+08:00 WARN  the log shows details"));
    ck_assert_int_eq(opend_run_until(ARGS("--paper", "--port", "0", "--log-level", "debug",
                                          "--json-log"), "\nready", text, sizeof(text)), -1);
    ck_assert_ptr_nonnull(strstr(text, "Z\",\"level\":\"WARN\",\"target\":\"futu\",\"message\":\""
                                       "the log shows details"));
    ck_assert_ptr_eq(strstr(text, "{\"timestamp\":\""), text);
    fails(ARGS("--paper", "--port", "0", "--tz", "Mars/Base"), 2, "--tz: Mars/Base is no zone");
}
END_TEST

START_TEST(what_can_t_start_is_status_1_with_the_reason)
{
    char port[16];
    snprintf(port, sizeof(port), "%d", free_port());
    fails(ARGS("--paper", "--port", "0", "--ip", "localhost"), 1, "localhost is not an IP address");
    fails(ARGS("--paper", "--port", "0", "--ip", "192.0.2.1"), 1, "192.0.2.1");
    fails(ARGS("--paper", "--port", "0", "--paper-clock", "slow"), 1, "slow");
    fails(ARGS("--paper", "--port", "0", "--rsa-private-key", "/nonexistent"), 1, "/nonexistent");
    fails(ARGS("--paper", "--port", "0", "--rsa-private-key", "Makefile"), 1, "Makefile");
    fails(ARGS("--paper", "--port", "0", "--websocket-port", port, "--websocket-cert",
               "/nonexistent", "--websocket-private-key", "test/data/rsa1024.pem"),
          1, "/nonexistent");
}
END_TEST

START_TEST(a_port_in_use_is_named_with_the_reason)
{
    struct opend d;
    char port[16], ws[16], want[64];
    opend_start(&d, NULL);
    snprintf(port, sizeof(port), "%d", d.port);
    snprintf(ws, sizeof(ws), "%d", d.ws_port);
    fails(ARGS("--paper", "--port", port), 1, "address already in use");
    ck_assert_msg(strstr(text, "choose another port with --port") != NULL, "%s", text);
    snprintf(want, sizeof(want), "FTAPI: port %d on 127.0.0.1", d.port);
    ck_assert_msg(strstr(text, want) != NULL, "%s", text);
    fails(ARGS("--paper", "--port", "0", "--websocket-port", ws), 1, "address already in use");
    ck_assert_msg(strstr(text, "port with --websocket-port") != NULL, "%s", text);
    snprintf(want, sizeof(want), "WebSocket: port %d on 127.0.0.1", d.ws_port);
    ck_assert_msg(strstr(text, want) != NULL, "%s", text);
    struct peer p;
    peer_login(&p, d.port);         /* the first one does not care */
    peer_keep_alive(&p);
    peer_close(&p);
    opend_stop(&d);
}
END_TEST

START_TEST(the_banner_says_paper_and_where)
{
    struct opend d;
    opend_start(&d, NULL);
    ck_assert(strstr(d.banner, "PAPER") != NULL);
    ck_assert(strstr(d.banner, "127.0.0.1:") != NULL);
    ck_assert(strstr(d.banner, "ws://127.0.0.1:") != NULL);
    opend_stop(&d);
}
END_TEST

/* opend_stop() insists on status 0 within two seconds. */
START_TEST(sigterm_ends_it_with_connections_open)
{
    struct opend d;
    struct peer idle, tcp, ws, half, upgrading;
    uint8_t body[64];
    struct got g;
    opend_start(&d, NULL);
    peer_connect(&idle, d.port);
    peer_login(&tcp, d.port);
    sdk_login(&ws, d.ws_port);
    peer_connect(&upgrading, d.ws_port);
    peer_send(&upgrading, "GET / HT", 8);
    peer_login(&half, d.port);
    peer_send(&half, "FT\xec\x03", 4);
    size_t n = hex_bytes("0a150a0908011205303037303010011002180120013001", body, sizeof(body));
    peer_call(&tcp, 3001, 0, body, n, &g);
    got_free(&g);
    peer_expect(&tcp, 3005, &g);
    got_free(&g);
    opend_stop(&d);
    struct peer *all[] = { &idle, &tcp, &ws, &half, &upgrading };
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        ck_assert(peer_closed(all[i], WAIT_MS));
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, help_and_version);
    tcase_add_test(tc, wrong_usage_is_status_2_and_one_line);
    tcase_add_test(tc, log_lines_are_text_with_the_zones_offset_or_json);
    tcase_add_test(tc, what_can_t_start_is_status_1_with_the_reason);
    tcase_add_test(tc, a_port_in_use_is_named_with_the_reason);
    tcase_add_test(tc, the_banner_says_paper_and_where);
    tcase_add_test(tc, sigterm_ends_it_with_connections_open);
}

int main(void)
{
    return run_tcase("options", add);
}
