/* config_test.c - the daemon's options from files and the environment, what --check-config says,
 * the log's form, and how it ends with answers under way. */
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "chain.h"
#include "peer.h"
#include "support.h"

#define ARGS(...) ((const char *const[]){ __VA_ARGS__, NULL })

static char text[16384], dir[64];

static void put(const char *name, const char *content)
{
    FILE *f = fopen(name, "w");
    ck_assert_ptr_nonnull(f);
    ck_assert_int_ge(fputs(content, f), 0);
    ck_assert_int_eq(fclose(f), 0);
}

static void copy(const char *from, const char *to)
{
    size_t n;
    char *p = read_file(from, &n);
    FILE *f = fopen(to, "w");
    ck_assert_uint_eq(fwrite(p, 1, n, f), n);
    ck_assert_int_eq(fclose(f), 0);
    ck_assert_int_eq(chmod(to, 0700), 0);
    free(p);
}

/* A working directory of our own; the program is named by its full path from here on. */
static void enter(void)
{
    char program[PATH_MAX];
    ck_assert_ptr_nonnull(realpath(getenv("FUTU_OPEND"), program));
    setenv("FUTU_OPEND", program, 1);
    unsetenv("TZ");
    chain_folder(dir);
    ck_assert_int_eq(chdir(dir), 0);
}

static void leave(void)
{
    ck_assert_int_eq(chdir("/"), 0);
    chain_remove(dir);
}

static void says(const char *word)
{
    ck_assert_msg(strstr(text, word) != NULL, "no \"%s\" in: %s", word, text);
}

static void run(const char *const *args, int status)
{
    int got = opend_run(args, text, sizeof(text));
    ck_assert_msg(got == status, "status %d instead of %d: %s", got, status, text);
}

START_TEST(the_check_names_where_each_value_comes_from)
{
    enter();
    put("c.toml", "paper = true\nport = 1\npush_interval = 1\nkeep_alive = 2\n"
                  "paper_trade_pwd = \"hunter2\"\n");
    setenv("FUTU_OPEND_PUSH_INTERVAL", "20", 1);
    setenv("FUTU_OPEND_KEEP_ALIVE", "3", 1);
    setenv("TZ", "Asia/Tokyo", 1);
    run(ARGS("--config", "c.toml", "--check-config", "--keep-alive", "4"), 0);
    says("configuration is fine\n");
    says("  paper = true (c.toml line 1)\n");
    says("  port = 1 (c.toml line 2)\n");
    says("  push_interval = 20 (environment FUTU_OPEND_PUSH_INTERVAL)\n");
    says("  keep_alive = 4 (command line)\n");
    says("  paper_trade_pwd = **** (c.toml line 5)\n");
    says("  tz = Asia/Tokyo (environment TZ)\n");
    ck_assert(strstr(text, "hunter2") == NULL);
    leave();
}
END_TEST

START_TEST(the_check_opens_what_the_options_name)
{
    enter();
    put("bad.tsv", "market\tdate\tkind\tlocal_close\nUK\t2026-01-01\tclosed\t\n");
    put("bad.pem", "x");
    run(ARGS("--paper", "--check-config", "--calendar-file", "bad.tsv"), 2);
    says("bad.tsv: line 2: no market \"UK\"; did you mean HK?");
    run(ARGS("--paper", "--check-config", "--rsa-private-key", "bad.pem"), 2);
    says("bad.pem");
    run(ARGS("--upstream", "192.0.2.1:1", "--check-config", "--upstream-rsa-key", "none.pem"), 2);
    says("none.pem");
    run(ARGS("--paper", "--check-config", "--rest-port", "1", "--rest-tls-cert", "none.pem",
             "--rest-tls-key", "bad.pem"),
        2);
    says("none.pem");
    run(ARGS("--paper", "--check-config", "--websocket-port", "1", "--websocket-cert", "none.pem",
             "--websocket-private-key", "bad.pem"),
        2);
    says("none.pem");
    run(ARGS("--paper", "--check-config", "--grpc-port", "1", "--grpc-tls-cert", "none.pem",
             "--grpc-tls-key", "bad.pem"),
        2);
    says("none.pem");
    run(ARGS("--paper", "--check-config", "--audit-log", ""), 2);
    says("--audit-log: an empty text is no PATH; leave the option out");
    run(ARGS("--paper", "--check-config", "--paper-clock", "slow"), 2);
    says("slow");
    run(ARGS("--paper", "--check-config", "--audit-log", "bad.pem/x/audit"), 2);
    says("--audit-log");
    run(ARGS("--paper", "--check-config", "--rest-port", "1", "--rest-keys-file", "none.json"), 2);
    says("none.json");
    run(ARGS("--paper", "--check-config", "--websocket-port", "1", "--ws-keys-file", "bad.pem"), 2);
    says("bad.pem");
    run(ARGS("--upstream", "192.0.2.1:1", "--check-config", "--state-dir", "state"), 0);
    ck_assert_int_ne(access("state", F_OK), 0);         /* nothing was written */
    leave();
}
END_TEST

START_TEST(a_mistake_in_a_file_is_named_with_file_and_line)
{
    enter();
    put("c.toml", "paper = true\nprot = 1\n");
    run(ARGS("--config", "c.toml"), 2);
    ck_assert_str_eq(text, "futu-opend: c.toml, line 2: unknown key prot; did you mean port?\n");
    put("c.XML", "<futu_opend>\n<prot>1</prot></futu_opend>");
    run(ARGS("--config", "c.XML"), 2);
    ck_assert_str_eq(text, "futu-opend: c.XML, line 2: unknown key prot; did you mean port?\n");
    run(ARGS("--config", "none.toml"), 2);
    says("none.toml: No such file");
    run(ARGS("--config", "."), 2);
    setenv("FUTU_OPEND_PROT", "1", 1);
    run(ARGS("--paper"), 2);
    says("did you mean FUTU_OPEND_PORT?");
    unsetenv("FUTU_OPEND_PROT");
    ck_assert_int_eq(truncate("c.toml", (1 << 20) + 1), 0);
    run(ARGS("--config", "c.toml"), 2);
    says("c.toml: larger than 1048576 bytes");
    run(ARGS("--paper", "--port", "0", "--calendar-file", "c.toml"), 2);
    says("c.toml: larger than 1048576 bytes");
    leave();
}
END_TEST

START_TEST(the_vendors_file_is_found_in_the_folder_then_beside_the_program)
{
    char program[PATH_MAX], library[PATH_MAX + 32];
    enter();
    snprintf(program, sizeof(program), "%s", getenv("FUTU_OPEND"));
    snprintf(library, sizeof(library), "%.*s/libfutu.so.0",
             (int)(strrchr(program, '/') - program), program);
    ck_assert_int_eq(mkdir("bin", 0700), 0);
    copy(program, "bin/futu-opend");
    copy(library, "bin/libfutu.so.0");
    put("bin/FutuOpenD.xml", "<futu_opend><paper>1</paper><api_port>2</api_port></futu_opend>");
    put("FutuOpenD.xml", "<futu_opend><paper>1</paper><api_port>1</api_port>"
                         "<telnet_ip>127.0.0.2</telnet_ip><telnet_port>3</telnet_port>"
                         "<pdt_protection>1</pdt_protection></futu_opend>");
    snprintf(program, sizeof(program), "%s/bin/futu-opend", dir);
    setenv("FUTU_OPEND", program, 1);
    run(ARGS("--check-config"), 0);
    says("port = 1 (FutuOpenD.xml line 1)");
    says("telnet_ip = 127.0.0.2 (FutuOpenD.xml line 1)");
    says("management_port = 3 (FutuOpenD.xml line 1)");
    says("FutuOpenD.xml: without effect in this gateway: pdt_protection");
    says("options are read from FutuOpenD.xml");
    put("empty.toml", "");
    run(ARGS("--check-config", "--config", "empty.toml", "--paper"), 0);
    ck_assert(strstr(text, "FutuOpenD.xml") == NULL);
    ck_assert_int_eq(unlink("FutuOpenD.xml"), 0);
    run(ARGS("--check-config"), 0);
    says("port = 2 (");
    says("/bin/FutuOpenD.xml line 1)");
    ck_assert_int_eq(opend_run_until(ARGS("--port", "0"), "ready", text, sizeof(text)), -1);
    says("bin/FutuOpenD.xml (found without --config)");
    ck_assert_int_eq(unlink("bin/FutuOpenD.xml"), 0);
    run(ARGS("--check-config"), 2);
    says("choose an upstream");
    unlink("bin/futu-opend");
    unlink("bin/libfutu.so.0");
    rmdir("bin");
    leave();
}
END_TEST

START_TEST(the_log_is_text_in_the_zone_or_json)
{
    enter();
    put("c.toml", "paper = true\nlog_level = \"loud\"\ngrpc_port = 5\n");
    run(ARGS("--config", "c.toml", "--check-config", "--tz", "Asia/Tokyo"), 0);
    says("+09:00 ERROR c.toml, line 2: log_level: loud is no level");
    says("+09:00 WARN  gRPC without --grpc-keys-file");
    run(ARGS("--config", "c.toml", "--check-config"), 0);
    says("+00:00 ERROR c.toml");
    run(ARGS("--config", "c.toml", "--check-config", "--json-log", "--tz", "Asia/Tokyo"), 0);
    says("{\"timestamp\":\"20");
    says("Z\",\"level\":\"WARN\",\"target\":\"futu\",\"message\":\"gRPC without");
    run(ARGS("--paper", "--json-log", "--audit-log", "x"), 2);
    says("do not go together");
    leave();
}
END_TEST

static bool ready(const char *const *args)
{
    return opend_run_until(args, "ready", text, sizeof(text)) == -1;
}

START_TEST(a_keys_file_closes_the_port_that_knows_no_keys)
{
    char ws[16];
    enter();
    put("keys.json", "{\"version\":1,\"keys\":[]}");
    ck_assert_int_eq(chmod("keys.json", 0600), 0);
    snprintf(ws, sizeof(ws), "%d", free_port());
    ck_assert(ready(ARGS("--paper", "--port", "0", "--websocket-port", ws, "--ws-keys-file",
                         "keys.json")));
    ck_assert(strstr(text, "FTAPI  ") == NULL);
    says("the FTAPI TCP port stays closed");
    ck_assert(ready(ARGS("--paper", "--port", "0", "--websocket-port", ws, "--ws-keys-file",
                         "keys.json", "--allow-tcp-unauthenticated")));
    says("FTAPI  ");
    says("THE FTAPI TCP PORT IS OPEN WITHOUT KEYS");
    leave();
}
END_TEST

START_TEST(a_hangup_reads_the_keys_again)
{
    static const char *const broken = "{";
    const char *args[] = { "--paper", "--port", "0", "--websocket-port", NULL, "--ws-keys-file",
                           "keys.json", "--allow-tcp-unauthenticated", "--log-level", "info",
                           NULL };
    struct opend d;
    struct peer p;
    char ws[16];
    enter();
    put("keys.json", "{\"version\":1,\"keys\":[]}");
    ck_assert_int_eq(chmod("keys.json", 0600), 0);
    snprintf(ws, sizeof(ws), "%d", free_port());
    args[4] = ws;
    opend_start_as(&d, args);
    ck_assert_int_eq(kill(d.pid, SIGHUP), 0);
    peer_login(&p, d.port);             /* it is still there */
    put("keys.json", broken);
    ck_assert_int_eq(kill(d.pid, SIGHUP), 0);
    peer_keep_alive(&p);
    peer_close(&p);
    opend_stop(&d);
    leave();
}
END_TEST

START_TEST(a_loaded_calendar_closes_the_paper_exchange)
{
    struct opend d;
    enter();
    put("c.tsv", "market\tdate\tkind\tlocal_close\nHK\t2026-01-05\tclosed\t\n");
    opend_start_as(&d, ARGS("--paper", "--port", "0", "--calendar-file", "c.tsv"));
    struct peer p;
    struct got g;
    uint8_t body[64];
    /* Qot_RequestTradeDate of Hong Kong, 2026-01-05 to 2026-01-06 */
    size_t n = hex_bytes("0a1a 0801 120a 323032362d30312d3035 1a0a 323032362d30312d3036", body,
                         sizeof(body));
    peer_login(&p, d.port);
    peer_call(&p, 3219, 0, body, n, &g);
    ck_assert(memmem(g.body, g.n, "2026-01-06", 10) != NULL);
    ck_assert(memmem(g.body, g.n, "2026-01-05", 10) == NULL);
    got_free(&g);
    peer_close(&p);
    opend_stop(&d);
    leave();
}
END_TEST

/* The second one on the ports above those of the first. */
START_TEST(two_of_them_live_side_by_side)
{
    struct opend a, b;
    struct peer p, q;
    char port[16], ws[16];
    opend_start(&a, NULL);
    snprintf(port, sizeof(port), "%d", free_port());
    snprintf(ws, sizeof(ws), "%d", free_port());
    opend_start_as(&b, ARGS("--paper", "--port", port, "--websocket-port", ws));
    peer_login(&p, a.port);
    peer_login(&q, b.port);
    peer_keep_alive(&p);
    peer_keep_alive(&q);
    peer_close(&p);
    peer_close(&q);
    opend_stop(&a);
    opend_stop(&b);
}
END_TEST

/* The answer of the upstream is held back when the signal comes. */
START_TEST(an_answer_under_way_is_given_before_the_end)
{
    struct opend paper;
    struct chain ch;
    struct peer p, late;
    struct proxy_counts c;
    struct got g;
    siginfo_t info;
    uint8_t body[64];
    opend_start(&paper, NULL);
    chain_start(&ch, 1, &paper);
    peer_login(&p, ch.relay[0].port);
    proxy_hold(&ch.link[0], PROXY_TO_CLIENT, true);
    proxy_counts(&ch.link[0], &c);
    uint64_t enough = c.held + 80;
    size_t n = hex_bytes("0a150a0908011205303037303010011002180120013001", body, sizeof(body));
    peer_request(&p, 3001, 0, body, n);
    for (int64_t end = now_ms() + WAIT_MS; c.held < enough; proxy_counts(&ch.link[0], &c))
        ck_assert_msg(now_ms() < end, "the answer does not come to the proxy");
    kill(ch.relay[0].pid, SIGTERM);
    for (int64_t end = now_ms() + WAIT_MS; peer_try_connect(&late, ch.relay[0].port);) {
        ck_assert_msg(now_ms() < end, "it goes on accepting");
        peer_close(&late);
    }
    proxy_hold(&ch.link[0], PROXY_TO_CLIENT, false);
    peer_expect(&p, 3001, &g);
    expect_success(&g, "", 0);
    got_free(&g);
    ck_assert(peer_closed(&p, WAIT_MS));
    ck_assert_int_eq(waitid(P_PID, (id_t)ch.relay[0].pid, &info, WEXITED | WNOWAIT), 0);
    ck_assert_int_eq(info.si_code, CLD_EXITED);
    ck_assert_int_eq(info.si_status, 0);
    chain_kill(&ch, 0);         /* takes it away and starts another one */
    chain_stop(&ch);
    opend_stop(&paper);
}
END_TEST

static void add(TCase *tc)
{
    tcase_set_timeout(tc, 60 * SLOW);
    tcase_add_test(tc, the_check_names_where_each_value_comes_from);
    tcase_add_test(tc, the_check_opens_what_the_options_name);
    tcase_add_test(tc, a_mistake_in_a_file_is_named_with_file_and_line);
    tcase_add_test(tc, the_vendors_file_is_found_in_the_folder_then_beside_the_program);
    tcase_add_test(tc, the_log_is_text_in_the_zone_or_json);
    tcase_add_test(tc, a_keys_file_closes_the_port_that_knows_no_keys);
    tcase_add_test(tc, a_hangup_reads_the_keys_again);
    tcase_add_test(tc, a_loaded_calendar_closes_the_paper_exchange);
    tcase_add_test(tc, two_of_them_live_side_by_side);
    tcase_add_test(tc, an_answer_under_way_is_given_before_the_end);
}

int main(void)
{
    return run_tcase("config", add);
}
