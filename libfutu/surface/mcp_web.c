/* mcp_web.c - see mcp_web.h. */
#include "surface/mcp_web.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/log.h"
#include "base/mem.h"
#include "crypt/digest.h"
#include "crypt/random.h"
#include "surface/mcp_json.h"

#define TICK_NS (5 * NS_PER_S)

static int64_t now_of(const struct rest *r)
{
    return clock_mono(&r->o.clock);
}

/* ---- streams ---- */

static void wake(struct mcp_stream *t)
{
    futu_http_call *k = t->reader;
    if (!k || !k->streams || k->told)
        return;
    k->told = true;
    k->on_more(k, k->arg);
}

static void free_stream(struct mcp_stream *t)
{
    timer_stop(t->rest->o.timers, &t->late);
    list_remove(&t->link);
    sse_free(&t->sse);
    mem_free(t);
}

static void on_late(struct timer *x, int64_t now)
{
    (void)now;
    web_stream_begin(container_of(x, struct mcp_stream, late));
}

static struct mcp_stream *new_stream(struct web_session *w, uint32_t no)
{
    struct mcp_stream *t = mem_zalloc(sizeof(*t));
    if (!t)
        return NULL;
    t->rest = w->rest;
    t->of = w;
    t->late.fn = on_late;
    sse_init(&t->sse, no);
    list_push(&w->streams, &t->link);
    return t;
}

struct mcp_stream *web_answer_new(struct web_session *w, futu_http_call *k, bool may)
{
    struct mcp_stream *t = new_stream(w, ++w->last_no);
    if (!t)
        return NULL;
    t->reader = k;
    t->may = may;
    k->stream = t;
    if (may)
        timer_set(w->rest->o.timers, &t->late, now_of(w->rest) + WEB_LATE_NS);
    return t;
}

struct mcp_stream *web_stream_find(struct web_session *w, uint32_t no)
{
    struct list *it, *tmp;
    list_each(it, tmp, &w->streams) {
        struct mcp_stream *t = list_entry(it, struct mcp_stream, link);
        if (t->sse.no == no && (t->own || t->begun))
            return t;
    }
    return NULL;
}

/* The reader that was there hears that this is over. */
static void put_off(struct mcp_stream *t)
{
    futu_http_call *k = t->reader;
    if (!k)
        return;
    wake(t);
    t->reader = NULL;
    k->stream = NULL;
}

void web_stream_read(struct mcp_stream *t, futu_http_call *k)
{
    put_off(t);
    t->reader = k;
    t->ping = t->leaving = t->parted = false;
    t->prime = t->of && (t->of->old || mcp_revision_primes(mcp_session_revision(t->of->s)));
    t->since = t->said = now_of(t->rest);
    k->stream = t;
    http_stream(k, "text/event-stream", "X-Accel-Buffering: no\r\n");
}

void web_stream_begin(struct mcp_stream *t)
{
    char headers[160] = "X-Accel-Buffering: no\r\n";
    if (t->begun || !t->reader || !t->may)
        return;
    timer_stop(t->rest->o.timers, &t->late);
    t->begun = true;
    t->prime = mcp_revision_primes(mcp_session_revision(t->of->s));
    t->since = t->said = now_of(t->rest);
    if (t->begins)
        snprintf(headers, sizeof(headers), "X-Accel-Buffering: no\r\nMcp-Session-Id: %s\r\n"
                 "Access-Control-Expose-Headers: Mcp-Session-Id\r\n", t->of->id);
    http_stream(t->reader, "text/event-stream", headers);
}

void web_stream_put(struct mcp_stream *t, futu_str text)
{
    struct shbuf *b = t->over ? NULL : shbuf_copy(text.p, text.n);
    if (b && sse_room(&t->sse) == FUTU_OK) {
        sse_put(&t->sse, b);
    } else {
        shbuf_unref(b);
        t->over = true;
    }
    wake(t);
}

void web_stream_put_each(struct mcp_stream *t, futu_str text)
{
    struct json_lex lx;
    futu_str one;
    if (!mcp_enter(&lx, text, '[')) {
        web_stream_put(t, text);
        return;
    }
    while (mcp_next_element(&lx, &one))
        web_stream_put(t, one);
}

/* Answers that nobody has asked for again give way, oldest first. */
static void trim_answers(struct web_session *w)
{
    struct list *it, *tmp;
    size_t n = 0, bytes = 0;
    list_each(it, tmp, &w->streams) {
        const struct mcp_stream *t = list_entry(it, struct mcp_stream, link);
        n += t->over;
        bytes += t->over ? t->sse.bytes : 0;
    }
    list_each(it, tmp, &w->streams) {
        struct mcp_stream *t = list_entry(it, struct mcp_stream, link);
        if (n <= WEB_KEEP_ANSWERS && bytes <= WEB_ANSWER_BYTES)
            return;
        if (!t->over || t->reader)
            continue;
        n--;
        bytes -= t->sse.bytes;
        free_stream(t);
    }
}

void web_stream_end(struct mcp_stream *t)
{
    t->over = true;
    t->over_at = now_of(t->rest);
    wake(t);
    trim_answers(t->of);
}

void web_stream_drop(struct mcp_stream *t)
{
    if (t->reader)
        t->reader->stream = NULL;
    free_stream(t);
}

/* ---- what a reader gets ---- */

/* The next push, if there is one. False: memory is out. */
static bool pull(struct mcp_stream *t)
{
    if (!t->own || !t->of || !mcp_session_waits(t->of->s))
        return true;
    if (sse_room(&t->sse))
        return false;
    struct shbuf *b = mcp_session_take(t->of->s);
    if (b)
        sse_put(&t->sse, b);
    return true;
}

static futu_err tell_lost(struct mcp_stream *t, struct buf *out)
{
    futu_err err = buf_printf(out, "data: {\"jsonrpc\":\"2.0\","
                              "\"method\":\"notifications/message\",\"params\":{"
                              "\"level\":\"warning\",\"logger\":\"futu.gap\",\"data\":{"
                              "\"type\":\"gap\",\"reason\":\"resumed too late\",\"lost\":%" PRIu64
                              "}}}\n\n", t->lost);
    t->lost = 0;
    return err;
}

/* What stands before the first event: where the reader is, or where its texts go. */
static futu_err prime(const struct mcp_stream *t, struct buf *out)
{
    if (t->of && t->of->old)
        return buf_printf(out, "event: endpoint\ndata: %s?" WEB_QUERY "=%s\n\n", t->of->old,
                          t->of->id);
    return sse_prime(&t->sse, out);
}

static void trim(struct mcp_stream *t)
{
    bool again = !t->of || !t->of->old;         /* the reader may come again */
    if (t->own)
        sse_trim(&t->sse, again ? WEB_KEEP_EVENTS : 0, again ? WEB_KEEP_BYTES : 0);
}

/* FUTU_EAGAIN: nothing; FUTU_ENOTCONN: it is over. */
static futu_err piece(struct mcp_stream *t, struct buf *out)
{
    out->n = 0;
    if (t->prime) {
        t->prime = false;
        return prime(t, out);
    }
    if (t->lost)
        return tell_lost(t, out);
    bool leaves = t->leaving && !t->over;       /* what waits is for when it comes again */
    if (!leaves && !sse_waits(&t->sse) && !pull(t))
        return FUTU_ENOMEM;
    if (!leaves && sse_waits(&t->sse)) {
        futu_err err = sse_take(&t->sse, out);
        trim(t);
        return err;
    }
    if (leaves && !t->parted) {
        t->parted = true;
        return buf_printf(out, "retry: %d\n\n", WEB_RETRY_MS);
    }
    if (t->over || t->leaving)
        return FUTU_ENOTCONN;
    if (!t->ping)
        return FUTU_EAGAIN;
    t->ping = false;
    return buf_puts(out, ":\n\n");
}

futu_err rest_more(futu_http_call *k, futu_str *out)
{
    struct mcp_stream *t = k->stream;
    struct buf *b = &k->rest->sse;
    *out = STR_NULL;
    futu_err err = t ? piece(t, b) : FUTU_ENOTCONN;
    if (err == FUTU_OK) {
        t->said = now_of(t->rest);
        *out = buf_str(b);
    } else if (err == FUTU_EAGAIN) {
        k->told = false;
    } else {
        err = FUTU_ENOTCONN;            /* out of memory: it may come again */
    }
    return err;
}

void rest_leave(futu_http_call *k)
{
    if (!k || !k->stream || !k->streams)
        return;
    k->stream->leaving = true;
    wake(k->stream);
}

void rest_mcp_left(futu_http_call *k)
{
    struct mcp_stream *t = k->stream;
    k->stream = NULL;
    t->reader = NULL;
    if (!t->of)
        free_stream(t);
    else if (t->of->old)
        web_session_end(t->of, NULL);
    else
        t->of->used = now_of(t->rest);
    http_give_back(k);
}

/* ---- sessions ---- */

static void on_push(void *arg)
{
    wake(((struct web_session *)arg)->own);
}

static void on_end(void *arg, futu_err err, const char *reason)
{
    struct web_session *w = arg;
    char last[200];
    snprintf(last, sizeof(last), "the session has ended: %s", reason);
    if (err == FUTU_ELIMIT)
        log_warn("mcp: %s", last);
    web_session_end(w, last);
}

static void on_tick(struct timer *t, int64_t now);

static futu_err open_session(struct web_session *w, futu_http_call *k)
{
    struct mcp_ears ears = { on_push, on_end, w };
    w->own = new_stream(w, 0);
    if (!w->own)
        return FUTU_ENOMEM;
    w->own->own = true;
    futu_err err = mcp_session_new(w->rest->mcp, &w->s, k->peer);
    if (err)
        return err;
    mcp_session_hear(w->s, &ears);
    return mcp_session_watch(w->s, k->key);
}

static bool busy(const struct web_session *w)
{
    bool reads = false;
    for (const struct list *it = w->streams.next; it != &w->streams; it = it->next)
        reads |= container_of(it, struct mcp_stream, link)->reader != NULL;
    return reads || mcp_session_busy(w->s);
}

/* The one that was idle longest: of this key when it has its share, else of all. */
static bool make_room(struct rest *r, const struct api_key *key)
{
    struct list *it, *tmp;
    struct web_session *idle = NULL;
    size_t own = 0;
    list_each(it, tmp, &r->mcp_sessions)
        own += list_entry(it, struct web_session, link)->key == key;
    bool share = key && own >= WEB_KEY_SESSIONS;
    if (!share && r->n_mcp_sessions < WEB_SESSIONS)
        return true;
    list_each(it, tmp, &r->mcp_sessions) {
        struct web_session *w = list_entry(it, struct web_session, link);
        if ((!share || w->key == key) && !busy(w) && (!idle || w->used < idle->used))
            idle = w;
    }
    if (idle)
        web_session_end(idle, NULL);
    return idle != NULL;
}

struct web_session *web_session_new(futu_http_call *k)
{
    struct rest *r = k->rest;
    uint8_t raw[WEB_ID / 2];
    struct web_session *w = make_room(r, k->key) ? mem_zalloc(sizeof(*w)) : NULL;
    if (!w)
        return NULL;
    w->rest = r;
    list_init(&w->streams);
    random_bytes(raw, sizeof(raw));
    hex_lower(raw, sizeof(raw), w->id);
    w->key = k->key;
    w->used = now_of(r);
    list_push(&r->mcp_sessions, &w->link);
    r->n_mcp_sessions++;
    if (!r->mcp_timer.armed) {
        r->mcp_timer.fn = on_tick;
        timer_set(r->o.timers, &r->mcp_timer, w->used + TICK_NS);
    }
    if (open_session(w, k) == FUTU_OK)
        return w;
    web_session_end(w, NULL);
    return NULL;
}

/* What waits is not read any more: the key may be gone. */
static void last_piece(struct mcp_stream *t, const char *last)
{
    struct shbuf *b = last && t->own ? mcp_last_word(last) : NULL;
    t->sse.at = t->sse.next;
    if (b && sse_room(&t->sse) == FUTU_OK)
        sse_put(&t->sse, b);
    else
        shbuf_unref(b);
}

static void end_stream(struct mcp_stream *t, const char *last)
{
    futu_http_call *k = t->reader;
    if (k && k->streams) {
        t->of = NULL;
        if (last)
            last_piece(t, last);
        t->over = true;
        list_remove(&t->link);
        list_push(&t->rest->mcp_ended, &t->link);
        wake(t);
        return;
    }
    if (k)
        k->stream = NULL;
    free_stream(t);
    if (k)
        http_error(k, 404, "the session has ended");
}

void web_session_end(struct web_session *w, const char *last)
{
    struct rest *r = w->rest;
    mcp_session_free(w->s);             /* no answer comes any more */
    w->s = NULL;
    list_remove(&w->link);
    r->n_mcp_sessions--;
    while (!list_empty(&w->streams))
        end_stream(list_entry(w->streams.next, struct mcp_stream, link), last);
    if (list_empty(&r->mcp_sessions))
        timer_stop(r->o.timers, &r->mcp_timer);
    mem_free(w);
}

struct web_session *web_session_find(struct rest *r, futu_str id, const struct api_key *key,
                                     bool old)
{
    struct list *it, *tmp;
    struct web_session *found = NULL;
    list_each(it, tmp, &r->mcp_sessions) {
        struct web_session *w = list_entry(it, struct web_session, link);
        if (id.n == WEB_ID && equal_ct(w->id, id.p, WEB_ID) && w->key == key &&
            (w->old != NULL) == old)
            found = w;
    }
    if (found)
        found->used = now_of(r);
    return found;
}

/* ---- time ---- */

static void look_at_stream(struct mcp_stream *t, int64_t now)
{
    if (t->reader && t->reader->streams) {
        bool primed = !t->of->old && mcp_revision_primes(mcp_session_revision(t->of->s));
        t->leaving |= primed && now - t->since >= WEB_READ_NS;
        t->ping |= now - t->said >= WEB_PING_NS;
        if (t->leaving || t->ping)
            wake(t);
    } else if (t->over && now - t->over_at >= WEB_KEEP_NS) {
        free_stream(t);
    }
}

static bool unused(const struct web_session *w, int64_t now)
{
    if (w->old)
        return !mcp_session_begun(w->s) && now - w->own->since >= WEB_BEGIN_NS;
    return now - w->used >= WEB_IDLE_NS && !busy(w);
}

static void on_tick(struct timer *x, int64_t now)
{
    struct rest *r = container_of(x, struct rest, mcp_timer);
    struct list *it, *tmp, *s, *next;
    timer_set(r->o.timers, x, now + TICK_NS);
    list_each(it, tmp, &r->mcp_sessions) {
        struct web_session *w = list_entry(it, struct web_session, link);
        list_each(s, next, &w->streams)
            look_at_stream(list_entry(s, struct mcp_stream, link), now);
        if (unused(w, now))
            web_session_end(w, NULL);
    }
}

void rest_mcp_free(struct rest *r)
{
    while (!list_empty(&r->mcp_sessions))
        web_session_end(list_entry(r->mcp_sessions.next, struct web_session, link), NULL);
    while (!list_empty(&r->mcp_ended)) {
        struct mcp_stream *t = list_entry(r->mcp_ended.next, struct mcp_stream, link);
        t->reader->stream = NULL;
        free_stream(t);
    }
    timer_stop(r->o.timers, &r->mcp_timer);
    mcp_free(r->mcp);
    r->mcp = NULL;
}
