/* rest_rig.h - what the tests of the REST API share: keys of all kinds, and answers. */
#ifndef TEST_UNIT_SURFACE_REST_RIG_H
#define TEST_UNIT_SURFACE_REST_RIG_H

#include "web.h"

static struct got g, g2;

#define ALL                                                                                        \
    "\"qot:read\",\"acc:read\",\"trade:simulate\",\"trade:real\",\"trade:unlock\","                \
    "\"admin\",\"metrics:read\""
#define ORDER "{\"acc_id\":1001,\"trd_env\":0,\"trd_market\":1,\"trd_side\":1,\"order_type\":1," \
              "\"code\":\"00700\",\"qty\":100,\"price\":10}"

static inline void keys(void)
{
    rails_begin(&k);
    rails_key(&k, "all", ALL, "");
    rails_key(&k, "other", ALL, "");
    rails_key(&k, "qot", "\"qot:read\"", "");
    rails_key(&k, "acc", "\"acc:read\"", "");
    rails_key(&k, "sim", "\"trade:simulate\"", "");
    rails_key(&k, "old", ALL, ",\"expires_at\":\"2020-01-01T00:00:00Z\"");
    rails_key(&k, "mine", ALL, ",\"allowed_acc_ids\":[1001]");
    rails_save(&k);
    web_open(NULL, false);
    rig_answer(&k.r, 2001, REFUSED);
}

static inline void open_mode(void)
{
    rails_begin(&k);
    web_open(NULL, false);
}

static inline void stop(void)
{
    buf_free(&g.body);
    buf_free(&g2.body);
    web_close();
}

static inline void answered(int status, const char *part)
{
    ck_assert_uint_eq(g.times, 1);
    ck_assert_msg(g.status == status, "%d, not %d: %s", g.status, status, body_of(&g));
    ck_assert_msg(strstr(body_of(&g), part), "%s is not in %s", part, body_of(&g));
}

static inline void ask(const struct want *w, int status, const char *part)
{
    web_ask(&g, w);
    answered(status, part);
}

#endif
