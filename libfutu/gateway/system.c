/* system.c - KeepAlive, GetDelayStatistics, and the InitConnect that comes too late. */
#include "gateway/state.h"

void on_second_init(struct ask *a)
{
    reply_refuse(a, "this connection is initialised already");
}

void on_keep_alive(struct ask *a)
{
    KeepAlive_S2C s2c = { .time = 0 };
    KeepAlive_Response rsp = { .retMsg = STR(""), .s2c = &s2c };
    SET(&rsp, retType, RET_OK);
    SET(&rsp, errCode, 0);
    SET(&s2c, time, clock_wall(&a->c->hub->o.clock) / NS_PER_S);
    reply_msg(a, &rsp);
}

void on_delay_statistics(struct ask *a)
{
    struct hub *h = a->c->hub;
    const GetDelayStatistics_Request *rq = a->msg;
    GetDelayStatistics_Response rsp = { .retMsg = STR("") };
    char why[160];
    SET(&rsp, retType, RET_OK);
    SET(&rsp, errCode, 0);
    rsp.s2c = delay_report(&h->delay, rq->c2s, &h->arena, why, sizeof(why));
    if (rsp.s2c)
        reply_msg(a, &rsp);
    else
        reply_refuse(a, "%s", why[0] ? why : "out of memory");
}
