/* secrets.c - passwords leave the places where the process was given them; see options.h. */
#include <ctype.h>
#include <string.h>

#include "config.h"
#include "option_table.h"

/* The value in "--NAME=VALUE", or NULL when it is the next argument. */
static char *value_in(char *arg)
{
    char *eq = strchr(arg, '=');
    return eq ? eq + 1 : NULL;
}

static const struct option *named(const char *arg)
{
    return strncmp(arg, "--", 2) == 0 ? option_find(arg + 2, strcspn(arg + 2, "=")) : NULL;
}

static void hide_args(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        const struct option *o = named(argv[i]);
        if (!o || !o->value)
            continue;
        char *value = value_in(argv[i]);
        if (!value && i + 1 < argc)
            value = argv[++i];
        if (value && o->secret)
            explicit_bzero(value, strlen(value));
    }
}

/* "FUTU_OPEND_LOGIN_PWD=..." of the option login-pwd. */
static bool is_variable(const char *entry, const struct option *o)
{
    const char *p = entry + strlen(CONFIG_PREFIX), *name = o->name;
    for (; *name; name++, p++)
        if (*p != (*name == '-' ? '_' : toupper((unsigned char)*name)))
            return false;
    return *p == '=';
}

static bool is_secret(const char *entry)
{
    if (strncmp(entry, CONFIG_PASSWORD, strlen(CONFIG_PASSWORD)) == 0)
        return true;
    if (strncmp(entry, CONFIG_PREFIX, strlen(CONFIG_PREFIX)) != 0)
        return false;
    for (size_t i = 0; i < options_count; i++)
        if (options[i].secret && is_variable(entry, &options[i]))
            return true;
    return false;
}

void options_hide(int argc, char **argv, char **env)
{
    hide_args(argc, argv);
    for (; *env; env++)
        if (is_secret(*env))
            explicit_bzero(value_in(*env), strlen(value_in(*env)));
}

void options_forget(struct opend_conf *c)
{
    for (struct conf_text *t = c->texts; t; t = t->next)
        if (t->pages)
            explicit_bzero(t->text, strlen(t->text));
}
