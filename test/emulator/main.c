/* main.c - futu-emulator: the broker's side on loopback, by a scenario file; see README.md.
 *
 * Out:     on standard output a line for each thing that a person or a script waits for.
 * Exit:    0 after SIGINT or SIGTERM, 1 when it can't start, 2 on wrong usage.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "auth_web.h"
#include "cert.h"
#include "channel_scene.h"
#include "futu-opend/tls.h"
#include "io/loop.h"

#define EXIT_USAGE 2
#define SECTIONS "auth account fault " SCENE_SECTIONS

static const char usage[] =
    "usage: futu-emulator [--port N] [--tls] [--dir DIR] SCENARIO\n"
    "  --port N    port of the auth server on 127.0.0.1; 0 (default): any\n"
    "  --tls       https, with a certificate of its own: DIR/ca.pem is to be trusted\n"
    "  --dir DIR   for certificates and sms.txt, the newest SMS; default: .\n";

struct emulator {
    const char *dir, *file;
    uint64_t port;
    bool encrypted;
    struct scenario scenario;
    struct auth_emu *auth;
    struct auth_web web;
    struct tls_server *tls;
    struct scene scene;
    futu_loop *futu;
    uv_loop_t *loop;             /* the same */
    uv_pipe_t commands;
    char line[256], read[256];
    size_t n_line;
    uv_signal_t sigint, sigterm;
    char why[512];
};

/* The newest SMS, for scripts; a reader sees a whole one or none. */
static void on_sms(void *arg, const char *account, const char *code)
{
    const struct emulator *e = arg;
    char path[600], fresh[608];
    printf("sms %s %s\n", account, code);
    fflush(stdout);
    snprintf(path, sizeof(path), "%s/sms.txt", e->dir);
    snprintf(fresh, sizeof(fresh), "%s.new", path);
    FILE *f = fopen(fresh, "w");
    if (f && fprintf(f, "%s\n", code) > 0 && fclose(f) == 0 && rename(fresh, path) == 0)
        return;
    fprintf(stderr, "futu-emulator: %s can't be written\n", path);
}

static bool wrong(struct emulator *e, const char *what, const char *word)
{
    snprintf(e->why, sizeof(e->why), "%s: %s\n%s", word, what, usage);
    return false;
}

static bool read_options(struct emulator *e, int argc, char **argv)
{
    e->dir = ".";
    for (int i = 1; i < argc; i++) {
        const char *a = argv[i], *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (strcmp(a, "--tls") == 0)
            e->encrypted = true;
        else if (strcmp(a, "--dir") == 0 && value)
            e->dir = argv[++i];
        else if (strcmp(a, "--port") == 0 && value && str_to_u64(str_c(value), &e->port) &&
                 e->port <= 65535)
            i++;
        else if (a[0] == '-')
            return wrong(e, "no such option, or no proper value", a);
        else if (e->file)
            return wrong(e, "one scenario is enough", a);
        else
            e->file = a;
    }
    return e->file || wrong(e, "a scenario file is needed", "SCENARIO");
}

static bool load_tls(struct emulator *e)
{
    char cert[600], key[600];
    if (!e->encrypted)
        return true;
    if (!cert_make(e->dir, CERT_GOOD, e->why, sizeof(e->why)))
        return false;
    snprintf(cert, sizeof(cert), "%s/cert.pem", e->dir);
    snprintf(key, sizeof(key), "%s/key.pem", e->dir);
    e->tls = tls_server_new(cert, key, e->why, sizeof(e->why));
    return e->tls != NULL;
}

static bool load_scenario(struct emulator *e)
{
    const struct auth_emu_opts o = { .clock = clock_system, .sms = on_sms, .arg = e };
    bool fine = scenario_load(&e->scenario, e->file) && scenario_names(&e->scenario, SECTIONS) &&
                (e->auth = auth_emu_new(&e->scenario, &o)) != NULL;
    if (!fine)
        snprintf(e->why, sizeof(e->why), "%s", e->scenario.why);
    return fine;
}

static void on_signal(uv_signal_t *h, int number)
{
    const struct emulator *e = h->data;
    (void)number;
    futu_loop_stop(e->futu);
}

/* ---- commands on standard input ---- */

static void on_alloc(uv_handle_t *h, size_t size, uv_buf_t *b)
{
    struct emulator *e = h->data;
    (void)size;
    *b = uv_buf_init(e->read, sizeof(e->read));
}

static void on_read(uv_stream_t *h, ssize_t n, const uv_buf_t *b)
{
    struct emulator *e = h->data;
    if (n < 0)
        uv_read_stop(h);
    for (ssize_t i = 0; i < n; i++) {
        if (b->base[i] != '\n' && e->n_line < sizeof(e->line) - 1) {
            e->line[e->n_line++] = b->base[i];
            continue;
        }
        e->line[e->n_line] = '\0';
        e->n_line = 0;
        scene_command(&e->scene, e->line);
    }
}

static void read_commands(struct emulator *e)
{
    uv_handle_type type = uv_guess_handle(0);
    if (type != UV_NAMED_PIPE && type != UV_TTY)
        return;
    e->commands.data = e;
    if (uv_pipe_init(e->loop, &e->commands, 0) == 0 && uv_pipe_open(&e->commands, 0) == 0)
        uv_read_start((uv_stream_t *)&e->commands, on_alloc, on_read);
}

static bool begin(struct emulator *e)
{
    if (!load_scenario(e) || !load_tls(e) ||
        !auth_web_start(&e->web, e->loop, e->auth, AUTH_SIDE_ANY, (int)e->port, e->tls, e->why,
                        sizeof(e->why)))
        return false;
    if (!scene_start(&e->scene, e->futu, &e->scenario, e->auth)) {
        snprintf(e->why, sizeof(e->why), "%s", e->scene.why);
        return false;
    }
    e->sigint.data = e->sigterm.data = e;
    uv_signal_init(e->loop, &e->sigint);
    uv_signal_init(e->loop, &e->sigterm);
    read_commands(e);
    uv_signal_start(&e->sigint, on_signal, SIGINT);
    uv_signal_start(&e->sigterm, on_signal, SIGTERM);
    printf("auth %s://127.0.0.1:%d\n", e->encrypted ? "https" : "http", web_port(e->web.web));
    if (e->encrypted)
        printf("ca %s/ca.pem\n", e->dir);
    scene_print(&e->scene);
    printf("ready\n");
    fflush(stdout);
    return true;
}

static void close_handle(uv_handle_t *h, void *arg)
{
    (void)arg;
    if (!uv_is_closing(h))
        uv_close(h, NULL);
}

static void stop(struct emulator *e)
{
    auth_web_stop(&e->web);
    scene_stop(&e->scene);
    futu_loop_poll(e->futu, 0);
    if (e->sigint.data) {
        close_handle((uv_handle_t *)&e->sigint, NULL);
        close_handle((uv_handle_t *)&e->sigterm, NULL);
    }
    if (e->commands.data)
        close_handle((uv_handle_t *)&e->commands, NULL);
    futu_loop_poll(e->futu, 0);
    futu_loop_free(e->futu);
    auth_emu_free(e->auth);
    scenario_free(&e->scenario);
    tls_server_free(e->tls);
}

int main(int argc, char **argv)
{
    static struct emulator e;
    umask(077);
    signal(SIGPIPE, SIG_IGN);
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        fputs(usage, stdout);
        return EXIT_SUCCESS;
    }
    if (!read_options(&e, argc, argv)) {
        fprintf(stderr, "futu-emulator: %s", e.why);
        return EXIT_USAGE;
    }
    if (futu_loop_new(&e.futu))
        return EXIT_FAILURE;
    e.loop = futu_loop_uv(e.futu);
    bool up = begin(&e);
    if (up)
        futu_loop_run(e.futu);
    else
        fprintf(stderr, "futu-emulator: %s\n", e.why);
    stop(&e);
    return up ? EXIT_SUCCESS : EXIT_FAILURE;
}
