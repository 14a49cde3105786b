/* cert.c - see cert.h. */
#include "cert.h"

#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/error.h>
#include <mbedtls/oid.h>
#include <mbedtls/x509_crt.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define DAY 86400
#define CA_NAME "CN=futu-emulator root"

struct maker {
    mbedtls_entropy_context entropy;
    mbedtls_ctr_drbg_context rng;
    mbedtls_pk_context ca, server;
    const char *dir;
    enum cert_kind kind;
};

/* GeneralNames: a dNSName (tag 0x82) and an iPAddress (0x87). */
static size_t put_names(unsigned char *out, const char *name, unsigned char last)
{
    size_t n = strlen(name);
    out[0] = 0x30;
    out[1] = (unsigned char)(n + 8);
    out[2] = 0x82;
    out[3] = (unsigned char)n;
    memcpy(out + 4, name, n);
    const unsigned char address[] = { 0x87, 4, 127, 0, 0, last };
    memcpy(out + 4 + n, address, sizeof(address));
    return n + 10;
}

static bool put_file(const char *dir, const char *name, const char *text)
{
    char path[512];
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    FILE *f = fopen(path, "w");
    bool fine = f && fputs(text, f) >= 0;
    return f && fclose(f) == 0 && fine;
}

static void stamp(char out[16], time_t t)
{
    struct tm tm;
    gmtime_r(&t, &tm);
    strftime(out, 16, "%Y%m%d%H%M%S", &tm);
}

static int set_fields(mbedtls_x509write_cert *w, struct maker *m, bool is_ca)
{
    char from[16], to[16];
    unsigned char names[64];
    mbedtls_mpi serial;
    bool old = !is_ca && m->kind == CERT_EXPIRED;
    stamp(from, time(NULL) - (old ? 3 : 1) * DAY);
    stamp(to, time(NULL) + (old ? -1 : 1) * DAY);
    mbedtls_x509write_crt_set_version(w, MBEDTLS_X509_CRT_VERSION_3);
    mbedtls_x509write_crt_set_md_alg(w, MBEDTLS_MD_SHA256);
    mbedtls_x509write_crt_set_subject_key(w, is_ca ? &m->ca : &m->server);
    mbedtls_x509write_crt_set_issuer_key(w, &m->ca);
    mbedtls_mpi_init(&serial);
    int rc = mbedtls_mpi_lset(&serial, is_ca ? 1 : 2);
    rc = rc ? rc : mbedtls_x509write_crt_set_serial(w, &serial);
    mbedtls_mpi_free(&serial);
    rc = rc ? rc : mbedtls_x509write_crt_set_issuer_name(w, CA_NAME);
    rc = rc ? rc : mbedtls_x509write_crt_set_subject_name(w, is_ca ? CA_NAME : "CN=futu-emulator");
    rc = rc ? rc : mbedtls_x509write_crt_set_validity(w, from, to);
    rc = rc ? rc : mbedtls_x509write_crt_set_basic_constraints(w, is_ca, -1);
    if (rc || is_ca)
        return rc;
    bool other = m->kind == CERT_OTHER_NAME;
    size_t n = put_names(names, other ? "other.example" : "localhost", other ? 9 : 1);
    return mbedtls_x509write_crt_set_extension(w, MBEDTLS_OID_SUBJECT_ALT_NAME,
                                               MBEDTLS_OID_SIZE(MBEDTLS_OID_SUBJECT_ALT_NAME), 0,
                                               names, n);
}

static int write_cert(struct maker *m, bool is_ca, const char *name)
{
    unsigned char pem[4096] = "";
    mbedtls_x509write_cert w;
    mbedtls_x509write_crt_init(&w);
    int rc = set_fields(&w, m, is_ca);
    rc = rc ? rc : mbedtls_x509write_crt_pem(&w, pem, sizeof(pem), mbedtls_ctr_drbg_random,
                                             &m->rng);
    mbedtls_x509write_crt_free(&w);
    if (!rc && !put_file(m->dir, name, (char *)pem))
        rc = MBEDTLS_ERR_X509_FILE_IO_ERROR;
    return rc;
}

static int make_key(struct maker *m, mbedtls_pk_context *k)
{
    int rc = mbedtls_pk_setup(k, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY));
    return rc ? rc : mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(*k),
                                         mbedtls_ctr_drbg_random, &m->rng);
}

static int make_all(struct maker *m)
{
    unsigned char pem[2048] = "";
    int rc = mbedtls_ctr_drbg_seed(&m->rng, mbedtls_entropy_func, &m->entropy, NULL, 0);
    rc = rc ? rc : make_key(m, &m->ca);
    rc = rc ? rc : make_key(m, &m->server);
    rc = rc ? rc : write_cert(m, true, "ca.pem");
    rc = rc ? rc : write_cert(m, false, "cert.pem");
    rc = rc ? rc : mbedtls_pk_write_key_pem(&m->server, pem, sizeof(pem));
    if (!rc && !put_file(m->dir, "key.pem", (char *)pem))
        rc = MBEDTLS_ERR_X509_FILE_IO_ERROR;
    return rc;
}

bool cert_make(const char *dir, enum cert_kind kind, char *why, size_t size)
{
    struct maker m = { .dir = dir, .kind = kind };
    char text[100];
    mbedtls_entropy_init(&m.entropy);
    mbedtls_ctr_drbg_init(&m.rng);
    mbedtls_pk_init(&m.ca);
    mbedtls_pk_init(&m.server);
    int rc = make_all(&m);
    mbedtls_pk_free(&m.server);
    mbedtls_pk_free(&m.ca);
    mbedtls_ctr_drbg_free(&m.rng);
    mbedtls_entropy_free(&m.entropy);
    if (rc) {
        mbedtls_strerror(rc, text, sizeof(text));
        snprintf(why, size, "certificates in %s: %s", dir, text);
    }
    return rc == 0;
}
