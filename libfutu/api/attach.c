/* attach.c - see attach.h.
 *
 * Life:    on_close of the connection may come from inside futu_gateway_free(), so that it only
 *          takes what is queued and lets go of the connection; the client hears of it at the end
 *          of the turn.
 */
#include "api/attach.h"

#include <sys/uio.h>

#include "base/mem.h"

#define PIECES 64
#define KEEP 65536          /* a larger buffer goes when it is empty */

struct attach {
    struct link link;
    struct list node;           /* in the gateway's list */
    futu_gateway *gateway;      /* NULL: it is gone */
    futu_loop *loop;
    futu_conn *conn;            /* NULL: not open */
    struct loop_hook hook;
    struct buf out, feeding;    /* to the gateway: being filled, being fed */
    struct buf in;              /* to the client */
    uint32_t epoch;             /* counts openings and closings: a callback may close */
    bool coming_up, waiting, ended;
    futu_err end_err;
    char end_why[160];
};

static void on_output(futu_conn *c, void *arg)
{
    struct attach *k = arg;
    (void)c;
    k->waiting = true;
    loop_again(k->loop);
}

/* Output of the gateway into k->in; false: out of memory. */
static bool take_output(struct attach *k)
{
    struct iovec iov[PIECES];
    size_t n;
    k->waiting = false;
    while ((n = futu_conn_output(k->conn, iov, PIECES)) != 0) {
        size_t taken = 0;
        for (size_t i = 0; i < n; i++) {
            if (buf_put(&k->in, iov[i].iov_base, iov[i].iov_len))
                return false;
            taken += iov[i].iov_len;
        }
        futu_conn_sent(k->conn, taken);
    }
    return true;
}

static void end(struct attach *k, futu_err err, const char *why)
{
    str_copy(k->end_why, sizeof(k->end_why), str_c(why));   /* it may go with the connection */
    futu_conn_free(k->conn);
    k->conn = NULL;
    k->ended = true;
    k->end_err = err;
    loop_again(k->loop);
}

static void on_close(futu_conn *c, futu_err err, const char *reason, void *arg)
{
    struct attach *k = arg;
    (void)c;
    take_output(k);             /* what does not fit is lost with the connection */
    end(k, err, reason);
}

static futu_err open_conn(struct link *link, int64_t timeout)
{
    struct attach *k = (struct attach *)link;
    futu_conn_opts o = FUTU_CONN_OPTS_INIT;
    (void)timeout;
    if (!k->gateway)
        return FUTU_ECANCELED;
    o.wire = FUTU_WIRE_TCP;
    o.peer = "attached";
    o.on_output = on_output;
    o.on_close = on_close;
    o.arg = k;
    futu_err err = futu_conn_new(k->gateway, &k->conn, &o);
    if (err)
        return err;
    k->epoch++;
    k->in.n = 0;
    k->coming_up = true;
    loop_again(k->loop);
    return FUTU_OK;
}

static struct buf *out_buffer(struct link *link)
{
    struct attach *k = (struct attach *)link;
    loop_output(k->loop);
    return &k->out;
}

static void close_conn(struct link *link)
{
    struct attach *k = (struct attach *)link;
    futu_conn_free(k->conn);
    k->conn = NULL;
    k->epoch++;
    k->coming_up = k->waiting = k->ended = false;
    k->out.n = 0;
}

static void feed(struct attach *k)
{
    struct buf full = k->out;
    k->out = k->feeding;
    k->feeding = full;
    futu_err err = futu_conn_feed(k->conn, full.p, full.n);
    k->feeding.n = 0;
    if (k->feeding.cap > KEEP)
        buf_free(&k->feeding);
    if (err) {
        take_output(k);
        end(k, err, "the gateway could not read the request");
    }
    loop_again(k->loop);        /* the gateway's own hook has run already */
}

static void deliver(struct attach *k)
{
    struct link_events *e = &k->link.events;
    bool fits = !k->conn || take_output(k);
    uint32_t epoch = k->epoch;
    if (k->in.n)
        e->data(e->arg, k->in.p, k->in.n);
    k->in.n = 0;
    if (k->in.cap > KEEP)
        buf_free(&k->in);
    if (k->epoch == epoch && !fits)
        e->down(e->arg, FUTU_ENOMEM, futu_strerror(FUTU_ENOMEM));
}

static void on_turn(struct loop_hook *h)
{
    struct attach *k = container_of(h, struct attach, hook);
    struct link_events *e = &k->link.events;
    uint32_t epoch = k->epoch;
    if (k->coming_up) {
        k->coming_up = false;
        e->up(e->arg);
    }
    if (k->epoch == epoch && (k->waiting || k->in.n))
        deliver(k);
    if (k->epoch == epoch && k->conn && k->out.n)
        feed(k);
    if (k->epoch == epoch && k->ended && !k->in.n) {
        k->ended = false;
        e->down(e->arg, k->end_err, k->end_why);
    }
}

static void free_attach(struct link *link)
{
    struct attach *k = (struct attach *)link;
    close_conn(link);
    loop_hook_remove(&k->hook);
    list_remove(&k->node);
    buf_free(&k->out);
    buf_free(&k->feeding);
    buf_free(&k->in);
    mem_free(k);
}

static const struct link_ops ops = { open_conn, out_buffer, close_conn, free_attach };

futu_err attach_new(struct link **out, futu_gateway *g)
{
    struct attach *k = mem_zalloc(sizeof(*k));
    if (!k)
        return FUTU_ENOMEM;
    k->link.ops = &ops;
    k->gateway = g;
    k->loop = g->loop;
    k->out.max = k->feeding.max = LINK_MAX_OUT;
    list_push(&g->attached, &k->node);
    loop_hook_add(g->loop, &k->hook, on_turn);
    *out = &k->link;
    return FUTU_OK;
}

void attach_drop_all(futu_gateway *g)
{
    while (!list_empty(&g->attached)) {
        struct attach *k = list_entry(g->attached.next, struct attach, node);
        k->gateway = NULL;
        list_remove(&k->node);
    }
}
