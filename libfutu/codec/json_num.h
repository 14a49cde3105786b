/* json_num.h - a number or boolean of JSON text in the C type of a field. Internal to codec/. */
#ifndef CODEC_JSON_NUM_H
#define CODEC_JSON_NUM_H

#include "codec/json_lex.h"

union json_number {
    int32_t i32;
    uint32_t u32;
    int64_t i64;
    uint64_t u64;
    float f;
    double d;
    bool b;
};

/* Takes the value of type `type` (enum pb_type, below PB_STRING) that is next; the reason why
 * there is none, or NULL. */
const char *json_number(struct json_lex *lx, uint8_t type, union json_number *v);

#endif
