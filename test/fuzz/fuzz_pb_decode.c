/* fuzz_pb_decode.c - any bytes as any message: decoder and check agree, and what was decoded
 * encodes to bytes that decode to the same again. */
#include "message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static futu_err there_and_back(const futu_msg *m, const uint8_t *p, size_t n, struct buf *out)
{
    struct arena a = ARENA_INIT;
    struct codec_error e;
    void *msg = malloc(m->size);
    futu_err err = codec_decode(m, &a, p, n, msg, NULL, &e);
    check(err == codec_check(m, p, n, NULL, NULL) || err == FUTU_ELIMIT);
    check(!err == !e.what[0]);
    if (!err)
        check(codec_encode(m, msg, out, NULL) == FUTU_OK);
    arena_free(&a);
    free(msg);
    return err;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf one = BUF_INIT, two = BUF_INIT;
    if (size < INPUT_HEAD)
        return 0;
    const futu_msg *m = input_message(data);
    if (m && there_and_back(m, data + INPUT_HEAD, size - INPUT_HEAD, &one) == FUTU_OK) {
        check(there_and_back(m, one.p, one.n, &two) == FUTU_OK);
        check_same(&one, &two);
    }
    buf_free(&one);
    buf_free(&two);
    return 0;
}
