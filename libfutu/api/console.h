/* console.h - the console of a gateway, made with it. */
#ifndef API_CONSOLE_H
#define API_CONSOLE_H

#include "api/gateway.h"

futu_err console_make(futu_gateway *g, const futu_gateway_opts *o);     /* FUTU_ENOMEM */

#endif
