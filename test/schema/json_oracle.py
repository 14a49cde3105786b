#!/usr/bin/python3
"""json_oracle.py TOOL - the codec against Google's own protobuf runtime.

For random messages of every protocol, from a fixed seed: what the C side writes as JSON must mean the
same message to Google's parser, what Google writes as JSON must give the same message here, and
decoding to a C struct and back must keep every byte of meaning. TOOL is the built codec_tool.
Exit status: 0 all agree, 1 a difference, 2 no input.
"""
import csv
import json
import math
import os
import random
import struct
import subprocess
import sys
import tempfile

from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROTO = os.path.join(ROOT, "proto")
ROUNDS = 2
TEXTS = ["", "00700", "腾讯控股", "a\"b\\c/\n\x01\x7f", "📈", "é" * 70, "2030-01-02 09:30:00"]
DOUBLES = [0.0, -0.0, 320.4, 0.1, 1 / 3, 1e15, 123456789.125, 1e-7, 5e-324, 1.7976931348623157e308,
           math.inf, -math.inf, math.nan, -12.5, 9007199254740993.0, 1e22, 1e23]


def classes():
    """All message classes by full name, compiled by protoc."""
    with tempfile.TemporaryDirectory() as tmp:
        out = os.path.join(tmp, "set")
        files = sorted(f for f in os.listdir(PROTO) if f.endswith(".proto"))
        subprocess.run(["protoc", f"-I{PROTO}", "--include_imports", f"--descriptor_set_out={out}",
                        *files], check=True)
        with open(out, "rb") as f:
            fds = descriptor_pb2.FileDescriptorSet.FromString(f.read())
    pool = descriptor_pool.DescriptorPool()
    for fd in fds.file:
        pool.Add(fd)
    if hasattr(message_factory, "GetMessageClass"):
        return lambda name: message_factory.GetMessageClass(pool.FindMessageTypeByName(name))
    factory = message_factory.MessageFactory(pool)
    return lambda name: factory.GetPrototype(pool.FindMessageTypeByName(name))


def number(rnd, low, high):
    return rnd.choice([low, high, 0, 1, rnd.randint(low, high), rnd.randint(0, min(high, 1000))])


def value(rnd, f):
    if f.cpp_type == f.CPPTYPE_INT32:
        return number(rnd, -2**31, 2**31 - 1)
    if f.cpp_type == f.CPPTYPE_INT64:
        return number(rnd, -2**63, 2**63 - 1)
    if f.cpp_type == f.CPPTYPE_UINT32:
        return number(rnd, 0, 2**32 - 1)
    if f.cpp_type == f.CPPTYPE_UINT64:
        return number(rnd, 0, 2**64 - 1)
    if f.cpp_type == f.CPPTYPE_BOOL:
        return rnd.random() < 0.5
    if f.cpp_type == f.CPPTYPE_ENUM:
        return rnd.choice(f.enum_type.values).number
    if f.cpp_type == f.CPPTYPE_DOUBLE:
        return rnd.choice(DOUBLES + [round(rnd.uniform(-1e5, 1e5), 3), rnd.uniform(-1, 1)])
    if f.cpp_type == f.CPPTYPE_FLOAT:
        v = rnd.choice([0.1, 1.5, -3.25e10, 16777216.0, math.inf, rnd.uniform(-100, 100)])
        return struct.unpack("<f", struct.pack("<f", v))[0]
    if f.type == f.TYPE_BYTES:
        return rnd.randbytes(rnd.randint(0, 9))
    return rnd.choice(TEXTS)


def fill(rnd, msg, depth=0):
    for f in msg.DESCRIPTOR.fields:
        if f.label == f.LABEL_REPEATED:
            for _ in range(0 if depth > 3 else rnd.randint(0, 2)):
                if f.cpp_type == f.CPPTYPE_MESSAGE:
                    fill(rnd, getattr(msg, f.name).add(), depth + 1)
                else:
                    getattr(msg, f.name).append(value(rnd, f))
        elif f.label == f.LABEL_REQUIRED or rnd.random() < 0.5:
            if f.cpp_type == f.CPPTYPE_MESSAGE:
                getattr(msg, f.name).SetInParent()
                fill(rnd, getattr(msg, f.name), depth + 1)
            else:
                setattr(msg, f.name, value(rnd, f))
    return msg


def jobs(get):
    """(verb, message name, argument, expected message) of every job."""
    rnd = random.Random(20300102)
    with open(os.path.join(PROTO, "protocols.tsv"), encoding="utf-8") as f:
        rows = list(csv.DictReader(f, delimiter="\t", quoting=csv.QUOTE_NONE))
    for name in sorted({r[c] for r in rows for c in ("request", "response")} - {"-"}):
        for i in range(ROUNDS):
            msg = fill(rnd, get(name)())
            pb = msg.SerializeToString().hex()
            text = json_format.MessageToJson(msg, preserving_proto_field_name=bool(i % 2),
                                             use_integers_for_enums=True, indent=None)
            yield "to", name, pb, msg
            yield "from", name, text, msg
            yield "again", name, pb, msg


def parse(get, verb, name, answer):
    if verb == "to":
        json.loads(answer)      # strict JSON to begin with
        return json_format.Parse(answer, get(name)())
    return get(name).FromString(bytes.fromhex(answer))


def main():
    if len(sys.argv) != 2 or not os.access(sys.argv[1], os.X_OK):
        print(__doc__.splitlines()[0], file=sys.stderr)
        return 2
    get = classes()
    todo = list(jobs(get))
    done = subprocess.run([sys.argv[1]], input="".join(f"{v} {n} {a}\n" for v, n, a, _ in todo),
                          capture_output=True, text=True, encoding="utf-8", check=False)
    answers = done.stdout.split("\n")[:-1]
    if done.returncode or len(answers) != len(todo):
        print(f"json_oracle: the tool ended with {done.returncode} after {len(answers)} answers")
        return 1
    bad = 0
    for (verb, name, arg, want), answer in zip(todo, answers):
        # serialized again for the comparison, since NaN differs from itself
        same = not answer.startswith("!") and parse(get, verb, name, answer).SerializeToString(
            deterministic=True) == want.SerializeToString(deterministic=True)
        if not same:
            bad += 1
            print(f"json_oracle: {verb} {name}\n  in  {arg[:600]}\n  out {answer[:600]}")
    print(f"json_oracle: {len(todo)} jobs, {bad} differences")
    return 1 if bad or not todo else 0


if __name__ == "__main__":
    sys.exit(main())
