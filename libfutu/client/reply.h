/* reply.h - one answer: its protobuf bytes, its envelope, its decoded struct.
 *
 * Owns:    everything in it; it does not depend on the client. A client keeps some for reuse.
 */
#ifndef CLIENT_REPLY_H
#define CLIENT_REPLY_H

#include "codec/registry.h"
#include "futu/client.h"

struct futu_reply {
    struct futu_reply *next;        /* in the client's pool */
    const struct proto_row *row;    /* NULL: an id outside the registry */
    struct arena arena;
    struct buf body;                /* protobuf, whatever the wire form was */
    struct buf json;                /* made on demand */
    const void *msg;
    futu_str text;
    int32_t ret, err_code;
    bool kept;                      /* taken over by the caller: not for the pool */
};

struct futu_reply *reply_new(void);
/* Fills an empty or reset one. FUTU_EFORMAT with `why`, FUTU_ELIMIT, FUTU_ENOMEM. */
futu_err reply_fill(struct futu_reply *r, const struct proto_row *row, uint8_t fmt,
                    const uint8_t *p, size_t n, struct codec_error *why);
void reply_reset(struct futu_reply *r);

/* The body as protobuf: p itself, or converted from JSON into `scratch`, which is emptied first.
 * FUTU_EFORMAT: not of this message, or JSON of an id that has none. */
futu_err body_to_protobuf(const struct proto_row *row, uint8_t fmt, const uint8_t *p, size_t n,
                          struct buf *scratch, futu_str *out, struct codec_error *why);

/* An absent s2c becomes an empty one, so that nobody needs to look for it; FUTU_EFORMAT when its
 * message has required fields; FUTU_ENOMEM. */
futu_err response_complete(const futu_msg *m, struct arena *a, void *response,
                           struct codec_error *why);

#endif
