/* fuzz_auth_answer.c - an auth server's answer, and its redaction for the log. */
#include "upstream/broker/auth_answer.h"
#include "upstream/broker/auth_log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    futu_str text = { (const char *)data, size };
    struct auth_answer a;
    struct buf b = BUF_INIT;
    char why[200] = "";
    futu_err err = auth_answer_parse(&a, text, why, sizeof(why));
    assert(err == FUTU_OK ? why[0] == '\0' && (a.code || a.has_result) : why[0] != '\0');
    assert(a.n_codes <= AUTH_BROKERS_MAX && strlen(a.msg) < sizeof(a.msg));
    assert(auth_log_redact(text, &b) == FUTU_OK);
    auth_answer_free(&a);
    buf_free(&b);
    return 0;
}
