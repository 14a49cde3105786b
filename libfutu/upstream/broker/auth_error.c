/* auth_error.c - see auth_error.h. */
#include "upstream/broker/auth_error.h"

#include <stdio.h>

#define RESET "--reset-device --setup-only, once, in the foreground"

/* What is told of a locked device, in the order in which it mostly is: the password is never it. */
static const char locked[] =
    "one of these, most frequent first:\n"
    "[0] another gateway on this machine has the account: look with lsof -i :11111\n"
    "[1] too many logins in a short time: wait 60 seconds\n"
    "[2] the account was not used for long: log in once in the mobile app\n"
    "[3] this device id is locked after a wrong SMS code: " RESET "\n"
    "[4] the broker has put the account under risk control: ask its support";

static const char mismatch[] =
    "the password is wrong, or more often:\n"
    "- the account belongs to the other platform (futunn, moomoo)\n"
    "- a phone number is not written as +REGION-NUMBER\n"
    "- the account was made with an e-mail address and has no such number";

static const struct auth_code_row rows[] = {
    { 2, ARE_RETRY_PASSWORD, "account/password mismatch", mismatch },
    { 11, ARE_FINAL, "the server asks for a captcha, which mostly means a request that it dislikes",
      "the account may belong to another server: leave --auth-server away, or name --platform" },
    { 15, ARE_LIMITED, "the login is refused for now (ret_type=15)", locked },
    { 20, ARE_VERIFY, "device not authorized: it must be verified by SMS", NULL },
    { 21, ARE_WRONG_CODE, "wrong SMS code (ret_type=21)",
      "codes live about 60 seconds, and only the newest SMS counts\n"
      "wait about 30 seconds before the next try; if it goes on: " RESET },
    { 23, ARE_RETRY_PASSWORD, "the login was refused", NULL },
    { 33, ARE_THIRD, "a third factor is needed: token or authenticator app", NULL },
    { 45, ARE_FINAL, "the server wants a newer client version",
      "this version of futu-opend is too old for the account: update it" },
    { 99, ARE_FINAL, "the server misses a part of the request", NULL },
    { AUTH_NO_CUSTOMER, ARE_NO_CUSTOMER, "the user is no customer of this broker", NULL },
};

const struct auth_code_row *auth_error_row(int64_t code)
{
    static const struct auth_code_row other = { 0, ARE_RETRY_PASSWORD, "the login was refused",
                                                NULL };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (rows[i].code == code)
            return &rows[i];
    return &other;
}

void auth_error_hint(int64_t code, const struct auth_server *server, char *out, size_t size)
{
    char platform[200] = "";
    const char *hint = auth_error_row(code)->hint;
    bool other = code >= 0 && code <= 99 &&
                 auth_server_hint(server, (int)code, platform, sizeof(platform));
    snprintf(out, size, "%s%s%s", other ? platform : "", other && hint ? "\n" : "",
             hint ? hint : "");
}
