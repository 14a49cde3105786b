/* mcp_result.h - a Response as a model reads it.
 *
 * Out:     the members of s2c in snake case. A security is its symbol ("security" becomes
 *          "symbol"), beside the number of an enum stands its name (order_status_name), beside a
 *          long id its digits (order_id_str). Of a long list only the first rows are there, and
 *          "truncated" says so.
 * Threads: none; no state.
 * Tests:   test/unit/surface/mcp_test.c
 */
#ifndef SURFACE_MCP_RESULT_H
#define SURFACE_MCP_RESULT_H

#include "surface/mcp_tools.h"

#define MCP_ROWS 500            /* of one list */
#define MCP_PAGED_ROWS 5000     /* of one that is asked for in pages */

struct mcp_result {
    const struct mcp_tool *tool;
    const struct proto_row *row;
    const uint8_t *pb;          /* the Response */
    size_t n;
    size_t rows;                /* of a list, at most; 0: MCP_ROWS */
    bool more;                  /* rows were left behind */
    bool paper;                 /* the exchange is the built-in one */
    int64_t now_ns;             /* UTC */
};

/* Appends the JSON object to `json` and a few readable lines to `text`: currency, zone, the main
 * figures. FUTU_EFORMAT: the reply is broken; FUTU_ENOMEM, FUTU_ELIMIT. */
futu_err mcp_result(const struct mcp_result *r, struct buf *json, struct buf *text);

/* "HKD" of a Trd_Common.TrdMarket, NULL: it has several, or none. */
const char *mcp_currency(int32_t trd_market);

#endif
