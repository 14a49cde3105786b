/* auth_web.c - see auth_web.h. */
#include "auth_web.h"

static void on_request(void *arg, const struct web_request *rq)
{
    struct auth_web *w = arg;
    struct auth_say say;
    const struct auth_ask ask = {
        .side = w->side, .method = rq->method, .path = rq->path, .query = rq->query,
        .body = rq->body, .client_type = web_header(rq, "X-Futu-Client-Type"),
        .client_version = web_header(rq, "X-Futu-Client-Version"),
    };
    auth_emu_handle(w->emu, &ask, &say);
    if (say.drop)
        web_hang_up(rq->conn);
    else if (!say.silent)
        web_answer(rq->conn, say.status, buf_str(&say.body), say.delay_ms);
    buf_free(&say.body);
}

bool auth_web_start(struct auth_web *w, uv_loop_t *loop, struct auth_emu *emu, enum auth_side side,
                    int port, struct tls_server *tls, char *why, size_t size)
{
    *w = (struct auth_web){ .emu = emu, .side = side };
    w->web = web_start(loop, port, tls, on_request, w, why, size);
    return w->web != NULL;
}

void auth_web_stop(struct auth_web *w)
{
    web_stop(w->web);
    w->web = NULL;
}
