/* peer.c - see peer.h. What it keeps comes from malloc(), so that allocations that fail are the
 * relay's. */
#include "peer.h"

#include "crypt/digest.h"

#define ENCODED (1 << 18)

struct kept {
    struct kept *next;
    uint8_t bytes[];
};

const uint8_t *peer_keep(struct peer *p, const void *bytes, size_t n)
{
    struct kept *k = malloc(sizeof(*k) + n + 1);
    ck_assert_ptr_nonnull(k);
    k->next = p->kept;
    p->kept = k;
    if (n)
        memcpy(k->bytes, bytes, n);
    k->bytes[n] = '\0';
    return k->bytes;
}

/* ---- links ---- */

static struct peer_link *of(struct link *k)
{
    return container_of(k, struct peer_link, link);
}

static futu_err link_open(struct link *link, int64_t timeout)
{
    struct peer_link *k = of(link);
    (void)timeout;
    framer_free(&k->framer);
    framer_init(&k->framer, FRAME_MAX_BODY);
    k->out.n = 0;
    k->opened++;
    k->open = k->coming_up = true;
    return FUTU_OK;
}

static struct buf *link_out(struct link *link)
{
    return &of(link)->out;
}

static void link_close(struct link *link)
{
    of(link)->open = of(link)->coming_up = false;
}

static void link_free(struct link *link)
{
    struct peer_link *k = of(link);
    for (unsigned i = 0; i < LANES; i++)
        if (k->p->links[i] == k)
            k->p->links[i] = NULL;
    framer_free(&k->framer);
    buf_free(&k->out);
    free(k);
}

static const struct link_ops link_ops = { link_open, link_out, link_close, link_free };

static futu_err make_link(struct link **out, void *arg)
{
    struct peer *p = arg;
    struct peer_link *k = mem_refused() ? NULL : calloc(1, sizeof(*k));
    *out = NULL;
    if (!k)
        return FUTU_ENOMEM;
    k->link.ops = &link_ops;
    k->p = p;
    framer_init(&k->framer, FRAME_MAX_BODY);
    ck_assert_uint_lt(p->n_links, LANES);
    p->links[p->n_links++] = k;
    *out = &k->link;
    return FUTU_OK;
}

void peer_bytes(struct peer *p, enum lane_id lane, const void *bytes, size_t n)
{
    struct peer_link *k = p->links[lane];
    unsigned conn = k->opened;
    for (size_t at = 0; at < n && k->open && k->opened == conn;) {
        size_t step = MIN(p->chunk ? p->chunk : n, n - at);
        k->link.events.data(k->link.events.arg, (const uint8_t *)bytes + at, step);
        at += step;
    }
}

static void send_frame(struct peer *p, enum lane_id lane, uint32_t proto, uint8_t fmt,
                       uint32_t serial, const void *body, size_t n)
{
    uint8_t digest[20], *all = malloc(FRAME_HEAD + n);
    ck_assert_ptr_nonnull(all);
    sha1(body, n, digest);
    frame_head_write(all, proto, fmt, serial, (uint32_t)n, digest);
    if (n)
        memcpy(all + FRAME_HEAD, body, n);
    if (!p->links[lane]->mute)
        peer_bytes(p, lane, all, FRAME_HEAD + n);
    free(all);
}

/* ---- what the upstream does by itself ---- */

static void answer_init(struct peer *p, struct asked *a)
{
    struct peer_link *k = p->links[a->lane];
    const uint64_t user = 10000001, conn = 1000u * (a->lane + 1) + k->opened;
    const int32_t ver = 1003, interval = 10, zero = 0;
    uint8_t s2c[128], body[160], *q = s2c;
    if (k->init_text) {
        peer_refuse(p, a, k->init_text);
        return;
    }
    q = pb_put_scalar(q, 1, PB_INT32, &ver);
    q = pb_put_scalar(q, 2, PB_UINT64, &user);
    q = pb_put_scalar(q, 3, PB_UINT64, &conn);
    q = pb_put_text(q, 4, STR("0123456789ABCDEF"));
    q = pb_put_scalar(q, 5, PB_INT32, &interval);
    uint8_t *end = pb_put_scalar(body, 1, PB_INT32, &zero);
    end = pb_put_text(end, TAG_S2C, (futu_str){ (const char *)s2c, (size_t)(q - s2c) });
    peer_answer(p, a, body, (size_t)(end - body));
}

/* The upstream as a futu-opend: one hop with its process and its link. */
static void answer_boot(struct peer *p, struct asked *a)
{
    const int32_t zero = 0, state = p->far_down ? Gateway_GetInfo_LinkState_Connecting
                                                : Gateway_GetInfo_LinkState_Up;
    const int64_t since = 1;
    uint8_t link[32], hop[112], s2c[128], body[144], *q = link;
    if (!p->boot_id) {
        peer_refuse(p, a, "未知的协议ID");
        return;
    }
    q = pb_put_scalar(pb_put_text(q, 1, STR("quote")), 2, PB_INT32, &state);
    q = pb_put_scalar(q, 3, PB_INT64, &since);
    futu_str part = { (const char *)link, (size_t)(q - link) };
    q = pb_put_scalar(hop, 1, PB_UINT64, &p->boot_id);
    q = pb_put_text(pb_put_text(q, 2, STR("futu-opend")), 3, STR("far:11111"));
    q = pb_put_text(q, 5, part);
    part = (futu_str){ (const char *)hop, (size_t)(q - hop) };
    q = pb_put_text(s2c, 1, part);
    part = (futu_str){ (const char *)s2c, (size_t)(q - s2c) };
    q = pb_put_text(pb_put_scalar(body, 1, PB_INT32, &zero), TAG_S2C, part);
    peer_answer(p, a, body, (size_t)(q - body));
}

static void answer_quota(struct peer *p, struct asked *a)
{
    const int32_t zero = 0;
    uint8_t s2c[32], body[48];
    uint8_t *q = pb_put_scalar(s2c, 2, PB_INT32, &zero);
    q = pb_put_scalar(q, 3, PB_INT32, &p->remain);
    uint8_t *end = pb_put_scalar(body, 1, PB_INT32, &zero);
    end = pb_put_text(end, TAG_S2C, (futu_str){ (const char *)s2c, (size_t)(q - s2c) });
    peer_answer(p, a, body, (size_t)(end - body));
}

static void answer_sub(struct peer *p, struct asked *a)
{
    if (p->manual)
        return;
    if (p->no_right && memmem(a->body, a->n, p->no_right, strlen(p->no_right)))
        peer_refuse(p, a, "no right for this security");
    else
        peer_ok(p, a);
}

static void answer_by_itself(struct peer *p, struct asked *a)
{
    static const uint8_t alive[] = { 8, 0, 0x22, 2, 8, 1 };
    if (p->links[a->lane]->mute)
        return;
    switch (a->proto) {
    case 1001:
        answer_init(p, a);
        break;
    case 1004:
        peer_answer(p, a, alive, sizeof(alive));
        break;
    case PROTO_GATEWAY_INFO:
        answer_boot(p, a);
        break;
    case P_SUB_INFO:
        answer_quota(p, a);
        break;
    case P_SUB:
    case P_REG_PUSH:
    case P_SUB_ACC:
        answer_sub(p, a);
        break;
    default:
        break;
    }
}

/* ---- moving ---- */

static void take_frames(struct peer *p, enum lane_id lane, const uint8_t *bytes, size_t n)
{
    struct peer_link *k = p->links[lane];
    struct frame f;
    size_t used;
    for (size_t at = 0; at < n; at += used) {
        futu_err err = framer_feed(&k->framer, bytes + at, n - at, &used, &f);
        if (err == FUTU_EAGAIN)
            return;
        ck_assert_int_eq(err, FUTU_OK);
        ck_assert_uint_lt(p->n_asked, PEER_ASKED);
        p->asked[p->n_asked++] = (struct asked){ lane, k->opened, f.proto, f.serial, f.fmt,
                                                 peer_keep(p, f.body, f.len), f.len, false };
    }
}

static bool pump_link(struct peer *p, enum lane_id lane)
{
    struct peer_link *k = p->links[lane];
    unsigned from = p->n_asked;
    if (!k || !k->open)
        return false;
    if (k->refuse) {
        k->link.events.down(k->link.events.arg, k->refuse, "the link is cut");
        return true;
    }
    if (k->coming_up) {
        k->coming_up = false;
        k->link.events.up(k->link.events.arg);
        return true;
    }
    if (k->out.n == 0)
        return false;
    take_frames(p, lane, k->out.p, k->out.n);
    k->out.n = 0;
    for (unsigned i = from; i < p->n_asked; i++)
        answer_by_itself(p, &p->asked[i]);
    return true;
}

void peer_pump(struct peer *p)
{
    for (int i = 0; i < 1000 && !p->inside; i++) {
        bool moved = false;
        for (int k = 0; k < LANES; k++)
            moved |= pump_link(p, (enum lane_id)k);
        if (!moved)
            return;
    }
    if (p->inside)
        return;
    ck_abort_msg("the relay does not come to rest");
}

void peer_pass(struct peer *p, int64_t ns)
{
    peer_pump(p);
    while (ns > 0) {
        int64_t step = MIN(ns, 100 * NS_PER_MS);
        clock_fake_advance(&p->time, step);
        timers_run(&p->timers, p->time.mono_ns);
        peer_pump(p);
        ns -= step;
    }
}

bool peer_up(const struct peer *p, enum lane_id lane)
{
    return lane_up(&p->r->lanes[lane]);
}

void peer_cut(struct peer *p, enum lane_id lane)
{
    struct peer_link *k = p->links[lane];
    ck_assert(k->open);
    k->link.events.down(k->link.events.arg, FUTU_ENOTCONN, "the link is cut");
    peer_pump(p);
}

void peer_block(struct peer *p, enum lane_id lane, futu_err err)
{
    p->links[lane]->refuse = err;
    peer_pump(p);
}

/* ---- requests ---- */

struct asked *peer_find(struct peer *p, uint32_t proto)
{
    peer_pump(p);
    for (unsigned i = 0; i < p->n_asked; i++) {
        struct asked *a = &p->asked[i];
        const struct peer_link *k = p->links[a->lane];
        if (a->proto == proto && !a->answered && k->open && k->opened == a->conn)
            return a;
    }
    return NULL;
}

struct asked *peer_need(struct peer *p, uint32_t proto)
{
    struct asked *a = peer_find(p, proto);
    ck_assert_msg(a != NULL, "no request %u waits", proto);
    return a;
}

struct asked *peer_last(struct peer *p, uint32_t proto)
{
    peer_pump(p);
    for (unsigned i = p->n_asked; i > 0; i--)
        if (p->asked[i - 1].proto == proto)
            return &p->asked[i - 1];
    ck_abort_msg("no request %u came", proto);
    return NULL;
}

unsigned peer_count(struct peer *p, uint32_t proto)
{
    unsigned n = 0;
    peer_pump(p);
    for (unsigned i = 0; i < p->n_asked; i++)
        n += p->asked[i].proto == proto;
    return n;
}

void *peer_decode(struct peer *p, const futu_msg *m, const uint8_t *body, size_t n)
{
    struct codec_error why = { "", "" };
    void *msg = arena_alloc(&p->arena, m->size);
    ck_assert_ptr_nonnull(msg);
    futu_err err = codec_decode(m, &p->arena, body, n, msg, NULL, &why);
    ck_assert_msg(err == FUTU_OK, "%s: %s: %s", m->name, why.path, why.what);
    return msg;
}

void *peer_request(struct peer *p, const struct asked *a)
{
    return peer_decode(p, proto_find(a->proto)->request, a->body, a->n);
}

void peer_answer(struct peer *p, struct asked *a, const void *body, size_t n)
{
    struct peer_link *k = p->links[a->lane];
    ck_assert(!a->answered);
    a->answered = true;
    if (k->open && k->opened == a->conn)
        send_frame(p, a->lane, a->proto, a->fmt, a->serial, body, n);
}

const uint8_t *peer_encode(struct peer *p, const futu_msg *m, const void *msg, size_t *n)
{
    struct codec_error why = { "", "" };
    p->encoded.n = 0;
    futu_err err = codec_encode(m, msg, &p->encoded, &why);
    ck_assert_msg(err == FUTU_OK, "%s: %s: %s", m->name, why.path, why.what);
    return peer_keep(p, p->encoded.p, *n = p->encoded.n);
}

void peer_answer_msg(struct peer *p, struct asked *a, const void *response)
{
    size_t n;
    const uint8_t *body = peer_encode(p, proto_find(a->proto)->response, response, &n);
    peer_answer(p, a, body, n);
    peer_pump(p);
}

void peer_ok(struct peer *p, struct asked *a)
{
    static const uint8_t ok[] = { 8, 0, 0x12, 0, 0x18, 0, 0x22, 0 };
    peer_answer(p, a, ok, sizeof(ok));
}

void peer_refuse(struct peer *p, struct asked *a, const char *text)
{
    const int32_t failed = RET_FAILED;
    uint8_t body[300];
    ck_assert_uint_lt(strlen(text), 256);
    uint8_t *q = pb_put_scalar(body, TAG_RET, PB_INT32, &failed);
    q = pb_put_text(q, TAG_TEXT, str_c(text));
    peer_answer(p, a, body, (size_t)(q - body));
}

void peer_push(struct peer *p, enum lane_id lane, uint32_t proto, const void *body, size_t n)
{
    peer_pump(p);
    send_frame(p, lane, proto, FRAME_PROTOBUF, 0, body, n);
    peer_pump(p);
}

void peer_push_msg(struct peer *p, enum lane_id lane, uint32_t proto, const void *response)
{
    size_t n;
    const uint8_t *body = peer_encode(p, proto_find(proto)->response, response, &n);
    peer_push(p, lane, proto, body, n);
}

/* ---- life ---- */

static uint64_t no_random(void)
{
    return 0;
}

void peer_prepare(struct peer *p)
{
    memset(p, 0, sizeof(*p));
    p->time = (struct clock_fake){ 1000 * NS_PER_S, PEER_WALL };
    p->remain = 100;
    p->encoded = (struct buf){ malloc(ENCODED), 0, ENCODED, ENCODED };
    p->opts = (struct relay_opts){
        .clock = clock_fake(&p->time), .timers = &p->timers,
        .events = gate_events(p), .name = PEER_NAME, .make_link = make_link,
        .link_arg = p, .boot_id = 77, .secret = PEER_SECRET, .random = no_random,
    };
}

futu_err peer_make(struct peer *p)
{
    char why[256] = "";
    futu_err err = relay_new(&p->up, &p->opts, why, sizeof(why));
    p->r = err ? NULL : container_of(p->up, struct relay, base);
    return err;
}

void peer_init(struct peer *p)
{
    peer_prepare(p);
    ck_assert_int_eq(peer_make(p), FUTU_OK);
    peer_pass(p, 100 * NS_PER_MS);
    for (int i = 0; i < LANES; i++)
        ck_assert(peer_up(p, (enum lane_id)i));
    p->notifies.n = 0;
}

void peer_free(struct peer *p)
{
    if (p->up)
        p->up->ops->free(p->up);
    ck_assert(p->timers.root == NULL);
    while (p->kept) {
        struct kept *k = p->kept;
        p->kept = k->next;
        free(k);
    }
    free(p->encoded.p);
    arena_free(&p->arena);
}
