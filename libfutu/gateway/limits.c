/* limits.c - see limits.h.
 *
 * One window per call, or per call and account: a ring with the times of the last n counted calls.
 * The call n + 1 is allowed once the oldest of them is more than 30 s ago.
 *
 * Owns:    the windows, made at the first call; those of accounts go when they have been idle.
 * Threads: none.
 * Tests:   test/unit/gateway/limits_test.c
 */
#include "gateway/limits.h"

#include <stdio.h>

#include "base/mem.h"

#define WINDOW_NS (30 * NS_PER_S)

struct window {
    struct list link;
    struct map *home;           /* of an account's window: where it is found */
    uint64_t acc_id;
    uint8_t n, next;  /* times in use, and the one to write; next is the oldest when full */
    int64_t last;
    int64_t at[];
};

struct limit_row {
    struct window *all;
    struct map by_account;
};

futu_err limits_init(struct limits *l)
{
    size_t n;
    proto_rows(&n);
    list_init(&l->windows);
    l->n_accounts = 0;
    l->rows = mem_array(n, sizeof(*l->rows));
    return l->rows ? FUTU_OK : FUTU_ENOMEM;
}

void limits_free(struct limits *l)
{
    struct list *it, *tmp;
    size_t n;
    if (!l->rows)
        return;
    list_each(it, tmp, &l->windows)
        mem_free(list_entry(it, struct window, link));
    proto_rows(&n);
    for (size_t i = 0; i < n; i++)
        map_free(&l->rows[i].by_account);
    mem_free(l->rows);
    l->rows = NULL;
}

static void sweep(struct limits *l, int64_t now)
{
    struct list *it, *tmp;
    list_each(it, tmp, &l->windows) {
        struct window *w = list_entry(it, struct window, link);
        if (!w->home || now - w->last <= WINDOW_NS)
            continue;
        map_del_u64(w->home, w->acc_id);
        list_remove(&w->link);
        mem_free(w);
        l->n_accounts--;
    }
}

static struct window *window_new(struct limits *l, unsigned calls)
{
    struct window *w = mem_zalloc(sizeof(*w) + calls * sizeof(w->at[0]));
    if (w)
        list_push(&l->windows, &w->link);
    return w;
}

static futu_err account_window(struct limits *l, struct limit_row *r, const struct proto_row *row,
                               uint64_t acc_id, int64_t now, struct window **out)
{
    *out = map_get_u64(&r->by_account, acc_id);
    if (*out)
        return FUTU_OK;
    if (l->n_accounts >= LIMITS_ACCOUNTS)
        sweep(l, now);
    if (l->n_accounts >= LIMITS_ACCOUNTS)
        return FUTU_ELIMIT;
    struct window *w = window_new(l, row->freq_n);
    if (!w)
        return FUTU_ENOMEM;
    w->home = &r->by_account;
    w->acc_id = acc_id;
    if (map_put_u64(w->home, acc_id, w)) {
        list_remove(&w->link);
        mem_free(w);
        return FUTU_ENOMEM;
    }
    l->n_accounts++;
    *out = w;
    return FUTU_OK;
}

static futu_err find_window(struct limits *l, const struct proto_row *row, uint64_t acc_id,
                            int64_t now, struct window **out)
{
    size_t n;
    struct limit_row *r = &l->rows[row - proto_rows(&n)];
    if (row->freq_by == FREQ_ACCOUNT)
        return account_window(l, r, row, acc_id, now, out);
    if (!r->all)
        r->all = window_new(l, row->freq_n);
    *out = r->all;
    return r->all ? FUTU_OK : FUTU_ENOMEM;
}

/* How long until the call is allowed; 0: it is now. */
static int64_t too_many(const struct window *w, const struct proto_row *row, int64_t now)
{
    int64_t wait = w->n == row->freq_n ? w->at[w->next] + WINDOW_NS + 1 - now : 0;
    return MAX(wait, 0);
}

static int64_t too_close(const struct window *w, const struct proto_row *row, int64_t now)
{
    int64_t wait = w->n > 0 ? w->last + row->freq_gap_ms * NS_PER_MS - now : 0;
    return MAX(wait, 0);
}

static futu_err refuse(const struct proto_row *row, int64_t many, int64_t close,
                       struct limits_no *no)
{
    if (many > 0)
        snprintf(no->text, sizeof(no->text), "%s频率太高，请求失败，每30秒最多%d次。",
                 row->freq_text, row->freq_n);
    else
        snprintf(no->text, sizeof(no->text), "%s频率太高，请求失败，两次请求至少间隔%d毫秒。",
                 row->freq_text, row->freq_gap_ms);
    no->retry_s = (uint32_t)((MAX(many, close) + NS_PER_S - 1) / NS_PER_S);
    return FUTU_ELIMIT;
}

futu_err limits_take(struct limits *l, const struct proto_row *row, uint64_t acc_id, int64_t now,
                     struct limits_no *no)
{
    struct window *w = NULL;
    if (row->freq_by == FREQ_NONE || row->freq_n == 0)
        return FUTU_OK;
    futu_err err = find_window(l, row, acc_id, now, &w);
    if (err == FUTU_ENOMEM)
        return err;
    if (err)                    /* by then one of the accounts may be idle */
        return refuse(row, WINDOW_NS, 0, no);
    int64_t many = too_many(w, row, now), close = too_close(w, row, now);
    if (many > 0 || close > 0)
        return refuse(row, many, close, no);
    w->at[w->next] = w->last = now;
    w->next = (uint8_t)((w->next + 1) % row->freq_n);
    w->n = (uint8_t)MIN(w->n + 1, row->freq_n);
    return FUTU_OK;
}
