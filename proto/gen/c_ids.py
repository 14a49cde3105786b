"""futu/proto_id.h: the number of each protocol under its name, in the order of protocols.tsv."""
import names

HEAD = """\
/* futu/proto_id.h - the numbers of the protocols, generated from proto/protocols.tsv:
 * Trd_PlaceOrder is PROTO_TRD_PLACE_ORDER. */
#ifndef FUTU_PROTO_ID_H
#define FUTU_PROTO_ID_H

enum futu_proto_id {
"""

TAIL = """\
};

#endif
"""


def constant(name):
    return "PROTO_" + names.snake(name).upper()


def text(rows):
    return HEAD + "".join(f"    {constant(r['name'])} = {r['id']},\n" for r in rows) + TAIL
