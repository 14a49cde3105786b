"""text.py - the tree speaks of itself: no path of one machine, no note to come back later, no
trailing blanks, no tab or line over 100 columns in C."""
import os
import re
import sys

import files

C = (".c", ".h", ".cpp")
TEXT = C + (".py", ".sh", ".mk", ".md", ".1", ".proto", ".map", ".in", ".js", ".mjs", ".cjs",
            ".json")
TOPS = files.CODE + ("test", "proto", "man")
DATA = "test/data/"
ROOT = ("Makefile", "README.md", "CHANGELOG.md", "LICENSE", "libfutu/LAYERS")
COLUMNS = 100

# Written apart, so that this file does not name itself.
LATER = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "XX" + "X"]) + r")\b")
FOLDERS = ["home", "root", "Users", "work", "mnt"]
MACHINE = re.compile(r"(?<![\w./~-])/(" + "|".join(FOLDERS) + r")/\w")


def judge(path, line):
    if LATER.search(line):
        yield "a note for later"
    if MACHINE.search(line):
        yield "a path of one machine"
    if line != line.rstrip():
        yield "blanks at the end"
    if path.endswith(C) and len(line) > COLUMNS:
        yield f"{len(line)} columns, {COLUMNS} at most"
    if path.endswith(C) and "\t" in line:
        yield "a tab"


def main():
    wrong, lines = [], 0
    paths = [p for p in files.walk(TOPS, TEXT) if not p.startswith(DATA)]
    paths += [p for p in ROOT if os.path.exists(p)]
    for path in paths:
        text = files.read(path)
        if text and not text.endswith("\n"):
            wrong.append(f"{path}: no line break at the end")
        for n, line in enumerate(text.split("\n"), 1):
            lines += 1
            wrong += [f"{path}:{n}: {why}" for why in judge(path, line)]
    return files.finish("text", wrong, f"{lines} lines in {len(paths)} files")


if __name__ == "__main__":
    sys.exit(main())
