/* fuzz_http_request.c - the REST API: requests of any method, target, header and body. The first
 * byte says whether there are keys; then pieces follow: what to do, a length, that many bytes. */
#include "rest_world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUESTS 32

static struct request {
    unsigned times;
    bool abandoned;
    futu_http_call *call;
} requests[REQUESTS];

static futu_http_request rq;
static size_t n_requests;

static void on_answer(const futu_http_answer *a, void *arg)
{
    struct request *r = arg;
    check(r->times++ == 0 && !r->abandoned);
    check(a->status >= 200 && a->status < 600);
    size_t n = strlen(a->headers);
    check(n == 0 || (n > 2 && memcmp(a->headers + n - 2, "\r\n", 2) == 0));
    check(!strstr(a->headers, "\r\n\r\n") && !strstr(a->headers, "evil"));
    check(a->content_type || a->body.n == 0);
    if (a->content_type && strcmp(a->content_type, "application/json") == 0)
        check(is_json(a->body));
}

static void send(void)
{
    struct request *r = &requests[n_requests];
    if (n_requests == REQUESTS)
        return;
    *r = (struct request){ .times = 0 };
    check(rest_request(w.rest, &rq, on_answer, r, &r->call) == FUTU_OK);
    check((r->call == NULL) == (r->times == 1));
    n_requests++;
}

static void abandon(size_t i)
{
    if (i >= n_requests || requests[i].times || requests[i].abandoned)
        return;
    requests[i].abandoned = true;
    rest_abandon(requests[i].call);
}

static void piece(uint8_t what, const uint8_t *p, size_t n)
{
    futu_str s = { (const char *)p, n };
    futu_str *const members[] = { &rq.method, &rq.target, &rq.body, &rq.authorization,
                                  &rq.content_type, &rq.origin, &rq.idempotency_key, &rq.accept,
                                  &rq.host };
    if (what < ARRAY_LEN(members)) {
        *members[what] = s;
        return;
    }
    switch (what) {
    case 10:
        send();
        break;
    case 11:
        written(n & 1);
        break;
    case 12:
        answer_one(p, n);
        break;
    case 13:
        abandon(n);
        break;
    default:
        pass((int64_t)(what % 32) * NS_PER_S / 4);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    world_open(data[0] & 1);
    n_requests = 0;
    rq = (futu_http_request)FUTU_HTTP_REQUEST_INIT;
    rq.method = STR("GET");
    rq.target = STR("/");
    data++;
    size--;
    while (size >= 3) {
        size_t n = MIN((size_t)(data[1] | data[2] << 8), size - 3);
        piece(data[0], data + 3, n);
        data += 3 + n;
        size -= 3 + n;
    }
    send();
    written(false);
    pass(15 * NS_PER_S);            /* whatever the upstream does, by now all are answered */
    for (size_t i = 0; i < n_requests; i++)
        check(requests[i].times == !requests[i].abandoned);
    world_close();
    return 0;
}
