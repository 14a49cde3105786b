/* options.c - see options.h. */
#include "options.h"

#include <futu/base.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "option_table.h"

int options_log_level(const struct opend_conf *c)
{
    static const char *const levels[] = { "off", "error", "warn", "info", "debug", "trace" };
    for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
        if (strcmp(c->log_level, levels[i]) == 0)
            return (int)i;
    return FUTU_LOG_INFO;
}

static void unknown(const char *name, size_t n, char *why, size_t size)
{
    const char *absent = option_absent(name, n);
    const struct option *near = option_near(name, n);
    if (absent)
        snprintf(why, size, "--%.*s: %s", (int)n, name, absent);
    else if (near)
        snprintf(why, size, "unknown option --%.*s; did you mean --%s?", (int)n, name, near->name);
    else
        snprintf(why, size, "unknown option --%.*s; --help lists them all", (int)n, name);
}

/* One argument, and its value when that is the next one. Returns how many were taken, 0: wrong. */
static int take(struct opend_conf *c, int left, char **argv, char *why, size_t size)
{
    struct option_origin from = { .source = FROM_ARGS };
    const char *arg = argv[0];
    if (strncmp(arg, "--", 2) != 0) {
        snprintf(why, size, "%s: options begin with --", arg);
        return 0;
    }
    const char *name = arg + 2, *eq = strchr(name, '=');
    size_t n = eq ? (size_t)(eq - name) : strlen(name);
    const struct option *o = option_find(name, n);
    if (!o) {
        unknown(name, n, why, size);
        return 0;
    }
    if (o->kind == O_FLAG && eq) {
        snprintf(why, size, "--%s takes no value", o->name);
        return 0;
    }
    if (o->kind != O_FLAG && !eq && left < 2) {
        snprintf(why, size, "--%s needs a value: %s", o->name, o->value);
        return 0;
    }
    if (!option_set(c, o, o->kind == O_FLAG ? "1" : eq ? eq + 1 : argv[1], from, why, size))
        return 0;
    return o->kind == O_FLAG || eq ? 1 : 2;
}

static bool read_args(struct opend_conf *c, int argc, char **argv, char *why, size_t size)
{
    for (int i = 1, n; i < argc; i += n) {
        n = take(c, argc - i, argv + i, why, size);
        if (n == 0)
            return false;
    }
    return true;
}

static bool set_defaults(struct opend_conf *c, char *why, size_t size)
{
    struct option_origin from = { .source = FROM_DEFAULT };
    for (size_t i = 0; i < options_count; i++)
        if (options[i].standard &&
            !option_set(c, &options[i], options[i].standard, from, why, size))
            return false;
    return true;
}

enum options_result options_parse(struct opend_conf *c, int argc, char **argv, char *why,
                                  size_t why_size)
{
    memset(c, 0, sizeof(*c));
    if (!set_defaults(c, why, why_size) || !read_args(c, argc, argv, why, why_size))
        return OPTIONS_USAGE;
    if (c->help || c->version)
        return OPTIONS_OK;
    if (!config_env(c, environ, why, why_size) || !config_file(c, why, why_size))
        return OPTIONS_USAGE;
    return config_judge(c, why, why_size) ? OPTIONS_OK : OPTIONS_USAGE;
}

void options_free(struct opend_conf *c)
{
    conf_free(c);
    memset(c, 0, sizeof(*c));
}

/* The list is newest first; the log is to have them in order. */
static void notes_from(const struct conf_text *t,
                       void (*log)(int level, const char *line, void *arg), int level)
{
    const struct conf_text *order[64];
    size_t n = 0;
    for (; t && n < sizeof(order) / sizeof(order[0]); t = t->next)
        if (t->level)
            order[n++] = t;
    while (n-- > 0)
        if (order[n]->level <= level)
            log(order[n]->level, order[n]->text, NULL);
}

void options_notes(const struct opend_conf *c, void (*log)(int level, const char *line, void *arg))
{
    notes_from(c->texts, log, options_log_level(c));
}

static void print_value(const struct opend_conf *c, const struct option *o, FILE *out)
{
    const char *field = (const char *)c + o->at;
    if (o->kind == O_FLAG)
        fputs(*(const bool *)field ? "true" : "false", out);
    else if (o->kind == O_UINT)
        fprintf(out, "%llu", (unsigned long long)*(const uint64_t *)field);
    else
        fputs(o->secret ? "****" : *(const char *const *)field, out);
}

void options_report(const struct opend_conf *c, FILE *out)
{
    for (size_t i = 0; i < options_count; i++) {
        const struct option_origin *from = &c->from[i];
        char name[64];
        if (from->source == FROM_DEFAULT)
            continue;
        fprintf(out, "  %s = ", option_spell(name, sizeof(name), options[i].name, '_'));
        print_value(c, &options[i], out);
        if (from->source == FROM_ARGS)
            fputs(" (command line)\n", out);
        else if (from->source == FROM_FILE)
            fprintf(out, " (%s line %u)\n", from->where, from->line);
        else
            fprintf(out, " (environment %s)\n", from->where);
    }
}

void options_help(FILE *out)
{
    fprintf(out, "futu-opend " FUTU_VERSION " - gateway for the Futu and moomoo trading API\n\n"
                 "usage: futu-opend --paper | --upstream HOST:PORT | --login-account ACCOUNT "
                 "[OPTION...]\n");
    for (size_t i = 0; i < options_count; i++) {
        const struct option *o = &options[i];
        char left[64];
        if (o->group)
            fprintf(out, "\n%s:\n", o->group);
        snprintf(left, sizeof(left), "--%s%s%s", o->name, o->value ? " " : "",
                 o->value ? o->value : "");
        fprintf(out, "  %-30s %s", left, o->help);
        if (o->standard)
            fprintf(out, " [%s]", o->standard);
        fputc('\n', out);
    }
    fprintf(out, "\nAn option is also a line of the --config file (push_interval = 100) and an\n"
                 "environment variable (FUTU_OPEND_PUSH_INTERVAL=100).\n"
                 "\nTry: futu-opend --paper --paper-clock always-open --websocket-port 33333\n");
}

futu_gateway_opts options_gateway(const struct opend_conf *c)
{
    futu_gateway_opts o = FUTU_GATEWAY_OPTS_INIT;
    o.upstream = c->paper            ? FUTU_UPSTREAM_PAPER
                 : c->login_account ? FUTU_UPSTREAM_BROKER
                                    : FUTU_UPSTREAM_RELAY;
    o.broker_addrs = c->broker_addr;
    o.upstream_host = c->upstream_host;
    o.upstream_port = (uint32_t)c->upstream_port;
    o.upstream_rsa_key = c->upstream_rsa_key;
    o.upstream_cache_s = (uint32_t)c->upstream_cache_s;
    o.state_dir = c->state_dir;
    o.rsa_private_key = c->rsa_private_key;
    o.websocket_key_md5 = c->websocket_key_md5;
    o.paper_clock = c->paper_clock;
    o.paper_seed = c->paper_seed;
    o.paper_trade_pwd = c->paper_trade_pwd;
    o.frequency_limits_off = strcmp(c->frequency_limits, "off") == 0;
    o.push_proto_fmt = (uint32_t)c->push_proto_type;
    o.push_interval_ms = (uint32_t)c->push_interval_ms;
    o.keep_alive_s = (uint32_t)c->keep_alive_s;
    o.max_connections = (uint32_t)c->max_connections;
    o.sub_quota = (uint32_t)c->sub_quota;
    o.rest_keys_file = c->rest_keys_file;
    o.ws_keys_file = c->ws_keys_file;
    o.grpc_keys_file = c->grpc_keys_file;
    o.audit_log = c->audit_log;
    o.allowed_origins = c->rest_allowed_origins;
    o.metrics_public = c->metrics_public;
    o.mcp_tools = c->mcp_tools;
    o.mcp_direct_orders = c->mcp_direct_orders;
    o.mcp_no_output_schemas = c->mcp_no_output_schemas;
    return o;
}

futu_login_opts options_login(const struct opend_conf *c)
{
    futu_login_opts o = FUTU_LOGIN_OPTS_INIT;
    o.account = c->login_account;
    o.pwd_file = c->login_pwd_file;
    o.pwd = c->login_pwd;
    o.pwd_md5 = c->login_pwd_md5;
    o.pwd_env = c->login_pwd_env;
    o.keychain = c->keychain;
    o.platform = c->platform;
    o.auth_server = c->auth_server;
    o.region = c->login_region;
    o.state_dir = c->state_dir;
    o.device_id = c->device_id;
    o.verify_code = c->verify_code;
    o.reset_device = c->reset_device;
    o.setup_only = c->setup_only;
    o.auth_ca = c->auth_ca;
    o.verify_code_file = c->verify_code_file;
    o.renew_signature = c->client_sig_refresh;
    o.code_by_call = c->management_port != 0;
    o.conf_key = c->conf_key;
    o.renew_refused = c->client_sig_reactive;
    o.renew_pauses = c->relogin_backoff;
    return o;
}
