/* password.h - where a verb gets a password from. */
#ifndef CLI_PASSWORD_H
#define CLI_PASSWORD_H

#include "cli.h"

#define PASSWORD_SIZE 1025

/* For the tables of verbs that use the keychain. */
#define PASSWORD_OPTS                                                                              \
    { "keychain", "KIND", NULL, "auto, secret-service, file or off; default FUTU_KEYCHAIN, auto" },\
    { "state-dir", "DIR", NULL, "of the keychain file; FUTU_STATE_DIR or ~/.futu-opend-rs" }

/* From --keychain and --state-dir. */
futu_keychain_opts password_keychain(const struct args *a);

/* One line of standard input, without its break. CLI_OK, or the exit code after its message. */
int password_from_stdin(char *out, size_t size);
/* From the terminal, without echo; asked `again` too, both must be the same. */
int password_ask(const char *question, const char *again, char *out, size_t size);

/* --from-stdin, FUTU_TRADE_PWD, the keychain's entry of --account, that for all accounts, a
 * prompt. */
int password_for_trade(const struct args *a, char *out, size_t size);
/* The second to fourth of them; FUTU_ENOTFOUND: none has it. An error has been told. */
futu_err password_stored_for_trade(const struct args *a, const char *account, char *out,
                                   size_t size);

#endif
