/* tls.h - the server side of TLS over memory: records in and out, no socket (mbedTLS, TLS 1.2).
 *
 * A handshake has two steps that cost milliseconds each, with the private key and for the keys of
 * the connection. Before each of them it waits until it is allowed one: tls_waits(). Clients that
 * come back bring a ticket and need none of them.
 *
 * Bound:  at most 64 KiB of output wait at a time; tls_room() says whether more is taken.
 * Tests:  test/rest/tls.test.mjs
 */
#ifndef OPEND_TLS_H
#define OPEND_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

struct tls_server;      /* certificate, key, settings: shared by all connections */
struct tls;             /* one connection */

/* NULL: `why` names the file and the reason. */
struct tls_server *tls_server_new(const char *cert_path, const char *key_path, char *why,
                                  size_t size);
/* From here on a client that names protocols must name HTTP/2. */
void tls_server_http2(struct tls_server *t);
void tls_server_free(struct tls_server *t);

struct tls *tls_new(struct tls_server *server);     /* NULL: no memory */
void tls_free(struct tls *t);                       /* NULL is fine */
/* Records that arrived; `p` must stay until the next tls_feed() or until tls_read() gave 0. */
void tls_feed(struct tls *t, const uint8_t *p, size_t n);
/* > 0: that many plain bytes; 0: wants more records, or waits; < 0: over, or the peer broke the
 * protocol. */
ssize_t tls_read(struct tls *t, uint8_t **plain);
/* The next step costs: feed it nothing more, and go on with tls_allow() and tls_read(). The records
 * it has not read are kept. */
bool tls_waits(const struct tls *t);
void tls_allow(struct tls *t);                      /* one such step */
bool tls_open(const struct tls *t);                 /* the handshake is done */
bool tls_room(const struct tls *t);                 /* handshake done and room for output */
ssize_t tls_put(struct tls *t, const struct iovec *iov, size_t n);  /* bytes taken, < 0: failed */
struct iovec tls_output(struct tls *t);  /* records to write; stays until tls_written() */
void tls_written(struct tls *t);

#endif
