/* device.h - the id by which the broker knows this installation: 16 hex digits, one per account.
 *
 * File:    device-HASH.dat, the digits alone; blanks behind them and upper case are taken. Any
 *          other content is set aside, with a warning, and a new id is made.
 * Errors:  as state.h; FUTU_EINVAL: --device-id is not 16 hex digits.
 * Threads: none.
 * Tests:   test/unit/login/device_test.c, test/fuzz/fuzz_account.c
 */
#ifndef LOGIN_DEVICE_H
#define LOGIN_DEVICE_H

#include "login/state.h"
#include "login/terminal.h"

#define DEVICE_ID 16

/* Blanks at the end are left out, letters become lower case. False: no id. */
bool device_id_read(futu_str text, char out[DEVICE_ID + 1]);

void device_file(const struct account *a, char out[STATE_NAME_MAX]);

/* `given` (--device-id) is written over what there is; else the file's; else `known`, the id of
 * saved credentials, when it is not empty; else a new one, which is written first. Both may be
 * NULL. */
futu_err device_load(const struct state *s, const struct account *a, const char *given,
                     const char *known, char out[DEVICE_ID + 1], char *why, size_t size);
/* Another id in its place: the broker has refused this one for good. */
futu_err device_rotate(const struct state *s, const struct account *a, char out[DEVICE_ID + 1],
                       char *why, size_t size);
/* --reset-device: removes the id and the credentials of the account. On a terminal it asks first:
 * FUTU_ECANCELED; without one it goes on with a warning. */
futu_err device_reset(const struct state *s, const struct account *a, const struct terminal *t,
                      char *why, size_t size);

#endif
