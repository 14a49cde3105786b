/* usage.c - see usage.h. */
#include "usage.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static const struct cmd_opt no_opts[] = { { NULL, NULL, NULL, NULL } };

static int report(int code, const char *fmt, va_list ap)
{
    fflush(stdout);
    fprintf(stderr, "futucli: ");
    vfprintf(stderr, fmt, ap);
    fputc('\n', stderr);
    return code;
}

int usage_error(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int code = report(CLI_USAGE, fmt, ap);
    va_end(ap);
    return code;
}

int failure(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int code = report(CLI_FAILED, fmt, ap);
    va_end(ap);
    return code;
}

static int find_opt(const struct cmd_opt *opts, const char *name, size_t n)
{
    for (int i = 0; opts[i].name; i++)
        if (strlen(opts[i].name) == n && memcmp(opts[i].name, name, n) == 0)
            return i;
    return -1;
}

const char *arg(const struct args *a, const char *name)
{
    int i = find_opt(a->opts, name, strlen(name));
    if (i < 0)
        abort();        /* a verb asked for an option that its table does not have */
    return a->values[i] ? a->values[i] : a->opts[i].standard;
}

bool arg_given(const struct args *a, const char *name)
{
    int i = find_opt(a->opts, name, strlen(name));
    return i >= 0 && a->values[i] != NULL;
}

bool arg_number(const struct args *a, const char *name, double *out)
{
    const char *text = arg(a, name);
    char *end;
    if (!text) {
        usage_error("--%s is needed", name);
        return false;
    }
    *out = strtod(text, &end);
    if (end != text && *end == '\0' && *out == *out)
        return true;
    usage_error("--%s: %s is not a number", name, text);
    return false;
}

unsigned word_distance(const char *a, const char *b)
{
    return futu_word_distance((futu_str){ a, strlen(a) }, (futu_str){ b, strlen(b) });
}

unsigned near_enough(const char *word)
{
    return 2 + (unsigned)strlen(word) / 4;
}

static bool is_option(const char *text)
{
    /* "-5" is a value, "-o" and "--x" are options. */
    return text[0] == '-' && text[1] && !strchr("0123456789.", text[1]);
}

static bool unknown_option(const struct cmd_opt *opts, const char *text)
{
    const char *best = NULL;
    unsigned far = near_enough(text + 2);
    for (; opts->name; opts++)
        if (word_distance(text + 2, opts->name) < far) {
            far = word_distance(text + 2, opts->name);
            best = opts->name;
        }
    if (best)
        usage_error("unknown option %s; did you mean --%s?", text, best);
    else
        usage_error("unknown option %s; --help lists them all", text);
    return false;
}

/* Takes argv[0] as an option of the table: how many arguments it used, 0: it is none, -1: wrong. */
static int take(struct args *a, int left, const char **argv)
{
    const char *text = argv[0], *name = text + 2, *eq = strchr(text, '=');
    if (strcmp(text, "-o") == 0)
        name = "output";
    else if (strcmp(text, "-h") == 0)
        name = "help";
    else if (text[1] != '-')
        return 0;
    int i = find_opt(a->opts, name, eq ? (size_t)(eq - name) : strlen(name));
    if (i < 0)
        return 0;
    if (!a->opts[i].value) {
        a->values[i] = "";
        return 1;
    }
    if (eq) {
        a->values[i] = eq + 1;
        return 1;
    }
    if (left < 2) {
        usage_error("%s needs a value: %s", text, a->opts[i].value);
        return -1;
    }
    a->values[i] = argv[1];
    return 2;
}

bool args_parse(struct args *a, int n, const char **argv, const char **rest, int *n_rest, int max)
{
    const int max_words = (int)(sizeof(a->words) / sizeof(a->words[0]));
    if (!a->opts)
        a->opts = no_opts;
    for (int i = 0, used; i < n; i += used) {
        used = is_option(argv[i]) ? take(a, n - i, argv + i) : 0;
        if (used < 0)
            return false;
        if (used > 0)
            continue;
        used = 1;
        if (rest && *n_rest < max) {
            rest[(*n_rest)++] = argv[i];
        } else if (!rest && is_option(argv[i])) {
            return unknown_option(a->opts, argv[i]);
        } else if (!rest && a->n_words < max_words) {
            a->words[a->n_words++] = argv[i];
        } else {
            usage_error("too many arguments");
            return false;
        }
    }
    return true;
}

void usage_group(const struct cmd *cmds)
{
    printf("\n%s:\n", cmds->group);
    for (; cmds->name; cmds++) {
        char left[64];
        snprintf(left, sizeof(left), "%s %s", cmds->name, cmds->params);
        printf("  %-34s %s\n", left, cmds->help);
    }
}

void usage_opts(const struct cmd_opt *opts)
{
    for (; opts && opts->name; opts++) {
        char left[64];
        snprintf(left, sizeof(left), "--%s%s%s", opts->name, opts->value ? " " : "",
                 opts->value ? opts->value : "");
        printf("  %-34s %s", left, opts->help);
        if (opts->standard)
            printf(" [%s]", opts->standard);
        putchar('\n');
    }
}

void usage_cmd(const struct cmd *cmd)
{
    printf("usage: futucli %s%s%s\n\n%s\n", cmd->name, *cmd->params ? " " : "", cmd->params,
           cmd->help);
    if (cmd->opts && cmd->opts->name) {
        printf("\nOptions:\n");
        usage_opts(cmd->opts);
    }
}
