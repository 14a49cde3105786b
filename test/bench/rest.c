/* rest.c - reads over REST beside nginx, which returns the same bodies from its configuration: by
 * wrk, one thread, the same connections for both, in rounds that alternate.
 *
 * Kept:    a quote that did not change since the last request; the exchange is open, so that events
 *          end that several times a second.
 * CPU:     microseconds of the server's processor per request, its background work included. It is
 *          the number to trust when others use the machine.
 * nginx:   one worker, no log. It neither judges the caller nor looks at the body.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench.h"
#include "crypt/digest.h"

#define CONNS 32
#define ROUNDS 5
#define ROUND_S 3
#define TOKEN "fc_00000000000000000000000000000001"

static const struct shape {
    const char *name, *path, *body;     /* body NULL: GET */
    bool key;
} shapes[] = {
    { "GET /api/quote", "/api/quote?symbol=HK.00700", NULL, false },
    { "POST /api/quote", "/api/quote", "{\"symbol\":\"HK.00700\"}", false },
    { "POST /api/quote with an API key", "/api/quote", "{\"symbol\":\"HK.00700\"}", true },
    { "GET /api/snapshot, asked anew each time", "/api/snapshot?symbol=HK.00700", NULL, false },
};
#define SHAPES (sizeof(shapes) / sizeof(shapes[0]))

struct sample {
    double per_second, p50_us, p99_us, cpu_us;
};

/* ---- one request ---- */

static char answer[65536];

/* The body of the answer, which must be a success. */
static const char *ask(int port, const struct shape *s)
{
    char text[1000];
    struct conn c;
    size_t n = 0;
    ssize_t got;
    int len = snprintf(text, sizeof(text),
                       "%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n%s"
                       "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
                       s->body ? "POST" : "GET", s->path,
                       s->key ? "Authorization: Bearer " TOKEN "\r\n" : "",
                       s->body ? strlen(s->body) : 0, s->body ? s->body : "");
    if (!conn_open(&c, port) || !conn_write(&c, text, (size_t)len))
        die(s->name);
    while (n + 1 < sizeof(answer) &&
           (got = recv(c.fd, answer + n, sizeof(answer) - 1 - n, 0)) > 0)
        n += (size_t)got;
    answer[n] = '\0';
    conn_close(&c);
    const char *body = strstr(answer, "\r\n\r\n");
    if (strncmp(answer, "HTTP/1.1 200", 12) != 0 || !body) {
        fprintf(stderr, "%s: %s\n", s->name, answer);
        die(s->name);
    }
    return body + 4;
}

/* ---- the servers ---- */

static FILE *create(char *path, size_t size, const char *name)
{
    snprintf(path, size, "%s/%s", bench_dir(), name);
    FILE *f = fopen(path, "w");
    if (!f)
        die(path);
    fchmod(fileno(f), 0600);
    return f;
}

static void start_ours(struct server *s, const char *bin, bool keys)
{
    static const struct shape subscribe = { "subscribing", "/api/subscribe",
                                            "{\"symbol\":\"HK.00700\",\"sub_type_list\":[1],"
                                            "\"is_sub_or_un_sub\":true}", true };
    char path[80] = "", rest[16], text[4096];
    s->port = server_free_port();
    snprintf(rest, sizeof(rest), "%d", s->port);
    if (keys) {
        uint8_t hash[32];
        FILE *f = create(path, sizeof(path), "keys.json");
        sha256((const uint8_t *)TOKEN, strlen(TOKEN), hash);
        fprintf(f, "{\"version\":1,\"keys\":[{\"id\":\"bench\",\"scopes\":[\"qot:read\"],"
                   "\"hash\":\"");
        for (size_t i = 0; i < sizeof(hash); i++)
            fprintf(f, "%02x", hash[i]);
        fprintf(f, "\"}]}");
        fclose(f);
    }
    const char *argv[] = { bin, "--paper", "--paper-clock", "always-open", "--port", "0",
                           "--rest-port", rest, "--frequency-limits", "off", "--log-level", "off",
                           keys ? "--rest-keys-file" : NULL, path, NULL };
    if (!server_spawn(s, argv) || !server_await(s, "ready", text, sizeof(text)))
        die("starting futu-opend");
    ask(s->port, &subscribe);
}

static void put_location(FILE *f, const char *path, const char *body)
{
    fprintf(f, "    location = %.*s {\n      return 200 '", (int)strcspn(path, "?"), path);
    for (; *body; body++)
        fprintf(f, *body == '\'' || *body == '\\' ? "\\%c" : "%c", *body);
    fprintf(f, "';\n    }\n");
}

static bool start_nginx(struct server *s, int ours)
{
    char path[80];
    FILE *f = create(path, sizeof(path), "nginx.conf");
    s->port = server_free_port();
    fprintf(f,
            "daemon off;\nworker_processes 1;\npid %s/nginx.pid;\nerror_log %s/nginx.log;\n"
            "events {\n  worker_connections 4096;\n}\n"
            "http {\n  access_log off;\n  default_type application/json;\n"
            "  keepalive_requests 1000000000;\n"
            "  server {\n    listen 127.0.0.1:%d;\n",
            bench_dir(), bench_dir(), s->port);
    put_location(f, shapes[0].path, ask(ours, &shapes[0]));
    put_location(f, shapes[SHAPES - 1].path, ask(ours, &shapes[SHAPES - 1]));
    fprintf(f, "  }\n}\n");
    fclose(f);
    const char *argv[] = { "nginx", "-p", bench_dir(), "-c", path, NULL };
    return server_spawn(s, argv) && server_await_port(s);
}

/* ---- wrk ---- */

static double micros(const char *text)
{
    char *end;
    double v = strtod(text, &end);
    return strncmp(end, "us", 2) == 0 ? v : strncmp(end, "ms", 2) == 0 ? v * 1e3 : v * 1e6;
}

static double number_behind(const char *text, const char *word)
{
    const char *at = strstr(text, word);
    return at ? strtod(at + strlen(word), NULL) : 0;
}

static double micros_behind(const char *text, const char *word)
{
    const char *at = strstr(text, word);
    return at ? micros(at + strlen(word)) : 0;
}

static double requests_in(const char *text)
{
    const char *at = strstr(text, " requests in ");
    while (at && at > text && at[-1] != '\n' && at[-1] != ' ')
        at--;
    return at ? strtod(at, NULL) : 0;
}

/* What it does beside GET stands in a script, which wrk reads once. */
static void write_script(char *path, size_t size, const struct shape *h)
{
    FILE *f = create(path, size, "wrk.lua");
    if (h->body)
        fprintf(f,
                "wrk.method = 'POST'\nwrk.body = '%s'\n"
                "wrk.headers['Content-Type'] = 'application/json'\n",
                h->body);
    if (h->key)
        fprintf(f, "wrk.headers['Authorization'] = 'Bearer " TOKEN "'\n");
    fclose(f);
}

static struct sample run_wrk(const struct server *s, const struct shape *h)
{
    char path[80], conns[16], seconds[16], url[100], text[4096] = "";
    struct server wrk;
    write_script(path, sizeof(path), h);
    snprintf(conns, sizeof(conns), "-c%d", CONNS);
    snprintf(seconds, sizeof(seconds), "-d%ds", ROUND_S);
    snprintf(url, sizeof(url), "http://127.0.0.1:%d%s", s->port, h->path);
    const char *argv[] = { "wrk", "-t1", conns, seconds, "--latency", "-s", path, url, NULL };
    double cpu = server_cpu_s(s);
    if (!server_spawn(&wrk, argv))
        die("wrk");
    server_pin(&wrk, core_load);
    if (!server_await(&wrk, "Transfer/sec", text, sizeof(text)) || strstr(text, "Non-2xx") ||
        strstr(text, "Socket errors")) {
        fprintf(stderr, "%s\n", text);
        die("wrk");
    }
    cpu = server_cpu_s(s) - cpu;
    server_stop(&wrk);
    return (struct sample){ number_behind(text, "Requests/sec:"), micros_behind(text, "50%"),
                            micros_behind(text, "99%"), cpu * 1e6 / requests_in(text) };
}

/* ---- the table ---- */

/* Of each column by itself. */
static struct sample median(const struct sample r[ROUNDS])
{
    struct sample out;
    column_medians((double *)&out, (const double *)r, ROUNDS, sizeof(out) / sizeof(double));
    return out;
}

static void print_shape(const char *name, struct sample ours, struct sample theirs)
{
    char what[80];
    snprintf(what, sizeof(what), "%s: per second", name);
    table_row(what, ours.per_second, theirs.per_second, true);
    table_row("  p50, microseconds", ours.p50_us, theirs.p50_us, false);
    table_row("  p99, microseconds", ours.p99_us, theirs.p99_us, false);
    table_row("  server's processor, microseconds each", ours.cpu_us, theirs.cpu_us, false);
}

void compare_rest(const char *bin)
{
    static struct sample ours[SHAPES][ROUNDS], theirs[SHAPES][ROUNDS];
    struct server open, keyed, nginx;
    char unit[100];
    start_ours(&open, bin, false);
    start_ours(&keyed, bin, true);
    if (!start_nginx(&nginx, open.port))
        die("starting nginx");
    for (size_t r = 0; r < ROUNDS; r++)
        for (size_t i = 0; i < SHAPES; i++) {
            ours[i][r] = run_wrk(shapes[i].key ? &keyed : &open, &shapes[i]);
            theirs[i][r] = run_wrk(&nginx, &shapes[i]);
        }
    snprintf(unit, sizeof(unit),
             "wrk, %d connections; nginx: return 200; median of %d rounds of %d s", CONNS, ROUNDS,
             ROUND_S);
    table_head("Reads over REST", "nginx", unit);
    for (size_t i = 0; i < SHAPES; i++)
        print_shape(shapes[i].name, median(ours[i]), median(theirs[i]));
    double us = median(ours[0]).cpu_us, them = median(theirs[0]).cpu_us;
    printf("  aim: a kept quote at no more processor time than nginx: %s\n",
           us <= them ? "met" : "missed");
    server_stop(&nginx);
    server_stop(&keyed);
    server_stop(&open);
}
