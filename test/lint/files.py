"""files.py - which files the lints look at, and C text without comments and strings."""
import os
import re

CODE = ("libfutu", "futu-opend", "futucli", "examples")
SKIP = {"build", "node_modules", ".git", "corpus"}


def walk(tops, suffixes):
    """Paths below `tops` that end with one of `suffixes`, sorted."""
    found = []
    for top in tops:
        for folder, dirs, names in os.walk(top):
            dirs[:] = sorted(d for d in dirs if d not in SKIP)
            found += [os.path.join(folder, n) for n in sorted(names) if n.endswith(suffixes)]
    return [os.path.normpath(p) for p in found]


def c_files(tops=CODE):
    return walk(tops, (".c", ".h", ".cpp"))


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


TOKEN = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def bare(text):
    """C text with comments and the insides of literals blanked; line numbers stay."""
    def blank(m):
        keep = m.group()[0] if m.group()[0] in "\"'" else ""
        return keep + re.sub(r"[^\n]", " ", m.group()[len(keep):len(m.group()) - len(keep)]) + keep
    return TOKEN.sub(blank, text)


def line_of(text, at):
    return text.count("\n", 0, at) + 1


def finish(name, wrong, said):
    """Prints what is wrong, or one line that says what was looked at; the exit status."""
    for line in wrong:
        print(line)
    print(f"lint {name}: {len(wrong)} wrong" if wrong else f"lint {name}: {said}")
    return 1 if wrong else 0
