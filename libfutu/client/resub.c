/* resub.c - see resub.h.
 *
 * A pair is keyed by "market:sub type:code". Its options are those of the last request that named
 * it.
 */
#include "client/resub.h"

#include <stdio.h>

#include "base/arena.h"
#include "base/mem.h"

/* Compared as a whole when pairs are put together: no padding that could differ. */
struct sub_opts {
    int32_t sub_type, session, firm;    /* 0: absent */
    uint8_t push, rehabs;               /* rehabs: bit per Qot_Common.RehabType */
    uint8_t no_first, detail, extended;
    uint8_t zero[3];                    /* to the next int32_t */
};

struct sub {
    struct list node;
    struct sub_opts opts;
    int32_t market;
    bool sent;                          /* in the present replay */
    futu_str key, code;                 /* code: the end of key */
    char text[];
};

void resub_init(struct resub *s)
{
    memset(s, 0, sizeof(*s));
    list_init(&s->list);
}

static void drop(struct resub *s, struct sub *u)
{
    map_del(&s->by_key, u->key);
    list_remove(&u->node);
    mem_free(u);
}

static void drop_all(struct resub *s)
{
    struct list *it, *tmp;
    list_each(it, tmp, &s->list)
        drop(s, list_entry(it, struct sub, node));
}

void resub_free(struct resub *s)
{
    drop_all(s);
    map_free(&s->by_key);
    mem_free(s->accounts);
    resub_init(s);
}

size_t resub_count(const struct resub *s)
{
    return s->by_key.n;
}

bool resub_cares(uint32_t proto)
{
    return proto == PROTO_QOT_SUB || proto == PROTO_QOT_REG_QOT_PUSH ||
           proto == PROTO_TRD_SUB_ACC_PUSH;
}

#define KEY_MAX 96

/* STR_NULL: no code is that long. */
static futu_str make_key(char out[KEY_MAX], const Qot_Common_Security *sec, int32_t sub_type)
{
    int n = snprintf(out, KEY_MAX, "%d:%d:" STR_FMT, sec->market, sub_type, STR_ARG(sec->code));
    return n > 0 && n < KEY_MAX ? (futu_str){ out, (size_t)n } : STR_NULL;
}

static struct sub *find(struct resub *s, const Qot_Common_Security *sec, int32_t sub_type)
{
    char text[KEY_MAX];
    futu_str key = make_key(text, sec, sub_type);
    return key.p ? map_get(&s->by_key, key) : NULL;
}

static struct sub *add(struct resub *s, const Qot_Common_Security *sec, int32_t sub_type)
{
    char text[KEY_MAX];
    futu_str key = make_key(text, sec, sub_type);
    struct sub *u = key.p ? mem_zalloc(sizeof(*u) + key.n + 1) : NULL;
    if (!u)
        return NULL;
    memcpy(u->text, key.p, key.n);
    u->key = (futu_str){ u->text, key.n };
    u->code = (futu_str){ u->text + key.n - sec->code.n, sec->code.n };
    u->market = sec->market;
    u->opts.sub_type = sub_type;
    if (map_put(&s->by_key, u->key, u)) {
        mem_free(u);
        return NULL;
    }
    list_push(&s->list, &u->node);
    return u;
}

static uint8_t rehab_bits(const int32_t *list, size_t n)
{
    uint8_t bits = 0;
    for (size_t i = 0; i < n; i++)
        if (list[i] >= 0 && list[i] < 8)
            bits |= (uint8_t)(1u << list[i]);
    return bits;
}

static void set_push(struct sub *u, bool on, const int32_t *rehabs, size_t n_rehabs, bool no_first)
{
    uint8_t named = rehab_bits(rehabs, n_rehabs);
    if (on) {
        u->opts.rehabs |= named;
        u->opts.no_first = no_first;
    } else {
        u->opts.rehabs &= named ? (uint8_t)~named : 0;
    }
    u->opts.push = on || u->opts.rehabs;
}

static futu_err note_pair(struct resub *s, const Qot_Sub_C2S *q, const Qot_Common_Security *sec,
                          int32_t sub_type)
{
    struct sub *u = find(s, sec, sub_type);
    if (!q->isSubOrUnSub) {
        if (u)
            drop(s, u);
        return FUTU_OK;
    }
    u = u ? u : add(s, sec, sub_type);
    if (!u)
        return FUTU_ENOMEM;
    u->opts.session = q->session;
    u->opts.firm = q->header ? q->header->securityFirm : 0;
    u->opts.detail = q->isSubOrderBookDetail;
    u->opts.extended = q->extendedTime;
    if (q->has_isRegOrUnRegPush)
        set_push(u, q->isRegOrUnRegPush, q->regPushRehabTypeList, q->n_regPushRehabTypeList,
                 q->has_isFirstPush && !q->isFirstPush);
    return FUTU_OK;
}

static futu_err note_sub(struct resub *s, const void *request)
{
    const Qot_Sub_C2S *q = ((const Qot_Sub_Request *)request)->c2s;
    futu_err err = FUTU_OK;
    if (!q->isSubOrUnSub && q->isUnsubAll) {
        drop_all(s);
        return FUTU_OK;
    }
    for (size_t i = 0; i < q->n_securityList; i++)
        for (size_t j = 0; !err && j < q->n_subTypeList; j++)
            err = note_pair(s, q, &q->securityList[i], q->subTypeList[j]);
    return err;
}

static futu_err note_push(struct resub *s, const void *request)
{
    const Qot_RegQotPush_C2S *q = ((const Qot_RegQotPush_Request *)request)->c2s;
    for (size_t i = 0; i < q->n_securityList; i++)
        for (size_t j = 0; j < q->n_subTypeList; j++) {
            struct sub *u = find(s, &q->securityList[i], q->subTypeList[j]);
            if (u)
                set_push(u, q->isRegOrUnReg, q->rehabTypeList, q->n_rehabTypeList,
                         q->has_isFirstPush && !q->isFirstPush);
        }
    return FUTU_OK;
}

/* The newest list replaces the one before. */
static futu_err note_accounts(struct resub *s, const void *request)
{
    const Trd_SubAccPush_C2S *q = ((const Trd_SubAccPush_Request *)request)->c2s;
    uint64_t *copy = NULL;
    if (q->n_accIDList) {
        copy = mem_array(q->n_accIDList, sizeof(*copy));
        if (!copy)
            return FUTU_ENOMEM;
        memcpy(copy, q->accIDList, q->n_accIDList * sizeof(*copy));
    }
    mem_free(s->accounts);
    s->accounts = copy;
    s->n_accounts = q->n_accIDList;
    return FUTU_OK;
}

futu_err resub_note(struct resub *s, uint32_t proto, const uint8_t *request, size_t n)
{
    static futu_err (*const note[])(struct resub *, const void *) = { note_sub, note_push,
                                                                     note_accounts };
    const struct proto_row *row = proto_find(proto);
    struct arena a = ARENA_INIT;
    void *msg = arena_alloc(&a, row->request->size);
    futu_err err = msg ? codec_decode(row->request, &a, request, n, msg, NULL, NULL) : FUTU_ENOMEM;
    if (!err)
        err = note[proto == PROTO_QOT_SUB ? 0 : proto == PROTO_QOT_REG_QOT_PUSH ? 1 : 2](s, msg);
    arena_free(&a);
    return err;
}

/* Everything still unsent that shares u's options, as far as one call goes. */
static size_t gather(struct resub *s, const struct sub *u, Qot_Common_Security *out)
{
    struct list *it, *tmp;
    size_t n = 0;
    list_each(it, tmp, &s->list) {
        struct sub *other = list_entry(it, struct sub, node);
        if (n == RESUB_PER_CALL)
            break;
        if (other->sent || memcmp(&other->opts, &u->opts, sizeof(u->opts)) != 0)
            continue;
        other->sent = true;
        out[n] = (Qot_Common_Security){ .code = other->code };
        SET(&out[n], market, other->market);
        n++;
    }
    return n;
}

static futu_err replay_group(struct resub *s, const struct sub *u, resub_send_fn *send, void *arg)
{
    Qot_Common_Security securities[RESUB_PER_CALL];
    int32_t sub_type = u->opts.sub_type, rehabs[8];
    Qot_Sub_C2S c2s = { .securityList = securities, .subTypeList = &sub_type, .n_subTypeList = 1 };
    Qot_Common_QotHeader header = { 0 };
    const Qot_Sub_Request request = { .c2s = &c2s };
    c2s.n_securityList = gather(s, u, securities);
    SET(&c2s, isSubOrUnSub, true);
    SET(&c2s, isRegOrUnRegPush, u->opts.push);
    SET(&c2s, isFirstPush, !u->opts.no_first);
    SET(&c2s, isSubOrderBookDetail, u->opts.detail);
    SET(&c2s, extendedTime, u->opts.extended);
    if (u->opts.session)
        SET(&c2s, session, u->opts.session);
    if (u->opts.firm) {
        SET(&header, securityFirm, u->opts.firm);
        c2s.header = &header;
    }
    c2s.regPushRehabTypeList = rehabs;
    for (int32_t i = 0; i < 8; i++)
        if (u->opts.rehabs & 1u << i)
            rehabs[c2s.n_regPushRehabTypeList++] = i;
    return send(arg, PROTO_QOT_SUB, &request);
}

futu_err resub_replay(struct resub *s, resub_send_fn *send, void *arg)
{
    struct list *it, *tmp;
    futu_err err = FUTU_OK;
    list_each(it, tmp, &s->list)
        list_entry(it, struct sub, node)->sent = false;
    list_each(it, tmp, &s->list) {
        struct sub *u = list_entry(it, struct sub, node);
        if (!err && !u->sent)
            err = replay_group(s, u, send, arg);
    }
    if (!err && s->n_accounts) {
        Trd_SubAccPush_C2S c2s = { .accIDList = s->accounts, .n_accIDList = s->n_accounts };
        const Trd_SubAccPush_Request request = { .c2s = &c2s };
        err = send(arg, PROTO_TRD_SUB_ACC_PUSH, &request);
    }
    return err;
}
