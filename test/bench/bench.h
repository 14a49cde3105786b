/* bench.h - measures the gateway and its peers with the same load, in the same run, on the same
 * cores: redis, nginx, nghttpd, grpc C++ and npm's ws, and socat and haproxy for a hop.
 *
 * The server under test is pinned to one core, the load to another. Every loop is bounded in count
 * and in time. Nothing but 127.0.0.1 is dialled.
 */
#ifndef TEST_BENCH_BENCH_H
#define TEST_BENCH_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define BENCH_MAX_CONNS 2000

/* How one kind of server is spoken to. */
struct proto {
    const char *name;
    /* Size of the first whole message in p[0..n), 0: not complete yet. */
    size_t (*message)(const uint8_t *p, size_t n);
};
extern const struct proto proto_redis, proto_futu;

struct server {
    pid_t pid;
    int port, out;              /* out: read end of its standard output */
    double ready_ms;            /* from fork to being able to serve */
};

bool server_start_futu(struct server *s, const char *bin, const char *clock);
bool server_start_redis(struct server *s);
void server_stop(struct server *s);
long server_rss_kb(const struct server *s);
/* Processor time so far, that of its children included. */
double server_cpu_s(const struct server *s);
void server_pin(const struct server *s, int core);
/* For those who start others: a process whose standard output is s->out, which is read up to the
 * line with `word`. */
bool server_spawn(struct server *s, const char *const argv[]);
bool server_await(const struct server *s, const char *word, char *text, size_t size);
/* The port behind "FTAPI       127.0.0.1:" in a banner, 0: none. */
int server_port_in(const char *text);
int server_free_port(void);
/* Until a connection to s->port is accepted; false: the process has ended. */
bool server_await_port(struct server *s);
/* A folder of this run, made at the first call and removed at the end. */
const char *bench_dir(void);
void dir_remove(const char *path);

/* What stands between a client and its upstream. */
enum hop_kind { HOP_NONE, HOP_SOCAT, HOP_HAPROXY, HOP_RELAY, N_HOPS };
extern const char *const hop_names[N_HOPS];
struct hop {
    struct server s;
    bool up;
    char dir[40];               /* of its own, removed by hop_stop(); empty: none */
};
/* False, with a line that says so, when it can't be had. `bin` is futu-opend. */
bool hop_start(struct hop *h, enum hop_kind kind, int upstream_port, const char *bin);
void hop_stop(struct hop *h);
/* The upstream that has only pushes (blast.h), from the folder of this program. */
bool blast_start(struct server *s);
void blast_go(const struct server *s);
void blast_one(const struct server *s);         /* a single push to each connection */
uint64_t blast_end(const struct server *s);     /* how many pushes were sent since blast_go() */

/* One connection of the load; input is parsed in place. */
struct conn {
    int fd;
    uint8_t *in;
    size_t n_in, sent;          /* sent: bytes of the current batch already written */
    unsigned waiting;           /* answers outstanding */
    double batch_start;
};
#define CONN_BUF (256u << 10)

bool conn_open(struct conn *c, int port);
void conn_close(struct conn *c);
/* Writes all of it, blocking; reads one message and returns its size (0: failed), blocking. */
bool conn_write(struct conn *c, const void *p, size_t n);
size_t conn_read(struct conn *c, const struct proto *p, uint8_t *out, size_t size);

double now_s(void);
void pin_to(int core);
extern int core_server, core_load;

/* Requests and answers: `depth` copies of `request` per connection and turn, for `seconds`. */
struct load_result {
    double per_second, p50_us, p99_us;
};
bool load_run(const struct proto *p, struct conn *conns, size_t n, const uint8_t *request,
              size_t request_len, unsigned depth, double seconds, struct load_result *out);

void load_percentiles(float *seconds, size_t n, struct load_result *out);

/* Reads from all connections until `seconds` are over; `poke` runs between reads when not NULL.
 * The messages, and the messages per second. */
uint64_t fanout_count(const struct proto *p, struct conn *conns, size_t n, double seconds,
                      void (*poke)(void *arg), void *arg);
double fanout_run(const struct proto *p, struct conn *conns, size_t n, double seconds,
                  void (*poke)(void *arg), void *arg);
/* One event, by `fire`, until each of the n connections has a message; median and 99th percentile
 * over `rounds` in microseconds. */
bool fanout_latency(const struct proto *p, struct conn *conns, size_t n, unsigned rounds,
                    bool (*fire)(void *arg), void *arg, struct load_result *out);

/* FTAPI requests as bytes; each returns its length. */
size_t futu_init_connect(uint8_t *out, size_t size);
size_t futu_keep_alive(uint8_t *out, size_t size);
size_t futu_sub(uint8_t *out, size_t size, const char *const *codes, size_t n, const int *types,
                size_t n_types, bool push);
size_t futu_basic_qot(uint8_t *out, size_t size, const char *code);
/* Securities that hardly trade by themselves, for events of our own making. All have the same lot,
 * and a price so low that hundreds of market orders neither empty the book nor the account. */
#define BENCH_QUIET "HK.01208"
#define BENCH_QUIET_2 "HK.00106"
#define BENCH_QUIET_3 "HK.00216"
#define BENCH_QUIET_4 "HK.00264"
#define BENCH_QUIET_LOT 4000
size_t futu_order(uint8_t *out, size_t size, uint64_t conn_id, unsigned serial, const char *code);
uint64_t futu_conn_id(const uint8_t *frame, size_t n);    /* of an InitConnect answer; 0: none */
size_t futu_call_json(uint8_t *out, size_t size, const char *name, const char *json);
/* Connects and logs in. Sends one request and waits for its answer, or only waits: it must be a
 * success; pushes on the way are dropped. All end the program when that fails, naming `what`. */
void futu_open(struct conn *c, int port, const char *what);
void futu_await(struct conn *c, const uint8_t *request, const char *what);
void futu_ask(struct conn *c, const uint8_t *request, size_t len, const char *what);

/* The median of each column of n rows (at most COLUMN_MAX). */
#define COLUMN_MAX 16
void column_medians(double *out, const double *rows, size_t n, size_t width);

/* A table of two columns, ours and that of `peer`, and the ratio. */
void table_head(const char *title, const char *peer, const char *unit);
void table_row(const char *what, double ours, double theirs, bool more_is_better);

/* The parts. */
void compare_answers(const char *bin);
void compare_pushes(const char *bin);
void compare_rest(const char *bin);
void compare_events_ws(const char *bin);
void compare_grpc(const char *bin);
void compare_grpc_streams(const char *bin);

_Noreturn void die(const char *what);

#endif
