"""futu/proto.h: the messages as plain C structs, with the comments of the .proto files."""
import textwrap

HEAD = """\
/* futu/proto.h - every message of the protocols as a plain C struct, generated from proto/.
 *
 * A field `x` becomes
 *   singular number or bool   T x; and bool has_x; (the flags stand at the end of the struct)
 *   string, bytes             futu_str x;             present when x.p != NULL
 *   message                   M *x;                   present when not NULL
 *   repeated                  size_t n_x; T *x;       numbers, futu_str or messages, in a row
 *
 * An enum is the list of its constants; fields carry the number as int32_t, so that a number which
 * is newer than this header survives. A field or constant whose name is a word of C or C++ has a
 * `_` behind it. Prices and amounts are in the currency of the security or account, times as their
 * comments say. `NAME_msg` describes NAME to the functions that take a `const futu_msg *`.
 */
#ifndef FUTU_PROTO_H
#define FUTU_PROTO_H

#include "futu/base.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct futu_msg futu_msg;

"""

TAIL = """\
#ifdef __cplusplus
}
#endif

#endif
"""

WIDTH = 100


def comment(text, indent):
    if not text:
        return ""
    pad = " " * indent
    one = f"{pad}/* {text} */"
    if len(one) <= WIDTH:
        return one + "\n"
    lines = textwrap.wrap(text, WIDTH - indent - 3)
    return pad + "/* " + f"\n{pad} * ".join(lines) + " */\n"


def line(decl, text, indent):
    """A declaration with its comment behind it when there is room, else above it."""
    if not text:
        return " " * indent + decl + "\n"
    one = f"{' ' * indent}{decl:<40}/* {text} */"
    if len(one) <= WIDTH and len(decl) < 40:
        return one + "\n"
    return comment(text, indent) + " " * indent + decl + "\n"


def enum(e):
    rows = "".join(line(f"{name} = {number},", text, 4) for name, number, text in e.values)
    return comment(e.comment, 0) + f"enum {e.c} {{\n{rows}}};\n\n"


def member(f):
    if f.repeated:
        return [f"size_t n_{f.member};", f"{f.c_type} *{f.member};"]
    return [f"{f.c_type} {'*' if f.sub else ''}{f.member};"]


def flags(fields):
    """The has_ flags, a few a line."""
    text = ", ".join(f"has_{f.member}" for f in fields if f.has_flag)
    if not text:
        return ""
    rows = textwrap.wrap(f"bool {text};", WIDTH - 4, subsequent_indent="     ",
                         break_long_words=False)
    return "".join(f"    {r}\n" for r in rows)


def struct(m):
    out = [comment(m.comment, 0), f"struct {m.c} {{\n"]
    for f in m.fields:
        decls = member(f)
        out.extend(f"    {d}\n" for d in decls[:-1])
        out.append(line(decls[-1], f.comment, 4))
    out.append(flags(m.fields))
    if not m.fields:
        out.append(line("char no_fields;", "the message has none", 4))
    out.append("};\n\n")
    return "".join(out)


def text(files):
    out = [HEAD]
    messages = [m for f in files for m in f.messages]
    out.extend(f"typedef struct {m.c} {m.c};\n" for m in messages)
    out.append("\n")
    for f in files:
        out.append(f"/* ---- {f.name} ---- */\n\n" + comment(f.comment, 0))
        out.append("\n" if f.comment else "")
        out.extend(enum(e) for e in f.enums)
        out.extend(struct(m) for m in f.messages)
        out.extend(f"extern FUTU_API const futu_msg {m.c}_msg;\n" for m in f.messages)
        out.append("\n")
    out.append(TAIL)
    return "".join(out)
