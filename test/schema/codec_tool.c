/* codec_tool.c - the codec on a pipe, for json_oracle.py. One job a line, one answer a line:
 *
 *   to    MESSAGE HEX      protobuf in hex      ->  JSON, declared names
 *   from  MESSAGE TEXT     JSON on one line     ->  protobuf in hex
 *   again MESSAGE HEX      protobuf in hex      ->  decoded to a struct and encoded again, in hex
 *
 * A failed job answers "! path: reason". Exit status 2 for a job that is none of these.
 */
#include <stdio.h>
#include <stdlib.h>

#include "codec/registry.h"

static const futu_msg *find_message(const char *name)
{
    size_t n;
    const struct proto_row *rows = proto_rows(&n);
    for (size_t i = 0; i < n; i++) {
        if (rows[i].request && strcmp(rows[i].request->name, name) == 0)
            return rows[i].request;
        if (rows[i].response && strcmp(rows[i].response->name, name) == 0)
            return rows[i].response;
    }
    return NULL;
}

static size_t from_hex(const char *hex, uint8_t *out)
{
    size_t n = 0;
    for (; hex[0] && hex[1]; hex += 2) {
        char two[3] = { hex[0], hex[1], '\0' };
        out[n++] = (uint8_t)strtoul(two, NULL, 16);
    }
    return n;
}

static void print_hex(const struct buf *b)
{
    for (size_t i = 0; i < b->n; i++)
        printf("%02x", b->p[i]);
    putchar('\n');
}

static futu_err again(const futu_msg *m, const uint8_t *p, size_t n, struct buf *out,
                      struct codec_error *e)
{
    struct arena a = ARENA_INIT;
    void *msg = malloc(m->size);
    futu_err err = codec_decode(m, &a, p, n, msg, NULL, e);
    if (!err)
        err = codec_encode(m, msg, out, e);
    free(msg);
    arena_free(&a);
    return err;
}

static bool job(const char *verb, const char *name, char *arg)
{
    const futu_msg *m = find_message(name);
    struct buf out = BUF_INIT;
    struct codec_error e;
    char text[400];
    uint8_t *pb = malloc(strlen(arg) + 1);
    futu_err err = FUTU_OK;
    size_t n = strcmp(verb, "from") == 0 ? 0 : from_hex(arg, pb);
    bool known = m != NULL;
    if (known && strcmp(verb, "to") == 0)
        err = codec_to_json(m, pb, n, CODEC_DECLARED, &out, NULL, &e);
    else if (known && strcmp(verb, "from") == 0)
        err = codec_from_json(m, str_c(arg), CODEC_DECLARED, &out, NULL, &e);
    else if (known && strcmp(verb, "again") == 0)
        err = again(m, pb, n, &out, &e);
    else
        known = false;
    if (err)
        printf("! %s\n", codec_error_text(&e, text, sizeof(text)));
    else if (strcmp(verb, "to") == 0)
        printf(STR_FMT "\n", STR_ARG(buf_str(&out)));
    else if (known)
        print_hex(&out);
    free(pb);
    buf_free(&out);
    return known;
}

int main(void)
{
    char *line = NULL;
    size_t cap = 0;
    bool ok = true;
    for (ssize_t n; ok && (n = getline(&line, &cap, stdin)) > 0;) {
        line[n - 1] = '\0';
        char *name = strchr(line, ' '), *arg = name ? strchr(name + 1, ' ') : NULL;
        ok = arg != NULL;
        if (ok) {
            *name = *arg = '\0';
            ok = job(line, name + 1, arg + 1);
        }
    }
    free(line);
    return ok ? 0 : 2;
}
