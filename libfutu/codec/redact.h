/* redact.h - text for logs without what nobody may read there: each secret becomes <redacted:N>, N
 * the bytes it had.
 *
 * Secret:  what a member, header or parameter holds whose name says so; redact.c has the one list.
 *          Names are compared without case, "_" and "-".
 * How:     in one pass, no tree. Text that is broken or cut off is masked as far as it can be read:
 *          rather too much than too little.
 * Errors:  FUTU_ENOMEM, FUTU_ELIMIT; `out` is then as it was.
 * Threads: none; no state.
 * Tests:   test/unit/codec/redact_test.c, test/fuzz/fuzz_redact.c
 */
#ifndef CODEC_REDACT_H
#define CODEC_REDACT_H

#include "codec/codec.h"

/* Whether a member of that name holds a secret. */
bool redact_is_secret(futu_str name);

/* Appends the JSON of a message, cut to `max` bytes and then ending in "...". m NULL, or bytes that
 * are no such message: their number alone. */
futu_err redact_json(const futu_msg *m, const uint8_t *pb, size_t n, size_t max, struct buf *out);

/* Appends JSON text when it begins like that; else header lines, a request line, a query or a
 * form: `Authorization: Bearer <redacted:35>`, `/ws?token=<redacted:35>`. */
futu_err redact_text(futu_str text, struct buf *out);

#endif
