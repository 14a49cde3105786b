/* machine.c - what a key is bound to: a machine by its fingerprint, accounts by their cards.
 *
 * A fingerprint is made of the key's id too: one machine has another for each key. It stops a
 * copied file, not somebody who is on the machine.
 */
#include <stdio.h>

#include "access/state.h"
#include "base/log.h"
#include "base/mem.h"
#include "crypt/digest.h"

#define PREFIX "futu-machine-bind:v1:"

void machine_fingerprint(const char *key_id, const char *raw_machine_id, char out[65])
{
    char text[sizeof(PREFIX) + KEY_ID_MAX + 1 + MACHINE_ID_MAX];
    uint8_t hash[32];
    int n = snprintf(text, sizeof(text), PREFIX "%.*s:%.*s", KEY_ID_MAX, key_id, MACHINE_ID_MAX,
                     raw_machine_id);
    sha256(text, (size_t)n, hash);
    hex_lower(hash, sizeof(hash), out);
}

bool machine_allowed(const struct access *a, const struct key_rules *k)
{
    char own[65];
    bool found = false;
    if (!k->has_machines)
        return true;
    if (!a->raw_machine_id)
        return false;
    machine_fingerprint(k->id, a->raw_machine_id, own);
    for (size_t i = 0; i < k->n_machines; i++)
        found |= equal_ct(own, k->machines[i], 64);
    return found;
}

/* ---- cards ---- */

bool access_card_is(futu_str card, futu_str wanted)
{
    if (wanted.n == 4 && card.n > 4)
        card = (futu_str){ card.p + card.n - 4, 4 };
    return str_eq(card, wanted);
}

/* The one account of a card; false: none, or several. */
static bool find_account(const struct access *a, futu_str wanted, uint64_t *out, bool *several)
{
    bool found = false;
    *several = false;
    for (size_t i = 0; i < a->n_cards; i++) {
        const struct access_card *c = &a->cards[i];
        if (!access_card_is(c->card, wanted) && !access_card_is(c->uni_card, wanted))
            continue;
        *several = *several || (found && *out != c->acc_id);
        *out = c->acc_id;
        found = true;
    }
    return found && !*several;
}

static void add(uint64_t *ids, size_t *n, uint64_t id)
{
    for (size_t i = 0; i < *n; i++)
        if (ids[i] == id)
            return;
    ids[(*n)++] = id;
}

futu_err cards_resolve(const struct access *a, const struct key_rules *k, uint64_t **out, size_t *n)
{
    bool several;
    uint64_t id = 0;
    *out = NULL;
    *n = 0;
    if (k->n_acc_ids == 0 && k->n_cards == 0)
        return FUTU_OK;
    uint64_t *ids = *out = mem_array(k->n_acc_ids + k->n_cards, sizeof(*ids));
    if (!ids)
        return FUTU_ENOMEM;
    for (size_t i = 0; i < k->n_acc_ids; i++)
        add(ids, n, k->acc_ids[i]);
    for (size_t i = 0; i < k->n_cards; i++) {
        futu_str card = str_c(k->cards[i]);
        if (find_account(a, card, &id, &several))
            add(ids, n, id);
        else if (a->cards_known)
            log_warn("key %s: card ...%s is skipped: %s account has it", k->id,
                     card.p + card.n - 4, several ? "more than one" : "no");
    }
    if (*n == 0)                /* an account that nobody has: none may be seen */
        *n = 1;
    return FUTU_OK;
}
