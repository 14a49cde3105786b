/* roundtrip_test.c - random messages of every type of the registry, there and back: struct,
 * protobuf, JSON in both spellings. */
#include "random_msg.h"

#include "base/buf.h"
#include "codec/registry.h"
#include "codec/utf8.h"

#define ROUNDS 6

static void must(futu_err err, const struct codec_error *e, const futu_msg *m)
{
    char text[400];
    ck_assert_msg(err == FUTU_OK, "%s: %s: %s", m->name, futu_err_name(err),
                  codec_error_text(e, text, sizeof(text)));
}

static void json_and_back(const futu_msg *m, const struct buf *pb, enum codec_spelling spelling)
{
    struct buf json = BUF_INIT, back = BUF_INIT;
    struct codec_error e;
    must(codec_to_json(m, pb->p, pb->n, spelling, &json, NULL, &e), &e, m);
    must(codec_from_json(m, buf_str(&json), spelling, &back, NULL, &e), &e, m);
    ck_assert_msg(back.n == pb->n && (pb->n == 0 || memcmp(back.p, pb->p, pb->n) == 0),
                  "%s: other bytes after " STR_FMT, m->name, STR_ARG(buf_str(&json)));
    for (size_t i = 0; i < json.n; ) {
        size_t k = utf8_next(json.p + i, json.n - i);
        ck_assert_uint_gt(k, 0);
        i += k;
    }
    buf_free(&json);
    buf_free(&back);
}

static void there_and_back(const futu_msg *m)
{
    struct arena a = ARENA_INIT;
    struct buf pb = BUF_INIT, again = BUF_INIT;
    struct codec_error e;
    void *in = arena_alloc(&a, m->size), *out = arena_alloc(&a, m->size);
    rnd_message(&a, m, in, 0);
    must(codec_encode(m, in, &pb, &e), &e, m);
    must(codec_check(m, pb.p, pb.n, NULL, &e), &e, m);
    must(codec_decode(m, &a, pb.p, pb.n, out, NULL, &e), &e, m);
    ck_assert_msg(same_message(m, in, out), "%s", m->name);
    must(codec_encode(m, out, &again, &e), &e, m);
    ck_assert_uint_eq(pb.n, again.n);
    if (pb.n)
        ck_assert_mem_eq(pb.p, again.p, pb.n);
    json_and_back(m, &pb, CODEC_DECLARED);
    json_and_back(m, &pb, CODEC_SNAKE);
    buf_free(&pb);
    buf_free(&again);
    arena_free(&a);
}

START_TEST(every_message_comes_back)
{
    size_t n, messages = 0;
    const struct proto_row *rows = proto_rows(&n);
    for (int round = 0; round < ROUNDS; round++)
        for (size_t i = 0; i < n; i++) {
            if (!rows[i].request && !rows[i].response)
                continue;
            rnd_state = (uint64_t)rows[i].id * 1000 + (uint64_t)round + 1;
            if (rows[i].request)
                there_and_back(rows[i].request);
            if (rows[i].response)
                there_and_back(rows[i].response);
            messages++;
        }
    ck_assert_uint_gt(messages, 150 * ROUNDS);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, every_message_comes_back);
}

int main(void)
{
    return run_tcase("roundtrip", add);
}
