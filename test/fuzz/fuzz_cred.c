/* fuzz_cred.c - any bytes as a credentials file: an error has its one line, and what was read and
 * can be written reads the same again. */
#include <stdlib.h>

#include "login/cred.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
    if (!ok)
        abort();
}

static bool same(const struct secret *a, const struct secret *b)
{
    return a->n == b->n && (a->n == 0 || memcmp(a->p, b->p, a->n) == 0);
}

static void check_ages(const struct cred *c)
{
    char why[400] = "";
    const int64_t now = 1790000000;
    check(!cred_code_fresh(c, now) || cred_verify_fresh(c, now));
    check(!cred_can_resume(c, now) || cred_ticket_left(c, now) > 0);
    check(cred_ticket_warning(c, now, why, sizeof(why)) == (why[0] != '\0'));
}

static void write_again(const struct cred *c)
{
    struct secret text = SECRET_NULL;
    struct cred again;
    char why[256] = "";
    if (cred_write(c, &text) == FUTU_EINVAL)
        return;
    check(cred_parse(&again, (futu_str){ (const char *)text.p, text.n }, why, sizeof(why)) ==
          FUTU_OK);
    check(again.schema == CRED_SCHEMA && again.uid == c->uid &&
          again.attribution == c->attribution && again.ticket_s == c->ticket_s &&
          again.device_verify_sig_s == c->device_verify_sig_s &&
          again.device_code_sig_s == c->device_code_sig_s);
    check(strcmp(again.account, c->account) == 0 && strcmp(again.device_id, c->device_id) == 0);
    check(same(&again.tgtgt, &c->tgtgt) && same(&again.rand_key, &c->rand_key) &&
          same(&again.device_sig, &c->device_sig) && same(&again.web_sig, &c->web_sig) &&
          same(&again.device_verify_sig, &c->device_verify_sig) &&
          same(&again.device_code_sig, &c->device_code_sig));
    cred_wipe(&again);
    secret_wipe(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cred c;
    char why[256] = "";
    futu_err err = cred_parse(&c, (futu_str){ (const char *)data, size }, why, sizeof(why));
    check(err == FUTU_OK || err == FUTU_EFORMAT);
    check(err ? why[0] && !strchr(why, '\n') && !c.tgtgt.p : !why[0]);
    if (!err) {
        check_ages(&c);
        write_again(&c);
    }
    cred_wipe(&c);
    return 0;
}
