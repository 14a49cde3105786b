/* grpc_stream.c - pushes to 1,000 clients of SubscribePush, each on a connection of its own, beside
 * a server of grpc C++ that streams the same message.
 *
 * Ours:    a relay, fed by blast (blast.h) with as many pushes as it takes, which share the second
 *          core with the receiver. What a client can't take in time is passed over here, and waits
 *          there.
 * Peer:    each stream's next message when the one before is on its way; all are the same. And with
 *          15 of 16 marked as those that may wait for the next.
 * Client:  this program, for both: h2.h with windows that hold nothing back, counted by fan.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fan.h"
#include "grpc.h"
#include "h2.h"

#define SECURITIES 100
#define AIM 3.0

static struct h2 clients[FAN_CLIENTS];

static void take(struct fan *f, size_t i, const uint8_t *p, size_t n)
{
    struct h2 *c = &clients[i];
    uint64_t messages = c->messages, bytes = c->bytes;
    h2_take(c, p, n);
    for (; messages < c->messages; messages++)
        fan_event(f, i);
    f->bytes += c->bytes - bytes;
    if (c->ended)
        die("a stream of pushes");
}

/* Open is what has been answered: from then on nothing is missed. */
static void open_one(struct h2 *h, int port)
{
    static uint8_t bytes[1000];
    struct conn c;
    size_t n = h2_call(bytes, sizeof(bytes), GRPC_PUSHES, bytes, 0);
    if (!conn_open(&c, port) || !conn_write(&c, bytes, n))
        die("connecting");
    free(c.in);
    *h = (struct h2){ .fd = c.fd };
    while (!h->opened) {
        ssize_t got = recv(c.fd, bytes, sizeof(bytes), 0);
        if (got <= 0)
            die("opening a stream");
        h2_take(h, bytes, (size_t)got);
    }
}

static void measure(struct server *source, struct server *s, bool calmly, struct fan_found *out)
{
    static struct fan f;
    f = (struct fan){ .take = take };
    for (size_t i = 0; i < FAN_CLIENTS; i++) {
        open_one(&clients[i], s->port);
        f.fd[i] = clients[i].fd;
    }
    fan_measure(&f, source, s, calmly, out);
}

static void start_ours(struct server *s, const char *bin, int upstream)
{
    char to[40], port[16], text[4096];
    s->port = server_free_port();
    snprintf(port, sizeof(port), "%d", s->port);
    snprintf(to, sizeof(to), "127.0.0.1:%d", upstream);
    const char *argv[] = { bin, "--upstream", to, "--state-dir", bench_dir(), "--port", "0",
                           "--grpc-port", port, "--frequency-limits", "off", "--log-level", "off",
                           NULL };
    if (!server_spawn(s, argv) || !server_await(s, "ready", text, sizeof(text)))
        die("starting futu-opend");
    grpc_subscribe(s->port, SECURITIES);
}

/* One push of ours in a file, which the peer will tell. */
static void write_event(const struct server *blast, int port, char *path, size_t size)
{
    static uint8_t event[4096];
    uint8_t one;
    struct h2 c;
    open_one(&c, port);
    c.keep = event;
    c.keep_size = sizeof(event);
    usleep(1200000);        /* what comes in the first second is the first push: not wanted */
    blast_one(blast);
    while (c.messages == 0) {
        if (recv(c.fd, &one, 1, 0) != 1)
            die("a push");
        h2_take(&c, &one, 1);
    }
    grpc_write(path, size, "event", event, c.n_keep);
    close(c.fd);
}

static void measure_peer(const char *event, const char *gather, bool calmly, struct fan_found *out)
{
    struct server peer;
    grpc_start_peer(&peer, event, event, gather);
    measure(&peer, &peer, calmly, out);
    server_stop(&peer);
}

void compare_grpc_streams(const char *bin)
{
    struct server blast, ours;
    struct fan_found us, them, gathered;
    char event[80], unit[100];
    if (!blast_start(&blast))
        die("starting blast");
    server_pin(&blast, core_load);
    start_ours(&ours, bin, blast.port);
    write_event(&blast, ours.port, event, sizeof(event));
    measure(&blast, &ours, true, &us);
    server_stop(&ours);
    server_stop(&blast);
    measure_peer(event, NULL, true, &them);
    measure_peer(event, "16", false, &gathered);
    snprintf(unit, sizeof(unit), "messages of %.0f bytes (peer: %.0f)", us.bytes, them.bytes);
    table_head("Pushes to 1,000 gRPC streams", "grpc C++", unit);
    fan_print(&us, &them, &gathered);
    printf("  aim: %.0f times as many as grpc C++: %s\n", AIM,
           us.per_second >= AIM * them.per_second ? "met" : "missed");
}
