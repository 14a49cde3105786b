/* config_test.c - options from environment, TOML and XML: which source wins, what is refused. */
#include "config.h"

#include <ctype.h>
#include <futu/base.h>
#include <stdio.h>

#include "option_table.h"
#include "support.h"

static struct opend_conf conf;
static char why[512];

static bool toml(const char *text)
{
    return config_toml(&conf, "c.toml", text, strlen(text), why, sizeof(why));
}

static bool xml(const char *text)
{
    return config_xml(&conf, "c.xml", text, strlen(text), why, sizeof(why));
}

static bool env(const char *entry)
{
    char *list[] = { (char *)(uintptr_t)entry, NULL };
    return config_env(&conf, list, why, sizeof(why));
}

static void refused(bool ok, const char *word)
{
    ck_assert(!ok);
    ck_assert_msg(strstr(why, word) != NULL, "no \"%s\" in \"%s\"", word, why);
    options_free(&conf);
}

static const char *note(int level)
{
    for (const struct conf_text *t = conf.texts; t; t = t->next)
        if (t->level == level)
            return t->text;
    return "";
}

START_TEST(toml_takes_every_option_in_its_own_kind)
{
    ck_assert_msg(
        toml("paper = true\napi_port = 11112\nrest-allowed-origins = \"*\"\n"
             "push_interval = 0x64\nmetrics_public = false\npaper_seed = 18446744073709551615\n"),
        "%s", why);
    ck_assert(conf.paper && !conf.metrics_public);
    ck_assert_uint_eq(conf.port, 11112);
    ck_assert_uint_eq(conf.push_interval_ms, 100);
    ck_assert_uint_eq(conf.paper_seed, UINT64_MAX);
    ck_assert_str_eq(conf.rest_allowed_origins, "*");
    options_free(&conf);
}
END_TEST

START_TEST(toml_refuses_what_no_option_takes)
{
    refused(toml("paper = true\nprot = 1"), "line 2: unknown key prot; did you mean port?");
    refused(toml("frobnicate = 1"), "unknown key frobnicate");
    refused(toml("a_name_that_is_longer_than_any_option_could_ever_be = 1"), "unknown key");
    refused(toml("lang = \"en\""), "line 1: lang: messages are English in this version");
    refused(toml("setup_only = true"), "not in a file");
    refused(toml("config = \"x\""), "not in a file");
    refused(toml("help = true"), "not in a file");
    refused(toml("port = \"11111\""), "port takes an integer: N, not a string");
    refused(toml("ip = 127"), "ip takes a string in quotes: ADDR, not an integer");
    refused(toml("paper = 1"), "paper takes true or false, not an integer");
    refused(toml("port = 1.5"), "not a float");
    refused(toml("port = [1]"), "not an array");
    refused(toml("tz = 2026-01-01"), "not a date");
    refused(toml("port = { a = 1 }"), "not a table");
    refused(toml("port = -1"), "port: -1 is not a number in 0..65535");
    refused(toml("port = 70000"), "port: 70000 is not a number");
    refused(toml("frequency_limits = \"perhaps\""), "frequency_limits: perhaps: one of on or off");
    refused(toml("port = 1\nip = \"::1\"\napi-port = 2"),
            "line 3: port stands twice, also on line 1");
    refused(toml("[daemon]\nport = 1"), "the file is flat");
}
END_TEST

START_TEST(a_wrong_log_level_of_a_file_is_noted_and_info_stays)
{
    ck_assert(toml("log_level = \"loud\""));
    ck_assert_msg(strstr(note(FUTU_LOG_ERROR), "c.toml, line 1: log_level: loud") != NULL, "%s",
                  note(FUTU_LOG_ERROR));
    ck_assert_ptr_null(conf.log_level);
    options_free(&conf);
    refused(env("FUTU_OPEND_LOG_LEVEL=loud"),
            "FUTU_OPEND_LOG_LEVEL: loud: one of off, error, warn, info, debug or trace");
}
END_TEST

START_TEST(every_option_has_a_variable)
{
    for (size_t i = 0; i < options_count; i++) {
        const struct option *o = &options[i];
        char entry[128] = "FUTU_OPEND_";
        for (const char *p = o->name; *p; p++) {
            size_t n = strlen(entry);
            entry[n] = *p == '-' ? '_' : (char)toupper((unsigned char)*p);
            entry[n + 1] = '\0';
        }
        const char *value = o->kind == O_FLAG ? "yes" : o->kind == O_UINT ? "1"
                            : o->words ? o->words : "x";
        snprintf(entry + strlen(entry), 32, "=%.*s", (int)strcspn(value, " "), value);
        ck_assert_msg(env(entry), "%s: %s", entry, why);
        ck_assert(option_given(&conf, o->name));
    }
    options_free(&conf);
}
END_TEST

START_TEST(an_empty_text_is_no_path_address_or_zone)
{
    static const char *const may_be_empty[] = { "paper-trade-pwd", "rest-allowed-origins",
                                                "mcp-tools" };
    for (size_t i = 0; i < options_count; i++) {
        const struct option *o = &options[i];
        char entry[80], key[40], word[128];
        bool may = false;
        for (size_t k = 0; k < ARRAY_LEN(may_be_empty); k++)
            may |= strcmp(o->name, may_be_empty[k]) == 0;
        /* a file's wrong level is noted only */
        if (o->kind != O_STR || o->not_in_file || strcmp(o->name, "log-level") == 0)
            continue;
        option_spell(key, sizeof(key), o->name, '_');
        snprintf(entry, sizeof(entry), "%s = \"\"", key);
        snprintf(word, sizeof(word), "line 1: %s: an empty text is no %s", key, o->value);
        if (may)
            ck_assert_msg(toml(entry), "%s: %s", entry, why);
        else
            refused(toml(entry), word);
        ck_assert(option_set(&conf, o, "", (struct option_origin){ .source = FROM_ARGS }, why,
                             sizeof(why)) == may);
        options_free(&conf);
    }
}
END_TEST

START_TEST(an_empty_variable_or_element_is_as_if_it_were_not_there)
{
    ck_assert_msg(env("FUTU_OPEND_AUDIT_LOG=") &&
                      xml("<futu_opend><rsa_private_key></rsa_private_key></futu_opend>"),
                  "%s", why);
    ck_assert_ptr_null(conf.audit_log);
    ck_assert_ptr_null(conf.rsa_private_key);
    options_free(&conf);
}
END_TEST

START_TEST(flags_of_the_environment)
{
    static const char *const on[] = { "1", "true", "YES", "On" }, *const off[] = { "0", "false",
                                                                                   "No", "OFF" };
    for (size_t i = 0; i < 4; i++) {
        char entry[64];
        snprintf(entry, sizeof(entry), "FUTU_OPEND_PAPER=%s", on[i]);
        ck_assert(env(entry) && conf.paper);
        snprintf(entry, sizeof(entry), "FUTU_OPEND_PAPER=%s", off[i]);
        ck_assert(env(entry) && !conf.paper);
    }
    refused(env("FUTU_OPEND_PAPER=2"), "FUTU_OPEND_PAPER: 2 is none of");
}
END_TEST

START_TEST(unknown_variables_are_refused_others_left_alone)
{
    refused(env("FUTU_OPEND_PROT=1"),
            "unknown variable FUTU_OPEND_PROT; did you mean FUTU_OPEND_PORT?");
    refused(env("FUTU_OPEND_FROBNICATE=1"), "FUTU_OPEND_FROBNICATE");
    refused(env("FUTU_OPEND_port=1"), "did you mean FUTU_OPEND_PORT?");
    refused(env("FUTU_OPEND_LANG=x"), "messages are English");
    refused(env("FUTU_OPEND_=x"), "unknown variable");
    refused(env("FUTU_OPEND_PORT=x"), "FUTU_OPEND_PORT: x is not a number");
    ck_assert(env("FUTU_OPEND=x") && env("FUTU_OPENDX_A=x") && env("XFUTU_OPEND_A=x") &&
              env("odd"));
    ck_assert(env("FUTU_OPEND_PORT=")); /* empty is absent */
    ck_assert(!option_given(&conf, "port"));
    options_free(&conf);
}
END_TEST

START_TEST(known_variables_of_other_names)
{
    ck_assert(env("FUTU_STATE_DIR=/s") && env("FUTU_KEYCHAIN=file") &&
              env("FUTU_REST_ALLOWED_ORIGINS=*") && env("FUTU_METRICS_PUBLIC=1") &&
              env("TZ=Asia/Tokyo"));
    ck_assert_str_eq(conf.state_dir, "/s");
    ck_assert_str_eq(conf.keychain, "file");
    ck_assert_str_eq(conf.rest_allowed_origins, "*");
    ck_assert(conf.metrics_public);
    ck_assert_str_eq(conf.tz, "Asia/Tokyo");
    ck_assert(env("FUTU_OPEND_STATE_DIR=/t") && env("FUTU_STATE_DIR=/u"));
    ck_assert_str_eq(conf.state_dir, "/t");
    options_free(&conf);
}
END_TEST

/* In every order of reading. */
START_TEST(the_stronger_source_wins)
{
    const struct option *o = option_find("port", 4);
    static const int orders[][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 },
                                     { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };
    for (size_t i = 0; i < ARRAY_LEN(orders); i++) {
        for (size_t k = 0; k < 3; k++) {
            if (orders[i][k] == 0)
                ck_assert(toml("port = 1"));
            else if (orders[i][k] == 1)
                ck_assert(env("FUTU_OPEND_PORT=2"));
            else
                ck_assert(option_set(&conf, o, "3", (struct option_origin){ .source = FROM_ARGS },
                                     why, sizeof(why)));
        }
        ck_assert_uint_eq(conf.port, 3);
        ck_assert_int_eq(option_origin(&conf, o)->source, FROM_ARGS);
        options_free(&conf);
    }
    ck_assert(env("FUTU_OPEND_PORT=2") && toml("port = 1"));
    ck_assert_uint_eq(conf.port, 2);
    ck_assert_str_eq(option_origin(&conf, o)->where, "FUTU_OPEND_PORT");
    options_free(&conf);
    ck_assert(env("FUTU_OPEND_PORT=2"));
    refused(toml("port = 1\nport = 1"), "stands twice");
    ck_assert(env("FUTU_OPEND_PORT=2"));
    refused(toml("port = 99999"), "is not a number"); /* although it would lose */
}
END_TEST

START_TEST(the_official_xml)
{
    ck_assert_msg(
        xml("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<!-- sample --><futu_opend>\n"
            "  <ip>127.0.0.1</ip><api_port> 11112 </api_port>\n  <log_level>warning</log_level>\n"
            "  <login_account>1</login_account><login_pwd>x</login_pwd><lang>chs</lang>\n"
            "  <pdt_protection>1</pdt_protection>\n"
            "  <push_proto_type>1</push_proto_type><qot_push_frequency>1000</qot_push_frequency>\n"
            "  <websocket_key_md5></websocket_key_md5><paper>true</paper>\n"
            "  <rest_port>22222</rest_port><upstream>a&amp;b:1</upstream>\n</futu_opend>\n"),
        "%s", why);
    ck_assert_uint_eq(conf.port, 11112);
    ck_assert_str_eq(conf.log_level, "warn");
    ck_assert_uint_eq(conf.push_proto_type, 1);
    ck_assert_uint_eq(conf.push_interval_ms, 1000);
    ck_assert_uint_eq(conf.rest_port, 22222);
    ck_assert_str_eq(conf.upstream, "a&b:1");
    ck_assert(conf.paper && !conf.websocket_key_md5);
    ck_assert_str_eq(note(FUTU_LOG_WARN),
                     "c.xml: without effect in this gateway: lang, pdt_protection");
    ck_assert_str_eq(conf.login_account, "1");
    ck_assert_str_eq(conf.login_pwd, "x");
    options_free(&conf);
    static const char *const levels[][2] = { { "no", "off" },
                                             { "fatal", "error" },
                                             { "debug", "debug" } };
    for (size_t i = 0; i < 3; i++) {
        char text[128];
        snprintf(text, sizeof(text), "<futu_opend><log_level>%s</log_level></futu_opend>",
                 levels[i][0]);
        ck_assert(xml(text));
        ck_assert_str_eq(conf.log_level, levels[i][1]);
        options_free(&conf);
    }
}
END_TEST

START_TEST(xml_is_refused_by_line)
{
#define IN(text) "<futu_opend>\n" text "\n</futu_opend>"
    refused(xml(""), "line 1: not XML");
    refused(xml("<futu_opend>"), "not XML");
    refused(xml("<opend/>"), "line 1: the outer element is <futu_opend>, not <opend>");
    refused(xml(IN("<prot>1</prot>")), "line 2: unknown key prot; did you mean port?");
    refused(xml(IN("<rest_token>1</rest_token>")), "there is no single token");
    refused(xml(IN("<port>x</port>")), "line 2: port: x is not a number");
    refused(xml(IN("<port>1</port><api_port>2</api_port>")), "port stands twice");
    refused(xml(IN("<port a=\"1\">1</port>")), "has the attribute a");
    refused(xml(IN("<port><b>1</b></port>")), "<b> stands inside another option");
    refused(xml(IN("text")), "text outside an option");
    refused(xml(IN("<port>1</prot>")), "not XML");
    refused(xml("<!DOCTYPE a [<!ENTITY e \"x\">]>\n<futu_opend><ip>&e;</ip></futu_opend>"),
            "line 1: a DOCTYPE is refused");
    refused(xml("<!DOCTYPE futu_opend SYSTEM \"file:///etc/passwd\"><futu_opend/>"), "DOCTYPE");
    refused(xml(IN("<ip>&e;</ip>")), "not XML");
    static char large[8192];
    snprintf(large, sizeof(large), IN("<ip>%05000d</ip>"), 1);
    refused(xml(large), "more than 4095 bytes");
}
END_TEST

static enum options_result parse(const char *const *args)
{
    const char *argv[24] = { "futu-opend" };
    int n = 1;
    for (; args[n - 1]; n++)
        argv[n] = args[n - 1];
    return options_parse(&conf, n, (char **)(uintptr_t)argv, why, sizeof(why));
}

#define ARGS(...) ((const char *const[]){ __VA_ARGS__, NULL })

START_TEST(options_that_do_not_go_together)
{
    unsetenv("TZ");
#define REFUSED(word, ...) refused(parse(ARGS("--paper", __VA_ARGS__)) == OPTIONS_OK, word)
    REFUSED("one upstream", "--upstream", "h:1");
    REFUSED("--rest-ip needs --rest-port", "--rest-ip", "127.0.0.1");
    REFUSED("--rest-keys-file needs --rest-port", "--rest-keys-file", "x");
    REFUSED("--metrics-public needs --rest-port", "--metrics-public");
    REFUSED("--grpc-keys-file needs --grpc-port", "--grpc-keys-file", "x");
    REFUSED("--ws-keys-file needs --websocket-port", "--ws-keys-file", "x");
    REFUSED("--rest-tls-cert and --rest-tls-key go together", "--rest-port", "1", "--rest-tls-cert",
            "x");
    REFUSED("--json-log and --audit-log", "--json-log", "--audit-log", "x");
    REFUSED("--grpc-tls-cert and --grpc-tls-key go together", "--grpc-port", "1", "--grpc-tls-cert",
            "x");
    REFUSED("--grpc-ip needs --grpc-port", "--grpc-ip", "127.0.0.1");
    REFUSED("--port and --rest-port are the same", "--port", "1", "--rest-port", "1");
    REFUSED("--rest-port and --grpc-port are the same", "--rest-port", "1", "--grpc-port", "1");
    REFUSED("--tz: Asia/Atlantis is no zone", "--tz", "Asia/Atlantis");
    REFUSED("is no zone", "--tz", "../zoneinfo/UTC");
    REFUSED("is no zone", "--tz", "/usr/share/zoneinfo/UTC");
    REFUSED("is no zone", "--tz", "zone.tab");
    REFUSED("is no zone", "--tz", "Asia");
    REFUSED("one upstream", "--login-account", "1");
    REFUSED("--login-pwd needs --login-account", "--login-pwd", "x");
    REFUSED("--platform needs --login-account", "--platform", "moomoo");
    REFUSED("--setup-only needs --login-account", "--setup-only");
}
END_TEST

START_TEST(options_of_a_login_are_judged_by_name)
{
    unsetenv("TZ");
#define LOGIN_REFUSED(word, ...) refused(parse(ARGS(__VA_ARGS__)) == OPTIONS_OK, word)
    LOGIN_REFUSED("--login-account: +861 lacks the dash", "--login-account", "+861");
    LOGIN_REFUSED("--login-pwd-md5: 32 hex digits", "--login-account", "1", "--login-pwd-md5", "x");
    LOGIN_REFUSED("--login-pwd-file: /nowhere: No such", "--login-account", "1", "--login-pwd-file",
                  "/nowhere");
    LOGIN_REFUSED("--platform: x: one of futunn or moomoo", "--login-account", "1", "--platform",
                  "x");
    LOGIN_REFUSED("--auth-server: http://HOST", "--login-account", "1", "--auth-server", "x");
    LOGIN_REFUSED("--device-id: 16 hex", "--login-account", "1", "--device-id", "x");
    LOGIN_REFUSED("--verify-code: the 4 to 8 digits", "--login-account", "1", "--verify-code", "x");
    LOGIN_REFUSED("--login-region: x: one of gz, sh or hk", "--login-account", "1",
                  "--login-region", "x");
    LOGIN_REFUSED("--keychain: x: one of auto", "--login-account", "1", "--keychain", "x");
}
END_TEST

#define ABC_MD5 "900150983cd24fb0d6963f7d28e17f72"

START_TEST(a_password_among_the_arguments_is_warned_of_without_being_shown)
{
    unsetenv("TZ");
    ck_assert_msg(parse(ARGS("--login-account", "1", "--login-pwd", "plain")) == OPTIONS_OK, "%s",
                  why);
    ck_assert_ptr_nonnull(strstr(note(FUTU_LOG_WARN), "--login-pwd: "));
    ck_assert_ptr_nonnull(strstr(note(FUTU_LOG_WARN), "futucli set-login-pwd --account 1"));
    ck_assert_ptr_null(strstr(note(FUTU_LOG_WARN), "plain"));
    options_free(&conf);
    ck_assert_int_eq(parse(ARGS("--login-account", "1", "--login-pwd-md5", ABC_MD5)), OPTIONS_OK);
    ck_assert_ptr_nonnull(strstr(note(FUTU_LOG_WARN), "--login-pwd-md5: "));
    ck_assert_ptr_null(strstr(note(FUTU_LOG_WARN), ABC_MD5));
    options_free(&conf);
    ck_assert_int_eq(parse(ARGS("--login-account", "1")), OPTIONS_OK);
    ck_assert_str_eq(note(FUTU_LOG_WARN), "");
    options_free(&conf);
    ck_assert(toml("login_account = \"1\"\nlogin_pwd = \"x\"\nlogin_pwd_md5 = \"" ABC_MD5
                   "\"\n"));
    ck_assert_msg(config_judge(&conf, why, sizeof(why)), "%s", why);
    ck_assert(!conf.login_pwd && conf.login_pwd_md5);   /* of both in one file the digest counts */
    ck_assert_ptr_nonnull(strstr(note(FUTU_LOG_WARN), "c.toml, line 3: the password stands there"));
    options_free(&conf);
}
END_TEST

START_TEST(a_login_in_a_file_gives_way_to_an_upstream_of_the_command_line)
{
    ck_assert(toml("login_account = \"no account\"\nlogin_pwd = \"x\"\n"
                   "platform = \"moomoo\"\n"));
    ck_assert(option_set(&conf, option_find("paper", 5), "1",
                         (struct option_origin){ .source = FROM_ARGS }, why, sizeof(why)));
    ck_assert_msg(config_judge(&conf, why, sizeof(why)), "%s", why);
    ck_assert(conf.paper && !conf.login_account);
    ck_assert_ptr_nonnull(strstr(note(FUTU_LOG_INFO), "login-account is not used"));
    options_free(&conf);
    ck_assert(toml("paper = true\nlogin_account = \"1\"\n"));
    refused(config_judge(&conf, why, sizeof(why)), "a gateway has one upstream");
}
END_TEST

START_TEST(secrets_leave_the_arguments_and_the_environment)
{
    char args[][40] = { "futu-opend", "--login-pwd", "first", "--login-pwd-md5=second", "--port",
                        "1", "--verify-code", "123456", "--login-account", "--login-pwd", "--",
                        "", "-", "--login-pwd" };
    char vars[][48] = { "FUTU_PWD=third", "FUTU_OPEND_LOGIN_PWD=fourth", "FUTU_OPEND_PORT=5",
                        "FUTU_OPEND_LOGIN_PWD_FILE=x", "PATH=y", "FUTU_OPEND_VERIFY_CODE=1234",
                        "FUTU_PWDX=z", "odd" };
    char *argv[ARRAY_LEN(args) + 1] = { NULL }, *list[ARRAY_LEN(vars) + 1] = { NULL };
    for (size_t i = 0; i < ARRAY_LEN(args); i++)
        argv[i] = args[i];
    for (size_t i = 0; i < ARRAY_LEN(vars); i++)
        list[i] = vars[i];
    options_hide((int)ARRAY_LEN(args), argv, list);
    ck_assert_str_eq(args[2], "");
    ck_assert_str_eq(args[3], "--login-pwd-md5=");
    ck_assert_str_eq(args[5], "1");
    ck_assert_str_eq(args[7], "");
    ck_assert_str_eq(args[9], "--login-pwd");       /* the value of --login-account */
    ck_assert_str_eq(vars[0], "FUTU_PWD=");
    ck_assert_str_eq(vars[1], "FUTU_OPEND_LOGIN_PWD=");
    ck_assert_str_eq(vars[2], "FUTU_OPEND_PORT=5");
    ck_assert_str_eq(vars[3], "FUTU_OPEND_LOGIN_PWD_FILE=x");
    ck_assert_str_eq(vars[5], "FUTU_OPEND_VERIFY_CODE=");
    ck_assert_str_eq(vars[6], "FUTU_PWDX=z");
    ck_assert(memchr(args[3], 'c', sizeof(args[3])) == NULL);
}
END_TEST

START_TEST(what_was_forgotten_can_still_be_seen_to_have_been_given)
{
    ck_assert(env("FUTU_PWD=third") && toml("login_pwd = \"x\"\nip = \"::1\"\n"));
    ck_assert_str_eq(conf.login_pwd_env, "third");
    options_forget(&conf);
    ck_assert_str_eq(conf.login_pwd_env, "");
    ck_assert_str_eq(conf.login_pwd, "");
    ck_assert_str_eq(conf.ip, "::1");
    options_free(&conf);
}
END_TEST

START_TEST(a_keys_file_closes_the_port_that_knows_no_keys)
{
    unsetenv("TZ");
    ck_assert_int_eq(parse(ARGS("--paper", "--rest-port", "1", "--rest-keys-file", "x")),
                     OPTIONS_OK);
    ck_assert(conf.tcp_closed);
    ck_assert_str_eq(conf.tz, "UTC");
    options_free(&conf);
    ck_assert_int_eq(parse(ARGS("--paper", "--websocket-port", "1", "--ws-keys-file", "x")),
                     OPTIONS_OK);
    ck_assert(conf.tcp_closed);
    options_free(&conf);
    ck_assert_int_eq(parse(ARGS("--paper", "--grpc-port", "2", "--grpc-keys-file", "x")),
                     OPTIONS_OK);
    ck_assert(conf.tcp_closed);
    options_free(&conf);
    ck_assert_int_eq(parse(ARGS("--paper", "--rest-port", "1", "--rest-keys-file", "x",
                                "--allow-tcp-unauthenticated")),
                     OPTIONS_OK);
    ck_assert(!conf.tcp_closed);
    ck_assert_msg(strstr(note(FUTU_LOG_WARN), "WITHOUT KEYS") != NULL, "%s", note(FUTU_LOG_WARN));
    options_free(&conf);
    ck_assert_int_eq(parse(ARGS("--paper", "--rest-port", "1", "--rest-ip", "0.0.0.0")),
                     OPTIONS_OK);
    ck_assert_msg(strstr(note(FUTU_LOG_WARN), "without TLS") != NULL, "%s", note(FUTU_LOG_WARN));
    options_free(&conf);
}
END_TEST

START_TEST(an_upstream_of_a_stronger_source_replaces_the_other)
{
    setenv("FUTU_OPEND_UPSTREAM", "h:1", 1);
    ck_assert_int_eq(parse(ARGS("--paper")), OPTIONS_OK);
    ck_assert(conf.paper && !conf.upstream);
    options_free(&conf);
    setenv("FUTU_OPEND_PAPER", "1", 1);
    ck_assert_int_eq(parse(ARGS("--upstream", "[::1]:2", "--state-dir", "/s")), OPTIONS_OK);
    ck_assert(!conf.paper);
    ck_assert_str_eq(conf.upstream_host, "::1");
    options_free(&conf);
    refused(parse(ARGS("--port", "1")) == OPTIONS_OK, "one upstream");
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, toml_takes_every_option_in_its_own_kind);
    tcase_add_test(tc, toml_refuses_what_no_option_takes);
    tcase_add_test(tc, a_wrong_log_level_of_a_file_is_noted_and_info_stays);
    tcase_add_test(tc, every_option_has_a_variable);
    tcase_add_test(tc, an_empty_text_is_no_path_address_or_zone);
    tcase_add_test(tc, an_empty_variable_or_element_is_as_if_it_were_not_there);
    tcase_add_test(tc, flags_of_the_environment);
    tcase_add_test(tc, unknown_variables_are_refused_others_left_alone);
    tcase_add_test(tc, known_variables_of_other_names);
    tcase_add_test(tc, the_stronger_source_wins);
    tcase_add_test(tc, the_official_xml);
    tcase_add_test(tc, xml_is_refused_by_line);
    tcase_add_test(tc, options_that_do_not_go_together);
    tcase_add_test(tc, options_of_a_login_are_judged_by_name);
    tcase_add_test(tc, a_password_among_the_arguments_is_warned_of_without_being_shown);
    tcase_add_test(tc, a_login_in_a_file_gives_way_to_an_upstream_of_the_command_line);
    tcase_add_test(tc, secrets_leave_the_arguments_and_the_environment);
    tcase_add_test(tc, what_was_forgotten_can_still_be_seen_to_have_been_given);
    tcase_add_test(tc, a_keys_file_closes_the_port_that_knows_no_keys);
    tcase_add_test(tc, an_upstream_of_a_stronger_source_replaces_the_other);
}

int main(void)
{
    return run_tcase("config", add);
}
