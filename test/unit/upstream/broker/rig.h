/* rig.h - a network without sockets and a clock that stands still, with the emulator at the other
 * end of every connection.
 *
 * Every host answers unless it was told otherwise. Names give what rig_name() says, else nothing.
 */
#ifndef TEST_UNIT_UPSTREAM_BROKER_RIG_H
#define TEST_UNIT_UPSTREAM_BROKER_RIG_H

#include "channel.h"
#include "support.h"
#include "upstream/broker/channel.h"
#include "upstream/broker/tables.h"

#define RIG_WALL (INT64_C(1775000000) * NS_PER_S)
#define RIG_HOSTS 64
#define RIG_DIALS 256

/* DEAD: nobody answers. MUTE: connected, and then silence. */
enum rig_how { RIG_UP, RIG_REFUSES, RIG_DEAD, RIG_MUTE };

struct rig {
    struct clock_fake time;
    struct clock clock;
    struct timers timers;
    struct net net;
    struct emu *emu;                    /* NULL: every host is mute */
    struct list links;
    struct {
        char host[64];
        enum rig_how how;
    } hosts[RIG_HOSTS];
    size_t n_hosts;
    struct net_addr dialled[RIG_DIALS];
    size_t n_dialled;
    /* One name. */
    char name[64];
    const char *found[NET_FOUND_MAX];
    size_t n_found;
    bool slow_name;                     /* the name server says nothing */
    struct net_lookup *lookup;
    unsigned lookups;
    size_t chunk;                       /* bytes delivered at once; 0: all */
    futu_err link_err;                  /* of every new link */
};

void rig_init(struct rig *r);           /* with an emulator: a platform 1 and brokers 1001, 1007 */
void rig_free(struct rig *r);
void rig_host(struct rig *r, const char *host, enum rig_how how);
void rig_name(struct rig *r, const char *name, const char *const *found, size_t n);
void rig_pump(struct rig *r);           /* until nothing moves */
void rig_pass(struct rig *r, int64_t ns);   /* in steps of 100 ms, pumping */
/* Bytes to every client that is connected. */
void rig_say(struct rig *r, const void *p, size_t n);
unsigned rig_connected(const struct rig *r);

/* The login of an identity as it is at the emulator. */
const struct emu_login *rig_login(int32_t identity);
#define RIG_USER 12345678u

#endif
