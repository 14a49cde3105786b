/* cli.h - what every verb of futucli works with. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <cjson/cJSON.h>
#include <futu/futu.h>
#include <stdbool.h>
#include <stdio.h>

enum { CLI_OK = 0, CLI_FAILED = 1, CLI_USAGE = 2 };     /* exit codes */
enum output { OUT_TABLE, OUT_JSON, OUT_JSONL };

struct cli {
    futu_client *client;        /* connected at first use, see cli_connect() */
    const char *host;
    uint32_t port, timeout_ms;
    const char *rsa_key;
    bool gateway_given;         /* on the command line, or in FUTU_GATEWAY */
    enum output out;
    bool color;                 /* standard output is a terminal, and nobody said no */
    futu_client_opts opts;      /* what cli_connect() used; a live view sets its callbacks first */
    bool unsure;                /* the last call failed without saying whether it took effect */
};

#define MAX_OPTS 24
struct cmd_opt {
    const char *name, *value;   /* value: its name in the help; NULL: a flag */
    const char *standard, *help;
};

struct args {
    const char *words[64];      /* what is no option */
    int n_words;
    const char *values[MAX_OPTS];       /* by position in the verb's table; "" for a given flag */
    const struct cmd_opt *opts;
};

struct cmd {
    const char *name;
    int (*run)(struct cli *c, const struct args *a);
    int min_words, max_words;
    const char *params, *help;
    const struct cmd_opt *opts;         /* NULL-named row ends it */
    const char *group;                  /* set on the first verb of each group */
};

extern const struct cmd cmds_system[], cmds_quote[], cmds_account[], cmds_order[],
    cmds_keys[], cmds_password[], cmds_audit[], cmds_daemon[], cmds_mcp[], cmds_doctor[];

/* The value of an option, its default, or NULL. The name must be in the verb's table. */
const char *arg(const struct args *a, const char *name);
bool arg_given(const struct args *a, const char *name);
/* Decimal number of an option; prints the error. False: wrong. */
bool arg_number(const struct args *a, const char *name, double *out);

/* Prints "futucli: ..." on standard error and returns CLI_USAGE or CLI_FAILED. */
int usage_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
int failure(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* "127.0.0.1:11111" of the option `name`; false after its message. */
bool read_gateway(const char *name, const char *text, char *host, size_t size, uint32_t *port);

/* CLI_OK or an exit code after its message. */
int cli_connect(struct cli *c);
/* Calls one protocol. c2s is consumed. On CLI_OK *s2c is the caller's to delete (never NULL). */
int cli_call(struct cli *c, const char *proto, cJSON *c2s, cJSON **s2c);
/* The same without a word about a failure, for calls that a gateway need not know. */
int cli_try(struct cli *c, const char *proto, cJSON *c2s, cJSON **s2c);
/* Explains an answer's refusal with a next step. */
int cli_refused(const char *proto, const char *text);

/* "HK.700" -> {"market":1,"code":"00700"}; NULL after its message. */
cJSON *parse_security(const char *text);
/* All words as securityList; NULL after its message. */
cJSON *parse_securities(const struct args *a);
/* Splits "HK.00700" for trading; false after its message. */
bool split_code(const char *text, int *market, char *code, size_t size);

#endif
