/* dry_run.c - see dry_run.h.
 *
 * What a gateway reads is judged by making one: on the paper exchange, whatever the upstream is,
 * since that one dials nothing and keeps no journal.
 */
#include "dry_run.h"

#include <errno.h>
#include <futu/gateway.h>
#include <futu/loop.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tls.h"

static bool try_gateway(const struct opend_conf *c, futu_loop *loop, const char *rsa_key, char *why,
                        size_t size)
{
    futu_gateway_opts o = options_gateway(c);
    futu_gateway *g;
    o.loop = loop;
    o.upstream = FUTU_UPSTREAM_PAPER;       /* nobody is dialled */
    o.rsa_private_key = rsa_key;
    o.state_dir = o.audit_log = NULL;       /* and nothing is written */
    if (futu_gateway_new(&g, &o, why, size) != FUTU_OK)
        return false;
    futu_gateway_free(g);
    return true;
}

static bool check_gateway(const struct opend_conf *c, char *why, size_t size)
{
    futu_loop *loop;
    if (futu_loop_new(&loop) != FUTU_OK) {
        snprintf(why, size, "out of memory");
        return false;
    }
    bool ok = try_gateway(c, loop, c->rsa_private_key, why, size) &&
              (!c->upstream_rsa_key || try_gateway(c, loop, c->upstream_rsa_key, why, size));
    futu_loop_free(loop);
    return ok;
}

static bool check_tls(const char *cert, const char *key, char *why, size_t size)
{
    struct tls_server *t = cert ? tls_server_new(cert, key, why, size) : NULL;
    bool ok = !cert || t;
    tls_server_free(t);
    return ok;
}

/* The path, or the nearest folder above it that is there, must take writes. */
static bool check_audit(const char *path, char *why, size_t size)
{
    char at[512];
    if (!path)
        return true;
    if (snprintf(at, sizeof(at), "%s", path) >= (int)sizeof(at)) {
        snprintf(why, size, "--audit-log: the path is too long");
        return false;
    }
    while (access(at, F_OK) != 0 && errno == ENOENT) {
        char *slash = strrchr(at, '/');
        if (slash)
            slash[slash == at] = '\0';
        else
            memcpy(at, ".", 2);
    }
    if (access(at, W_OK) == 0)
        return true;
    snprintf(why, size, "--audit-log: %s: %s", at, strerror(errno));
    return false;
}

bool check_files(const struct opend_conf *c, char *why, size_t size)
{
    return check_gateway(c, why, size) &&
           check_tls(c->websocket_cert, c->websocket_private_key, why, size) &&
           check_tls(c->rest_tls_cert, c->rest_tls_key, why, size) &&
           check_tls(c->grpc_tls_cert, c->grpc_tls_key, why, size) &&
           check_audit(c->audit_log, why, size);
}
