/* mcp_pages.c - a history that comes in pages: they are asked for one by one and told as one, with
 * progress after each that brought something.
 *
 * Tests:   test/unit/surface/mcp_call_test.c
 */
#include "codec/splice.h"
#include "surface/mcp_result.h"
#include "surface/mcp_state.h"

#define PAGE_ROWS 1000          /* of the upstream */
#define TAG_KL_MAX 6            /* maxAckKLNum, nextReqKey of c2s and of s2c, klList */
#define TAG_KL_KEY 8
#define TAG_KL_NEXT 3
#define TAG_KL_LIST 2

static void note_progress(struct mcp_call *k)
{
    struct buf *b = &k->m->text;
    if (!k->post || k->progress.n == 0)
        return;
    b->n = 0;
    futu_err err = buf_printf(b, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\","
                              "\"params\":{\"progressToken\":" STR_FMT ",\"progress\":%zu,"
                              "\"total\":%zu,\"message\":\"rows\"}}",
                              STR_ARG(buf_str(&k->progress)), MIN(k->rows, k->wanted),
                              k->wanted);
    if (!err)
        mcp_note(k->post, buf_str(b));
}

static size_t rows_of(const struct hub_reply *h)
{
    struct pb_rec s2c, r;
    size_t n = 0;
    if (!pb_first((futu_str){ (const char *)h->body, h->len }, 4, &s2c))
        return 0;
    struct pb_in in = { s2c.p, s2c.p + s2c.n };
    while (in.p < in.end && !pb_next(&in, &r))
        n += r.tag == TAG_KL_LIST;
    return n;
}

/* Keeps the page without its key; the key goes into the next request. */
static futu_err keep_page(struct mcp_call *k, const struct hub_reply *h, bool *more)
{
    struct pb_rec key;
    struct pb_edit gone = { TAG_KL_NEXT, NULL, 0 };
    futu_err err = FUTU_OK;
    size_t rows = rows_of(h);
    k->rows += rows;
    k->grew = rows > 0;
    *more = pb_inner(h->body, h->len, 4, TAG_KL_NEXT, &key) && key.n > 0;
    k->more = *more;
    *more = *more && k->rows < k->wanted;
    if (*more) {
        struct buf record = BUF_INIT, pb = BUF_INIT;
        err = pb_append(&record, TAG_KL_KEY, key.p, key.n);
        struct pb_edit edit = { TAG_KL_KEY, record.p, record.n };
        if (!err)
            err = pb_splice(k->pb.p, k->pb.n, 1, &edit, 1, &pb);
        if (!err) {
            buf_free(&k->pb);
            k->pb = pb;
        }
        buf_free(&record);
    }
    return err ? err : pb_splice(h->body, h->len, 4, &gone, 1, &k->sum);
}

static void next_page(struct mcp_call *k)
{
    futu_conn *c = mcp_caller(k);
    if (c)
        mcp_call_send(k, c, k->row->id, buf_str(&k->pb), mcp_on_page);
}

void mcp_on_page(struct hub_call *c, const struct hub_reply *h)
{
    struct mcp_call *k = container_of(c, struct mcp_call, call);
    bool more;
    if (!mcp_call_well(k, h))
        return;
    futu_err err = keep_page(k, h, &more);
    if (k->grew)                        /* it must increase with each note */
        note_progress(k);
    if (err)
        mcp_call_fail(k, "the pages: %s", futu_strerror(err));
    else if (more && k->post)
        mcp_call_next(k, next_page);
    else
        mcp_call_finish(k, buf_str(&k->sum));
}

/* The caller says how many in all; a page has fewer. */
futu_err mcp_first_page(struct mcp_call *k)
{
    uint8_t record[16];
    struct pb_rec max;
    struct buf pb = BUF_INIT;
    uint64_t wanted = PAGE_ROWS;
    if (pb_inner(k->pb.p, k->pb.n, 1, TAG_KL_MAX, &max))
        wanted = max.v;
    k->wanted = (size_t)MIN(wanted, MCP_PAGED_ROWS);
    uint32_t page = (uint32_t)MIN(k->wanted, PAGE_ROWS);
    struct pb_edit edit = { TAG_KL_MAX, record, 0 };
    edit.n = (size_t)(pb_put_scalar(record, TAG_KL_MAX, PB_UINT32, &page) - record);
    futu_err err = pb_splice(k->pb.p, k->pb.n, 1, &edit, 1, &pb);
    if (!err) {
        buf_free(&k->pb);
        k->pb = pb;
    }
    return err;
}
