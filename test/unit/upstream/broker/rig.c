/* rig.c - see rig.h. */
#include "rig.h"

struct rig_link {
    struct link link;
    struct list node;
    struct rig *r;
    struct net_addr addr;
    struct emu_conn *conn;
    struct buf out, in;                 /* of the client; to the client */
    int64_t limit;                      /* of connecting */
    bool opened, up, ended;             /* ended: the server closes once `in` is empty */
};

static const struct emu_login logins[] = {
    { 1, RIG_USER, "platform-signature", "0123456789abcdef0123456789abcdef", 32 },
    { 1001, 5551001, "hk-signature", "fedcba9876543210fedcba9876543210", 32 },
    { 1007, 5551007, "us-signature", "00112233445566778899aabb", 24 },
};

const struct emu_login *rig_login(int32_t identity)
{
    for (size_t i = 0; i < ARRAY_LEN(logins); i++)
        if (logins[i].identity == identity)
            return &logins[i];
    ck_abort_msg("no login of %d", identity);
}

static enum rig_how how_of(const struct rig *r, const char *host)
{
    for (size_t i = 0; i < r->n_hosts; i++)
        if (strcmp(r->hosts[i].host, host) == 0)
            return r->hosts[i].how;
    return RIG_UP;
}

void rig_host(struct rig *r, const char *host, enum rig_how how)
{
    for (size_t i = 0; i < r->n_hosts; i++)
        if (strcmp(r->hosts[i].host, host) == 0) {
            r->hosts[i].how = how;
            return;
        }
    ck_assert_uint_lt(r->n_hosts, RIG_HOSTS);
    str_copy(r->hosts[r->n_hosts].host, 64, str_c(host));
    r->hosts[r->n_hosts++].how = how;
}

void rig_name(struct rig *r, const char *name, const char *const *found, size_t n)
{
    str_copy(r->name, sizeof(r->name), str_c(name));
    for (size_t i = 0; i < n; i++)
        r->found[i] = found[i];
    r->n_found = n;
}

/* ---- links ---- */

static void conn_out(void *arg, const void *p, size_t n)
{
    struct rig_link *k = arg;
    if (buf_put(&k->in, p, n))          /* in a test of failing allocations: a lost connection */
        k->ended = true;
}

static void conn_close(void *arg)
{
    ((struct rig_link *)arg)->ended = true;
}

static futu_err link_open(struct link *link, int64_t timeout_ns)
{
    struct rig_link *k = (struct rig_link *)link;
    k->opened = true;
    k->limit = k->r->time.mono_ns + timeout_ns;
    ck_assert_uint_lt(k->r->n_dialled, RIG_DIALS);
    k->r->dialled[k->r->n_dialled++] = k->addr;
    return FUTU_OK;
}

static struct buf *link_out(struct link *link)
{
    return &((struct rig_link *)link)->out;
}

static void link_close(struct link *link)
{
    struct rig_link *k = (struct rig_link *)link;
    k->opened = k->up = false;
    emu_conn_free(k->conn);
    k->conn = NULL;
}

static void link_free(struct link *link)
{
    struct rig_link *k = (struct rig_link *)link;
    link_close(link);
    list_remove(&k->node);
    buf_free(&k->out);
    buf_free(&k->in);
    free(k);
}

static const struct link_ops link_ops = { link_open, link_out, link_close, link_free };

static futu_err make_link(void *arg, struct link **out, const struct net_addr *a)
{
    struct rig *r = arg;
    if (r->link_err || mem_refused())
        return r->link_err ? r->link_err : FUTU_ENOMEM;
    struct rig_link *k = calloc(1, sizeof(*k));
    k->link.ops = &link_ops;
    k->r = r;
    k->addr = *a;
    list_push(&r->links, &k->node);
    *out = &k->link;
    return FUTU_OK;
}

/* ---- names ---- */

static futu_err look_up(void *arg, struct net_lookup *q, const char *name)
{
    struct rig *r = arg;
    r->lookups++;
    if (strcmp(name, r->name) != 0)
        return FUTU_ENOTFOUND;
    r->lookup = q;
    return FUTU_OK;
}

static void cancel(void *arg, struct net_lookup *q)
{
    struct rig *r = arg;
    if (r->lookup == q)
        r->lookup = NULL;
}

static bool answer_name(struct rig *r)
{
    char found[NET_FOUND_MAX][NET_HOST_MAX + 1];
    struct net_lookup *q = r->lookup;
    if (!q || r->slow_name)
        return false;
    for (size_t i = 0; i < r->n_found; i++)
        str_copy(found[i], sizeof(found[i]), str_c(r->found[i]));
    r->lookup = NULL;
    q->done(q, FUTU_OK, found, r->n_found);
    return true;
}

/* ---- moving ---- */

static bool connect_link(struct rig_link *k)
{
    const struct emu_conn_events events = { conn_out, conn_close, k };
    enum rig_how how = how_of(k->r, k->addr.host);
    struct link_events e = k->link.events;
    if (how == RIG_REFUSES) {
        e.down(e.arg, FUTU_EREFUSED, "connection refused");
        return true;
    }
    if (how == RIG_DEAD) {
        if (k->r->time.mono_ns < k->limit)
            return false;
        e.down(e.arg, FUTU_ETIMEDOUT, "connecting took too long");
        return true;
    }
    k->up = true;
    if (how == RIG_UP && k->r->emu)
        k->conn = emu_conn_new(k->r->emu, k->addr.host, k->addr.port, &events);
    e.up(e.arg);
    return true;
}

/* True: something moved, and the list of links may be another one. */
static bool move_link(struct rig_link *k)
{
    if (!k->opened)
        return false;
    if (!k->up)
        return connect_link(k);
    if (k->out.n) {
        struct buf out = k->out;
        k->out = (struct buf)BUF_INIT;
        if (k->conn)
            emu_conn_feed(k->conn, out.p, out.n);
        buf_free(&out);
        return true;
    }
    if (k->in.n) {
        size_t n = k->r->chunk ? MIN(k->r->chunk, k->in.n) : k->in.n;
        uint8_t *p = malloc(n);
        memcpy(p, k->in.p, n);
        buf_consume(&k->in, n);
        k->link.events.data(k->link.events.arg, p, n);
        free(p);
        return true;
    }
    if (!k->ended)
        return false;
    k->link.events.down(k->link.events.arg, FUTU_ENOTCONN, "closed by the peer");
    return true;
}

static bool move_any(struct rig *r)
{
    struct list *it, *tmp;
    list_each(it, tmp, &r->links)
        if (move_link(list_entry(it, struct rig_link, node)))
            return true;
    return answer_name(r);
}

/* What a timer sets to now comes a nanosecond later, and what follows from it some more. */
void rig_pump(struct rig *r)
{
    timers_run(&r->timers, r->time.mono_ns);
    for (;;) {
        while (move_any(r))
            ;
        int64_t next = timers_next(&r->timers);
        if (next > r->time.mono_ns + NS_PER_US)
            return;
        clock_fake_advance(&r->time, MAX(next - r->time.mono_ns, 0));
        timers_run(&r->timers, r->time.mono_ns);
    }
}

void rig_pass(struct rig *r, int64_t ns)
{
    rig_pump(r);
    for (int64_t end = r->time.mono_ns + ns; r->time.mono_ns < end;) {
        clock_fake_advance(&r->time, MIN(100 * NS_PER_MS, end - r->time.mono_ns));
        rig_pump(r);
    }
}

void rig_say(struct rig *r, const void *p, size_t n)
{
    struct list *it, *tmp;
    list_each(it, tmp, &r->links) {
        struct rig_link *k = list_entry(it, struct rig_link, node);
        if (k->up)
            conn_out(k, p, n);
    }
    rig_pump(r);
}

unsigned rig_connected(const struct rig *r)
{
    unsigned n = 0;
    for (const struct list *it = r->links.next; it != &r->links; it = it->next)
        n += list_entry(it, struct rig_link, node)->up;
    return n;
}

static void fill(struct rig *r)
{
    const struct emu_opts o = { .clock = &r->clock, .timers = &r->timers, .seed = 7 };
    static const struct emu_account accounts[] = {
        { 1001, 7001, 1, "HK-7001", UINT64_C(281756455983234), Trd_Common_TrdEnv_Real, false },
        { 1007, 7002, 2, "US-7002", UINT64_C(281756455983234), Trd_Common_TrdEnv_Real, false },
    };
    char why[200];
    ck_assert_int_eq(emu_new(&r->emu, &o, why, sizeof(why)), FUTU_OK);
    for (size_t i = 0; i < ARRAY_LEN(logins); i++)
        ck_assert(emu_set_login(r->emu, &logins[i]));
    for (size_t i = 0; i < ARRAY_LEN(accounts); i++)
        ck_assert(emu_add_account(r->emu, &accounts[i]));
}

void rig_init(struct rig *r)
{
    memset(r, 0, sizeof(*r));
    r->time.mono_ns = 1000 * NS_PER_S;
    r->time.wall_ns = RIG_WALL;
    r->clock = clock_fake(&r->time);
    list_init(&r->links);
    r->net = (struct net){ make_link, look_up, cancel, r };
    fill(r);
}

void rig_free(struct rig *r)
{
    ck_assert(list_empty(&r->links));
    emu_free(r->emu);
}
