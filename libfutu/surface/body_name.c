/* body_name.c - see body_name.h. */
#include "surface/body_name.h"

#include "codec/json_name.h"
#include "surface/body.h"

/* The first row with the name whose field the call has. A short list: names of the protocol itself,
 * of the vendor's Python package, and those of the tools. */
static const struct alias {
    const char *name, *field;
    bool lone;
} aliases[] = {
    { "symbol", "security", false },        { "symbol", "code", false },
    { "symbol", "owner", false },           { "symbol", "securityList", true },
    { "code", "security", false },          { "code", "owner", false },
    { "code", "securityList", true },       { "stock", "security", false },
    { "stock", "code", false },             { "stock", "owner", false },
    { "stock", "securityList", true },      { "symbols", "securityList", false },
    { "codes", "securityList", false },     { "stocks", "securityList", false },
    { "code_list", "securityList", false }, { "symbol_list", "securityList", false },
    { "stock_list", "securityList", false }, { "plate_code", "plate", false },
    { "env", "trdEnv", false },             { "market", "trdMarket", false },
    { "account_id", "accID", false },       { "side", "trdSide", false },
    { "sub_types", "subTypeList", false }, { "acc_ids", "accIDList", false },
    { "accIds", "accIDList", false },       { "acc_id", "accIDList", true },
    { "accID", "accIDList", true },
    { "num", "reqNum", false },             { "num", "maxRetNum", false },
    { "max_count", "maxAckKLNum", false },  { "start", "beginTime", false },
    { "end", "endTime", false },            { "ktype", "klType", false },
    { "autype", "rehabType", false },
};

void body_shape(const struct proto_row *row, struct body_shape *s)
{
    *s = (struct body_shape){ .proto = row->id, .c2s = row->request };
    s->outer = codec_field(row->request, STR("c2s"));
    if (s->outer)
        s->c2s = s->outer->sub;
    const struct pb_field *head = codec_field(s->c2s, STR("header"));
    if (head && head->sub == &Trd_Common_TrdHeader_msg) {
        s->outer_head = head;
        s->head = head->sub;
    }
}

static struct body_name at(enum body_place place, size_t i, bool lone)
{
    return (struct body_name){ place, i, lone };
}

/* By a declared name; BODY_NONE when neither message has it. */
static struct body_name declared(const struct body_shape *s, futu_str name, bool lone)
{
    const struct pb_field *f = codec_field(s->c2s, name);
    if (f)
        return at(BODY_C2S, (size_t)(f - s->c2s->fields), lone);
    f = s->head ? codec_field(s->head, name) : NULL;
    return f ? at(BODY_HEAD, (size_t)(f - s->head->fields), lone) : at(BODY_NONE, 0, false);
}

static struct body_name alias(const struct body_shape *s, futu_str name)
{
    struct body_name found = at(BODY_NONE, 0, false);
    for (size_t k = 0; k < ARRAY_LEN(aliases) && found.place == BODY_NONE; k++)
        if (str_is(name, aliases[k].name))
            found = declared(s, str_c(aliases[k].field), aliases[k].lone);
    return found;
}

/* Names that stand for no field. */
static struct body_name special(const struct body_shape *s, futu_str name)
{
    if (s->head && (str_is(name, "card_num") || str_is(name, "cardNum")))
        return at(BODY_CARD, 0, false);
    if (s->proto == PROTO_QOT_GET_BASIC_QOT &&
        (str_is(name, "sub_type_list") || str_is(name, "subTypeList")))
        return at(BODY_SUB_TYPES, 0, false);
    return at(BODY_NONE, 0, false);
}

struct body_name body_head_name(const struct body_shape *s, futu_str name)
{
    size_t i = json_field(s->head, CODEC_REST, name, 0);
    if (i < s->head->n_fields)
        return at(BODY_HEAD, i, false);
    struct body_name found = alias(s, name);
    if (found.place == BODY_NONE)
        found = special(s, name);
    return found.place == BODY_C2S ? at(BODY_NONE, 0, false) : found;
}

struct body_name body_name(const struct body_shape *s, futu_str name, size_t hint)
{
    size_t i = json_field(s->c2s, CODEC_REST, name, hint);
    if (i < s->c2s->n_fields)
        return at(BODY_C2S, i, false);
    i = s->head ? json_field(s->head, CODEC_REST, name, 0) : 0;
    if (s->head && i < s->head->n_fields)
        return at(BODY_HEAD, i, false);
    struct body_name found = alias(s, name);
    return found.place != BODY_NONE ? found : special(s, name);
}

static void consider(const char *candidate, futu_str name, unsigned *least, const char **best)
{
    unsigned d = futu_word_distance(name, str_c(candidate));
    if (d < *least) {
        *least = d;
        *best = candidate;
    }
}

const char *body_nearest(const struct body_shape *s, bool in_head, futu_str name)
{
    unsigned least = json_near_enough(name);
    if (in_head)
        return json_nearest(s->head, CODEC_REST, name, &least);
    const char *best = json_nearest(s->c2s, CODEC_REST, name, &least);
    const char *other = s->head ? json_nearest(s->head, CODEC_REST, name, &least) : NULL;
    best = other ? other : best;
    for (size_t k = 0; k < ARRAY_LEN(aliases); k++)
        if (declared(s, str_c(aliases[k].field), false).place != BODY_NONE)
            consider(aliases[k].name, name, &least, &best);
    if (s->head)
        consider("card_num", name, &least, &best);
    return best;
}
