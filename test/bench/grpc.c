/* grpc.c - a quote over gRPC beside two peers that return the same bytes: nghttpd, which serves
 * them as a file with a trailer, and grpc C++ (grpc_peer.cpp). By h2load, one thread, the same
 * connections and streams for all, in rounds that alternate.
 *
 * Ours:    a kept quote, which did not change since the last request; the exchange is open, so that
 *          events end that several times a second. Peers neither judge the caller nor look at the
 *          request.
 * CPU:     microseconds of the server's processor per request, its background work included. It is
 *          the number to trust when others use the machine.
 */
#include "grpc.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "h2.h"
#include "wire/frame.h"

#define ROUNDS 3
#define ROUND_S 2
#define NGHTTPD_AIM 0.7
#define GRPC_AIM 3.0

static const struct shape {
    int conns, streams;
} shapes[] = { { 1, 1 }, { 32, 1 }, { 8, 32 } };
#define SHAPES (sizeof(shapes) / sizeof(shapes[0]))

enum { OURS, NGHTTPD, GRPC_CPP, SERVERS };

struct sample {
    double per_second, mean_us, cpu_us;
};

/* ---- the servers ---- */

void grpc_write(char *path, size_t size, const char *name, const uint8_t *p, size_t n)
{
    snprintf(path, size, "%s/%s", bench_dir(), name);
    FILE *f = fopen(path, "w");
    if (!f || fwrite(p, 1, n, f) != n || fclose(f) != 0)
        die(path);
}

/* A message as it stands in HTTP/2. */
static void write_framed(char *path, size_t size, const char *name, const uint8_t *p, size_t n)
{
    static uint8_t framed[70000];
    if (n + H2_GRPC_HEAD > sizeof(framed))
        die(name);
    framed[0] = 0;
    for (unsigned i = 0; i < 4; i++)
        framed[1 + i] = (uint8_t)(n >> (24 - 8 * i));
    memcpy(framed + H2_GRPC_HEAD, p, n);
    grpc_write(path, size, name, framed, n + H2_GRPC_HEAD);
}

void grpc_start_peer(struct server *s, const char *body, const char *event, const char *gather)
{
    char path[PATH_MAX], text[400];
    ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 12);
    if (n <= 0)
        die("finding the folder of this program");
    path[n] = '\0';
    snprintf(strrchr(path, '/'), 12, "/grpc_peer");
    const char *argv[] = { path, body, event, gather, NULL };
    if (!server_spawn(s, argv) || !server_await(s, "ready", text, sizeof(text)))
        die("starting grpc_peer; `make bench` builds it");
    s->port = (int)strtol(strstr(text, "port ") + 5, NULL, 10);
}

void grpc_subscribe(int port, size_t n)
{
    static const int basic[] = { 1 };
    static char names[100][9];
    static uint8_t request[70000], answer[1000];
    const char *codes[100];
    for (size_t i = 0; i < n && i < 100; i++) {
        snprintf(names[i], sizeof(names[i]), "HK.%05u", (unsigned)(i + 1) % 100000);
        codes[i] = n == 1 ? "HK.00700" : names[i];
    }
    size_t len = futu_sub(request, sizeof(request), codes, n, basic, 1, true);
    h2_ask(port, GRPC_SUB, request + FRAME_HEAD, len - FRAME_HEAD, answer, sizeof(answer));
}

static void start_ours(struct server *s, const char *bin)
{
    char port[16], text[4096];
    s->port = server_free_port();
    snprintf(port, sizeof(port), "%d", s->port);
    const char *argv[] = { bin, "--paper", "--paper-clock", "always-open", "--port", "0",
                           "--grpc-port", port, "--frequency-limits", "off", "--log-level", "off",
                           NULL };
    if (!server_spawn(s, argv) || !server_await(s, "ready", text, sizeof(text)))
        die("starting futu-opend");
    grpc_subscribe(s->port, 1);
}

static bool start_nghttpd(struct server *s, const uint8_t *body, size_t n)
{
    char path[80], port[16];
    snprintf(path, sizeof(path), "%s/futu.v1.Quote", bench_dir());
    if (mkdir(path, 0700) != 0)
        die(path);
    write_framed(path, sizeof(path), GRPC_QUOTE + 1, body, n);
    s->port = server_free_port();
    snprintf(port, sizeof(port), "%d", s->port);
    const char *argv[] = { "nghttpd", "--no-tls", "-a", "127.0.0.1", "-n", "1", "-m", "1000", "-d",
                           bench_dir(), "--trailer", "grpc-status: 0", port, NULL };
    return server_spawn(s, argv) && server_await_port(s);
}

/* ---- h2load ---- */

static double number_before(const char *text, const char *word)
{
    const char *at = strstr(text, word);
    while (at && at > text && (at[-1] == ' ' || at[-1] == '.' || (at[-1] >= '0' && at[-1] <= '9')))
        at--;
    return at ? strtod(at, NULL) : 0;
}

/* "(N) data" of the traffic. */
static double data_bytes(const char *text)
{
    const char *at = strstr(text, ") data");
    while (at && at > text && *at != '(')
        at--;
    return at ? strtod(at + 1, NULL) : 0;
}

/* The third column behind the word: min, max, mean. */
static double mean_us(const char *text, const char *word)
{
    const char *at = strstr(text, word);
    char *end = NULL;
    double v = 0;
    if (!at)
        return 0;
    at += strlen(word);
    for (int i = 0; i < 3; i++) {
        v = strtod(at, &end);
        at = end + strcspn(end, " ");
    }
    return strncmp(end, "us", 2) == 0 ? v : strncmp(end, "ms", 2) == 0 ? v * 1e3 : v * 1e6;
}

static struct sample run_h2load(const struct server *s, const struct shape *h, const char *request,
                                size_t body_size)
{
    char conns[16], streams[16], seconds[16], url[100], text[8192] = "";
    struct server load;
    snprintf(conns, sizeof(conns), "-c%d", h->conns);
    snprintf(streams, sizeof(streams), "-m%d", h->streams);
    snprintf(seconds, sizeof(seconds), "-D%d", ROUND_S);
    snprintf(url, sizeof(url), "http://127.0.0.1:%d" GRPC_QUOTE, s->port);
    const char *argv[] = { "h2load", "-t1", conns, streams, seconds, "-d", request, "-H",
                           "content-type: application/grpc", "-H", "te: trailers", url, NULL };
    double cpu = server_cpu_s(s);
    if (!server_spawn(&load, argv))
        die("h2load");
    server_pin(&load, core_load);
    bool done = server_await(&load, "req/s           :", text, sizeof(text));
    double n = number_before(text, " succeeded");
    if (!done || n < 1 || !strstr(text, " 0 failed, 0 errored, 0 timeout") ||
        data_bytes(text) < n * (double)(body_size + H2_GRPC_HEAD)) {
        fprintf(stderr, "%s\n", text);
        die("h2load");
    }
    cpu = server_cpu_s(s) - cpu;
    server_stop(&load);
    return (struct sample){ number_before(text, " req/s"), mean_us(text, "time for request:"),
                            cpu * 1e6 / n };
}

/* ---- the table ---- */

/* Of each column by itself. */
static struct sample median(const struct sample r[ROUNDS])
{
    struct sample out;
    column_medians((double *)&out, (const double *)r, ROUNDS, sizeof(out) / sizeof(double));
    return out;
}

static void print_shape(const struct shape *h, struct sample ours, struct sample theirs)
{
    char what[80];
    snprintf(what, sizeof(what), "%d connections, %d streams each: per second", h->conns,
             h->streams);
    table_row(what, ours.per_second, theirs.per_second, true);
    table_row("  mean, microseconds", ours.mean_us, theirs.mean_us, false);
    table_row("  server's processor, microseconds each", ours.cpu_us, theirs.cpu_us, false);
}

static void print_peer(struct sample all[SHAPES][SERVERS][ROUNDS], int peer, const char *name,
                       double aim)
{
    char unit[100];
    snprintf(unit, sizeof(unit), "h2load; median of %d rounds of %d s", ROUNDS, ROUND_S);
    table_head("A kept quote over gRPC", name, unit);
    for (size_t i = 0; i < SHAPES; i++)
        print_shape(&shapes[i], median(all[i][OURS]), median(all[i][peer]));
    double us = median(all[SHAPES - 1][OURS]).per_second;
    double them = median(all[SHAPES - 1][peer]).per_second;
    int streams = shapes[SHAPES - 1].conns * shapes[SHAPES - 1].streams;
    printf("  aim: %.1f times as many as %s with %d streams: %s\n", aim, name, streams,
           us >= aim * them ? "met" : "missed");
}

void compare_grpc(const char *bin)
{
    static struct sample all[SHAPES][SERVERS][ROUNDS];
    static uint8_t quote[1000], body[CONN_BUF];
    struct server s[SERVERS];
    char request[80], answer[80];
    start_ours(&s[OURS], bin);
    size_t n = futu_basic_qot(quote, sizeof(quote), "HK.00700") - FRAME_HEAD;
    write_framed(request, sizeof(request), "request", quote + FRAME_HEAD, n);
    n = h2_ask(s[OURS].port, GRPC_QUOTE, quote + FRAME_HEAD, n, body, sizeof(body));
    grpc_write(answer, sizeof(answer), "answer", body, n);
    if (!start_nghttpd(&s[NGHTTPD], body, n))
        die("starting nghttpd");
    grpc_start_peer(&s[GRPC_CPP], answer, answer, NULL);
    for (size_t r = 0; r < ROUNDS; r++)
        for (size_t i = 0; i < SHAPES; i++)
            for (int k = 0; k < SERVERS; k++)
                all[i][k][r] = run_h2load(&s[k], &shapes[i], request, k == OURS ? n / 2 : n);
    print_peer(all, NGHTTPD, "nghttpd", NGHTTPD_AIM);
    print_peer(all, GRPC_CPP, "grpc C++", GRPC_AIM);
    for (int k = 0; k < SERVERS; k++)
        server_stop(&s[k]);
}
