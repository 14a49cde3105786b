/* console_login.c - what the console does about a direct login, and what it says where there is
 * none. */
#include <stdio.h>

#include "crypt/digest.h"
#include "surface/console_state.h"

#define MD5_HEX 32
#define GIVE "give it with: input_phone_verify_code -code=CODE"

static bool direct(futu_console *s)
{
    struct hub_status st;
    if (s->of->o.login)
        return true;
    hub_status(s->of->o.hub, &st);
    if (hub_is_paper(s->of->o.hub) && !hub_is_relay(s->of->o.hub))
        say(s, "%s: this gateway is a paper exchange: there is nothing to log in to", s->cmd->name);
    else
        say(s, "%s: this gateway relays another (%s), whose login is its own: run the command on "
               "that gateway's console", s->cmd->name, st.upstream);
    if (s->cmd->flags & CMD_CHANGES)
        console_audit(s, s->cmd->name, OUTCOME_FAILURE, "there is no direct login");
    return false;
}

static void login_state(futu_console *s, struct console_login *l)
{
    *l = (struct console_login){ .at = PHASE_BUSY };
    s->of->o.login->state(s->of->o.arg, l);
}

void console_say_login(futu_console *s)
{
    static const char *const phases[] = { "under way", "waits", "waits", "done", "failed" };
    struct console_login l;
    login_state(s, &l);
    say(s, "login: %s%s%s", phases[l.at], l.why[0] ? ": " : "", l.why);
    if (l.at == PHASE_READY)
        say(s, "  user %llu", (unsigned long long)l.user_id);
    if (l.at == PHASE_CODE || l.at == PHASE_TOKEN)
        say(s, "  " GIVE);
    say_text(s, str_c(l.hint));
}

/* ---- how a command ended ---- */

static void failed(futu_console *s, const struct console_login *l)
{
    console_ended(s, false, "the login has failed: %s", l->why);
    say_text(s, str_c(l->hint));
}

static bool look(futu_console *s)
{
    struct console_login l;
    bool code = s->cmd->run == cmd_code, sms = s->cmd->run == cmd_req_code;
    login_state(s, &l);
    switch (l.at) {
    case PHASE_BUSY:
        return false;
    case PHASE_CODE:
        console_ended(s, sms, "%s%s; " GIVE, code ? "the code was wrong, a new SMS was sent: " : "",
                      l.why);
        return true;
    case PHASE_TOKEN:
        console_ended(s, code, "%s%s; " GIVE, code ? "the code of the SMS was right: " : "", l.why);
        return true;
    case PHASE_READY:
        if (l.why[0])
            console_ended(s, false, "the login could not be renewed: %s", l.why);
        else
            console_ended(s, true, "logged in as user %llu", (unsigned long long)l.user_id);
        return true;
    default:
        failed(s, &l);
        return true;
    }
}

/* What was refused at once, and why; else the end is awaited. */
static void began(futu_console *s, futu_err err)
{
    static const struct {
        futu_err err;
        const char *text;
    } all[] = {
        { FUTU_EINVAL, "the code is 4 to 8 digits: input_phone_verify_code -code=123456" },
        { FUTU_ENOTFOUND, "the login waits for no code; see: status" },
        { FUTU_EBUSY, "a login is under way; see: status" },
        { FUTU_EEXIST, "the login is done and waits for no code" },
        { FUTU_ENOTCONN, "the login waits for a code: " GIVE },
        { FUTU_ENOTSUP, "a token's code is awaited, which no SMS brings: " GIVE },
        { FUTU_EREFUSED, "a renewal has failed a short while ago, or nothing is saved: wait, or "
                         "relogin with -login_pwd or -login_pwd_md5" },
    };
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        if (all[i].err == err) {
            console_ended(s, false, "%s", all[i].text);
            return;
        }
    if (err)
        console_ended(s, false, "%s", futu_strerror(err));
    else if (!look(s))
        console_wait(s, look);
}

/* ---- codes ---- */

void cmd_code(futu_console *s, const struct console_args *a)
{
    char code[16];
    if (!direct(s))
        return;
    bool fits = str_copy(code, sizeof(code), a->value[0]);
    began(s, fits ? s->of->o.login->code(s->of->o.arg, code) : FUTU_EINVAL);
    wipe(code, sizeof(code));
}

void cmd_req_code(futu_console *s, const struct console_args *a)
{
    (void)a;
    if (direct(s))
        began(s, s->of->o.login->send_code(s->of->o.arg));
}

static void no_pictures(futu_console *s)
{
    say(s, "%s: this gateway can't show a picture: when the broker asks for one (error 11) the "
           "login fails. Log in once in the broker's app, see that --platform names the account's "
           "own, wait some minutes, then: relogin", s->cmd->name);
    console_say_login(s);
}

void cmd_req_pic(futu_console *s, const struct console_args *a)
{
    (void)a;
    if (direct(s))
        no_pictures(s);
}

void cmd_pic(futu_console *s, const struct console_args *a)
{
    (void)a;
    if (direct(s))
        no_pictures(s);
}

/* ---- the login itself ---- */

/* 32 lower-case hex digits, of text or as given. FUTU_EINVAL. */
static futu_err read_password(const struct console_args *a, struct secret *out)
{
    futu_str text = a->value[0], hex = a->value[1];
    uint8_t raw[MD5_HEX / 2];
    futu_err err = FUTU_EINVAL;
    if ((text.p && hex.p) || (text.p && !text.n) || (hex.p && hex.n != MD5_HEX))
        return err;
    if (text.p)
        md5(text.p, text.n, raw);
    for (size_t i = 0; hex.p && i < MD5_HEX; i++) {
        int d = hex_digit(hex.p[i]);
        if (d < 0)
            return err;
        raw[i / 2] = (uint8_t)(i % 2 ? raw[i / 2] | d : d << 4);
    }
    err = secret_room(out, MD5_HEX + 1);
    if (!err) {
        hex_lower(raw, sizeof(raw), (char *)out->p);
        out->n = MD5_HEX;
    }
    wipe(raw, sizeof(raw));
    return err;
}

void cmd_relogin(futu_console *s, const struct console_args *a)
{
    struct secret md5 = SECRET_NULL;
    bool given = a->value[0].p || a->value[1].p;
    if (!direct(s))
        return;
    futu_err err = given ? read_password(a, &md5) : FUTU_OK;
    if (err == FUTU_EINVAL)
        console_ended(s, false, "relogin: -login_pwd=TEXT, or -login_pwd_md5= and 32 hex digits");
    else
        began(s, err ? err : s->of->o.login->again(s->of->o.arg, given ? &md5 : NULL));
    secret_wipe(&md5);
}

void cmd_right(futu_console *s, const struct console_args *a)
{
    (void)a;
    if (!direct(s))
        return;
    say(s, "%s: the broker's message for this is not public. Quit the app or gateway that has "
           "taken the rights, then: relogin", s->cmd->name);
}
