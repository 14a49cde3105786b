/* mcp_json.h - JSON-RPC texts as views: a text is judged whole, then its members are looked up
 * where they stand. Internal to surface/.
 *
 * Limits:  MCP_JSON_DEPTH nested values. Threads: none; no state.
 * Tests:   test/unit/surface/mcp_test.c, test/fuzz/fuzz_mcp.c
 */
#ifndef SURFACE_MCP_JSON_H
#define SURFACE_MCP_JSON_H

#include "base/buf.h"
#include "codec/json_lex.h"

#define MCP_JSON_DEPTH 32

/* One JSON value and nothing behind it, by RFC 8259: no NaN, no comments, UTF-8. */
bool mcp_json_valid(futu_str text);

/* What follows is for values of a text that is valid. */

/* The value of a member as it stands; p NULL: absent, or `object` is no object. */
futu_str mcp_member(futu_str object, const char *name);
/* The value behind a path "params._meta.progressToken". */
futu_str mcp_path(futu_str object, const char *path);
/* Steps through an object; begin with mcp_enter(), false: no object or list, or an empty one. */
bool mcp_enter(struct json_lex *lx, futu_str value, char bracket);
bool mcp_next_member(struct json_lex *lx, char tmp[128], futu_str *name, futu_str *value);
bool mcp_next_element(struct json_lex *lx, futu_str *value);
/* Replaces `out` with the characters of a string, and a NUL behind that is not counted.
 * FUTU_EFORMAT: no string; FUTU_ENOMEM. */
futu_err mcp_string(futu_str value, struct buf *out);

static inline bool mcp_is_string(futu_str value)
{
    return value.n > 0 && *value.p == '"';
}

static inline bool mcp_is_object(futu_str value)
{
    return value.n > 0 && *value.p == '{';
}

#endif
