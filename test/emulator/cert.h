/* cert.h - a certificate authority for one run, and the certificate of a server on loopback.
 *
 * Out:     DIR/ca.pem (to be trusted), DIR/cert.pem, DIR/key.pem. P-256 keys, good for a day.
 */
#ifndef EMULATOR_CERT_H
#define EMULATOR_CERT_H

#include <stdbool.h>
#include <stddef.h>

enum cert_kind {
    CERT_GOOD,              /* for localhost and 127.0.0.1 */
    CERT_OTHER_NAME,        /* for other.example and 127.0.0.9 */
    CERT_EXPIRED,
};

/* False: `why` says it. */
bool cert_make(const char *dir, enum cert_kind kind, char *why, size_t size);

#endif
