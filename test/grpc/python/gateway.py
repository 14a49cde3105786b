"""A paper gateway with a gRPC port, an audit trail and API keys, for one class of tests."""
import hashlib
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / "examples"), str(ROOT / "test")]
from grpc_quote import Gateway      # the example is the client of these tests
from shared import forms, free_port

OPEND = os.environ.get("FUTU_OPEND", str(ROOT / "build/futu-opend"))
SLOW = 4 if os.environ.get("FUTU_SLOW") else 1      # under a sanitizer
SCOPES = ["qot:read", "acc:read", "trade:simulate", "trade:real", "trade:unlock", "admin", "metrics:read"]
PASSWORD = hashlib.md5(b"paper").hexdigest()        # of the paper exchange's trade password


def secret(key_id):
    """What a client presents as the key of that name."""
    return f"fc_{key_id}_in_plain"


class Daemon:
    """keys: names with their rules; None: open mode. more: further options. upstream: None, or the gateway whose
    relay it is."""

    def __init__(self, keys=None, more=(), level="trace", upstream=None):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="futu-grpc-"))
        self.keys_file, self.secrets = self.dir / "keys.json", {PASSWORD}
        if keys is not None:
            self.write_keys(keys)
        port, self.rest_port = free_port(), free_port()
        self.address = f"127.0.0.1:{port}"
        of = ["--upstream", upstream.ftapi()] if upstream else ["--paper", "--paper-clock", "always-open"]
        args = [OPEND, *of, "--port", "0", "--grpc-port", str(port), "--rest-port", str(self.rest_port),
                "--frequency-limits", "off", "--log-level", level, "--state-dir", str(self.dir / "state"),
                "--audit-log", str(self.dir / "audit.jsonl"),
                *(("--grpc-keys-file", str(self.keys_file)) if keys is not None else ()), *more]
        self.log = self.dir / "log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(args, stdout=subprocess.PIPE, stderr=log)
        self.banner = b""
        for line in self.process.stdout:
            self.banner += line
            if line.startswith(b"ready"):
                break
        else:
            self.process.wait()
            raise RuntimeError(self.log.read_text())
        self.drain = threading.Thread(target=self._drain)
        self.drain.start()

    def _drain(self):
        for line in self.process.stdout:
            self.banner += line

    def write_keys(self, keys):
        """As an editor that is careful does it: a new file in the place of the old one."""
        records = [{"id": name, "hash": "sha256:" + hashlib.sha256(secret(name).encode()).hexdigest(),
                    "created_at": "2026-01-01T00:00:00Z", "scopes": SCOPES, **rules} for name, rules in keys.items()]
        self.secrets.update(secret(name) for name in keys)
        with open(self.keys_file.with_suffix(".next"), "w", opener=lambda p, f: os.open(p, f, 0o600),
                  encoding="utf-8") as f:
            json.dump({"version": 1, "keys": records}, f)
        self.keys_file.with_suffix(".next").rename(self.keys_file)

    def client(self, key=None, credentials=None, options=()):
        """A client with a connection of its own."""
        return Gateway(self.address, key and secret(key), credentials,
                       [("grpc.use_local_subchannel_pool", 1), *options])

    def ftapi(self):
        """The address of its FTAPI port, which it has without keys."""
        return re.search(rb"FTAPI +(\S+)", self.banner)[1].decode()

    def metric(self, name):
        """A number of /metrics, by its name and labels."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.rest_port}/metrics") as answer:
            (value,) = re.findall("(?m)^" + re.escape(name) + r" (\S+)$", answer.read().decode())
        return float(value)

    def memory(self):
        """Of the daemon, in kB."""
        return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{self.process.pid}/status").read_text())[1])

    def _scan(self):
        places = {"standard output": self.banner}
        places.update((str(p), p.read_bytes()) for p in self.dir.rglob("*") if p.is_file())
        for name, text in places.items():
            for s in self.secrets:
                if any(form in text for form in forms(s)):
                    raise AssertionError(f"{name} tells the secret {s}")

    def end(self):
        """It must end well, and nothing that it wrote may hold a secret."""
        try:
            self.process.send_signal(signal.SIGTERM)
            status = self.process.wait(20 * SLOW)
            if status != 0:
                raise AssertionError(f"futu-opend ended with {status}\n{self.log.read_text()}")
            self.drain.join()
            self._scan()
        finally:
            self.process.kill()
            self.process.wait()
            self.drain.join()
            self.process.stdout.close()
            shutil.rmtree(self.dir)


def rows():
    """Rows of the registry, each a dict by column."""
    lines = [line for line in (ROOT / "proto/protocols.tsv").read_text(encoding="utf-8").splitlines()
             if line and not re.match("#", line)]
    head = lines[0].split("\t")
    return [dict(zip(head, line.split("\t"))) for line in lines[1:]]
