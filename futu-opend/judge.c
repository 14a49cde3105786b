/* judge.c - what follows from options taken together, and which do not go together. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "option_table.h"
#include "zone.h"

/* ---- filling in ---- */

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
    if (n == 0 || n >= sizeof(c->upstream_host) || !option_number(colon + 1, &port) || port < 1 ||
        port > 65535)
        return;
    memcpy(c->upstream_host, text, n);
    c->upstream_host[n] = '\0';
    c->upstream_port = port;
}

static const char *const upstreams[] = { "paper", "upstream", "login-account" };
#define N_UPSTREAMS (sizeof(upstreams) / sizeof(upstreams[0]))

static bool chosen(const struct opend_conf *c, size_t i)
{
    const bool on[N_UPSTREAMS] = { c->paper, c->upstream != NULL, c->login_account != NULL };
    return on[i];
}

static enum option_source chosen_by(struct opend_conf *c, size_t i)
{
    return option_origin(c, option_find(upstreams[i], strlen(upstreams[i])))->source;
}

/* Of upstreams from different sources the strongest source decides. */
static void choose_upstream(struct opend_conf *c)
{
    size_t best = N_UPSTREAMS;
    for (size_t i = 0; i < N_UPSTREAMS; i++)
        if (chosen(c, i) && (best == N_UPSTREAMS || chosen_by(c, i) > chosen_by(c, best)))
            best = i;
    for (size_t i = 0; i < N_UPSTREAMS; i++) {
        if (!chosen(c, i) || chosen_by(c, i) == chosen_by(c, best))
            continue;
        conf_note(c, FUTU_LOG_INFO, "--%s is named by a stronger source, %s is not used",
                  upstreams[best], upstreams[i]);
        option_clear(c, upstreams[i]);
    }
}

static void fill_state_dir(struct opend_conf *c)
{
    const char *home = getenv("HOME");
    if (c->state_dir || !home || !*home)
        return;
    if (snprintf(c->state_dir_room, sizeof(c->state_dir_room), "%s/.futu-opend-rs", home) <
        (int)sizeof(c->state_dir_room))
        c->state_dir = c->state_dir_room;
}

/* ---- judging ---- */

static const char *judge_upstream(const struct opend_conf *c)
{
    if (!c->paper && !c->upstream && !c->login_account)
        return "choose an upstream: --paper (an embedded exchange, works offline), --upstream "
               "HOST:PORT (the vendor's OpenD, or another futu-opend) or --login-account ACCOUNT "
               "(the broker itself)";
    if (c->paper + !!c->upstream + !!c->login_account > 1)
        return "--paper, --upstream and --login-account: a gateway has one upstream";
    if (c->upstream && !c->upstream_port)
        return "--upstream: HOST:PORT, such as 127.0.0.1:11111 or [::1]:11111";
    if (!c->upstream && c->upstream_rsa_key)
        return "--upstream-rsa-key needs --upstream";
    if ((c->upstream || c->login_account) && !c->state_dir)
        return "--state-dir: neither it nor FUTU_STATE_DIR nor HOME is set";
    return NULL;
}

static const char *judge_pairs(const struct opend_conf *c)
{
    if (!c->websocket_cert != !c->websocket_private_key)
        return "--websocket-cert and --websocket-private-key go together";
    if (!c->rest_tls_cert != !c->rest_tls_key)
        return "--rest-tls-cert and --rest-tls-key go together";
    if (!c->grpc_tls_cert != !c->grpc_tls_key)
        return "--grpc-tls-cert and --grpc-tls-key go together";
    if (c->json_log && c->audit_log)
        return "--json-log and --audit-log do not go together: the trail is a part of the JSON log "
               "already, and a second copy would leave open which one counts; drop --audit-log and "
               "pick the lines of the target futu_audit, or drop --json-log";
    return NULL;
}

/* Options that say how a port behaves that is not opened. */
static bool judge_ports(const struct opend_conf *c, char *why, size_t size)
{
    static const struct {
        const char *option, *port;
        bool file_may;              /* the vendor's sample file has it without the port */
    } needs[] = {
        { "websocket-ip", "websocket-port", false },
        { "websocket-key-md5", "websocket-port", false },
        { "websocket-cert", "websocket-port", false },
        { "ws-keys-file", "websocket-port", false },
        { "rest-ip", "rest-port", false },
        { "rest-tls-cert", "rest-port", false },
        { "rest-allowed-origins", "rest-port", false },
        { "metrics-public", "rest-port", false },
        { "trade-pwd-account", "rest-port", false },
        { "mcp-tools", "rest-port", false },
        { "mcp-direct-orders", "rest-port", false },
        { "mcp-no-output-schemas", "rest-port", false },
        { "rest-keys-file", "rest-port", false },
        { "grpc-keys-file", "grpc-port", false },
        { "grpc-ip", "grpc-port", false },
        { "grpc-tls-cert", "grpc-port", false },
        { "grpc-max-age", "grpc-port", false },
        { "telnet-ip", "management-port", true },
    };
    for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]); i++) {
        const struct option *o = option_find(needs[i].option, strlen(needs[i].option));
        const struct option *port = option_find(needs[i].port, strlen(needs[i].port));
        enum option_source source = c->from[o - options].source;
        uint64_t number;
        memcpy(&number, (const char *)c + port->at, sizeof(number));
        /* A variable may be there for the sake of another program. */
        if (number || source == FROM_DEFAULT || source == FROM_VARIABLE ||
            (needs[i].file_may && source == FROM_FILE))
            continue;
        snprintf(why, size, "--%s needs --%s", o->name, port->name);
        return false;
    }
    return true;
}

static bool same_port(uint64_t a, const char *a_ip, uint64_t b, const char *b_ip)
{
    return a && a == b && strcmp(a_ip, b_ip) == 0;
}

static bool judge_listeners(const struct opend_conf *c, char *why, size_t size)
{
    const struct {
        const char *option, *ip;
        uint64_t port;
    } all[] = {
        { "port", c->ip, c->tcp_closed ? 0 : c->port },
        { "websocket-port", c->websocket_ip ? c->websocket_ip : c->ip, c->websocket_port },
        { "rest-port", c->rest_ip ? c->rest_ip : c->ip, c->rest_port },
        { "grpc-port", c->grpc_ip ? c->grpc_ip : c->ip, c->grpc_port },
        { "management-port", c->telnet_ip, c->management_port },
    };
    if (c->tcp_closed && !c->websocket_port && !c->rest_port && !c->grpc_port) {
        snprintf(why, size, "no port would be open: with a keys file the FTAPI TCP port, which "
                            "knows no keys, stays closed; add --websocket-port, --rest-port or "
                            "--grpc-port, or --allow-tcp-unauthenticated");
        return false;
    }
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        for (size_t j = i + 1; j < sizeof(all) / sizeof(all[0]); j++)
            if (same_port(all[i].port, all[i].ip, all[j].port, all[j].ip)) {
                snprintf(why, size, "--%s and --%s are the same", all[i].option, all[j].option);
                return false;
            }
    return true;
}

static bool loopback(const char *ip)
{
    struct in6_addr six;
    struct in_addr four;
    if (inet_pton(AF_INET, ip, &four) == 1)
        return ntohl(four.s_addr) >> 24 == 127;
    return inet_pton(AF_INET6, ip, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

static bool keyed(const struct opend_conf *c)
{
    return c->rest_keys_file || c->ws_keys_file || c->grpc_keys_file;
}

/* Who reaches the console without keys may end the gateway. */
static const char *judge_console(const struct opend_conf *c)
{
    if (c->management_port && !loopback(c->telnet_ip) && !keyed(c))
        return "--telnet-ip: beyond loopback the console needs keys: add a keys file, such as "
               "--rest-keys-file, or bind it to 127.0.0.1";
    return NULL;
}

static const char *judge_values(const struct opend_conf *c)
{
    if (c->websocket_key_md5 &&
        (strlen(c->websocket_key_md5) != 32 ||
         strspn(c->websocket_key_md5, "0123456789abcdefABCDEF") != 32))
        return "--websocket-key-md5: 32 hex digits, as printed by: printf %s KEY | md5sum";
    return NULL;
}

/* TZ may also be ":ZONE", or the path that means the system's own zone. */
static bool judge_zone(struct opend_conf *c, char *why, size_t size)
{
    const struct option_origin *from = option_origin(c, option_find("tz", 2));
    bool variable = from->source == FROM_VARIABLE;
    if (!c->tz)
        c->tz = "UTC";
    if (variable && c->tz[0] == ':')
        c->tz++;
    if (zone_exists(c->tz) || (variable && strcmp(c->tz, "/etc/localtime") == 0))
        return true;
    snprintf(why, size, "%s: %.60s is no zone; a zone is a name such as Asia/Hong_Kong",
             from->source == FROM_ENV || variable ? from->where : "--tz", c->tz);
    return false;
}

/* ---- what is allowed, but to be known ---- */

static void warn(struct opend_conf *c)
{
    const char *rest_ip = c->rest_ip ? c->rest_ip : c->ip;
    const char *grpc_ip = c->grpc_ip ? c->grpc_ip : c->ip;
    if (c->tcp_closed)
        conf_note(c, FUTU_LOG_WARN, "the FTAPI TCP port stays closed: it knows no keys, and a keys "
                                    "file is set; --allow-tcp-unauthenticated opens it");
    else if (keyed(c))
        conf_note(c, FUTU_LOG_WARN, "THE FTAPI TCP PORT IS OPEN WITHOUT KEYS "
                                    "(--allow-tcp-unauthenticated): who reaches %s:%llu needs none",
                  c->ip, (unsigned long long)c->port);
    if (c->rest_port && !c->rest_keys_file)
        conf_note(c, FUTU_LOG_WARN, "REST without --rest-keys-file: whoever reaches the port may "
                                    "read everything; writes are refused");
    if (c->rest_port && !c->rest_tls_cert && !loopback(rest_ip))
        conf_note(c, FUTU_LOG_WARN, "REST on %s without TLS: keys and data can be read on the way; "
                                    "see --rest-tls-cert", rest_ip);
    if (c->grpc_port && !c->grpc_keys_file)
        conf_note(c, FUTU_LOG_WARN, "gRPC without --grpc-keys-file: whoever reaches the port may "
                                    "read everything; writes are refused");
    if (c->grpc_port && !c->grpc_tls_cert && !loopback(grpc_ip))
        conf_note(c, FUTU_LOG_WARN, "gRPC on %s without TLS: keys and data can be read on the way; "
                                    "see --grpc-tls-cert", grpc_ip);
    if (c->management_port && !loopback(c->telnet_ip))
        conf_note(c, FUTU_LOG_WARN, "the console on %s is plain text: keys and passwords can be "
                                    "read on the way", c->telnet_ip);
}

bool config_judge(struct opend_conf *c, char *why, size_t size)
{
    static const char *(*const judges[])(const struct opend_conf *) = {
        judge_upstream, judge_pairs, judge_values, judge_console,
    };
    fill_state_dir(c);
    choose_upstream(c);
    if (c->upstream)
        part_upstream(c);
    c->tcp_closed = keyed(c) && !c->allow_tcp_unauthenticated;
    for (size_t i = 0; i < sizeof(judges) / sizeof(judges[0]); i++) {
        const char *wrong = judges[i](c);
        if (wrong) {
            snprintf(why, size, "%s", wrong);
            return false;
        }
        if (judges[i] == judge_pairs && (!judge_ports(c, why, size) ||
                                         !judge_listeners(c, why, size)))
            return false;
    }
    if (!judge_login(c, why, size) || !judge_zone(c, why, size))
        return false;
    warn(c);
    return true;
}
