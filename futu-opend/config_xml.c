/* config_xml.c - options from the vendor's own format: <futu_opend>, and one element per option.
 *
 * Refused: DOCTYPE (and with it every entity but the five of XML itself), attributes, elements
 *          within an option, elements that nobody knows.
 * Noted:   elements of the vendor's OpenD that have no meaning here, in one line.
 * Empty elements count as absent, as in the vendor's sample file.
 */
#include <ctype.h>
#include <expat.h>
#include <stdarg.h>
#include <string.h>

#include "config.h"
#include "option_table.h"

#define ROOT "futu_opend"

static const struct {
    const char *element, *key;
} renamed[] = { { "qot_push_frequency", "push_interval" } };

static const char *const idle[] = {
    "price_reminder_push", "auto_hold_quote_right", "future_trade_api_time_zone",
    "pdt_protection", "dtcall_confirmation", "lang",
};

/* The vendor's names of log levels. */
static const struct {
    const char *theirs, *ours;
} levels[] = { { "no", "off" }, { "warning", "warn" }, { "fatal", "error" } };

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct reader {
    XML_Parser parser;
    struct opend_conf *c;
    const char *file;
    int depth;
    const struct option *option;        /* of the element that is open; NULL: an idle one */
    unsigned line;                      /* where it began */
    char text[4096];
    size_t n;
    char idle[512];                     /* names, split by ", " */
    bool failed;
    char *why;
    size_t size;
};

static void fail(struct reader *r, unsigned line, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void fail(struct reader *r, unsigned line, const char *fmt, ...)
{
    char text[300];
    va_list ap;
    if (r->failed)
        return;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    snprintf(r->why, r->size, "line %u: %s", line, text);
    r->failed = true;
    XML_StopParser(r->parser, XML_FALSE);
}

static unsigned here(const struct reader *r)
{
    return (unsigned)XML_GetCurrentLineNumber(r->parser);
}

static bool is_idle(const char *name)
{
    for (size_t i = 0; i < COUNT(idle); i++)
        if (strcmp(name, idle[i]) == 0)
            return true;
    return false;
}

static void open_option(struct reader *r, const char *name)
{
    char reason[256];
    for (size_t i = 0; i < COUNT(renamed); i++)
        if (strcmp(name, renamed[i].element) == 0)
            name = renamed[i].key;
    r->n = 0;
    r->line = here(r);
    r->option = NULL;
    if (is_idle(name)) {
        size_t used = strlen(r->idle);
        snprintf(r->idle + used, sizeof(r->idle) - used, "%s%s", used ? ", " : "", name);
        return;
    }
    r->option = config_key(name, strlen(name), reason, sizeof(reason));
    if (!r->option)
        fail(r, r->line, "%s", reason);
}

static void on_start(void *arg, const char *name, const char **attributes)
{
    struct reader *r = arg;
    if (r->failed)
        return;
    if (attributes[0])
        fail(r, here(r), "<%.40s> has the attribute %.40s; there are none", name, attributes[0]);
    else if (r->depth == 0 && strcmp(name, ROOT) != 0)
        fail(r, here(r), "the outer element is <" ROOT ">, not <%.40s>", name);
    else if (r->depth == 1)
        open_option(r, name);
    else if (r->depth > 1)
        fail(r, here(r), "<%.40s> stands inside another option", name);
    r->depth++;
}

static void on_text(void *arg, const char *p, int n)
{
    struct reader *r = arg;
    if (r->failed)
        return;
    if (r->depth < 2) {
        for (int i = 0; i < n; i++)
            if (!isspace((unsigned char)p[i])) {
                fail(r, here(r), "text outside an option");
                return;
            }
        return;
    }
    if (r->n + (size_t)n >= sizeof(r->text)) {
        fail(r, r->line, "a value of more than %zu bytes", sizeof(r->text) - 1);
        return;
    }
    memcpy(r->text + r->n, p, (size_t)n);
    r->n += (size_t)n;
}

static const char *trimmed(struct reader *r)
{
    char *p = r->text;
    while (r->n && isspace((unsigned char)r->text[r->n - 1]))
        r->n--;
    r->text[r->n] = '\0';
    while (isspace((unsigned char)*p))
        p++;
    return p;
}

static void on_end(void *arg, const char *name)
{
    struct reader *r = arg;
    char reason[256];
    (void)name;
    if (r->failed)
        return;
    r->depth--;
    const char *text = trimmed(r);
    if (r->depth != 1 || !r->option || !*text)
        return;
    if (strcmp(r->option->name, "log-level") == 0)
        for (size_t i = 0; i < COUNT(levels); i++)
            if (strcmp(text, levels[i].theirs) == 0)
                text = levels[i].ours;
    if (!config_set(r->c, r->option, text, r->file, r->line, reason, sizeof(reason)))
        fail(r, r->line, "%s", reason);
}

static void on_doctype(void *arg, const char *name, const char *sysid, const char *pubid, int has)
{
    struct reader *r = arg;
    (void)name;
    (void)sysid;
    (void)pubid;
    (void)has;
    fail(r, here(r), "a DOCTYPE is refused, and with it all entities");
}

static void set_handlers(struct reader *r)
{
    XML_SetUserData(r->parser, r);
    XML_SetElementHandler(r->parser, on_start, on_end);
    XML_SetCharacterDataHandler(r->parser, on_text);
    XML_SetStartDoctypeDeclHandler(r->parser, on_doctype);
}

bool config_xml(struct opend_conf *c, const char *file, const char *text, size_t n, char *why,
                size_t size)
{
    struct reader r = { .parser = XML_ParserCreate(NULL), .c = c, .file = file, .why = why,
                        .size = size };
    if (!r.parser || n > CONFIG_MAX) {
        snprintf(why, size, "line 1: %s", r.parser ? "too large" : "out of memory");
        XML_ParserFree(r.parser);
        return false;
    }
    set_handlers(&r);
    if (XML_Parse(r.parser, text, (int)n, XML_TRUE) != XML_STATUS_OK && !r.failed)
        fail(&r, here(&r), "not XML: %s", XML_ErrorString(XML_GetErrorCode(r.parser)));
    if (!r.failed && r.idle[0])
        conf_note(c, FUTU_LOG_WARN, "%s: without effect in this gateway: %s", file, r.idle);
    XML_ParserFree(r.parser);
    explicit_bzero(r.text, sizeof(r.text));
    return !r.failed;
}
