/* setup.h - futu-opend --setup-only: a login that is saved, then the end; no port is opened. */
#ifndef OPEND_SETUP_H
#define OPEND_SETUP_H

#include <futu/login.h>

#include "options.h"

#define EXIT_CODE_SENT 3            /* an SMS is on its way; start again with its code */
#define EXIT_REFUSED 4              /* by the broker; the same again may lock the account */

/* `again` is the command that goes on when an SMS was sent: see setup_command(). Returns the exit
 * status. */
int setup_run(const struct opend_conf *c, const char *again);
/* Says why a login failed, and what to do. Returns the exit status. */
int setup_failed(const struct opend_conf *c, const futu_login_report *r, futu_err err,
                 const char *why, const char *again);
/* The command line of this process with --verify-code CODE, quoted for a shell, without its
 * passwords; before they are hidden. */
void setup_command(char *out, size_t size, int argc, char **argv);

#endif
