/* device.c - see device.h. */
#include "login/device.h"

#include <ctype.h>
#include <stdio.h>

#include "base/log.h"
#include "crypt/digest.h"
#include "crypt/random.h"
#include "login/cred.h"

bool device_id_read(futu_str text, char out[DEVICE_ID + 1])
{
    uint8_t raw[DEVICE_ID / 2];
    while (text.n && isspace((unsigned char)text.p[text.n - 1]))
        text.n--;
    if (text.n != DEVICE_ID || !hex_read(text, raw, sizeof(raw)))
        return false;
    hex_lower(raw, sizeof(raw), out);
    return true;
}

void device_file(const struct account *a, char out[STATE_NAME_MAX])
{
    snprintf(out, STATE_NAME_MAX, "device-%s.dat", a->hash);
}

static futu_err save(const struct state *s, const struct account *a, const char *id, char *why,
                     size_t size)
{
    char name[STATE_NAME_MAX];
    device_file(a, name);
    return state_write(s, name, id, DEVICE_ID, why, size);
}

/* FUTU_ENOTFOUND also for a file that holds something else, which is then out of the way. */
static futu_err read_saved(const struct state *s, const struct account *a, char out[DEVICE_ID + 1],
                           char *why, size_t size)
{
    char name[STATE_NAME_MAX], as[STATE_NAME_MAX];
    struct secret text = SECRET_NULL;
    device_file(a, name);
    futu_err err = state_read(s, name, &text, why, size);
    bool fine = !err && device_id_read((futu_str){ (const char *)text.p, text.n }, out);
    secret_wipe(&text);
    if (fine || (err && err != FUTU_ELIMIT))
        return err;
    err = state_set_aside(s, name, as, why, size);
    if (err)
        return err;
    log_warn("state: %s is not 16 hex digits; it is kept as %s, and the broker may ask for an SMS "
             "code", name, as);
    return FUTU_ENOTFOUND;
}

futu_err device_load(const struct state *s, const struct account *a, const char *given,
                     const char *known, char out[DEVICE_ID + 1], char *why, size_t size)
{
    char saved[DEVICE_ID + 1] = "";
    if (given && !device_id_read(str_c(given), out)) {
        snprintf(why, size, "--device-id: 16 hex digits, such as abcdef0123456789");
        return FUTU_EINVAL;
    }
    futu_err err = read_saved(s, a, saved, why, size);
    if (err && err != FUTU_ENOTFOUND)
        return err;
    if (given && strcmp(out, saved) == 0)
        return FUTU_OK;
    if (given)
        return save(s, a, out, why, size);
    if (!err) {
        memcpy(out, saved, sizeof(saved));
        return FUTU_OK;
    }
    if (!known || !device_id_read(str_c(known), out))
        return device_rotate(s, a, out, why, size);
    return save(s, a, out, why, size);
}

futu_err device_rotate(const struct state *s, const struct account *a, char out[DEVICE_ID + 1],
                       char *why, size_t size)
{
    uint8_t raw[DEVICE_ID / 2];
    random_bytes(raw, sizeof(raw));
    hex_lower(raw, sizeof(raw), out);
    return save(s, a, out, why, size);
}

futu_err device_reset(const struct state *s, const struct account *a, const struct terminal *t,
                      char *why, size_t size)
{
    char names[4][STATE_NAME_MAX], question[256];
    /* Credentials first: what is left of them would bring the old id back. */
    cred_side_file(a, PLATFORM_FUTUNN, names[0]);
    cred_side_file(a, PLATFORM_MOOMOO, names[1]);
    cred_file(a, names[2]);
    device_file(a, names[3]);
    snprintf(question, sizeof(question),
             "Forget device id and saved login of account %s? The broker will ask for an SMS code.",
             a->typed);
    if (!terminal_present(t)) {
        log_warn("--reset-device: there is no terminal to ask on; device id and saved login of "
                 "account %s are removed", a->typed);
    } else if (!terminal_confirm(t, question)) {
        snprintf(why, size, "--reset-device: nothing was removed");
        return FUTU_ECANCELED;
    }
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        futu_err err = state_remove(s, names[i], why, size);
        if (err && err != FUTU_ENOTFOUND)
            return err;
    }
    return FUTU_OK;
}
