/* auth.c - see auth.h. */
#include "upstream/broker/auth.h"

void auth_broker_free(struct auth_broker *b)
{
    secret_wipe(&b->client_sig);
    secret_wipe(&b->client_key);
    *b = (struct auth_broker){ 0 };
}

void auth_result_free(struct auth_result *r)
{
    for (size_t i = 0; i < r->n_brokers; i++)
        auth_broker_free(&r->broker[i]);
    secret_wipe(&r->client_sig);
    secret_wipe(&r->client_key);
    *r = (struct auth_result){ 0 };
}

static futu_err copy_keys(struct secret *sig, struct secret *key, const struct secret *from_sig,
                          const struct secret *from_key)
{
    *sig = *key = SECRET_NULL;
    futu_err err = from_sig->n ? secret_set(sig, from_sig->p, from_sig->n) : FUTU_OK;
    if (!err && from_key->n)
        err = secret_set(key, from_key->p, from_key->n);
    return err;
}

futu_err auth_result_copy(struct auth_result *to, const struct auth_result *from)
{
    *to = *from;
    to->n_brokers = 0;
    futu_err err = copy_keys(&to->client_sig, &to->client_key, &from->client_sig,
                             &from->client_key);
    for (size_t i = 0; i < from->n_brokers && !err; i++) {
        const struct auth_broker *b = &from->broker[i];
        err = copy_keys(&to->broker[i].client_sig, &to->broker[i].client_key, &b->client_sig,
                        &b->client_key);
        to->n_brokers = i + 1;
    }
    if (err)
        auth_result_free(to);
    return err;
}

struct auth_broker *auth_result_broker(struct auth_result *r, int32_t broker_id)
{
    for (size_t i = 0; i < r->n_brokers; i++)
        if (r->broker[i].broker_id == broker_id)
            return &r->broker[i];
    return NULL;
}
