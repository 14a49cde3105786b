"""banned.py - functions that no file calls: unbounded, unchecked, not thread safe, or past
base/mem.h."""
import re
import sys

import files

# Why each is out. The words stand for calls only; a member of that name is another thing.
EVERYWHERE = {
    "strcpy strcat sprintf vsprintf gets strncpy strncat": "no bound, or no NUL",
    "strtok": "hidden state",
    "atoi atol atoll atof": "no error",
    "rand srand random srandom rand_r drand48": "guessable; crypt/random.h, or a seeded generator",
    "system popen": "a shell",
    "alloca": "unbounded stack",
    "tmpnam tempnam mktemp": "a race",
}
SHIPPED = {"scanf sscanf fscanf vsscanf vscanf vfscanf": "silent overflow of numbers"}
LIBRARY = {
    "malloc calloc realloc free reallocarray strdup strndup asprintf vasprintf": "base/mem.h",
    "gmtime localtime ctime asctime strerror": "not thread safe",
    "exit _exit": "a library does not end its program",
    "printf puts putchar": "a library does not print",
}
MEMORY = {"libfutu/base/mem.c"}


def rules_for(path):
    rules = dict(EVERYWHERE)
    if not path.startswith("test/"):
        rules.update(SHIPPED)
    if path.startswith("libfutu/"):
        rules.update(LIBRARY)
    out = {}
    for words, why in rules.items():
        for word in words.split():
            if path in MEMORY and why == "base/mem.h":
                continue
            out[word] = why
    return out


def check(path):
    text = files.bare(files.read(path))
    rules = rules_for(path)
    call = re.compile(r"(?<![\w.>])(" + "|".join(rules) + r")\s*\(")
    for m in call.finditer(text):
        yield f"{path}:{files.line_of(text, m.start())}: {m.group(1)}(): {rules[m.group(1)]}"


def main():
    paths = files.c_files(files.CODE + ("test",))
    wrong = [line for p in paths for line in check(p)]
    return files.finish("banned", wrong, f"{len(paths)} files call nothing banned")


if __name__ == "__main__":
    sys.exit(main())
