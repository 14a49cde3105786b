/* body.h - what a JSON caller may write, as the Request of its protocol.
 *
 * In:      the body of a REST call (and later a tool's arguments), or the query of a GET.
 * Out:     protobuf bytes of the whole Request.
 * Accepts: {"c2s": {...}} or the flat object; declared, camel and snake names; of trade calls
 *          acc_id, trd_env, trd_market, jp_acc_type at the top level, which are moved into
 *          c2s.header; the aliases of the table in body.c (code, symbol for security; codes,
 *          symbols, stocks for security_list; env for trd_env ...); a security written "US.MSFT"
 *          wherever one is expected; a trade code with its market prefix, which is stripped.
 * Errors:  an unknown member is refused with the words "unknown field", its path and the nearest
 *          known name.
 * Limits:  those of the codec. Threads: none; no state.
 * Tests:   test/unit/surface/body_test.c, test/fuzz/fuzz_rest_body.c
 */
#ifndef SURFACE_BODY_H
#define SURFACE_BODY_H

#include "base/buf.h"
#include "codec/registry.h"

struct body_error {
    char text[400];
    const char *code;           /* static: "bad_json", "unknown_field", "missing_field",
                                 * "bad_value" */
};

/* What a caller says beside the protocol's own members; p NULL or 0: not said. */
struct body_extra {
    futu_str card_num;          /* in place of acc_id; borrowed from the input */
};

/* Request of `row` (row->request must not be NULL) from JSON text; empty text is {}. `pb` is
 * replaced. Members that the caller can't know are filled in when absent: packetID (conn_id,
 * serial), userID (0), orderID (0 beside orderIDEx), markets by a code's prefix, `preset`.
 * FUTU_EFORMAT, FUTU_ELIMIT, FUTU_ENOMEM with *e. */
struct body_fill {
    uint64_t conn_id;
    uint32_t serial;
    futu_str preset;            /* members of c2s as JSON ("\"isSubOrUnSub\":false"), or empty;
                                 * they win over absent ones only */
    bool fixed;                 /* another value than that of `preset` is an error */
};
futu_err body_to_pb(const struct proto_row *row, futu_str json, const struct body_fill *with,
                    struct buf *pb, struct body_extra *extra, struct body_error *e);
/* The same from a query string ("symbol=HK.00700&num=10", percent-encoded): a flat object whose
 * lists are separated by commas. */
futu_err body_from_query(const struct proto_row *row, futu_str query, struct buf *json,
                         struct body_error *e);

/* {"ret_type":0,"ret_msg":null,"err_code":null,"s2c":{...}} from a Response in protobuf; snake
 * names, 64-bit integers as numbers, or as strings when asked. Appends. */
futu_err body_envelope(const struct proto_row *row, const uint8_t *pb, size_t n, bool int64_text,
                       struct buf *out, struct body_error *e);

#endif
