/* calls.c - see calls.h; what the quote calls and the trade calls share. */
#include "api/calls.h"

#include <stdarg.h>
#include <stdio.h>

#include "client/client.h"
#include "market/market.h"

futu_err call_run(futu_client *c, uint32_t proto, const void *request, struct call_form form)
{
    if (form.out)
        return futu_client_call_msg_sync(c, proto, request, form.out);
    return futu_client_call_msg(c, proto, request, form.fn, form.arg);
}

futu_err call_refuse(futu_client *c, futu_err err, const char *fmt, ...)
{
    char text[sizeof(c->error)];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    return client_fail(c, err, "%s", text);
}

futu_err read_code(futu_client *c, const char *code, Qot_Common_Security *out)
{
    int32_t market;
    if (!code)
        return call_refuse(c, FUTU_EINVAL, "a code is NULL");
    memset(out, 0, sizeof(*out));
    if (market_parse_code(str_c(code), &market, &out->code))
        return call_refuse(c, FUTU_EFORMAT, "%.100s: a security is written with its market in "
                           "front, such as HK.00700", code);
    SET(out, market, market);
    return FUTU_OK;
}
