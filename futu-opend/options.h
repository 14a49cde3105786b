/* options.h - what the daemon can be told, as one table that parsing, --help and the man page
 * share. */
#ifndef OPEND_OPTIONS_H
#define OPEND_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct opend_conf {
    bool paper;
    const char *upstream, *upstream_rsa_key, *state_dir;
    uint64_t upstream_cache_s;
    char upstream_host[256];            /* of `upstream`, parted */
    uint64_t upstream_port;
    char state_dir_room[512];           /* of the default of state_dir */
    const char *paper_clock, *paper_trade_pwd;
    uint64_t paper_seed;
    const char *ip, *websocket_ip;
    uint64_t port, websocket_port;      /* websocket_port 0: off */
    const char *rsa_private_key;
    const char *websocket_key_md5, *websocket_cert, *websocket_private_key;
    const char *frequency_limits;       /* "on", "off" */
    uint64_t push_proto_type, push_interval_ms, keep_alive_s, max_connections, sub_quota;
    const char *log_level;
    const char *rest_ip, *rest_tls_cert, *rest_tls_key, *rest_allowed_origins;
    uint64_t rest_port;                 /* 0: off */
    const char *rest_keys_file, *grpc_keys_file, *ws_keys_file;
    bool allow_tcp_unauthenticated, metrics_public;
    bool tcp_closed;                    /* judged: the FTAPI TCP port stays closed */
    const char *audit_log;              /* file, or folder of daily files */
    bool json_log;
    const char *tz, *calendar_file;
    const char *config;                 /* TOML; the official XML too, by its name */
    bool check_config;                  /* judge the options and end */
    bool help, version;
};

enum options_result { OPTIONS_OK, OPTIONS_USAGE };

/* Fills *c with defaults, then with the arguments, then judges the whole. On OPTIONS_USAGE `why`
 * holds one line for the user. Strings point into argv or into constants. */
enum options_result options_parse(struct opend_conf *c, int argc, char **argv, char *why,
                                  size_t why_size);
void options_help(FILE *out);
/* FUTU_LOG_* of c->log_level; 0 for "off". */
int options_log_level(const struct opend_conf *c);

#endif
