/* mcp_tools.h - the tools: names, what each sends, and what a caller may write for its arguments.
 *
 * A tool is a row here; its arguments and their types come from the descriptor of its protocol, its
 * scope from the registry. A protocol whose tool has no row is not served.
 * Threads: none; constant.
 * Tests:   test/unit/surface/mcp_test.c, test/fuzz/fuzz_mcp.c
 */
#ifndef SURFACE_MCP_TOOLS_H
#define SURFACE_MCP_TOOLS_H

#include "surface/body.h"
#include "surface/body_name.h"
#include "surface/mcp_json.h"
#include "surface/openapi_doc.h"

/* Bits of --mcp-tools, in the order of the documentation. */
enum mcp_group { MCP_CORE = 1, MCP_SUBSCRIBE = 2, MCP_QUOTE = 4, MCP_PLATE = 8, MCP_DERIVATIVE = 16,
                 MCP_WATCHLIST = 32, MCP_ACCOUNT = 64, MCP_TRADE = 128, MCP_PUSH = 256 };
#define MCP_ALL_GROUPS 511u

enum mcp_flag {
    MCP_CHANGES = 1,            /* something outlives the call */
    MCP_DESTROYS = 2,           /* orders, or a setting is lost */
    MCP_ORDER = 4,              /* two steps when it is for a real account */
    MCP_FIRST = 8,              /* the result is the first row of the only list */
    MCP_PAGES = 16,             /* asks on while the answer has a key for the next page */
    MCP_SYMBOLS = 32,           /* securityList may not be left out */
    MCP_LEAVES = 64,            /* ends pushes in place of registering them */
    MCP_KINDS = 128,            /* nor subTypeList may be left out */
    MCP_SPAN = 256,             /* without start and end it is about the last 90 days */
    MCP_TIMED = 1024,           /* a round trip: how long it took */
    MCP_RAW = 512,              /* a protocol without published messages, mcp_raw.c */
};

struct mcp_tool {
    const char *name;
    uint32_t proto;
    uint16_t group, flags;
    int8_t sub_type;            /* to be subscribed first; -1: by kl_type; 0: none */
    const char *fixed;          /* members of c2s as JSON that no argument may set */
    const char *preset;         /* the same, when no argument does */
    const char *text;           /* for the model */
};

/* Arguments of a query of mcp_raw.c, as a descriptor that nothing is coded by. */
const futu_msg *mcp_raw_args(uint32_t proto);

const struct mcp_tool *mcp_tools(size_t *n);
const struct mcp_tool *mcp_tool(futu_str name);             /* NULL: none */
const char *mcp_nearest(futu_str name);                     /* NULL: none is near */
/* "quote,account" -> bits. False: `bad` is the unknown word. Empty: all. */
bool mcp_groups(futu_str words, uint32_t *groups, futu_str *bad);

/* One entry of tools/list, without a comma; what it answers only when `output`. mcp_schema.c,
 * mcp_output.c */
void mcp_put_tool(struct doc *d, const struct mcp_tool *t, bool output);
void mcp_put_output(struct doc *d, const struct mcp_tool *t);

#define MCP_CARD_MAX 32         /* characters */
#define MCP_TOKEN_MAX 64

/* What the call itself needs beside the members of the protocol. */
struct mcp_args {
    char confirm[4 * MCP_TOKEN_MAX + 1], card[4 * MCP_CARD_MAX + 1];    /* empty: not given */
    bool no_account;            /* acc_id is 0 in the body: it is to be found out */
};

/* Arguments to the flat JSON body of the tool's protocol. `arguments` is a valid object, or p NULL.
 * `now_ns` (UTC) is for days that were left out. Replaces `body`. FUTU_EFORMAT with *e: its text
 * begins with "invalid parameters: " exactly when the listed schema refuses the arguments too;
 * FUTU_ENOMEM. */
futu_err mcp_body(const struct mcp_tool *t, futu_str arguments, int64_t now_ns, struct buf *body,
                  struct mcp_args *out, struct body_error *e);

/* ---- names, mcp_names.c ---- */

struct mcp_shape {
    const struct mcp_tool *tool;
    const struct proto_row *row;
    struct body_shape s;
    const struct pb_field *filter;      /* filterConditions; its members are arguments too */
};

/* Where an argument belongs; those behind the filter are no fields. */
enum mcp_place { MCP_AT_NONE, MCP_AT_HEAD, MCP_AT_C2S, MCP_AT_FILTER, MCP_AT_CARD,
                 MCP_AT_CONFIRM, MCP_AT_KEY, MCP_AT_END };
struct mcp_field {
    enum mcp_place place;
    const futu_msg *m;
    const struct pb_field *f;   /* NULL: no field */
};

void mcp_shape(struct mcp_shape *s, const struct mcp_tool *t);
/* Which field an argument is. */
struct mcp_field mcp_find(const struct mcp_shape *s, futu_str name);
/* The name a field is listed under; that of any argument. */
const char *mcp_name(const struct mcp_shape *s, const struct pb_field *f);
const char *mcp_arg_name(const struct mcp_shape *s, const struct mcp_field *f);
/* No argument: the gateway or the tool's row sets it. */
bool mcp_hidden(const struct mcp_shape *s, const struct pb_field *f);
bool mcp_optional(const struct mcp_shape *s, const struct mcp_field *f);
/* Steps through all arguments; begin with a zeroed *f. */
bool mcp_next(const struct mcp_shape *s, struct mcp_field *f);

/* The number behind a name of an enum: in any case, with or without underscores. */
bool mcp_number(const struct proto_enum *e, futu_str name, int32_t *out);
bool mcp_number_known(const struct proto_enum *e, int64_t number);
/* The name of value i to show; NULL: it is not shown. */
const char *mcp_value_name(const struct proto_enum *e, size_t i, char room[64]);

#endif
