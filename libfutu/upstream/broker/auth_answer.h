/* auth_answer.h - the JSON of an auth server's answer, read strictly.
 *
 * In:      text of a peer: one object; its members "result" and "error" are objects or null. Names
 *          that are known have the type that they must have, and stand once; others are skipped.
 * Out:     one struct for all calls: what a call needs of it is the caller's to judge.
 * Secrets: what proves something is copied into locked memory.
 * Limits:  64 KiB of text, 8 KiB a value, 16 brokers.
 * Errors:  FUTU_EFORMAT with a `why` that names the member; FUTU_ENOMEM.
 * Tests:   test/unit/upstream/broker/auth_answer_test.c, test/fuzz/fuzz_auth_answer.c
 */
#ifndef UPSTREAM_BROKER_AUTH_ANSWER_H
#define UPSTREAM_BROKER_AUTH_ANSWER_H

#include "crypt/secret.h"
#include "base/str.h"
#include "upstream/broker/auth.h"

#define AUTH_TEXT_MAX 8192
#define AUTH_ANSWER_MAX (64u << 10)
#define AUTH_MSG_MAX 256

/* An entry of auth_code_list, or the answer of a repull. */
struct auth_code_entry {
    int32_t broker_id;
    struct secret code;
    uint64_t invalid_s;             /* seconds since 1970, or of life: the server's word */
};

struct auth_answer {
    /* Of "error"; code 0: there is none. */
    int64_t code;
    char msg[AUTH_MSG_MAX];         /* cut to what fits; for people */
    char phone[32];                 /* masked by the server: "152****1234" */
    struct secret verify_sig, third_sig;
    /* Of either. */
    uint64_t uid;
    /* Of "result". */
    bool has_result;
    struct secret salt, salt32;
    uint64_t attribution, server_time_s;
    struct secret client_sig, client_key, ticket, rand_key, device_sig, web_sig;
    struct secret moomoo_client_sig, moomoo_web_sig;
    uint64_t sig_life_s;
    struct secret code_sig;
    struct auth_code_entry codes[AUTH_BROKERS_MAX];
    size_t n_codes;
    /* Of a broker's answer, and of a repull. */
    uint64_t customer_id;
    struct secret broker_sig, broker_key, auth_code;
    int32_t broker_id;
    uint64_t invalid_s;
};

/* *out is empty before; on error it is empty again. */
futu_err auth_answer_parse(struct auth_answer *out, futu_str text, char *why, size_t size);
void auth_answer_free(struct auth_answer *a);       /* wipes; a zeroed one is fine */

#endif
