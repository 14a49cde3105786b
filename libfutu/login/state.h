/* state.h - the folder with what must outlive the process: device id, credentials, vault.
 *
 * Modes:   the folder is made 0700 and tightened to that, with its secret files 0600, at each open.
 *          One that others use too (it has folders in it, or is sticky as /tmp is) is refused
 *          rather than closed to them. One of another owner, as volumes are, is warned of.
 * Write:   to NAME.new, synced, renamed over NAME, the folder synced: after a crash at any point
 *          the old or the new content is there, whole.
 * Lock:    lock-HASH, held until state_close(), which removes it: two gateways on one account would
 *          throw each other out of the session. It holds the pid; a killed one's stays, unlocked.
 * Errors:  FUTU_ENOTFOUND (no such file), FUTU_EIO, FUTU_EBUSY (locked), FUTU_ELIMIT (too large),
 *          FUTU_ENOMEM; `why` holds one line.
 * Threads: one at a time.
 * Tests:   test/unit/login/state_test.c, state_crash_test.c
 */
#ifndef LOGIN_STATE_H
#define LOGIN_STATE_H

#include "base/str.h"
#include "crypt/secret.h"
#include "login/account.h"

#define STATE_NAME_MAX 96
#define STATE_FILE_MAX (64u << 10)

struct state {
    int dir, lock;              /* -1: not open */
    char path[512];
    char locked[ACCOUNT_HASH + 8];      /* the file of `lock` */
};

#define STATE_NULL { -1, -1, "", "" }

/* FUTU_STATE_DIR, else .futu-opend-rs in HOME. FUTU_ENOTFOUND: neither is set; FUTU_ELIMIT. */
futu_err state_default_dir(char *out, size_t size);

futu_err state_open(struct state *s, const char *dir, char *why, size_t size);
/* FUTU_EBUSY: `why` names the process that has it. */
futu_err state_lock(struct state *s, const struct account *a, char *why, size_t size);
void state_close(struct state *s);

/* The folder looks as if it went with the container: `why` says so. */
bool state_ephemeral(const struct state *s, char *why, size_t size);

/* A file of at most STATE_FILE_MAX bytes. */
futu_err state_read(const struct state *s, const char *name, struct secret *out, char *why,
                    size_t size);
futu_err state_write(const struct state *s, const char *name, const void *p, size_t n, char *why,
                     size_t size);
/* FUTU_ENOTFOUND: it is not there. The folder is synced. */
futu_err state_remove(const struct state *s, const char *name, char *why, size_t size);
/* Renames it to NAME.bad-N, the first N that is free; `as` gets that name. */
futu_err state_set_aside(const struct state *s, const char *name, char as[STATE_NAME_MAX],
                         char *why, size_t size);

#endif
