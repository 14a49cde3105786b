/* totp.c - see totp.h. */
#include "crypt/totp.h"

#include <nettle/hmac.h>
#include <stdio.h>

#include "base/bytes.h"
#include "crypt/secret.h"

void totp(const void *key, size_t n, int64_t unix_s, char out[TOTP_DIGITS + 1])
{
    struct hmac_sha1_ctx c;
    uint8_t counter[8], mac[SHA1_DIGEST_SIZE];
    put_be64(counter, (uint64_t)MAX(unix_s, 0) / TOTP_STEP_S);
    hmac_sha1_set_key(&c, n, key);
    hmac_sha1_update(&c, sizeof(counter), counter);
    hmac_sha1_digest(&c, sizeof(mac), mac);
    wipe(&c, sizeof(c));
    /* The low half of the last byte says where the number stands; its sign is left out. */
    uint32_t v = get_be32(mac + (mac[SHA1_DIGEST_SIZE - 1] & 15)) & 0x7fffffff;
    snprintf(out, TOTP_DIGITS + 1, "%06u", v % 1000000);
}
