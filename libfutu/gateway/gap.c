/* gap.c - see gap.h. */
#include "gateway/gap.h"

/* What a client of /ws watches is subscribed by its caller too. */
static bool holds(const struct futu_conn *c, const Qot_Common_Security *sec, int32_t type)
{
    const struct pair *p = subs_find_pair(&c->hub->subs, sec->market, sec->code, type);
    if (!p)
        return false;
    return sub_of(c, p) || (c->caller && sub_of(c->caller, p));
}

static bool concerns(const struct futu_conn *c, const Gateway_UpdateGap_Lost *lost)
{
    for (size_t i = 0; i < lost->n_subTypeList; i++)
        if (holds(c, lost->security, lost->subTypeList[i]))
            return true;
    return false;
}

static bool named(const struct futu_conn *c, uint64_t id)
{
    return conn_named(c, id) || (c->caller && conn_named(c->caller, id));
}

static size_t keep_lost(const struct futu_conn *c, Gateway_UpdateGap_S2C *s2c)
{
    size_t n = 0;
    for (size_t i = 0; i < s2c->n_lostList; i++)
        if (concerns(c, &s2c->lostList[i]))
            s2c->lostList[n++] = s2c->lostList[i];
    return n;
}

static size_t keep_accounts(const struct futu_conn *c, Gateway_UpdateGap_S2C *s2c)
{
    size_t n = 0;
    for (size_t i = 0; i < s2c->n_accIDList; i++)
        if (access_account(c->key, s2c->accIDList[i]) && named(c, s2c->accIDList[i]))
            s2c->accIDList[n++] = s2c->accIDList[i];
    return n;
}

bool gap_for(struct futu_conn *c, const uint8_t *body, size_t len, struct buf *out)
{
    struct hub *h = c->hub;
    Gateway_UpdateGap_Response rsp;
    arena_reset(&h->events);
    if (codec_decode(&Gateway_UpdateGap_Response_msg, &h->events, body, len, &rsp, NULL, NULL) ||
        !rsp.s2c)
        return false;
    Gateway_UpdateGap_S2C *s2c = rsp.s2c;
    bool trade = str_is(s2c->link, "trade");
    if (!access_scope(c->key, trade ? SCOPE_ACC_READ : SCOPE_QOT_READ))
        return false;
    bool listed = s2c->n_lostList > 0 || s2c->n_accIDList > 0;
    s2c->n_lostList = keep_lost(c, s2c);
    s2c->n_accIDList = keep_accounts(c, s2c);
    if (listed && s2c->n_lostList == 0 && s2c->n_accIDList == 0)
        return false;
    s2c->desc = STR_NULL;           /* it counts what others hold */
    return codec_encode(&Gateway_UpdateGap_Response_msg, &rsp, out, NULL) == FUTU_OK;
}
