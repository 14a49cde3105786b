/* console_show.c - what the console shows, or writes into a file.
 *
 * Files:   only new ones, 0600, by an absolute path: nothing that is there is ever written over.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/mem.h"
#include "gateway/report.h"
#include "surface/console_state.h"
#include "wire/frame.h"

#define FILE_MAX (64u << 20)
#define P_GLOBAL_STATE 1002

/* ---- files ---- */

static bool write_all(int fd, const struct buf *b)
{
    for (size_t at = 0; at < b->n;) {
        ssize_t n = write(fd, b->p + at, b->n - at);
        if (n < 0 && errno != EINTR)
            return false;
        at += n > 0 ? (size_t)n : 0;
    }
    return true;
}

/* 0, or an errno. */
static int write_new(const char *path, const struct buf *b)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return errno;
    int wrong = write_all(fd, b) ? 0 : errno;
    if (close(fd) && !wrong)
        wrong = errno;
    if (wrong)
        unlink(path);
    return wrong;
}

static void show_in(futu_console *s, futu_str at, const struct buf *b)
{
    char path[CONSOLE_LINE_MAX + 1], reason[64];
    str_copy(path, sizeof(path), at);
    console_audit(s, s->cmd->name, OUTCOME_REQUEST, path);
    if (path[0] != '/') {
        console_ended(s, false, "%s: a path from the root on is expected", s->cmd->name);
        return;
    }
    int wrong = write_new(path, b);
    if (wrong)
        console_ended(s, false, "%s: %s%s", path, strerror_r(wrong, reason, sizeof(reason)),
                      wrong == EEXIST ? "; nothing is written over: name another" : "");
    else
        console_ended(s, true, "%zu bytes are in %s", b->n, path);
}

static void show(futu_console *s, futu_err err, futu_str path, struct buf *b)
{
    if (err == FUTU_ELIMIT)
        say(s, "%s: that is more than fits here; name a file", s->cmd->name);
    else if (err)
        say(s, "%s: %s", s->cmd->name, futu_strerror(err));
    else if (path.p)
        show_in(s, path, b);
    else
        say_text(s, buf_str(b));
    buf_free(b);
}

/* Each line break becomes two bytes. */
static struct buf room(futu_str path)
{
    return (struct buf)BUF_MAX(path.p ? FILE_MAX : CONSOLE_OUT_MAX / 2);
}

/* ---- reports ---- */

void cmd_delays(futu_console *s, const struct console_args *a)
{
    static const char *const stages[] = { "sr2ss", "ss2cr", "cr2cs", "ss2cs", "sr2cs" };
    futu_str path = a->value[0], stage = a->value[1];
    struct buf b = room(path);
    size_t i = 0;
    while (stage.p && i < ARRAY_LEN(stages) && !str_is(stage, stages[i]))
        i++;
    if (i == ARRAY_LEN(stages)) {
        say(s, "show_delay_report: -push_count_type is one of sr2ss, ss2cr, cr2cs, ss2cs, sr2cs");
        return;
    }
    int32_t number = stage.p ? (int32_t)i + 1 : GetDelayStatistics_QotPushStage_SR2CS;
    show(s, report_delays(s->of->o.hub, number, &b), path, &b);
}

void cmd_subs(futu_console *s, const struct console_args *a)
{
    futu_str path = a->value[1];
    struct buf b = room(path);
    uint64_t id = 0;
    if (a->value[0].p && (!str_to_u64(a->value[0], &id) || id == 0)) {
        say(s, "show_sub_info: -conn_id is a connection's number");
        return;
    }
    futu_err err = report_subscriptions(s->of->o.hub, id, &b);
    if (err == FUTU_ENOTFOUND) {
        say(s, "there is no connection %llu", (unsigned long long)id);
        return;
    }
    show(s, err, path, &b);
}

void cmd_metrics(futu_console *s, const struct console_args *a)
{
    struct buf b = room(STR_NULL);
    (void)a;
    show(s, report_metrics(s->of->o.hub, &b), STR_NULL, &b);
}

static void show_links(futu_console *s)
{
    struct buf b = room(STR_NULL);
    show(s, report_links(s->of->o.hub, &b), STR_NULL, &b);
}

void cmd_status(futu_console *s, const struct console_args *a)
{
    const struct console_opts *o = &s->of->o;
    struct hub_status st;
    char why[300] = "";
    (void)a;
    hub_status(o->hub, &st);
    futu_err err = o->upstream_state(o->arg, why, sizeof(why));
    say(s, "futu-opend %s, upstream %s: %s%s%s", futu_version(), st.upstream,
        err == FUTU_EAGAIN ? "connecting" : err ? "not connected" : "connected",
        why[0] ? ": " : "", why);
    show_links(s);
    if (o->login)
        console_say_login(s);
    say(s, "quotes: %s, trading: %s%s", st.qot_logined ? "yes" : "no",
        st.trd_logined ? "yes" : "no", st.unlocked ? ", unlocked" : "");
    say(s, "connections %llu, subscriptions %llu, consoles %u", (unsigned long long)st.connections,
        (unsigned long long)st.subscriptions, s->of->n);
}

/* ---- ping ---- */

static void on_answer(struct hub_call *k, const struct hub_reply *r)
{
    struct console_probe *p = container_of(k, struct console_probe, call);
    p->took = clock_mono(&p->clock) - p->sent;
    p->fine = r && r->deny == DENY_NONE;
    if (!p->session)
        mem_free(p);
}

void console_probe_leave(futu_console *s)
{
    struct console_probe *p = s->probe;
    s->probe = NULL;
    if (!p)
        return;
    p->session = NULL;
    if (p->took >= 0 || hub_call_drop(&p->call))
        mem_free(p);
}

static bool look(futu_console *s)
{
    const struct console_probe *p = s->probe;
    if (p->took < 0)
        return false;
    if (p->fine)
        say(s, "GetGlobalState was answered in %.3f ms", (double)p->took / 1e6);
    else
        say(s, "GetGlobalState could not be asked");
    show_links(s);
    console_probe_leave(s);
    return true;
}

/* What the request costs is its way to the other gateway and back; of a direct login each channel
 * knows its last one. */
void cmd_ping(futu_console *s, const struct console_args *a)
{
    static const uint8_t request[] = { 0x0a, 2, 0x08, 0 };      /* c2s.userID 0 */
    struct hub *h = s->of->o.hub;
    futu_conn *caller;
    (void)a;
    if (!hub_is_relay(h)) {
        say(s, s->of->o.login ? "the last round trip of each channel, by heartbeat or request:"
                              : "the paper exchange is in this process: 0 ms");
        show_links(s);
        return;
    }
    console_probe_leave(s);
    struct console_probe *p = mem_zalloc(sizeof(*p));
    if (!p || hub_caller(h, IFACE_CONSOLE, NULL, &caller)) {
        mem_free(p);
        say(s, "out of memory");
        return;
    }
    *p = (struct console_probe){ .session = s, .clock = s->of->o.clock, .took = -1 };
    p->call = (struct hub_call){ .proto = P_GLOBAL_STATE, .fmt = FRAME_PROTOBUF, .body = request,
                                 .len = sizeof(request), .endpoint = "ping", .done = on_answer };
    p->sent = clock_mono(&p->clock);
    s->probe = p;
    hub_call(caller, &p->call);
    if (!look(s))
        console_wait(s, look);
}
