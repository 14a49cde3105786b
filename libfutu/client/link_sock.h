/* link_sock.h - a link over TCP. */
#ifndef CLIENT_LINK_SOCK_H
#define CLIENT_LINK_SOCK_H

#include "client/link.h"
#include "io/loop.h"

/* *out is freed with ops->free(). host is copied. FUTU_ENOMEM. */
futu_err link_sock_new(struct link **out, futu_loop *l, const char *host, uint32_t port);

#endif
