"""core.py FUTU-OPEND FUTU-EMULATOR FUTUCLI - what a core of a running gateway would hold: no password
in any form, and no API key, after logins, unlocks and requests that brought them.

A core is read as gcore takes it, from the memory of each mapping that is not left out of cores
(VmFlags dd): that is where secrets are meant to be. There is no core of a crash at all.
"""
import base64
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import host
from deploy import ask, make_key, until
from login import CLI, CODE_SENT, OPEND, SLOW, Emulator

PASSWORD, TRADE_PASSWORD = "pw-of-this-login-0815", "pw-that-unlocks-4711"
SCENARIO = f"""[auth]
code = 424242
[account]
name = 12345678
password = {PASSWORD}
phone = 15212341234
brokers = 1001 1007
[channel]
trade-password = {TRADE_PASSWORD}
"""
HUGE = 1 << 30          # of a sanitizer's shadow, which holds no bytes of the program


def forms(secret):
    """A secret as it is, and as it is often written or kept: [what, bytes]."""
    raw, digest = secret.encode(), hashlib.md5(secret.encode())
    return [["plain text", raw], ["MD5", digest.digest()], ["MD5 in hex", digest.hexdigest().encode()],
            ["MD5 in capitals", digest.hexdigest().upper().encode()],
            ["base64", base64.b64encode(raw)], ["MD5 in base64", base64.b64encode(digest.digest())],
            ["UTF-16", secret.encode("utf-16-le")]]


def sleeps(pid):
    """No thread of it has work: an answer is read by us before its maker has tidied up behind it."""
    states = set()
    for task in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{task}/stat", encoding="utf-8") as f:
                states.add(f.read().rsplit(")", 1)[1].split()[0])
        except FileNotFoundError:
            states.add("ended")
    return states == {"S"}


class Memory:
    """Of a process that stands still: .core is what a core has of it, .locked what is left out."""

    def __init__(self, pid):
        until("the end of its work", lambda: sleeps(pid), 60)
        self.core, self.locked = [], []
        with open(f"/proc/{pid}/smaps", encoding="utf-8") as f:
            text = f.read()
        with open(f"/proc/{pid}/mem", "rb", 0) as mem:
            for area in re.findall(r"^[0-9a-f]+-[0-9a-f]+ .*(?:\n[A-Z].*)*", text, re.M):
                self.take(mem, area)

    def take(self, mem, area):
        first, last, name = re.match(r"(\w+)-(\w+) \S+ \S+ \S+ \S+ *(.*)", area).groups()
        first, last = int(first, 16), int(last, 16)
        if last - first > HUGE or name.startswith(("[vvar", "[vsyscall")):
            return
        out = self.locked if re.search(r"^VmFlags:.* dd\b", area, re.M) else self.core
        try:
            mem.seek(first)
            out.append((first, name, mem.read(last - first)))
        except OSError:
            pass                        # a page beyond the end of its file

    def where(self, word, locked=False):
        """Mappings that hold it."""
        return [f"{first + data.find(word):x} {name}"
                for first, name, data in self.core + (self.locked if locked else [])
                if word in data]


class Gateway:
    """With keys for REST and for WebSocket; upstream: the options that choose it."""

    def __init__(self, folder, keys, *upstream, rest=22222, port=11111, **env):
        words = [os.path.abspath(OPEND), *upstream, "--port", str(port), "--rest-port", str(rest),
                 "--rest-keys-file", keys, "--allow-tcp-unauthenticated"]
        clean = {k: v for k, v in os.environ.items() if not k.startswith("FUTU_")}
        env |= {"FUTU_LOOPBACK_ONLY": "1", "FUTU_STATE_DIR": f"{folder}/state-{port}"}
        self.process = host.Process(words, clean | env, f"{folder}/log-{port}")
        until("readiness", lambda: ask("/readyz", port=rest)[0] == 200 or
              not self.process.running(), 60)
        assert self.process.running(), self.process.err
        self.pid = self.process.pid

    def close(self):
        self.process.end()


class Cores(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="futu-core-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.keys = f"{self.folder}/keys.json"
        self.key = make_key(self.keys, "--scopes",
                            "qot:read,acc:read,trade:real,trade:unlock,admin")

    def start(self, *upstream, **more):
        gateway = Gateway(self.folder, self.keys, *upstream, **more)
        self.addCleanup(gateway.close)
        return gateway

    def holds_no(self, gateway, *secrets):
        memory = Memory(gateway.pid)
        # The search itself works: this is no secret.
        self.assertNotEqual(memory.where(b"--allow-tcp-unauthenticated"), [])
        for secret in secrets:
            for what, word in forms(secret):
                self.assertEqual(memory.where(word), [], f"{what} of {secret[:6]}")
            self.assertEqual(memory.where(secret.encode(), locked=True), [], secret[:6])
        return memory

    def unlock(self, port=22222):
        """By REST, wrong and right, and by TCP; and requests that bring the key in each way."""
        digest = hashlib.md5(TRADE_PASSWORD.encode()).hexdigest()
        for body in ({"unlock": True, "pwd_md5": hashlib.md5(b"wrong").hexdigest()},
                     {"unlock": True, "pwd_md5": digest}):
            status, text = ask("/api/unlock-trade", self.key, body, port)
        self.assertEqual(status, 200)
        self.assertIn('"ret_type":0', text)
        run = subprocess.run([CLI, "unlock-trade"], env=os.environ | {
            "FUTU_TRADE_PWD": TRADE_PASSWORD, "FUTU_LOOPBACK_ONLY": "1"}, capture_output=True,
            stdin=subprocess.DEVNULL, text=True, check=False)
        self.assertEqual(run.returncode, 0, run.stderr)
        for _ in range(3):
            self.assertEqual(ask("/api/accounts", self.key)[0], 200)
            self.assertEqual(ask("/api/admin/status", self.key)[0], 200)
            self.assertEqual(ask("/api/accounts?token=" + self.key, "fc_" + "0" * 32)[0], 401)
            self.assertEqual(ask("/nowhere", self.key)[0], 404)
        status, text = ask("/mcp", self.key, {
            "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
                "protocolVersion": "2025-06-18", "capabilities": {},
                "clientInfo": {"name": "t", "version": "1"}}})
        self.assertEqual(status, 200, text)


class Paper(Cores):
    def test_of_a_paper_gateway_and_a_relay_in_front_of_it(self):
        paper = self.start("--paper", "--paper-clock", "always-open", "--paper-trade-pwd",
                           TRADE_PASSWORD, port=11112, rest=22223)
        relay = self.start("--upstream", "127.0.0.1:11112")
        self.unlock()
        self.holds_no(relay, TRADE_PASSWORD, self.key)
        self.holds_no(paper, TRADE_PASSWORD)


class DirectLogin(Cores):
    def setUp(self):
        super().setUp()
        self.emulator = Emulator("", text=SCENARIO)
        self.addCleanup(self.emulator.__exit__)
        servers = [x.removeprefix("broker-addr ") for x in self.emulator.lines
                   if x.startswith("broker-addr ")]
        self.login = ["--login-account", "12345678", "--auth-server", self.emulator.url,
                      "--keychain", "off", "--broker-addr", servers[0]]

    def first_login(self):
        run = subprocess.run([OPEND, *self.login, "--setup-only"], capture_output=True, check=False,
                             stdin=subprocess.DEVNULL, env=self.emulator.env(
                                 FUTU_PWD=PASSWORD, FUTU_STATE_DIR=f"{self.folder}/state-11111"))
        self.assertEqual(run.returncode, CODE_SENT, run.stderr)
        return self.start(*self.login, "--verify-code", self.emulator.code(), FUTU_PWD=PASSWORD)

    def test_after_a_login_with_password_and_code(self):
        gateway = self.first_login()
        if SLOW == 1:                   # a sanitizer has a copy of the environment for itself
            self.holds_no(gateway, PASSWORD)

    def test_after_starts_with_a_saved_login_however_the_password_was_given(self):
        self.first_login().close()
        digest = hashlib.md5(PASSWORD.encode()).hexdigest()
        path = host.write(f"{self.folder}/pwd", PASSWORD + "\n", 0o600)
        for given in (["--login-pwd", PASSWORD], ["--login-pwd-file", path],
                      ["--login-pwd-md5", digest]):
            gateway = self.start(*self.login, *given)
            memory = self.holds_no(gateway, PASSWORD)
            # It is kept where no core has it, for the next login.
            self.assertNotEqual(memory.where(digest.encode(), locked=True), [])
            gateway.close()

    def test_after_unlocks_and_requests_with_a_key(self):
        gateway = self.first_login()
        self.unlock()
        self.holds_no(gateway, TRADE_PASSWORD, self.key)

    def test_a_crash_leaves_no_core(self):
        pid = self.first_login().pid
        with open(f"/proc/{pid}/limits", encoding="utf-8") as f:
            self.assertRegex(f.read(), r"Max core file size +0 +0 ")
        # Its own user may not look into it either.
        self.assertEqual(os.stat(f"/proc/{pid}/mem").st_uid, 0)


if __name__ == "__main__":
    if not host.inside():
        host.enter()
    unittest.main(argv=["core.py"])
