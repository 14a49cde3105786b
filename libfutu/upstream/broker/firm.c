/* firm.c - one broker: its channel, its accounts, and which of them may trade.
 *
 * A cipher belongs to the connection it was given on: a loss locks every account of the firm.
 * Tests:   test/unit/upstream/broker/firm_test.c
 */
#include <stdio.h>

#include "base/log.h"
#include "base/mem.h"
#include "upstream/broker/state.h"

#define ACCOUNT_CLOSED 2

void account_lock(struct account *a)
{
    secret_wipe(&a->cipher);
}

size_t accounts_unlocked(const struct firm *f)
{
    size_t n = 0;
    for (size_t i = 0; i < f->n_accounts; i++)
        n += f->accounts[i].cipher.n != 0;
    return n;
}

struct account *account_of_firm(struct firm *f, uint64_t number)
{
    for (size_t i = 0; i < f->n_accounts; i++)
        if (f->accounts[i].number == number)
            return &f->accounts[i];
    return NULL;
}

struct account *account_by_id(struct broker *b, uint64_t id)
{
    struct list *it, *tmp;
    list_each(it, tmp, &b->firms) {
        struct firm *f = list_entry(it, struct firm, node);
        for (size_t i = 0; i < f->n_accounts; i++)
            if (f->accounts[i].id == id)
                return &f->accounts[i];
    }
    return NULL;
}

/* ---- the list of accounts ---- */

static void take_account(struct firm *f, const struct bk_account *from)
{
    struct account *a = account_of_firm(f, from->number);
    if (!a && f->n_accounts == FIRM_ACCOUNTS)
        return;
    if (!a) {
        a = &f->accounts[f->n_accounts++];
        a->firm = f;
        a->number = from->number;
    }
    a->id = BK_ACC_ID(f->broker_id, from->market, from->number);
    a->state = from->state;
    a->type = from->type;
    str_copy(a->card, sizeof(a->card), from->card);
    str_copy(a->uni_card, sizeof(a->uni_card), from->uni_card);
    a->n_markets = MIN(from->n_markets, ACCOUNT_MARKETS);
    for (size_t i = 0; i < a->n_markets; i++)
        a->markets[i] = bk_trd_market(from->markets[i]);
    if (a->n_markets == 0)
        a->markets[a->n_markets++] = bk_trd_market(from->market);
}

static void on_list(struct channel_ask *q, const struct channel_reply *r)
{
    struct firm *f = container_of(q, struct firm, list_ask);
    struct broker *b = f->b;
    struct bk_accounts_rsp s;
    arena_reset(&b->arena);
    futu_err err = r->err ? r->err
                          : codec_decode(&bk_accounts_rsp_msg, &b->arena, r->body, r->n, &s, NULL,
                                         NULL);
    if (err || s.result_code != 0) {
        log_warn("%s: its accounts can't be read: %s", f->name,
                 r->err ? r->why : err ? futu_strerror(err) : "the server refuses");
        return;
    }
    for (size_t i = 0; i < f->n_accounts; i++)
        f->accounts[i].state = ACCOUNT_CLOSED;      /* unless the list names it */
    for (size_t i = 0; i < s.n_accounts; i++)
        take_account(f, &s.accounts[i]);
    f->known = true;
    log_info("%s: %zu accounts", f->name, f->n_accounts);
    loss_tell_state(b);
    notice_up(f);
}

static void firm_up(struct firm *f)
{
    struct bk_accounts_req q = { 0 };
    struct buf body = BUF_INIT;
    renewal_worked(&f->renewal);
    SET(&q, customer_id, f->customer_id);
    f->list_ask.command = CMD_ACCOUNTS;
    f->list_ask.done = on_list;
    if (!f->list_ask.channel && codec_encode(&bk_accounts_req_msg, &q, &body, NULL) == FUTU_OK)
        channel_send(f->c, &f->list_ask, body.p, body.n);
    buf_free(&body);
}

static void lose_ciphers(struct firm *f)
{
    const struct upstream_events *e = &f->b->o.events;
    char why[CHANNEL_WHY + 80];
    struct channel_info info;
    uint64_t ids[FIRM_ACCOUNTS];
    size_t n = 0;
    for (size_t i = 0; i < f->n_accounts; i++) {
        struct account *a = &f->accounts[i];
        if (!a->cipher.n)
            continue;
        account_lock(a);
        snprintf(a->locked_why, sizeof(a->locked_why), "the connection was lost");
        ids[n++] = a->id;
    }
    channel_info(f->c, &info);
    snprintf(why, sizeof(why), "the connection to %s was lost (%s)", f->name, info.why);
    if (n && e->locked)
        e->locked(e->arg, ids, n, why);
}

static void on_changed(void *arg, struct channel *c)
{
    struct firm *f = arg;
    char text[CHANNEL_WHY + 80];
    if (f->b->freeing)
        return;
    if (channel_state(c) == CHANNEL_UP) {
        firm_up(f);
        return;
    }
    lose_ciphers(f);
    loss_trade_begin(f, channel_down(c, text));
    loss_tell_state(f->b);
}

static void on_push(void *arg, struct channel *c, uint16_t command, const uint8_t *body, size_t n)
{
    struct firm *f = arg;
    (void)c;
    if (command == CMD_ORDERS_PUSH || command == CMD_ASSETS_PUSH)
        notice_push(f, body, n);
    else
        log_debug("%s: push %u of %zu bytes is not used", f->name, command, n);
}

static void on_refused(void *arg, struct channel *c, int32_t code, const char *why)
{
    struct firm *f = arg;
    (void)c, (void)code, (void)why;
    renewal_ask(&f->renewal);
}

/* ---- making them ---- */

static void use_conf(const struct broker *b, int32_t identity, struct addr_book *book)
{
    const struct conf_addrs *a =
        b->conf && !b->o.only_addrs ? conf_of(b->conf, identity) : NULL;
    book->guaranteed.n = 0;
    book->forced_until = 0;
    if (!a)
        return;
    book->guaranteed = a->guaranteed;
    book->forced = a->forced;
    if (a->forced.port)
        book->forced_until = (a->forced_until_s - b->auth.server_ahead_s) * NS_PER_S;
}

void book_override(const struct broker *b, int32_t identity, struct addr_book *book)
{
    if (b->o.only_addrs) {
        book->name = NULL;
        book->pool = NULL;
    }
    use_conf(b, identity, book);
    for (size_t i = 0; i < b->o.n_addrs; i++)
        if (b->o.addrs[i].identity == identity) {
            book->guaranteed = b->o.addrs[i].list;
            book->forced_until = 0;
        }
}

void firm_free(struct firm *f)
{
    list_remove(&f->node);
    renewal_stop(&f->renewal);
    channel_free(f->c);
    for (size_t i = 0; f->accounts && i < f->n_accounts; i++) {
        notice_free(&f->accounts[i]);
        account_lock(&f->accounts[i]);
    }
    mem_free(f->accounts);
    mem_free(f);
}

static futu_err firm_new(struct firm **out, struct broker *b, int32_t broker_id)
{
    struct firm *f = mem_zalloc(sizeof(*f));
    if (!f)
        return FUTU_ENOMEM;
    list_init(&f->node);
    list_init(&f->unlocks);
    f->b = b;
    f->broker_id = broker_id;
    f->info = bk_firm(broker_id);
    f->book.port = FIRM_PORT;
    book_override(b, broker_id, &f->book);
    snprintf(f->name, sizeof(f->name), "broker %d", broker_id);
    const struct channel_opts o = {
        .name = f->name,
        .kind = &dialect_firm,
        .identity = broker_id,
        .clock = b->o.clock,
        .timers = b->o.timers,
        .net = b->o.net,
        .book = &f->book,
        .events = { on_changed, on_push, on_refused, f },
    };
    f->accounts = mem_array(FIRM_ACCOUNTS, sizeof(*f->accounts));
    futu_err err = f->accounts ? channel_new(&f->c, &o) : FUTU_ENOMEM;
    if (err) {
        firm_free(f);
        return err;
    }
    renewal_init(&f->renewal, b, f->c, broker_id);
    list_push(&b->firms, &f->node);
    *out = f;
    return FUTU_OK;
}

static struct firm *firm_find(struct broker *b, int32_t broker_id)
{
    struct list *it, *tmp;
    list_each(it, tmp, &b->firms) {
        struct firm *f = list_entry(it, struct firm, node);
        if (f->broker_id == broker_id)
            return f;
    }
    return NULL;
}

static futu_err firm_login(struct broker *b, const struct auth_broker *a)
{
    struct firm *f = firm_find(b, a->broker_id);
    if (!bk_firm(a->broker_id)) {
        log_info("broker %d is not one that is known: it is left out", a->broker_id);
        return FUTU_OK;
    }
    futu_err err = f ? FUTU_OK : firm_new(&f, b, a->broker_id);
    if (err)
        return err;
    snprintf(f->err, sizeof(f->err), "%s", a->err ? a->why : "");
    if (a->err) {
        log_warn("%s: no login: %s", f->name, a->why);
        return FUTU_OK;
    }
    f->customer_id = a->customer_id;
    err = channel_set_login(f->c, a->customer_id, &a->client_sig, &a->client_key,
                            a->until_s * NS_PER_S);
    if (err == FUTU_EINVAL) {
        snprintf(f->err, sizeof(f->err), "its key has no length of a key");
        log_warn("%s: %s", f->name, f->err);
        return FUTU_OK;
    }
    if (!err && channel_state(f->c) == CHANNEL_OFF)
        channel_start(f->c);
    return err;
}

futu_err firms_login(struct broker *b, const struct auth_result *auth)
{
    futu_err err = login_take(b, auth);
    for (size_t i = 0; i < b->auth.n_brokers && !err; i++)
        err = firm_login(b, &b->auth.broker[i]);
    return err;
}

/* A broker that is gone from the server's list is closed; a new one has no login yet. */
void firms_keep(struct broker *b, const int32_t *ids, size_t n)
{
    struct list *it, *tmp;
    list_each(it, tmp, &b->firms) {
        struct firm *f = list_entry(it, struct firm, node);
        bool there = false;
        for (size_t i = 0; i < n; i++)
            there = there || ids[i] == f->broker_id;
        if (there || channel_state(f->c) == CHANNEL_OFF)
            continue;
        log_warn("%s: it is no longer one of this user's", f->name);
        channel_stop(f->c, "the user has no account there any more");
        on_changed(f, f->c);
    }
    for (size_t i = 0; i < n; i++)
        if (bk_firm(ids[i]) && !firm_find(b, ids[i]))
            log_warn("broker %d is new: log in again to use it", ids[i]);
}

/* ---- accounts for requests ---- */

struct account *job_account(struct job *j, const Trd_Common_TrdHeader *h)
{
    char text[CHANNEL_WHY + 80];
    struct account *a = h ? account_by_id(j->b, h->accID) : NULL;
    if (!a) {
        job_fail(j, RET_FAILED, "account %llu is not known",
                 h ? (unsigned long long)h->accID : 0ULL);
        return NULL;
    }
    if (h->trdEnv != Trd_Common_TrdEnv_Real) {
        job_fail(j, RET_FAILED, "account %llu is a real one: trdEnv must be 1",
                 (unsigned long long)h->accID);
        return NULL;
    }
    if (channel_state(a->firm->c) != CHANNEL_UP) {
        if (j->rq)
            j->rq->unsent = true;
        job_fail(j, RET_DISCONNECTED, "%s", channel_down(a->firm->c, text));
        return NULL;
    }
    j->account = a;
    j->header = h;
    return a;
}

struct bk_header *job_header(struct job *j, bool cipher, futu_str request_id)
{
    struct bk_header *h = ARENA_NEW(&j->arena, struct bk_header);
    const struct account *a = j->account;
    if (!h)
        return NULL;
    if (cipher)
        h->cipher = (futu_str){ (const char *)a->cipher.p, a->cipher.n };
    h->request_id = request_id;
    if (!request_id.n)
        h->request_id = str_printf(&j->arena, "%016llx-%llu", (unsigned long long)j->b->boot,
                                   (unsigned long long)++j->b->requests);
    SET(h, customer_id, a->firm->customer_id);
    SET(h, account, a->number);
    return h->request_id.p ? h : NULL;
}

static void fill_account(const struct account *a, Trd_Common_TrdAcc *out)
{
    SET(out, trdEnv, Trd_Common_TrdEnv_Real);
    SET(out, accID, a->id);
    out->trdMarketAuthList = (int32_t *)(uintptr_t)a->markets;
    out->n_trdMarketAuthList = a->n_markets;
    SET(out, accType, a->type);
    out->cardNum = str_c(a->card);
    out->uniCardNum = str_c(a->uni_card);
    SET(out, securityFirm, a->firm->info->security_firm);
    SET(out, accStatus, a->state == 1 ? Trd_Common_TrdAccStatus_Active
                                      : Trd_Common_TrdAccStatus_Disabled);
}

/* Without a single broker that has told its accounts an empty list would be a lie. */
static bool none_known(struct job *j)
{
    struct list *it, *tmp;
    char text[CHANNEL_WHY + 80];
    const struct firm *last = NULL;
    list_each(it, tmp, &j->b->firms) {
        last = list_entry(it, struct firm, node);
        if (last->known)
            return false;
    }
    if (last)
        job_fail(j, RET_DISCONNECTED, "no accounts are known yet: %s",
                 last->err[0] ? last->err : channel_down(last->c, text));
    else
        job_fail(j, RET_DISCONNECTED, "no accounts are known yet: the login is not done");
    return true;
}

void on_acc_list(struct job *j)
{
    Trd_GetAccList_S2C *s2c = JOB_S2C(j, Trd_GetAccList);
    struct list *it, *tmp;
    size_t n = 0;
    if (none_known(j))
        return;
    list_each(it, tmp, &j->b->firms)
        n += list_entry(it, struct firm, node)->n_accounts;
    if (s2c)
        s2c->accList = ARENA_ARRAY(&j->arena, Trd_Common_TrdAcc, n + 1);
    if (!s2c || !s2c->accList) {
        job_fail(j, RET_FAILED, "%s", futu_strerror(FUTU_ENOMEM));
        return;
    }
    list_each(it, tmp, &j->b->firms) {
        const struct firm *f = list_entry(it, struct firm, node);
        for (size_t i = 0; i < f->n_accounts; i++)
            fill_account(&f->accounts[i], &s2c->accList[s2c->n_accList++]);
    }
    job_ok(j);
}
