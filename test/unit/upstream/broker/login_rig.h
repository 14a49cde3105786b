/* login_rig.h - a login against the emulator's auth servers, in one process and with a clock that
 * the test moves: calls wait in a queue until lrig_pump().
 */
#ifndef TEST_UNIT_UPSTREAM_BROKER_LOGIN_RIG_H
#define TEST_UNIT_UPSTREAM_BROKER_LOGIN_RIG_H

#include "../../support.h"
#include "test/emulator/auth.h"
#include "upstream/broker/flow.h"

#define LRIG_ACCOUNT "[account]\nname = 12345678\npassword = secret\nphone = 15212341234\n" \
                    "brokers = 1001 1007\nuid = 9000001\n"
#define LRIG_CODE "[auth]\ncode = 123456\n"

struct lrig {
    char dir[64];
    struct clock_fake now;
    struct timers timers;
    struct scenario scenario;
    struct auth_emu *emu;
    struct login login;
    struct flow *flow;
    struct terminal terminal;
    bool renew_signature;       /* as in struct flow_opts */
    bool hold;                  /* lrig_login() leaves the pumping to the test */
    unsigned sms, asks, readies, failures, renewals, brokers;
    struct flow_ask ask;
    char phone[32];
    struct flow_failure failure;
    char log[64 << 10];
};
extern struct lrig lrig;

/* A state folder of its own, the clock at 2026-11-24 09:00 UTC. */
void lrig_begin(const char *scenario);
void lrig_end(void);                     /* removes the folder */
/* opts.account, pwd and auth_server have values when they are NULL: 12345678, "secret", and a
 * server that stands for both platforms; auth_server "": the platform's own. Starts the login. */
void lrig_login(futu_login_opts opts);
/* As after the end of the process: the flow goes, and its folder stays. */
void lrig_stop(void);
/* Answers what was sent, until nothing waits. */
void lrig_pump(void);
/* Moves the clock and runs the timers, then pumps. */
void lrig_wait(int64_t seconds);
/* Sends a code. */
void lrig_code(const char *code);
/* The calls so far, one a line: "POST auth.futunn.com /authority/". */
const char *lrig_calls(void);
unsigned lrig_count(const char *path);   /* NULL: all */
/* The next answers are lost at that stage; OK ends that. */
void lrig_break(futu_err err, enum https_stage stage, const char *why);
/* Asks one call at a time; false: nothing waits. */
bool lrig_step(void);


/* ---- what tests of the flow share ---- */

#define READY() ck_assert_msg(lrig.readies == 1, "%s\n%s", lrig.failure.why, lrig.log)
#define NO_SMS "sms = no\n"

const struct auth_result *lrig_result(void);
/* The emulator knows the signature, and the key is the one that goes with it. */
void lrig_check_sig(const struct secret *sig, const struct secret *key, uint64_t user);
/* The result of LRIG_ACCOUNT, with both of its brokers. */
void lrig_check_result(void);
/* A login with an SMS, up to the end. */
void lrig_first_login(const char *scenario);

#endif
