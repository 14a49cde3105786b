/* fuzz_pb_to_json.c - any bytes as any message: text comes out exactly when the bytes pass the
 * check; it is read back, and what was read gives the same text. */
#include "message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf json = BUF_INIT, pb = BUF_INIT, again = BUF_INIT;
    if (size < INPUT_HEAD)
        return 0;
    const futu_msg *m = input_message(data);
    enum codec_spelling sp = data[2] & 2 ? CODEC_SNAKE : CODEC_DECLARED;
    if (!m)
        return 0;
    data += INPUT_HEAD;
    size -= INPUT_HEAD;
    futu_err err = codec_to_json(m, data, size, sp, &json, NULL, NULL);
    check(err == codec_check(m, data, size, NULL, NULL));
    check(!err || json.n == 0);
    if (!err) {
        check(codec_from_json(m, buf_str(&json), sp, &pb, NULL, NULL) == FUTU_OK);
        check(codec_to_json(m, pb.p, pb.n, sp, &again, NULL, NULL) == FUTU_OK);
        check_same(&json, &again);
    }
    buf_free(&json);
    buf_free(&pb);
    buf_free(&again);
    return 0;
}
