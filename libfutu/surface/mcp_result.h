/* mcp_result.h - a Response as a model reads it.
 *
 * Out:     the members of s2c in snake case. A security is its symbol ("security" becomes
 *          "symbol"), with the currency of its prices beside it; beside the number of an enum
 *          stands its name (order_status_name), beside a long id its digits (order_id_str). Times
 *          of an exchange have its offset (2026-11-24T10:00:00+08:00), numbers that are none are
 *          left out. Of a long list only the first rows are there, and "truncated" says so.
 *          "markets" tells currency, zone and hours of each market that was seen.
 * Schema:  mcp_output.c describes what this writes; both go by the descriptor.
 * Threads: none; no state.
 * Tests:   test/unit/surface/mcp_call_test.c, mcp_tool_test.c, test/mcp/
 */
#ifndef SURFACE_MCP_RESULT_H
#define SURFACE_MCP_RESULT_H

#include "surface/mcp_tools.h"

#define MCP_ROWS 500            /* of one list */
#define MCP_BYTES (256u << 10)  /* after which no further row begins */
#define MCP_PAGED_ROWS 5000     /* of one that is asked for in pages */

struct mcp_result {
    const struct mcp_tool *tool;
    const struct proto_row *row;
    futu_str reply;             /* the Response; of mcp_raw.c the JSON of s2c */
    size_t rows;                /* of a list, at most; 0: MCP_ROWS and MCP_BYTES */
    bool more;                  /* rows were left behind */
    bool bare;                  /* the members alone, without "markets" and lines: an event */
    bool paper;                 /* the exchange is the built-in one */
    bool own_hours;             /* see struct upstream */
    int32_t market;             /* QotMarket that was asked about; 0: several, or none */
    int64_t took_ns;            /* from the request to its reply */
    int64_t now_ns;             /* UTC */
};

/* Appends the JSON object to `json` and a few readable lines to `text`: currency, zone, the main
 * figures. FUTU_EFORMAT: the reply is broken; FUTU_ENOMEM, FUTU_ELIMIT. */
futu_err mcp_result(const struct mcp_result *r, struct buf *json, struct buf *text);

/* ---- places, mcp_market.c ---- */

struct mcp_market {
    int32_t market, trd_market;
    const char *name, *currency, *zone;
};

/* Place i, NULL behind the last; at most 32. */
const struct mcp_market *mcp_market(size_t i);
/* By a QotMarket, or when that is 0 by a TrdMarket; NULL: it has several, or none. */
const struct mcp_market *mcp_market_of(int32_t market, int32_t trd_market);
/* What the prices of a security are in; NULL: that is not certain. */
const char *mcp_currency_of(const struct mcp_market *p, futu_str code);
/* "HKD" of a Trd_Common.TrdMarket, NULL as above. */
const char *mcp_currency(int32_t trd_market);
/* "+08:00" at an instant. */
void mcp_offset(const struct mcp_market *p, int64_t utc_ns, char out[8]);
/* "2026-11-24 10:00:00" of the exchange with its offset; false: `text` is no such time. */
bool mcp_time(const struct mcp_market *p, futu_str text, char out[40]);

#endif
