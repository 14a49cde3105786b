/* guard.c - see guard.h: who may ask, and the trail of it. Writes are judged in guard_write.c.
 *
 * Tests:   test/unit/gateway/guard_test.c, guard_trail_test.c
 */
#include "gateway/guard.h"

#include <stdio.h>

#define ALLOW_EVERY_NS (60 * NS_PER_S)
#define STRANGERS_PER_S 100

const char *deny_text(enum deny d)
{
    static const char *const texts[DENIES] = {
        [DENY_MISSING] = "an API key is needed: Authorization: Bearer KEY",
        [DENY_INVALID] = "the API key is not valid",
        [DENY_EXPIRED] = "the API key is not valid",
        [DENY_REVOKED] = "the API key is not valid",
        [DENY_OPEN_MODE] = "this gateway has no API keys, so that it takes no writes: start it "
                           "with --rest-keys-file",
        [DENY_SCOPE] = "forbidden",
        [DENY_ACCOUNT] = "forbidden",
        [DENY_MARKET] = "limit: this market is not allowed",
        [DENY_SYMBOL] = "limit: this security is not allowed",
        [DENY_SIDE] = "limit: this side is not allowed",
        [DENY_HOURS] = "limit: not at this hour",
        [DENY_PER_ORDER] = "limit: the order's value",
        [DENY_RATE] = "limit: too many orders in a minute",
        [DENY_DAILY] = "limit: the value of today's orders",
    };
    return texts[d] ? texts[d] : "refused";
}

const char *trd_market_name(int32_t m)
{
    static const struct {
        int32_t market;
        const char *name;
    } names[] = {
        { Trd_Common_TrdMarket_HK, "HK" }, { Trd_Common_TrdMarket_US, "US" },
        { Trd_Common_TrdMarket_CN, "CN" }, { Trd_Common_TrdMarket_HKCC, "HKCC" },
        { Trd_Common_TrdMarket_Futures, "FUTURES" }, { Trd_Common_TrdMarket_SG, "SG" },
        { Trd_Common_TrdMarket_Crypto, "CRYPTO" }, { Trd_Common_TrdMarket_AU, "AU" },
        { Trd_Common_TrdMarket_Futures_Simulate_HK, "FUTURES" },
        { Trd_Common_TrdMarket_Futures_Simulate_US, "FUTURES" },
        { Trd_Common_TrdMarket_Futures_Simulate_SG, "FUTURES" },
        { Trd_Common_TrdMarket_Futures_Simulate_JP, "FUTURES" },
        { Trd_Common_TrdMarket_JP, "JP" }, { Trd_Common_TrdMarket_Prediction, "PREDICTION" },
        { Trd_Common_TrdMarket_MY, "MY" }, { Trd_Common_TrdMarket_CA, "CA" },
        { Trd_Common_TrdMarket_HK_Fund, "HK" }, { Trd_Common_TrdMarket_US_Fund, "US" },
        { Trd_Common_TrdMarket_SG_Fund, "SG" }, { Trd_Common_TrdMarket_MY_Fund, "MY" },
        { Trd_Common_TrdMarket_JP_Fund, "JP" },
    };
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (names[i].market == m)
            return names[i].name;
    return NULL;
}

static void write_line(struct hub *h, const struct audit_event *e)
{
    if (audit_event(h->o.audit, e, NULL, NULL))
        log_error("the audit trail can't be written");
}

/* Whoever has no key can make refusals without end: of those above STRANGERS_PER_S a second only
 * their number is written, so that nobody fills the disk. */
static bool folded(struct hub *h, const struct audit_event *e)
{
    int64_t second = hub_now(h) / NS_PER_S;
    char text[80];
    if (second != h->strangers_at && h->strangers > STRANGERS_PER_S) {
        struct audit_event rest = { .iface = e->iface, .endpoint = "*", .key_id = "<none>",
                                    .outcome = OUTCOME_REJECT, .reason = text };
        snprintf(text, sizeof(text), "%u refusals more without a key in one second",
                 h->strangers - STRANGERS_PER_S);
        write_line(h, &rest);
    }
    if (second != h->strangers_at)
        h->strangers = 0;
    h->strangers_at = second;
    return e->outcome == OUTCOME_REJECT && e->key_id[0] == '<' &&
           ++h->strangers > STRANGERS_PER_S;
}

void hub_audit(struct hub *h, const struct audit_event *e, enum deny d)
{
    const char *category = deny_category(d);
    metrics_event(&h->metrics, e->iface, e->outcome, e->key_id);
    if (category)
        metrics_limit(&h->metrics, e->iface, e->key_id, category);
    if (h->o.audit && !folded(h, e))
        write_line(h, e);
}

struct metrics *hub_metrics(struct hub *h)
{
    return &h->metrics;
}

static const char *endpoint(const struct ask *a, char *room, size_t size)
{
    if (a->call)
        return a->call->endpoint;
    snprintf(room, size, "proto_id=%u", a->proto);
    return room;
}

static const char *peer(const struct ask *a)
{
    return a->call && a->call->peer ? a->call->peer : a->c->peer;
}

static const char *key_id(const struct ask *a)
{
    return a->c->key ? a->c->key->rules->id : "<none>";
}

void guard_deny(struct ask *a, enum deny d, const char *reason)
{
    char room[32], text[160];
    struct audit_event e = { .iface = a->c->iface, .endpoint = endpoint(a, room, sizeof(room)),
                             .key_id = key_id(a), .outcome = OUTCOME_REJECT,
                             .reason = reason ? reason : deny_text(d), .peer = peer(a) };
    hub_audit(a->c->hub, &e, d);
    a->deny = d;
    a->deny_text = deny_text(d);
    if (a->retry_s) {
        snprintf(text, sizeof(text), "%s; try again in %u s", deny_text(d), a->retry_s);
        a->deny_text = text;
    }
    reply_refuse(a, "%s", a->deny_text);
}

/* Reads of quotes come by the thousand: one line a minute for each key and surface says enough. The
 * others are counted alone, here, at the cost of one look-up. */
struct allowed {
    int64_t next;
    uint64_t *count;                /* of the metrics; NULL: not yet, or no memory */
};

static struct allowed *allowed_of(struct ask *a)
{
    struct hub *h = a->c->hub;
    uint64_t id = key_on(a->c->iface, a->c->key);
    struct allowed *w = map_get_u64(&h->allowed, id);
    if (w)
        return w;
    w = mem_zalloc(sizeof(*w));
    if (w && map_put_u64(&h->allowed, id, w)) {
        mem_free(w);
        return NULL;
    }
    return w;
}

static bool only_counted(struct ask *a, uint32_t scopes)
{
    struct hub *h = a->c->hub;
    struct allowed *w = scopes & ~(uint32_t)SCOPE_QOT_READ ? NULL : allowed_of(a);
    if (!w)
        return false;
    if (h->now >= w->next) {
        w->next = h->now + ALLOW_EVERY_NS;
        return false;
    }
    if (!w->count)
        w->count = metrics_event_count(&h->metrics, a->c->iface, OUTCOME_ALLOW, key_id(a));
    if (w->count)
        ++*w->count;
    return true;
}

static void note_allowed(struct ask *a, uint32_t scopes)
{
    char room[32];
    struct audit_event e = { .iface = a->c->iface, .endpoint = endpoint(a, room, sizeof(room)),
                             .key_id = key_id(a), .outcome = OUTCOME_ALLOW,
                             .scope = a->row ? a->row->scope : "trade:real", .peer = peer(a) };
    bool write = a->row && (a->row->write || a->proto == PROTO_TRD_UNLOCK_TRADE);
    if (!write && !only_counted(a, scopes))
        hub_audit(a->c->hub, &e, DENY_NONE);
}

bool guard_nobody(const struct hub *h, uint8_t iface, uint32_t scopes)
{
    return access_scope(NULL, scopes) ||
           (iface == IFACE_MCP && (h->o.mcp_open_scopes & scopes) != 0);
}

/* Without keys FTAPI is as free as it ever was; callers without a wire may read. */
static bool admit_nobody(struct ask *a, uint32_t scopes)
{
    const struct futu_conn *c = a->c;
    if ((c->kind != KIND_CALL && c->kind != KIND_EVENTS) || guard_nobody(c->hub, c->iface, scopes))
        return true;
    guard_deny(a, DENY_OPEN_MODE, NULL);
    return false;
}

bool guard_admit(struct ask *a)
{
    struct futu_conn *c = a->c;
    /* What is not in the registry might place orders. */
    uint32_t scopes = a->row ? a->row->scopes : SCOPE_TRADE_REAL;
    if (!c->key)
        return admit_nobody(a, scopes);
    enum deny d = access_alive(c->hub->o.access, c->key);
    if (d == DENY_NONE && !access_scope(c->key, scopes))
        d = DENY_SCOPE;
    if (d == DENY_NONE) {
        note_allowed(a, scopes);
        return true;
    }
    guard_deny(a, d, d == DENY_REVOKED ? "the key is revoked" : d == DENY_EXPIRED
                                       ? "the key is expired" : NULL);
    if (d != DENY_SCOPE && c->kind != KIND_CALL)
        conn_die(c, FUTU_EAUTH, "the API key holds no more");
    return false;
}

static bool names_accounts(const struct ask *a)
{
    return !a->row || strncmp(a->row->name, "Trd_", 4) == 0;
}

bool guard_wants_struct(const struct ask *a)
{
    return a->c->key && a->c->key->n_acc_ids > 0 && names_accounts(a);
}

static bool list_allowed(const struct api_key *k, const uint64_t *ids, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!access_account(k, ids[i]))
            return false;
    return true;
}

bool guard_read(struct ask *a)
{
    const struct api_key *k = a->c->key;
    if (!guard_wants_struct(a) || (a->row && a->row->write))
        return true;
    /* Without a published message its account can't be seen. */
    if (!a->row || !a->row->request) {
        guard_deny(a, DENY_ACCOUNT, "the account of this call is not known");
        return false;
    }
    Trd_Common_TrdHeader *const *header = c2s_field(a, "header");
    bool ok = a->proto == PROTO_TRD_GET_ACC_LIST;       /* whose answer is cut down */
    if (header && *header)
        ok = access_account(k, (*header)->accID);
    if (a->proto == PROTO_TRD_SUB_ACC_PUSH) {
        const Trd_SubAccPush_C2S *c2s = ((const Trd_SubAccPush_Request *)a->msg)->c2s;
        ok = list_allowed(k, c2s->accIDList, c2s->n_accIDList);
    }
    /* Whom it unlocks must be said, and each must be theirs. */
    if (a->proto == PROTO_TRD_UNLOCK_TRADE) {
        const Trd_UnlockTrade_C2S *c2s = ((const Trd_UnlockTrade_Request *)a->msg)->c2s;
        ok = c2s->n_accIDList > 0 && list_allowed(k, c2s->accIDList, c2s->n_accIDList);
    }
    if (!ok)
        guard_deny(a, DENY_ACCOUNT, "the account is not of this key");
    return ok;
}

void guard_free_allowed(struct hub *h)
{
    struct allowed *w;
    for (size_t i = 0; (w = map_next(&h->allowed, &i)) != NULL;)
        mem_free(w);
    map_free(&h->allowed);
}

void guard_reply(struct ask *a, futu_str *body)
{
    struct hub *h = a->c->hub;
    const struct api_key *k = a->c->key;
    Trd_GetAccList_Response rsp;
    if (a->proto != PROTO_TRD_GET_ACC_LIST || !k || k->n_acc_ids == 0)
        return;
    arena_reset(&h->events);
    if (codec_decode(&Trd_GetAccList_Response_msg, &h->events, body->p, body->n, &rsp, NULL,
                     NULL)) {
        *body = STR("");            /* rather no answer than all accounts */
        return;
    }
    if (!rsp.s2c)
        return;
    size_t n = 0;
    for (size_t i = 0; i < rsp.s2c->n_accList; i++)
        if (access_account(k, rsp.s2c->accList[i].accID))
            rsp.s2c->accList[n++] = rsp.s2c->accList[i];
    rsp.s2c->n_accList = n;
    h->body.n = 0;
    if (codec_encode(&Trd_GetAccList_Response_msg, &rsp, &h->body, NULL))
        h->body.n = 0;
    *body = buf_str(&h->body);
}

bool guard_push(struct futu_conn *c, uint32_t scope, uint64_t acc_id, const char *market)
{
    const struct api_key *k = c->key;
    if (access_scope(k, scope)) {
        if (!acc_id || (access_account(k, acc_id) && access_market(k, market)))
            return true;
    }
    metrics_filtered(&c->hub->metrics, scope == SCOPE_ACC_READ ? "acc:read" : "qot:read",
                     k->rules->id);
    return false;
}
