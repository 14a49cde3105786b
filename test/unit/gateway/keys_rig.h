/* keys_rig.h - what the tests of requests share: keys that are added one by one, then opened. */
#ifndef TEST_UNIT_GATEWAY_KEYS_RIG_H
#define TEST_UNIT_GATEWAY_KEYS_RIG_H

#include "rails.h"

static struct rails k;
static struct told t;

static inline void begin(void)
{
    rails_begin(&k);
    memset(&t, 0, sizeof(t));
}

static inline void open_all(void)
{
    rails_save(&k);
    rails_open(&k, NULL);
    if (rig_waiting(&k.r, 2001))
        rig_answer(&k.r, 2001, REFUSED);
}

static inline void stop(void)
{
    told_free(&t);
    rails_close(&k);
}

static inline size_t accounts_told(uint64_t *first)
{
    struct arena mem = ARENA_INIT;
    Trd_GetAccList_Response rsp;
    ck_assert_int_eq(codec_decode(&Trd_GetAccList_Response_msg, &mem, t.body.p, t.body.n, &rsp,
                                  NULL, NULL), FUTU_OK);
    size_t n = rsp.s2c ? rsp.s2c->n_accList : 0;
    *first = n ? rsp.s2c->accList[0].accID : 0;
    arena_free(&mem);
    return n;
}

#endif
