/* grpc_reflect.c - grpc.reflection.v1 and v1alpha, which are the same on the wire: each question of
 * the stream is answered by one file, or by the list of services. Clients ask for imports by name.
 */
#include "codec/splice.h"
#include "surface/grpc_desc.h"
#include "surface/grpc_state.h"

/* Tags of the request's question, and of the response. */
enum { BY_NAME = 3, BY_SYMBOL, BY_EXTENSION, EXTENSIONS_OF, LIST_SERVICES };
enum { VALID_HOST = 1, ORIGINAL, FILES = 4, SERVICES = 6, ERROR };

struct question {
    uint32_t tag;                   /* 0: none */
    futu_str host, text;
};

static const char *read_question(futu_str message, struct question *q)
{
    struct pb_in in = pb_in_str(message);
    struct pb_rec r;
    *q = (struct question){ 0, STR(""), STR("") };
    while (in.p < in.end) {
        const char *bad = pb_next(&in, &r);
        if (bad)
            return bad;
        if (r.wire != PB_WIRE_BYTES)
            continue;
        if (r.tag == 1)
            q->host = (futu_str){ (const char *)r.p, r.n };
        if (r.tag < BY_NAME || r.tag > LIST_SERVICES)
            continue;
        q->tag = r.tag;
        q->text = (futu_str){ (const char *)r.p, r.n };
    }
    return NULL;
}

static const struct grpc_file *file_by_name(futu_str name)
{
    for (size_t i = 0; i < grpc_n_files; i++)
        if (str_is(name, grpc_files[i].name))
            return &grpc_files[i];
    return NULL;
}

static const struct grpc_file *file_by_symbol(futu_str name)
{
    size_t lo = 0, hi = grpc_n_symbols;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        const char *at = grpc_symbols[mid].name;
        if (str_is(name, at))
            return &grpc_files[grpc_symbols[mid].file];
        int d = strncmp(at, name.p, name.n);
        if (d < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return NULL;
}

static futu_err put_file(struct buf *out, const struct grpc_file *f)
{
    size_t at;
    futu_err err = pb_open(out, FILES, &at);
    if (!err)
        err = pb_append(out, 1, f->p, f->n);
    return err ? err : pb_close(out, at);
}

static futu_err put_services(struct buf *out)
{
    size_t at, one;
    futu_err err = pb_open(out, SERVICES, &at);
    for (size_t i = 0; i < grpc_n_services && !err; i++) {
        err = pb_open(out, 1, &one);
        if (!err)
            err = pb_append(out, 1, grpc_services[i], strlen(grpc_services[i]));
        if (!err)
            err = pb_close(out, one);
    }
    return err ? err : pb_close(out, at);
}

static futu_err put_error(struct buf *out, int32_t status, const char *text)
{
    uint8_t code[PB_MAX_SCALAR];
    size_t at;
    futu_err err = pb_open(out, ERROR, &at);
    if (!err)
        err = buf_put(out, code, (size_t)(pb_put_scalar(code, 1, PB_INT32, &status) - code));
    if (!err)
        err = pb_append(out, 2, text, strlen(text));
    return err ? err : pb_close(out, at);
}

static futu_err put_answer(struct buf *out, const struct question *q)
{
    const struct grpc_file *f = NULL;
    if (q->tag == LIST_SERVICES)
        return put_services(out);
    if (q->tag == BY_NAME)
        f = file_by_name(q->text);
    if (q->tag == BY_SYMBOL)
        f = file_by_symbol(q->text);
    if (f)
        return put_file(out, f);
    if (q->tag == 0)
        return put_error(out, FUTU_GRPC_INVALID_ARGUMENT, "nothing is asked");
    return put_error(out, FUTU_GRPC_NOT_FOUND,
                     q->tag == BY_EXTENSION || q->tag == EXTENSIONS_OF ? "there are no extensions"
                                                                       : "not found");
}

void grpc_reflect(futu_grpc_call *k, futu_str message)
{
    struct buf *out = &k->grpc->spare;
    struct question q;
    const char *bad = read_question(message, &q);
    if (bad) {
        grpc_end(k, FUTU_GRPC_INVALID_ARGUMENT, "ServerReflectionRequest: %s", bad);
        return;
    }
    out->n = 0;
    futu_err err = q.host.n ? pb_append(out, VALID_HOST, q.host.p, q.host.n) : FUTU_OK;
    if (!err)
        err = pb_append(out, ORIGINAL, message.p, message.n);
    if (!err)
        err = put_answer(out, &q);
    uint8_t *p = err ? NULL : grpc_put(k, out->n);
    if (p) {
        memcpy(p, out->p, out->n);
        grpc_told(k);
    } else {
        grpc_end(k, FUTU_GRPC_RESOURCE_EXHAUSTED, "out of memory");
    }
}
