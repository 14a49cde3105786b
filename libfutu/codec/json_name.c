/* json_name.c - see json_name.h. */
#include "codec/json_name.h"

#define NAME_MAX_SHOWN 64       /* of an unknown member in an error */

static bool spelled(const struct pb_field *f, enum codec_spelling spelling, futu_str name)
{
    return (f->n_name == name.n && memcmp(f->name, name.p, name.n) == 0) ||
           (f->n_camel == name.n && memcmp(f->camel, name.p, name.n) == 0) ||
           (spelling != CODEC_DECLARED && f->n_snake == name.n &&
            memcmp(f->snake, name.p, name.n) == 0);
}

size_t json_field(const futu_msg *m, enum codec_spelling spelling, futu_str name, size_t hint)
{
    for (size_t i = hint; i < m->n_fields && i < hint + 2; i++)
        if (spelled(&m->fields[i], spelling, name))
            return i;
    const struct pb_field *f = codec_field(m, name);
    if (f)
        return (size_t)(f - m->fields);
    size_t i = 0;
    while (i < m->n_fields && !spelled(&m->fields[i], spelling, name))
        i++;
    return i;
}

unsigned json_near_enough(futu_str name)
{
    return (unsigned)MIN((name.n + 1) / 2, 3u);         /* a short name is near to any */
}

const char *json_nearest(const futu_msg *m, enum codec_spelling spelling, futu_str name,
                         unsigned *least)
{
    const char *best = NULL;
    for (size_t i = 0; i < m->n_fields; i++) {
        const struct pb_field *f = &m->fields[i];
        const char *s = spelling != CODEC_DECLARED ? f->snake : f->name;
        unsigned d = futu_word_distance(name, str_c(s));
        if (d < *least) {
            *least = d;
            best = s;
        }
    }
    return best;
}

/* A name that comes from the peer, for an error: without control characters, and cut. */
static void show_name(char *out, size_t size, futu_str name)
{
    size_t n = MIN(name.n, size - 1);
    if (n < name.n) {           /* not in the middle of a character */
        while (n && ((unsigned char)name.p[n] & 0xc0) == 0x80)
            n--;
    }
    for (size_t i = 0; i < n; i++)
        out[i] = (unsigned char)name.p[i] < 0x20 || name.p[i] == 0x7f ? '?' : name.p[i];
    out[n] = '\0';
    if (n == 0)
        str_copy(out, size, STR("\"\""));
}

futu_err json_unknown(const struct codec_ctx *c, struct codec_path *here, futu_str name,
                      const char *best)
{
    char shown[NAME_MAX_SHOWN];
    struct pb_field f = { .name = shown, .snake = shown };
    show_name(shown, sizeof(shown), name);
    here->field = &f;
    futu_err err = codec_fail(c, here, FUTU_EFORMAT, "unknown field%s%s%s",
                              best ? "; did you mean '" : "", best ? best : "", best ? "'?" : "");
    here->field = NULL;
    return err;
}
