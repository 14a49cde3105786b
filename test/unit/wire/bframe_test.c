/* bframe_test.c - the broker's frames from any split of the bytes. */
#include "wire/bframe.h"

#include "support.h"

/* The written-down example: user 12345678, serial 1, heartbeat, nothing in it; client type and
 * language as the test chooses them. */
static const char heartbeat[] = "46542705 03EA0200 BC614E00 00000001 17730000 00000000 00000000"
                                "00000000";

static size_t example(uint8_t *out, size_t size)
{
    return unhex(heartbeat, out, size);
}

static struct bframe heartbeat_frame(void)
{
    return (struct bframe){ .version = BFRAME_VERSION, .client_type = 5, .client_version = 1002,
                            .language = 2, .user_id = 12345678, .serial = 1, .command = 6003 };
}

START_TEST(the_example_is_written_byte_for_byte)
{
    uint8_t want[BFRAME_HEAD];
    struct buf out = BUF_INIT;
    struct bframe f = heartbeat_frame();
    ck_assert_uint_eq(example(want, sizeof(want)), BFRAME_HEAD);
    ck_assert_int_eq(bframe_write(&out, &f, NULL, 0), FUTU_OK);
    ck_assert_uint_eq(out.n, BFRAME_HEAD);
    ck_assert_mem_eq(out.p, want, BFRAME_HEAD);
    buf_free(&out);
}
END_TEST

/* Two frames: one with an extended head and a body, one with neither. */
static void put_two(struct buf *out)
{
    struct bframe f = heartbeat_frame();
    f.command = 1321;
    f.ext = (const uint8_t *)"head!";
    f.n_ext = 5;
    f.flags = BFRAME_PUSH | BFRAME_PACKED;
    f.reserved[0] = 6;
    f.reserved[7] = 9;
    ck_assert_int_eq(bframe_write(out, &f, "the body", 8), FUTU_OK);
    f = heartbeat_frame();
    ck_assert_int_eq(bframe_write(out, &f, NULL, 0), FUTU_OK);
}

static void check_first(const struct bframe *f)
{
    ck_assert_uint_eq(f->command, 1321);
    ck_assert_uint_eq(f->len, 13);
    ck_assert_uint_eq(f->n_ext, 5);
    ck_assert_mem_eq(f->ext, "head!", 5);
    ck_assert_uint_eq(bframe_body_size(f), 8);
    ck_assert_mem_eq(f->body, "the body", 8);
    ck_assert(f->push && f->packed);
    ck_assert_uint_eq(f->reserved[0], 6);
    ck_assert_uint_eq(f->reserved[7], 9);
    ck_assert_uint_eq(f->user_id, 12345678);
    ck_assert_uint_eq(f->client_version, 1002);
}

START_TEST(any_split_gives_the_same_frames)
{
    struct buf in = BUF_INIT;
    put_two(&in);
    for (size_t step = 1; step <= in.n; step++) {
        struct bframer fr;
        struct bframe f;
        unsigned frames = 0;
        bframer_init(&fr, 1024);
        for (size_t off = 0, used; off < in.n; off += used) {
            futu_err err = bframer_feed(&fr, in.p + off, MIN(step, in.n - off), &used, &f);
            ck_assert(err == FUTU_OK || err == FUTU_EAGAIN);
            if (err)
                continue;
            if (frames++ == 0)
                check_first(&f);
            else
                ck_assert_uint_eq(f.command, 6003);
        }
        ck_assert_uint_eq(frames, 2);
        bframer_free(&fr);
    }
    buf_free(&in);
}
END_TEST

START_TEST(flags_of_another_version_are_not_read)
{
    uint8_t in[BFRAME_HEAD];
    struct bframe f;
    example(in, sizeof(in));
    in[11] = BFRAME_PUSH | BFRAME_PACKED;
    ck_assert_int_eq(bframe_head_read(in, &f), FUTU_OK);
    ck_assert(f.push && f.packed);
    in[2] = 38;
    ck_assert_int_eq(bframe_head_read(in, &f), FUTU_OK);
    ck_assert(!f.push && !f.packed);
    ck_assert_uint_eq(f.flags, BFRAME_PUSH | BFRAME_PACKED);
}
END_TEST

static futu_err feed(const uint8_t *p, size_t n, uint32_t max)
{
    struct bframer fr;
    struct bframe f;
    size_t used;
    bframer_init(&fr, max);
    futu_err err = bframer_feed(&fr, p, n, &used, &f);
    bframer_free(&fr);
    return err;
}

START_TEST(what_is_no_frame_fails_at_once)
{
    uint8_t in[BFRAME_HEAD];
    ck_assert_int_eq(feed((const uint8_t *)"G", 1, 64), FUTU_EPROTO);
    ck_assert_int_eq(feed((const uint8_t *)"FX", 2, 64), FUTU_EPROTO);
    example(in, sizeof(in));
    in[31] = 1;         /* an extended head in no bytes */
    ck_assert_int_eq(feed(in, sizeof(in), 64), FUTU_EPROTO);
    in[31] = 0;
    in[21] = 65;
    ck_assert_int_eq(feed(in, sizeof(in), 64), FUTU_EPROTO);
    ck_assert_int_eq(feed(in, sizeof(in), 65), FUTU_EAGAIN);
}
END_TEST

START_TEST(an_announced_length_alone_takes_no_memory)
{
    uint8_t in[BFRAME_HEAD];
    struct bframer fr;
    struct bframe f;
    size_t used;
    example(in, sizeof(in));
    in[18] = 0, in[19] = 0xC0;      /* 12 MiB */
    bframer_init(&fr, BFRAME_MAX);
    ck_assert_int_eq(bframer_feed(&fr, in, sizeof(in), &used, &f), FUTU_EAGAIN);
    ck_assert_uint_eq(fr.part.cap, 0);
    ck_assert_int_eq(bframer_feed(&fr, in, 1, &used, &f), FUTU_EAGAIN);
    ck_assert_uint_le(fr.part.cap, 4096);
    bframer_free(&fr);
}
END_TEST

START_TEST(a_body_over_the_limit_is_not_written)
{
    struct buf out = BUF_MAX(40);
    struct bframe f = heartbeat_frame();
    uint8_t *big = calloc(1, BFRAME_MAX + 1);
    ck_assert_int_eq(bframe_write(&out, &f, big, BFRAME_MAX + 1), FUTU_ELIMIT);
    ck_assert_int_eq(bframe_write(&out, &f, big, 9), FUTU_ELIMIT);
    ck_assert_uint_eq(out.n, 0);
    ck_assert_int_eq(bframe_write(&out, &f, big, 8), FUTU_OK);
    free(big);
    buf_free(&out);
}
END_TEST

static futu_err through(void)
{
    struct bframer fr;
    struct bframe f = heartbeat_frame();
    struct buf out = BUF_INIT;
    size_t used;
    bframer_init(&fr, 1024);
    futu_err err = bframe_write(&out, &f, "body", 4);
    if (!err)
        err = bframer_feed(&fr, out.p, 33, &used, &f);
    if (err == FUTU_EAGAIN)
        err = bframer_feed(&fr, out.p + 33, 3, &used, &f);
    bframer_free(&fr);
    buf_free(&out);
    return err;
}

START_TEST(every_failed_allocation_is_clean)
{
    for (long n = 0; test_alloc_fail_at(n); n++) {
        futu_err err = through();
        ck_assert_int_eq(err, mem_failed() ? FUTU_ENOMEM : FUTU_OK);
    }
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, the_example_is_written_byte_for_byte);
    tcase_add_test(tc, any_split_gives_the_same_frames);
    tcase_add_test(tc, flags_of_another_version_are_not_read);
    tcase_add_test(tc, what_is_no_frame_fails_at_once);
    tcase_add_test(tc, an_announced_length_alone_takes_no_memory);
    tcase_add_test(tc, a_body_over_the_limit_is_not_written);
    tcase_add_test(tc, every_failed_allocation_is_clean);
}

int main(void)
{
    return run_tcase("bframe", add);
}
