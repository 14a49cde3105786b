/* mcp_rule.h - what a tool's argument may be. The schema that is listed and the check of what comes
 * in read the same rule, so that they can't differ.
 *
 * Beyond its schema an argument may be written: by an alias, a name of an enum in any case and
 * under its other names, a number in quotes, one value in place of a list, null in place of
 * nothing, a market's prefix in small letters.
 * Threads: none; constant.
 * Tests:   test/unit/surface/mcp_args_test.c, test/mcp/property.test.mjs
 */
#ifndef SURFACE_MCP_RULE_H
#define SURFACE_MCP_RULE_H

#include "surface/mcp_tools.h"

enum mcp_kind {
    MCP_TEXT, MCP_INTEGER,
    MCP_ID,                 /* 64 bits: digits in quotes, or a number */
    MCP_NUMBER, MCP_BOOL, MCP_ENUM,
    MCP_SYMBOL,             /* MARKET.CODE */
    MCP_CODE,               /* of an order: also without its market */
    MCP_TIME,               /* yyyy-mm-dd, perhaps with hh:mm:ss */
    MCP_OBJECT,
    MCP_ANY,                /* an object that nobody here can read */
};

struct mcp_rule {
    enum mcp_kind kind;
    bool list;
    bool above;             /* a number must be above `least` */
    double least, most;     /* of a number; NAN: no bound */
    unsigned max_items, max_chars;          /* 0: no bound */
    const struct proto_enum *numbers;
    const futu_msg *sub;    /* of an object */
    const char *text;       /* for the model, NULL: none */
};

/* Of an argument of the tool. f->f NULL (card_num, api_key ...): by its place. */
void mcp_rule(const struct mcp_shape *s, const struct mcp_field *f, struct mcp_rule *r);
/* Of a member of an object among the arguments. */
void mcp_rule_member(const futu_msg *m, const struct pb_field *f, struct mcp_rule *r);
/* The text without the words that only name its enum: they are listed anyhow. */
futu_str mcp_rule_text(const struct mcp_rule *r);

/* Regular expressions of the kinds that have one, else NULL; and the same as a function. */
const char *mcp_pattern(enum mcp_kind kind);
bool mcp_matches(enum mcp_kind kind, futu_str text);

/* The value of a tool's preset for the field as JSON; p NULL: none. */
futu_str mcp_default(const struct mcp_tool *t, const struct pb_field *f);

#endif
