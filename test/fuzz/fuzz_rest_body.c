/* fuzz_rest_body.c - any text as body, query and reply of any call: a Request that comes out passes
 * the check, and said again in the form of the protocol it is the same. The first byte chooses the
 * call. */
#include "message.h"
#include "surface/body.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct proto_row *choose(uint8_t by)
{
    size_t n;
    const struct proto_row *rows = proto_rows(&n);
    for (size_t i = by;; i++)
        if (rows[i % n].request)
            return &rows[i % n];
}

static const struct body_fill with = { .conn_id = 1, .serial = 2 };

/* A trade code loses one prefix each time, so that a trade call may differ. */
static void again(const struct proto_row *row, const struct buf *pb)
{
    struct buf json = BUF_INIT, same = BUF_INIT;
    struct body_extra extra;
    struct body_error e;
    check(codec_to_json(row->request, pb->p, pb->n, CODEC_REST, &json, NULL, NULL) == FUTU_OK);
    if (strncmp(row->name, "Trd_", 4) != 0) {
        check(body_to_pb(row, buf_str(&json), &with, &same, &extra, &e) == FUTU_OK);
        check_same(pb, &same);
    }
    buf_free(&json);
    buf_free(&same);
}

static void body(const struct proto_row *row, futu_str text)
{
    struct buf pb = BUF_INIT;
    struct body_extra extra;
    struct body_error e = { .text = "" };
    futu_err err = body_to_pb(row, text, &with, &pb, &extra, &e);
    check(!err == !e.text[0]);
    check(!err || (pb.n == 0 && e.code));
    if (!err) {
        check(codec_check(row->request, pb.p, pb.n, NULL, NULL) == FUTU_OK);
        again(row, &pb);
    }
    buf_free(&pb);
}

static void query(const struct proto_row *row, futu_str text)
{
    struct buf json = BUF_INIT;
    struct body_error e = { .text = "" };
    futu_err err = body_from_query(row, text, &json, &e);
    check(!err == !e.text[0]);
    if (!err)
        body(row, buf_str(&json));
    buf_free(&json);
}

static void reply(const struct proto_row *row, futu_str bytes)
{
    struct buf out = BUF_INIT;
    struct body_error e = { .text = "" };
    futu_err err = body_envelope(row, (const uint8_t *)bytes.p, bytes.n, false, &out, &e);
    check(!err == !e.text[0]);
    check(err ? out.n == 0 : out.p[0] == '{' && out.p[out.n - 1] == '}');
    buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    const struct proto_row *row = choose(data[0]);
    futu_str text = { (const char *)data + 1, size - 1 };
    body(row, text);
    query(row, text);
    if (row->response)
        reply(row, text);
    return 0;
}
