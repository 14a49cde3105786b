"""The schema as Python objects: protoc reads the .proto files, this checks and simplifies.

Errors:  SchemaError for whatever the C side can't carry: groups, oneofs, maps, extensions, two names
         that become one in C or in JSON, a message that contains itself.
"""
import dataclasses
import pathlib
import subprocess
import tempfile

from google.protobuf import descriptor_pb2

import names
import service

FD = descriptor_pb2.FieldDescriptorProto
MAX_FIELDS = 128        # PB_MAX_FIELDS of codec.h

MAX_NAME = 100          # shorter than the room for a JSON name with escapes in json_in.c

# protobuf type -> (enum pb_type, C type of a value)
TYPES = {
    FD.TYPE_INT32: ("PB_INT32", "int32_t"),
    FD.TYPE_ENUM: ("PB_INT32", "int32_t"),
    FD.TYPE_INT64: ("PB_INT64", "int64_t"),
    FD.TYPE_UINT32: ("PB_UINT32", "uint32_t"),
    FD.TYPE_UINT64: ("PB_UINT64", "uint64_t"),
    FD.TYPE_BOOL: ("PB_BOOL", "bool"),
    FD.TYPE_FLOAT: ("PB_FLOAT", "float"),
    FD.TYPE_DOUBLE: ("PB_DOUBLE", "double"),
    FD.TYPE_STRING: ("PB_STRING", "futu_str"),
    FD.TYPE_BYTES: ("PB_BYTES", "futu_str"),
    FD.TYPE_MESSAGE: ("PB_MESSAGE", None),
}
LABELS = {
    FD.LABEL_OPTIONAL: "PB_OPTIONAL",
    FD.LABEL_REQUIRED: "PB_REQUIRED",
    FD.LABEL_REPEATED: "PB_REPEATED",
}


class SchemaError(Exception):
    pass


@dataclasses.dataclass
class Field:
    tag: int
    name: str           # as declared
    camel: str
    snake: str
    member: str         # in the C struct
    pb_type: str
    c_type: str
    label: str
    sub: str            # full name of the message type, or None
    enum: str           # full name of the enum type, or None
    comment: str

    @property
    def repeated(self):
        return self.label == "PB_REPEATED"

    @property
    def has_flag(self):
        """A singular number: only these need a flag beside the value."""
        return not self.repeated and self.c_type not in ("futu_str",) and not self.sub


@dataclasses.dataclass
class Message:
    full: str           # Qot_Common.KLine
    fields: list        # ascending tags
    comment: str

    @property
    def c(self):
        return names.c_name(self.full)


@dataclasses.dataclass
class Enum:
    full: str
    values: list        # (C name, number, comment)
    comment: str

    @property
    def c(self):
        return names.c_name(self.full)


@dataclasses.dataclass
class File:
    name: str           # Qot_Common.proto
    package: str
    comment: str
    enums: list
    messages: list


def run_protoc(folder):
    protos = sorted(p.name for p in folder.glob("*.proto") if p.name != service.FILE)
    if not protos:
        raise SchemaError(f"no .proto file in {folder}")
    with tempfile.TemporaryDirectory() as tmp:
        out = pathlib.Path(tmp) / "set"
        cmd = ["protoc", f"--proto_path={folder}", "--include_imports", "--include_source_info",
               f"--descriptor_set_out={out}", *protos]
        done = subprocess.run(cmd, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SchemaError(done.stderr.strip())
        return descriptor_pb2.FileDescriptorSet.FromString(out.read_bytes())


def comment_behind(lines, at):
    """The comment that begins behind the code of a line and goes on below itself, and how many lines
    it has. protoc takes all but the first for the comment of what comes next."""
    code, mark, text = lines[at].partition("//")
    if not mark or not code.strip():
        return "", 0
    parts = [text.strip()]
    for line in lines[at + 1:]:
        before, mark, text = line.partition("//")
        if not mark or before.strip() or len(before) != len(code):
            break
        parts.append(text.strip())
    return " ".join(parts), len(parts)


class Comments:
    """Comment of a place in the file, by its protobuf path."""

    def __init__(self, fd, lines):
        self.at = {}
        for loc in fd.source_code_info.location:
            parts = [" ".join(p.split()) for p in (loc.leading_comments, loc.trailing_comments)]
            line = loc.span[0]
            above = line - 1
            while above >= 0 and lines[above].lstrip().startswith("//"):
                above -= 1
            n = comment_behind(lines, above)[1] if above >= 0 else 0
            if n > 1:           # its lower lines stand above this place and are not about it
                own = lines[above + n:line]
                parts[0] = " ".join(o.strip().removeprefix("//").strip() for o in own)
            behind, n = comment_behind(lines, line)
            if n > 1:
                parts[1] = behind
            text = " ".join(" ".join(p.split()) for p in parts if p.strip())
            if text:
                self.at[tuple(loc.path)] = text.replace("*/", "* /")
        detached = [d for loc in fd.source_code_info.location if list(loc.path) in ([12], [2])
                    for d in loc.leading_detached_comments]
        head = self.at.get((12,)) or (" ".join(detached[0].split()) if detached else "")
        self.head = head.replace("*/", "* /")

    def get(self, path):
        return self.at.get(path, "")


def make_field(msg, f, comment):
    if f.type not in TYPES or f.HasField("oneof_index") or f.extendee:
        raise SchemaError(f"{msg}.{f.name}: a kind of field that the codec does not carry")
    pb_type, c_type = TYPES[f.type]
    full = f.type_name.lstrip(".")
    sub = full if f.type == FD.TYPE_MESSAGE else None
    return Field(f.number, f.name, f.json_name, names.snake(f.name), names.c_member(f.name), pb_type,
                 c_type or names.c_name(sub), LABELS[f.label], sub,
                 full if f.type == FD.TYPE_ENUM else None, comment)


def check_spellings(msg):
    """Each spelling leads to one field only, and so does each member of the C struct."""
    owner, members = {}, {}
    for f in msg.fields:
        if len(f.name) > MAX_NAME:
            raise SchemaError(f"{msg.full}.{f.name}: a name over {MAX_NAME} characters")
        for s in {f.name, f.camel, f.snake}:
            if owner.setdefault(s, f) is not f:
                raise SchemaError(f"{msg.full}: '{s}' is a spelling of two fields")
        taken = [f.member] + (["has_" + f.member] if f.has_flag else [])
        for s in taken + (["n_" + f.member] if f.repeated else []):
            if members.setdefault(s, f) is not f:
                raise SchemaError(f"{msg.full}: two members would be named '{s}'")
    if len(msg.fields) > MAX_FIELDS:
        raise SchemaError(f"{msg.full}: more than {MAX_FIELDS} fields")


def make_enum(prefix, package, e, comments, path):
    values = [(names.c_name(package) + "_" + v.name, v.number, comments.get(path + (2, i)))
              for i, v in enumerate(e.value)]
    return Enum(f"{prefix}.{e.name}", values, comments.get(path))


def add_message(out, prefix, m, comments, path):
    full = f"{prefix}.{m.name}"
    if m.oneof_decl or m.extension or m.extension_range or m.options.map_entry:
        raise SchemaError(f"{full}: oneof, extension or map")
    for i, e in enumerate(m.enum_type):
        out.enums.append(make_enum(full, out.package, e, comments, path + (4, i)))
    for i, n in enumerate(m.nested_type):
        add_message(out, full, n, comments, path + (3, i))
    fields = [make_field(full, f, comments.get(path + (2, i))) for i, f in enumerate(m.field)]
    msg = Message(full, sorted(fields, key=lambda f: f.tag), comments.get(path))
    check_spellings(msg)
    out.messages.append(msg)


def make_file(fd, lines):
    if fd.syntax not in ("", "proto2"):
        raise SchemaError(f"{fd.name}: not proto2")
    if fd.extension or fd.service:
        raise SchemaError(f"{fd.name}: extension or service")
    comments = Comments(fd, lines)
    out = File(fd.name, fd.package, comments.head, [], [])
    for i, e in enumerate(fd.enum_type):
        out.enums.append(make_enum(fd.package, fd.package, e, comments, (5, i)))
    for i, m in enumerate(fd.message_type):
        add_message(out, fd.package, m, comments, (4, i))
    return out


def check_c_names(files):
    seen = {}
    for f in files:
        for full, c in [(m.full, m.c) for m in f.messages] + [(e.full, e.c) for e in f.enums] + \
                       [(f"{e.full}: {v[0]}", v[0]) for e in f.enums for v in e.values]:
            if c in seen:
                raise SchemaError(f"{full} and {seen[c]} are both {c} in C")
            seen[c] = full


def check_no_cycle(files):
    """The deepest nesting follows from the schema alone, since no message contains itself."""
    subs = {m.full: {f.sub for f in m.fields if f.sub} for file in files for m in file.messages}
    done, open_ = set(), set()

    def visit(m):
        if m in open_:
            raise SchemaError(f"{m} contains itself")
        if m in done:
            return
        open_.add(m)
        for s in subs[m]:
            visit(s)
        open_.discard(m)
        done.add(m)

    for m in subs:
        visit(m)


def load(folder):
    """All files, imported ones before those that import them."""
    files = [make_file(fd, (folder / fd.name).read_text(encoding="utf-8").splitlines())
             for fd in run_protoc(folder).file]
    check_c_names(files)
    check_no_cycle(files)
    return files
