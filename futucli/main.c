/* main.c - futucli: global options, the table of verbs, the connection.
 *
 * Exit: 0 success, 1 the call failed, 2 wrong usage.
 */
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "usage.h"

static const struct cmd *const groups[] = { cmds_system, cmds_quote, cmds_account, cmds_order,
                                            cmds_keys, cmds_password, cmds_audit,
                                            cmds_daemon, cmds_mcp, cmds_doctor };
#define N_GROUPS (sizeof(groups) / sizeof(groups[0]))

static const struct cmd_opt global_opts[] = {
    { "gateway", "HOST:PORT", "127.0.0.1:11111", "the gateway; default also from FUTU_GATEWAY" },
    { "output", "FORMAT", "table", "-o: table, json or jsonl (one object a line)" },
    { "timeout", "SECONDS", "10", "for connecting and for each call" },
    { "rsa-key", "FILE", NULL, "PEM key shared with the gateway: encrypts the connection" },
    { "no-color", NULL, NULL, "plain text also on a terminal" },
    { "help", NULL, NULL, "-h: this text, or that of a verb" },
    { "version", NULL, NULL, "print the version" },
    { NULL, NULL, NULL, NULL },
};

static const struct cmd *find_cmd(const char *name)
{
    for (size_t g = 0; g < N_GROUPS; g++)
        for (const struct cmd *c = groups[g]; c->name; c++)
            if (strcmp(c->name, name) == 0)
                return c;
    return NULL;
}

static int unknown_verb(const char *name)
{
    const char *best = NULL;
    unsigned far = near_enough(name);
    for (size_t g = 0; g < N_GROUPS; g++)
        for (const struct cmd *c = groups[g]; c->name; c++) {
            unsigned d = word_distance(name, c->name);
            if (d < far) {
                far = d;
                best = c->name;
            }
        }
    if (best)
        return usage_error("unknown command %s; did you mean %s?", name, best);
    return usage_error("unknown command %s; futucli --help lists them all", name);
}

bool read_gateway(const char *name, const char *text, char *host, size_t size, uint32_t *number)
{
    const char *colon = strrchr(text, ':');
    size_t n = colon ? (size_t)(colon - text) : strlen(text);
    char *end = NULL;
    unsigned long port = colon ? strtoul(colon + 1, &end, 10) : 11111;
    if (n == 0 || n >= size || port < 1 || port > 65535 || (end && *end)) {
        usage_error("%s: %s is not HOST:PORT, such as 127.0.0.1:11111", name, text);
        return false;
    }
    memcpy(host, text, n);
    host[n] = '\0';
    *number = (uint32_t)port;
    return true;
}

static bool set_output(struct cli *c, const char *text)
{
    static const char *const names[] = { "table", "json", "jsonl" };
    for (int i = 0; i < 3; i++)
        if (strcmp(text, names[i]) == 0) {
            c->out = (enum output)i;
            return true;
        }
    usage_error("-o: %s is none of table, json, jsonl", text);
    return false;
}

static bool set_globals(struct cli *c, const struct args *a)
{
    static char host[256];
    const char *gateway = getenv("FUTU_GATEWAY");
    double timeout;
    c->gateway_given = arg_given(a, "gateway") || gateway;
    if (arg_given(a, "gateway") || !gateway)
        gateway = arg(a, "gateway");
    c->host = host;
    if (!read_gateway("--gateway", gateway, host, sizeof(host), &c->port) ||
        !set_output(c, arg(a, "output")) ||
        !arg_number(a, "timeout", &timeout))
        return false;
    if (timeout < 0.1 || timeout > 3600) {
        usage_error("--timeout: 0.1 to 3600 seconds");
        return false;
    }
    c->timeout_ms = (uint32_t)(timeout * 1000);
    c->rsa_key = arg(a, "rsa-key");
    c->color = isatty(STDOUT_FILENO) && !arg_given(a, "no-color") && !getenv("NO_COLOR");
    return true;
}

static void print_help(void)
{
    printf("futucli %s - quotes and orders through a Futu gateway\n\n"
           "usage: futucli [OPTION...] COMMAND [ARGUMENT...]\n",
           futu_version());
    for (size_t g = 0; g < N_GROUPS; g++)
        usage_group(groups[g]);
    printf("\nOptions, before or behind the command:\n");
    usage_opts(global_opts);
    printf("\nTry: futucli quote HK.00700 US.AAPL      futucli COMMAND --help\n");
}

/* A closed standard stream would give its number to a file or a socket, and take our texts there.
 * Read-only, so that what is printed still fails. */
static bool std_streams_open(void)
{
    int fd = open("/dev/null", O_RDONLY);
    while (fd >= 0 && fd <= STDERR_FILENO)
        fd = dup(fd);
    if (fd < 0)
        return false;
    close(fd);
    return true;
}

/* What could not be written is no success; a reader that went away has seen enough. */
static int written(int code)
{
    if ((fflush(stdout) == 0 && !ferror(stdout)) || errno == EPIPE || code != CLI_OK)
        return code;
    return failure("standard output: %s", strerror(errno));
}

static int run_cmd(struct cli *c, const struct cmd *cmd, const struct args *a)
{
    if (a->n_words < cmd->min_words || a->n_words > cmd->max_words)
        return usage_error("usage: futucli %s%s%s", cmd->name, *cmd->params ? " " : "",
                           cmd->params);
    int code = cmd->run(c, a);
    futu_client_free(c->client);
    return code;
}

int main(int argc, char **argv)
{
    struct cli c = { .out = OUT_TABLE };
    struct args global = { .opts = global_opts }, own = { 0 };
    const char *rest[64];
    int n_rest = 0;
    if (!std_streams_open())
        return CLI_FAILED;
    setlocale(LC_CTYPE, "C.UTF-8");
    signal(SIGPIPE, SIG_IGN);
    if (!args_parse(&global, argc - 1, (const char **)argv + 1, rest, &n_rest, 64))
        return CLI_USAGE;
    if (arg_given(&global, "version")) {
        printf("futucli %s\n", futu_version());
        return CLI_OK;
    }
    if (n_rest == 0) {
        if (!arg_given(&global, "help"))
            return usage_error("what shall I do? futucli --help lists the commands");
        print_help();
        return written(CLI_OK);
    }
    const struct cmd *cmd = find_cmd(rest[0]);
    if (!cmd)
        return unknown_verb(rest[0]);
    if (arg_given(&global, "help")) {
        usage_cmd(cmd);
        return written(CLI_OK);
    }
    own.opts = cmd->opts;
    if (!set_globals(&c, &global) || !args_parse(&own, n_rest - 1, rest + 1, NULL, NULL, 0))
        return CLI_USAGE;
    return written(run_cmd(&c, cmd, &own));
}
