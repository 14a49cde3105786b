/* all_msg.h - a message with every type and label, which no protocol has; and one that nests in
 * itself. Included by the tests that need them. */
#ifndef TEST_UNIT_CODEC_ALL_MSG_H
#define TEST_UNIT_CODEC_ALL_MSG_H

#include "codec/codec.h"

typedef struct Sub Sub;
struct Sub {
    int32_t a;
    size_t n_list;
    int32_t *list;
    Sub *sub;
    futu_str text;
    bool has_a;
};

typedef struct All All;
struct All {
    int32_t i32;
    int64_t i64;
    uint32_t u32;
    uint64_t u64;
    bool b;
    float f;
    double d;
    futu_str s, y;
    Sub *sub;
    size_t n_ri32, n_ri64, n_ru32, n_ru64, n_rb, n_rf, n_rd, n_rs, n_ry, n_rsub;
    int32_t *ri32;
    int64_t *ri64;
    uint32_t *ru32;
    uint64_t *ru64;
    bool *rb;
    float *rf;
    double *rd;
    futu_str *rs, *ry;
    Sub *rsub;
    int32_t td_buyQty;
    bool has_i32, has_i64, has_u32, has_u64, has_b, has_f, has_d, has_td_buyQty;
};

#define LEN(s) (uint8_t)(sizeof(s) - 1)
#define SPELL3(a, b, c) LEN(a), LEN(b), LEN(c), a, b, c
#define OFF(M, m) (uint16_t)offsetof(M, m)
#define SPELL1(m) SPELL3(#m, #m, #m)
#define ONE(M, tag, t, m)                                                                          \
    { tag, t, PB_OPTIONAL, OFF(M, m), OFF(M, has_##m), SPELL1(m), NULL, NULL }
#define TXT(M, tag, t, m) { tag, t, PB_OPTIONAL, OFF(M, m), 0, SPELL1(m), NULL, NULL }
#define REP(M, tag, t, m, sub)                                                                     \
    { tag, t, PB_REPEATED, OFF(M, m), OFF(M, n_##m), SPELL1(m), sub, NULL }

extern const futu_msg Sub_msg;
static const struct pb_field sub_fields[] = {
    { 1, PB_INT32, PB_REQUIRED, OFF(Sub, a), OFF(Sub, has_a), SPELL3("a", "a", "a"), NULL, NULL },
    REP(Sub, 2, PB_INT32, list, NULL),
    { 3, PB_MESSAGE, PB_OPTIONAL, OFF(Sub, sub), 0, SPELL3("sub", "sub", "sub"), &Sub_msg, NULL },
    TXT(Sub, 200000, PB_STRING, text),
};
static const uint16_t sub_names[] = { 0, 1, 2, 3 };
const futu_msg Sub_msg = { "Test.Sub", sub_fields, 4, sizeof(Sub), false, { { 1, 0 } }, sub_names };

static const struct pb_field all_fields[] = {
    ONE(All, 1, PB_INT32, i32),
    ONE(All, 2, PB_INT64, i64),
    ONE(All, 3, PB_UINT32, u32),
    ONE(All, 4, PB_UINT64, u64),
    ONE(All, 5, PB_BOOL, b),
    ONE(All, 6, PB_FLOAT, f),
    ONE(All, 7, PB_DOUBLE, d),
    TXT(All, 8, PB_STRING, s),
    TXT(All, 9, PB_BYTES, y),
    { 10, PB_MESSAGE, PB_OPTIONAL, OFF(All, sub), 0, SPELL3("sub", "sub", "sub"), &Sub_msg, NULL },
    REP(All, 21, PB_INT32, ri32, NULL),
    REP(All, 22, PB_INT64, ri64, NULL),
    REP(All, 23, PB_UINT32, ru32, NULL),
    REP(All, 24, PB_UINT64, ru64, NULL),
    REP(All, 25, PB_BOOL, rb, NULL),
    REP(All, 26, PB_FLOAT, rf, NULL),
    REP(All, 27, PB_DOUBLE, rd, NULL),
    REP(All, 28, PB_STRING, rs, NULL),
    REP(All, 29, PB_BYTES, ry, NULL),
    REP(All, 30, PB_MESSAGE, rsub, &Sub_msg),
    { 40, PB_INT32, PB_OPTIONAL, OFF(All, td_buyQty), OFF(All, has_td_buyQty),
      SPELL3("td_buyQty", "tdBuyQty", "td_buy_qty"), NULL, NULL },
};
/* b d f i32 i64 rb rd rf ri32 ri64 rs rsub ru32 ru64 ry s sub td_buyQty u32 u64 y */
static const uint16_t all_names[] = { 4,  6,  5,  0,  1,  14, 16, 15, 10, 11, 17,
                                      19, 12, 13, 18, 7,  9,  20, 2,  3,  8 };
static const futu_msg All_msg = { "Test.All", all_fields, 21, sizeof(All), false, { { 0, 0 } },
                                  all_names };

#endif
