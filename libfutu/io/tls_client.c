/* tls_client.c - see tls_client.h. */
#include "io/tls_client.h"

#include <arpa/inet.h>
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/error.h>
#include <mbedtls/ssl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/mem.h"
#include "crypt/secret.h"

#define PLAIN_MAX 16384

/* Where distributions keep the roots in one file: Debian, Fedora, older Red Hat, SUSE, Alpine. */
static const char *const root_files[] = {
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
};

struct tls_roots {
    mbedtls_ssl_config conf;
    mbedtls_x509_crt chain;
    mbedtls_entropy_context entropy;
    mbedtls_ctr_drbg_context rng;
};

struct tls_client {
    mbedtls_ssl_context ssl;
    struct buf in, *out;        /* in: records not taken yet */
    size_t taken;               /* of them */
    uint8_t address[16];        /* the host, when it is one */
    size_t n_address;
    char why[128];
    uint8_t plain[PLAIN_MAX];
};

static const char *find_roots(void)
{
    for (size_t i = 0; i < ARRAY_LEN(root_files); i++)
        if (access(root_files[i], R_OK) == 0)
            return root_files[i];
    return NULL;
}

static futu_err fail_roots(char *why, size_t size, futu_err err, const char *what, int code)
{
    char text[100] = "";
    if (code < 0)
        mbedtls_strerror(code, text, sizeof(text));
    snprintf(why, size, "%s%s%s", what, *text ? ": " : "", text);
    return err;
}

static futu_err load(struct tls_roots *r, const char *file, char *why, size_t size)
{
    if (!file)
        return fail_roots(why, size, FUTU_ENOTFOUND,
                          "no root certificates on this system: install ca-certificates", 0);
    if (access(file, R_OK) != 0)
        return fail_roots(why, size, FUTU_ENOTFOUND, file, MBEDTLS_ERR_X509_FILE_IO_ERROR);
    /* A positive number: that many certificates were of a kind it does not know. */
    int rc = mbedtls_x509_crt_parse_file(&r->chain, file);
    if (rc < 0 || !r->chain.version)
        return fail_roots(why, size, FUTU_EFORMAT, file, rc);
    rc = mbedtls_ctr_drbg_seed(&r->rng, mbedtls_entropy_func, &r->entropy, NULL, 0);
    if (rc)
        return fail_roots(why, size, FUTU_EIO, "no random numbers", rc);
    rc = mbedtls_ssl_config_defaults(&r->conf, MBEDTLS_SSL_IS_CLIENT, MBEDTLS_SSL_TRANSPORT_STREAM,
                                     MBEDTLS_SSL_PRESET_DEFAULT);
    if (rc)
        return fail_roots(why, size, FUTU_ENOMEM, "TLS", rc);
    mbedtls_ssl_conf_authmode(&r->conf, MBEDTLS_SSL_VERIFY_REQUIRED);
    mbedtls_ssl_conf_ca_chain(&r->conf, &r->chain, NULL);
    mbedtls_ssl_conf_rng(&r->conf, mbedtls_ctr_drbg_random, &r->rng);
    mbedtls_ssl_conf_min_version(&r->conf, MBEDTLS_SSL_MAJOR_VERSION_3,
                                 MBEDTLS_SSL_MINOR_VERSION_3);
    return FUTU_OK;
}

futu_err tls_roots_load(struct tls_roots **out, const char *ca_file, char *why, size_t size)
{
    *out = NULL;
    struct tls_roots *r = mem_zalloc(sizeof(*r));
    if (!r)
        return fail_roots(why, size, FUTU_ENOMEM, futu_strerror(FUTU_ENOMEM), 0);
    mbedtls_ssl_config_init(&r->conf);
    mbedtls_x509_crt_init(&r->chain);
    mbedtls_entropy_init(&r->entropy);
    mbedtls_ctr_drbg_init(&r->rng);
    futu_err err = load(r, ca_file ? ca_file : find_roots(), why, size);
    if (err) {
        tls_roots_free(r);
        return err;
    }
    *out = r;
    return FUTU_OK;
}

void tls_roots_free(struct tls_roots *r)
{
    if (!r)
        return;
    mbedtls_ssl_config_free(&r->conf);
    mbedtls_x509_crt_free(&r->chain);
    mbedtls_ctr_drbg_free(&r->rng);
    mbedtls_entropy_free(&r->entropy);
    mem_free(r);
}

static int bio_send(void *arg, const unsigned char *p, size_t n)
{
    struct tls_client *t = arg;
    return buf_put(t->out, p, n) ? MBEDTLS_ERR_SSL_ALLOC_FAILED : (int)n;
}

static int bio_recv(void *arg, unsigned char *p, size_t n)
{
    struct tls_client *t = arg;
    n = MIN(n, t->in.n - t->taken);
    if (n == 0)
        return MBEDTLS_ERR_SSL_WANT_READ;
    memcpy(p, t->in.p + t->taken, n);
    t->taken += n;
    if (t->taken == t->in.n)
        t->in.n = t->taken = 0;
    return (int)n;
}

/* mbedTLS compares names alone; an address is looked for here. */
static bool bears_address(const mbedtls_x509_crt *crt, const struct tls_client *t)
{
    enum { SAN_ADDRESS = 7 };
    const mbedtls_x509_sequence *s = &crt->subject_alt_names;
    for (; s && s->buf.p; s = s->next)
        if ((s->buf.tag & 0x1f) == SAN_ADDRESS && s->buf.len == t->n_address &&
            memcmp(s->buf.p, t->address, t->n_address) == 0)
            return true;
    return false;
}

static int verify_address(void *arg, mbedtls_x509_crt *crt, int depth, uint32_t *flags)
{
    if (depth == 0 && !bears_address(crt, arg))
        *flags |= MBEDTLS_X509_BADCERT_CN_MISMATCH;
    return 0;
}

static int set_peer(struct tls_client *t, const char *host)
{
    if (inet_pton(AF_INET, host, t->address) == 1)
        t->n_address = 4;
    else if (inet_pton(AF_INET6, host, t->address) == 1)
        t->n_address = 16;
    else
        return mbedtls_ssl_set_hostname(&t->ssl, host);
    mbedtls_ssl_set_verify(&t->ssl, verify_address, t);
    return 0;
}

futu_err tls_client_new(struct tls_client **out, struct tls_roots *r, const char *host)
{
    *out = NULL;
    struct tls_client *t = mem_zalloc(sizeof(*t));
    if (!t)
        return FUTU_ENOMEM;
    mbedtls_ssl_init(&t->ssl);
    if (mem_refused() || mbedtls_ssl_setup(&t->ssl, &r->conf) || set_peer(t, host)) {
        tls_client_free(t);
        return FUTU_ENOMEM;
    }
    mbedtls_ssl_set_bio(&t->ssl, t, bio_send, bio_recv, NULL);
    *out = t;
    return FUTU_OK;
}

void tls_client_free(struct tls_client *t)
{
    if (!t)
        return;
    mbedtls_ssl_free(&t->ssl);
    buf_free(&t->in);
    wipe(t, sizeof(*t));
    mem_free(t);
}

/* What the certificate lacks, its first reason alone. */
static futu_err fail_certificate(struct tls_client *t)
{
    char text[256] = "";
    mbedtls_x509_crt_verify_info(text, sizeof(text), "", mbedtls_ssl_get_verify_result(&t->ssl));
    text[strcspn(text, "\n")] = '\0';
    snprintf(t->why, sizeof(t->why), "%s",
             *text ? text : "the server's certificate can't be trusted");
    return FUTU_EAUTH;
}

static futu_err fail(struct tls_client *t, int rc)
{
    switch (rc) {
    case MBEDTLS_ERR_SSL_WANT_READ:
        return FUTU_EAGAIN;
    case MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY:
        return FUTU_ENOTCONN;
    case MBEDTLS_ERR_X509_CERT_VERIFY_FAILED:
        return fail_certificate(t);
    case MBEDTLS_ERR_SSL_ALLOC_FAILED:
        snprintf(t->why, sizeof(t->why), "%s", futu_strerror(FUTU_ENOMEM));
        return FUTU_ENOMEM;
    default:
        mbedtls_strerror(rc, t->why, sizeof(t->why));
        return FUTU_EPROTO;
    }
}

static futu_err take(struct tls_client *t, const uint8_t *p, size_t n)
{
    return n && buf_put(&t->in, p, n) ? fail(t, MBEDTLS_ERR_SSL_ALLOC_FAILED) : FUTU_OK;
}

futu_err tls_client_shake(struct tls_client *t, const uint8_t *p, size_t n, struct buf *out)
{
    futu_err err = take(t, p, n);
    if (err)
        return err;
    t->out = out;
    int rc = mbedtls_ssl_handshake(&t->ssl);
    return rc ? fail(t, rc) : FUTU_OK;
}

futu_err tls_client_read(struct tls_client *t, const uint8_t *p, size_t n, futu_str *plain)
{
    struct buf answers = BUF_INIT;      /* a server that asks for a new handshake gets no answer */
    *plain = STR_NULL;
    futu_err err = take(t, p, n);
    if (err)
        return err;
    t->out = &answers;
    int rc = mbedtls_ssl_read(&t->ssl, t->plain, sizeof(t->plain));
    buf_free(&answers);
    t->out = NULL;
    if (rc <= 0)
        return fail(t, rc ? rc : MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY);
    *plain = (futu_str){ (const char *)t->plain, (size_t)rc };
    return FUTU_OK;
}

futu_err tls_client_write(struct tls_client *t, const void *p, size_t n, struct buf *out)
{
    const uint8_t *from = p;
    t->out = out;
    while (n) {
        int rc = mbedtls_ssl_write(&t->ssl, from, n);
        if (rc < 0)
            return fail(t, rc);
        from += rc;
        n -= (size_t)rc;
    }
    return FUTU_OK;
}

const char *tls_client_why(const struct tls_client *t)
{
    return t->why;
}
