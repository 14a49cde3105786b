/* outq_test.c - the queue against a plain list that does the same. */
#include "gateway/outq.h"

#include <sys/uio.h>

#include "support.h"

static struct shbuf *numbered(uint32_t number, size_t n)
{
    struct shbuf *b = shbuf_new(n);
    ck_assert_ptr_nonnull(b);
    memset(b->p, (int)(number & 0xff), n);
    return b;
}

static unsigned done_count;

static void done(const struct out_entry *e, void *arg)
{
    ck_assert_ptr_nonnull(e->b);
    ck_assert_ptr_eq(arg, &done_count);
    done_count++;
}

START_TEST(urgent_ones_stay_behind_the_fence_and_what_is_out)
{
    struct outq q;
    struct iovec iov[8];
    uint64_t at;
    outq_init(&q);
    for (uint32_t i = 0; i < 4; i++) {
        ck_assert_int_eq(outq_push(&q, &(struct out_entry){ .b = numbered(i, 10) }, &at), 0);
        if (i == 1)
            outq_fence(&q);
    }
    ck_assert_int_eq(outq_push_urgent(&q, &(struct out_entry){ .b = numbered(9, 10) }), 0);
    ck_assert_uint_eq(outq_output(&q, iov, 4), 4);          /* 0 1 9 2 */
    ck_assert_int_eq(outq_push_urgent(&q, &(struct out_entry){ .b = numbered(8, 10) }), 0);
    static const uint8_t want[] = { 0, 1, 9, 2, 8, 3 };
    ck_assert_uint_eq(outq_output(&q, iov, 8), 6);
    for (size_t i = 0; i < 6; i++)
        ck_assert_uint_eq(*(uint8_t *)iov[i].iov_base, want[i]);
    outq_sent(&q, 45, done, &done_count);
    ck_assert(!outq_at_boundary(&q));
    ck_assert_uint_eq(q.bytes, 15);
    ck_assert_int_eq(outq_push_urgent(&q, &(struct out_entry){ .b = numbered(7, 10) }), 0);
    ck_assert_uint_eq(outq_output(&q, iov, 8), 3);
    ck_assert_uint_eq(iov[0].iov_len, 5);
    ck_assert_uint_eq(*(uint8_t *)iov[1].iov_base, 7);
    outq_free(&q);
}
END_TEST

START_TEST(whole_entries_can_be_taken_out)
{
    struct outq q;
    struct out_entry e;
    uint64_t at, first;
    outq_init(&q);
    ck_assert(!outq_take(&q, &e));
    for (uint32_t i = 0; i < 300; i++)
        ck_assert_int_eq(outq_push(&q, &(struct out_entry){ .b = numbered(i, 10), .key = &q },
                                   i ? &at : &first), 0);
    ck_assert(outq_take(&q, &e));
    ck_assert_uint_eq(e.b->p[0], 0);
    shbuf_unref(e.b);
    ck_assert_uint_eq(q.bytes, 2990);
    /* Its place is gone, that of another one is not. */
    struct out_entry late = { .b = numbered(77, 10), .key = &q };
    ck_assert(!outq_replace(&q, first, &late));
    ck_assert(outq_replace(&q, at, &late));
    outq_sent(&q, 3, done, &done_count);
    ck_assert(!outq_take(&q, &e));              /* a part of it is out */
    outq_sent(&q, 7, done, &done_count);
    unsigned n = 0;
    for (; outq_take(&q, &e); n++)
        shbuf_unref(e.b);
    ck_assert_uint_eq(n, 298);
    ck_assert_uint_eq(q.bytes, 0);
    outq_free(&q);
}
END_TEST

/* The model: an array of (number, key), oldest first. */
struct model {
    struct { uint8_t number; const void *key; } e[4096];
    size_t n, out, fence;           /* out: how many have been handed out */
};

static uint64_t rnd_state = 7;

static unsigned rnd(unsigned below)
{
    rnd_state = rnd_state * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (unsigned)(rnd_state >> 33) % below;
}

#define LEN 10

static void model_replace(struct model *m, const void *key, uint8_t number, bool replaced)
{
    for (size_t i = m->n; i-- > 0;) {
        if (m->e[i].key != key)
            continue;
        ck_assert(!replaced || i >= m->out);
        if (replaced)
            m->e[i].number = number;
        return;
    }
    ck_assert(!replaced);
}

/* The next urgent one goes behind it. */
static void model_urgent(struct model *m, uint8_t number)
{
    size_t at = MAX(m->out, m->fence);
    if (at > 256)
        at = m->n;
    memmove(m->e + at + 1, m->e + at, (m->n - at) * sizeof(m->e[0]));
    m->e[at].key = NULL;
    m->e[at].number = number;
    m->out += at < m->n;
    m->n++;
    m->fence = at + 1;
}

static void sent(struct outq *q, struct model *m, size_t n)
{
    outq_sent(q, n * LEN, done, &done_count);
    memmove(m->e, m->e + n, (m->n - n) * sizeof(m->e[0]));
    m->n -= n;
    m->out = 0;
    m->fence -= MIN(m->fence, n);
}

START_TEST(random_steps_agree_with_a_list)
{
    static struct model m;
    static int keys[5];
    uint64_t at[5];
    struct outq q;
    struct iovec iov[64];
    outq_init(&q);
    for (size_t i = 0; i < 5; i++)
        at[i] = OUTQ_NONE;
    for (uint32_t step = 0; step < 200000; step++) {
        unsigned k = rnd(5);
        struct out_entry e = { .key = rnd(4) ? &keys[k] : NULL };
        uint64_t place;
        size_t n;
        switch (rnd(6)) {
        case 0:
        case 1:
            e.b = numbered(step, LEN);
            if (e.key && outq_replace(&q, at[k], &e)) {
                model_replace(&m, e.key, (uint8_t)step, true);
                break;
            }
            ck_assert_int_eq(outq_push(&q, &e, &place), 0);
            if (e.key)
                at[k] = place;
            m.e[m.n].key = e.key;
            m.e[m.n++].number = (uint8_t)step;
            break;
        case 2:
            if (rnd(20))
                break;
            e = (struct out_entry){ .b = numbered(step, LEN) };
            ck_assert_int_eq(outq_push_urgent(&q, &e), 0);
            model_urgent(&m, (uint8_t)step);
            break;
        case 3:
            n = outq_output(&q, iov, rnd(64));
            m.out = MAX(m.out, n);
            for (size_t i = 0; i < n; i++)
                ck_assert_uint_eq(*(uint8_t *)iov[i].iov_base, m.e[i].number);
            break;
        default:
            if (m.n > 0)
                sent(&q, &m, rnd((unsigned)MIN(m.n, 6) + 1));
        }
        ck_assert_uint_eq(q.bytes, m.n * LEN);
    }
    sent(&q, &m, m.n);
    ck_assert_uint_eq(q.bytes, 0);
    outq_free(&q);
}
END_TEST

START_TEST(no_memory_gives_up_the_entry_alone)
{
    struct outq q;
    uint64_t at;
    outq_init(&q);
    for (uint32_t i = 0; i < 8; i++)
        ck_assert_int_eq(outq_push(&q, &(struct out_entry){ .b = numbered(i, 3) }, &at), 0);
    struct out_entry e = { .b = numbered(9, 3) }, f = { .b = numbered(9, 3) };
    mem_fail_at(0);
    ck_assert_int_eq(outq_push(&q, &e, &at), FUTU_ENOMEM);
    ck_assert_int_eq(outq_push_urgent(&q, &f), FUTU_ENOMEM);
    mem_fail_at(-1);
    ck_assert_uint_eq(q.bytes, 24);
    outq_free(&q);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, urgent_ones_stay_behind_the_fence_and_what_is_out);
    tcase_add_test(tc, whole_entries_can_be_taken_out);
    tcase_add_test(tc, random_steps_agree_with_a_list);
    tcase_add_test(tc, no_memory_gives_up_the_entry_alone);
}

int main(void)
{
    return run_tcase("outq", add);
}
