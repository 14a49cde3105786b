/* bench.c - the table of `make bench`.
 *
 * usage: bench FUTU-OPEND [PART]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "bench.h"

#define SECONDS 3.0
#define REQ_CONNS 50
#define STARTS 11
#define EVENTS 300

static struct conn conns[BENCH_MAX_CONNS], side;
static uint8_t request[70000], answer[CONN_BUF];

void die(const char *what)
{
    fprintf(stderr, "bench: %s failed\n", what);
    exit(1);
}

void table_head(const char *title, const char *peer, const char *unit)
{
    printf("\n%-46s %14s %14s %8s\n", title, "futu-opend", peer, "ratio");
    printf("%-46s %14s %14s\n", unit, "", "");
}

static void head(const char *title, const char *unit)
{
    table_head(title, "redis", unit);
}

void table_row(const char *what, double ours, double theirs, bool more_is_better)
{
    double ratio = more_is_better ? ours / theirs : theirs / ours;
    printf("  %-44s %14.1f %14.1f %7.2fx\n", what, ours, theirs, ratio);
    fflush(stdout);
}

static void exchange_one(struct conn *c, const struct proto *p, size_t len)
{
    if (!conn_write(c, request, len) || conn_read(c, p, answer, sizeof(answer)) == 0)
        die("a call");
}

static void open_all(const struct proto *p, int port, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!conn_open(&conns[i], port))
            die("connecting");
        if (p == &proto_futu)
            exchange_one(&conns[i], p, futu_init_connect(request, sizeof(request)));
    }
}

static void close_all(size_t n)
{
    for (size_t i = 0; i < n; i++)
        conn_close(&conns[i]);
}

static struct load_result measure(const struct proto *p, size_t n, size_t len, unsigned depth)
{
    struct load_result r;
    if (!load_run(p, conns, n, request, len, depth, SECONDS, &r))
        die("the load");
    return r;
}

/* A redis value so long that the whole answer has `size` bytes. */
static void redis_value(int port, size_t size)
{
    static char value[4096];
    if (!conn_open(&side, port))
        die("connecting");
    memset(value, 'v', sizeof(value));
    size_t n = size > 10 ? size - 8 : 2;
    n = n < sizeof(value) ? n : sizeof(value);
    int len = snprintf((char *)request, sizeof(request),
                       "*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$%zu\r\n%.*s\r\n", n, (int)n, value);
    exchange_one(&side, &proto_redis, (size_t)len);
    conn_close(&side);
}

static size_t redis_get(void)
{
    return (size_t)snprintf((char *)request, sizeof(request), "*2\r\n$3\r\nGET\r\n$3\r\nkey\r\n");
}

static void compare_requests(struct server *futu, struct server *redis, const char *what,
                             bool quote)
{
    static const char *const codes[] = { "HK.00700" };
    static const int basic[] = { 1 };
    static const struct {
        size_t conns;
        unsigned depth;
    } shapes[] = { { 1, 1 }, { REQ_CONNS, 1 }, { REQ_CONNS, 16 } };
    for (size_t i = 0; i < 3; i++) {
        char name[100];
        size_t n = shapes[i].conns, len, size;
        open_all(&proto_futu, futu->port, n);
        for (size_t k = 0; quote && k < n; k++)
            exchange_one(&conns[k], &proto_futu,
                         futu_sub(request, sizeof(request), codes, 1, basic, 1, false));
        len = quote ? futu_basic_qot(request, sizeof(request), codes[0])
                    : futu_keep_alive(request, sizeof(request));
        conn_write(&conns[0], request, len);
        size = conn_read(&conns[0], &proto_futu, answer, sizeof(answer));
        struct load_result ours = measure(&proto_futu, n, len, shapes[i].depth);
        close_all(n);
        redis_value(redis->port, size);
        open_all(&proto_redis, redis->port, n);
        struct load_result theirs = measure(&proto_redis, n, redis_get(), shapes[i].depth);
        close_all(n);
        snprintf(name, sizeof(name), "%s, %zu conn, depth %u: per second", what, n,
                 shapes[i].depth);
        table_row(name, ours.per_second, theirs.per_second, true);
        table_row("  p50, microseconds", ours.p50_us, theirs.p50_us, false);
        table_row("  p99, microseconds", ours.p99_us, theirs.p99_us, false);
    }
}

static size_t publish_command(size_t payload)
{
    static char value[1024];
    memset(value, 'v', sizeof(value));
    return (size_t)snprintf((char *)request, sizeof(request),
                            "*3\r\n$7\r\nPUBLISH\r\n$2\r\nch\r\n$%zu\r\n%.*s\r\n", payload,
                            (int)payload, value);
}

static void redis_subscribe(int port, size_t n)
{
    open_all(&proto_redis, port, n);
    for (size_t i = 0; i < n; i++) {
        int len =
            snprintf((char *)request, sizeof(request), "*2\r\n$9\r\nSUBSCRIBE\r\n$2\r\nch\r\n");
        exchange_one(&conns[i], &proto_redis, (size_t)len);
    }
    if (!conn_open(&side, port))
        die("connecting");
}

/* Keeps redis busy: up to 200 publishes are on their way at a time. */
struct publisher {
    size_t len;
    unsigned waiting;
};

static void publish_more(void *arg)
{
    struct publisher *p = arg;
    uint8_t one[64];
    if (p->waiting < 200) {
        for (int i = 0; i < 16; i++)
            conn_write(&side, request, p->len);
        p->waiting += 16;
        return;
    }
    for (int i = 0; i < 16; i++)
        conn_read(&side, &proto_redis, one, sizeof(one));
    p->waiting -= 16;
}

static double redis_fanout(int port, size_t n, size_t payload)
{
    struct publisher p = { 0, 0 };
    redis_subscribe(port, n);
    p.len = publish_command(payload);
    double rate = fanout_run(&proto_redis, conns, n, SECONDS, publish_more, &p);
    close_all(n);
    conn_close(&side);
    return rate;
}

static void futu_subscribe(int port, size_t n, const char *const *codes, size_t n_codes,
                           const int *types, size_t n_types)
{
    open_all(&proto_futu, port, n);
    for (size_t i = 0; i < n; i++)
        exchange_one(&conns[i], &proto_futu,
                     futu_sub(request, sizeof(request), codes, n_codes, types, n_types, true));
}

/* Many securities on a clock that runs 600 times as fast: more ticks than anybody can use. */
static double futu_fanout(int port, size_t n)
{
    static const char *const codes[] = {
        "HK.00700", "HK.09988", "HK.00005", "HK.03690", "HK.01299", "HK.00939", "HK.00941",
        "HK.00388", "HK.02318", "HK.01810", "US.AAPL",  "US.MSFT",  "US.NVDA",  "US.TSLA",
        "US.AMZN",  "US.GOOGL", "US.META",  "US.SPY",   "US.JPM",   "US.V",
    };
    static const int types[] = { 1, 2, 4 };
    futu_subscribe(port, n, codes, sizeof(codes) / sizeof(codes[0]), types, 3);
    double rate = fanout_run(&proto_futu, conns, n, SECONDS, NULL, NULL);
    close_all(n);
    return rate;
}

/* A market order that trades at once; every subscriber of the security's ticks is told. */
struct trader {
    uint64_t conn_id;
    unsigned serial;
};

static bool fire_order(void *arg)
{
    struct trader *t = arg;
    size_t len = futu_order(request, sizeof(request), t->conn_id, t->serial++, BENCH_QUIET);
    return conn_write(&side, request, len) &&
           conn_read(&side, &proto_futu, answer, sizeof(answer)) > 0;
}

static bool fire_publish(void *arg)
{
    return conn_write(&side, request, *(size_t *)arg) &&
           conn_read(&side, &proto_redis, answer, sizeof(answer)) > 0;
}

static struct load_result futu_event(int port, size_t n)
{
    static const char *const codes[] = { BENCH_QUIET };
    static const int ticks[] = { 4 };
    struct trader t = { 0, 0 };
    struct load_result r;
    futu_subscribe(port, n, codes, 1, ticks, 1);
    if (!conn_open(&side, port))
        die("connecting");
    conn_write(&side, request, futu_init_connect(request, sizeof(request)));
    t.conn_id = futu_conn_id(answer, conn_read(&side, &proto_futu, answer, sizeof(answer)));
    if (!fanout_latency(&proto_futu, conns, n, EVENTS, fire_order, &t, &r))
        die("the fan-out of a tick");
    close_all(n);
    conn_close(&side);
    return r;
}

static struct load_result redis_event(int port, size_t n)
{
    struct load_result r;
    redis_subscribe(port, n);
    size_t len = publish_command(120);
    if (!fanout_latency(&proto_redis, conns, n, EVENTS, fire_publish, &len, &r))
        die("the fan-out of a message");
    close_all(n);
    conn_close(&side);
    return r;
}

static void compare_events(struct server *futu, struct server *redis)
{
    static const size_t counts[] = { 1, 100, 1000 };
    head("One event to all", "us from order (PUBLISH) sent to its tick (message) read by the last");
    for (size_t i = 0; i < 3; i++) {
        char name[64];
        struct load_result ours = futu_event(futu->port, counts[i]);
        struct load_result theirs = redis_event(redis->port, counts[i]);
        snprintf(name, sizeof(name), "%zu subscribers, p50", counts[i]);
        table_row(name, ours.p50_us, theirs.p50_us, false);
        snprintf(name, sizeof(name), "%zu subscribers, p99", counts[i]);
        table_row(name, ours.p99_us, theirs.p99_us, false);
    }
}

static void compare_fanout(const char *bin, struct server *redis)
{
    static const size_t counts[] = { 100, 1000 };
    head("Sustained fan-out",
         "deliveries/s, 300 bytes; ours: no more than 60 streams make at x600");
    for (size_t i = 0; i < 2; i++) {
        struct server s;
        char name[64];
        if (!server_start_futu(&s, bin, "always-open,x600"))
            die("starting futu-opend");
        double ours = futu_fanout(s.port, counts[i]);
        server_stop(&s);
        double theirs = redis_fanout(redis->port, counts[i], 300);
        snprintf(name, sizeof(name), "%zu subscribers", counts[i]);
        table_row(name, ours, theirs, true);
    }
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

void column_medians(double *out, const double *rows, size_t n, size_t width)
{
    double column[COLUMN_MAX];
    if (n == 0 || n > COLUMN_MAX)
        die("column_medians");
    for (size_t k = 0; k < width; k++) {
        for (size_t i = 0; i < n; i++)
            column[i] = rows[i * width + k];
        qsort(column, n, sizeof(double), by_value);
        out[k] = column[n / 2];
    }
}

static void compare_memory(const char *bin)
{
    double ours[STARTS], theirs[STARTS];
    struct server futu, redis;
    head("Start and memory", "");
    for (int i = 0; i < STARTS; i++) {
        if (!server_start_futu(&futu, bin, "real") || !server_start_redis(&redis))
            die("starting");
        ours[i] = futu.ready_ms;
        theirs[i] = redis.ready_ms;
        if (i + 1 < STARTS) {
            server_stop(&futu);
            server_stop(&redis);
        }
    }
    qsort(ours, STARTS, sizeof(*ours), by_value);
    qsort(theirs, STARTS, sizeof(*theirs), by_value);
    table_row("start to ready, ms (median of 11)", ours[STARTS / 2], theirs[STARTS / 2], false);
    double idle = (double)server_rss_kb(&futu), idle_redis = (double)server_rss_kb(&redis);
    table_row("idle memory, MB", idle / 1024, idle_redis / 1024, false);
    open_all(&proto_futu, futu.port, 1000);
    double full = (double)server_rss_kb(&futu);
    close_all(1000);
    open_all(&proto_redis, redis.port, 1000);
    double full_redis = (double)server_rss_kb(&redis);
    close_all(1000);
    table_row("per idle connection, KB (1000 open)", (full - idle) / 1000,
        (full_redis - idle_redis) / 1000, false);
    server_stop(&futu);
    server_stop(&redis);
}

/* A part is run when its name is asked for, or when no name is. */
static bool wanted(int argc, char **argv, const char *part)
{
    return argc < 3 || strcmp(argv[2], part) == 0;
}

static void raise_limits(void)
{
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
}

static void run_redis_parts(int argc, char **argv)
{
    struct server futu, redis;
    if (!server_start_redis(&redis) || !server_start_futu(&futu, argv[1], "always-open"))
        die("starting");
    if (wanted(argc, argv, "requests")) {
        head("Request and answer", "TCP, answers of the same size; ours checks SHA-1 both ways");
        compare_requests(&futu, &redis, "KeepAlive / GET", false);
    }
    if (wanted(argc, argv, "requests") || wanted(argc, argv, "quote"))
        compare_requests(&futu, &redis, "GetBasicQot / GET", true);
    if (wanted(argc, argv, "events"))
        compare_events(&futu, &redis);
    server_stop(&futu);
    if (wanted(argc, argv, "fanout"))
        compare_fanout(argv[1], &redis);
    server_stop(&redis);
    if (wanted(argc, argv, "memory"))
        compare_memory(argv[1]);
}

static void run_parts(int argc, char **argv)
{
    static const char *const redis[] = { "requests", "quote", "events", "fanout", "memory" };
    bool any = false;
    for (size_t i = 0; i < sizeof(redis) / sizeof(redis[0]); i++)
        any = any || wanted(argc, argv, redis[i]);
    if (any)
        run_redis_parts(argc, argv);
    if (wanted(argc, argv, "rest"))
        compare_rest(argv[1]);
    if (wanted(argc, argv, "ws"))
        compare_events_ws(argv[1]);
    if (wanted(argc, argv, "grpc"))
        compare_grpc(argv[1]);
    if (wanted(argc, argv, "grpc-stream"))
        compare_grpc_streams(argv[1]);
    if (wanted(argc, argv, "relay")) {
        compare_answers(argv[1]);
        compare_pushes(argv[1]);
    }
}

int main(int argc, char **argv)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    if (argc < 2) {
        fprintf(stderr, "usage: bench FUTU-OPEND [PART]\n"
                        "parts: requests quote events fanout memory rest ws grpc grpc-stream "
                        "relay\n");
        return 2;
    }
    core_server = 0;
    core_load = cores > 1 ? 1 : 0;
    raise_limits();
    pin_to(core_load);
    printf("%ld cores; server pinned to core %d, load to core %d\n", cores, core_server, core_load);
    run_parts(argc, argv);
    return 0;
}
