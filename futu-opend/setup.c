/* setup.c - see setup.h. */
#include "setup.h"

#include <futu/login.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "option_table.h"

#define SECRET_SHOWN "..."
#define WRONG_CODE 21

/* ---- the next command ---- */

static void add(char *out, size_t size, const char *text)
{
    size_t n = strlen(out);
    snprintf(out + n, size - n, "%s", text);
}

/* In single quotes when a shell would take it apart. */
static void add_word(char *out, size_t size, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "@%+=:,./-_";
    bool quoted = !*word || word[strspn(word, plain)];
    add(out, size, *out ? " " : "");
    if (!quoted) {
        add(out, size, word);
        return;
    }
    add(out, size, "'");
    for (const char *p = word; *p; p++) {
        const char one[] = { *p, '\0' };
        add(out, size, *p == '\'' ? "'\\''" : one);
    }
    add(out, size, "'");
}

static const struct option *named(const char *arg)
{
    return strncmp(arg, "--", 2) == 0 ? option_find(arg + 2, strcspn(arg + 2, "=")) : NULL;
}

/* One option with its value; --reset-device would throw away what waits for the code. Returns how
 * many arguments it was. */
static int add_option(char *out, size_t size, const struct option *o, char **argv, int left)
{
    char *eq = strchr(argv[0], '=');
    int used = o->value && !eq && left > 1 ? 2 : 1;
    char name[64];
    if (strcmp(o->name, "verify-code") == 0 || strcmp(o->name, "reset-device") == 0)
        return used;
    snprintf(name, sizeof(name), "--%s", o->name);
    add_word(out, size, name);
    if (o->value)
        add_word(out, size, o->secret ? SECRET_SHOWN : eq ? eq + 1 : used == 2 ? argv[1] : "");
    return used;
}

void setup_command(char *out, size_t size, int argc, char **argv)
{
    *out = '\0';
    add_word(out, size, argc > 0 ? argv[0] : "futu-opend");
    for (int i = 1; i < argc;) {
        const struct option *o = named(argv[i]);
        if (o) {
            i += add_option(out, size, o, argv + i, argc - i);
            continue;
        }
        add_word(out, size, argv[i++]);
    }
    add(out, size, " --verify-code CODE");
}

/* ---- a run ---- */

static void print_hint(const char *hint)
{
    for (const char *p = hint; *p;) {
        size_t n = strcspn(p, "\n");
        fprintf(stderr, "  %.*s\n", (int)n, p);
        p += n + (p[n] == '\n');
    }
}

/* Who typed a wrong code should read what to do before a restart makes it worse. */
static void wait_for_enter(void)
{
    int c;
    fprintf(stderr, "Enter ends: ");
    fflush(stderr);
    while ((c = getchar()) != EOF && c != '\n')
        ;
}

int setup_failed(const struct opend_conf *c, const futu_login_report *r, futu_err err,
                 const char *why, const char *again)
{
    fprintf(stderr, "futu-opend: %s\n", why);
    print_hint(r->hint);
    if (r->code_sent) {
        fprintf(stderr, "next:\n  %s\n", again);
        return EXIT_CODE_SENT;
    }
    if (r->server_code == WRONG_CODE && c->verify_code && isatty(STDIN_FILENO))
        wait_for_enter();
    if (r->server_code || r->retry_s)
        return EXIT_REFUSED;
    return err == FUTU_EINVAL ? 2 : EXIT_FAILURE;
}

int setup_run(const struct opend_conf *c, const char *again)
{
    futu_login_opts o = options_login(c);
    futu_login_report r = FUTU_LOGIN_REPORT_INIT;
    char why[800];
    futu_err err = futu_login_setup(&o, &r, why, sizeof(why));
    if (err)
        return setup_failed(c, &r, err, why, again);
    printf("logged in as user %" PRIu64 "; the login of %s is saved in %s\n"
           "the next start needs neither password nor SMS for 30 days\n",
           r.user_id, c->login_account, c->state_dir);
    return EXIT_SUCCESS;
}
