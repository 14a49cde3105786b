"""registry.c: the rows of protocols.tsv as a C table, checked against the schema."""
import csv
import re

import names
from schema import SchemaError

COLUMNS = ("id name file kind scope freq freq_by freq_when gap_ms write freq_text request response "
           "rest mcp cli").split()
KINDS = {"req": "PROTO_REQUEST", "push": "PROTO_PUSH"}
FREQ_BY = {"-": "FREQ_NONE", "gateway": "FREQ_GATEWAY", "account": "FREQ_ACCOUNT"}
FREQ_WHEN = {"-": "FREQ_ALWAYS", "always": "FREQ_ALWAYS", "refresh": "FREQ_REFRESH",
             "first-page": "FREQ_FIRST_PAGE"}
BOOLS = {"-": "false", "y": "true"}
SCOPES = {"none": 0, "qot:read": 1, "acc:read": 2, "trade:simulate": 4, "trade:real": 8,
          "trade:unlock": 16, "admin": 32, "metrics:read": 64}

HEAD = """\
/* registry.c - the protocols, generated from proto/protocols.tsv. See codec/registry.h. */
#include "codec/registry_rows.h"

"""


def pick(row, column, table):
    try:
        return table[row[column]]
    except KeyError:
        raise SchemaError(f"protocols.tsv: {row['name']}: {column} is '{row[column]}', "
                          f"expected one of {' '.join(sorted(table))}") from None


def number(row, column, low, high):
    text = row[column]
    if text == "-":
        return 0
    if not re.fullmatch(r"[0-9]+", text) or not low <= int(text) <= high:
        raise SchemaError(f"protocols.tsv: {row['name']}: {column} is '{text}', "
                          f"expected {low}..{high}")
    return int(text)


def scopes(row):
    mask = 0
    for word in row["scope"].split(","):
        mask |= pick({"name": row["name"], "scope": word}, "scope", SCOPES)
    return str(mask)


def message(row, column, known):
    name = row[column]
    if name == "-":
        return "NULL"
    if name not in known:
        raise SchemaError(f"protocols.tsv: {row['name']}: no message {name}")
    return f"&{names.c_name(name)}_msg"


def string(text):
    if text == "-":
        return "NULL"
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def convert(row, known):
    if None in row or None in row.values():
        raise SchemaError(f"protocols.tsv: {row.get('name')}: wrong number of columns")
    return {
        "id": number(row, "id", 1, 99999), "name": row["name"],
        "kind": row["kind"], "file": row["file"], "scope": row["scope"],
        "rest": row["rest"], "request": row["request"], "response": row["response"],
        "fields": [
            str(number(row, "id", 1, 99999)), string(row["name"]), pick(row, "kind", KINDS),
            pick(row, "freq_by", FREQ_BY), pick(row, "freq_when", FREQ_WHEN),
            str(number(row, "freq", 0, 255)), str(number(row, "gap_ms", 0, 60000)),
            pick(row, "write", BOOLS), string(row["freq_text"]), scopes(row), string(row["scope"]),
            string(row["rest"]), string(row["mcp"]), string(row["cli"]),
            message(row, "request", known), message(row, "response", known),
        ],
    }


def load(path, files):
    known = {m.full for f in files for m in f.messages}
    with open(path, encoding="utf-8", newline="") as f:
        reader = csv.DictReader((ln for ln in f if not ln.startswith("#")), delimiter="\t",
                                quoting=csv.QUOTE_NONE)
        if reader.fieldnames != COLUMNS:
            raise SchemaError(f"protocols.tsv: the columns must be {' '.join(COLUMNS)}")
        rows = sorted((convert(r, known) for r in reader), key=lambda r: r["id"])
    for column in ("id", "name"):
        values = [str(r[column]).lower() for r in rows]
        twice = {v for v in values if values.count(v) > 1}
        if twice:
            raise SchemaError(f"protocols.tsv: {column} {sorted(twice)[0]} is there twice")
    return rows


def text(rows):
    order = sorted(range(len(rows)), key=lambda i: rows[i]["name"].lower())
    out = [HEAD, "const struct proto_row registry_rows[] = {\n"]
    out.extend(f"    {{ {', '.join(r['fields'])} }},\n" for r in rows)
    out.append("};\n")
    out.append("const size_t registry_n_rows = ARRAY_LEN(registry_rows);\n")
    out.append("const uint16_t registry_by_name[] = { " + ", ".join(map(str, order)) + " };\n")
    return "".join(out)
