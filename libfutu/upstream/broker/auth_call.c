/* auth_call.c - see auth_call.h. */
#include "upstream/broker/auth_call.h"

#include <ctype.h>
#include <stdio.h>

#include "base/log.h"
#include "codec/json_text.h"

#define NUMBER_SIZE 24
/* Room that no request passes: what a buffer left behind by growing would not be wiped. */
#define REQUEST_ROOM (48u << 10)

/* The value as text; p NULL: it is not set. */
static futu_str value_of(const struct auth_values *v, const struct dialect_field *f,
                         char number[NUMBER_SIZE])
{
    if (f->value == AV_FIXED)
        return str_c(f->fixed);
    if (f->value != AV_UID && f->value != AV_BROKER_ID)
        return v->text[f->value].n ? v->text[f->value] : STR_NULL;
    int n = f->value == AV_UID
                ? snprintf(number, NUMBER_SIZE, "%llu", (unsigned long long)v->uid)
                : snprintf(number, NUMBER_SIZE, "%d", v->broker_id);
    bool set = f->value == AV_UID ? v->uid != 0 : v->broker_id != 0;
    return set ? (futu_str){ number, (size_t)n } : STR_NULL;
}

static bool wanted(const struct auth_values *v, const struct dialect_field *f, futu_str value)
{
    switch (f->rule) {
    case AR_IF_SET:
        return value.n > 0;
    case AR_PHONE:
        return v->phone;
    case AR_NO_UID:
        return v->uid == 0;
    default:
        return true;
    }
}

static futu_err put_escaped(struct buf *out, futu_str s)
{
    futu_err err = FUTU_OK;
    for (size_t i = 0; i < s.n && !err; i++) {
        unsigned char c = (unsigned char)s.p[i];
        bool plain = isalnum(c) || strchr("-._~", c);
        err = plain && c ? buf_byte(out, c) : buf_printf(out, "%%%02X", c);
    }
    return err;
}

static futu_err put_query(struct auth_request *rq, const struct dialect_field *f, futu_str value,
                          bool first)
{
    futu_err err = buf_printf(&rq->target, "%c%s=", first ? '?' : '&', f->name);
    return err ? err : put_escaped(&rq->target, value);
}

static futu_err put_member(struct auth_request *rq, const struct dialect_field *f, futu_str value,
                           bool first)
{
    futu_err err = buf_printf(&rq->body, "%c\"%s\":", first ? '{' : ',', f->name);
    if (err)
        return err;
    return f->number ? buf_put(&rq->body, value.p, value.n) : json_put_string(&rq->body, value);
}

static futu_err put_fields(struct auth_request *rq, const struct dialect_call *c,
                           const struct auth_values *v)
{
    futu_err (*put)(struct auth_request *, const struct dialect_field *, futu_str, bool) =
        strcmp(c->method, "GET") == 0 ? put_query : put_member;
    char number[NUMBER_SIZE];
    bool first = true;
    futu_err err = FUTU_OK;
    for (size_t i = 0; i < c->n && !err; i++) {
        futu_str value = value_of(v, &c->fields[i], number);
        if (!wanted(v, &c->fields[i], value))
            continue;
        if (value.n == 0) {
            log_error("login: %s: there is no %s to be sent", c->path, c->fields[i].name);
            return FUTU_EINVAL;
        }
        err = put(rq, &c->fields[i], value, first);
        first = false;
    }
    return err || put == put_query ? err : buf_puts(&rq->body, "}");
}

futu_err auth_request_build(struct auth_request *rq, enum auth_call call,
                            const struct auth_values *v)
{
    const struct dialect_call *c = &dialect_calls[call];
    *rq = (struct auth_request){ c->method, BUF_MAX(REQUEST_ROOM), BUF_MAX(REQUEST_ROOM) };
    futu_err err = buf_reserve(&rq->target, REQUEST_ROOM);
    if (!err)
        err = buf_reserve(&rq->body, REQUEST_ROOM);
    if (!err)
        err = buf_puts(&rq->target, c->path);
    if (!err)
        err = put_fields(rq, c, v);
    if (err)
        auth_request_free(rq);
    return err == FUTU_ELIMIT ? FUTU_EINVAL : err;
}

void auth_request_free(struct auth_request *rq)
{
    struct buf *all[] = { &rq->target, &rq->body };
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        if (all[i]->p)
            wipe(all[i]->p, all[i]->cap);
        buf_free(all[i]);
    }
}
