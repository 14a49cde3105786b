/* frame_test.c - frames from any split of the bytes, and frames as other programs write them. */
#include "wire/frame.h"

#include "crypt/random.h"
#include "vectors.h"

#define MAX_FRAMES 32

/* The frames of the vectors, loaded by load(). */
static struct {
    uint8_t bytes[VEC_MAX], plain[VEC_MAX];
    size_t n, plain_n;
    uint32_t proto, serial;
    uint8_t fmt;
    struct cipher cipher;
} v[MAX_FRAMES];
static size_t frames;

static int algo_of(const char *name)
{
    static const char *const names[] = { "none", "FTAES_ECB", "AES_ECB", "AES_CBC" };
    for (int i = 0; i < 4; i++)
        if (strcmp(name, names[i]) == 0)
            return i - 1;
    ck_abort_msg("cipher %s", name);
}

static void load(void)
{
    cJSON *all = vec_load(), *row, *session = vec_get(all, "session");
    frames = 0;
    cJSON_ArrayForEach(row, vec_get(all, "tcp_frames")) {
        ck_assert_uint_lt(frames, MAX_FRAMES);
        v[frames].n = vec_hex(row, "frame", v[frames].bytes);
        v[frames].plain_n = vec_hex(row, "plain_body", v[frames].plain);
        v[frames].proto = (uint32_t)vec_num(row, "proto_id");
        v[frames].serial = (uint32_t)vec_num(row, "serial");
        v[frames].fmt = (uint8_t)vec_num(row, "fmt");
        ck_assert_int_eq(cipher_init(&v[frames].cipher, algo_of(vec_str(row, "cipher")),
                                     (const uint8_t *)vec_str(session, "connAESKey"),
                                     (const uint8_t *)vec_str(session, "aesCBCiv")),
                         FUTU_OK);
        frames++;
    }
    ck_assert_uint_eq(frames, 19);
    cJSON_Delete(all);
}

/* f is the i-th frame of the vectors. */
static void check_frame(const struct frame *f, size_t i)
{
    struct buf plain = BUF_INIT;
    ck_assert_uint_eq(f->proto, v[i].proto);
    ck_assert_uint_eq(f->serial, v[i].serial);
    ck_assert_uint_eq(f->fmt, v[i].fmt);
    ck_assert_uint_eq(f->ver, 0);
    ck_assert_uint_eq(f->len, v[i].n - FRAME_HEAD);
    ck_assert_mem_eq(f->body, v[i].bytes + FRAME_HEAD, f->len);
    ck_assert_int_eq(cipher_decrypt(&v[i].cipher, f->body, f->len, &plain), FUTU_OK);
    ck_assert_uint_eq(plain.n, v[i].plain_n);
    ck_assert_mem_eq(plain.p, v[i].plain, plain.n);
    ck_assert_int_eq(frame_sha1_check(f, plain.p, plain.n), FRAME_SHA1_PLAIN);
    buf_free(&plain);
}

START_TEST(vectors_are_written_byte_for_byte)
{
    load();
    for (size_t i = 0; i < frames; i++) {
        struct buf out = BUF_INIT;
        ck_assert_int_eq(buf_puts(&out, "before"), FUTU_OK);
        ck_assert_int_eq(frame_write(&out, v[i].proto, v[i].fmt, v[i].serial, v[i].plain,
                                     v[i].plain_n, &v[i].cipher),
                         FUTU_OK);
        ck_assert_uint_eq(out.n, 6 + v[i].n);
        ck_assert_mem_eq(out.p + 6, v[i].bytes, v[i].n);
        buf_free(&out);
    }
}
END_TEST

/* Two feeds, cut at every byte; the second one may need several calls. */
START_TEST(every_split_of_every_vector)
{
    load();
    for (size_t i = 0; i < frames; i++) {
        for (size_t cut = 0; cut <= v[i].n; cut++) {
            struct framer fr;
            struct frame f;
            size_t used;
            framer_init(&fr, FRAME_MAX_BODY);
            futu_err err = framer_feed(&fr, v[i].bytes, cut, &used, &f);
            ck_assert_int_eq(err, cut < v[i].n ? FUTU_EAGAIN : FUTU_OK);
            ck_assert_uint_eq(used, cut);
            if (err) {
                err = framer_feed(&fr, v[i].bytes + cut, v[i].n - cut, &used, &f);
                ck_assert_int_eq(err, FUTU_OK);
                ck_assert_uint_eq(used, v[i].n - cut);
            }
            check_frame(&f, i);
            framer_free(&fr);
        }
    }
}
END_TEST

/* All vectors in one stream, in pieces of `step` bytes; each piece is its own allocation. */
static void check_stream(size_t step)
{
    uint8_t stream[MAX_FRAMES * 512];
    size_t n = 0, seen = 0, end;
    struct framer fr;
    for (size_t i = 0; i < frames; i++) {
        memcpy(stream + n, v[i].bytes, v[i].n);
        n += v[i].n;
    }
    framer_init(&fr, 4096);
    for (size_t off = 0; off < n; off = end) {
        struct frame f;
        size_t used;
        end = MIN(off + step, n);
        uint8_t *piece = malloc(end - off);
        memcpy(piece, stream + off, end - off);
        for (size_t at = 0; at < end - off; at += used) {
            futu_err err = framer_feed(&fr, piece + at, end - off - at, &used, &f);
            ck_assert(err == FUTU_OK || err == FUTU_EAGAIN);
            if (!err)
                check_frame(&f, seen++);
        }
        free(piece);
    }
    ck_assert_uint_eq(seen, frames);
    framer_free(&fr);
}

START_TEST(a_stream_in_any_step)
{
    load();
    for (size_t step = 1; step < 200; step++)
        check_stream(step);
    check_stream(SIZE_MAX / 2);
}
END_TEST

START_TEST(whole_frames_are_views_and_allocate_nothing)
{
    uint8_t ten[10 * 128];
    struct buf out = BUF_INIT;
    struct framer fr;
    for (uint32_t i = 0; i < 10; i++)
        ck_assert_int_eq(frame_write(&out, 3005, FRAME_JSON, i, "abcdef", i % 7, NULL), FUTU_OK);
    ck_assert_uint_le(out.n, sizeof(ten));
    memcpy(ten, out.p, out.n);
    framer_init(&fr, 100);
    mem_fail_at(0);
    size_t at = 0, used;
    for (uint32_t i = 0; i < 10; i++, at += used) {
        struct frame f;
        ck_assert_int_eq(framer_feed(&fr, ten + at, out.n - at, &used, &f), FUTU_OK);
        ck_assert_uint_eq(f.serial, i);
        ck_assert_uint_eq(f.len, i % 7);
        ck_assert_ptr_eq(f.body, ten + at + FRAME_HEAD);
    }
    ck_assert_uint_eq(at, out.n);
    ck_assert(!mem_failed());
    mem_fail_at(-1);
    framer_free(&fr);
    buf_free(&out);
}
END_TEST

/* The header announces one byte too many; nothing is allocated at any split. */
START_TEST(oversized_bodies_fail_before_allocation)
{
    static const uint32_t lens[] = { 1001, FRAME_MAX_BODY, 50u << 20, UINT32_MAX };
    uint8_t digest[20] = { 0 }, head[FRAME_HEAD];
    mem_fail_at(0);
    for (size_t i = 0; i < ARRAY_LEN(lens); i++) {
        frame_head_write(head, 1001, FRAME_PROTOBUF, 1, lens[i], digest);
        for (size_t cut = 0; cut < FRAME_HEAD; cut++) {
            struct framer fr;
            struct frame f;
            size_t used;
            framer_init(&fr, 1000);
            ck_assert_int_eq(framer_feed(&fr, head, cut, &used, &f), FUTU_EAGAIN);
            ck_assert_int_eq(framer_feed(&fr, head + cut, FRAME_HEAD - cut, &used, &f),
                             FUTU_EPROTO);
            ck_assert_int_eq(framer_feed(&fr, head, 1, &used, &f), FUTU_EPROTO);
            framer_free(&fr);
        }
    }
    ck_assert(!mem_failed());
    mem_fail_at(-1);
}
END_TEST

START_TEST(a_lying_header_gets_what_it_sent)
{
    uint8_t digest[20] = { 0 }, head[FRAME_HEAD], junk[1000] = { 0 };
    struct framer fr;
    struct frame f;
    size_t used;
    framer_init(&fr, FRAME_MAX_BODY);
    frame_head_write(head, 1001, FRAME_PROTOBUF, 1, FRAME_MAX_BODY, digest);
    ck_assert_int_eq(framer_feed(&fr, head, FRAME_HEAD, &used, &f), FUTU_EAGAIN);
    ck_assert_uint_eq(fr.part.cap, 0);
    for (size_t sent = 1000; sent <= 100000; sent += 1000) {
        ck_assert_int_eq(framer_feed(&fr, junk, sizeof(junk), &used, &f), FUTU_EAGAIN);
        ck_assert_uint_le(fr.part.cap, 2 * sent);
    }
    framer_free(&fr);
}
END_TEST

START_TEST(the_buffer_never_passes_the_announced_length)
{
    uint8_t body[5000];
    struct buf out = BUF_INIT;
    struct framer fr;
    struct frame f;
    size_t used;
    memset(body, 'x', sizeof(body));
    ck_assert_int_eq(frame_write(&out, 1001, FRAME_JSON, 7, body, sizeof(body), NULL), FUTU_OK);
    framer_init(&fr, FRAME_MAX_BODY);
    for (size_t i = 0; i + 1 < out.n; i++)
        ck_assert_int_eq(framer_feed(&fr, out.p + i, 1, &used, &f), FUTU_EAGAIN);
    ck_assert_int_eq(framer_feed(&fr, out.p + out.n - 1, 1, &used, &f), FUTU_OK);
    ck_assert_mem_eq(f.body, body, sizeof(body));
    ck_assert_uint_eq(fr.part.cap, sizeof(body));
    /* A large buffer goes when the next frame begins. */
    ck_assert_int_eq(framer_feed(&fr, out.p, 1, &used, &f), FUTU_EAGAIN);
    ck_assert_uint_eq(fr.part.cap, 0);
    framer_free(&fr);
    buf_free(&out);
}
END_TEST

START_TEST(a_wrong_magic_fails_at_its_first_byte)
{
    static const char *const bad[] = { "G", "FX", "GET / HTTP/1.1\r\n\r\n", "ft", "\0" };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct framer fr;
        struct frame f;
        size_t used, n = MAX(strlen(bad[i]), 1u);
        framer_init(&fr, 100);
        ck_assert_int_eq(framer_feed(&fr, (const uint8_t *)bad[i], n, &used, &f), FUTU_EPROTO);
        ck_assert_int_eq(framer_feed(&fr, (const uint8_t *)"FT", 2, &used, &f), FUTU_EPROTO);
        framer_free(&fr);
    }
    uint8_t head[FRAME_HEAD] = "XT";
    struct frame f;
    ck_assert_int_eq(frame_head_read(head, &f), FUTU_EPROTO);
}
END_TEST

START_TEST(digest_of_the_plain_or_the_wire_body)
{
    struct cipher c;
    struct buf out = BUF_INIT, wire = BUF_INIT;
    struct frame f;
    uint8_t plain[20] = "digest of what?";
    ck_assert_int_eq(cipher_init(&c, CIPHER_AES_CBC, plain, plain), FUTU_OK);
    ck_assert_int_eq(frame_write(&out, 1004, FRAME_PROTOBUF, 1, plain, 20, &c), FUTU_OK);
    ck_assert_int_eq(frame_head_read(out.p, &f), FUTU_OK);
    f.body = out.p + FRAME_HEAD;
    ck_assert_int_eq(frame_sha1_check(&f, plain, 20), FRAME_SHA1_PLAIN);
    ck_assert_int_eq(frame_sha1_check(&f, plain, 19), FRAME_SHA1_BAD);
    ck_assert_int_eq(frame_sha1_check(&f, f.body, f.len), FRAME_SHA1_BAD);
    /* The same body, its digest over what is on the wire. */
    ck_assert_int_eq(frame_write(&wire, 1004, FRAME_PROTOBUF, 1, f.body, f.len, NULL), FUTU_OK);
    ck_assert_int_eq(frame_head_read(wire.p, &f), FUTU_OK);
    f.body = wire.p + FRAME_HEAD;
    ck_assert_int_eq(frame_sha1_check(&f, plain, 20), FRAME_SHA1_WIRE);
    ck_assert_int_eq(frame_sha1_check(&f, f.body, f.len), FRAME_SHA1_PLAIN);
    f.sha1[19] ^= 1;
    ck_assert_int_eq(frame_sha1_check(&f, plain, 20), FRAME_SHA1_BAD);
    buf_free(&out);
    buf_free(&wire);
}
END_TEST

START_TEST(frame_write_has_a_limit_and_fails_clean)
{
    uint8_t *body = calloc(1, FRAME_MAX_BODY + 1);
    struct buf out = BUF_INIT;
    struct cipher c;
    ck_assert_int_eq(cipher_init(&c, CIPHER_AES_ECB, body, NULL), FUTU_OK);
    mem_fail_at(0);
    ck_assert_int_eq(frame_write(&out, 1, 0, 1, body, FRAME_MAX_BODY + 1, NULL), FUTU_ELIMIT);
    ck_assert_int_eq(frame_write(&out, 1, 0, 1, body, FRAME_MAX_BODY, &c), FUTU_ELIMIT);
    ck_assert(!mem_failed());
    ck_assert_int_eq(frame_write(&out, 1, 0, 1, body, 300, &c), FUTU_ENOMEM);
    ck_assert_int_eq(frame_write(&out, 1, 0, 1, body, 300, NULL), FUTU_ENOMEM);
    mem_fail_at(-1);
    ck_assert_uint_eq(out.n, 0);
    ck_assert_int_eq(frame_write(&out, 1, 0, 1, NULL, 0, NULL), FUTU_OK);
    ck_assert_uint_eq(out.n, FRAME_HEAD);
    buf_free(&out);
    /* Room for the header alone is not used. */
    out = (struct buf)BUF_MAX(FRAME_HEAD + 15);
    ck_assert_int_eq(frame_write(&out, 1, 0, 1, NULL, 0, &c), FUTU_ELIMIT);
    ck_assert_uint_eq(out.n, 0);
    buf_free(&out);
    free(body);
}
END_TEST

static futu_err feed_in_steps(size_t step)
{
    struct framer fr;
    struct frame f;
    futu_err err = FUTU_EAGAIN;
    framer_init(&fr, 1000);
    for (size_t at = 0, used; at < v[0].n && err == FUTU_EAGAIN; at += used)
        err = framer_feed(&fr, v[0].bytes + at, MIN(step, v[0].n - at), &used, &f);
    framer_free(&fr);
    return err;
}

START_TEST(every_failed_allocation_is_clean)
{
    load();
    for (long n = 0; test_alloc_fail_at(n); n++) {
        futu_err err = feed_in_steps(5);
        ck_assert_int_eq(err, mem_failed() ? FUTU_ENOMEM : FUTU_OK);
    }
}
END_TEST

START_TEST(garbage_ends_in_an_error_or_waits)
{
    for (int round = 0; round < 2000; round++) {
        uint8_t junk[200] = { 'F', 'T' };
        struct framer fr;
        struct frame f;
        futu_err err = FUTU_EAGAIN;
        random_bytes(junk + 2, sizeof(junk) - 2);
        framer_init(&fr, 1u << (junk[2] % 32));
        if (round % 2)
            memset(junk + 13, 0, 3);
        for (size_t at = 0, used; at < sizeof(junk) && (!err || err == FUTU_EAGAIN); at += used) {
            err = framer_feed(&fr, junk + at, MIN(sizeof(junk) - at, 33u), &used, &f);
            if (!err)
                ck_assert_uint_le(f.len, fr.max_body);
        }
        ck_assert(err == FUTU_OK || err == FUTU_EAGAIN || err == FUTU_EPROTO);
        framer_free(&fr);
    }
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, vectors_are_written_byte_for_byte);
    tcase_add_test(tc, every_split_of_every_vector);
    tcase_add_test(tc, a_stream_in_any_step);
    tcase_add_test(tc, whole_frames_are_views_and_allocate_nothing);
    tcase_add_test(tc, oversized_bodies_fail_before_allocation);
    tcase_add_test(tc, a_lying_header_gets_what_it_sent);
    tcase_add_test(tc, the_buffer_never_passes_the_announced_length);
    tcase_add_test(tc, a_wrong_magic_fails_at_its_first_byte);
    tcase_add_test(tc, digest_of_the_plain_or_the_wire_body);
    tcase_add_test(tc, frame_write_has_a_limit_and_fails_clean);
    tcase_add_test(tc, every_failed_allocation_is_clean);
    tcase_add_test(tc, garbage_ends_in_an_error_or_waits);
}

int main(void)
{
    return run_tcase("wire/frame", add);
}
