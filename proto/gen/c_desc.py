"""proto_desc.c: one descriptor per message, as declared in libfutu/codec/codec.h."""

HEAD = """\
/* proto_desc.c - the descriptors of all messages, generated from proto/. See codec/codec.h. */
#include "codec/codec.h"

#define OFF(M, m) (uint16_t)offsetof(M, m)
#define SPELL(name, camel, snake)                                                                  \\
    sizeof(name) - 1, sizeof(camel) - 1, sizeof(snake) - 1, name, camel, snake

"""


def field(m, f):
    off_has = f"OFF({m.c}, has_{f.member})" if f.has_flag else \
              f"OFF({m.c}, n_{f.member})" if f.repeated else "0"
    sub = f"&{f.c_type}_msg" if f.sub else "NULL"
    enum = f'"{f.enum}"' if f.enum else "NULL"
    return (f"    {{ {f.tag}, {f.pb_type}, {f.label}, OFF({m.c}, {f.member}), {off_has},\n"
            f'      SPELL("{f.name}", "{f.camel}", "{f.snake}"), {sub}, {enum} }},\n')


def required(m):
    words = [0, 0]
    for i, f in enumerate(m.fields):
        if f.label == "PB_REQUIRED":
            words[i // 64] |= 1 << i % 64
    return ", ".join(f"UINT64_C({w:#x})" for w in words)


def message(m):
    flat = all(not f.repeated and not f.sub for f in m.fields)
    head = f'const futu_msg {m.c}_msg = {{ "{m.full}", '
    if not m.fields:
        return head + f"NULL, 0, sizeof({m.c}), true, {{ {{ 0 }} }}, NULL }};\n\n"
    rows = "".join(field(m, f) for f in m.fields)
    order = sorted(range(len(m.fields)), key=lambda i: m.fields[i].name)
    by_name = ", ".join(map(str, order))
    return (f"static const struct pb_field {m.c}_f[] = {{\n{rows}}};\n"
            f"static const uint16_t {m.c}_n[] = {{ {by_name} }};\n"
            f"{head}{m.c}_f, {len(m.fields)}, sizeof({m.c}), {str(flat).lower()},\n"
            f"    {{ {{ {required(m)} }} }}, {m.c}_n }};\n\n")


def text(files):
    out = [HEAD]
    out.extend(message(m) for f in files for m in f.messages)
    return "".join(out)
