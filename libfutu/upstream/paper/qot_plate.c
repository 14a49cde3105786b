/* qot_plate.c - plates and the plates of a security.
 *
 * Plates come from the security lists: US sectors and industries, Hong Kong boards and funds, the
 * Chinese exchanges and boards. As with the vendor, Shanghai and Shenzhen share one set.
 *
 * Threads: the gateway's loop thread only.
 */
#include "upstream/paper/qot.h"

#include <stdio.h>

#include "base/mem.h"

#define PLATES_MAX 512
#define OWNER_MAX 200

enum plate_by { BY_SECTOR, BY_INDUSTRY, BY_BOARD, BY_KIND_ETF, BY_KIND_REIT, BY_CN_PREFIX };

static int32_t plate_market(int32_t market)
{
    return market == MARKET_SZ ? MARKET_SH : market;
}

/* The first digits of the codes of a Chinese board. */
static const struct {
    const char *name, *prefix;
    int32_t market;
} cn_boards[] = {
    { "上证主板", "60", MARKET_SH },
    { "科创板", "688", MARKET_SH },
    { "深证主板", "00", MARKET_SZ },
    { "创业板", "30", MARKET_SZ },
};

static bool in_cn_board(futu_str name, const struct security *s)
{
    for (size_t i = 0; i < ARRAY_LEN(cn_boards); i++)
        if (str_is(name, cn_boards[i].name))
            return s->kind == KIND_STOCK && s->market == cn_boards[i].market &&
                   strncmp(s->code, cn_boards[i].prefix, strlen(cn_boards[i].prefix)) == 0;
    return false;
}

bool plate_has(const struct plate *plate, const struct security *s)
{
    if (plate_market(s->market) != plate->market || s->kind == KIND_INDEX)
        return false;
    switch (plate->by) {
    case BY_SECTOR:
        return str_eq(s->sector, plate->name);
    case BY_INDUSTRY:
        return str_eq(s->industry, plate->name);
    case BY_BOARD:
        return s->kind == KIND_STOCK && str_eq(s->board, plate->name);
    case BY_KIND_ETF:
        return s->kind == KIND_ETF;
    case BY_KIND_REIT:
        return s->kind == KIND_REIT;
    default:
        return in_cn_board(plate->name, s);
    }
}

static futu_err add_plate(struct qot *q, int32_t market, uint8_t by, int32_t set_type,
                          futu_str name)
{
    if (!name.p || name.n == 0)
        return FUTU_OK;
    for (size_t i = 0; i < q->n_plates; i++)
        if (q->plates[i].market == market && q->plates[i].by == by &&
            str_eq(q->plates[i].name, name))
            return FUTU_OK;
    if (q->n_plates == PLATES_MAX)
        return FUTU_ELIMIT;
    struct plate *plate = &q->plates[q->n_plates++];
    *plate = (struct plate){ .market = market, .by = by, .set_type = set_type, .name = name };
    snprintf(plate->code, sizeof(plate->code), "LIST%02d%03u", (int)market,
             (unsigned)(q->n_plates % 1000));
    return FUTU_OK;
}

static futu_err add_plates_of(struct qot *q, const struct security *s)
{
    int32_t market = plate_market(s->market);
    futu_err err = add_plate(q, market, BY_SECTOR, Qot_Common_PlateSetType_Concept, s->sector);
    if (!err)
        err = add_plate(q, market, BY_INDUSTRY, Qot_Common_PlateSetType_Industry, s->industry);
    if (!err && s->kind == KIND_STOCK && s->market == MARKET_HK)
        err = add_plate(q, market, BY_BOARD, Qot_Common_PlateSetType_Other, s->board);
    if (!err && s->kind == KIND_ETF)
        err = add_plate(q, market, BY_KIND_ETF, Qot_Common_PlateSetType_Other, STR("ETF"));
    if (!err && s->kind == KIND_REIT)
        err = add_plate(q, market, BY_KIND_REIT, Qot_Common_PlateSetType_Other, STR("REIT"));
    return err;
}

futu_err plates_new(struct paper *p)
{
    struct qot *q = p->qot;
    futu_err err = FUTU_OK;
    q->plates = mem_array(PLATES_MAX, sizeof(*q->plates));
    if (!q->plates)
        return FUTU_ENOMEM;
    for (size_t i = 0; i < exchange_count(p->exchange) && !err; i++)
        err = add_plates_of(q, exchange_at(p->exchange, i));
    for (size_t i = 0; i < ARRAY_LEN(cn_boards) && !err; i++)
        err = add_plate(q, MARKET_SH, BY_CN_PREFIX, Qot_Common_PlateSetType_Other,
                        str_c(cn_boards[i].name));
    return err;
}

void plates_free(struct paper *p)
{
    mem_free(p->qot->plates);
}

const struct plate *plate_find(const struct paper *p, const Qot_Common_Security *s)
{
    for (size_t i = 0; i < p->qot->n_plates; i++) {
        const struct plate *plate = &p->qot->plates[i];
        if (plate->market == plate_market(s->market) && str_is(s->code, plate->code))
            return plate;
    }
    return NULL;
}

static futu_err fill_plate(struct arena *a, const struct plate *plate, Qot_Common_PlateInfo *out)
{
    out->plate = ARENA_NEW(a, Qot_Common_Security);
    if (!out->plate)
        return FUTU_ENOMEM;
    SET(out->plate, market, plate->market);
    out->plate->code = str_c(plate->code);
    out->name = plate->name;
    SET(out, plateType, plate->set_type);
    return FUTU_OK;
}

futu_err qot_plate_set(struct paper *p, struct call *c)
{
    const Qot_GetPlateSet_C2S *q = CALL_C2S(c, Qot_GetPlateSet);
    Qot_GetPlateSet_S2C *s2c = CALL_S2C(c, Qot_GetPlateSet);
    if (!s2c)
        return FUTU_ENOMEM;
    futu_err err = call_market(c, q->market);
    if (err)
        return err;
    if (q->plateSetType < 0 || q->plateSetType > Qot_Common_PlateSetType_Other)
        return call_fail(c, "plateSetType: %d is not in 0..4", (int)q->plateSetType);
    s2c->plateInfoList = ARENA_ARRAY(c->arena, Qot_Common_PlateInfo, p->qot->n_plates);
    if (!s2c->plateInfoList)
        return FUTU_ENOMEM;
    for (size_t i = 0; i < p->qot->n_plates && !err; i++) {
        const struct plate *plate = &p->qot->plates[i];
        if (plate->market == plate_market(q->market) &&
            (q->plateSetType == 0 || plate->set_type == q->plateSetType))
            err = fill_plate(c->arena, plate, &s2c->plateInfoList[s2c->n_plateInfoList++]);
    }
    return err;
}

static futu_err fill_owner(struct paper *p, struct arena *a, const struct security *s,
                           Qot_GetOwnerPlate_SecurityOwnerPlate *out)
{
    const struct qot *q = p->qot;
    size_t n = 0;
    out->security = make_security(a, s);
    out->name = s->name;
    for (size_t i = 0; i < q->n_plates; i++)
        n += plate_has(&q->plates[i], s);
    out->plateInfoList = ARENA_ARRAY(a, Qot_Common_PlateInfo, n);
    if (!out->security || !out->plateInfoList)
        return FUTU_ENOMEM;
    futu_err err = FUTU_OK;
    for (size_t i = 0; i < q->n_plates && !err; i++)
        if (plate_has(&q->plates[i], s))
            err = fill_plate(a, &q->plates[i], &out->plateInfoList[out->n_plateInfoList++]);
    return err;
}

futu_err qot_owner_plate(struct paper *p, struct call *c)
{
    const Qot_GetOwnerPlate_C2S *q = CALL_C2S(c, Qot_GetOwnerPlate);
    Qot_GetOwnerPlate_S2C *s2c = CALL_S2C(c, Qot_GetOwnerPlate);
    const struct security **secs;
    if (!s2c)
        return FUTU_ENOMEM;
    futu_err err = call_securities(p, c, q->securityList, q->n_securityList, OWNER_MAX, &secs);
    if (err)
        return err;
    s2c->ownerPlateList = ARENA_ARRAY(c->arena, Qot_GetOwnerPlate_SecurityOwnerPlate,
                                      q->n_securityList);
    if (!s2c->ownerPlateList)
        return FUTU_ENOMEM;
    for (size_t i = 0; i < q->n_securityList && !err; i++)
        err = fill_owner(p, c->arena, secs[i], &s2c->ownerPlateList[s2c->n_ownerPlateList++]);
    return err;
}
