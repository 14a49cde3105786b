/* console_line.c - a session's bytes to lines, and a line to a command with its arguments.
 *
 * Telnet:  its commands are taken out wherever they stand; every option is refused; "are you there"
 *          is answered. A client that speaks it is a person's, and gets a prompt from then on.
 * HTTP:    a browser that was talked into sending a request here is cut at the request's first
 *          line, before anything of its body is read.
 */
#include <stdio.h>

#include "base/log.h"
#include "gateway/metrics.h"
#include "surface/console_state.h"

enum iac { IAC_NONE, IAC_COMMAND, IAC_OPTION, IAC_SUB, IAC_SUB_COMMAND };
enum { T_SE = 240, T_AYT = 246, T_SB = 250, T_WILL, T_WONT, T_DO, T_DONT, T_IAC };

/* ---- telnet ---- */

static void refuse(futu_console *s, uint8_t option)
{
    const uint8_t answer[3] = { T_IAC, s->verb == T_DO ? T_WONT : T_DONT, option };
    if ((s->verb == T_DO || s->verb == T_WILL) && buf_put(&s->out, answer, sizeof(answer)))
        console_end(s);
}

static void on_command(futu_console *s, uint8_t c)
{
    s->telnet = true;
    s->iac = IAC_NONE;
    if (c == T_SB) {
        s->iac = IAC_SUB;
        s->n_sub = 0;
    } else if (c >= T_WILL && c <= T_DONT) {
        s->verb = c;
        s->iac = IAC_OPTION;
    } else if (c == T_AYT) {
        say(s, "yes");
    }
}

/* What stands between SB and SE is skipped, up to the length of a line: SE may never come. */
static void in_sub(futu_console *s, uint8_t c)
{
    bool after_iac = s->iac == IAC_SUB_COMMAND;
    s->iac = after_iac && c == T_SE ? IAC_NONE
             : !after_iac && c == T_IAC ? IAC_SUB_COMMAND : IAC_SUB;
    if (s->n_sub++ < CONSOLE_LINE_MAX)
        return;
    say(s, "a subnegotiation of telnet has at most %d bytes", CONSOLE_LINE_MAX);
    console_end(s);
}

/* True: the byte was telnet's own. */
static bool telnet(futu_console *s, uint8_t c)
{
    switch (s->iac) {
    case IAC_COMMAND:
        if (c == T_IAC) {               /* a data byte of 255, which no text has */
            s->iac = IAC_NONE;
            s->unreadable = true;
        } else {
            on_command(s, c);
        }
        return true;
    case IAC_OPTION:
        s->iac = IAC_NONE;
        refuse(s, c);
        return true;
    case IAC_SUB:
    case IAC_SUB_COMMAND:
        in_sub(s, c);
        return true;
    default:
        s->iac = c == T_IAC ? IAC_COMMAND : IAC_NONE;
        return c == T_IAC;
    }
}

/* ---- lines ---- */

/* One character of UTF-8, or nothing. */
static void rub_out(futu_console *s)
{
    while (s->n && ((uint8_t)s->line[s->n - 1] & 0xc0) == 0x80)
        s->n--;
    if (s->n)
        s->n--;
}

static void add(futu_console *s, uint8_t c)
{
    if (c == '\b' || c == 127) {
        rub_out(s);
        return;
    }
    if (c < ' ' && c != '\t')
        s->unreadable = true;
    if (s->n < CONSOLE_LINE_MAX) {
        s->line[s->n++] = (char)c;
        return;
    }
    say(s, "a line has at most %d bytes", CONSOLE_LINE_MAX);
    console_end(s);
}

/* CR, LF, CR LF, and telnet's CR NUL each end one line. */
static bool ends_line(futu_console *s, uint8_t c, bool *skip)
{
    *skip = s->cr && (c == '\n' || c == '\0');
    s->cr = c == '\r';
    return !*skip && (c == '\r' || c == '\n');
}

bool console_take(futu_console *s, const uint8_t **p, size_t *n)
{
    while (*n > 0 && !s->ended && console_unsent(s) <= CONSOLE_OUT_HIGH) {
        uint8_t c = *(*p)++;
        bool skip;
        --*n;
        if (telnet(s, c))
            continue;
        if (ends_line(s, c, &skip))
            return true;
        if (!skip)
            add(s, c);
    }
    return false;
}

/* ---- a command and its arguments ---- */

static bool blank(char c)
{
    return c == ' ' || c == '\t';
}

static void skip_blanks(futu_str *s)
{
    while (s->n && blank(s->p[0]))
        *s = (futu_str){ s->p + 1, s->n - 1 };
}

/* Up to a blank, or of quoted text up to the quote that ends it. */
static futu_str word(futu_str *s)
{
    size_t n = 0;
    if (s->n > 1 && s->p[0] == '"') {
        const char *end = memchr(s->p + 1, '"', s->n - 1);
        size_t used = end ? (size_t)(end - s->p) + 1 : 0;
        if (end && (used == s->n || blank(s->p[used]))) {
            futu_str in = { s->p + 1, used - 2 };
            *s = (futu_str){ s->p + used, s->n - used };
            return in;
        }
    }
    while (n < s->n && !blank(s->p[n]))
        n++;
    futu_str out = { s->p, n };
    *s = (futu_str){ s->p + n, s->n - n };
    return out;
}

static size_t find_arg(const struct console_cmd *cmd, futu_str name)
{
    size_t i = 0;
    while (i < CONSOLE_ARGS && cmd->args[i] && !str_is(name, cmd->args[i]))
        i++;
    return i < CONSOLE_ARGS && cmd->args[i] ? i : CONSOLE_ARGS;
}

/* -key=value; a value alone is that of the first argument. */
static bool read_arg(futu_console *s, const struct console_cmd *cmd, futu_str *rest,
                     struct console_args *a)
{
    size_t at = cmd->args[0] ? 0 : CONSOLE_ARGS;
    if (rest->p[0] == '-') {
        futu_str name = { rest->p + 1, 0 };
        while (name.n + 1 < rest->n && name.p[name.n] != '=' && !blank(name.p[name.n]))
            name.n++;
        size_t used = name.n + 1;
        bool valued = used < rest->n && rest->p[used] == '=';
        at = valued ? find_arg(cmd, name) : CONSOLE_ARGS;
        used += valued;
        *rest = (futu_str){ rest->p + used, rest->n - used };
    }
    if (at == CONSOLE_ARGS || a->value[at].p) {
        say(s, "%s: %s; usage: %s", cmd->name,
            at == CONSOLE_ARGS ? "no such argument" : "an argument stands twice", cmd->usage);
        return false;
    }
    a->value[at] = word(rest);
    return true;
}

static bool too_often(futu_console *s, const struct console_cmd *cmd)
{
    int64_t *ran = s->of->ran[cmd - console_cmds], now = console_now(s);
    unsigned last = cmd->often - 1;
    if (!cmd->often)
        return false;
    int64_t free_at = ran[last] + (int64_t)cmd->per_s * NS_PER_S;
    if (ran[last] && now < free_at) {
        say(s, "%s: at most %u in %u seconds; again in %lld", cmd->name, cmd->often, cmd->per_s,
            (long long)((free_at - now + NS_PER_S - 1) / NS_PER_S));
        return true;
    }
    memmove(ran + 1, ran, last * sizeof(*ran));
    ran[0] = MAX(now, 1);
    return false;
}

static void run(futu_console *s, const struct console_cmd *cmd, futu_str rest)
{
    struct console_args a = { 0 };
    if (!(cmd->flags & CMD_OPEN) && !console_admitted(s))
        return;
    for (skip_blanks(&rest); rest.n; skip_blanks(&rest))
        if (!read_arg(s, cmd, &rest, &a))
            return;
    if (too_often(s, cmd))
        return;
    hub_metrics(s->of->o.hub)->console_commands++;
    log_info("console: %s: %s", s->peer, cmd->name);
    if (cmd->flags & CMD_CHANGES)
        console_audit(s, cmd->name, OUTCOME_ALLOW, NULL);
    s->cmd = cmd;
    cmd->run(s, &a);
}

static bool is_http(futu_str line)
{
    static const char host[] = "host:";
    return memmem(line.p, line.n, " HTTP/1.", 8) ||
           (line.n >= sizeof(host) - 1 && strncasecmp(line.p, host, sizeof(host) - 1) == 0);
}

static void unknown(futu_console *s, futu_str name)
{
    const char *near = NULL;
    unsigned best = 4;
    for (size_t i = 0; i < console_n_cmds; i++) {
        unsigned d = futu_word_distance(name, str_c(console_cmds[i].name));
        if (d < best) {
            best = d;
            near = console_cmds[i].name;
        }
    }
    bool shown = name.n <= 40 && str_visible(name);
    say(s, "%.*s: no such command; %s%s", shown ? (int)name.n : 4, shown ? name.p : "that",
        near ? "did you mean " : "help lists them all", near ? near : "");
}

static void one(futu_console *s, futu_str line)
{
    skip_blanks(&line);
    if (is_http(line)) {
        log_warn("console: %s: cut, since it speaks HTTP: this port is no web server", s->peer);
        console_end(s);
        return;
    }
    if (s->unreadable) {
        say(s, "that was no text");
        return;
    }
    if (line.n == 0)
        return;
    futu_str rest = line, name = word(&rest);
    const struct console_cmd *cmd = console_find(name);
    if (cmd)
        run(s, cmd, rest);
    else
        unknown(s, name);
}

void console_line(futu_console *s)
{
    one(s, (futu_str){ s->line, s->n });
    wipe(s->line, sizeof(s->line));
    s->n = 0;
    s->unreadable = false;
}
