/* net_io.h - the network of the channels as it is: sockets and the system's resolver.
 *
 * Threads: the loop's.
 */
#ifndef UPSTREAM_BROKER_NET_IO_H
#define UPSTREAM_BROKER_NET_IO_H

#include "io/loop.h"
#include "upstream/broker/net.h"

/* The loop is borrowed; nothing is owned. */
struct net net_io(futu_loop *l);

#endif
