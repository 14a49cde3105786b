"""lint_test.py - each lint passes a small clean tree and finds every fault planted in it."""
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent.resolve()

CLEAN = {
    "libfutu/LAYERS": "lib libc: string.h sys/*\nlib libuv: uv.h\nlib cjson: cjson/*\n"
                      "include:\nbase:\nio: base libuv\ngateway: base upstream/upstream.h\n"
                      "upstream: base\nsurface: base\nfutucli: cjson\n",
    "libfutu/libfutu.map": "/* one; two */\nV_1 {\nglobal:\n    one;\n    *_msg;\n"
                           "local:\n    *;\n};\n",
    "libfutu/include/futu/one.h": "#define FUTU_API __attribute__((visibility(\"default\")))\n"
                                  "FUTU_API const char *one(void);\n",
    "libfutu/base/a.c": "#include \"base/a.h\"\n\n#include <string.h>\n\n"
                        "/* strcpy(a, b) in a comment, and \"malloc(\" below is text. */\n"
                        "int f(const char *p)\n{\n    return p == \"malloc(1)\";\n}\n",
    "libfutu/base/a.h": "#include \"futu/one.h\"\nint f(const char *p);\n",
    "libfutu/io/b.c": "#include <uv.h>\n#include \"base/a.h\"\n",
    "futucli/c.c": "#include <futu/one.h>\n#include <cjson/cJSON.h>\n#include \"c.h\"\n",
    "man/futu-opend.1": ".It Fl -port Ar N\n.It Fl a , Fl -both Ar N\n",
    "man/futu-console.7": ".It Cm help Op Fl cmd Ns = Ns Ar NAME\n.It Cm auth Ar KEY\n",
    "libfutu/surface/console_cmd.c": "static t[] = {\n    { \"help\", { \"cmd\" }, 0 },\n"
                                     "    { \"auth\", { \"key\" }, 0 },\n};\n",
    "man/futucli.1": ".It Fl -json\n.It Cm quote Ar code\nwith\n.Fl -depth .\n",
    "opend": "#!/bin/sh\nprintf 'Group:\\n  --port N   x\\n  --both N   x\\n'\n",
    "cli": "#!/bin/sh\nif [ $1 = quote ]; then printf '  --depth N  x\\n'; "
           "else printf 'Quotes:\\n  quote CODE  x\\n  --json  x\\n'; fi\n",
}

TABLE = "{\n    static int t[] = {\n" + "    0,\n" * 99 + "    };\n"
LONG = "void g(void)\n{\n" + "    f(0);\n" * 59 + "}\n"

# lint, file, text to append, what it must say
FAULTS = [
    ("layers", "libfutu/base/a.c", "#include \"io/b.h\"\n", "base may not use it"),
    ("layers", "libfutu/base/a.c", "#include <uv.h>\n", "base may not use libuv"),
    ("layers", "libfutu/base/a.c", "#  include <curl.h>\n", "no lib row names it"),
    ("layers", "libfutu/gateway/g.c", "#include \"upstream/paper/p.h\"\n", "may not use it"),
    ("layers", "futucli/c.c", "#include \"base/a.h\"\n", "not a public header"),
    ("layers", "libfutu/new/n.c", "#include <string.h>\n", "has no row"),
    ("banned", "libfutu/base/a.c", "void h(char *p) { strcpy (p, \"\"); }\n", "strcpy()"),
    ("banned", "libfutu/base/a.c", "void *h(void) { return malloc(1); }\n", "malloc()"),
    ("banned", "futucli/c.c", "int h(char *p) { return atoi(p); }\n", "atoi()"),
    ("banned", "test/unit/t.c", "int h(char *p) { return system(p); }\n", "system()"),
    ("length", "libfutu/base/a.c", LONG.replace("    f(0);\n", "    f(0);\n    f(0);\n"),
     "g() has 120 lines"),
    ("length", "libfutu/base/a.c", LONG.replace("{\n", TABLE), "g() has 63 lines"),
    ("length", "futucli/c.c", "/* */\n" * 600, "603 lines"),
    ("text", "libfutu/base/a.h", "int x; \n", "blanks at the end"),
    ("text", "libfutu/base/a.h", "\tint x;\n", "a tab"),
    ("text", "libfutu/base/a.h", "/* " + "x" * 100 + " */\n", "106 columns"),
    ("text", "libfutu/base/a.h", "/* TO" + "DO: x */\n", "a note for later"),
    ("text", "libfutu/base/a.h", "/* see /ho" + "me/x/y */\n", "a path of one machine"),
    ("text", "libfutu/base/a.h", "int x;", "no line break"),
    ("exports", "libfutu/libfutu.map", "V_2 { global: two; local: *; } V_1;\n", "two is listed"),
    ("exports", "libfutu/include/futu/one.h", "FUTU_API int\nthree(int x);\n", "three is FUTU_API"),
    ("man", "man/futu-opend.1", ".It Fl -gone\n", "gone is no option"),
    ("man", "man/futucli.1", ".It Cm gone\n", "gone is no command"),
    ("man", "opend", "echo '  --new N  x'\n", "no entry for the option new"),
    ("man", "cli", "[ $1 = quote ] || echo '  watch X  x'\n", "no entry for the command watch"),
    ("man", "man/futu-console.7", ".It Cm gone\n", "gone is no console command"),
    ("man", "libfutu/surface/console_cmd.c", "    { \"more\", { NULL }, 0 },\n",
     "no entry for the console command more"),
    ("man", "libfutu/surface/console_cmd.c", "    { \"help\", { \"way\" }, 0 },\n",
     "help has way"),
    ("man", "cli", "[ $1 != quote ] || echo '  --wide  x'\n", "quote has --wide"),
]


def plant(root, tree):
    for name, text in tree.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)


def run(root, lint):
    argv = {"exports": ["lib.so", "libfutu/include/futu/one.h"], "man": ["./opend", "./cli"]}
    if lint == "exports":
        source = "const char *one(void) { return 0; }\nint x_msg;\n"
        subprocess.run([os.environ.get("CC", "cc"), "-shared", "-fPIC", "-xc", "-", "-o", "lib.so",
                        "-Wl,--version-script=libfutu/libfutu.map"],
                       input=source, text=True, check=True, cwd=root)
    done = subprocess.run([sys.executable, str(HERE / f"{lint}.py"), *argv.get(lint, [])],
                          text=True, capture_output=True, cwd=root)
    return done.returncode, done.stdout + done.stderr


def attempt(lint, name, extra, says):
    """True when the lint says what it must about the clean tree with `extra` behind a file."""
    tree = dict(CLEAN)
    if name:
        tree[name] = tree.get(name, "") + extra
    if lint == "exports":       # the wildcard's object is declared as the real ones are
        tree["libfutu/include/futu/one.h"] += "extern FUTU_API int x_msg;\n"
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        plant(root, tree)
        status, out = run(root, lint)
    good = status == 0 if says is None else status == 1 and says in out
    if not good:
        print(f"{lint}: {name} + {extra[:60]!r}: wanted {says!r}, status {status}:\n{out}")
    return good


def main():
    lints = ("layers", "banned", "length", "text", "exports", "man")
    cases = [(lint, None, "", None) for lint in lints]
    cases += FAULTS
    failed = sum(not attempt(*case) for case in cases)
    print(f"lint_test: {len(cases) - failed} of {len(cases)} cases")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
