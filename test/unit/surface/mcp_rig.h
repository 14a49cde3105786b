/* mcp_rig.h - what the tests of the MCP engine share: an engine with keys of all kinds, a session,
 * and what a text was answered. */
#ifndef TEST_UNIT_SURFACE_MCP_RIG_H
#define TEST_UNIT_SURFACE_MCP_RIG_H

#include <stdio.h>

#include "gateway/rails.h"
#include "surface/mcp.h"
#include "surface/mcp_result.h"

static struct rails k;
static struct mcp *m;
static struct mcp_session *s;

/* What one text was answered. */
static struct heard {
    unsigned times, notes;
    enum mcp_out kind;
    struct buf text, note;      /* with a NUL behind */
} got;

static inline void on_out(enum mcp_out kind, futu_str text, void *arg)
{
    struct buf *b = kind == MCP_NOTE ? &got.note : &got.text;
    ck_assert_ptr_eq(arg, &got);
    if (kind == MCP_NOTE) {
        got.notes++;
    } else {
        got.times++;
        got.kind = kind;
    }
    b->n = 0;
    buf_put(b, text.p, text.n);
    buf_byte(b, 0);
    ck_assert(kind == MCP_NOTHING || kind == MCP_DROPPED || mcp_json_valid(text));
    ck_assert(!memchr(text.p, '\n', text.n));
}

static inline const char *body(void)
{
    return got.text.p ? (const char *)got.text.p : "";
}

static inline void say_as(const char *token, const char *text)
{
    got.times = got.notes = 0;
    mcp_session_text(s, str_c(text), str_c(token), on_out, &got);
}

static inline void has(const char *part)
{
    ck_assert_uint_eq(got.times, 1);
    ck_assert_msg(strstr(body(), part), "%s is not in %.3000s", part, body());
}

static inline void lacks(const char *part)
{
    ck_assert_msg(!strstr(body(), part), "%s is in %.3000s", part, body());
}

static inline void ask(const char *token, const char *text, const char *part)
{
    say_as(token, text);
    has(part);
}

static inline void begin(const char *revision)
{
    char text[200];
    ck_assert_int_eq(mcp_session_new(m, &s, "10.0.0.1"), FUTU_OK);
    snprintf(text, sizeof(text), "{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"initialize\","
             "\"params\":{\"protocolVersion\":\"%s\",\"capabilities\":{}}}", revision);
    say_as(NULL, text);
    has("\"serverInfo\":{\"name\":\"futu-opend\"");
    say_as(NULL, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}");
    ck_assert_int_eq(got.kind, MCP_NOTHING);
}

static inline void make(const struct mcp_opts *more)
{
    struct mcp_opts o = more ? *more : (struct mcp_opts){ 0 };
    rails_open(&k, NULL);
    o.hub = k.r.hub;
    o.access = k.access;
    o.clock = clock_fake(&k.r.time);
    o.timers = &k.r.timers;
    ck_assert_int_eq(mcp_new(&m, &o), FUTU_OK);
}

#define CALL(name, args)                                                                           \
    "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"tools/call\",\"params\":{\"name\":\"" name         \
    "\",\"arguments\":" args "}}"
#define RPC(method, params)                                                                        \
    "{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"method\":\"" method "\",\"params\":" params "}"

/* Real orders need it. */
static inline void unlock(void)
{
    say_as("token-all", CALL("futu_unlock_trade", "{}"));
    rails_written(&k);
    rig_answer(&k.r, 2005, HEX_EMPTY);
    has("\"isError\":false");
}

#define PWD .trade_pwd_md5 = "0123456789abcdef0123456789abcdef"

static inline void keyed(const struct mcp_opts *more)
{
    rails_begin(&k);
    rails_key(&k, "all", "\"qot:read\",\"acc:read\",\"trade:simulate\",\"trade:real\","
                         "\"trade:unlock\"", "");
    rails_key(&k, "other", "\"qot:read\",\"acc:read\",\"trade:real\"", "");
    rails_key(&k, "qot", "\"qot:read\"", "");
    rails_key(&k, "sim", "\"trade:simulate\"", "");
    rails_key(&k, "old", "\"qot:read\"", ",\"expires_at\":\"2020-01-01T00:00:00Z\"");
    rails_save(&k);
    make(more);
    begin("2025-06-18");
}

static inline void open_mode(const char *revision)
{
    rails_begin(&k);
    make(NULL);
    begin(revision);
}

static inline void stop(void)
{
    mcp_session_free(s);
    mcp_free(m);
    buf_free(&got.text);
    buf_free(&got.note);
    rails_close(&k);
}

#endif
