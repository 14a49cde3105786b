"""exports.py LIBRARY HEADER... - what libfutu.so shows, libfutu.map and FUTU_API are one list."""
import fnmatch
import re
import subprocess
import sys

import files

MAP = "libfutu/libfutu.map"
NODE = re.compile(r"(\w[\w.]*)\s*\{\s*global:(.*?)(?:local:(.*?))?\}\s*(?:\w[\w.]*)?\s*;", re.S)
# The declared name: the last word before the first bracket, or before the semicolon of an object.
DECLARED = re.compile(r"^(?:extern +)?FUTU_API\b([^;(]*)", re.M)


def map_names():
    """name or wildcard -> version node."""
    text = re.sub(r"/\*.*?\*/", "", files.read(MAP), flags=re.S)
    names, hides = {}, False
    for node, shown, hidden in NODE.findall(text):
        for name in re.findall(r"[\w*?]+(?=\s*;)", shown):
            names[name] = node
        hides = hides or "*" in (hidden or "")
    if not names or not hides:
        sys.exit(f"{MAP}: no node with names and `local: *`")
    return names


def exported(library):
    """name -> version, of what the dynamic linker sees."""
    out = subprocess.run(["nm", "-D", "--defined-only", library], check=True, text=True,
                         capture_output=True).stdout
    names = {}
    for line in out.splitlines():
        kind, name = line.split()[-2:]
        # Not the version nodes themselves, nor what ASAN adds beside each object.
        if kind != "A" and not name.startswith("__odr_asan."):
            name, _, version = name.partition("@")
            names[name] = version.lstrip("@")
    return names


def declared(headers):
    names = {}
    for path in headers:
        text = files.bare(files.read(path))
        for m in DECLARED.finditer(text):
            words = re.findall(r"\w+", re.sub(r"\[[^\]]*\]", "", m.group(1)))
            if words:
                names[words[-1]] = f"{path}:{files.line_of(text, m.start())}"
    return names


def main():
    library, headers = sys.argv[1], sys.argv[2:]
    listed, shown, public = map_names(), exported(library), declared(headers)
    wild = [n for n in listed if "*" in n or "?" in n]

    def node(name):
        match = (listed[w] for w in wild if fnmatch.fnmatchcase(name, w))
        return listed.get(name) or next(match, None)

    wrong = []
    for name, version in sorted(shown.items()):
        if node(name) is None:
            wrong.append(f"{library}: {name} is exported, {MAP} does not list it")
        elif node(name) != version:
            wrong.append(f"{library}: {name} has version {version or 'none'}, not {node(name)}")
        if name not in public:
            wrong.append(f"{library}: {name} is exported, no public header declares it FUTU_API")
    for name in sorted(set(listed) - set(wild) - set(shown)):
        wrong.append(f"{MAP}: {name} is listed, {library} does not export it")
    for name, where in sorted(public.items()):
        if node(name) is None:
            wrong.append(f"{where}: {name} is FUTU_API, {MAP} does not list it")
    named = len(listed) - len(wild)
    return files.finish("exports", wrong,
                        f"{named} names and {len(shown) - named} by wildcard agree")


if __name__ == "__main__":
    sys.exit(main())
