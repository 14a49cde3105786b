"""layers.py - every #include against libfutu/LAYERS."""
import fnmatch
import os
import re
import sys

import files

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(["<])([^">]+)[">]', re.M)


def load(path):
    libs, rows = {}, {}
    for n, line in enumerate(files.read(path).splitlines(), 1):
        line = line.split("#")[0].strip()
        if not line:
            continue
        if ":" not in line:
            sys.exit(f"{path}:{n}: no colon")
        left, words = line.split(":", 1)
        if left.startswith("lib "):
            libs.setdefault(left[4:].strip(), []).extend(words.split())
        else:
            rows[left.strip()] = words.split()
    return libs, rows


def row_of(rows, folder):
    """The row of `folder` or of the nearest one above; libfutu/ is not written in LAYERS."""
    name = folder.removeprefix("libfutu/")
    while name:
        if name in rows:
            return name
        name = os.path.dirname(name)
    return None


def library_of(libs, header):
    for name, patterns in libs.items():
        if any(fnmatch.fnmatchcase(header, p) for p in patterns):
            return name
    return None


def inside(name, folder):
    return name == folder or name.startswith(folder + "/")


def allowed_folder(header, own, words):
    """`header` is a path below libfutu/; a folder's row also opens the folders below it."""
    folder = os.path.dirname(header)
    if inside(folder, own):
        return True
    return any(header == w or inside(folder, w) for w in words)


def judge(libs, rows, row, quote, header):
    """What is wrong with this include, or None."""
    if header.startswith("futu/"):
        return None
    own_program = row in ("futu-opend", "futucli", "examples", "include")
    if quote == '"':
        if "/" not in header:
            return None                     # beside the file
        if own_program:
            return None if header in rows[row] else "not a public header"
        return None if allowed_folder(header, row, rows[row]) else f"{row} may not use it"
    lib = library_of(libs, header)
    if lib is None:
        return "no lib row names it"
    return None if lib == "libc" or lib in rows[row] else f"{row} may not use {lib}"


def main():
    libs, rows = load("libfutu/LAYERS")
    wrong, seen = [], 0
    for path in files.c_files():
        row = row_of(rows, os.path.dirname(path))
        text = files.read(path)
        if row is None:
            wrong.append(f"{path}: its folder has no row in libfutu/LAYERS")
            continue
        for m in INCLUDE.finditer(text):
            seen += 1
            why = judge(libs, rows, row, m.group(1), m.group(2))
            if why:
                at = files.line_of(text, m.start(2))
                wrong.append(f"{path}:{at}: #include {m.group(2)}: {why}")
    if not seen:
        wrong.append("no include was found: run this from the top of the tree")
    return files.finish("layers", wrong, f"{seen} includes stay in their rows")


if __name__ == "__main__":
    sys.exit(main())
