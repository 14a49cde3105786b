/* tls.c - see tls.h. */
#include "tls.h"

#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/error.h>
#include <mbedtls/ssl.h>
#include <mbedtls/ssl_ticket.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OUT_MAX (64u << 10)
#define PLAIN_MAX 16384
#define TICKET_S 3600           /* keys of tickets last as long, and as long again to read with */

/* Those that everybody has, cheapest first; the library would prefer the most expensive one. */
static const mbedtls_ecp_group_id curves[] = {
    MBEDTLS_ECP_DP_CURVE25519, MBEDTLS_ECP_DP_SECP256R1, MBEDTLS_ECP_DP_SECP384R1,
    MBEDTLS_ECP_DP_NONE,
};

struct tls_server {
    mbedtls_ssl_config conf;
    mbedtls_x509_crt cert;
    mbedtls_pk_context key;
    mbedtls_entropy_context entropy;
    mbedtls_ctr_drbg_context rng;
    mbedtls_ssl_ticket_context tickets;
};

struct tls {
    mbedtls_ssl_context ssl;
    const uint8_t *in;
    size_t n_in;
    uint8_t *kept;              /* what `in` points into while it waits, and until it is read */
    uint8_t *out;               /* records not handed out yet */
    size_t n_out, cap;
    uint8_t *flight;            /* records being written */
    bool done, waits, allowed;
};

static bool fail(char *why, size_t size, const char *path, int code)
{
    char text[128];
    mbedtls_strerror(code, text, sizeof(text));
    snprintf(why, size, "%s: %s", path, text);
    return false;
}

static bool load(struct tls_server *t, const char *cert_path, const char *key_path, char *why,
                 size_t size)
{
    int r = mbedtls_ctr_drbg_seed(&t->rng, mbedtls_entropy_func, &t->entropy, NULL, 0);
    if (r)
        return fail(why, size, "random", r);
    if ((r = mbedtls_x509_crt_parse_file(&t->cert, cert_path)) != 0)
        return fail(why, size, cert_path, r);
    if ((r = mbedtls_pk_parse_keyfile(&t->key, key_path, NULL)) != 0)
        return fail(why, size, key_path, r);
    if ((r = mbedtls_pk_check_pair(&t->cert.pk, &t->key)) != 0)
        return fail(why, size, "certificate and key do not belong together", r);
    r = mbedtls_ssl_config_defaults(&t->conf, MBEDTLS_SSL_IS_SERVER, MBEDTLS_SSL_TRANSPORT_STREAM,
                                    MBEDTLS_SSL_PRESET_DEFAULT);
    if (r == 0)
        r = mbedtls_ssl_conf_own_cert(&t->conf, &t->cert, &t->key);
    if (r)
        return fail(why, size, cert_path, r);
    mbedtls_ssl_conf_min_version(&t->conf, MBEDTLS_SSL_MAJOR_VERSION_3,
                                 MBEDTLS_SSL_MINOR_VERSION_3);
    mbedtls_ssl_conf_curves(&t->conf, curves);
    mbedtls_ssl_conf_rng(&t->conf, mbedtls_ctr_drbg_random, &t->rng);
    r = mbedtls_ssl_ticket_setup(&t->tickets, mbedtls_ctr_drbg_random, &t->rng,
                                 MBEDTLS_CIPHER_AES_256_GCM, TICKET_S);
    if (r)
        return fail(why, size, "session tickets", r);
    mbedtls_ssl_conf_session_tickets_cb(&t->conf, mbedtls_ssl_ticket_write,
                                        mbedtls_ssl_ticket_parse, &t->tickets);
    return true;
}

struct tls_server *tls_server_new(const char *cert_path, const char *key_path, char *why,
                                  size_t size)
{
    struct tls_server *t = calloc(1, sizeof(*t));
    if (!t) {
        snprintf(why, size, "out of memory");
        return NULL;
    }
    mbedtls_ssl_config_init(&t->conf);
    mbedtls_x509_crt_init(&t->cert);
    mbedtls_pk_init(&t->key);
    mbedtls_entropy_init(&t->entropy);
    mbedtls_ctr_drbg_init(&t->rng);
    mbedtls_ssl_ticket_init(&t->tickets);
    if (load(t, cert_path, key_path, why, size))
        return t;
    tls_server_free(t);
    return NULL;
}

void tls_server_http2(struct tls_server *t)
{
    static const char *h2[] = { "h2", NULL };
    mbedtls_ssl_conf_alpn_protocols(&t->conf, h2);
}

void tls_server_free(struct tls_server *t)
{
    if (!t)
        return;
    mbedtls_ssl_config_free(&t->conf);
    mbedtls_ssl_ticket_free(&t->tickets);
    mbedtls_x509_crt_free(&t->cert);
    mbedtls_pk_free(&t->key);
    mbedtls_ctr_drbg_free(&t->rng);
    mbedtls_entropy_free(&t->entropy);
    free(t);
}

static int bio_send(void *arg, const unsigned char *p, size_t n)
{
    struct tls *t = arg;
    if (t->n_out + n > t->cap) {
        size_t cap = t->cap ? t->cap * 2 : 4096;
        while (cap < t->n_out + n)
            cap *= 2;
        uint8_t *q = realloc(t->out, cap);
        if (!q)
            return MBEDTLS_ERR_SSL_ALLOC_FAILED;
        t->out = q;
        t->cap = cap;
    }
    memcpy(t->out + t->n_out, p, n);
    t->n_out += n;
    return (int)n;
}

static int bio_recv(void *arg, unsigned char *p, size_t n)
{
    struct tls *t = arg;
    if (t->n_in == 0)
        return MBEDTLS_ERR_SSL_WANT_READ;
    n = n < t->n_in ? n : t->n_in;
    memcpy(p, t->in, n);
    t->in += n;
    t->n_in -= n;
    return (int)n;
}

struct tls *tls_new(struct tls_server *server)
{
    struct tls *t = calloc(1, sizeof(*t));
    if (!t)
        return NULL;
    mbedtls_ssl_init(&t->ssl);
    if (mbedtls_ssl_setup(&t->ssl, &server->conf) != 0) {
        tls_free(t);
        return NULL;
    }
    mbedtls_ssl_set_bio(&t->ssl, t, bio_send, bio_recv, NULL);
    return t;
}

void tls_free(struct tls *t)
{
    if (!t)
        return;
    mbedtls_ssl_free(&t->ssl);
    free(t->kept);
    free(t->out);
    free(t->flight);
    free(t);
}

void tls_feed(struct tls *t, const uint8_t *p, size_t n)
{
    free(t->kept);              /* it has been read, else there would be no more */
    t->kept = NULL;
    t->in = p;
    t->n_in = n;
}

/* The signature under the server's half of the key exchange, and the key from the client's half,
 * which is nothing before that has come. */
static bool costs(const struct tls *t)
{
    if (t->ssl.state == MBEDTLS_SSL_CLIENT_KEY_EXCHANGE)
        return t->n_in > 0 || mbedtls_ssl_check_pending(&t->ssl);
    return t->ssl.state == MBEDTLS_SSL_SERVER_KEY_EXCHANGE;
}

/* What has not been read lies in the caller's buffer, or at the end of what was kept before. */
static bool keep_input(struct tls *t)
{
    uint8_t *p = t->n_in ? malloc(t->n_in) : NULL;
    if (t->n_in && !p)
        return false;
    if (p)
        memcpy(p, t->in, t->n_in);
    free(t->kept);
    t->in = t->kept = p;
    return true;
}

/* As tls_read(); > 0: it is done. */
static int shake_hands(struct tls *t)
{
    while (t->ssl.state != MBEDTLS_SSL_HANDSHAKE_OVER) {
        bool costly = costs(t);
        if (costly && !t->allowed) {
            t->waits = true;
            return keep_input(t) ? 0 : -1;
        }
        if (costly)
            t->allowed = false;
        int r = mbedtls_ssl_handshake_step(&t->ssl);
        if (r)
            return r == MBEDTLS_ERR_SSL_WANT_READ ? 0 : -1;
    }
    t->done = true;
    return 1;
}

bool tls_waits(const struct tls *t)
{
    return t->waits;
}

void tls_allow(struct tls *t)
{
    t->waits = false;
    t->allowed = true;
}

bool tls_open(const struct tls *t)
{
    return t->done;
}

ssize_t tls_read(struct tls *t, uint8_t **plain)
{
    static uint8_t shared[PLAIN_MAX];       /* handled before the next read */
    int shaken = t->done ? 1 : shake_hands(t);
    if (shaken <= 0)
        return shaken;
    int r = mbedtls_ssl_read(&t->ssl, shared, sizeof(shared));
    if (r == MBEDTLS_ERR_SSL_WANT_READ)
        return 0;
    *plain = shared;
    return r > 0 ? r : -1;
}

bool tls_room(const struct tls *t)
{
    return t->done && t->n_out < OUT_MAX;
}

ssize_t tls_put(struct tls *t, const struct iovec *iov, size_t n)
{
    ssize_t taken = 0;
    for (size_t i = 0; i < n && tls_room(t); i++) {
        int r = iov[i].iov_len ? mbedtls_ssl_write(&t->ssl, iov[i].iov_base, iov[i].iov_len) : 0;
        if (r < 0)
            return -1;
        taken += r;
        if ((size_t)r < iov[i].iov_len)
            break;
    }
    return taken;
}

struct iovec tls_output(struct tls *t)
{
    struct iovec v = { t->out, t->n_out };
    free(t->flight);
    t->flight = t->out;
    t->out = NULL;
    t->n_out = t->cap = 0;
    return v;
}

void tls_written(struct tls *t)
{
    free(t->flight);
    t->flight = NULL;
}
