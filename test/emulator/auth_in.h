/* auth_in.h - the inside of auth.h, for the files that make it up. */
#ifndef EMULATOR_AUTH_IN_H
#define EMULATOR_AUTH_IN_H

#include <cjson/cJSON.h>

#include "auth.h"

#define DEVICES_MAX 32
#define TICKETS_MAX 64
#define SIGS_MAX 256
#define CODES_MAX 16

struct emu_device {
    char id[17], sig[33];
    bool verified, locked;
    unsigned wrong;
};

/* A verification under way; one an account: a newer one replaces it. */
struct emu_verify {
    char dvs[33], code_sig[33], device[17], code[12];
    int64_t at_s, code_at_s;        /* 0: none */
};

struct emu_ticket {
    char text[65], device[17];
    uint8_t rand_key[32];
    int64_t made_s;
};

struct emu_code {
    int broker;
    char text[33];                  /* "": used up */
};

struct emu_account {
    const char *name, *region, *phone, *brokers, *bad_brokers, *otp;
    char md5[33];
    uint64_t uid, attribution;
    bool sms, locked, no_time;
    char salt[17], salt32[33], web_sig[33], third_sig[33];
    int64_t last_login_s;
    struct emu_device devices[DEVICES_MAX];
    size_t n_devices;
    struct emu_verify verify;
    struct emu_ticket tickets[TICKETS_MAX];
    size_t n_tickets;
    uint8_t rand_key[32];           /* of the newest login */
    struct emu_code codes[CODES_MAX];
    size_t n_codes;
    char sms_code[12];
};

struct emu_sig {
    struct emu_account *account;
    char text[33];
    uint8_t key[32];
    int broker;
    int64_t until_s;
};

struct auth_emu {
    struct scenario *s;
    struct auth_emu_opts o;
    struct emu_account accounts[16];
    size_t n_accounts;
    struct emu_sig sigs[SIGS_MAX];
    size_t n_sigs;
    const char *code, *version, *types[2];
    const char *conf_key;           /* of the time codes; "": none is right */
    char conf[512];                 /* what stands as conf_info */
    uint64_t code_life_s, abuse_s, ticket_life_s, sig_life_s, broker_sig_life_s, lock_after;
    uint64_t clock_ahead_s;
    bool salt32, tell_ticket;
    unsigned counts[8];
};

/* What is being asked. */
struct emu_ask {
    struct auth_emu *e;
    const struct auth_ask *ask;
    struct auth_say *say;
    cJSON *in, *out;                /* out: the members of "result" */
    struct emu_account *a;
    int64_t now_s;
};

/* auth_ticket.c */
void emu_token(char *out, size_t hex);      /* hex digits and a NUL */
/* Text of base64(seal(key, p)) into out; false: no memory. */
bool emu_seal(const uint8_t *key, size_t n_key, const void *p, size_t n, char *out, size_t size);
/* NULL: the ticket is right, and rand_key is what it holds; else what is wrong. *code: the vendor's
 * answer to that. */
const char *emu_ticket_judge(const struct emu_account *a, const char *text, int64_t now_s,
                             uint8_t rand_key[32], int *code);
bool emu_base64(const void *p, size_t n, char *out, size_t size);

/* auth_calls.c */
struct emu_call {
    const char *method, *path;
    const char *name;               /* in a scenario's [fault] */
    void (*run)(struct emu_ask *q);
};
extern const struct emu_call emu_calls[8];
void emu_error(struct emu_ask *q, int code, const char *msg);

#endif
