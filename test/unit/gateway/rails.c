/* rails.c - see rails.h. */
#include "rails.h"

#include <stdio.h>
#include <unistd.h>

#include "codec/splice.h"
#include "crypt/digest.h"
#include "gateway/metrics.h"

#define SURFACES (1u << IFACE_REST | 1u << IFACE_WS | 1u << IFACE_GRPC | 1u << IFACE_MCP)

/* ---- files ---- */

static futu_err disk_put(struct disk *d, const void *p, size_t n,
                         void (*done)(void *arg, futu_err err), void *arg)
{
    if (done && d->refuse)
        return d->refuse;
    if (!d->deaf)
        ck_assert_int_eq(buf_put(&d->text, p, n), FUTU_OK);
    if (!done)
        return FUTU_OK;
    ck_assert_uint_lt(d->n, ARRAY_LEN(d->waits));
    d->waits[d->n].done = done;
    d->waits[d->n++].arg = arg;
    return FUTU_OK;
}

void disk_end(struct disk *d, futu_err err)
{
    ck_assert_uint_gt(d->n, 0);
    void (*done)(void *arg, futu_err err) = d->waits[0].done;
    void *arg = d->waits[0].arg;
    memmove(d->waits, d->waits + 1, --d->n * sizeof(d->waits[0]));
    done(arg, err);
}

void disk_end_all(struct disk *d)
{
    while (d->n > 0)
        disk_end(d, FUTU_OK);
}

void rails_written(struct rails *k)
{
    disk_end_all(&k->trail);
    disk_end_all(&k->daily);
}

static futu_err sink(void *arg, const char *line, size_t n, int64_t wall_ns,
                     void (*done)(void *arg, futu_err err), void *done_arg)
{
    (void)wall_ns;
    return disk_put(arg, line, n, done, done_arg);
}

static futu_err append(void *arg, const void *p, size_t n, void (*done)(void *arg, futu_err err),
                       void *done_arg)
{
    ck_assert(done != NULL);
    return disk_put(arg, p, n, done, done_arg);
}

static bool has_all(futu_str line, const char *const *parts)
{
    for (; *parts; parts++)
        if (!memmem(line.p, line.n, *parts, strlen(*parts)))
            return false;
    return true;
}

size_t trail_with(struct rails *k, const char *const *parts)
{
    size_t hits = 0;
    const char *p = (const char *)k->trail.text.p, *end = p + k->trail.text.n;
    while (p < end) {
        const char *nl = memchr(p, '\n', (size_t)(end - p));
        ck_assert_ptr_nonnull(nl);
        hits += has_all((futu_str){ p, (size_t)(nl - p) }, parts);
        p = nl + 1;
    }
    return hits;
}

void trail_clear(struct rails *k)
{
    k->trail.text.n = 0;
}

double metric(struct rails *k, const char *series)
{
    struct buf b = BUF_INIT;
    double v = -1;
    size_t n = strlen(series);
    ck_assert_int_eq(metrics_write(k->r.hub, true, &b), FUTU_OK);
    ck_assert_int_eq(buf_byte(&b, 0), FUTU_OK);
    for (const char *p = (const char *)b.p; p && *p; p = strchr(p, '\n'), p += p != NULL)
        if (strncmp(p, series, n) == 0 && p[n] == ' ')
            v = strtod(p + n, NULL);
    buf_free(&b);
    return v;
}

/* ---- keys ---- */

void rails_begin(struct rails *k)
{
    memset(k, 0, sizeof(*k));
    snprintf(k->dir, sizeof(k->dir), "/tmp/rails.XXXXXX");
    ck_assert(mkdtemp(k->dir) != NULL);
    snprintf(k->path, sizeof(k->path), "%s/keys.json", k->dir);
}

void rails_key(struct rails *k, const char *id, const char *scopes, const char *more)
{
    char token[80], hex[65];
    uint8_t hash[32];
    snprintf(token, sizeof(token), "token-%s", id);
    sha256(token, strlen(token), hash);
    hex_lower(hash, sizeof(hash), hex);
    ck_assert_int_eq(buf_printf(&k->keys, "%s{\"id\":\"%s\",\"hash\":\"%s\",\"scopes\":[%s]%s}",
                                k->keys.n ? "," : "", id, hex, scopes, more), FUTU_OK);
}

void rails_save(struct rails *k)
{
    FILE *f = fopen(k->path, "w");
    ck_assert(f != NULL);
    fprintf(f, "{\"version\":1,\"keys\":[%.*s]}", (int)k->keys.n, (const char *)k->keys.p);
    ck_assert_int_eq(fclose(f), 0);
    buf_free(&k->keys);
}

struct api_key *rails_api_key(struct rails *k, const char *id)
{
    char token[80];
    struct api_key *key;
    if (!id)
        return NULL;
    snprintf(token, sizeof(token), "token-%s", id);
    access_open(k->access, IFACE_REST, str_c(token), &key);
    ck_assert_msg(key != NULL, "no key %s", id);
    return key;
}

void rails_reload(struct rails *k)
{
    char why[256];
    futu_err err = access_reload(k->access, why, sizeof(why));
    ck_assert_msg(err == FUTU_OK, "%s", why);
    hub_keys_changed(k->r.hub);
}

/* ---- life ---- */

futu_err rails_try(struct rails *k, const struct hub_opts *opts)
{
    struct hub_opts o = { .frequency_limits_off = true };
    struct access_opts ao = { .clock = clock_fake(&k->r.time) };
    char why[256];
    if (opts)
        o = *opts;
    futu_err err = FUTU_OK;
    if (access(k->path, F_OK) == 0 && !k->access) {
        err = access_new(&k->access, &ao);
        if (!err)
            err = access_add_file(k->access, SURFACES, k->path, why, sizeof(why));
    }
    if (err)
        return err;
    audit_init(&k->audit, &ao.clock);
    k->audit.sink = sink;
    k->audit.arg = &k->trail;
    o.access = k->access;
    o.audit = &k->audit;
    o.daily = (struct hub_store){ .append = append, .arg = &k->daily };
    return rig_try(&k->r, &o);
}

void rails_open(struct rails *k, const struct hub_opts *opts)
{
    ck_assert_int_eq(rails_try(k, opts), FUTU_OK);
}

void rails_close(struct rails *k)
{
    rig_free(&k->r);
    access_free(k->access);
    audit_free(&k->audit);
    buf_free(&k->trail.text);
    buf_free(&k->daily.text);
    buf_free(&k->keys);
    unlink(k->path);
    ck_assert_int_eq(rmdir(k->dir), 0);
}

/* ---- callers ---- */

futu_conn *rails_caller(struct rails *k, enum iface iface, const char *id)
{
    futu_conn *c;
    ck_assert_int_eq(hub_caller(k->r.hub, iface, rails_api_key(k, id), &c), FUTU_OK);
    return c;
}

static void on_told(struct hub_call *call, const struct hub_reply *r)
{
    struct told *t = container_of(call, struct told, call);
    t->times++;
    t->gone = r == NULL;
    if (!r)
        return;
    t->deny = r->deny;
    t->repeat = r->repeat;
    t->body.n = 0;
    if (r->deny) {
        snprintf(t->text, sizeof(t->text), "%s", r->text);
        return;
    }
    t->ret = response_ret(r->body, r->len);
    str_copy(t->text, sizeof(t->text), response_text(r->body, r->len));
    buf_put(&t->body, r->body, r->len);
}

void told_ask_bytes(struct told *t, futu_conn *c, uint32_t proto, const void *body, size_t n)
{
    ck_assert(!t->call.done || t->times > 0);       /* the last one has been answered */
    struct buf room = t->body;
    *t = (struct told){ .body = room };
    t->call = (struct hub_call){ .proto = proto, .body = body, .len = n, .endpoint = "/test",
                                 .peer = "10.0.0.1", .done = on_told };
    list_init(&t->call.link);
    hub_call(c, &t->call);
}

void told_ask(struct told *t, futu_conn *c, uint32_t proto, const void *request)
{
    struct buf b = BUF_INIT;
    ck_assert_int_eq(codec_encode(proto_find(proto)->request, request, &b, NULL), FUTU_OK);
    told_ask_bytes(t, c, proto, b.p, b.n);
    buf_free(&b);
}

void told_free(struct told *t)
{
    buf_free(&t->body);
}

/* ---- /ws ---- */

void viewer_open(struct peer *p, struct rails *k, const char *id, bool decoded)
{
    futu_conn_opts o = FUTU_CONN_OPTS_INIT;
    struct hub_events_opts e = { .key = rails_api_key(k, id), .decoded = decoded };
    o.wire = FUTU_WIRE_EVENTS;
    peer_listen(p, &k->r, &o);
    ck_assert_int_eq(hub_events_new(k->r.hub, &p->c, &o, &e), FUTU_OK);
}

const char *viewer_next(struct peer *p)
{
    static char text[1 << 16];
    peer_take(p);
    if (p->at == p->in.n)
        return NULL;
    const uint8_t *b = p->in.p + p->at;
    size_t n = b[1], head = 2;
    ck_assert_uint_eq(b[0], 0x81);
    if (n == 126) {
        n = (size_t)(b[2] << 8 | b[3]);
        head = 4;
    }
    ck_assert_uint_lt(n, sizeof(text));
    ck_assert_uint_ge(p->in.n - p->at, head + n);
    memcpy(text, b + head, n);
    text[n] = '\0';
    p->at += head + n;
    return text;
}

int64_t text_number(const char *text, const char *member)
{
    char name[64];
    snprintf(name, sizeof(name), "\"%s\":", member);
    const char *at = strstr(text, name);
    return at ? strtoll(at + strlen(name), NULL, 10) : -1;
}

/* ---- requests ---- */

size_t place_bytes(uint64_t conn_id, const struct place *o, uint8_t out[512])
{
    static uint32_t serial = 1000;
    Common_PacketID id = { .connID = 0 };
    Trd_Common_TrdHeader header = { .trdEnv = 0 };
    Trd_PlaceOrder_C2S c2s = { .packetID = &id, .header = &header,
                               .code = str_c(o->code ? o->code : "00700"),
                               .idempotencyKey = str_c(o->word) };
    Trd_PlaceOrder_Request rq = { &c2s };
    struct buf b = { out, 0, 512, 512 };
    SET(&id, connID, conn_id);
    SET(&id, serialNo, o->serial ? o->serial : ++serial);
    SET(&header, trdEnv, o->env);
    SET(&header, accID, o->acc_id ? o->acc_id : 1001);
    SET(&header, trdMarket, o->market ? o->market : Trd_Common_TrdMarket_HK);
    SET(&c2s, trdSide, o->side ? o->side : Trd_Common_TrdSide_Buy);
    SET(&c2s, orderType, o->type ? o->type : Trd_Common_OrderType_Normal);
    SET(&c2s, qty, o->qty != 0 ? o->qty : 100);
    if (o->price != 0)
        SET(&c2s, price, o->price);
    if (o->sec_market)
        SET(&c2s, secMarket, o->sec_market);
    if (o->amount != 0)
        SET(&c2s, amount, o->amount);
    if (o->aux != 0)
        SET(&c2s, auxPrice, o->aux);
    ck_assert_int_eq(codec_encode(&Trd_PlaceOrder_Request_msg, &rq, &b, NULL), FUTU_OK);
    return b.n;
}

void told_place(struct told *t, futu_conn *c, const struct place *o)
{
    uint8_t bytes[512];
    size_t n = place_bytes(hub_conn_id(c), o, bytes);
    told_ask_bytes(t, c, 2202, bytes, n);
}

static void fill(const futu_msg *m, void *msg, struct arena *mem)
{
    for (size_t i = 0; i < m->n_fields; i++) {
        const struct pb_field *f = &m->fields[i];
        char *at = (char *)msg + f->off;
        if (f->label != PB_REQUIRED)
            continue;
        if (f->type == PB_MESSAGE) {
            void *sub = rails_filled(f->sub, mem);
            memcpy(at, &sub, sizeof(sub));
        } else if (f->type == PB_STRING || f->type == PB_BYTES) {
            *(futu_str *)at = STR("");
        } else {
            *((bool *)msg + f->off_has) = true;
        }
    }
}

void *rails_filled(const futu_msg *m, struct arena *mem)
{
    void *msg = arena_alloc(mem, m->size);
    ck_assert_ptr_nonnull(msg);
    fill(m, msg, mem);
    return msg;
}

void rails_price(struct rails *k, double price)
{
    struct arena mem = ARENA_INIT;
    Qot_GetSecuritySnapshot_SnapshotBasicData basic = { .curPrice = 0 };
    Qot_GetSecuritySnapshot_Snapshot shot = { .basic = &basic };
    Qot_GetSecuritySnapshot_S2C s2c = { .n_snapshotList = 1, .snapshotList = &shot };
    Qot_GetSecuritySnapshot_Response rsp = { .s2c = &s2c };
    fill(&Qot_GetSecuritySnapshot_SnapshotBasicData_msg, &basic, &mem);
    SET(&rsp, retType, 0);
    SET(&basic, curPrice, price);
    rig_answer_msg(&k->r, 3203, &rsp);
    arena_free(&mem);
}

size_t rails_request(const struct proto_row *row, uint64_t acc_id, uint8_t out[512])
{
    const struct pb_field *c2s = codec_field(row->request, STR("c2s"));
    struct arena mem = ARENA_INIT;
    char *rq = rails_filled(row->request, &mem);
    char *body = *(char **)(rq + c2s->off);
    const struct pb_field *header = codec_field(c2s->sub, STR("header"));
    struct buf b = { out, 0, 512, 512 };
    if (header)
        (*(Trd_Common_TrdHeader **)(body + header->off))->accID = acc_id;
    ck_assert_int_eq(codec_encode(row->request, rq, &b, NULL), FUTU_OK);
    arena_free(&mem);
    return b.n;
}

void rails_accounts(struct rails *k, const uint64_t *ids, size_t n, long fail_at)
{
    struct arena mem = ARENA_INIT;
    Trd_GetAccList_Response *rsp = rails_filled(&Trd_GetAccList_Response_msg, &mem);
    Trd_GetAccList_S2C s2c = { .n_accList = n };
    s2c.accList = arena_alloc(&mem, n * sizeof(*s2c.accList));
    for (size_t i = 0; i < n; i++) {
        char *card = arena_alloc(&mem, 17);
        SET(&s2c.accList[i], trdEnv, 1);
        SET(&s2c.accList[i], accID, ids[i]);
        snprintf(card, 17, "1000000000%06u", (unsigned)ids[i]);
        s2c.accList[i].cardNum = str_c(card);
    }
    SET(rsp, retType, 0);
    rsp->s2c = &s2c;
    k->r.fake.fail_at = fail_at;
    rig_answer_msg(&k->r, 2001, rsp);
    k->r.fake.fail_at = -1;
    arena_free(&mem);
}
