/* call.c - requests of the gateway on their way through the broker upstream.
 *
 * Out:     exactly one rq->done() for each request that was not cancelled.
 * Cancel:  a read is forgotten; a write goes on, since it can't be called back, and an unlock,
 *          since a wrong password counts whoever waits for the answer.
 * Tests:   test/unit/upstream/broker/broker_test.c
 */
#include <stdarg.h>
#include <stdio.h>

#include "base/log.h"
#include "base/mem.h"
#include "upstream/broker/state.h"

/* A whole Response, for when there is no memory to make one: retType -1, retMsg, errCode 0. */
static const uint8_t no_memory_body[] = "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"
                                        "\x12\x0dout of memory\x18";    /* the NUL is errCode */

/* The same with retType -100, of a write that may have been done: "unknown" is not "refused". */
static const uint8_t unknown_body[] = "\x08\x9c\xff\xff\xff\xff\xff\xff\xff\xff\x01"
                                      "\x12\x0dout of memory\x18";

const char *channel_down(const struct channel *c, char out[CHANNEL_WHY + 80])
{
    struct channel_info i;
    channel_info(c, &i);
    snprintf(out, CHANNEL_WHY + 80, "%s is not connected (%s%s%s)", channel_name(c),
             channel_state_name(i.state), i.why[0] ? ": " : "", i.why);
    return out;
}

/* ---- the end of a job ---- */

static void job_free(struct job *j)
{
    if (j->drop)
        j->drop(j);
    channel_cancel(&j->ask);
    resolve_stop(&j->resolve);
    list_remove(&j->wait);
    list_remove(&j->node);
    if (j->row->id == PROTO_TRD_UNLOCK_TRADE)
        arena_wipe(&j->arena);          /* the digest of a password, and ciphers */
    arena_free(&j->arena);
    mem_free(j);
}

static void job_done(struct job *j, const struct buf *out)
{
    struct upstream_request *rq = j->rq;
    j->rq = NULL;
    bool unknown = rq && j->row->write && !rq->unsent;
    if (rq && out->n)
        rq->done(rq, out->p, out->n);
    else if (rq)
        rq->done(rq, unknown ? unknown_body : no_memory_body, sizeof(no_memory_body));
    job_free(j);
}

static void fail_va(struct job *j, int32_t ret_type, const char *fmt, va_list args)
{
    char text[512];
    struct buf out = BUF_INIT;
    vsnprintf(text, sizeof(text), fmt, args);
    if (codec_failure(&out, ret_type, 0, str_c(text)))
        out.n = 0;
    job_done(j, &out);
    buf_free(&out);
}

void job_fail(struct job *j, int32_t ret_type, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    fail_va(j, ret_type, fmt, args);
    va_end(args);
}

void job_not_served(struct job *j, const char *what)
{
    if (j->rq)
        j->rq->unsent = true;
    job_fail(j, RET_FAILED, NOT_SERVED "%s", what);
}

void job_fail_reply(struct job *j, const struct channel_reply *r)
{
    int32_t type = r->err == FUTU_ETIMEDOUT    ? RET_TIMEOUT
                   : r->err == FUTU_ENOTCONN   ? RET_DISCONNECTED
                                               : RET_FAILED;
    bool unknown = j->row->write && type != RET_FAILED;
    job_fail(j, type, "%s%s", r->why, unknown ? "; whether it was done is not known" : "");
}

/* The envelope has the same four tags in every Response. */
static void set_envelope(const futu_msg *m, void *response, int32_t ret_type, futu_str text)
{
    char *base = response;
    for (size_t i = 0; i < m->n_fields && m->fields[i].tag <= 3; i++) {
        const struct pb_field *f = &m->fields[i];
        if (f->type == PB_STRING) {
            *(futu_str *)(void *)(base + f->off) = text;
        } else {
            *(int32_t *)(void *)(base + f->off) = f->tag == 1 ? ret_type : 0;
            *(bool *)(base + f->off_has) = true;
        }
    }
}

futu_err put_push(const futu_msg *m, struct arena *a, void *s2c, struct buf *out)
{
    char *response = arena_alloc(a, m->size);
    if (!response)
        return FUTU_ENOMEM;
    set_envelope(m, response, RET_OK, STR(""));
    for (size_t i = 0; i < m->n_fields; i++)
        if (m->fields[i].tag == 4)
            *(void **)(void *)(response + m->fields[i].off) = s2c;
    return codec_encode(m, response, out, NULL);
}

static void job_tell(struct job *j, int32_t ret_type, futu_str text)
{
    struct buf out = BUF_INIT;
    struct codec_error e = { .what = "" };
    set_envelope(j->row->response, j->response, ret_type, text);
    futu_err err = codec_encode(j->row->response, j->response, &out, &e);
    if (err && err != FUTU_ENOMEM) {
        log_error("broker: %s: %s: %s", j->row->name, e.path, e.what);
        job_fail(j, RET_FAILED, "the broker's answer lacks %s", e.path);
    } else {
        job_done(j, &out);
    }
    buf_free(&out);
}

void job_ok_text(struct job *j, futu_str text)
{
    job_tell(j, RET_OK, text);
}

void job_fail_told(struct job *j, int32_t ret_type, futu_str text)
{
    job_tell(j, ret_type, text);
}

void job_ok(struct job *j)
{
    job_ok_text(j, STR(""));
}

/* ---- to the server and back ---- */

static void on_reply(struct channel_ask *q, const struct channel_reply *r)
{
    struct job *j = container_of(q, struct job, ask);
    if (r->err && r->err != FUTU_EREFUSED && j->lost)
        j->lost(j, r->why);
    else if (r->err)
        job_fail_reply(j, r);
    else
        j->then(j, r);
}

futu_err job_ask(struct channel_ask *q, struct channel *c, uint16_t command, const futu_msg *m,
                 const void *msg)
{
    struct buf body = BUF_INIT;
    q->command = command;
    futu_err err = codec_encode(m, msg, &body, NULL);
    if (!err)
        err = channel_send(c, q, body.p, body.n);
    if (body.p)
        wipe(body.p, body.cap);         /* ciphers and passwords */
    buf_free(&body);
    return err;
}

void job_send(struct job *j, struct channel *c, uint16_t command, const futu_msg *m,
              const void *msg, void (*then)(struct job *j, const struct channel_reply *r))
{
    char text[CHANNEL_WHY + 80];
    j->then = then;
    j->ask.done = on_reply;
    futu_err err = job_ask(&j->ask, c, command, m, msg);
    if (!err)
        return;
    if (j->rq)
        j->rq->unsent = true;
    if (err == FUTU_ENOTCONN)
        job_fail(j, RET_DISCONNECTED, "%s", channel_down(c, text));
    else
        job_fail(j, RET_FAILED, "%s", futu_strerror(err));
}

void *job_decode(struct job *j, const struct channel_reply *r, const futu_msg *m)
{
    void *out = arena_alloc(&j->arena, m->size);
    futu_err err = out ? codec_decode(m, &j->arena, r->body, r->n, out, NULL, NULL) : FUTU_ENOMEM;
    if (!err)
        return out;
    if (j->lost) {
        j->lost(j, "the broker's answer can't be read");
        return NULL;
    }
    job_fail(j, RET_FAILED, "the broker's answer to command %u can't be read%s", j->ask.command,
             j->row->write ? "; whether it was done is not known" : "");
    return NULL;
}

bool job_server_ok(struct job *j, bool has, int32_t code, futu_str text)
{
    if (has && code == 0)
        return true;
    if ((!has || code == CODE_TIMEOUT) && j->lost)
        j->lost(j, has ? "the broker's own server did not answer it in time"
                       : "the broker's answer says neither yes nor no");
    else if (!has)
        job_fail(j, RET_FAILED, "the broker's answer to command %u says neither yes nor no",
                 j->ask.command);
    else
        job_fail(j, RET_FAILED, "the broker refuses with code %d%s" STR_FMT, code,
                 text.n ? ": " : "", (int)MIN(text.n, 200), text.p ? text.p : "");
    return false;
}

/* ---- in ---- */

static const struct row *find(uint32_t proto)
{
    for (size_t i = 0; i < broker_rows_n; i++)
        if (broker_rows[i].proto == proto)
            return &broker_rows[i];
    return NULL;
}

static void refuse(struct upstream_request *rq, const char *what)
{
    char text[160];
    struct buf out = BUF_INIT;
    snprintf(text, sizeof(text), NOT_SERVED "%s", what);
    rq->unsent = true;
    rq->fmt = 0;                        /* what nobody can convert is answered in protobuf */
    if (codec_failure(&out, RET_FAILED, 0, str_c(text)) == FUTU_OK)
        rq->done(rq, out.p, out.n);
    else
        rq->done(rq, no_memory_body, sizeof(no_memory_body));
    buf_free(&out);
}

static struct job *job_new(struct broker *b, struct upstream_request *rq,
                           const struct proto_row *row)
{
    struct job *j = mem_zalloc(sizeof(*j));
    if (!j)
        return NULL;
    j->b = b;
    j->rq = rq;
    j->row = row;
    str_copy(j->key, sizeof(j->key), str_c(rq->key));
    list_push(&b->jobs, &j->node);
    list_init(&j->resolve.node);
    list_init(&j->wait);
    rq->upstream_data = j;
    return j;
}

void call_request(struct broker *b, struct upstream_request *rq)
{
    const struct proto_row *row = proto_find(rq->proto);
    const struct row *r = row ? find(rq->proto) : NULL;
    struct codec_error e;
    rq->upstream_data = NULL;
    if (!r) {
        char number[24];
        snprintf(number, sizeof(number), "protocol %u", rq->proto);
        refuse(rq, row ? row->name : number);
        return;
    }
    struct job *j = job_new(b, rq, row);
    if (!j) {
        rq->unsent = row->write && !rq->resumed;
        rq->done(rq, rq->resumed ? unknown_body : no_memory_body, sizeof(no_memory_body));
        return;
    }
    void *request = arena_alloc(&j->arena, row->request->size);
    j->response = arena_alloc(&j->arena, row->response->size);
    j->request = request;
    futu_err err = !request || !j->response
                       ? FUTU_ENOMEM
                       : codec_decode(row->request, &j->arena, rq->body, rq->len, request, NULL,
                                      &e);
    if (err == FUTU_ENOMEM && rq->resumed)
        job_fail(j, RET_TIMEOUT, "%s", futu_strerror(err));
    else if (err)
        job_fail(j, RET_FAILED, "%s", err == FUTU_ENOMEM ? futu_strerror(err)
                                                         : "解析protobuf协议失败");
    else
        r->fn(j);
}

void broker_call_cancel(struct broker *b, struct upstream_request *rq)
{
    struct job *j = rq->upstream_data;
    (void)b;
    if (!j)
        return;
    j->rq = NULL;
    if (!j->row->write && j->row->id != PROTO_TRD_UNLOCK_TRADE)
        job_free(j);
}

void call_free_all(struct broker *b)
{
    while (!list_empty(&b->jobs))
        job_free(list_entry(b->jobs.next, struct job, node));
}
