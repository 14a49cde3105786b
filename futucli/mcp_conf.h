/* mcp_conf.h - what `futucli mcp` is told: command line, then environment, then the TOML file. */
#ifndef CLI_MCP_CONF_H
#define CLI_MCP_CONF_H

#include "cli.h"

#define MCP_PWD_MAX 1024

struct mcp_conf {
    const char *host;
    uint32_t port;
    const char *keys_file, *audit_log, *tools, *state_dir, *trade_pwd_account, *api_key;
    bool direct_orders, no_output_schemas, enable_trading, allow_real_trading;
    char trade_pwd[MCP_PWD_MAX + 1];    /* empty: none */
    /* What the file said; owned. */
    char *file[8];
    char host_room[256];
};

extern const struct cmd_opt mcp_opts[];

/* CLI_OK, or an exit code after its message. In any case mcp_conf_free() follows, which wipes. */
int mcp_conf_read(struct mcp_conf *m, const struct cli *c, const struct args *a);
void mcp_conf_free(struct mcp_conf *m);

#endif
