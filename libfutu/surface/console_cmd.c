/* console_cmd.c - the commands of the console: the one table, which help, futu-opend(1) and its
 * lint follow; and the short ones.
 *
 * Names, arguments and limits are those of the vendor's gateway; auth, quit, show_metrics and
 * status are ours.
 */
#include <stdio.h>
#include <strings.h>

#include "gateway/report.h"
#include "surface/console_state.h"

static console_run cmd_help, cmd_quit, cmd_exit, cmd_close, cmd_update;

const struct console_cmd console_cmds[] = {
    { "help", { "cmd" }, CMD_OPEN, 0, 0, cmd_help, "help [-cmd=NAME]",
      "lists the commands, or tells of one" },
    { "auth", { "key" }, CMD_OPEN, 0, 0, cmd_auth, "auth KEY",
      "shows an API key with the scope admin, when the gateway has keys" },
    { "quit", { NULL }, CMD_OPEN, 0, 0, cmd_quit, "quit", "ends this session alone" },
    { "exit", { NULL }, CMD_CHANGES, 0, 0, cmd_exit, "exit",
      "ends the gateway, as SIGTERM does: what is under way is answered first" },
    { "status", { NULL }, 0, 0, 0, cmd_status, "status",
      "how the upstream and its login stand" },
    { "req_phone_verify_code", { NULL }, CMD_CHANGES, 1, 60, cmd_req_code, "req_phone_verify_code",
      "asks for another SMS; the code of the one before is then worthless" },
    { "input_phone_verify_code", { "code" }, CMD_CHANGES, 10, 60, cmd_code,
      "input_phone_verify_code -code=DIGITS",
      "brings the code of the SMS, or of a token, that a login waits for" },
    { "req_pic_verify_code", { NULL }, 0, 10, 60, cmd_req_pic, "req_pic_verify_code",
      "tells why there are no picture codes here" },
    { "input_pic_verify_code", { "code" }, 0, 10, 60, cmd_pic, "input_pic_verify_code -code=TEXT",
      "likewise" },
    { "relogin", { "login_pwd", "login_pwd_md5" }, CMD_CHANGES, 10, 3600, cmd_relogin,
      "relogin [-login_pwd=TEXT | -login_pwd_md5=HEX]",
      "logs in again; with a password, when it was changed, by that one" },
    { "ping", { NULL }, 0, 10, 60, cmd_ping, "ping", "how far away the upstream is" },
    { "show_delay_report", { "detail_report_path", "push_count_type" }, 0, 0, 0, cmd_delays,
      "show_delay_report [-detail_report_path=FILE] "
      "[-push_count_type=sr2ss|ss2cr|cr2cs|ss2cs|sr2cs]",
      "delays of pushes, requests and orders since the start; into a new file when one is named" },
    { "show_sub_info", { "conn_id", "sub_info_path" }, 0, 0, 0, cmd_subs,
      "show_sub_info [-conn_id=ID] [-sub_info_path=FILE]",
      "connections, their subscriptions, and the quota; into a new file when one is named" },
    { "close_api_conn", { "conn_id" }, CMD_CHANGES, 0, 0, cmd_close, "close_api_conn [-conn_id=ID]",
      "closes a client's connection, or all of them" },
    { "request_highest_quote_right", { NULL }, 0, 10, 60, cmd_right, "request_highest_quote_right",
      "tells how to have the quote rights back that another device has taken" },
    { "update", { NULL }, 0, 0, 0, cmd_update, "update", "tells which version this is" },
    { "show_metrics", { NULL }, 0, 0, 0, cmd_metrics, "show_metrics",
      "counters, as at /metrics" },
};

const size_t console_n_cmds = ARRAY_LEN(console_cmds);

/* The vendor's own documentation writes some with a capital letter. */
const struct console_cmd *console_find(futu_str name)
{
    for (size_t i = 0; i < ARRAY_LEN(console_cmds); i++)
        if (strlen(console_cmds[i].name) == name.n &&
            strncasecmp(console_cmds[i].name, name.p, name.n) == 0)
            return &console_cmds[i];
    return NULL;
}

const char *console_command(size_t i)
{
    return i < ARRAY_LEN(console_cmds) ? console_cmds[i].usage : NULL;
}

static void tell(futu_console *s, const struct console_cmd *cmd)
{
    say(s, "%s\n  %s", cmd->usage, cmd->help);
    if (cmd->often)
        say(s, "  at most %u in %u seconds", cmd->often, cmd->per_s);
}

static void cmd_help(futu_console *s, const struct console_args *a)
{
    if (a->value[0].p) {
        const struct console_cmd *cmd = console_find(a->value[0]);
        if (cmd)
            tell(s, cmd);
        else
            say(s, "help: no such command; help alone lists them all");
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(console_cmds); i++)
        say(s, "%-28s %s", console_cmds[i].name, console_cmds[i].help);
}

static void cmd_quit(futu_console *s, const struct console_args *a)
{
    (void)a;
    console_end(s);
}

static void cmd_exit(futu_console *s, const struct console_args *a)
{
    const struct console_opts *o = &s->of->o;
    (void)a;
    if (!o->shutdown) {
        console_ended(s, false, "this program does not let itself be ended from here");
        return;
    }
    console_ended(s, true, "the gateway ends");
    console_end(s);
    o->shutdown(o->shutdown_arg);
}

static void cmd_close(futu_console *s, const struct console_args *a)
{
    uint64_t id = 0;
    if (a->value[0].p && (!str_to_u64(a->value[0], &id) || id == 0)) {
        console_ended(s, false, "close_api_conn: a connection's number is expected; show_sub_info "
                                "lists them");
        return;
    }
    size_t n = hub_close_conns(s->of->o.hub, id, "closed by the operator");
    if (id && n == 0)
        console_ended(s, false, "there is no connection %llu of a client; show_sub_info lists them",
                      (unsigned long long)id);
    else
        console_ended(s, true, "%zu connection%s closed", n, n == 1 ? "" : "s");
}

static void cmd_update(futu_console *s, const struct console_args *a)
{
    (void)a;
    say(s, "this is version %s; it does not replace itself: install a newer one, then: exit",
        futu_version());
}
