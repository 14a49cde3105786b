/* message.h - what the three codec targets share: which message an input is about. Its first two
 * bytes are a protocol id (little endian), the third one says request or reply. */
#ifndef TEST_FUZZ_MESSAGE_H
#define TEST_FUZZ_MESSAGE_H

#include <stdlib.h>

#include "codec/registry.h"

#define INPUT_HEAD 3

static inline const futu_msg *input_message(const uint8_t *data)
{
    size_t n;
    const struct proto_row *rows = proto_rows(&n);
    uint32_t id = data[0] | (uint32_t)data[1] << 8;
    const struct proto_row *row = proto_find(id);
    if (!row)
        row = &rows[id % n];
    return (data[2] & 1) && row->response ? row->response : row->request ? row->request
                                                                         : row->response;
}

static inline void check(bool ok)
{
    if (!ok)
        abort();
}

static inline void check_same(const struct buf *a, const struct buf *b)
{
    check(a->n == b->n && (a->n == 0 || memcmp(a->p, b->p, a->n) == 0));
}

#endif
