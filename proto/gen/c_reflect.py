"""grpc_desc.c: the descriptors of all services of gRPC, for reflection; as declared in
libfutu/surface/grpc_desc.h."""
import pathlib
import subprocess
import tempfile

from google.protobuf import descriptor_pb2

import service
from c_registry import string
from schema import SchemaError

STANDARD = ("grpc/health/v1/health.proto", "grpc/reflection/v1/reflection.proto",
            "grpc/reflection/v1alpha/reflection.proto")
HEAD = """\
/* grpc_desc.c - descriptors of the gRPC services, generated from proto/. See surface/grpc_desc.h. */
#include "surface/grpc_desc.h"

"""
LINE = 64


def load(folder, typed):
    """The files of all services, and those that they import. `typed`: text of futu_v1.proto."""
    with tempfile.TemporaryDirectory() as tmp:
        out = pathlib.Path(tmp) / "set"
        (pathlib.Path(tmp) / service.NAME).write_text(typed, encoding="utf-8")
        ours = [name for name in (service.FILE, *STANDARD) if (folder / name).exists()]
        cmd = ["protoc", f"--proto_path={folder}", f"--proto_path={tmp}", "--include_imports",
               f"--descriptor_set_out={out}", service.NAME, *ours]
        done = subprocess.run(cmd, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SchemaError(done.stderr.strip())
        return descriptor_pb2.FileDescriptorSet.FromString(out.read_bytes()).file


def add_messages(out, prefix, messages, i):
    for m in messages:
        name = f"{prefix}.{m.name}"
        out[name] = i
        out.update((f"{name}.{e.name}", i) for e in m.enum_type)
        add_messages(out, name, m.nested_type, i)


def symbols(files):
    out = {}
    for i, f in enumerate(files):
        add_messages(out, f.package, f.message_type, i)
        out.update((f"{f.package}.{e.name}", i) for e in f.enum_type)
        for s in f.service:
            out[f"{f.package}.{s.name}"] = i
            out.update((f"{f.package}.{s.name}.{m.name}", i) for m in s.method)
    return sorted(out.items())


def array(name, data):
    lines = [", ".join(str(b) for b in data[i:i + LINE]) for i in range(0, len(data), LINE)]
    return f"static const uint8_t {name}[] = {{\n" + ",\n".join(lines) + "\n};\n"


def text(files):
    out = [HEAD]
    rows, services = [], []
    for i, f in enumerate(files):
        data = f.SerializeToString(deterministic=True)
        out.append(array(f"file_{i}", data))
        rows.append(f"    {{ {string(f.name)}, file_{i}, {len(data)} }},\n")
        services.extend(f"{f.package}.{s.name}" for s in f.service)
    out.append("\nconst struct grpc_file grpc_files[] = {\n" + "".join(rows) + "};\n")
    out.append(f"const size_t grpc_n_files = {len(rows)};\n")
    found = symbols(files)
    out.append("const struct grpc_symbol grpc_symbols[] = {         /* by name */\n")
    out.extend(f"    {{ {string(name)}, {i} }},\n" for name, i in found)
    out.append(f"}};\nconst size_t grpc_n_symbols = {len(found)};\n")
    out.append("const char *const grpc_services[] = {\n")
    out.extend(f"    {string(s)},\n" for s in sorted(services))
    out.append(f"}};\nconst size_t grpc_n_services = {len(services)};\n")
    return "".join(out)
