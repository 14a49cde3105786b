/* option_table.c - the rows of option_table.h, and how one value is taken. */
#include "option_table.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>

#define AT(field) offsetof(struct opend_conf, field)
const struct option options[] = {
    { "paper", NULL, O_FLAG, AT(paper), NULL, 0, 0, "Upstream (choose one)",
      .help = "an embedded exchange with its own prices and accounts; offline" },
    { "upstream", "HOST:PORT", O_STR, AT(upstream), NULL, 0, 0, NULL,
      .help = "another gateway: the vendor's OpenD, or another futu-opend" },
    { "login-account", "ACCOUNT", O_STR, AT(login_account), NULL, 0, 0, NULL,
      .help = "the broker itself: numeric id, +REGION-NUMBER, or e-mail" },
    { "upstream-rsa-key", "FILE", O_STR, AT(upstream_rsa_key), NULL, 0, 0, "Towards --upstream",
      .help = "PEM key of that gateway: the connections to it are encrypted" },
    { "upstream-cache", "SECONDS", O_UINT, AT(upstream_cache_s), "600", 0, 86400, NULL,
      .help = "how long answers of reference data are kept; 0: not at all" },
    { "state-dir", "DIR", O_STR, AT(state_dir), NULL, 0, 0, NULL,
      .help = "journal, device id, logins; FUTU_STATE_DIR or ~/.futu-opend-rs when absent" },
    { "platform", "NAME", O_STR, AT(platform), NULL, 0, 0, "Direct login (--login-account)",
      .help = "futunn or moomoo: whose account it is; futunn when absent",
      .words = "futunn moomoo" },
    { "login-pwd-file", "FILE", O_STR, AT(login_pwd_file), NULL, 0, 0, NULL,
      .help = "password, first choice: the content of a file" },
    { "login-pwd", "TEXT", O_STR, AT(login_pwd), NULL, 0, 0, NULL,
      .help = "the password itself; better FUTU_PWD, or futucli set-login-pwd", .secret = true },
    { "login-pwd-md5", "HEX", O_STR, AT(login_pwd_md5), NULL, 0, 0, NULL,
      .help = "MD5 of the password, as good as the password", .secret = true },
    { "keychain", "KIND", O_STR, AT(keychain), NULL, 0, 0, NULL,
      .help = "auto, secret-service, file or off; FUTU_KEYCHAIN or auto when absent",
      .words = "auto secret-service file off" },
    { "auth-server", "URL", O_STR, AT(auth_server), NULL, 0, 0, NULL,
      .help = "http(s)://HOST[:PORT] in place of the platform's own" },
    { "auth-ca", "FILE", O_STR, AT(auth_ca), NULL, 0, 0, NULL,
      .help = "PEM roots to trust for it in place of the system's" },
    { "login-region", "REGION", O_STR, AT(login_region), NULL, 0, 0, NULL,
      .help = "gz, sh or hk, of mainland phone accounts; gz when absent", .words = "gz sh hk" },
    { "device-id", "HEX", O_STR, AT(device_id), NULL, 0, 0, NULL,
      .help = "16 hex digits, written over the saved device id" },
    { "client-sig-proactive-refresh", NULL, O_FLAG, AT(client_sig_refresh), NULL, 0, 0, NULL,
      .help = "renew the login an hour before the channels' signature ends, too" },
    { "client-sig-reactive-refresh", NULL, O_FLAG, AT(client_sig_reactive), NULL, 0, 0, NULL,
      .help = "renew it after three refusals, without waiting for the watchdog" },
    { "qot-relogin-backoff-ms", "LIST", O_STR, AT(relogin_backoff), NULL, 0, 0, NULL,
      .help = "pauses between renewals that fail; 60000,120000,240000,600000 when absent" },
    { "verify-code", "CODE", O_STR, AT(verify_code), NULL, 0, 0, NULL,
      .help = "the code of the SMS, for a start without a terminal", .secret = true,
      .not_in_file = true },
    { "verify-code-file", "FILE", O_STR, AT(verify_code_file), NULL, 0, 0, NULL,
      .help = "where that code is awaited, in place of the terminal" },
    { "reset-device", NULL, O_FLAG, AT(reset_device), NULL, 0, 0, NULL,
      .help = "forget device id and saved login of the account first", .not_in_file = true },
    { "setup-only", NULL, O_FLAG, AT(setup_only), NULL, 0, 0, NULL,
      .help = "log in, save the login, and end; no port is opened", .not_in_file = true },
    { "broker-addr", "LIST", O_STR, AT(broker_addr), NULL, 0, 0, NULL,
      .help = "IDENTITY=HOST:PORT,...;... in place of the broker's servers; +: beside them" },
    { "conf-key", "TEXT", O_STR, AT(conf_key), NULL, 0, 0, NULL,
      .help = "key of the broker's remote configuration: text, or hex:DIGITS", .secret = true },
    { "paper-clock", "CLOCK", O_STR, AT(paper_clock), "real", 0, 0, "Paper exchange",
      .help = "real, always-open, xN (N times as fast), or always-open,xN" },
    { "paper-seed", "N", O_UINT, AT(paper_seed), "1", 0, UINT64_MAX, NULL,
      .help = "same seed and clock: same ticks" },
    { "paper-trade-pwd", "TEXT", O_STR, AT(paper_trade_pwd), "paper", 0, 0, NULL,
      .help = "what unlocks the paper exchange's real account", .secret = true,
      .may_be_empty = true },
    { "ip", "ADDR", O_STR, AT(ip), "127.0.0.1", 0, 0, "Listeners",
      .help = "address of the FTAPI TCP port" },
    { "port", "N", O_UINT, AT(port), "11111", 0, 65535, NULL,
      .help = "FTAPI TCP port; 0 lets the system choose" },
    { "rsa-private-key", "FILE", O_STR, AT(rsa_private_key), NULL, 0, 0, NULL,
      .help = "PEM key shared with the clients: InitConnect must be encrypted" },
    { "websocket-ip", "ADDR", O_STR, AT(websocket_ip), NULL, 0, 0, NULL,
      .help = "address of the WebSocket port; as --ip when absent" },
    { "websocket-port", "N", O_UINT, AT(websocket_port), NULL, 0, 65535, NULL,
      .help = "WebSocket port for the JavaScript SDK; off when absent" },
    { "websocket-key-md5", "HEX", O_STR, AT(websocket_key_md5), NULL, 0, 0, NULL,
      .help = "MD5 of the key that WebSocket clients must bring", .secret = true },
    { "websocket-cert", "FILE", O_STR, AT(websocket_cert), NULL, 0, 0, NULL,
      .help = "PEM certificate chain: the WebSocket port speaks wss" },
    { "websocket-private-key", "FILE", O_STR, AT(websocket_private_key), NULL, 0, 0, NULL,
      .help = "PEM key of that certificate" },
    { "rest-port", "N", O_UINT, AT(rest_port), NULL, 0, 65535, NULL,
      .help = "REST, /ws and /metrics; off when absent" },
    { "rest-ip", "ADDR", O_STR, AT(rest_ip), NULL, 0, 0, NULL,
      .help = "address of the REST port; as --ip when absent" },
    { "rest-tls-cert", "FILE", O_STR, AT(rest_tls_cert), NULL, 0, 0, NULL,
      .help = "PEM certificate chain: the REST port speaks https and wss" },
    { "rest-tls-key", "FILE", O_STR, AT(rest_tls_key), NULL, 0, 0, NULL,
      .help = "PEM key of that certificate" },
    { "rest-allowed-origins", "LIST", O_STR, AT(rest_allowed_origins), NULL, 0, 0, NULL,
      .help = "browser origins beside loopback, separated by commas; *: any",
      .may_be_empty = true },
    { "metrics-public", NULL, O_FLAG, AT(metrics_public), NULL, 0, 0, NULL,
      .help = "/metrics without a key, and with plain key ids" },
    { "mcp-tools", "GROUPS", O_STR, AT(mcp_tools), NULL, 0, 0, NULL,
      .help = "tools of /mcp: core,subscribe,quote,plate,derivative,watchlist,account,trade,push",
      .may_be_empty = true },
    { "mcp-no-output-schemas", NULL, O_FLAG, AT(mcp_no_output_schemas), NULL, 0, 0, NULL,
      .help = "the list of tools says what they take, not what they answer: under half of it" },
    { "mcp-direct-orders", NULL, O_FLAG, AT(mcp_direct_orders), NULL, 0, 0, NULL,
      .help = "tools send orders of real accounts without a preview to confirm" },
    { "trade-pwd-account", "ACCOUNT", O_STR, AT(trade_pwd_account), NULL, 0, 0, NULL,
      .help = "login account whose stored trade password the tools unlock with" },
    { "grpc-port", "N", O_UINT, AT(grpc_port), NULL, 0, 65535, NULL,
      .help = "gRPC; off when absent" },
    { "grpc-ip", "ADDR", O_STR, AT(grpc_ip), NULL, 0, 0, NULL,
      .help = "address of the gRPC port; as --ip when absent" },
    { "grpc-tls-cert", "FILE", O_STR, AT(grpc_tls_cert), NULL, 0, 0, NULL,
      .help = "PEM certificate chain: the gRPC port speaks TLS" },
    { "grpc-tls-key", "FILE", O_STR, AT(grpc_tls_key), NULL, 0, 0, NULL,
      .help = "PEM key of that certificate" },
    { "grpc-max-age", "SECONDS", O_UINT, AT(grpc_max_age_s), "0", 0, 31536000, NULL,
      .help = "gRPC clients are asked to connect anew after that time; 0: never" },
    { "management-port", "N", O_UINT, AT(management_port), NULL, 0, 65535, NULL,
      .help = "text console, the vendor's telnet; off when absent" },
    { "telnet-ip", "ADDR", O_STR, AT(telnet_ip), "127.0.0.1", 0, 0, NULL,
      .help = "address of the console; beyond loopback a keys file is needed" },
    { "rest-keys-file", "FILE", O_STR, AT(rest_keys_file), NULL, 0, 0, "API keys",
      .help = "keys of REST and /ws; without it reads are open and writes refused" },
    { "grpc-keys-file", "FILE", O_STR, AT(grpc_keys_file), NULL, 0, 0, NULL,
      .help = "keys of gRPC; without it reads are open and writes refused" },
    { "ws-keys-file", "FILE", O_STR, AT(ws_keys_file), NULL, 0, 0, NULL,
      .help = "keys of the WebSocket port" },
    { "allow-tcp-unauthenticated", NULL, O_FLAG, AT(allow_tcp_unauthenticated), NULL, 0, 0, NULL,
      .help = "open the FTAPI TCP port, which knows no keys, beside a keys file" },
    { "frequency-limits", "on|off", O_STR, AT(frequency_limits), "on", 0, 0, "Rules",
      .help = "the vendor's calls-per-30-seconds limits; off: with --upstream those of it alone",
      .words = "on off" },
    { "keep-alive", "SECONDS", O_UINT, AT(keep_alive_s), "10", 1, 30, NULL,
      .help = "KeepAlive interval announced to clients" },
    { "push-proto-type", "0|1", O_UINT, AT(push_proto_type), "0", 0, 1, NULL,
      .help = "format of pushes for clients that do not ask: 0 protobuf, 1 JSON" },
    { "push-interval", "MS", O_UINT, AT(push_interval_ms), "0", 0, 60000, NULL,
      .help = "least time between two quote, book or broker pushes of a security" },
    { "max-connections", "N", O_UINT, AT(max_connections), "8192", 1, 1000000, NULL,
      .help = "connections served at a time" },
    { "sub-quota", "N", O_UINT, AT(sub_quota), NULL, 1, 1000000, NULL,
      .help = "subscriptions in all; what the upstream grants when absent" },
    { "log-level", "LEVEL", O_STR, AT(log_level), "info", 0, 0, "Other",
      .help = "off, error, warn, info, debug or trace, on standard error",
      .words = OPTION_LEVELS },
    { "json-log", NULL, O_FLAG, AT(json_log), NULL, 0, 0, NULL,
      .help = "log as JSON lines; not together with --audit-log" },
    { "audit-log", "PATH", O_STR, AT(audit_log), NULL, 0, 0, NULL,
      .help = "trail of decisions and orders: a file, or a folder of daily files" },
    { "tz", "ZONE", O_STR, AT(tz), NULL, 0, 0, NULL,
      .help = "IANA zone of hours windows and text logs; TZ, or UTC, when absent" },
    { "calendar-file", "FILE", O_STR, AT(calendar_file), NULL, 0, 0, NULL,
      .help = "TSV of exchange holidays in place of the built-in ones" },
    { "config", "FILE", O_STR, AT(config), NULL, 0, 0, NULL,
      .help = "options as flat TOML, or as the official XML when it ends in .xml",
      .not_in_file = true },
    { "check-config", NULL, O_FLAG, AT(check_config), NULL, 0, 0, NULL,
      .help = "read and judge all options and keys files, then end",
      .not_in_file = true },
    { "help", NULL, O_FLAG, AT(help), NULL, 0, 0, NULL, .help = "print this text",
      .not_in_file = true },
    { "version", NULL, O_FLAG, AT(version), NULL, 0, 0, NULL, .help = "print the version",
      .not_in_file = true },
};

const size_t options_count = sizeof(options) / sizeof(options[0]);
_Static_assert(sizeof(options) / sizeof(options[0]) <= OPTIONS_MAX, "raise OPTIONS_MAX");

/* Names of older or other programs for one of ours. */
static const struct {
    const char *name, *is;
} aliases[] = { { "api-port", "port" }, { "telnet-port", "management-port" } };

/* What futu-opend-rs and the vendor's OpenD know and this version does not. */
#define NO_REFRESH "a login that the channels are refused with is renewed by itself here"
static const struct {
    const char *name, *why;
} absent[] = {
    { "client-sig-reactive-refresh", NO_REFRESH },
    { "rest-token", "there is no single token; --rest-keys-file takes its place" },
    { "lang", "messages are English in this version" },
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static bool is(const char *name, const char *text, size_t n)
{
    return strlen(name) == n && memcmp(name, text, n) == 0;
}

const struct option *option_find(const char *name, size_t n)
{
    for (size_t i = 0; i < COUNT(aliases); i++)
        if (is(aliases[i].name, name, n))
            return option_find(aliases[i].is, strlen(aliases[i].is));
    for (size_t i = 0; i < options_count; i++)
        if (is(options[i].name, name, n))
            return &options[i];
    return NULL;
}

const char *option_absent(const char *name, size_t n)
{
    for (size_t i = 0; i < COUNT(absent); i++)
        if (is(absent[i].name, name, n))
            return absent[i].why;
    return NULL;
}

const struct option *option_near(const char *name, size_t n)
{
    const struct option *best = NULL;
    unsigned far = 4;
    for (size_t i = 0; i < options_count; i++) {
        futu_str other = { options[i].name, strlen(options[i].name) };
        unsigned d = futu_word_distance((futu_str){ name, n }, other);
        if (d < far) {
            far = d;
            best = &options[i];
        }
    }
    return best;
}

char *option_spell(char *out, size_t size, const char *name, char dash)
{
    size_t n = 0;
    for (; *name && n + 1 < size; name++)
        out[n++] = *name == '-' ? dash : *name;
    out[n] = '\0';
    return out;
}

struct option_origin *option_origin(struct opend_conf *c, const struct option *o)
{
    return &c->from[o - options];
}

bool option_given(const struct opend_conf *c, const char *name)
{
    const struct option *o = option_find(name, strlen(name));
    return c->from[o - options].source != FROM_DEFAULT;
}

/* How the user wrote it, for messages: "--port", "FUTU_OPEND_PORT", or the key of a file, whose
 * name and line are put in front by who reads it. */
static void origin_name(const struct option *o, struct option_origin from, char *out, size_t size)
{
    if (from.source == FROM_ENV || from.source == FROM_VARIABLE)
        snprintf(out, size, "%s", from.where);
    else if (from.source == FROM_FILE)
        option_spell(out, size, o->name, '_');
    else
        snprintf(out, size, "--%s", o->name);
}

bool option_number(const char *text, uint64_t *out)
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

static bool parse_flag(const char *text, bool *out)
{
    static const char *const words[] = { "0", "1", "false", "true", "no", "yes", "off", "on" };
    for (size_t i = 0; i < COUNT(words); i++) {
        if (strcasecmp(text, words[i]) != 0)
            continue;
        *out = i % 2 != 0;
        return true;
    }
    return false;
}

/* "on or off"; "off, error, warn, info, debug or trace". */
static void list_words(const char *words, char *out, size_t size)
{
    size_t n = 0;
    for (const char *p = words; *p && n + 5 < size; p++) {
        if (*p != ' ') {
            out[n++] = *p;
            continue;
        }
        const char *joint = strchr(p + 1, ' ') ? ", " : " or ";
        memcpy(out + n, joint, strlen(joint));
        n += strlen(joint);
    }
    out[n] = '\0';
}

bool option_word(const char *words, const char *text)
{
    size_t n = strlen(text);
    for (const char *p = words; n && p; p = strchr(p, ' ')) {
        p += *p == ' ';
        if (strncmp(p, text, n) == 0 && (p[n] == ' ' || !p[n]))
            return true;
    }
    return false;
}

struct value {
    bool flag;
    uint64_t number;
};

static bool judge_value(const struct option *o, const char *text, struct value *v, char *why,
                        size_t size)
{
    char list[128];
    if (o->kind == O_STR && !*text && !o->may_be_empty) {
        snprintf(why, size, "an empty text is no %s; leave the option out to go without", o->value);
        return false;
    }
    if (o->kind == O_UINT && (!option_number(text, &v->number) || v->number < o->min ||
                              v->number > o->max)) {
        snprintf(why, size, "%.40s is not a number in %llu..%llu", text,
                 (unsigned long long)o->min, (unsigned long long)o->max);
        return false;
    }
    if (o->kind == O_FLAG && !parse_flag(text, &v->flag)) {
        snprintf(why, size, "%.40s is none of 1, 0, true, false, yes, no, on, off", text);
        return false;
    }
    if (o->words && !option_word(o->words, text)) {
        list_words(o->words, list, sizeof(list));
        snprintf(why, size, "%.40s: one of %s", text, list);
        return false;
    }
    return true;
}

static bool store(struct opend_conf *c, const struct option *o, const char *text, struct value v)
{
    char *field = (char *)c + o->at;
    if (o->kind == O_FLAG)
        memcpy(field, &v.flag, sizeof(v.flag));
    if (o->kind == O_UINT)
        memcpy(field, &v.number, sizeof(v.number));
    if (o->kind != O_STR)
        return true;
    const char *kept = o->secret ? conf_keep_secret(c, text) : conf_keep(c, text);
    memcpy(field, &kept, sizeof(kept));
    return kept != NULL;
}

bool option_set(struct opend_conf *c, const struct option *o, const char *text,
                struct option_origin from, char *why, size_t size)
{
    struct option_origin *now = option_origin(c, o);
    struct value v = { 0 };
    char name[128], reason[256];
    if (!judge_value(o, text, &v, reason, sizeof(reason))) {
        origin_name(o, from, name, sizeof(name));
        snprintf(why, size, "%s: %s", name, reason);
        return false;
    }
    if (from.source == FROM_FILE && from.line && now->file_line) {
        snprintf(why, size, "%s stands twice, also on line %u",
                 option_spell(name, sizeof(name), o->name, '_'), now->file_line);
        return false;
    }
    unsigned file_line = from.source == FROM_FILE ? from.line : now->file_line;
    if (now->source <= from.source) {
        if (!store(c, o, text, v)) {
            snprintf(why, size, "out of memory");
            return false;
        }
        *now = from;
    }
    now->file_line = file_line;
    return true;
}

void option_clear(struct opend_conf *c, const char *name)
{
    const struct option *o = option_find(name, strlen(name));
    if (o->kind == O_FLAG)
        memset((char *)c + o->at, 0, sizeof(bool));
    else if (o->kind == O_STR)
        memset((char *)c + o->at, 0, sizeof(const char *));
    *option_origin(c, o) = (struct option_origin){ .source = FROM_DEFAULT };
}

/* ---- what the configuration owns ---- */

static const char *keep(struct opend_conf *c, struct conf_text *t, size_t pages, const char *text,
                        size_t n)
{
    memcpy(t->text, text, n);
    t->level = 0;
    t->pages = pages;
    t->next = c->texts;
    c->texts = t;
    return t->text;
}

const char *conf_keep(struct opend_conf *c, const char *text)
{
    size_t n = strlen(text) + 1;
    struct conf_text *t = malloc(sizeof(*t) + n);
    if (!t)
        return NULL;
    return keep(c, t, 0, text, n);
}

/* On pages of its own, which are neither swapped nor dumped as far as the system allows. */
const char *conf_keep_secret(struct opend_conf *c, const char *text)
{
    size_t n = strlen(text) + 1, size = sizeof(struct conf_text) + n;
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        return NULL;
    mlock(p, size);
    madvise(p, size, MADV_DONTDUMP);
    return keep(c, p, size, text, n);
}

void conf_free(struct opend_conf *c)
{
    for (struct conf_text *t = c->texts, *next; t; t = next) {
        next = t->next;
        explicit_bzero(t->text, strlen(t->text));
        if (t->pages)
            munmap(t, t->pages);
        else
            free(t);
    }
    c->texts = NULL;
}

void conf_note(struct opend_conf *c, int level, const char *fmt, ...)
{
    char line[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(line, sizeof(line), fmt, ap);
    va_end(ap);
    if (conf_keep(c, line))
        c->texts->level = level;
}
