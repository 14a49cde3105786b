/* ws.c - events to 1,000 clients of /ws beside npm's ws, which tells the same texts.
 *
 * Ours:    a relay, fed by blast (blast.h) with as many pushes as it takes, which share the second
 *          core with the receiver; it decodes each push and writes its text. The peer has the texts
 *          ready. What a client can't take in time is passed over here, and waits there.
 * Peer:    one event at a time, as its documentation shows; and with its sockets held back for 16.
 * Client:  this program, for both: one receiver (fan.h) that cuts frames, counts texts and their
 *          bytes. To each text ours has a hop more.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fan.h"

#define SECURITIES 100
#define TEXTS 200
#define AIM 3.0
#define GATHER "16"             /* events in a write of the peer, beside one at a time */

/* One client and what it is in the middle of. */
struct rx {
    uint8_t head[10];
    unsigned n_head;
    uint64_t left;              /* payload bytes of the frame that are to come */
    bool text;                  /* that frame, or the last one, is no ping */
};

static struct rx clients[FAN_CLIENTS];

/* ---- the receiver ---- */

static unsigned head_size(const uint8_t *h)
{
    unsigned n = h[1] & 127;
    return n < 126 ? 2 : n == 126 ? 4 : 10;
}

static uint64_t payload_size(const uint8_t *h)
{
    uint64_t n = h[1] & 127;
    unsigned size = head_size(h);
    for (unsigned i = 2; i < size; i++)
        n = i == 2 ? h[i] : n << 8 | h[i];
    return n;
}

/* A server's frame, whole and unmasked, a text, or a ping without content, which is answered. */
static void take_head(struct fan *f, struct rx *r, int fd)
{
    static const uint8_t pong[6] = { 0x8a, 0x80 };
    bool ping = r->head[0] == 0x89 && r->head[1] == 0;
    r->text = r->head[0] == 0x81 && !(r->head[1] & 0x80);
    if ((!r->text && !ping) || (ping && send(fd, pong, sizeof(pong), MSG_NOSIGNAL) != 6)) {
        fprintf(stderr, "frame %02x %02x\n", r->head[0], r->head[1]);
        die("a client of /ws");
    }
    r->left = payload_size(r->head);
    f->bytes += r->left;
}

static void take(struct fan *f, size_t i, const uint8_t *p, size_t n)
{
    struct rx *r = &clients[i];
    while (n > 0) {
        if (r->left == 0) {
            r->head[r->n_head++] = *p++;
            n--;
            if (r->n_head < 2 || r->n_head < head_size(r->head))
                continue;
            take_head(f, r, f->fd[i]);
        }
        size_t k = n < r->left ? n : (size_t)r->left;
        r->left -= k;
        p += k;
        n -= k;
        if (r->left > 0)
            continue;
        r->n_head = 0;
        if (r->text)
            fan_event(f, i);
    }
}

/* ---- opening ---- */

static void say(int fd, const char *text)
{
    uint8_t f[4096];
    size_t n = strlen(text), at = 4;
    if (n < 126 || n + 8 > sizeof(f))
        die("a text that long");
    f[0] = 0x81;
    f[1] = 0x80 | 126;
    f[2] = (uint8_t)(n >> 8);
    f[3] = (uint8_t)n;
    if (getrandom(f + at, 4, 0) != 4)
        die("random bytes");
    for (size_t i = 0; i < n; i++)
        f[at + 4 + i] = (uint8_t)text[i] ^ f[at + i % 4];
    if (send(fd, f, at + 4 + n, MSG_NOSIGNAL) != (ssize_t)(at + 4 + n))
        die("subscribing");
}

/* Reads up to the word. */
static void await(struct conn *c, const char *word)
{
    uint8_t *hit;
    while (!(hit = memmem(c->in, c->n_in, word, strlen(word)))) {
        ssize_t got = recv(c->fd, c->in + c->n_in, CONN_BUF - c->n_in, 0);
        if (got <= 0)
            die(word);
        c->n_in += (size_t)got;
    }
    size_t n = (size_t)(hit - c->in) + strlen(word);
    c->n_in -= n;
    memmove(c->in, c->in + n, c->n_in);
}

/* The request of RFC 6455, section 1.3, and its answer. */
static void handshake(struct conn *c, int port, const char *path)
{
    char text[400];
    int n = snprintf(text, sizeof(text),
                     "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
                     "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                     "Sec-WebSocket-Version: 13\r\n\r\n",
                     path);
    if (!conn_open(c, port) || !conn_write(c, text, (size_t)n))
        die("a handshake");
    await(c, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    await(c, "\r\n\r\n");
}

/* A whole frame of a server. */
static size_t frame_size(const uint8_t *p, size_t n)
{
    if (n < 2 || n < head_size(p))
        return 0;
    uint64_t all = head_size(p) + payload_size(p);
    return all <= n ? (size_t)all : 0;
}
static const struct proto proto_ws = { "ws", frame_size };

/* The next frame with the word in it, from p on. */
static size_t read_with(struct conn *c, const char *word, uint8_t *p, size_t size)
{
    size_t n;
    do {
        n = conn_read(c, &proto_ws, p, size);
        if (n == 0 || n > size)
            die(word);
    } while (!memmem(p, n, word, strlen(word)));
    return n;
}

static void subscribe(struct conn *c)
{
    static char text[4000];
    static uint8_t reply[CONN_BUF];
    size_t at = (size_t)snprintf(text, sizeof(text),
                                 "{\"op\":\"subscribe\",\"sub_type_list\":[1],\"symbols\":[");
    for (size_t i = 0; i < SECURITIES; i++)
        at += (size_t)snprintf(text + at, sizeof(text) - at, "%s\"HK.%05zu\"", i ? "," : "", i + 1);
    snprintf(text + at, sizeof(text) - at, "]}");
    say(c->fd, text);
    size_t n = read_with(c, "\"type\":", reply, sizeof(reply));
    while (memmem(reply, n, "\"hello\"", 7) || memmem(reply, n, "\"quote\"", 7))
        n = read_with(c, "\"type\":", reply, sizeof(reply));
    if (!memmem(reply, n, "\"ret_type\":0", 12)) {
        fprintf(stderr, "%.*s\n", (int)n, (char *)reply);
        die("subscribing");
    }
}

/* path NULL: the peer's, which needs no subscription. */
static void open_one(struct conn *c, int port, const char *path)
{
    handshake(c, port, path ? path : "/");
    if (path)
        subscribe(c);
}

static void open_clients(struct fan *f, int port, const char *path)
{
    for (size_t i = 0; i < FAN_CLIENTS; i++) {
        struct conn c;
        open_one(&c, port, path);
        f->fd[i] = c.fd;
        clients[i] = (struct rx){ .left = 0 };
        take(f, i, c.in, c.n_in);
        free(c.in);
    }
}

/* ---- the servers ---- */

static void start_ours(struct server *s, const char *bin, int upstream)
{
    char to[40], rest[16], text[4096];
    s->port = server_free_port();
    snprintf(rest, sizeof(rest), "%d", s->port);
    snprintf(to, sizeof(to), "127.0.0.1:%d", upstream);
    const char *argv[] = { bin, "--upstream", to, "--state-dir", bench_dir(), "--port", "0",
                           "--rest-port", rest, "--frequency-limits", "off", "--log-level", "off",
                           NULL };
    if (!server_spawn(s, argv) || !server_await(s, "ready", text, sizeof(text)))
        die("starting futu-opend");
}

/* What ours says for each push, a line each, is what the peer will say. The mean size. */
static double write_texts(const struct server *blast, int port, const char *path, const char *file)
{
    static uint8_t frame[CONN_BUF];
    size_t all = 0;
    struct conn c;
    FILE *f = fopen(file, "w");
    if (!f)
        die(file);
    open_one(&c, port, path);
    for (int i = 0; i < TEXTS; i++) {
        blast_one(blast);
        size_t n = read_with(&c, "\"quote\"", frame, sizeof(frame)), head = head_size(frame);
        fprintf(f, "%.*s\n", (int)(n - head), (char *)frame + head);
        all += n - head;
    }
    conn_close(&c);
    fclose(f);
    return (double)all / TEXTS;
}

/* Its script is looked for from the top of the tree, where make runs. */
static void start_peer(struct server *s, const char *file, const char *gather)
{
    char path[PATH_MAX], text[400];
    snprintf(path, sizeof(path), "%s", __FILE__);
    snprintf(strrchr(path, '.'), 12, "_peer.mjs");
    const char *argv[] = { "node", path, file, gather, NULL };
    if (!server_spawn(s, argv) || !server_await(s, "ready", text, sizeof(text)))
        die("starting node; `make bench` installs what it needs");
    s->port = (int)strtol(strstr(text, "port ") + 5, NULL, 10);
}

/* ---- measuring ---- */

static void measure(struct server *source, struct server *s, const char *path, bool calmly,
                    struct fan_found *out)
{
    static struct fan f;
    f = (struct fan){ .take = take };
    open_clients(&f, s->port, path);
    fan_measure(&f, source, s, calmly, out);
}

/* ---- the table ---- */

static void measure_peer(const char *file, const char *gather, bool calmly, struct fan_found *f)
{
    struct server peer;
    start_peer(&peer, file, gather);
    measure(&peer, &peer, NULL, calmly, f);
    server_stop(&peer);
}

static void compare_form(const char *bin, const char *path, const char *name)
{
    struct server blast, ours;
    struct fan_found us, them, gathered;
    char file[100], unit[100];
    snprintf(file, sizeof(file), "%s/events", bench_dir());
    if (!blast_start(&blast))
        die("starting blast");
    server_pin(&blast, core_load);
    start_ours(&ours, bin, blast.port);
    double size = write_texts(&blast, ours.port, path, file);
    measure(&blast, &ours, path, true, &us);
    server_stop(&ours);
    server_stop(&blast);
    measure_peer(file, "1", true, &them);
    measure_peer(file, GATHER, false, &gathered);
    snprintf(unit, sizeof(unit), "%s, texts of %.0f bytes", name, size);
    table_head("Events to 1,000 WebSockets", "npm ws", unit);
    fan_print(&us, &them, &gathered);
    printf("  aim: %.0f times as many as npm ws: %s\n", AIM,
           us.per_second >= AIM * them.per_second ? "met" : "missed");
}

void compare_events_ws(const char *bin)
{
    compare_form(bin, "/ws", "body_b64");
    compare_form(bin, "/ws?format=json", "format=json");
}
