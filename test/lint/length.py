"""length.py - functions over 60 lines, tables aside, and files over 600 fail; the longest of each
are printed."""
import re
import sys

import files

FUNCTION, FILE = 60, 600
TEXT = (".c", ".h", ".cpp", ".py", ".sh", ".js", ".mjs", ".cjs", ".1")
TOPS = files.CODE + ("test", "proto")


def table_lines(body):
    """Lines inside initializers that stand in a function."""
    inside, count = None, 0
    for line in body:
        if inside is not None:
            if line.startswith(inside + "};"):
                inside = None
            else:
                count += 1
        elif line.rstrip().endswith("= {"):
            inside = line[:len(line) - len(line.lstrip())]
    return count


def functions(path):
    """(lines, name, first line) of each function: from the line of its brace to the closing one,
    both alone in the first column. A table opens its brace behind an equals sign and so is none."""
    lines = files.read(path).splitlines()
    start = None
    for n, line in enumerate(lines):
        if line.rstrip() == "{":
            start = n
        elif line.rstrip() == "}" and start is not None:
            head = start
            while head > 0 and re.match(r"[\s)]", lines[head - 1]) and lines[head - 1].strip():
                head -= 1                   # a signature of several lines
            names = re.findall(r"(\w+)\s*\(", lines[max(head - 1, 0)] + " " + lines[head])
            name = names[0] if names else "?"
            if name == "START_TEST":
                name = re.search(r"START_TEST\s*\(\s*(\w+)", lines[start - 1]).group(1)
            yield n - start + 1 - table_lines(lines[start:n]), name, start + 1
            start = None


def main():
    found, sizes, wrong = [], [], []
    for path in files.c_files(TOPS):
        found += [(n, name, f"{path}:{at}") for n, name, at in functions(path)]
    for path in files.walk(TOPS + ("man",), TEXT):
        sizes.append((files.read(path).count("\n"), path))
    found.sort(key=lambda f: (-f[0], f[2]))
    sizes.sort(key=lambda f: (-f[0], f[1]))
    for n, name, where in found:
        if n > FUNCTION:
            wrong.append(f"{where}: {name}() has {n} lines, {FUNCTION} at most")
    for n, path in sizes:
        if n > FILE:
            wrong.append(f"{path}: {n} lines, {FILE} at most")
    if not found:
        wrong.append("no function was found: run this from the top of the tree")
    print("longest functions: " + ", ".join(f"{name} {n}" for n, name, _ in found[:5]))
    print("longest files: " + ", ".join(f"{path} {n}" for n, path in sizes[:5]))
    over = sum(n > 40 for n, _, _ in found)
    return files.finish("length", wrong, f"{len(found)} functions, {over} over 40 lines")


if __name__ == "__main__":
    sys.exit(main())
