#!/usr/bin/python3
"""gen_test.py - the generator on small schemas: what it writes compiles as C11 and C++17, names that C or
C++ reserve get their mark, and every schema that C or JSON could not carry is refused by name.
Exit status: 0 all as expected, 1 not.
"""
import os
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MAIN = os.path.join(ROOT, "proto", "gen", "main.py")
COLUMNS = "\t".join("id name file kind scope freq freq_by freq_when gap_ms write freq_text request "
                    "response rest mcp cli".split())
ROW = "1001\tA\tA.proto\treq\tnone\t-\t-\t-\t-\t-\t-\tA.M\tA.M\t-\t-\t-"
HEAD = 'syntax = "proto2";\npackage A;\n'

GOOD = HEAD + """
// What it is */ not the end.
message M {
    required int32 class = 1;       // A reserved word.
    repeated string default = 2;    // Its first line
                                    // and its second.
    // Above the next.
    optional N new = 3;
    repeated N list = 4;
    optional double td_buyQty = 5;
    optional E kind = 6;
}
message N {
}
enum E {
    Zero = 0;
    Two = 2;
}
"""

# the messages, what the error must say
BAD = [
    ("message M { optional int32 aB = 1; optional int32 a_b = 2; }", "is a spelling of two fields"),
    ("message M { optional int32 a = 1; repeated int32 has_a = 2; }", "two members would be named"),
    ("message M { optional M m = 1; }", "A.M contains itself"),
    ("message M { optional N n = 1; } message N { repeated M m = 1; }", "contains itself"),
    ("message M { oneof x { int32 a = 1; } }", "oneof"),
    ("message M { optional sint32 a = 1; }", "A.M.a: a kind of field"),
    ("message M { optional fixed64 a = 1; }", "A.M.a: a kind of field"),
    ("message M { map<int32, int32> a = 1; }", "A.M"),
    ("message M { optional group G = 1 { } }", "A.M"),
    ("message M { extensions 5 to 9; } extend M { optional int32 x = 5; }", "extension"),
    ("message M { message B_C { } } message M_B { message C { } }", "are both A_M_B_C in C"),
    ("message M { " + "".join(f"optional int32 f{i} = {i}; " for i in range(1, 130)) + "}",
     "more than 128 fields"),
    ("message M { optional int32 " + "a" * 101 + " = 1; }", "a name over 100 characters"),
    ("message M { optional int32 = 1; }", "A.proto:3:"),
]

# rows of the table, what the error must say
BAD_ROWS = [
    (ROW.replace("req", "ask"), "A: kind is 'ask'"),
    (ROW.replace("1001", "x"), "A: id is 'x'"),
    (ROW.replace("A.M", "A.X", 1), "A: no message A.X"),
    (ROW + "\n" + ROW.replace("1001", "1002"), "name a is there twice"),
    (ROW + "\n" + ROW.replace("\tA\t", "\tB\t"), "id 1001 is there twice"),
    (ROW + "\tmore", "wrong number of columns"),
    (ROW.rsplit("\t", 1)[0], "wrong number of columns"),
    (ROW.replace("none\t-", "none\t300"), "freq is '300'"),
]

failures = 0


def expect(ok, what):
    global failures
    if not ok:
        failures += 1
        print(f"gen_test: {what}")


def generate(tmp, proto, rows):
    with open(os.path.join(tmp, "A.proto"), "w", encoding="utf-8") as f:
        f.write(proto)
    with open(os.path.join(tmp, "protocols.tsv"), "w", encoding="utf-8") as f:
        f.write(COLUMNS + "\n" + rows + "\n")
    return subprocess.run([sys.executable, "-B", MAIN, "--proto", tmp, "--out", tmp + "/out"],
                          capture_output=True, text=True, check=False)


def compiles(tmp, cmd, name, text):
    path = os.path.join(tmp, name)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    done = subprocess.run([*cmd, "-Wall", "-Wextra", "-Werror", f"-I{ROOT}/libfutu/include",
                           f"-I{ROOT}/libfutu", f"-I{tmp}/out", "-c", "-o", "/dev/null", path],
                          capture_output=True, text=True, check=False)
    expect(done.returncode == 0, f"{name}: {done.stderr}")


def good(tmp):
    row = ROW.removesuffix("-\t-\t-") + "/api/a\t-\t-"
    done = generate(tmp, GOOD, row)
    expect(done.returncode == 0, done.stderr)
    use = '#include "futu/proto.h"\nint f(A_M *m);\nint f(A_M *m)\n{\n    return m->class_ + m->has_class_ ' \
          '+ (int)m->n_default_ + (m->new_ != 0) + A_Two + m->kind + m->has_td_buyQty;\n}\n'
    compiles(tmp, ["cc", "-std=c11", "-pedantic"], "use.c", use)
    compiles(tmp, ["c++", "-std=c++17", "-pedantic"], "use.cpp", use)
    for name in ("proto_desc.c", "proto_doc.c", "registry.c"):
        with open(os.path.join(tmp, "out", name), encoding="utf-8") as f:
            compiles(tmp, ["cc", "-std=c11", "-D_GNU_SOURCE"], name, f.read())
    with open(os.path.join(tmp, "out", "futu", "proto.h"), encoding="utf-8") as f:
        header = f.read()
    expect("What it is * / not the end." in header, "the comment of a message is lost")
    expect("A reserved word." in header, "the comment of a field is lost")
    expect("Its first line and its second." in header, "a comment of two lines is torn")
    expect("/* Above the next. */" in header, "the comment above a field is lost")
    before = os.stat(os.path.join(tmp, "out", "registry.c")).st_mtime_ns
    generate(tmp, GOOD, row)
    expect(os.stat(os.path.join(tmp, "out", "registry.c")).st_mtime_ns == before,
           "an unchanged file was written again")


def main():
    with tempfile.TemporaryDirectory() as tmp:
        good(tmp)
        for body, text in BAD:
            done = generate(tmp, HEAD + body + "\n", ROW)
            expect(done.returncode == 1 and text in done.stderr, f"{body}: {done.stderr}")
        for rows, text in BAD_ROWS:
            done = generate(tmp, GOOD, rows)
            expect(done.returncode == 1 and text in done.stderr, f"{rows}: {done.stderr}")
    print(f"gen_test: {1 + len(BAD) + len(BAD_ROWS)} schemas, {failures} surprises")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
