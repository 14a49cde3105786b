/* sdkws.c - see sdkws.h. */
#include "wire/sdkws.h"

#include "base/bytes.h"

#define TEXT 20

static const uint8_t sign[8] = { 'f', 't', '-', 'v', '1', '.', '0', 0 };

bool sdkws_is(const uint8_t *p, size_t n)
{
    return n >= sizeof(sign) && memcmp(p, sign, sizeof(sign)) == 0;
}

static futu_err read_head(const uint8_t *p, size_t n, size_t head, struct sdkws *m)
{
    if (n < head || !sdkws_is(p, n))
        return FUTU_EPROTO;
    m->command = get_be32(p + 8);
    m->section = get_be64(p + 12);
    m->error = 0;
    m->body = p + head;
    m->len = n - head;
    return FUTU_OK;
}

futu_err sdkws_read_request(const uint8_t *p, size_t n, struct sdkws *m)
{
    return read_head(p, n, SDKWS_REQUEST_HEAD, m);
}

futu_err sdkws_read_reply(const uint8_t *p, size_t n, struct sdkws *m)
{
    futu_err err = read_head(p, n, SDKWS_REPLY_HEAD, m);
    if (!err)
        m->error = (int32_t)get_be32(p + SDKWS_REQUEST_HEAD);
    return err;
}

void sdkws_write_request(uint8_t out[SDKWS_REQUEST_HEAD], uint32_t command, uint64_t section)
{
    memcpy(out, sign, sizeof(sign));
    put_be32(out + 8, command);
    put_be64(out + 12, section);
}

void sdkws_write_reply(uint8_t out[SDKWS_REPLY_HEAD], uint32_t command, uint64_t section,
                       int32_t error, const char *text)
{
    sdkws_write_request(out, command, section);
    put_be32(out + SDKWS_REQUEST_HEAD, (uint32_t)error);
    uint8_t *to = out + SDKWS_REPLY_HEAD - TEXT;
    memset(to, 0, TEXT);
    for (size_t i = 0; text && i < TEXT && text[i]; i++)
        to[i] = text[i] >= ' ' && text[i] <= '~' ? (uint8_t)text[i] : '?';
}

size_t ws_head_write(uint8_t out[10], uint8_t opcode, uint64_t len)
{
    out[0] = (uint8_t)(0x80 | (opcode & 0x0f));     /* 0x80: the message's last frame */
    if (len < 126) {
        out[1] = (uint8_t)len;
        return 2;
    }
    if (len <= UINT16_MAX) {
        out[1] = 126;
        put_be16(out + 2, (uint16_t)len);
        return 4;
    }
    out[1] = 127;
    put_be64(out + 2, len);
    return 10;
}
