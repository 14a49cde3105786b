/* options.h - what the daemon can be told: by the command line, the environment and one file.
 *
 * Order:   command line over environment over file over default (option_table.h).
 * Files:   options.c reads the command line, config_env.c the environment, config.c finds the file
 *          and config_toml.c or config_xml.c reads it, judge.c and judge_login.c judge the whole;
 *          secrets.c wipes what was secret in it.
 * Errors:  one line for the user; the program ends with status 2.
 * Tests:   test/unit/opend/, test/integration/options_test.c, test/fuzz/fuzz_toml.c, fuzz_xml.c
 */
#ifndef OPEND_OPTIONS_H
#define OPEND_OPTIONS_H

#include <futu/gateway.h>
#include <futu/login.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Weakest first. A variable is one that other programs read too, such as TZ. */
enum option_source { FROM_DEFAULT, FROM_FILE, FROM_VARIABLE, FROM_ENV, FROM_ARGS };

struct option_origin {
    enum option_source source;
    const char *where;                  /* the variable, or the file */
    unsigned line;                      /* of the file */
    unsigned file_line;                 /* where a file names it, though another source won */
};

struct conf_text {
    struct conf_text *next;
    int level;                          /* of a line for the log, FUTU_LOG_*; 0: a value */
    size_t pages;                       /* bytes of pages of its own; 0: from malloc() */
    char text[];
};

#define OPTIONS_MAX 80

struct opend_conf {
    bool paper;
    const char *upstream, *upstream_rsa_key, *state_dir;
    uint64_t upstream_cache_s;
    char upstream_host[256];            /* of `upstream`, parted */
    uint64_t upstream_port;
    char state_dir_room[512];           /* of the default of state_dir */
    const char *login_account;          /* the broker is the upstream */
    const char *login_pwd_file, *login_pwd, *login_pwd_md5, *keychain;
    const char *login_pwd_env;          /* FUTU_PWD, which is no option */
    const char *platform, *auth_server, *auth_ca, *login_region, *device_id, *verify_code;
    const char *verify_code_file, *conf_key;
    const char *broker_addr;            /* for tests */
    bool reset_device, setup_only, client_sig_refresh, client_sig_reactive;
    const char *relogin_backoff;
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
    const char *mcp_tools, *trade_pwd_account;
    uint64_t rest_port, grpc_port;      /* 0: off */
    uint64_t grpc_max_age_s;            /* 0: none */
    const char *grpc_ip, *grpc_tls_cert, *grpc_tls_key;
    uint64_t management_port;           /* 0: off */
    const char *telnet_ip;
    const char *rest_keys_file, *grpc_keys_file, *ws_keys_file;
    bool allow_tcp_unauthenticated, mcp_direct_orders, mcp_no_output_schemas, metrics_public;
    const char *audit_log;              /* file, or folder of daily files */
    bool json_log;
    const char *tz, *calendar_file;
    const char *config;                 /* TOML; the official XML too, by its name */
    bool check_config;                  /* judge the options and end */
    bool help, version;
    bool tcp_closed;                    /* keys are set: the port that knows none stays closed */
    const char *config_found;           /* the file that was found without being named */
    struct option_origin from[OPTIONS_MAX];     /* of each option, as in the table */
    struct conf_text *texts;            /* owned */
};

enum options_result { OPTIONS_OK, OPTIONS_USAGE };

/* Fills *c from all sources, then judges the whole. On OPTIONS_USAGE `why` holds one line for the
 * user. options_free() in either case. */
enum options_result options_parse(struct opend_conf *c, int argc, char **argv, char *why,
                                  size_t why_size);
void options_free(struct opend_conf *c);
void options_help(FILE *out);
/* What came up while the options were read, once the log is there. */
void options_notes(const struct opend_conf *c, void (*log)(int level, const char *line, void *arg));
/* Every option that was given, its value and where it came from; secrets masked. */
void options_report(const struct opend_conf *c, FILE *out);
/* FUTU_LOG_* of c->log_level; 0 for "off". */
int options_log_level(const struct opend_conf *c);

/* What the gateway is told of them; the loop and what comes from elsewhere is the caller's to add.
 * Strings are borrowed from *c. */
futu_gateway_opts options_gateway(const struct opend_conf *c);
/* The same of a direct login; of any use only with c->login_account. */
futu_login_opts options_login(const struct opend_conf *c);

/* Secrets in the arguments and the environment of this process, which others may look at, are
 * overwritten in place. */
void options_hide(int argc, char **argv, char **env);
/* Those in *c too, once nobody needs them any more; which ones were given can still be seen. */
void options_forget(struct opend_conf *c);

#endif
