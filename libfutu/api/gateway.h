/* gateway.h - the inside of futu_gateway, for a client that is attached to it. */
#ifndef API_GATEWAY_H
#define API_GATEWAY_H

#include "crypt/secret.h"
#include "gateway/hub.h"
#include "io/loop.h"
#include "io/store.h"

struct console;
struct direct;
struct grpc;
struct rest;
struct trail;
struct watch;

struct futu_gateway {
    futu_loop *loop;
    struct hub *hub;
    struct upstream *upstream;
    struct rsa_key *rsa;
    uint64_t boot_id;
    struct store *store;        /* of the journal; NULL: none */
    struct journal journal;
    char *upstream_host, *state_dir;
    char *account;              /* of a direct login; NULL: another upstream */
    struct direct *direct;
    uint32_t upstream_port;
    struct access *access;      /* NULL: no keys files */
    struct audit audit;
    struct trail *trail;        /* NULL: no audit log */
    struct store *daily;        /* of the keys' daily values; NULL: none */
    struct grown daily_file;            /* of that file */
    struct watch *watch;        /* of the keys files */
    struct rest *rest;
    struct grpc *grpc;
    struct console *console;
    uint32_t mcp_groups;
    bool mcp_direct, mcp_short;
    uint32_t mcp_open_scopes;   /* SCOPE_* of MCP without keys, beside reading */
    struct secret mcp_pwd;      /* MD5 of the trade password in hex; empty: none */
    struct loop_hook hook;
    struct list attached;       /* links of clients in this process */
};

/* The name of a file in the state folder: each upstream has its own. */
void gateway_file(const futu_gateway *g, const char *what, char *out, size_t size);

#endif
