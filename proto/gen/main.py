"""Writes what the C side needs of the schema: futu/proto.h, futu/proto_id.h, proto_desc.c,
proto_doc.c, registry.c, grpc_desc.c; and futu_v1.proto for users of gRPC.

In:      --proto DIR with *.proto and protocols.tsv; protoc must be in the PATH.
Out:     --out DIR; each file is rewritten only when its text changes, so that nothing is rebuilt
         in vain.
Errors:  one line on stderr and exit status 1; no file is then touched.
"""
import argparse
import pathlib
import sys

import c_desc
import c_doc
import c_header
import c_ids
import c_reflect
import c_registry
import schema
import service


def write_if_changed(path, text):
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def main():
    ap = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ap.add_argument("--proto", type=pathlib.Path, required=True)
    ap.add_argument("--out", type=pathlib.Path, required=True)
    args = ap.parse_args()
    try:
        files = schema.load(args.proto)
        rows = c_registry.load(args.proto / "protocols.tsv", files)
        typed = service.text(rows)
        described = c_reflect.text(c_reflect.load(args.proto, typed))
    except schema.SchemaError as e:
        print(f"proto/gen: {e}", file=sys.stderr)
        return 1
    write_if_changed(args.out / "futu" / "proto.h", c_header.text(files))
    write_if_changed(args.out / "futu" / "proto_id.h", c_ids.text(rows))
    write_if_changed(args.out / "proto_desc.c", c_desc.text(files))
    write_if_changed(args.out / "proto_doc.c", c_doc.text(files, rows))
    write_if_changed(args.out / "registry.c", c_registry.text(rows))
    write_if_changed(args.out / service.NAME, typed)
    write_if_changed(args.out / "grpc_desc.c", described)
    return 0


if __name__ == "__main__":
    sys.exit(main())
