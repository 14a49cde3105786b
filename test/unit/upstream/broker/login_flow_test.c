/* login_flow_test.c - logins over HTTP(S) on loopback, each scenario file of the emulator. */
#include <dirent.h>
#include <stdio.h>
#include <unistd.h>

#include "../../support.h"
#include "futu-opend/tls.h"
#include "test/emulator/auth_web.h"
#include "test/emulator/cert.h"
#include "upstream/broker/flow.h"

enum { FUTUNN, MOOMOO, SERVERS };

static struct world {
    futu_loop *loop;
    struct https *https;
    struct tls_server *tls;
    struct scenario scenario;
    struct auth_emu *emu;
    struct auth_web web[SERVERS];
    struct login login;
    struct flow *flow;
    struct terminal terminal;
    char dir[64], url[80];
    bool over, two;             /* two: one server of each platform */
    unsigned asks, failures, readies;
    bool third;
    struct flow_failure failure;
} w;

/* ---- the two standard servers, by other addresses ---- */

static futu_err send_to(void *arg, void **call, const struct https_request *rq, https_done *done,
                        void *done_arg)
{
    char url[80];
    struct https_request to = *rq;
    struct https_call *c;
    (void)arg;
    if (w.two) {
        bool moomoo = strstr(rq->url.p, "moomoo.com") != NULL;
        snprintf(url, sizeof(url), "%s://127.0.0.1:%d", w.tls ? "https" : "http",
                 web_port(w.web[moomoo ? MOOMOO : FUTUNN].web));
        to.url = str_c(url);
    }
    futu_err err = https_send(w.https, &c, &to, done, done_arg);
    *call = c;
    return err;
}

static void cancel(void *arg, void *call)
{
    (void)arg;
    https_cancel(call);
}

/* ---- events ---- */

static void on_ask(void *arg, const struct flow_ask *ask)
{
    (void)arg;
    w.asks++;
    w.third = ask->third;
    w.over = true;
}

static void on_ready(void *arg)
{
    (void)arg;
    w.readies++;
    w.over = true;
}

static void on_failed(void *arg, const struct flow_failure *f)
{
    (void)arg;
    w.failures++;
    w.failure = *f;
    w.over = true;
}

static void ignore(void *arg, futu_err err, const char *why)
{
    (void)arg;
    (void)err;
    (void)why;
}

static void ignore_broker(void *arg, int32_t id)
{
    (void)arg;
    (void)id;
}

static bool no_terminal(void *arg)
{
    (void)arg;
    return false;
}

/* ---- a world ---- */

static void serve(int which, int port)
{
    char why[200];
    enum auth_side side = !w.two ? AUTH_SIDE_ANY : which == MOOMOO ? AUTH_SIDE_MOOMOO
                                                                   : AUTH_SIDE_FUTUNN;
    ck_assert_msg(auth_web_start(&w.web[which], futu_loop_uv(w.loop), w.emu, side, port, w.tls, why,
                                 sizeof(why)), "%s", why);
}

static void load_cert(void)
{
    char why[200], cert[80], key[80], ca[80];
    ck_assert_msg(cert_make(w.dir, CERT_GOOD, why, sizeof(why)), "%s", why);
    snprintf(cert, sizeof(cert), "%s/cert.pem", w.dir);
    snprintf(key, sizeof(key), "%s/key.pem", w.dir);
    snprintf(ca, sizeof(ca), "%s/ca.pem", w.dir);
    w.tls = tls_server_new(cert, key, why, sizeof(why));
    ck_assert_msg(w.tls != NULL, "%s", why);
    ck_assert_int_eq(https_new(&w.https, w.loop, ca), FUTU_OK);
}

static void begin(const char *name, bool tls, bool two)
{
    char path[160];
    memset(&w, 0, sizeof(w));
    w.two = two;
    w.terminal = (struct terminal){ .present = no_terminal };
    snprintf(w.dir, sizeof(w.dir), "/tmp/login_flow.XXXXXX");
    ck_assert(mkdtemp(w.dir) != NULL);
    snprintf(path, sizeof(path), "test/emulator/scenarios/%s.conf", name);
    ck_assert_msg(scenario_load(&w.scenario, path), "%s", w.scenario.why);
    ck_assert_int_eq(futu_loop_new(&w.loop), FUTU_OK);
    w.emu = auth_emu_new(&w.scenario, &(struct auth_emu_opts){ .clock = clock_system });
    ck_assert_msg(w.emu != NULL, "%s", w.scenario.why);
    if (tls)
        load_cert();
    else
        ck_assert_int_eq(https_new(&w.https, w.loop, NULL), FUTU_OK);
    for (int i = 0; i < (two ? SERVERS : 1); i++)
        serve(i, 0);
    snprintf(w.url, sizeof(w.url), "%s://127.0.0.1:%d", tls ? "https" : "http",
             web_port(w.web[0].web));
}

static void stop(void)
{
    flow_free(w.flow);
    w.flow = NULL;
    login_close(&w.login);
}

static void end(void)
{
    char path[400];
    struct dirent *d;
    if (w.flow)
        stop();
    https_free(w.https);
    for (int i = 0; i < SERVERS; i++)
        auth_web_stop(&w.web[i]);
    for (int i = 0; i < 3; i++)
        futu_loop_poll(w.loop, 0);
    futu_loop_free(w.loop);
    tls_server_free(w.tls);
    auth_emu_free(w.emu);
    scenario_free(&w.scenario);
    DIR *dir = opendir(w.dir);
    while (dir && (d = readdir(dir)) != NULL) {
        snprintf(path, sizeof(path), "%s/%s", w.dir, d->d_name);
        unlink(path);
    }
    if (dir)
        closedir(dir);
    rmdir(w.dir);
}

static void run(void)
{
    w.over = false;
    ck_assert_int_eq(loop_run_until(w.loop, &w.over), FUTU_OK);
}

static void start_login(const char *account)
{
    char why[400];
    const futu_login_opts opts = {
        .size = sizeof(opts), .account = account, .pwd = "secret", .keychain = "off",
        .auth_server = w.two ? NULL : w.url, .state_dir = w.dir,
    };
    futu_err err = login_open(&w.login, &opts, &w.terminal, why, sizeof(why));
    ck_assert_msg(err == FUTU_OK, "%s", why);
    const struct flow_opts o = {
        .clock = *loop_clock(w.loop), .timers = loop_timers(w.loop),
        .http = { send_to, cancel, NULL }, .login = &w.login,
        .events = { on_ask, on_ready, on_failed, ignore, ignore_broker, NULL },
    };
    w.asks = w.readies = w.failures = 0;
    ck_assert_int_eq(flow_new(&w.flow, &o), FUTU_OK);
    flow_start(w.flow);
}

static void login(const char *account)
{
    start_login(account);
    if (!w.readies && !w.failures && !w.asks)
        run();
}

static void code(const char *text)
{
    ck_assert_msg(w.asks > 0, "%s", w.failure.why);
    ck_assert_int_eq(flow_code(w.flow, str_c(text), false), FUTU_OK);
    run();
}

#define READY() ck_assert_msg(w.readies == 1, "%s", w.failure.why)

/* ---- tests; _i: over TLS ---- */

START_TEST(a_first_login_by_sms_then_one_without)
{
    begin("sms", _i, false);
    login("12345678");
    code("123456");
    READY();
    ck_assert_uint_eq(flow_result(w.flow)->n_brokers, 2);
    ck_assert_int_eq(flow_result(w.flow)->broker[1].err, FUTU_OK);
    stop();
    login("12345678");
    READY();
    ck_assert_uint_eq(auth_emu_count(w.emu, "/authority/req_device_code"), 1);
    end();
}
END_TEST

START_TEST(a_stopped_first_login_goes_on_with_the_code)
{
    begin("sms", _i, false);
    login("12345678");
    stop();
    login("12345678");
    code("123456");
    READY();
    ck_assert_uint_eq(auth_emu_count(w.emu, "/authority/req_device_code"), 1);
    ck_assert_uint_eq(auth_emu_count(w.emu, "/authority/"), 1);
    end();
}
END_TEST

START_TEST(a_wrong_code_then_the_right_one)
{
    begin("sms", _i, false);
    login("12345678");
    code("000000");
    ck_assert_uint_eq(w.asks, 2);
    code("123456");
    READY();
    end();
}
END_TEST

START_TEST(scenarios_that_end_in_an_error)
{
    static const struct { const char *name; int64_t code; futu_err err; } all[] = {
        { "locked", 15, FUTU_EAUTH }, { "wrong-platform", 2, FUTU_EAUTH },
        { "too-old", 45, FUTU_EAUTH }, { "captcha", 11, FUTU_EAUTH },
        { "hang-up", 0, FUTU_EPROTO },
    };
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        begin(all[i].name, _i, false);
        login("12345678");
        ck_assert_msg(w.failures == 1, "%s", all[i].name);
        ck_assert_int_eq(w.failure.code, all[i].code);
        ck_assert_int_eq(w.failure.err, all[i].err);
        ck_assert_msg(w.failure.stage && strncmp(w.failure.why, w.failure.stage,
                                                 strlen(w.failure.stage)) == 0, "%s",
                      w.failure.why);
        end();
    }
}
END_TEST

START_TEST(scenarios_that_end_well)
{
    static const char *const all[] = { "known-device", "slow", "bad-broker" };
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        begin(all[i], _i, false);
        login("12345678");
        READY();
        end();
    }
}
END_TEST

START_TEST(an_account_of_the_other_platform)
{
    begin("other-region", _i, true);
    login("12345678");
    READY();
    ck_assert_str_eq(w.login.server.url, "https://auth.moomoo.com");
    ck_assert_uint_eq(web_requests(w.web[FUTUNN].web), 1);
    ck_assert_uint_eq(web_requests(w.web[MOOMOO].web), 3);
    end();
}
END_TEST

START_TEST(a_phone_of_moomoo)
{
    begin("moomoo-phone", _i, false);
    login("+1-4155551234");
    code("123456");
    READY();
    ck_assert_uint_eq(w.login.cred.device_sig.n, 0);
    stop();
    login("+1-4155551234");
    READY();
    end();
}
END_TEST

START_TEST(a_token_s_code)
{
    begin("third-factor", _i, false);
    login("12345678");
    ck_assert(w.third);
    code("778899");
    READY();
    end();
}
END_TEST

START_TEST(an_ended_saved_login_wants_a_code_again)
{
    begin("ticket-expired", _i, false);
    login("12345678");
    code("123456");
    READY();
    stop();
    login("12345678");
    ck_assert_uint_eq(w.asks, 1);
    code("123456");
    READY();
    ck_assert_uint_eq(auth_emu_count(w.emu, "/authority/"), 2);
    end();
}
END_TEST

START_TEST(a_dead_server_and_its_return)
{
    begin("known-device", _i, false);
    int port = web_port(w.web[0].web);
    auth_web_stop(&w.web[0]);
    futu_loop_poll(w.loop, 0);
    login("12345678");
    ck_assert_uint_eq(w.failures, 1);
    ck_assert_str_eq(w.failure.stage, "tcp");
    ck_assert_int_eq(w.failure.err, FUTU_EREFUSED);
    serve(0, port);
    flow_start(w.flow);
    run();
    READY();
    end();
}
END_TEST

START_TEST(a_server_that_goes_silent_is_given_up_and_the_next_start_works)
{
    begin("silent", _i, false);
    start_login("12345678");
    while (auth_emu_count(w.emu, "/authority/") == 0)
        futu_loop_poll(w.loop, 100);
    timers_run(loop_timers(w.loop), loop_now(w.loop) + HTTPS_TIMEOUT_NS);  /* nobody waits */
    ck_assert_uint_eq(w.failures, 1);
    ck_assert_int_eq(w.failure.err, FUTU_ETIMEDOUT);
    ck_assert_str_eq(w.failure.stage, "http");
    flow_start(w.flow);
    run();
    READY();
    end();
}
END_TEST

static void add(TCase *tc)
{
    setenv("FUTU_LOOPBACK_ONLY", "1", 1);
    tcase_add_loop_test(tc, a_first_login_by_sms_then_one_without, 0, 2);
    tcase_add_loop_test(tc, a_stopped_first_login_goes_on_with_the_code, 0, 2);
    tcase_add_loop_test(tc, a_wrong_code_then_the_right_one, 0, 2);
    tcase_add_loop_test(tc, scenarios_that_end_in_an_error, 0, 2);
    tcase_add_loop_test(tc, scenarios_that_end_well, 0, 2);
    tcase_add_loop_test(tc, an_account_of_the_other_platform, 0, 2);
    tcase_add_loop_test(tc, a_phone_of_moomoo, 0, 2);
    tcase_add_loop_test(tc, a_token_s_code, 0, 2);
    tcase_add_loop_test(tc, an_ended_saved_login_wants_a_code_again, 0, 2);
    tcase_add_loop_test(tc, a_dead_server_and_its_return, 0, 2);
    tcase_add_loop_test(tc, a_server_that_goes_silent_is_given_up_and_the_next_start_works, 0, 2);
}

int main(void)
{
    return run_tcase("login_flow", add);
}
