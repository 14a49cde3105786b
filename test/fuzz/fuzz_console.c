/* fuzz_console.c - a client of the console, with a key or without one: bytes of any kind in pieces
 * of any size. The first byte says whether there are keys, a login, or another gateway; a byte of 0
 * ends a piece, and the next one lets time pass, answers what was asked, or takes the output. What
 * is written is telnet's own or text, it is bounded, and nothing is done that was not asked. */
#include "rest_world.h"

#include "surface/console.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static futu_console *session;
static bool ended, exit_asked;
static struct console_login now;
static unsigned turn;

static void on_output(futu_console *c, void *arg)
{
    (void)arg;
    check(c == session && futu_console_output(c).n > 0);
}

static void on_close(futu_console *c, void *arg)
{
    (void)arg;
    check(c == session && !ended);
    ended = true;
}

static void login_state(void *arg, struct console_login *out)
{
    (void)arg;
    *out = now;
}

static futu_err login_change(void)
{
    now.at = turn % 5;
    return turn % 3 ? FUTU_OK : turn % 2 ? FUTU_EBUSY : FUTU_EINVAL;
}

static futu_err login_code(void *arg, const char *code)
{
    (void)arg;
    check(strlen(code) < 16);
    return login_change();
}

static futu_err login_send(void *arg)
{
    (void)arg;
    return login_change();
}

static futu_err login_again(void *arg, const struct secret *md5)
{
    (void)arg;
    check(!md5 || (md5->n == 32 && strspn((const char *)md5->p, "0123456789abcdef") == 32));
    return login_change();
}

static const struct console_login_ops ops = { login_state, login_code, login_send, login_again };

static void on_exit_command(void *arg)
{
    (void)arg;
    check(exit_asked);
}

/* Whole sequences of telnet, and text in lines of CR LF. */
static void check_output(futu_str out)
{
    check(out.n < 5u << 20);
    for (size_t i = 0; i < out.n; i++) {
        uint8_t c = (uint8_t)out.p[i];
        if (c == 255) {
            check(i + 2 < out.n && ((uint8_t)out.p[i + 1] == 252 || (uint8_t)out.p[i + 1] == 254));
            i += 2;
            continue;
        }
        check(c >= ' ' || c == '\n' || c == '\r' || c == '\t');
    }
}

static void between(uint8_t how)
{
    static const uint8_t reply[] = { 8, 0, 18, 0, 24, 0 };
    if (how & 1)
        pass(NS_PER_S / 10);
    if (how & 2 && !ended) {
        check_output(futu_console_output(session));
        futu_console_sent(session, futu_console_output(session).n);
    }
    if (how & 4)
        answer_one(reply, sizeof(reply));
    if (how & 8)
        now.at = how >> 4 & 3;
    if (how == 0xff)
        pass(40 * NS_PER_S);
}

static void feed(const uint8_t *p, size_t n)
{
    if (ended || n == 0)
        return;
    futu_err err = futu_console_feed(session, p, n);
    check(err == FUTU_OK || err == FUTU_ECANCELED);
    ended = err == FUTU_ECANCELED;
}

/* Backspaces and telnet may stand between: so much must be there at least. */
static bool may_exit(const uint8_t *p, size_t n, bool keyed)
{
    for (const char *c = keyed ? "exitK0" : "exit"; *c; c++)
        if (!memchr(p, *c | 32, n) && !memchr(p, *c, n) && !memchr(p, *c & ~32, n))
            return false;
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || memchr(data, '/', size))   /* no file is to be made */
        return 0;
    struct console *c;
    futu_console_opts o = FUTU_CONSOLE_OPTS_INIT;
    world_open(data[0] & 1);
    w.up.forwards = data[0] & 2;
    struct console_opts co = {
        .hub = w.hub, .access = w.access, .clock = clock_fake(&w.time), .timers = &w.timers,
        .upstream_state = state, .login = data[0] & 4 ? &ops : NULL, .shutdown = on_exit_command,
    };
    o.on_output = on_output;
    o.on_close = on_close;
    now = (struct console_login){ .at = PHASE_CODE };
    turn = data[0] >> 3;
    ended = false;
    exit_asked = may_exit(data + 1, size - 1, data[0] & 1);
    check(console_new(&c, &co) == FUTU_OK && console_open(c, &session, &o) == FUTU_OK);
    for (size_t at = 1, end; at < size; at = end + 2) {
        const uint8_t *zero = memchr(data + at, 0, size - at);
        end = zero ? (size_t)(zero - data) : size;
        feed(data + at, end - at);
        turn++;
        if (end + 1 < size)
            between(data[end + 1]);
    }
    if (!ended) {
        futu_err err = futu_console_eof(session);
        check(err == FUTU_OK || err == FUTU_ECANCELED);
    }
    check_output(futu_console_output(session));
    futu_console_free(session);
    console_free(c);
    world_close();
    return 0;
}
