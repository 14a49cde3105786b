/* text.c - names and bodies of protocols as text, for programs that print them. */
#include "base/mem.h"
#include "codec/registry.h"
#include "futu/client.h"

const char *futu_proto_name(uint32_t proto)
{
    const struct proto_row *row = proto_find(proto);
    return row ? row->name : NULL;
}

uint32_t futu_proto_id(const char *name)
{
    const struct proto_row *row = proto_by_name(str_c(name));
    return row ? row->id : 0;
}

char *futu_response_json(uint32_t proto, const void *body, size_t len)
{
    const struct proto_row *row = proto_find(proto);
    struct buf out = BUF_INIT;
    futu_err err = FUTU_ENOTFOUND;
    if (row && row->response)
        err = codec_to_json(row->response, body, len, CODEC_DECLARED, &out, NULL, NULL);
    if (!err)
        err = buf_byte(&out, 0);
    if (err)
        buf_free(&out);
    return (char *)out.p;
}

void futu_text_free(char *text)
{
    mem_free(text);
}
