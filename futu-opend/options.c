/* options.c - see options.h. */
#include "options.h"

#include <futu/base.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum option_kind { O_FLAG, O_STR, O_UINT };

struct option {
    const char *name, *value;           /* value: its name in the help, NULL for a flag */
    enum option_kind kind;
    size_t at;
    const char *standard;               /* default as text, NULL: none */
    uint64_t min, max;
    const char *group, *help;           /* group: set on the first option of each */
};

#define AT(field) offsetof(struct opend_conf, field)
static const struct option options[] = {
    { "paper", NULL, O_FLAG, AT(paper), NULL, 0, 0, "Upstream (choose one)",
      "an embedded exchange with its own prices and accounts; offline" },
    { "upstream", "HOST:PORT", O_STR, AT(upstream), NULL, 0, 0, NULL,
      "another gateway: the vendor's OpenD, or another futu-opend" },
    { "upstream-rsa-key", "FILE", O_STR, AT(upstream_rsa_key), NULL, 0, 0, "Towards --upstream",
      "PEM key of that gateway: the connections to it are encrypted" },
    { "upstream-cache", "SECONDS", O_UINT, AT(upstream_cache_s), "600", 0, 86400, NULL,
      "how long answers of reference data are kept; 0: not at all" },
    { "state-dir", "DIR", O_STR, AT(state_dir), NULL, 0, 0, NULL,
      "folder of the order journal; FUTU_STATE_DIR or ~/.futu-opend-rs when absent" },
    { "paper-clock", "CLOCK", O_STR, AT(paper_clock), "real", 0, 0, "Paper exchange",
      "real, always-open, xN (N times as fast), or always-open,xN" },
    { "paper-seed", "N", O_UINT, AT(paper_seed), "1", 0, UINT64_MAX, NULL,
      "same seed and clock: same ticks" },
    { "paper-trade-pwd", "TEXT", O_STR, AT(paper_trade_pwd), "paper", 0, 0, NULL,
      "what unlocks the paper exchange's real account" },
    { "ip", "ADDR", O_STR, AT(ip), "127.0.0.1", 0, 0, "Listeners",
      "address of the FTAPI TCP port" },
    { "port", "N", O_UINT, AT(port), "11111", 0, 65535, NULL,
      "FTAPI TCP port; 0 lets the system choose" },
    { "rsa-private-key", "FILE", O_STR, AT(rsa_private_key), NULL, 0, 0, NULL,
      "PEM key shared with the clients: InitConnect must be encrypted" },
    { "websocket-ip", "ADDR", O_STR, AT(websocket_ip), NULL, 0, 0, NULL,
      "address of the WebSocket port; as --ip when absent" },
    { "websocket-port", "N", O_UINT, AT(websocket_port), NULL, 0, 65535, NULL,
      "WebSocket port for the JavaScript SDK; off when absent" },
    { "websocket-key-md5", "HEX", O_STR, AT(websocket_key_md5), NULL, 0, 0, NULL,
      "MD5 of the key that WebSocket clients must bring" },
    { "websocket-cert", "FILE", O_STR, AT(websocket_cert), NULL, 0, 0, NULL,
      "PEM certificate chain: the WebSocket port speaks wss" },
    { "websocket-private-key", "FILE", O_STR, AT(websocket_private_key), NULL, 0, 0, NULL,
      "PEM key of that certificate" },
    { "rest-port", "N", O_UINT, AT(rest_port), NULL, 0, 65535, NULL,
      "REST, /ws and /metrics; off when absent" },
    { "rest-ip", "ADDR", O_STR, AT(rest_ip), NULL, 0, 0, NULL,
      "address of the REST port; as --ip when absent" },
    { "rest-tls-cert", "FILE", O_STR, AT(rest_tls_cert), NULL, 0, 0, NULL,
      "PEM certificate chain: the REST port speaks https and wss" },
    { "rest-tls-key", "FILE", O_STR, AT(rest_tls_key), NULL, 0, 0, NULL,
      "PEM key of that certificate" },
    { "rest-allowed-origins", "LIST", O_STR, AT(rest_allowed_origins), NULL, 0, 0, NULL,
      "browser origins beside loopback, separated by commas; *: any" },
    { "metrics-public", NULL, O_FLAG, AT(metrics_public), NULL, 0, 0, NULL,
      "/metrics without a key, and with plain key ids" },
    { "rest-keys-file", "FILE", O_STR, AT(rest_keys_file), NULL, 0, 0, "API keys",
      "keys of REST and /ws; without it reads are open and writes refused" },
    { "grpc-keys-file", "FILE", O_STR, AT(grpc_keys_file), NULL, 0, 0, NULL,
      "keys of gRPC" },
    { "ws-keys-file", "FILE", O_STR, AT(ws_keys_file), NULL, 0, 0, NULL,
      "keys of the WebSocket port" },
    { "allow-tcp-unauthenticated", NULL, O_FLAG, AT(allow_tcp_unauthenticated), NULL, 0, 0, NULL,
      "open the FTAPI TCP port, which knows no keys, beside a keys file" },
    { "frequency-limits", "on|off", O_STR, AT(frequency_limits), "on", 0, 0, "Rules",
      "the vendor's calls-per-30-seconds limits; off: with --upstream those of it alone" },
    { "keep-alive", "SECONDS", O_UINT, AT(keep_alive_s), "10", 1, 30, NULL,
      "KeepAlive interval announced to clients" },
    { "push-proto-type", "0|1", O_UINT, AT(push_proto_type), "0", 0, 1, NULL,
      "format of pushes for clients that do not ask: 0 protobuf, 1 JSON" },
    { "push-interval", "MS", O_UINT, AT(push_interval_ms), "0", 0, 60000, NULL,
      "least time between two quote, book or broker pushes of a security" },
    { "max-connections", "N", O_UINT, AT(max_connections), "8192", 1, 1000000, NULL,
      "connections served at a time" },
    { "sub-quota", "N", O_UINT, AT(sub_quota), NULL, 1, 1000000, NULL,
      "subscriptions in all; what the upstream grants when absent" },
    { "log-level", "LEVEL", O_STR, AT(log_level), "info", 0, 0, "Other",
      "off, error, warn, info, debug or trace, on standard error" },
    { "json-log", NULL, O_FLAG, AT(json_log), NULL, 0, 0, NULL,
      "log as JSON lines; not together with --audit-log" },
    { "audit-log", "PATH", O_STR, AT(audit_log), NULL, 0, 0, NULL,
      "trail of decisions and orders: a file, or a folder of daily files" },
    { "tz", "ZONE", O_STR, AT(tz), NULL, 0, 0, NULL,
      "IANA zone of hours windows and text logs; TZ, or UTC, when absent" },
    { "calendar-file", "FILE", O_STR, AT(calendar_file), NULL, 0, 0, NULL,
      "TSV of exchange holidays in place of the built-in ones" },
    { "config", "FILE", O_STR, AT(config), NULL, 0, 0, NULL,
      "options as flat TOML, or as the official XML when it ends in .xml" },
    { "check-config", NULL, O_FLAG, AT(check_config), NULL, 0, 0, NULL,
      "read and judge all options and keys files, then end" },
    { "help", NULL, O_FLAG, AT(help), NULL, 0, 0, NULL, "print this text" },
    { "version", NULL, O_FLAG, AT(version), NULL, 0, 0, NULL, "print the version" },
};
#define N_OPTIONS (sizeof(options) / sizeof(options[0]))

static const char *const levels[] = { "off", "error", "warn", "info", "debug", "trace" };
#define N_LEVELS (sizeof(levels) / sizeof(levels[0]))

int options_log_level(const struct opend_conf *c)
{
    for (size_t i = 0; i < N_LEVELS; i++)
        if (strcmp(c->log_level, levels[i]) == 0)
            return (int)i;
    return -1;
}

static void *field(struct opend_conf *c, const struct option *o)
{
    return (char *)c + o->at;
}

static bool parse_uint(const char *text, uint64_t *out)
{
    uint64_t v = 0;
    if (!*text)
        return false;
    for (; *text; text++) {
        unsigned d = (unsigned)(*text - '0');
        if (d > 9 || v > (UINT64_MAX - d) / 10)
            return false;
        v = v * 10 + d;
    }
    *out = v;
    return true;
}

static bool set(struct opend_conf *c, const struct option *o, const char *text, char *why,
                size_t size)
{
    uint64_t v;
    if (o->kind == O_STR) {
        *(const char **)field(c, o) = text;
        return true;
    }
    if (!parse_uint(text, &v) || v < o->min || v > o->max) {
        snprintf(why, size, "--%s: %s is not a number in %llu..%llu", o->name, text,
                 (unsigned long long)o->min, (unsigned long long)o->max);
        return false;
    }
    *(uint64_t *)field(c, o) = v;
    return true;
}

static void unknown(const char *name, size_t n, char *why, size_t size)
{
    const struct option *best = NULL;
    unsigned far = 4;
    for (size_t i = 0; i < N_OPTIONS; i++) {
        futu_str other = { options[i].name, strlen(options[i].name) };
        unsigned d = futu_word_distance((futu_str){ name, n }, other);
        if (d < far) {
            far = d;
            best = &options[i];
        }
    }
    if (best)
        snprintf(why, size, "unknown option --%.*s; did you mean --%s?", (int)n, name, best->name);
    else
        snprintf(why, size, "unknown option --%.*s; --help lists them all", (int)n, name);
}

/* One argument, and its value when that is the next one. Returns how many were taken, 0: wrong. */
static int take(struct opend_conf *c, int left, char **argv, char *why, size_t size)
{
    const char *arg = argv[0];
    if (strncmp(arg, "--", 2) != 0) {
        snprintf(why, size, "%s: options begin with --", arg);
        return 0;
    }
    const char *name = arg + 2, *eq = strchr(name, '=');
    size_t n = eq ? (size_t)(eq - name) : strlen(name);
    const struct option *o = options, *end = options + N_OPTIONS;
    while (o < end && (strlen(o->name) != n || memcmp(o->name, name, n) != 0))
        o++;
    if (o == end) {
        unknown(name, n, why, size);
        return 0;
    }
    if (o->kind == O_FLAG) {
        *(bool *)field(c, o) = true;
        if (eq)
            snprintf(why, size, "--%s takes no value", o->name);
        return eq ? 0 : 1;
    }
    if (!eq && left < 2) {
        snprintf(why, size, "--%s needs a value: %s", o->name, o->value);
        return 0;
    }
    if (!set(c, o, eq ? eq + 1 : argv[1], why, size))
        return 0;
    return eq ? 1 : 2;
}

static const char *judge_upstream(const struct opend_conf *c)
{
    if (!c->paper && !c->upstream)
        return "choose an upstream: --paper (an embedded exchange, works offline) or --upstream "
               "HOST:PORT (the vendor's OpenD, or another futu-opend); --login-account ACCOUNT "
               "(direct login) is planned, but not in this version";
    if (c->paper && c->upstream)
        return "--paper and --upstream: a gateway has one upstream";
    if (c->upstream && !c->upstream_port)
        return "--upstream: HOST:PORT, such as 127.0.0.1:11111 or [::1]:11111";
    if (!c->upstream && c->upstream_rsa_key)
        return "--upstream-rsa-key needs --upstream";
    if (c->upstream && !c->state_dir)
        return "--state-dir: neither it nor FUTU_STATE_DIR nor HOME is set";
    return NULL;
}

static const char *judge(const struct opend_conf *c)
{
    const char *wrong = judge_upstream(c);
    if (wrong)
        return wrong;
    if (options_log_level(c) < 0)
        return "--log-level: one of off, error, warn, info, debug, trace";
    if (strcmp(c->frequency_limits, "on") != 0 && strcmp(c->frequency_limits, "off") != 0)
        return "--frequency-limits: on or off";
    if (!c->websocket_cert != !c->websocket_private_key)
        return "--websocket-cert and --websocket-private-key go together";
    if (!c->websocket_port && (c->websocket_cert || c->websocket_key_md5 || c->websocket_ip))
        return "WebSocket options need --websocket-port";
    if (c->websocket_key_md5 &&
        strspn(c->websocket_key_md5, "0123456789abcdefABCDEF") != 32)
        return "--websocket-key-md5: 32 hex digits, as printed by: printf %s KEY | md5sum";
    return NULL;
}

/* HOST:PORT, [V6]:PORT; the port stays 0 when it is neither. */
static void part_upstream(struct opend_conf *c)
{
    const char *text = c->upstream, *colon = strrchr(text, ':');
    size_t n = colon ? (size_t)(colon - text) : 0;
    uint64_t port;
    if (n > 2 && text[0] == '[' && text[n - 1] == ']') {
        text++;
        n -= 2;
    } else if (n > 0 && memchr(text, ':', n)) {
        return;                         /* an IPv6 address needs its brackets */
    }
    if (n == 0 || n >= sizeof(c->upstream_host) || !parse_uint(colon + 1, &port) || port < 1 ||
        port > 65535)
        return;
    memcpy(c->upstream_host, text, n);
    c->upstream_host[n] = '\0';
    c->upstream_port = port;
}

static void fill_state_dir(struct opend_conf *c)
{
    const char *env = getenv("FUTU_STATE_DIR"), *home = getenv("HOME");
    if (c->state_dir)
        return;
    c->state_dir = env && *env ? env : NULL;
    if (c->state_dir || !home || !*home)
        return;
    if (snprintf(c->state_dir_room, sizeof(c->state_dir_room), "%s/.futu-opend-rs", home) <
        (int)sizeof(c->state_dir_room))
        c->state_dir = c->state_dir_room;
}

enum options_result options_parse(struct opend_conf *c, int argc, char **argv, char *why,
                                  size_t why_size)
{
    memset(c, 0, sizeof(*c));
    for (size_t i = 0; i < N_OPTIONS; i++)
        if (options[i].standard)
            set(c, &options[i], options[i].standard, why, why_size);
    for (int i = 1, n; i < argc; i += n) {
        n = take(c, argc - i, argv + i, why, why_size);
        if (n == 0)
            return OPTIONS_USAGE;
    }
    if (c->help || c->version)
        return OPTIONS_OK;
    fill_state_dir(c);
    if (c->upstream)
        part_upstream(c);
    const char *wrong = judge(c);
    if (!wrong)
        return OPTIONS_OK;
    snprintf(why, why_size, "%s", wrong);
    return OPTIONS_USAGE;
}

void options_help(FILE *out)
{
    fprintf(out, "futu-opend " FUTU_VERSION " - gateway for the Futu and moomoo trading API\n\n"
                 "usage: futu-opend --paper | --upstream HOST:PORT [OPTION...]\n");
    for (size_t i = 0; i < N_OPTIONS; i++) {
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
    fprintf(out, "\nTry: futu-opend --paper --paper-clock always-open --websocket-port 33333\n");
}
