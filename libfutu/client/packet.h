/* packet.h - packetID, the mark against replay that every write carries: filled in when absent. */
#ifndef CLIENT_PACKET_H
#define CLIENT_PACKET_H

#include "codec/codec.h"

struct packet_id {
    uint64_t conn_id;
    uint32_t serial;
};

/* Appends the protobuf Request to `out`, with a packetID in its c2s. A body that can't be read is
 * appended as it is: the gateway says what is wrong with it. FUTU_ENOMEM, FUTU_ELIMIT. */
futu_err packet_fill(struct packet_id id, const uint8_t *p, size_t n, struct buf *out);

/* Appends the JSON text to `out` with "packetID" as the first member of "c2s". FUTU_EFORMAT: there
 * is no such object. */
futu_err packet_fill_json(struct packet_id id, futu_str json, struct buf *out);

/* Encodes the Request struct at `in`; `m` is the descriptor of a write. As codec_encode(). */
futu_err packet_encode(struct packet_id id, const futu_msg *m, const void *in, struct buf *out,
                       struct codec_error *why);

#endif
