/* trade_pwd.h - wrong trade passwords: how a refusal tells them, and when no more are sent.
 *
 * A broker locks an account after some wrong passwords. After TRADE_PWD_TRIES in a row none is sent
 * for TRADE_PWD_PAUSE; each further wrong one begins the pause anew, a right one ends the row, and
 * whatever else fails does not count. How many tries are left is nobody's business: who refuses a
 * password says TRADE_PWD_WRONG in place of the server's words.
 * Threads: none; one guard for each place that sends passwords.
 * Tests:   test/unit/access/trade_pwd_test.c
 */
#ifndef ACCESS_TRADE_PWD_H
#define ACCESS_TRADE_PWD_H

#include "base/clock.h"
#include "base/str.h"

#define TRADE_PWD_TRIES 2
#define TRADE_PWD_PAUSE (60 * NS_PER_S)
#define TRADE_PWD_WRONG                                                                            \
    "交易密码错误 (wrong trade password): it is not the login password; futucli set-trade-pwd "       \
    "stores it. A broker locks accounts after repeated errors"
/* With the seconds that are left. */
#define TRADE_PWD_PAUSED "交易密码错误次数过多 (too many wrong trade passwords): try again in %d s"

struct trade_pwd {
    unsigned wrong;                 /* in a row */
    int64_t until;                  /* monotonic: none is sent before */
};

/* Seconds until a password may be sent; 0: now. */
int trade_pwd_left(const struct trade_pwd *g, int64_t now);
void trade_pwd_wrong(struct trade_pwd *g, int64_t now);
void trade_pwd_right(struct trade_pwd *g);
/* A refusal's text, Chinese or English, speaks of the trade password as wrong; not of a one-time
 * password, and not TRADE_PWD_PAUSED. */
bool trade_pwd_refusal(futu_str text);

#endif
