"""log_scan.py FOLDER - no secret of a test stands in what the programs left behind: logs, audit
files, metrics.

A test writes each secret that it uses, one a line, into a file of the folder whose name ends in
.secrets, and whatever its programs wrote beside it. Those below are known to all tests.
"""
import hashlib
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from shared import forms

KNOWN = [hashlib.md5(b"paper").hexdigest()]     # the trade password of the paper exchange
LEAST = 6       # shorter ones would be found by chance


def secrets_of(folder):
    words = list(KNOWN)
    for path in folder.rglob("*.secrets"):
        words += path.read_text().split("\n")
    return sorted({w for w in words if len(w) >= LEAST})


def main():
    folder = pathlib.Path(sys.argv[1])
    files = [p for p in folder.rglob("*") if p.is_file() and p.suffix != ".secrets"]
    words = secrets_of(folder)
    wrong = []
    for path in files:
        text = path.read_bytes()
        wrong += [f"{path}: secret {n}" for n, w in enumerate(words)
                  if any(f in text for f in forms(w))]
    for line in wrong:
        print(line, file=sys.stderr)        # the secret itself would be in this log then
    print(f"log scan: {len(files)} files, {len(words)} secrets, {len(wrong)} found")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
