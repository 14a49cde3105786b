/* channel_scene.h - the channel servers of a scenario file, and what can be done to them while they
 * run; README.md has the sections and the commands. */
#ifndef EMULATOR_CHANNEL_SCENE_H
#define EMULATOR_CHANNEL_SCENE_H

#include "auth.h"
#include "channel.h"

#define SCENE_SECTIONS "channel server trade-account"
#define SCENE_SERVERS 24

struct scene_server {
    int32_t identity;
    char host[64];
    uint16_t port;
    bool up;
};

struct scene {
    futu_loop *loop;
    struct auth_emu *auth;
    struct emu *emu;
    struct emu_net *net;
    struct scene_server servers[SCENE_SERVERS];
    size_t n;
    char why[SCENARIO_WHY];
};

/* False: x->why says it. */
bool scene_start(struct scene *x, futu_loop *l, struct scenario *s, struct auth_emu *auth);
void scene_stop(struct scene *x);       /* a zeroed one is fine; the loop has a turn left to go */
/* "channel IDENTITY HOST:PORT" of each, and all as futu-opend takes it: "broker-addr ...". */
void scene_print(const struct scene *x);
/* One line of a person or a script; prints "done", or what is wrong. */
void scene_command(struct scene *x, char *line);

#endif
