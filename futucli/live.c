/* live.c - see live.h. On a terminal: a screen redrawn five times a second. Elsewhere: a line a
 * push. */
#include "live.h"

#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "live_draw.h"
#include "rows.h"

const struct cmd_opt sub_opts[] = {
    { "types", "LIST", "quote,book,ticker",
      "quote, book, ticker, rt, broker, 1m, 5m, day ..., by commas" },
    { "seconds", "N", NULL, "end after so long" },
    { "count", "N", NULL, "end after so many pushes" },
    { "lines", NULL, NULL, "a line a push also on a terminal" },
    { NULL, NULL, NULL, NULL },
};

#define FRAME_MS 200

static futu_loop *running;      /* for the signal handler */

static void on_signal(int signum)
{
    (void)signum;
    futu_loop_stop(running);
}

static struct live_row *find_row(struct live *l, const Qot_Common_Security *s)
{
    for (int i = 0; i < l->n_rows; i++)
        if (l->rows[i].market == s->market && strcmp(l->rows[i].code, s->code.p) == 0)
            return &l->rows[i];
    return NULL;
}

static void on_quote(struct live *l, const Qot_UpdateBasicQot_Response *m)
{
    for (size_t i = 0; m->s2c && i < m->s2c->n_basicQotList; i++) {
        const Qot_Common_BasicQot *q = &m->s2c->basicQotList[i];
        struct live_row *r = find_row(l, q->security);
        if (!r)
            continue;
        if (q->name.p)
            snprintf(r->name, sizeof(r->name), "%s", q->name.p);
        r->last = q->curPrice;
        r->prev = q->lastClosePrice;
        r->volume = (double)q->volume;
        r->high = q->highPrice;
        r->low = q->lowPrice;
        r->updates++;
    }
}

static void on_book(struct live *l, const Qot_UpdateOrderBook_Response *m)
{
    if (!m->s2c)
        return;
    struct live_row *r = find_row(l, m->s2c->security);
    if (!r)
        return;
    const Qot_Common_OrderBook *bid = m->s2c->orderBookBidList, *ask = m->s2c->orderBookAskList;
    r->bid = m->s2c->n_orderBookBidList ? bid[0].price : 0;
    r->ask = m->s2c->n_orderBookAskList ? ask[0].price : 0;
    if (r != l->rows)
        return;
    for (size_t i = 0; i < LIVE_DEPTH; i++) {
        l->bid[i] = (struct live_level){ 0, 0 };
        l->ask[i] = (struct live_level){ 0, 0 };
        if (i < m->s2c->n_orderBookBidList)
            l->bid[i] = (struct live_level){ bid[i].price, (double)bid[i].volume };
        if (i < m->s2c->n_orderBookAskList)
            l->ask[i] = (struct live_level){ ask[i].price, (double)ask[i].volume };
    }
}

static void on_ticks(struct live *l, const Qot_UpdateTicker_Response *m)
{
    if (!m->s2c || find_row(l, m->s2c->security) != l->rows)
        return;
    for (size_t i = 0; i < m->s2c->n_tickerList; i++) {
        const Qot_Common_Ticker *t = &m->s2c->tickerList[i];
        struct live_tick *out = &l->ticks[l->n_ticks++ % LIVE_TICKS];
        const char *clock = t->time.p ? strchr(t->time.p, ' ') : NULL;
        snprintf(out->time, sizeof(out->time), "%.8s", clock ? clock + 1 : "");
        out->price = t->price;
        out->volume = (double)t->volume;
        out->dir = t->dir;
    }
}

/* {"push":"Qot_UpdateBasicQot","body":{...}} on a line of its own. */
static void print_line(uint32_t proto, const void *body, size_t len)
{
    char *text = futu_response_json(proto, body, len);
    if (text)
        printf("{\"push\":\"%s\",\"body\":%s}\n", futu_proto_name(proto), text);
    futu_text_free(text);
    fflush(stdout);
}

/* {"type":"gap","push":...,"text":"no data from ...","body":{...}}: a line too, but no quote. */
static void print_event(const struct live_event *e, uint32_t proto, const void *body, size_t len)
{
    char *text = futu_response_json(proto, body, len);
    cJSON *line = cJSON_CreateObject();
    cJSON_AddStringToObject(line, "type", e->type);
    cJSON_AddStringToObject(line, "push", futu_proto_name(proto));
    cJSON_AddStringToObject(line, "text", e->text);
    cJSON_AddRawToObject(line, "body", text ? text : "null");
    futu_text_free(text);
    text = cJSON_PrintUnformatted(line);
    if (text)
        puts(text);
    fflush(stdout);
    cJSON_free(text);
    cJSON_Delete(line);
}

static bool take_event(struct live *l, uint32_t proto, const void *body, size_t len,
                       const void *msg)
{
    struct live_event e;
    if (!event_read(proto, msg, &e))
        return false;
    if (l->lines)
        print_event(&e, proto, body, len);
    else
        event_keep(l->events, &e);
    return true;
}

static void on_push(futu_client *c, uint32_t proto, const void *body, size_t len, const void *msg,
                    void *arg)
{
    struct live *l = arg;
    if (!msg || take_event(l, proto, body, len, msg) || proto < 3000)
        return;
    if (l->count > 0 && l->pushes >= l->count)
        return;                 /* came in with the last one */
    l->pushes++;
    if (l->lines)
        print_line(proto, body, len);
    else if (proto == 3005)
        on_quote(l, msg);
    else if (proto == 3013)
        on_book(l, msg);
    else if (proto == 3011)
        on_ticks(l, msg);
    if (l->count > 0 && l->pushes >= l->count)
        futu_loop_stop(futu_client_loop(c));
}

static void on_state(futu_client *c, int state, futu_err err, void *arg)
{
    struct live *l = arg;
    if (state != FUTU_STATE_LOST && state != FUTU_STATE_STOPPED)
        return;
    l->lost = err;
    futu_loop_stop(futu_client_loop(c));
}

static void on_frame(void *arg)
{
    struct live *l = arg;
    struct winsize size = { 0 };
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        size = (struct winsize){ 24, 80, 0, 0 };
    live_sample(l);
    live_draw(l, size.ws_row, size.ws_col);
}

static void on_deadline(void *arg)
{
    futu_loop_stop(arg);
}

/* "quote,book" -> [1,2]; NULL after its message. */
static cJSON *parse_types(const char *text)
{
    char word[16], choices[200];
    cJSON *list = cJSON_CreateArray();
    while (*text) {
        size_t n = strcspn(text, ",");
        int number;
        snprintf(word, sizeof(word), "%.*s", (int)n, text);
        if (!name_number(names_sub_type, word, &number)) {
            usage_error("--types: %s is none of %s", word,
                        name_choices(names_sub_type, choices, sizeof(choices)));
            cJSON_Delete(list);
            return NULL;
        }
        cJSON_AddItemToArray(list, cJSON_CreateNumber(number));
        text += n + (text[n] == ',');
    }
    return list;
}

static int subscribe(struct cli *c, const struct args *a)
{
    cJSON *s2c, *types = parse_types(arg(a, "types"));
    cJSON *securities = types ? parse_securities(a) : NULL;
    if (!securities) {
        cJSON_Delete(types);
        return CLI_USAGE;
    }
    cJSON *c2s = cJSON_CreateObject();
    cJSON_AddItemToObject(c2s, "securityList", securities);
    cJSON_AddItemToObject(c2s, "subTypeList", types);
    cJSON_AddBoolToObject(c2s, "isSubOrUnSub", true);
    cJSON_AddBoolToObject(c2s, "isRegOrUnRegPush", true);
    cJSON_AddBoolToObject(c2s, "isFirstPush", true);
    int code = cli_call(c, "Qot_Sub", c2s, &s2c);
    cJSON_Delete(s2c);
    return code;
}

static void describe(struct cli *c, struct live *l)
{
    struct live_event e;
    cJSON *s2c, *c2s = cJSON_CreateObject();
    cJSON_AddStringToObject(c2s, "userID", "0");
    if (cli_call(c, "GetGlobalState", c2s, &s2c) != CLI_OK)
        return;
    const cJSON *desc = member(s2c, "programStatus.strExtDesc");
    if (cJSON_IsString(desc))
        snprintf(l->upstream, sizeof(l->upstream), "%s", desc->valuestring);
    event_links(member_number(s2c, "qotLogined") != 0, member_number(s2c, "trdLogined") != 0, &e);
    if (e.going_on) {           /* from before this connection: no push tells it any more */
        fprintf(stderr, "futucli: %s\n", e.text);
        event_keep(l->events, &e);
    }
    cJSON_Delete(s2c);
}

/* Runs until a signal, a limit or the loss of the connection. */
static void watch(struct cli *c, struct live *l, double seconds)
{
    futu_loop *loop = running = futu_client_loop(c->client);
    futu_timer *frame = NULL, *deadline = NULL;
    struct sigaction sa = { .sa_handler = on_signal };
    sigaction(SIGINT, &sa, NULL);
    sigaction(SIGTERM, &sa, NULL);
    if (!l->lines) {
        live_open();
        futu_timer_new(loop, &frame, 0, FRAME_MS, on_frame, l);
    }
    if (seconds > 0)
        futu_timer_new(loop, &deadline, (uint64_t)(seconds * 1000), 0, on_deadline, loop);
    futu_loop_run(loop);
    if (!l->lines)
        live_close();
    futu_timer_free(frame);
    futu_timer_free(deadline);
}

static bool add_rows(struct live *l, const struct args *a)
{
    for (int i = 0; i < a->n_words && i < LIVE_ROWS; i++) {
        struct live_row *r = &l->rows[l->n_rows++];
        if (!split_code(a->words[i], &r->market, r->code, sizeof(r->code)))
            return false;
    }
    return true;
}

int run_sub(struct cli *c, const struct args *a)
{
    static struct live l;
    double seconds = 0;
    if ((arg_given(a, "seconds") && !arg_number(a, "seconds", &seconds)) ||
        (arg_given(a, "count") && !arg_number(a, "count", &l.count)) || !add_rows(&l, a))
        return CLI_USAGE;
    l.lines = arg_given(a, "lines") || !isatty(STDOUT_FILENO) || c->out != OUT_TABLE;
    l.color = c->color;
    l.gateway = c->host;
    c->opts.on_push = on_push;
    c->opts.on_state = on_state;
    c->opts.arg = &l;
    int code = cli_connect(c);
    if (code)
        return code;
    l.lost = FUTU_OK;
    describe(c, &l);
    code = subscribe(c, a);
    if (code)
        return code;
    if (l.count == 0 || l.pushes < l.count)
        watch(c, &l, seconds);
    if (l.lost)
        return failure("the connection to the gateway is lost: %s", futu_strerror(l.lost));
    return CLI_OK;
}
