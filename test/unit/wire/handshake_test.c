/* handshake_test.c - InitConnect with and without a key: what is opened, refused and agreed. */
#include "wire/handshake.h"

#include "crypt/random.h"
#include "vectors.h"

static struct rsa_key *vector_key(const cJSON *all)
{
    struct rsa_key *k;
    char *pem = vec_rsa_pem(all);
    ck_assert_int_eq(rsa_key_parse(&k, str_c(pem)), FUTU_OK);
    free(pem);
    return k;
}

/* A view of the frame at p. */
static struct frame view(const uint8_t *p, size_t n)
{
    struct framer fr;
    struct frame f;
    size_t used;
    framer_init(&fr, FRAME_MAX_BODY);
    ck_assert_int_eq(framer_feed(&fr, p, n, &used, &f), FUTU_OK);
    ck_assert_uint_eq(used, n);
    framer_free(&fr);
    return f;
}

START_TEST(frames_of_the_vectors_under_rsa)
{
    cJSON *all = vec_load(), *row;
    struct rsa_key *k = vector_key(all);
    int rows = 0;
    cJSON_ArrayForEach(row, vec_get(vec_get(all, "rsa_pkcs1_v15"), "frames")) {
        uint8_t bytes[VEC_MAX], plain[VEC_MAX];
        size_t n = vec_hex(row, "frame", bytes), pn = vec_hex(row, "plain_body", plain);
        struct frame f = view(bytes, n);
        struct buf out = BUF_INIT;
        bool rsa = false;
        ck_assert_uint_eq(f.serial, (uint32_t)vec_num(row, "serial"));
        ck_assert_int_eq(handshake_open(&f, k, &out, &rsa), FUTU_OK);
        ck_assert(rsa);
        ck_assert_uint_eq(out.n, pn);
        ck_assert_mem_eq(out.p, plain, pn);
        out.n = 0;
        ck_assert_int_eq(handshake_open(&f, NULL, &out, &rsa), FUTU_EFORMAT);
        ck_assert(!rsa);
        ck_assert_uint_eq(out.n, 0);
        buf_free(&out);
        rows++;
    }
    ck_assert_int_eq(rows, 3);
    rsa_key_free(k);
    cJSON_Delete(all);
}
END_TEST

/* Opens a frame made by handshake_write() of `n` bytes with `wkey`, and by whom. */
static futu_err open_own(size_t n, struct rsa_key *wkey, struct rsa_key *rkey, bool *rsa)
{
    uint8_t body[300];
    struct buf out = BUF_INIT, plain = BUF_INIT;
    memset(body, 0x42, sizeof(body));
    ck_assert_int_eq(handshake_write(&out, 1001, FRAME_PROTOBUF, 9, body, n, wkey), FUTU_OK);
    struct frame f = view(out.p, out.n);
    futu_err err = handshake_open(&f, rkey, &plain, rsa);
    if (!err || err == FUTU_EAUTH) {
        ck_assert_uint_eq(plain.n, n);
        ck_assert_mem_eq(plain.p, body, n);
    } else {
        ck_assert_uint_eq(plain.n, 0);
    }
    buf_free(&out);
    buf_free(&plain);
    return err;
}

START_TEST(with_and_without_a_key)
{
    cJSON *all = vec_load();
    struct rsa_key *k = vector_key(all);
    bool rsa;
    static const size_t lens[] = { 1, 38, 100, 101, 128, 256, 300 };    /* 128: as a block */
    for (size_t i = 0; i < ARRAY_LEN(lens); i++) {
        ck_assert_int_eq(open_own(lens[i], NULL, NULL, &rsa), FUTU_OK);
        ck_assert(!rsa);
        ck_assert_int_eq(open_own(lens[i], k, k, &rsa), FUTU_OK);
        ck_assert(rsa);
        ck_assert_int_eq(open_own(lens[i], NULL, k, &rsa), FUTU_EAUTH);
        ck_assert(!rsa);
        ck_assert_int_eq(open_own(lens[i], k, NULL, &rsa), FUTU_EFORMAT);
        ck_assert(!rsa);
    }
    rsa_key_free(k);
    cJSON_Delete(all);
}
END_TEST

/* Sound blocks with a wrong digest and spoiled blocks can't be told apart by the answer; a digest
 * of the wire body, which anybody can compute, always gives the answer to a plain request. */
START_TEST(the_answers_tell_nothing_about_blocks)
{
    cJSON *all = vec_load();
    struct rsa_key *k = vector_key(all);
    struct buf out = BUF_INIT, plain = BUF_INIT, rehashed = BUF_INIT;
    bool rsa;
    ck_assert_int_eq(handshake_write(&out, 1001, 0, 9, "some body", 9, k), FUTU_OK);
    struct frame f = view(out.p, out.n);
    f.sha1[0] ^= 1;
    ck_assert_int_eq(handshake_open(&f, k, &plain, &rsa), FUTU_EFORMAT);
    f.sha1[0] ^= 1;
    out.p[FRAME_HEAD + 64] ^= 1;
    ck_assert_int_eq(handshake_open(&f, k, &plain, &rsa), FUTU_EFORMAT);
    for (int sound = 0; sound < 2; sound++) {
        rehashed.n = 0;
        ck_assert_int_eq(frame_write(&rehashed, 1001, 0, 9, f.body, f.len, NULL), FUTU_OK);
        struct frame g = view(rehashed.p, rehashed.n);
        plain.n = 0;
        ck_assert_int_eq(handshake_open(&g, k, &plain, &rsa), FUTU_EAUTH);
        ck_assert(!rsa);
        ck_assert_mem_eq(plain.p, f.body, f.len);
        out.p[FRAME_HEAD + 64] ^= 1;
    }
    buf_free(&out);
    buf_free(&plain);
    buf_free(&rehashed);
    rsa_key_free(k);
    cJSON_Delete(all);
}
END_TEST

START_TEST(too_many_blocks_are_not_tried)
{
    cJSON *all = vec_load();
    struct rsa_key *k = vector_key(all);
    uint8_t body[1700] = { 0 };
    struct buf out = BUF_INIT, raw = BUF_INIT, plain = BUF_INIT;
    bool rsa;
    ck_assert_int_eq(handshake_write(&out, 1001, 0, 9, body, 1601, k), FUTU_ELIMIT);
    ck_assert_uint_eq(out.n, 0);
    ck_assert_int_eq(handshake_write(&out, 1001, 0, 9, body, 1600, k), FUTU_OK);
    struct frame f = view(out.p, out.n);
    ck_assert_uint_eq(f.len, 16 * 128);
    ck_assert_int_eq(handshake_open(&f, k, &plain, &rsa), FUTU_OK);
    /* Seventeen sound blocks with the digest of their plain text. */
    plain.n = 0;
    ck_assert_int_eq(rsa_encrypt(k, body, 1700, &raw), FUTU_OK);
    ck_assert_int_eq(frame_write(&plain, 1001, 0, 9, body, 1700, NULL), FUTU_OK);
    f = view(plain.p, plain.n);
    f.body = raw.p;
    f.len = (uint32_t)raw.n;
    out.n = 0;
    ck_assert_int_eq(handshake_open(&f, k, &out, &rsa), FUTU_EFORMAT);
    buf_free(&out);
    buf_free(&raw);
    buf_free(&plain);
    rsa_key_free(k);
    cJSON_Delete(all);
}
END_TEST

START_TEST(what_is_agreed)
{
    enum { ABSENT = 99 };
    static const struct {
        int asked;
        bool has_key, was_rsa;
        int algo;
        bool reply_rsa, send_iv;
    } rows[] = {
        { CIPHER_NONE, false, false, CIPHER_NONE, false, true },
        { ABSENT, false, false, CIPHER_NONE, false, true },
        { CIPHER_FTAES_ECB, false, false, CIPHER_FTAES_ECB, false, false },
        { CIPHER_AES_ECB, false, false, CIPHER_AES_ECB, false, false },
        { CIPHER_AES_CBC, false, false, CIPHER_AES_CBC, false, true },
        { CIPHER_NONE, true, true, CIPHER_NONE, false, true },
        { ABSENT, true, true, CIPHER_FTAES_ECB, true, false },
        { CIPHER_FTAES_ECB, true, true, CIPHER_FTAES_ECB, true, false },
        { CIPHER_AES_ECB, true, true, CIPHER_AES_ECB, true, false },
        { CIPHER_AES_CBC, true, true, CIPHER_AES_CBC, true, true },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct handshake h;
        int32_t asked = rows[i].asked;
        ck_assert_int_eq(handshake_choose(&h, asked == ABSENT ? NULL : &asked, rows[i].has_key,
                                          rows[i].was_rsa),
                         FUTU_OK);
        ck_assert_int_eq(h.algo, rows[i].algo);
        ck_assert_int_eq(h.reply_rsa, rows[i].reply_rsa);
        ck_assert_int_eq(h.send_iv, rows[i].send_iv);
    }
    static const int32_t unknown[] = { -2, 3, INT32_MIN, INT32_MAX };
    struct handshake h;
    for (size_t i = 0; i < ARRAY_LEN(unknown); i++)
        ck_assert_int_eq(handshake_choose(&h, &unknown[i], true, true), FUTU_ENOTSUP);
}
END_TEST

START_TEST(failed_allocations_and_bounds)
{
    cJSON *all = vec_load();
    struct rsa_key *k = vector_key(all);
    uint8_t body[150] = { 1 };
    struct buf wire = BUF_INIT;
    bool rsa;
    for (long n = 0; test_alloc_fail_at(n); n++) {
        struct buf out = BUF_INIT;
        futu_err err = handshake_write(&out, 1001, 0, 9, body, sizeof(body), k);
        ck_assert_int_eq(err, mem_failed() ? FUTU_ENOMEM : FUTU_OK);
        ck_assert_uint_eq(out.n, err ? 0 : FRAME_HEAD + 256);
        buf_free(&out);
    }
    ck_assert_int_eq(handshake_write(&wire, 1001, 0, 9, body, sizeof(body), k), FUTU_OK);
    struct frame f = view(wire.p, wire.n);
    for (long n = 0; test_alloc_fail_at(n); n++) {
        struct buf plain = BUF_INIT;
        futu_err err = handshake_open(&f, k, &plain, &rsa);
        ck_assert_int_eq(err, mem_failed() ? FUTU_ENOMEM : FUTU_OK);
        buf_free(&plain);
    }
    struct buf tight = BUF_MAX(FRAME_HEAD + 255);
    ck_assert_int_eq(handshake_write(&tight, 1001, 0, 9, body, sizeof(body), k), FUTU_ELIMIT);
    ck_assert_uint_eq(tight.n, 0);
    buf_free(&tight);
    buf_free(&wire);
    rsa_key_free(k);
    cJSON_Delete(all);
}
END_TEST

START_TEST(garbage_is_refused)
{
    cJSON *all = vec_load();
    struct rsa_key *k = vector_key(all);
    for (int round = 0; round < 300; round++) {
        uint8_t junk[512];
        struct frame f = { .proto = 1001, .body = junk };
        struct buf plain = BUF_INIT;
        bool rsa;
        random_bytes(junk, sizeof(junk));
        random_bytes(f.sha1, sizeof(f.sha1));
        f.len = round % 3 ? 128u * (junk[0] % 4u) : junk[0];
        ck_assert_int_eq(handshake_open(&f, round % 4 ? k : NULL, &plain, &rsa), FUTU_EFORMAT);
        ck_assert_uint_eq(plain.n, 0);
        buf_free(&plain);
    }
    rsa_key_free(k);
    cJSON_Delete(all);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, frames_of_the_vectors_under_rsa);
    tcase_add_test(tc, with_and_without_a_key);
    tcase_add_test(tc, the_answers_tell_nothing_about_blocks);
    tcase_add_test(tc, too_many_blocks_are_not_tried);
    tcase_add_test(tc, what_is_agreed);
    tcase_add_test(tc, failed_allocations_and_bounds);
    tcase_add_test(tc, garbage_is_refused);
}

int main(void)
{
    return run_tcase("wire/handshake", add);
}
