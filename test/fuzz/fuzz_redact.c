/* fuzz_redact.c - any bytes as text with a secret in it: what stands behind a secret name, as JSON
 * or as a query, is never in the output; and text without names that are secret stays as it is. */
#include <stdlib.h>

#include "codec/redact.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
    if (!ok)
        abort();
}

static const char secret[] = "Zq7xZq7xZq7xZq7x";

/* The input, then a member with the secret, then the input again. */
static void with_secret(const char *head, const char *before, const char *behind,
                        const uint8_t *data, size_t size)
{
    struct buf in = BUF_INIT, out = BUF_INIT;
    check(!buf_puts(&in, head) && !buf_puts(&in, before) && !buf_puts(&in, secret) &&
          !buf_puts(&in, behind) && !buf_put(&in, data, size));
    check(redact_text(buf_str(&in), &out) == FUTU_OK);
    check(!memmem(out.p, out.n, secret, sizeof(secret) - 1));
    buf_free(&in);
    buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf out = BUF_INIT, again = BUF_INIT;
    futu_str text = { (const char *)data, size };
    check(redact_text(text, &out) == FUTU_OK);
    check(redact_text(buf_str(&out), &again) == FUTU_OK);
    buf_free(&out);
    buf_free(&again);
    check(redact_json(NULL, data, size, 100, &out) == FUTU_OK && out.n <= 100);
    buf_free(&out);
    with_secret("{", "\"password\":\"", "\"", data, size);
    with_secret("{\"a\":[{", "\"loginPwdMD5\" : \"", "", data, size);
    with_secret("GET /ws", "?token=", "&", data, size);
    with_secret("", "authorization: BEARER ", "\r\n", data, size);
    return 0;
}
