/* auth_calls.c - what each call of the auth servers does. */
#include "auth_in.h"

#include <stdio.h>
#include <stdlib.h>

#include "crypt/random.h"
#include "crypt/totp.h"

/* ---- reading ---- */

void emu_error(struct emu_ask *q, int code, const char *msg)
{
    cJSON *all = cJSON_CreateObject(), *error = cJSON_AddObjectToObject(all, "error");
    cJSON_AddNullToObject(all, "result");
    cJSON_AddNumberToObject(error, "error_code", code);
    cJSON_AddStringToObject(error, "error_msg", msg);
    if (code == 20 && q->a) {
        char phone[40];
        const char *p = q->a->phone;
        size_t n = strlen(p);
        snprintf(phone, sizeof(phone), "%.3s****%s", p, n > 4 ? p + n - 4 : p);
        cJSON_AddStringToObject(error, "device_verify_sig", q->a->verify.dvs);
        cJSON_AddStringToObject(error, "phone_no", phone);
    }
    if (code == 33 && q->a)
        cJSON_AddStringToObject(error, "third_factor_verify_sig", q->a->third_sig);
    if (q->a && (code == 20 || code == 33))
        cJSON_AddNumberToObject(error, "uid", (double)q->a->uid);
    char *text = cJSON_PrintUnformatted(all);
    buf_puts(&q->say->body, text);
    free(text);
    cJSON_Delete(all);
}

static const char *text_of(struct emu_ask *q, const char *name)
{
    const cJSON *v = cJSON_GetObjectItemCaseSensitive(q->in, name);
    return cJSON_IsString(v) ? v->valuestring : "";
}

static uint64_t number_of(struct emu_ask *q, const char *name)
{
    const cJSON *v = cJSON_GetObjectItemCaseSensitive(q->in, name);
    return cJSON_IsNumber(v) ? (uint64_t)v->valuedouble : 0;
}

/* What the vendor is told to answer 99 or 11 to. False: answered. */
static bool has_all(struct emu_ask *q, const char *const *names)
{
    for (; *names; names++) {
        if (cJSON_GetObjectItemCaseSensitive(q->in, *names))
            continue;
        bool sens = strcmp(*names, "sens_state") == 0;
        emu_error(q, sens ? 99 : 11, sens ? "system busy" : "please enter the verification code");
        return false;
    }
    return true;
}

static enum auth_side side_of(const struct emu_account *a)
{
    return a->attribution == 1 || a->attribution == 6 ? AUTH_SIDE_FUTUNN : AUTH_SIDE_MOOMOO;
}

static bool is_elsewhere(const struct emu_ask *q)
{
    return q->ask->side != AUTH_SIDE_ANY && side_of(q->a) != q->ask->side;
}

static struct emu_account *by_name(struct auth_emu *e, const char *name, const char *region)
{
    for (size_t i = 0; i < e->n_accounts; i++)
        if (strcmp(e->accounts[i].name, name) == 0 && strcmp(e->accounts[i].region, region) == 0)
            return &e->accounts[i];
    return NULL;
}

static struct emu_account *by_uid(struct auth_emu *e, uint64_t uid)
{
    for (size_t i = 0; i < e->n_accounts && uid; i++)
        if (e->accounts[i].uid == uid)
            return &e->accounts[i];
    return NULL;
}

static const char *region_of(struct emu_ask *q)
{
    return strcmp(text_of(q, "is_phone"), "true") == 0 ? text_of(q, "region_no") : "";
}

static struct emu_device *device_of(struct emu_account *a, const char *id)
{
    for (size_t i = 0; i < a->n_devices; i++)
        if (strcmp(a->devices[i].id, id) == 0)
            return &a->devices[i];
    if (strlen(id) != 16 || a->n_devices == DEVICES_MAX)
        return NULL;
    struct emu_device *d = &a->devices[a->n_devices++];
    *d = (struct emu_device){ .verified = !a->sms, .locked = a->locked };
    snprintf(d->id, sizeof(d->id), "%s", id);
    return d;
}

/* ---- success ---- */

static void add_codes(struct emu_ask *q)
{
    char word[16];
    struct emu_account *a = q->a;
    cJSON *list = cJSON_AddArrayToObject(q->out, "auth_code_list");
    a->n_codes = 0;
    for (int id = 1001; id < 1100 && a->n_codes < CODES_MAX; id++) {
        snprintf(word, sizeof(word), "%d", id);
        if (!scenario_has(a->brokers, word))
            continue;
        struct emu_code *c = &a->codes[a->n_codes++];
        c->broker = id;
        emu_token(c->text, 32);
        cJSON *entry = cJSON_CreateObject();
        cJSON_AddNumberToObject(entry, "broker_id", id);
        cJSON_AddStringToObject(entry, "auth_code", c->text);
        cJSON_AddNumberToObject(entry, "invalid_time", (double)(q->now_s + 30 * 86400));
        cJSON_AddItemToArray(list, entry);
    }
}

/* A signature and its key for a channel; the text of the key is sealed. */
static void add_sig(struct emu_ask *q, int broker, uint64_t life_s, const char *sig_name,
                    const char *key_name, const uint8_t rand_key[32])
{
    struct auth_emu *e = q->e;
    char text[256];
    struct emu_sig *g = &e->sigs[e->n_sigs++ % SIGS_MAX];
    *g = (struct emu_sig){ .account = q->a, .broker = broker,
                           .until_s = q->now_s + (int64_t)life_s };
    emu_token(g->text, 32);
    random_bytes(g->key, sizeof(g->key));
    emu_base64(g->text, 32, text, sizeof(text));
    cJSON_AddStringToObject(q->out, sig_name, text);
    emu_seal(rand_key, 32, g->key, sizeof(g->key), text, sizeof(text));
    cJSON_AddStringToObject(q->out, key_name, text);
    cJSON_AddNumberToObject(q->out, "cltsig_invalidtime", (double)life_s);
}

static void add_ticket(struct emu_ask *q, struct emu_device *d, const uint8_t rand_key[32])
{
    struct emu_account *a = q->a;
    struct emu_ticket *t = &a->tickets[a->n_tickets++ % TICKETS_MAX];
    char text[256];
    *t = (struct emu_ticket){ .made_s = q->now_s };
    snprintf(t->device, sizeof(t->device), "%s", d->id);
    emu_token(t->text, 64);
    random_bytes(t->rand_key, sizeof(t->rand_key));
    memcpy(a->rand_key, t->rand_key, 32);
    emu_seal(rand_key, 32, t->rand_key, 32, text, sizeof(text));
    cJSON_AddStringToObject(q->out, "tgtgt_new", t->text);
    cJSON_AddStringToObject(q->out, "rand_key_new", text);
}

/* rand_key: of the request. `checked`: of the verify call, which has no web_sig. */
static void succeed(struct emu_ask *q, struct emu_device *d, const uint8_t rand_key[32],
                    bool checked)
{
    struct emu_account *a = q->a;
    cJSON_AddNumberToObject(q->out, "uid", (double)a->uid);
    if (!a->no_time)
        cJSON_AddNumberToObject(q->out, "svr_time", (double)q->now_s);
    add_sig(q, 0, q->e->sig_life_s, "client_sig", "client_key", rand_key);
    memcpy(a->rand_key, rand_key, 32);
    if (q->e->tell_ticket)
        add_ticket(q, d, rand_key);
    if (side_of(a) == AUTH_SIDE_FUTUNN) {
        emu_token(d->sig, 32);
        cJSON_AddStringToObject(q->out, "device_sig_new", d->sig);
    }
    if (!checked) {
        emu_token(a->web_sig, 32);
        cJSON_AddStringToObject(q->out, "web_sig_new", a->web_sig);
    }
    add_codes(q);
}

static void ask_verify(struct emu_ask *q, const struct emu_device *d)
{
    struct emu_verify *v = &q->a->verify;
    *v = (struct emu_verify){ .at_s = q->now_s };
    emu_token(v->dvs, 32);
    memcpy(v->device, d->id, sizeof(v->device));
    emu_error(q, 20, "device verification is required");
}

/* Both ways to log in end here. */
static void let_in(struct emu_ask *q, struct emu_device *d, const uint8_t rand_key[32])
{
    memcpy(q->a->rand_key, rand_key, 32);
    if (!d->verified) {
        ask_verify(q, d);
        return;
    }
    if (q->a->otp[0]) {
        emu_token(q->a->third_sig, 32);
        emu_error(q, 33, "enter the code of your token");
        return;
    }
    succeed(q, d, rand_key, false);
}

/* ---- calls ---- */

static void run_salt(struct emu_ask *q)
{
    q->a = by_name(q->e, text_of(q, "account"), region_of(q));
    if (strcmp(text_of(q, "ret_no_uid"), "true") != 0 || !q->a) {
        emu_error(q, 2, "account/password mismatch");
        return;
    }
    cJSON_AddStringToObject(q->out, "salt", q->a->salt);
    cJSON_AddStringToObject(q->out, "salt32", q->a->salt32);
    cJSON_AddNumberToObject(q->out, "user_attribution", (double)q->a->attribution);
    cJSON_AddNumberToObject(q->out, "uid", 0);
    if (!q->a->no_time)
        cJSON_AddNumberToObject(q->out, "svr_time", (double)q->now_s);
}

static void resume(struct emu_ask *q, struct emu_device *d)
{
    struct emu_ticket *t = NULL;
    for (size_t i = 0; i < q->a->n_tickets && i < TICKETS_MAX; i++)
        if (strcmp(q->a->tickets[i].text, text_of(q, "tgtgt")) == 0)
            t = &q->a->tickets[i];
    if (!t || strcmp(t->device, d->id) != 0 || strcmp(d->sig, text_of(q, "device_sig")) != 0) {
        emu_error(q, 23, "log in again");
        return;
    }
    if (q->now_s - t->made_s >= (int64_t)q->e->ticket_life_s)
        d->verified = !q->a->sms;
    uint8_t rand_key[32];
    memcpy(rand_key, t->rand_key, 32);
    let_in(q, d, rand_key);
}

static void run_login(struct emu_ask *q)
{
    static const char *const needed[] = { "tgtgt", "device_id", "device_alias", "device_type",
                                          "os_ver", "sens_state", NULL };
    uint64_t uid = number_of(q, "uid");
    uint8_t rand_key[32];
    int code;
    q->a = uid ? by_uid(q->e, uid) : by_name(q->e, text_of(q, "account"), region_of(q));
    if (!q->a || (uid && text_of(q, "account")[0])) {
        emu_error(q, 2, "account/password mismatch");
        return;
    }
    if (!has_all(q, needed))
        return;
    if (is_elsewhere(q)) {
        emu_error(q, 11, "please enter the verification code");
        return;
    }
    int64_t last = q->a->last_login_s;
    q->a->last_login_s = q->now_s;
    struct emu_device *d = device_of(q->a, text_of(q, "device_id"));
    if (!d || d->locked || (last && q->now_s - last < (int64_t)q->e->abuse_s)) {
        emu_error(q, 15, "not logged in for a long time");
        return;
    }
    if (uid) {
        resume(q, d);
        return;
    }
    const char *wrong = emu_ticket_judge(q->a, text_of(q, "tgtgt"), q->now_s, rand_key, &code);
    if (wrong)
        emu_error(q, code, wrong);
    else
        let_in(q, d, rand_key);
}

static struct emu_account *by_dvs(struct auth_emu *e, const char *dvs)
{
    for (size_t i = 0; i < e->n_accounts && *dvs; i++)
        if (strcmp(e->accounts[i].verify.dvs, dvs) == 0)
            return &e->accounts[i];
    return NULL;
}

static void run_send_code(struct emu_ask *q)
{
    q->a = by_dvs(q->e, text_of(q, "dvs"));
    if (!q->a || q->now_s - q->a->verify.at_s >= 300) {
        emu_error(q, 15, "not logged in for a long time");
        return;
    }
    if (strcmp(text_of(q, "is_send_no_wait"), "False") != 0 ||
        strcmp(text_of(q, "send_mode"), "0") != 0) {
        emu_error(q, 99, "system busy");
        return;
    }
    struct emu_verify *v = &q->a->verify;
    emu_token(v->code_sig, 32);
    v->code_at_s = q->now_s;
    if (strcmp(q->e->code, "random") == 0)
        snprintf(v->code, sizeof(v->code), "%06u", (unsigned)(random_u64() % 1000000));
    else
        snprintf(v->code, sizeof(v->code), "%.8s", q->e->code);
    memcpy(q->a->sms_code, v->code, sizeof(v->code));
    cJSON_AddStringToObject(q->out, "device_code_sig", v->code_sig);
    if (q->e->o.sms)
        q->e->o.sms(q->e->o.arg, q->a->name, v->code);
}

static bool code_is_right(struct emu_ask *q, const struct emu_device *d)
{
    const struct emu_verify *v = &q->a->verify;
    return v->code_at_s && strcmp(v->code_sig, text_of(q, "device_code_sig")) == 0 &&
           strcmp(v->device, d->id) == 0 && strcmp(v->code, text_of(q, "device_code")) == 0 &&
           q->now_s - v->code_at_s < (int64_t)q->e->code_life_s;
}

static void run_check_code(struct emu_ask *q)
{
    static const char *const needed[] = { "uid", "device_id", "verify_mode", "device_alias",
                                          "sens_state", "device_type", "device_code_sig",
                                          "device_code", "tgtgt", NULL };
    uint8_t rand_key[32];
    int code;
    q->a = by_uid(q->e, number_of(q, "uid"));
    struct emu_device *d = q->a ? device_of(q->a, text_of(q, "device_id")) : NULL;
    if (!has_all(q, needed))
        return;
    if (!d || d->locked) {
        emu_error(q, 15, "not logged in for a long time");
        return;
    }
    if (!code_is_right(q, d)) {
        d->locked = ++d->wrong >= q->e->lock_after;
        emu_error(q, 21, "wrong code");
        return;
    }
    const char *wrong = emu_ticket_judge(q->a, text_of(q, "tgtgt"), q->now_s, rand_key, &code);
    if (wrong || memcmp(rand_key, q->a->rand_key, 32) != 0) {
        emu_error(q, wrong ? code : 11, wrong ? wrong : "key of another login");
        return;
    }
    q->a->verify = (struct emu_verify){ 0 };
    d->verified = true;
    succeed(q, d, rand_key, true);
}

static void run_third(struct emu_ask *q)
{
    static const char *const needed[] = { "uid", "sig", "device_id", "device_alias", "device_type",
                                          "os_ver", "tgtgt", NULL };
    uint8_t rand_key[32];
    q->a = by_uid(q->e, number_of(q, "uid"));
    struct emu_device *d = q->a ? device_of(q->a, text_of(q, "device_id")) : NULL;
    if (!has_all(q, needed))
        return;
    if (!d || !q->a->third_sig[0] || strcmp(q->a->third_sig, text_of(q, "sig")) != 0 ||
        strcmp(q->a->otp, text_of(q, "code")) != 0) {
        emu_error(q, 23, "wrong token code");
        return;
    }
    memcpy(rand_key, q->a->rand_key, 32);
    succeed(q, d, rand_key, false);
}

static bool is_bad_broker(const struct emu_account *a, int broker)
{
    char word[16];
    snprintf(word, sizeof(word), "%d", broker);
    return scenario_has(a->bad_brokers, word);
}

static void run_repull(struct emu_ask *q)
{
    int id = (int)number_of(q, "broker_id");
    q->a = by_uid(q->e, number_of(q, "uid"));
    if (!q->a || !q->a->web_sig[0] || strcmp(q->a->web_sig, text_of(q, "web_sig")) != 0) {
        emu_error(q, 15, "not logged in for a long time");
        return;
    }
    for (size_t i = 0; i < q->a->n_codes && !is_bad_broker(q->a, id); i++) {
        if (q->a->codes[i].broker != id)
            continue;
        emu_token(q->a->codes[i].text, 32);
        cJSON_AddNumberToObject(q->out, "uid", (double)q->a->uid);
        cJSON_AddNumberToObject(q->out, "broker_id", id);
        cJSON_AddStringToObject(q->out, "auth_code", q->a->codes[i].text);
        cJSON_AddNumberToObject(q->out, "invalid_time", (double)(q->now_s + 30 * 86400));
        return;
    }
    emu_error(q, 20029, "no valid customer");
}

static void run_broker(struct emu_ask *q)
{
    int id = (int)number_of(q, "broker_id");
    const char *code = text_of(q, "auth_code");
    q->a = by_uid(q->e, number_of(q, "uid"));
    for (size_t i = 0; q->a && i < q->a->n_codes && !is_bad_broker(q->a, id); i++) {
        struct emu_code *c = &q->a->codes[i];
        if (c->broker != id || !c->text[0] || strcmp(c->text, code) != 0)
            continue;
        c->text[0] = '\0';
        cJSON_AddNumberToObject(q->out, "cid", (double)(q->a->uid * 10000 + (uint64_t)id));
        add_sig(q, id, q->e->broker_sig_life_s, "broker_client_sig", "broker_client_key",
                q->a->rand_key);
        return;
    }
    emu_error(q, q->a && is_bad_broker(q->a, id) ? 20029 : 15, "no valid customer or code");
}

/* The code of now, or of the step before. */
static bool is_time_code(const struct emu_ask *q, const char *code)
{
    const char *key = q->e->conf_key;
    char now[TOTP_DIGITS + 1], before[TOTP_DIGITS + 1];
    totp(key, strlen(key), q->now_s, now);
    totp(key, strlen(key), q->now_s - TOTP_STEP_S, before);
    return key[0] && (strcmp(code, now) == 0 || strcmp(code, before) == 0);
}

static void run_conf(struct emu_ask *q)
{
    if (is_time_code(q, text_of(q, "auth_token"))) {
        buf_printf(&q->say->body, "{\"conf_info\":%s}", q->e->conf);
        return;
    }
    q->say->status = 403;
    emu_error(q, 3, "wrong auth_token");
}

const struct emu_call emu_calls[8] = {
    { "GET", "/authority/salt", "salt", run_salt },
    { "POST", "/authority/", "login", run_login },
    { "GET", "/authority/req_device_code", "send-code", run_send_code },
    { "POST", "/authority/verify_device_code", "check-code", run_check_code },
    { "POST", "/authority/third_factor/auth", "third", run_third },
    { "POST", "/authority/repull_auth_code", "repull", run_repull },
    { "POST", "/broker_auth/client_auth", "broker", run_broker },
    { "POST", "/v2/conf/select_all", "conf", run_conf },
};
