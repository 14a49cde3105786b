/* fuzz_sdkws.c - messages of the SDK's WebSocket protocol: what is read stays inside the message
 * and is written back as it came. */
#include <stdlib.h>

#include "wire/sdkws.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
    if (!ok)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t head[SDKWS_REPLY_HEAD], ws[10];
    struct sdkws m;
    bool sign = sdkws_is(data, size);
    futu_err err = sdkws_read_request(data, size, &m);
    check((err == FUTU_OK) == (sign && size >= SDKWS_REQUEST_HEAD));
    if (!err) {
        check(m.body == data + SDKWS_REQUEST_HEAD && m.len == size - SDKWS_REQUEST_HEAD);
        sdkws_write_request(head, m.command, m.section);
        check(memcmp(head, data, SDKWS_REQUEST_HEAD) == 0);
    }
    err = sdkws_read_reply(data, size, &m);
    check((err == FUTU_OK) == (sign && size >= SDKWS_REPLY_HEAD));
    if (!err) {
        check(m.body == data + SDKWS_REPLY_HEAD && m.len == size - SDKWS_REPLY_HEAD);
        sdkws_write_reply(head, m.command, m.section, m.error, "text");
        check(memcmp(head, data, SDKWS_REPLY_HEAD - 20) == 0);
    }
    size_t n = ws_head_write(ws, 2, size);
    check(n == 2 || n == 4 || n == 10);
    return 0;
}
