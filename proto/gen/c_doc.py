"""proto_doc.c: what the comments say about the messages that REST callers see, and which enum a number
stands for; as declared in libfutu/codec/doc.h."""
import re

import names
from c_registry import string

HEAD = """\
/* proto_doc.c - comments and enums of the messages behind the REST API, generated from proto/. */
#include "codec/doc.h"

"""
# "A Qot_Common.KLType.", "Qot_Common.SubType.", "A TrdEnv; absent: ..."; not "Sum of KLFields".
NAMES_ENUM = re.compile(r"(?:An? )?([A-Z]\w*(?:\.\w+)?)\b")


def reachable(files, rows):
    """Messages of the rows that have a REST path, in the order of their names."""
    by_name = {m.full: m for f in files for m in f.messages}
    open_ = [row[c] for row in rows if row["rest"] != "-" for c in ("request", "response")
             if row[c] != "-"]
    seen = set()
    while open_:
        name = open_.pop()
        if name not in seen:
            seen.add(name)
            open_.extend(f.sub for f in by_name[name].fields if f.sub)
    return [by_name[name] for name in sorted(seen)]


def enum_of(m, f, enums):
    """The enum whose numbers the field holds, or None."""
    if f.enum:
        return f.enum
    found = NAMES_ENUM.match(f.comment) if f.pb_type == "PB_INT32" else None
    if not found:
        return None
    package = m.full.split(".")[0]
    for name in (found.group(1), f"{package}.{found.group(1)}"):
        if name in enums:
            return name
    return None


def value_name(e, name):
    """Simulate of Trd_Common_TrdEnv_Simulate, in the enum TrdEnv."""
    name = name.removeprefix(names.c_name(e.full.split(".")[0]) + "_")
    return name.removeprefix(e.full.rsplit(".", 1)[-1] + "_")


def enum(e):
    values = "".join(f"    {{ {string(value_name(e, v[0]))}, {v[1]} }},\n" for v in e.values)
    return f"static const struct proto_value {e.c}_v[] = {{\n{values}}};\n"


def message(m, enums, used):
    rows = []
    for f in m.fields:
        name = enum_of(m, f, enums)
        if name:
            used.add(name)
        where = f"&{enums[name].c}_e" if name else "NULL"
        rows.append(f"    {{ {string(f.comment or '-')}, {where} }},\n")
    body = "".join(rows) or "    { NULL, NULL },\n"
    return f"static const struct proto_field_doc {m.c}_d[] = {{\n{body}}};\n"


def text(files, rows):
    enums = {e.full: e for f in files for e in f.enums}
    used = set()
    messages = reachable(files, rows)
    bodies = [message(m, enums, used) for m in messages]
    out = [HEAD]
    for name in sorted(used):
        e = enums[name]
        out.append(enum(e))
        out.append(f"static const struct proto_enum {e.c}_e = {{ {string(e.full)}, {len(e.values)}, "
                   f"{e.c}_v }};\n\n")
    out.extend(bodies)
    table = "".join(f"    {{ &{m.c}_msg, {string(m.comment or '-')}, {m.c}_d }},\n" for m in messages)
    out.append(f"\nconst struct proto_doc proto_docs[] = {{         /* by the message's name */\n"
               f"{table}}};\nconst size_t proto_n_docs = {len(messages)};\n")
    return "".join(out)
