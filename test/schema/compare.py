#!/usr/bin/python3
"""compare.py - proto/ against what it has to be.

compare.py tables               every message, field and enum value against test/data/messages.tsv
                                and enums.tsv, both ways; proto/protocols.tsv against
                                test/data/proto-ids.tsv and against the messages it names
compare.py published FOLDER     every file that the official package's proto folder also has,
                                field by field and value by value, but for the differences below

What counts is the compiled descriptor, so that comments, order and line breaks do not.
Prints what was compared. Exit status: 0 no difference, 1 a difference, 2 wrong usage or no input.
"""
import csv
import os
import re
import subprocess
import sys
import tempfile

from google.protobuf import descriptor_pb2

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROTO = os.path.join(ROOT, "proto")
DATA = os.path.join(ROOT, "test", "data")

LABEL = {1: "optional", 2: "required", 3: "repeated"}
COLUMNS = ("id name file kind scope freq freq_by freq_when gap_ms write freq_text "
           "request response rest mcp cli").split()

# Where ours and the published files may differ, each with its reason. Nothing else may, and each of
# these still must.
KNOWN = {
    "file: only ours: Qot_GetHistoryKL.proto": "3100 is legacy, no longer shipped",
    "file: only ours: Qot_GetHistoryKLPoints.proto": "3101 is legacy, no longer shipped",
    "file: only ours: Qot_GetRehab.proto": "3102 is legacy, no longer shipped",
}

# What this project adds to the protocol: whole protocols of its own, and fields with high tags that
# other gateways and SDKs skip as unknown.
OWN_PREFIX, OWN_TAG, OWN_ID = "Gateway_", 900, 60000
OWN_MESSAGES = {"Trd_UnlockTrade.AccResult"}
SERVICE = "futu_service.proto"      # of gRPC; the vendor has none
UNPUBLISHED = range(22701, 22711)       # known by number only; the SDK does not have them

failures = 0


def fail(text):
    global failures
    failures += 1
    print("  " + text)


def die(text):
    sys.stderr.write("compare.py: %s\n" % text)
    sys.exit(2)


def load(folder):
    """The FileDescriptorProtos of every .proto in a folder, by file name."""
    names = sorted(n for n in os.listdir(folder) if n.endswith(".proto") and n != SERVICE)
    if not names:
        die("no .proto files in " + folder)
    with tempfile.TemporaryDirectory() as tmp:
        out = os.path.join(tmp, "set.pb")
        done = subprocess.run(["protoc", "--descriptor_set_out=" + out, "-I", folder] + names,
                              cwd=folder, stderr=subprocess.PIPE, text=True)
        if done.returncode != 0:
            sys.stderr.write(done.stderr)
            die("protoc failed in " + folder)
        with open(out, "rb") as f:
            files = descriptor_pb2.FileDescriptorSet.FromString(f.read())
    return {f.name: f for f in files.file}


def type_of(field):
    """(kind, type) as the tables spell them."""
    kinds = descriptor_pb2.FieldDescriptorProto
    if field.type == kinds.TYPE_MESSAGE:
        return "message", field.type_name.lstrip(".")
    if field.type == kinds.TYPE_ENUM:
        return "enum", field.type_name.lstrip(".")
    return "scalar", kinds.Type.Name(field.type)[len("TYPE_"):].lower()


def flatten(files):
    """Fields {(file, message, tag, name, label, kind, type)}, values {(file, enum, name, value)},
    defaults {(message, field): text}."""
    fields, values, defaults = set(), set(), {}

    def enum(name, e, prefix):
        values.update((name, prefix + e.name, v.name, str(v.number)) for v in e.value)

    def message(name, m, prefix):
        full = prefix + m.name
        for f in m.field:
            fields.add((name, full, str(f.number), f.name, LABEL[f.label]) + type_of(f))
            if f.HasField("default_value"):
                defaults[full, f.name] = f.default_value
        if all(f.number >= OWN_TAG for f in m.field) and prefix + m.name not in OWN_MESSAGES:
            fields.add((name, full) + ("",) * 5)
        for sub in m.nested_type:
            message(name, sub, full + ".")
        for e in m.enum_type:
            enum(name, e, full + ".")

    for name, f in files.items():
        for m in f.message_type:
            message(name, m, f.package + ".")
        for e in f.enum_type:
            enum(name, e, f.package + ".")
    return fields, values, defaults


def table(path):
    with open(path, encoding="utf-8", newline="") as f:
        rows = list(csv.DictReader(f, delimiter="\t", quoting=csv.QUOTE_NONE))
    if not rows:
        die("no rows in " + path)
    return rows


def differences(what, ours, theirs):
    """One line for each item that only one side has."""
    return (["%s: only ours: %s" % (what, " ".join(i)) for i in sorted(ours - theirs)] +
            ["%s: missing: %s" % (what, " ".join(i)) for i in sorted(theirs - ours)])


def own_file(name):
    return name.startswith(OWN_PREFIX)


def without_own(fields):
    """The fields that come from outside."""
    return {f for f in fields
            if not own_file(f[0]) and not (f[2] and int(f[2]) >= OWN_TAG)}


def report(found, known=()):
    for line in found:
        if line not in known:
            fail(line)
    for line in known:
        if line not in found:
            fail("no difference any more: " + line)


def keys(rows, columns):
    """The rows as a set of tuples; a row that stands twice is a failure."""
    out = [tuple(r[c] for c in columns.split()) for r in rows]
    for row in sorted({r for r in out if out.count(r) > 1} if len(set(out)) < len(out) else ()):
        fail("stands twice: " + " ".join(row))
    return set(out)


def check_tables():
    files = load(PROTO)
    fields, values, defaults = flatten(files)
    rows = table(os.path.join(DATA, "messages.tsv"))
    erows = table(os.path.join(DATA, "enums.tsv"))
    report(differences("message", without_own(fields),
                       keys(rows, "file message tag field label kind type")))
    report(differences("enum", {v for v in values if not own_file(v[0])},
                       keys(erows, "file enum name value")))
    for name, f in files.items():
        if f.package != name[:-len(".proto")]:
            fail("%s: package %s" % (name, f.package))
    rets = {(m, n) for _, m, _, n, label, _, _ in fields if n == "retType" and label == "required"}
    if defaults != {key: "-400" for key in rets}:
        fail("defaults: only retType has one, and it is -400: %s"
             % sorted(set(defaults.items()) ^ {(key, "-400") for key in rets}))
    print("tables: %d rows of messages and %d enum values in %d files, %d defaults"
          % (len(rows), len(erows), len(files), len(rets)))
    check_protocols(fields)


PATTERNS = {
    "freq": r"-|[1-9]\d*", "freq_by": "gateway|account|-",
    "freq_when": "always|refresh|first-page|-", "gap_ms": r"-|[1-9]\d*", "write": "y|-",
    "freq_text": "-|[^ -~].*", "rest": "-|/api/[a-z-]+", "mcp": "-|futu_[a-z_]+",
    "cli": "-|[a-z][a-z-]*",
}


def row_faults(row, messages, packets):
    """What is wrong with one row by itself."""
    published = row["file"] != "-"
    for col in ("request", "response"):
        if row[col] == "-":
            continue
        if row[col] not in messages:
            yield "no message " + row[col]
        if row[col].split(".")[0] + ".proto" != row["file"]:
            yield "%s is not in %s" % (row[col], row["file"])
    if (row["response"] != "-") != published:
        yield "a response exactly if there is a file"
    if (row["request"] != "-") != (published and row["kind"] == "req"):
        yield "a request exactly if there is a file and it can be asked"
    for col, pattern in PATTERNS.items():
        if not re.fullmatch(pattern, row[col]):
            yield "%s: %s" % (col, row[col])
    if len({row[c] == "-" for c in ("freq", "freq_by", "freq_when", "freq_text")}) != 1:
        yield "a limit needs freq, freq_by, freq_when and freq_text"
    if row["gap_ms"] != "-" and row["freq"] == "-":
        yield "a distance without a limit"
    if (row["write"] == "y") != (row["name"] + ".C2S" in packets):
        yield "a write is what carries a packetID"


def check_protocols(fields):
    rows = table(os.path.join(PROTO, "protocols.tsv"))
    if list(rows[0]) != COLUMNS:
        fail("protocols.tsv: columns are %s" % list(rows[0]))
        return
    ids = table(os.path.join(DATA, "proto-ids.tsv"))
    for row in rows:
        if own_file(row["name"]) != (int(row["id"]) > OWN_ID):
            fail("protocols.tsv: %s %s: ids of our own are above %d" %
                 (row["id"], row["name"], OWN_ID))
    outside = [r for r in rows if not own_file(r["name"]) and int(r["id"]) not in UNPUBLISHED]
    report(differences("protocols.tsv", keys(outside, "id name file kind scope"),
                       keys(ids, "id name file kind scope_guess")))
    order = [int(r["id"]) for r in rows]
    if order != sorted(set(order)):
        fail("protocols.tsv: ids do not rise strictly")
    messages = {m for _, m, *_ in fields}
    packets = {m for _, m, _, n, *_ in fields if n == "packetID"}
    for row in rows:
        for text in row_faults(row, messages, packets):
            fail("protocols.tsv: %s %s: %s" % (row["id"], row["name"], text))
    for col in ("request", "response", "rest", "mcp", "cli"):
        used = [r[col] for r in rows if r[col] != "-"]
        for twice in sorted({u for u in used if used.count(u) > 1}):
            fail("protocols.tsv: %s: %s stands twice" % (col, twice))
    print("protocols: %d rows, ids, names, files, kinds and scopes as in proto-ids.tsv" % len(rows))


def check_published(folder):
    ours, theirs = load(PROTO), load(folder)
    ours = {n: f for n, f in ours.items() if not own_file(n)}
    shared = set(ours) & set(theirs)
    a = flatten({n: ours[n] for n in shared})
    b = flatten({n: theirs[n] for n in shared})
    report(differences("file", {(n,) for n in ours}, {(n,) for n in theirs}) +
           differences("message", without_own(a[0]), b[0]) +
           differences("enum", a[1], b[1]) +
           differences("default", {(*k, v) for k, v in a[2].items()},
                       {(*k, v) for k, v in b[2].items()}), KNOWN)
    for name in sorted(shared):
        if ours[name].package != theirs[name].package:
            fail("%s: package %s" % (name, theirs[name].package))
    print("published: %d fields and %d enum values in %d shared files, %d known differences"
          % (len(b[0]), len(b[1]), len(shared), len(KNOWN)))


def main(args):
    if args == ["tables"]:
        check_tables()
    elif len(args) == 2 and args[0] == "published" and os.path.isdir(args[1]):
        check_published(args[1])
    else:
        sys.stderr.write(__doc__)
        return 2
    if failures:
        print("%d differences" % failures)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
