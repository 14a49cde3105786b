/* login_rig.h - a login against the emulator's auth servers, in one process and with a clock that
 * the test moves: calls wait in a queue until rig_pump().
 */
#ifndef TEST_UNIT_UPSTREAM_BROKER_LOGIN_RIG_H
#define TEST_UNIT_UPSTREAM_BROKER_LOGIN_RIG_H

#include "../../support.h"
#include "test/emulator/auth.h"
#include "upstream/broker/flow.h"

#define RIG_ACCOUNT "[account]\nname = 12345678\npassword = secret\nphone = 15212341234\n" \
                    "brokers = 1001 1007\nuid = 9000001\n"
#define RIG_CODE "[auth]\ncode = 123456\n"

struct rig {
    char dir[64];
    struct clock_fake now;
    struct timers timers;
    struct scenario scenario;
    struct auth_emu *emu;
    struct login login;
    struct flow *flow;
    struct terminal terminal;
    bool hold;                  /* rig_login() leaves the pumping to the test */
    unsigned sms, asks, readies, failures, renewals, brokers;
    struct flow_ask ask;
    char phone[32];
    struct flow_failure failure;
    char log[64 << 10];
};
extern struct rig rig;

/* A state folder of its own, the clock at 2026-11-24 09:00 UTC. */
void rig_begin(const char *scenario);
void rig_end(void);                     /* removes the folder */
/* opts.account, pwd and auth_server have values when they are NULL: 12345678, "secret", and a
 * server that stands for both platforms; auth_server "": the platform's own. Starts the login. */
void rig_login(futu_login_opts opts);
/* As after the end of the process: the flow goes, and its folder stays. */
void rig_stop(void);
/* Answers what was sent, until nothing waits. */
void rig_pump(void);
/* Moves the clock and runs the timers, then pumps. */
void rig_wait(int64_t seconds);
/* Sends a code. */
void rig_code(const char *code);
/* The calls so far, one a line: "POST auth.futunn.com /authority/". */
const char *rig_calls(void);
unsigned rig_count(const char *path);   /* NULL: all */
/* The next answers are lost at that stage; OK ends that. */
void rig_break(futu_err err, enum https_stage stage, const char *why);
/* Asks one call at a time; false: nothing waits. */
bool rig_step(void);

#endif
