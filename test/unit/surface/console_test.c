/* console_test.c - the console: lines and telnet, commands, limits, its way with memory. */
#include "console_rig.h"

#include <sys/stat.h>
#include <unistd.h>

#include "surface/console_state.h"

static struct desk_client two;

/* ---- lines ---- */

static void plain(void)
{
    desk_open(false, false);
}

START_TEST(a_line_ends_with_any_line_break_and_an_empty_one_says_nothing)
{
#define PONG "the paper exchange is in this process: 0 ms\r\n"
    static const char all[] = "ping\nping\r\nping\r\0ping\r\r\n\n  \t\r\n";
    k.r.fake.up.paper = true;
    desk_feed(&one, all, sizeof(all) - 1);
    ck_assert_str_eq(one.text, PONG PONG PONG PONG);
}
END_TEST

START_TEST(any_split_gives_the_same_answers)
{
    static const char all[] = "help\r\nupdat\xff\xfb\x01" "e\r\nhelp -cmd=\"relogin\"\r\n"
                              "x\b\bquit\r\n";
    char whole[8192];
    desk_feed(&one, all, sizeof(all) - 1);
    ck_assert_int_eq(one.err, FUTU_ECANCELED);
    str_copy(whole, sizeof(whole), str_c(one.text));
    for (size_t step = 1; step < sizeof(all) - 1; step++) {
        futu_console_free(one.c);
        ck_assert_int_eq(desk_connect(&one), FUTU_OK);
        desk_take(&one);
        one.text[0] = '\0';
        for (size_t at = 0; at < sizeof(all) - 1; at += step)
            desk_feed(&one, all + at, MIN(step, sizeof(all) - 1 - at));
        ck_assert_int_eq(one.err, FUTU_ECANCELED);
        ck_assert_str_eq(one.text, whole);
    }
}
END_TEST

START_TEST(a_line_has_at_most_1024_bytes)
{
    char line[1026];
    memset(line, 'x', sizeof(line));
    desk_feed(&one, line, 1024);
    ck_assert_int_eq(one.err, FUTU_OK);
    ck_assert_str_eq(one.text, "");
    desk_feed(&one, line, 1);
    ck_assert_int_eq(one.err, FUTU_ECANCELED);
    ck_assert_str_eq(one.text, "a line has at most 1024 bytes\r\n");
    one.text[0] = '\0';
    desk_feed(&one, "\nupdate\n", 8);           /* what follows is not read */
    ck_assert_str_eq(one.text, "");
}
END_TEST

START_TEST(telnets_options_are_refused_and_a_prompt_is_given)
{
    static const uint8_t in[] = { 255, 251, 24, 255, 253, 3, 255, 252, 1, 255, 254, 1, 255, 241,
                                  255, 250, 24, 1, 255, 255, 'x', 255, 240, 255, 246, '\n' };
    desk_feed(&one, in, sizeof(in));
    ck_assert_str_eq(one.text, "\xff\xfe\x18\xff\xfc\x03yes\r\n> ");
    SAYS("update", "this is version");
    ck_assert_str_eq(one.text + strlen(one.text) - 2, "> ");
}
END_TEST

START_TEST(what_is_no_text_is_not_run)
{
    desk_feed(&one, "ping\x01\nping\xff\xff\n\0\n", 15);
    ck_assert_str_eq(one.text, "that was no text\r\nthat was no text\r\nthat was no text\r\n");
    SAYS("\xc3\xa4\bupdate", "this is version");        /* one backspace takes a whole letter */
    SAYS("h\xc3\xa4lp", "that: no such command");       /* and is not shown again */
}
END_TEST

START_TEST(names_and_arguments_are_strict_and_errors_help)
{
    SAYS("relogn", "relogn: no such command; did you mean relogin\r\n");
    SAYS("frobnicate", "frobnicate: no such command; help lists them all\r\n");
    SAYS("UPDATE", "this is version");
    SAYS("update now", "no such argument; usage: update\r\n");
    SAYS("help -cmdx=exit", "no such argument; usage: help [-cmd=NAME]");
    SAYS("help -cmd", "no such argument");
    SAYS("help -cmd=exit -cmd=exit", "stands twice");
    SAYS("help exit", "ends the gateway");
    SAYS("help -cmd=\"exit\"", "ends the gateway");
    SAYS("help -cmd=\"exit", "help: no such command");
    SAYS("help -cmd=nothing", "help: no such command");
    SAYS("help -cmd=ping", "at most 10 in 60 seconds");
    for (size_t i = 0; console_command(i); i++)
        ck_assert_ptr_nonnull(strstr(ask("help"), console_cmds[i].name));
}
END_TEST

START_TEST(http_is_cut_at_its_first_line)
{
    static const char *const all[] = { "POST / HTTP/1.1\r\nexit\r\n", "Host: a\r\nexit\r\n",
                                       "  get x HTTP/1.0\nexit\n" };
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        desk_feed(&one, all[i], strlen(all[i]));
        ck_assert_int_eq(one.err, FUTU_ECANCELED);
        ck_assert_str_eq(one.text, "");
        ck_assert_uint_eq(shutdowns, 0);
        futu_console_free(one.c);
        ck_assert_int_eq(desk_connect(&one), FUTU_OK);
        desk_take(&one);
        one.text[0] = '\0';
    }
}
END_TEST

START_TEST(the_end_of_the_input_ends_the_session_once_all_is_answered)
{
    desk_feed(&one, "update\nupd", 10);
    ck_assert_int_eq(futu_console_eof(one.c), FUTU_ECANCELED);
    desk_take(&one);
    ck_assert_ptr_nonnull(strstr(one.text, "the last line has no line break: it was not run\r\n"));
}
END_TEST

/* ---- commands ---- */

START_TEST(exit_ends_the_gateway_and_quit_the_session)
{
    SAYS("exit", "the gateway ends\r\n");
    ck_assert_int_eq(one.err, FUTU_ECANCELED);
    ck_assert_uint_eq(shutdowns, 1);
    futu_console_free(one.c);
    ck_assert_int_eq(desk_connect(&one), FUTU_OK);
    desk_take(&one);
    ck_assert_str_eq(ask("quit"), "");
    ck_assert_int_eq(one.err, FUTU_ECANCELED);
    ck_assert_uint_eq(shutdowns, 1);
}
END_TEST

START_TEST(connections_are_shown_and_closed)
{
    struct peer a, b;
    char line[80];
    peer_open(&a, &k.r, FUTU_WIRE_TCP);
    peer_open(&b, &k.r, FUTU_WIRE_TCP);
    peer_init(&a, CIPHER_NONE, 0, false);
    peer_init(&b, CIPHER_NONE, 0, false);
    peer_sub(&a, 2, &(struct sub_args){ "00700 00005", TYPES(1, 2), true, 1, 0, -1, false });
    peer_ok(&a, 3001, 2);
    SAYS("show_sub_info", "4 of the quota\r\n  Basic      HK.00700 HK.00005\r\n");
    SAYS("show_sub_info", "2 connections; quota 4 used");
    snprintf(line, sizeof(line), "close_api_conn -conn_id=%llu", (unsigned long long)a.id);
    SAYS(line, "1 connection closed\r\n");
    SAYS(line, "there is no connection");
    rig_turn(&k.r);
    ck_assert_uint_eq(a.closes, 1);
    ck_assert_str_eq(a.reason, "closed by the operator");
    ck_assert_uint_eq(b.closes, 0);
    SAYS("close_api_conn -conn_id=0", "a connection's number is expected");
    SAYS("close_api_conn", "1 connection closed\r\n");
    rig_turn(&k.r);
    ck_assert_uint_eq(b.closes, 1);
    ck_assert_uint_eq(trail_count(&k, "\"console\"", "close_api_conn", "success"), 2);
    peer_close(&a);
    peer_close(&b);
}
END_TEST

START_TEST(a_ping_asks_the_other_gateway)
{
    k.r.fake.up.forwards = true;
    desk_feed(&one, "ping\nupdate\n", 12);
    ck_assert_str_eq(one.text, "");                     /* the next command waits */
    ck_assert_uint_eq(rig_waiting(&k.r, 1002), 1);
    rig_pass(&k.r, 7 * NS_PER_MS);
    rig_answer(&k.r, 1002, REFUSED);
    rig_pass(&k.r, NS_PER_S);
    ck_assert_msg(strstr(one.text, "GetGlobalState was answered in 7.000 ms\r\n"), "%s", one.text);
    ck_assert_ptr_nonnull(strstr(one.text, "this is version"));
    ck_assert_uint_eq(one.outputs > 0, true);
    desk_feed(&one, "ping\n", 5);
    futu_console_free(one.c);                           /* the read is dropped */
    one.c = NULL;
    ck_assert_uint_eq(rig_waiting(&k.r, 1002), 0);
}
END_TEST

START_TEST(reports_go_into_new_files_alone)
{
    char path[80], line[200];
    struct stat st;
    snprintf(path, sizeof(path), "%s/a report", k.dir);
    snprintf(line, sizeof(line), "show_sub_info -sub_info_path=\"%s\"", path);
    SAYS(line, "bytes are in ");
    SAYS(line, "nothing is written over");
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_uint_eq(st.st_mode & 0777, 0600);
    ck_assert_uint_eq(trail_count(&k, "show_sub_info", "a report", "request"), 2);
    unlink(path);
    ck_assert_int_eq(symlink("/dev/null", path), 0);    /* not through a link either */
    SAYS(line, "nothing is written over");
    unlink(path);
    SAYS("show_delay_report -detail_report_path=relative", "from the root on");
    SAYS("show_delay_report -push_count_type=sr2ss", "pushes, sr2ss\r\n  none was measured: no");
    SAYS("show_metrics", "console_commands_total");
    ck_assert_ptr_null(strstr(one.text, "_bucket"));
    SAYS("status", "not connected: the cable is cut");
}
END_TEST

/* ---- limits ---- */

START_TEST(commands_are_limited_over_all_sessions)
{
    k.r.fake.up.paper = true;
    ck_assert_int_eq(desk_connect(&two), FUTU_OK);
    for (int i = 0; i < 10; i++) {
        SAYS("ping", "0 ms");
        rig_pass(&k.r, NS_PER_S);
    }
    desk_feed(&two, "ping\n", 5);
    ck_assert_ptr_nonnull(strstr(two.text, "ping: at most 10 in 60 seconds; again in 50\r\n"));
    rig_pass(&k.r, 50 * NS_PER_S);
    SAYS("ping", "0 ms");
    SAYS("ping", "again in 1\r\n");
    futu_console_free(two.c);
}
END_TEST

START_TEST(there_are_32_sessions_at_most)
{
    static struct desk_client more[32];
    for (size_t i = 0; i < 31; i++)
        ck_assert_int_eq(desk_connect(&more[i]), FUTU_OK);
    ck_assert_int_eq(desk_connect(&more[31]), FUTU_ELIMIT);
    ck_assert(metric(&k, "futu_gateway_console_rejected_total") == 1);
    ck_assert(metric(&k, "futu_gateway_console_sessions") == 32);
    for (size_t i = 0; i < 31; i++)
        futu_console_free(more[i].c);
    ck_assert_int_eq(desk_connect(&more[31]), FUTU_OK);
    console_free(desk);                                 /* they hear of it */
    ck_assert_uint_eq(more[31].closes, 1);
    ck_assert_uint_eq(one.closes, 1);
    struct console_opts o = desk_opts(false);
    ck_assert_int_eq(console_new(&desk, &o), FUTU_OK);
}
END_TEST

START_TEST(a_session_needs_somebody_to_be_told)
{
    futu_console_opts o = FUTU_CONSOLE_OPTS_INIT;
    ck_assert_int_eq(console_open(desk, &two.c, &o), FUTU_EINVAL);
    o.on_output = on_output;
    ck_assert_int_eq(console_open(desk, &two.c, &o), FUTU_EINVAL);
    ck_assert_ptr_null(two.c);
}
END_TEST

START_TEST(silence_ends_a_session)
{
    rig_pass(&k.r, 599 * NS_PER_S);
    ck_assert_uint_eq(one.closes, 0);
    SAYS("update", "version");
    rig_pass(&k.r, 599 * NS_PER_S);
    ck_assert_uint_eq(one.closes, 0);
    rig_pass(&k.r, 3 * NS_PER_S);
    ck_assert_uint_eq(one.closes, 1);
    ck_assert_ptr_nonnull(strstr(one.text, "ten minutes of silence\r\n"));
}
END_TEST

START_TEST(who_reads_nothing_is_cut_and_takes_a_bounded_room)
{
    char lines[6 * 400];
    for (int i = 0; i < 400; i++)
        memcpy(lines + 6 * i, "help\r\n", 6);
    int fed = 0;
    while (futu_console_feed(one.c, lines, sizeof(lines)) == FUTU_OK)
        ck_assert_int_lt(++fed, 8);
    ck_assert_int_gt(fed, 5);
    ck_assert_uint_lt(futu_console_output(one.c).n, 72 << 10);
    futu_console_free(one.c);
    ck_assert_int_eq(desk_connect(&one), FUTU_OK);
    ck_assert_int_eq(futu_console_feed(one.c, "help\n", 5), FUTU_OK);
    rig_pass(&k.r, 32 * NS_PER_S);
    ck_assert_uint_eq(one.closes, 1);
    ck_assert_str_eq(one.text, "");
}
END_TEST

START_TEST(who_sends_without_end_does_not_hold_the_clock)
{
    ck_assert_int_eq(desk_connect(&two), FUTU_OK);      /* reads nothing */
    for (int i = 0; i < 80 && !two.closes; i++) {
        rig_pass(&k.r, NS_PER_S / 2);
        SAYS("update", "this is version");
    }
    ck_assert_uint_eq(two.closes, 1);
}
END_TEST

START_TEST(what_is_being_written_stays_where_it_is)
{
    ck_assert_int_eq(futu_console_feed(one.c, "help\n", 5), FUTU_OK);
    futu_str shown = futu_console_output(one.c);
    char *before = strndup(shown.p, shown.n);
    for (int i = 0; i < 20; i++)
        ck_assert_int_eq(futu_console_feed(one.c, "help\n", 5), FUTU_OK);
    futu_str now = futu_console_output(one.c);
    ck_assert_ptr_eq(now.p, shown.p);
    ck_assert_uint_eq(now.n, shown.n);
    ck_assert_int_eq(memcmp(now.p, before, now.n), 0);
    futu_console_sent(one.c, now.n);
    ck_assert_uint_eq(futu_console_output(one.c).n, 20 * now.n);
    free(before);
}
END_TEST

START_TEST(a_reader_that_comes_back_gets_all_that_it_asked_for)
{
    char lines[6 * 200];
    size_t n = 0;
    for (int i = 0; i < 200; i++)
        memcpy(lines + 6 * i, "help\r\n", 6);
    ck_assert_int_eq(futu_console_feed(one.c, lines, sizeof(lines)), FUTU_OK);
    ck_assert_int_eq(futu_console_eof(one.c), FUTU_OK);
    desk_take(&one);
    for (const char *p = one.text; (p = strstr(p, "counters, as at")) != NULL; p++)
        n++;
    ck_assert_uint_eq(n, 200);
    rig_pass(&k.r, NS_PER_S);
    ck_assert_uint_eq(one.closes, 1);
}
END_TEST

/* ---- memory ---- */

START_TEST(every_failed_allocation_is_clean)
{
    static const char all[] = "help\nshow_metrics\nshow_sub_info\nshow_delay_report\nstatus\n"
                              "ping\nrelogin -login_pwd=x\nclose_api_conn\nquit\n";
    k.trail.deaf = true;
    for (long n = 0; test_alloc_fail_at(n); n++) {
        struct console_opts o = desk_opts(true);
        struct console *c, *was = desk;
        if (console_new(&c, &o))
            continue;
        desk = c;
        if (desk_connect(&two) == FUTU_OK) {
            futu_console_feed(two.c, all, sizeof(all) - 1);
            desk_take(&two);
            futu_console_free(two.c);
        }
        console_free(c);
        desk = was;
    }
}
END_TEST

static void add(TCase *tc)
{
    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, plain, desk_close);
    tcase_add_test(tc, a_line_ends_with_any_line_break_and_an_empty_one_says_nothing);
    tcase_add_test(tc, any_split_gives_the_same_answers);
    tcase_add_test(tc, a_line_has_at_most_1024_bytes);
    tcase_add_test(tc, telnets_options_are_refused_and_a_prompt_is_given);
    tcase_add_test(tc, what_is_no_text_is_not_run);
    tcase_add_test(tc, names_and_arguments_are_strict_and_errors_help);
    tcase_add_test(tc, http_is_cut_at_its_first_line);
    tcase_add_test(tc, the_end_of_the_input_ends_the_session_once_all_is_answered);
    tcase_add_test(tc, exit_ends_the_gateway_and_quit_the_session);
    tcase_add_test(tc, connections_are_shown_and_closed);
    tcase_add_test(tc, a_ping_asks_the_other_gateway);
    tcase_add_test(tc, reports_go_into_new_files_alone);
    tcase_add_test(tc, commands_are_limited_over_all_sessions);
    tcase_add_test(tc, there_are_32_sessions_at_most);
    tcase_add_test(tc, a_session_needs_somebody_to_be_told);
    tcase_add_test(tc, silence_ends_a_session);
    tcase_add_test(tc, who_reads_nothing_is_cut_and_takes_a_bounded_room);
    tcase_add_test(tc, who_sends_without_end_does_not_hold_the_clock);
    tcase_add_test(tc, what_is_being_written_stays_where_it_is);
    tcase_add_test(tc, a_reader_that_comes_back_gets_all_that_it_asked_for);
    tcase_add_test(tc, every_failed_allocation_is_clean);
}

int main(void)
{
    return run_tcase("console", add);
}
