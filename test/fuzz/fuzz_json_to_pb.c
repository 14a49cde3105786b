/* fuzz_json_to_pb.c - any text as any message: bytes that come out pass the check, and their text
 * gives the same bytes. */
#include "message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf pb = BUF_INIT, json = BUF_INIT, again = BUF_INIT;
    struct codec_error e;
    if (size < INPUT_HEAD)
        return 0;
    const futu_msg *m = input_message(data);
    enum codec_spelling sp = data[2] & 2 ? CODEC_SNAKE : CODEC_DECLARED;
    futu_str text = { (const char *)data + INPUT_HEAD, size - INPUT_HEAD };
    if (!m)
        return 0;
    futu_err err = codec_from_json(m, text, sp, &pb, NULL, &e);
    check(!err == !e.what[0]);
    check(!err || pb.n == 0);
    if (!err) {
        check(codec_check(m, pb.p, pb.n, NULL, NULL) == FUTU_OK);
        check(codec_to_json(m, pb.p, pb.n, sp, &json, NULL, NULL) == FUTU_OK);
        check(codec_from_json(m, buf_str(&json), sp, &again, NULL, NULL) == FUTU_OK);
        check_same(&pb, &again);
    }
    buf_free(&pb);
    buf_free(&json);
    buf_free(&again);
    return 0;
}
