/* key_spec.h - a key as a user writes it: texts of options into rules.
 *
 * Errors:  FUTU_EINVAL, `why` begins with the field of futu_key_spec and a colon; FUTU_ENOMEM.
 * Threads: none; no state.
 * Tests:   test/unit/api/keys_test.c
 */
#ifndef API_KEY_SPEC_H
#define API_KEY_SPEC_H

#include "access/file.h"
#include "futu/keys.h"

/* *k is filled, and the caller's to free even after an error; id "" when none is given. */
futu_err key_spec_read(const futu_key_spec *s, int64_t now_ms, struct key_rules *k, char *why,
                       size_t size);
/* Binds the key, which has its id, to fingerprints with commas between, or to this machine. */
futu_err key_spec_machines(struct key_rules *k, const char *list, char *why, size_t size);
futu_err key_spec_bind_here(struct key_rules *k, char *why, size_t size);  /* FUTU_ENOTFOUND too */

#endif
