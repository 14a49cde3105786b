/* fuzz_conf.c - the remote configuration: whatever it says, what is taken is numeric and no more
 * than fits. */
#include <arpa/inet.h>
#include <assert.h>

#include "upstream/broker/dialect_conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct net_addr *a)
{
    uint8_t raw[16];
    assert(a->port && (inet_pton(AF_INET, a->host, raw) == 1 ||
                       inet_pton(AF_INET6, a->host, raw) == 1));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct remote_conf c;
    char why[200] = "";
    futu_err err = conf_parse(&c, (futu_str){ (const char *)data, size }, why, sizeof(why));
    assert(err ? why[0] && c.n == 0 : !why[0]);
    assert(c.n <= CONF_IDENTITIES);
    assert(c.again_s >= CONF_AGAIN_MIN_S && c.again_s <= CONF_AGAIN_MAX_S);
    for (size_t i = 0; i < c.n; i++) {
        const struct conf_addrs *a = &c.at[i];
        assert(a->guaranteed.n <= ADDR_MAX && conf_of(&c, a->identity ? a->identity : 1));
        for (size_t k = 0; k < a->guaranteed.n; k++)
            check(&a->guaranteed.a[k]);
        if (a->forced.port)
            check(&a->forced);
    }
    return 0;
}
