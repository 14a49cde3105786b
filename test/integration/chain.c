/* chain.c - see chain.h. */
#include "chain.h"

#include <check.h>
#include <ftw.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "codec/codec.h"
#include "peer.h"

#define UP_MS (15000 * SLOW)    /* the longest pause between attempts is 5 s */
#define GET_INFO 60001

void chain_folder(char dir[64])
{
    snprintf(dir, 64, "/tmp/futu-test-XXXXXX");
    ck_assert(mkdtemp(dir) != NULL);
}

static int unlink_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st, (void)kind, (void)at;
    return remove(path);
}

void chain_remove(const char *dir)
{
    ck_assert_int_eq(nftw(dir, unlink_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

static void start_relay(struct chain *c, size_t i)
{
    char upstream[32];
    snprintf(upstream, sizeof(upstream), "127.0.0.1:%d", c->link[i].port);
    const char *const args[] = { "--upstream", upstream, "--port", "0", "--log-level", "warn",
                                 "--frequency-limits", "off", "--state-dir", c->dir[i], NULL };
    opend_start_as(&c->relay[i], args);
}

void chain_start(struct chain *c, size_t relays, const struct opend *first)
{
    ck_assert_uint_le(relays, CHAIN_MAX);
    memset(c, 0, sizeof(*c));
    c->n = relays;
    proxy_start(&c->link[0], first->port);
    for (size_t i = 0; i < relays; i++) {
        chain_folder(c->dir[i]);
        start_relay(c, i);
        proxy_start(&c->link[i + 1], c->relay[i].port);
    }
    chain_wait_up(c);
}

void chain_stop(struct chain *c)
{
    for (size_t i = c->n; i > 0; i--) {
        proxy_stop(&c->link[i]);
        opend_stop(&c->relay[i - 1]);
        chain_remove(c->dir[i - 1]);
    }
    proxy_stop(&c->link[0]);
}

void chain_kill(struct chain *c, size_t i)
{
    opend_kill(&c->relay[i]);
    start_relay(c, i);
    proxy_target(&c->link[i + 1], c->relay[i].port);
}

int chain_port(const struct chain *c)
{
    return c->link[c->n].port;
}

static void read_links(const Gateway_GetInfo_Hop *h, struct chain_info *out)
{
    out->up = h->n_linkList > 0;
    for (size_t i = 0; i < h->n_linkList; i++) {
        const Gateway_GetInfo_Link *l = &h->linkList[i];
        out->up = out->up && l->state == Gateway_GetInfo_LinkState_Up;
        out->losses += l->losses;
        if (l->lastError.p)
            snprintf(out->error, sizeof(out->error), "%s", l->lastError.p);
    }
    out->stale = h->stale;
    out->gaps = h->gaps;
}

void chain_info(const struct chain *c, size_t i, struct chain_info *out)
{
    struct arena a = ARENA_INIT;
    Gateway_GetInfo_Response r;
    struct peer p;
    struct got g;
    memset(out, 0, sizeof(*out));
    peer_login(&p, c->relay[i].port);
    peer_call(&p, GET_INFO, 0, "\x0a\0", 2, &g);
    ck_assert_int_eq(codec_decode(&Gateway_GetInfo_Response_msg, &a, g.body, g.n, &r, NULL, NULL),
                     FUTU_OK);
    ck_assert_int_eq(r.retType, 0);
    ck_assert_uint_ge(r.s2c->n_hopList, 1);
    read_links(&r.s2c->hopList[0], out);
    arena_free(&a);
    got_free(&g);
    peer_close(&p);
}

void chain_wait_up(const struct chain *c)
{
    int64_t end = now_ms() + UP_MS;
    for (size_t i = 0; i < c->n;) {
        struct chain_info info;
        chain_info(c, i, &info);
        ck_assert_msg(now_ms() < end, "relay %zu: links up %d, %d stale: %s", i, info.up,
                      info.stale, info.error);
        if (info.up && info.stale == 0)
            i++;
        else
            poll(NULL, 0, 10);
    }
}
