/* futu/mcp.h - the Model Context Protocol of a gateway without a transport: JSON-RPC texts in,
 * texts out. `futucli mcp` is such a transport (one text a line); POST /mcp is part of futu/http.h.
 *
 * Which tools there are, and whether orders of real accounts are confirmed first, is an option of
 * the gateway (mcp_tools, mcp_direct_orders, mcp_trade_pwd); keys are those of rest_keys_file.
 *
 * Threads: the thread of the gateway's loop.
 */
#ifndef FUTU_MCP_H
#define FUTU_MCP_H

#include "futu/gateway.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes of one text; a longer one is answered with an error. */
#define FUTU_MCP_TEXT_MAX (1u << 20)

typedef struct futu_mcp futu_mcp;

typedef struct futu_mcp_opts {
    size_t size;                /* from FUTU_MCP_OPTS_INIT */
    /* The key that counts for a call which brings none; copied, wiped at the end. NULL: none. */
    const char *api_key;
    const char *peer;           /* for the audit trail; copied; NULL: "-" */
    /* One text for the client, without a line break in it; borrowed until this returns. It may run
     * inside futu_mcp_feed(), and must not call the session. */
    void (*on_text)(futu_str text, void *arg);
    void *arg;
    /* A push waits, of orders, fills or quotes that the client has asked for: futu_mcp_take() hands
     * it over. Runs perhaps inside futu_mcp_feed(), and must not call the session. NULL: each push
     * goes to on_text at once. A transport that is behind takes none meanwhile: quotes give way to
     * newer ones, and before an order would be lost the pushes end, which the client is told. */
    void (*on_push)(void *arg);
} futu_mcp_opts;
#define FUTU_MCP_OPTS_INIT FUTU_SIZED_INIT(futu_mcp_opts)

/* One client's session. *out is the caller's to free, before the gateway. FUTU_EINVAL (opts, no
 * on_text), FUTU_ENOMEM. */
FUTU_API futu_err futu_mcp_new(futu_gateway *g, futu_mcp **out, const futu_mcp_opts *opts);
/* One text of the client; whatever it is, it is answered as the protocol says. Nothing is kept. */
FUTU_API void futu_mcp_feed(futu_mcp *m, futu_str text);
/* Hands the next push to on_text. False: none waits. */
FUTU_API bool futu_mcp_take(futu_mcp *m);
/* Some text has no answer yet. */
FUTU_API bool futu_mcp_busy(const futu_mcp *m);
/* What is under way goes on, unheard; an order is not taken back. NULL is fine. */
FUTU_API void futu_mcp_free(futu_mcp *m);

#ifdef __cplusplus
}
#endif

#endif
