/* tls_client.h - the client's side of TLS over bytes: records in, plain bytes out, and back.
 *
 * Trust:   the system's root certificates, or one file of them. The chain and the server's name (or
 *          its address, as the certificate names it) are checked always; there is no way around.
 * Owns:    no socket.
 * Errors:  FUTU_EAUTH (the certificate), FUTU_EPROTO (the peer), FUTU_ENOMEM; tls_client_why() says
 *          more.
 * Threads: roots belong to the thread of those that use them.
 * Tests:   test/unit/io/https_test.c
 */
#ifndef IO_TLS_CLIENT_H
#define IO_TLS_CLIENT_H

#include "base/buf.h"

struct tls_roots;
struct tls_client;

/* ca_file NULL: the system's. `why` gets one line. FUTU_ENOTFOUND (no such file), FUTU_EFORMAT (no
 * certificate in it), FUTU_EIO (no random numbers), FUTU_ENOMEM. */
futu_err tls_roots_load(struct tls_roots **out, const char *ca_file, char *why, size_t size);
void tls_roots_free(struct tls_roots *r);           /* NULL is fine; after those that use it */

/* host: the name or address that the certificate must bear. FUTU_ENOMEM. */
futu_err tls_client_new(struct tls_client **out, struct tls_roots *r, const char *host);
void tls_client_free(struct tls_client *t);         /* NULL is fine; wipes */

/* Goes on with the handshake with n more bytes of the peer (0 to begin): appends what is to be
 * sent to `out`. FUTU_OK: it is done. FUTU_EAGAIN: more bytes are needed. What is left of p is
 * kept for tls_client_read(). */
futu_err tls_client_shake(struct tls_client *t, const uint8_t *p, size_t n, struct buf *out);

/* After the handshake. n more bytes of the peer (perhaps 0); *plain points at up to 16 KiB until
 * the next call. FUTU_EAGAIN: no more now; FUTU_ENOTCONN: the peer has ended the stream properly.
 * Call it with no bytes until it says one of them. */
futu_err tls_client_read(struct tls_client *t, const uint8_t *p, size_t n, futu_str *plain);
/* Appends the records of n bytes. */
futu_err tls_client_write(struct tls_client *t, const void *p, size_t n, struct buf *out);

const char *tls_client_why(const struct tls_client *t);     /* of the last failure; one line */

#endif
