/* handshake.h - the body of InitConnect, plain or under RSA, and what the two sides agree on.
 *
 * With a key configured the request must be under RSA. Whether it was is told by its digest: a body
 * counts as RSA when every block unpads and the plain text has the header's SHA-1. All that an
 * attacker without the key learns from the errors he could have computed from his own bytes, so the
 * port is no oracle for recorded traffic. That is why the digest of the wire body, which later
 * frames may carry, is not accepted under RSA.
 * Threads: as the key.
 */
#ifndef WIRE_HANDSHAKE_H
#define WIRE_HANDSHAKE_H

#include "crypt/rsa.h"
#include "wire/frame.h"

/* More blocks than this are refused unread: each costs a private operation of the loop's time. Nor
 * are they written. */
#define HANDSHAKE_MAX_BLOCKS 16

/* Appends the plain body; *was_rsa says how it came. key NULL: none is configured.
 * FUTU_EAUTH: a sound plain body although there is a key; it is appended all the same, since a
 *             client reads the text of a refusal from it, and the gateway answers in plain.
 * FUTU_EFORMAT: digest or RSA is wrong, the same for all causes; FUTU_ENOMEM, FUTU_ELIMIT. */
futu_err handshake_open(const struct frame *f, struct rsa_key *key, struct buf *plain,
                        bool *was_rsa);

struct handshake {
    int algo;                   /* enum cipher_algo of all later frames */
    bool reply_rsa;             /* the reply goes under RSA */
    bool send_iv;               /* aesCBCiv is in the reply; otherwise absent, never empty */
};

/* `asked` is packetEncAlgo, NULL when absent. FUTU_ENOTSUP: an algorithm nobody knows. */
futu_err handshake_choose(struct handshake *h, const int32_t *asked, bool has_key, bool was_rsa);

/* As frame_write(), with the body under RSA when key is not NULL; the digest is of the plain body.
 * Also FUTU_EIO: encryption failed. */
futu_err handshake_write(struct buf *out, uint32_t proto, uint8_t fmt, uint32_t serial,
                         const void *body, size_t n, struct rsa_key *key);

#endif
