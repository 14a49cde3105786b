"""console.py FUTU-OPEND FUTU-EMULATOR FUTUCLI - the text console from outside: by lines, as telnet
does, with keys, by hostile clients; and a login whose code comes that way."""
import hashlib
import json
import os
import pty
import random
import re
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time
import unittest

from login import CLI, OPEND, SLOW, Emulator, free_port

MADE = None if os.environ.get("FUTU_TEST_LOGS") else tempfile.TemporaryDirectory()
LOGS = MADE.name if MADE else os.environ["FUTU_TEST_LOGS"]
IAC, WILL, WONT, DO, DONT = 255, 251, 252, 253, 254
WAIT = 10 * SLOW


class Console:
    """One session; answers end with a line break of their own, so an answer is read up to a mark:
    the text of a command that nobody has."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=WAIT)
        self.text = b""
        self.greeting = self.until("\r\n")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data.encode() if isinstance(data, str) else data)

    def until(self, mark):
        mark = mark.encode()
        while mark not in self.text:
            more = self.socket.recv(65536)
            if not more:
                raise EOFError(self.text)
            self.text += more
        out, self.text = self.text.split(mark, 1)
        return out.decode("utf-8")

    def ask(self, line):
        self.send(line + "\r\nmark\r\n")
        return self.until("mark: no such command; help lists them all\r\n")

    def rest(self):
        """All up to the end of the connection."""
        out = self.text
        try:
            while more := self.socket.recv(65536):
                out += more
        except ConnectionResetError:
            pass
        return out.decode("utf-8", "replace")


class Daemon:
    """A gateway with a console until the end of the block."""

    def __init__(self, *args, env=None, wait=True):
        self.port, self.tcp, self.wait = free_port(), free_port(), wait
        self.name = os.path.join(LOGS, f"console-{self.port}")
        with open(self.name + ".err", "w") as err:
            self.process = subprocess.Popen(
                [OPEND, "--port", str(self.tcp), "--management-port", str(self.port), *args],
                env=env or dict(os.environ, FUTU_LOOPBACK_ONLY="1"), stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=err, text=True)
        self.banner = ""

    def __enter__(self):
        for line in self.process.stdout:
            self.banner += line
            if line.startswith("ready"):
                return self
        raise AssertionError(f"it did not start: {self.log()}")

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
        self.process.communicate(timeout=WAIT)
        if self.process.returncode:             # as when a sanitizer has found something
            raise AssertionError(f"status {self.process.returncode}: {self.log()[-2000:]}")

    def console(self):
        return Console(self.port)

    def log(self):
        with open(self.name + ".err") as f:
            return f.read()

    def rss_kib(self):
        with open(f"/proc/{self.process.pid}/status") as f:
            return int(re.search(r"VmRSS:\s+(\d+)", f.read()).group(1))


def paper(*args):
    return Daemon("--paper", "--paper-clock", "always-open", *args)


class Screen:
    """A program on a terminal of its own."""

    def __init__(self, argv, env):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execve(argv[0], argv, env)
        self.text = ""
        self.reader = threading.Thread(target=self.read)
        self.reader.start()

    def read(self):
        try:
            while more := os.read(self.fd, 4096):
                self.text += more.decode("utf-8", "replace")
        except OSError:
            pass

    def shows(self, text):
        end = time.monotonic() + WAIT
        while text not in self.text:
            if time.monotonic() > end:
                raise AssertionError(f"{text!r} is not in {self.text}")
            time.sleep(0.02)

    def type(self, line):
        os.write(self.fd, line.encode() + b"\n")

    def status(self):
        status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        self.pid = 0
        self.reader.join()
        os.close(self.fd)
        return status

    def end(self):
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            self.status()


class Client:
    """An FTAPI client in JSON; `id` is its connID."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=WAIT)
        self.serial = 0
        self.id = self.call(1001, {"clientVer": 100, "clientID": "console"})["connID"]

    def call(self, proto, c2s):
        self.serial += 1
        body = json.dumps({"c2s": c2s}).encode()
        self.socket.sendall(struct.pack("<2sIBBII", b"FT", proto, 1, 0, self.serial, len(body)) +
                            hashlib.sha1(body).digest() + bytes(8) + body)
        while True:
            head = self.read(44)
            _, got, _, _, _, size = struct.unpack("<2sIBBII", head[:16])
            answer = json.loads(self.read(size))
            if got == proto:
                return answer["s2c"]

    def read(self, n):
        out = b""
        while len(out) < n:
            more = self.socket.recv(n - len(out))
            if not more:
                raise EOFError
            out += more
        return out

    def ended(self):
        try:
            while self.socket.recv(65536):
                pass
        except ConnectionResetError:
            pass
        return True


class Paper(unittest.TestCase):
    def setUp(self):
        self.daemon = self.enterContext(paper())

    def enterContext(self, cm):             # Python 3.11 has it; 3.9 does not
        self.addCleanup(cm.__exit__, None, None, None)
        return cm.__enter__()

    def test_every_command_is_known_by_help_and_answers(self):
        with self.daemon.console() as c:
            self.assertIn("upstream paper", c.greeting)
            rows = re.findall(r"^(\w+) ", c.ask("help"), re.M)
            self.assertGreater(len(rows), 15)
            for name in rows:
                self.assertIn(name, c.ask(f"help -cmd={name}").split("\r\n")[0])
            for name in rows:
                if name not in ("quit", "exit", "close_api_conn"):
                    self.assertNotEqual(c.ask(name), "", name)

    def test_official_spellings(self):
        with self.daemon.console() as c:
            self.assertIn("0 ms", c.ask("Ping"))
            for line in ("relogin -login_pwd=123456", "req_phone_verify_code",
                         "Input_phone_verify_code -code=123456", "req_pic_verify_code",
                         "Input_pic_verify_code -code=1234", "request_highest_quote_right"):
                self.assertIn("a paper exchange: there is nothing to log in to", c.ask(line))
            self.assertIn("version", c.ask("update"))
            self.assertIn("did you mean relogin", c.ask("relogn"))
            self.assertIn("usage: update", c.ask("update -now=1"))
            self.assertIn("stands twice", c.ask("help -cmd=a -cmd=b"))

    def test_what_is_piped_in_is_answered_up_to_the_end(self):
        with self.daemon.console() as c:
            c.send("ping\nupdate\r\nupdate\rstatus")
            c.socket.shutdown(socket.SHUT_WR)
            lines = c.rest().split("\r\n")
            self.assertEqual(lines[:3], ["the paper exchange is in this process: 0 ms"] + lines[1:2] * 2)
            self.assertEqual(lines[3], "the last line has no line break: it was not run")
        with self.daemon.console() as c:
            c.send("ping\r\nquit\r\nping\r\n")
            self.assertEqual(c.rest(), "the paper exchange is in this process: 0 ms\r\n")

    def test_who_closes_early_and_reads_late_gets_every_answer(self):
        with self.daemon.console() as c:
            c.send("help\n" * 2500)
            c.socket.shutdown(socket.SHUT_WR)
            with self.daemon.console() as other:        # by now what the sockets take is taken
                other.ask("update")
            self.assertEqual(c.rest().count("counters, as at /metrics\r\n"), 2500)

    def test_a_telnet_client_is_refused_its_options_and_gets_a_prompt(self):
        with self.daemon.console() as c:
            c.send(bytes([IAC, DO, 1, IAC, WILL, 31, IAC, WONT, 5, IAC, 250, 24, 0, 120, IAC, 240]))
            c.send(b"pi\x00ng\x08\x08\x08\x08" + bytes([IAC, 241]) + b"update\r\x00quit\r\x00")
            out = c.socket.recv(65536)
            while not out.endswith(b"> "):
                out += c.socket.recv(65536)
            self.assertEqual(out[:6], bytes([IAC, WONT, 1, IAC, DONT, 31]))
            self.assertIn(b"that was no text\r\n> ", out)

    def test_connections_are_shown_and_closed(self):
        one, two = Client(self.daemon.tcp), Client(self.daemon.tcp)
        self.addCleanup(one.socket.close)
        self.addCleanup(two.socket.close)
        one.call(3001, {"securityList": [{"market": 1, "code": "00700"}], "subTypeList": [1, 4],
                        "isSubOrUnSub": True})
        with self.daemon.console() as c:
            text = c.ask("show_sub_info")
            self.assertIn("2 connections; quota 2 used", text)
            self.assertRegex(text, rf"{one.id}  tcp TCP 127.0.0.1:\d+, 2 of the quota\r\n"
                                   r"  Basic      HK.00700\r\n  Ticker     HK.00700\r\n")
            self.assertNotIn(str(two.id), c.ask(f"show_sub_info -conn_id={one.id}"))
            self.assertIn("no connection 5", c.ask("show_sub_info -conn_id=5"))
            self.assertIn("1 connection closed", c.ask(f"close_api_conn -conn_id={one.id}"))
            self.assertTrue(one.ended())
            self.assertIn("no connection", c.ask(f"close_api_conn -conn_id={one.id}"))
            self.assertIn("a connection's number", c.ask("close_api_conn -conn_id=x"))
            self.assertGreater(int(two.call(1004, {"time": 1})["time"]), 0)
            self.assertIn("1 connection closed", c.ask("close_api_conn"))
            self.assertTrue(two.ended())

    def test_reports_on_the_screen_and_in_new_files(self):
        client = Client(self.daemon.tcp)
        self.addCleanup(client.socket.close)
        client.call(1002, {"userID": 0})
        with self.daemon.console() as c:
            self.assertIn("1002 GetGlobalState", c.ask("show_delay_report"))
            self.assertIn("pushes, cr2cs", c.ask("show_delay_report -push_count_type=cr2cs"))
            self.assertIn("is one of", c.ask("show_delay_report -push_count_type=x"))
            self.assertRegex(c.ask("show_metrics"), r"console_sessions +1\r\n")
            path = os.path.join(LOGS, f"report {self.daemon.port}")
            ask = f'show_delay_report -detail_report_path="{path}"'
            self.assertIn("bytes are in " + path, c.ask(ask))
            self.assertIn("nothing is written over", c.ask(ask))
            with open(path) as f:
                self.assertIn("GetGlobalState", f.read())
            self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
            self.assertIn("from the root", c.ask("show_sub_info -sub_info_path=x.txt"))
            self.assertIn("No such file", c.ask("show_sub_info -sub_info_path=/nowhere/x"))

    def test_limits_of_the_vendor_hold_for_all_sessions_together(self):
        with self.daemon.console() as c:
            for _ in range(10):
                self.assertIn("0 ms", c.ask("ping"))
        with self.daemon.console() as c:
            self.assertIn("ping: at most 10 in 60 seconds; again in", c.ask("ping"))

    def test_a_browser_is_cut_before_its_body_is_read(self):
        with self.daemon.console() as c:
            c.send("POST / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nexit\r\n")
            self.assertEqual(c.rest(), "")
        with self.daemon.console() as c:
            c.send("Host: x\r\nexit\r\n")
            self.assertEqual(c.rest(), "")
        self.assertIsNone(self.daemon.process.poll())
        self.assertIn("speaks HTTP", self.daemon.log())

    def test_bytes_that_are_no_text(self):
        with self.daemon.console() as c:
            c.send(bytes(range(1, 10)) + b"\n" + bytes([IAC, IAC]) + b"ping\nquit\n")
            self.assertEqual(c.rest(), "that was no text\r\nthat was no text\r\n")
        with self.daemon.console() as c:
            c.send(random.Random(1).randbytes(200000).replace(b"\n", b"x"))
            c.rest()
        with self.daemon.console() as c:
            c.send(bytes([IAC, 250]) + b"x" * 2000)
            self.assertEqual(c.rest(), "a subnegotiation of telnet has at most 1024 bytes\r\n")
        with self.daemon.console() as c:
            c.send("h\u00e4lp\r\nquit\r\n")
            self.assertIn("that: no such command; did you mean help", c.rest())

    def test_ten_megabytes_without_a_line_break(self):
        before = self.daemon.rss_kib()
        with self.daemon.console() as c:
            try:
                for _ in range(160):
                    c.send(b"x" * 65536)
            except (BrokenPipeError, ConnectionResetError):
                pass
            self.assertIn("a line has at most 1024 bytes", c.rest())
        if SLOW == 1:
            self.assertLess(self.daemon.rss_kib() - before, 4096)

    def test_who_reads_nothing_is_bounded(self):
        before = self.daemon.rss_kib()
        with self.daemon.console() as c:
            c.socket.settimeout(0.5)
            try:
                while True:
                    c.send("help\r\n" * 1000)
            except (BrokenPipeError, ConnectionResetError, TimeoutError, socket.timeout):
                pass
            with self.daemon.console() as other:
                self.assertIn("0 ms", other.ask("ping"))
        if SLOW == 1:
            self.assertLess(self.daemon.rss_kib() - before, 8192)

    def test_two_hundred_connections(self):
        all_of_them = [socket.create_connection(("127.0.0.1", self.daemon.port), timeout=WAIT)
                       for _ in range(200)]
        first = [s.recv(4096) for s in all_of_them]
        self.assertEqual(sum(t.startswith(b"futu-opend ") for t in first), 32)
        self.assertEqual(sum(t.startswith(b"too many consoles") for t in first), 168)
        for s in all_of_them:
            s.close()
        end = time.monotonic() + WAIT
        while time.monotonic() < end:           # until it has seen that they are gone
            try:
                with self.daemon.console() as c:
                    if "help" in c.greeting:
                        break
            except (EOFError, ConnectionResetError):
                pass
        with self.daemon.console() as c:
            self.assertRegex(c.ask("show_metrics"), r"console_rejected_total +\d+")

    def test_half_open_connections_keep_nobody_from_ending_it(self):
        gone = self.daemon.console()
        gone.send("pin")
        with self.daemon.console() as c:
            c.send("exit\r\n")
            self.assertIn("the gateway ends\r\n", c.rest())
        self.assertEqual(self.daemon.process.wait(timeout=WAIT), 0)
        gone.socket.close()


class Keys(unittest.TestCase):
    def make(self, folder, name, scopes):
        out = subprocess.run([CLI, "gen-key", "--keys-file", folder + "/keys.json", "--id", name,
                              "--scopes", scopes], capture_output=True, text=True, check=True)
        key = re.search(r"\bfc_\w+", out.stdout).group(0)
        with open(os.path.join(LOGS, "console.secrets"), "a") as f:
            f.write(key + "\n")
        return key

    def test_a_key_comes_first_and_its_end_is_the_session_s(self):
        with tempfile.TemporaryDirectory() as folder:
            op, reader = self.make(folder, "op", "admin"), self.make(folder, "reader", "qot:read")
            audit = os.path.join(LOGS, f"console-{free_port()}.jsonl")
            with paper("--rest-port", str(free_port()), "--rest-keys-file", folder + "/keys.json",
                       "--audit-log", audit, "--state-dir", folder + "/state") as d:
                self.assertIn("first: auth KEY", d.banner)
                with d.console() as c:
                    self.assertIn("first: auth KEY", c.greeting)
                    for line in ("ping", "exit", "show_metrics", "relogin", "close_api_conn"):
                        self.assertIn("a key with the scope admin is needed first", c.ask(line))
                    self.assertIn("help", c.ask("help"))
                    self.assertIn("lacks the scope admin", c.ask("auth " + reader))
                    self.assertIn("not valid", c.ask("auth -key=wrong"))
                    self.assertIn("key op", c.ask("auth -key=" + op))
                    self.assertIn("0 connections closed", c.ask("close_api_conn"))
                    subprocess.run([CLI, "revoke-key", "--keys-file", folder + "/keys.json", "op"],
                                   check=True, capture_output=True)
                    self.assertIn("the key op no longer holds", c.rest())
                with d.console() as c:
                    c.send("auth a\nauth b\nauth c\nauth d\n")
                    self.assertEqual(c.rest().count("not valid"), 3)
            with open(audit) as f:
                lines = [json.loads(x) for x in f]
            mine = [(x["endpoint"], x["key_id"], x["outcome"]) for x in lines
                    if x["iface"] == "console"]
            self.assertEqual(mine[:5], [
                ("auth", "reader", "reject"), ("auth", "<invalid>", "reject"),
                ("auth", "op", "allow"), ("close_api_conn", "op", "allow"),
                ("close_api_conn", "op", "success")])


class Relay(unittest.TestCase):
    def test_what_is_the_other_gateway_s_is_told_so(self):
        with paper() as far, tempfile.TemporaryDirectory() as folder:
            with Daemon("--upstream", f"127.0.0.1:{far.tcp}", "--state-dir", folder) as near:
                with near.console() as c:
                    self.assertRegex(c.ask("ping"), r"answered in \d+\.\d+ ms\r\n  quote: up, ")
                    for line in ("relogin", "req_phone_verify_code", "request_highest_quote_right"):
                        self.assertRegex(c.ask(line), "relays another .*that gateway's console")
                    self.assertIn("connected", c.ask("status"))


class Login(unittest.TestCase):
    def daemon(self, e, *args, **env):
        servers = [x.removeprefix("broker-addr ") for x in e.lines if x.startswith("broker-addr ")]
        argv = [a for a in e.args() if a not in (OPEND, "--setup-only")]
        return Daemon(*argv, "--broker-addr", servers[0], *args, env=e.env(**env))

    def test_a_gateway_waits_for_a_code_and_takes_it(self):
        with Emulator("sms") as e:
            with self.daemon(e) as d, d.console() as c:
                self.assertIn("waits: code: the login waits for the code of the SMS to "
                              "152****1234", c.ask("status"))
                self.assertIn("4 to 8 digits", c.ask("input_phone_verify_code -code=12"))
                self.assertIn("4 to 8 digits", c.ask("input_phone_verify_code"))
                self.assertIn("waits for a code", c.ask("relogin"))
                self.assertIn("this gateway can't show a picture", c.ask("req_pic_verify_code"))
                self.assertIn("logged in as user 9000001",
                              c.ask("input_phone_verify_code -code=" + e.code()))
                self.assertIn("waits for no code", c.ask("input_phone_verify_code -code=123456"))
                self.assertIn("waits for no code", c.ask("req_phone_verify_code"))
                self.assertIn("logged in as user", c.ask("relogin"))
                self.assertIn("the last round trip", c.ask("ping"))
                self.assertIn("not public", c.ask("request_highest_quote_right"))
        self.assertEqual(e.sms, 1)

    def test_a_new_sms_and_a_wrong_code(self):
        with Emulator("sms") as e:
            with self.daemon(e) as d, d.console() as c:
                self.assertIn("the SMS to 152****1234; give it", c.ask("req_phone_verify_code"))
                self.assertIn("at most 1 in 60 seconds", c.ask("req_phone_verify_code"))
                self.assertIn("the code was wrong, a new SMS was sent",
                              c.ask("input_phone_verify_code -code=000000"))
                self.assertIn("logged in as user", c.ask("input_phone_verify_code -code=" + e.code()))
        self.assertEqual(e.sms, 3)

    def test_a_code_that_comes_too_late(self):
        with Emulator("code-expired") as e:
            with self.daemon(e) as d, d.console() as c:
                for n in range(3):
                    time.sleep(1.1)         # the code's whole life, by the emulator's clock
                    text = c.ask("input_phone_verify_code -code=" + e.code())
                    self.assertIn("the code was wrong" if n < 2 else "the login has failed: auth: "
                                  "wrong SMS code (ret_type=21)", text)
                self.assertIn("codes live about 60 seconds", text)
                self.assertIn("login: failed", c.ask("status"))
                self.assertIn("the code of the SMS; give it", c.ask("req_phone_verify_code"))
                self.assertIn("logged in as user", c.ask("input_phone_verify_code -code=" + e.code()))

    def test_a_token_s_code(self):
        with Emulator("third-factor") as e:
            with self.daemon(e) as d, d.console() as c:
                self.assertIn("which no SMS brings", c.ask("req_phone_verify_code"))
                self.assertIn("logged in as user", c.ask("input_phone_verify_code -code=778899"))

    def test_on_a_terminal_it_may_also_be_typed(self):
        with Emulator("sms") as e:
            port = free_port()
            servers = [x.removeprefix("broker-addr ") for x in e.lines if x.startswith("broker-addr ")]
            argv = [a for a in e.args() if a != "--setup-only"] + [
                "--port", "0", "--management-port", str(port), "--broker-addr", servers[0]]
            screen = Screen(argv, e.env())
            self.addCleanup(screen.end)
            screen.shows("ready; Ctrl-C ends")                  # it is up while it waits
            with Console(port) as c:
                self.assertIn("login: waits", c.ask("status"))
                screen.type("12")                               # no code: it is asked for again
                screen.shows("the terminal held is no code")
                screen.type(f" input_phone_verify_code -code={e.code()} ")
                screen.shows("login: user 9000001")
                self.assertIn("login: done", c.ask("status"))
                c.send("exit\r\n")
                c.rest()
            self.assertEqual(screen.status(), 0)
        self.assertEqual(e.sms, 1)

    def test_a_new_password(self):
        md5 = hashlib.md5(b"secret").hexdigest()
        with open(os.path.join(LOGS, "console.secrets"), "a") as f:
            f.write("wrong-password\n" + md5 + "\n")
        with Emulator("known-device") as e:
            with self.daemon(e) as d, d.console() as c:
                self.assertIn("login: done", c.ask("status"))
                self.assertIn("account/password mismatch", c.ask('relogin -login_pwd="wrong-password"'))
                self.assertIn("32 hex digits", c.ask("relogin -login_pwd_md5=0123"))
                self.assertIn("logged in as user", c.ask("relogin -login_pwd_md5=" + md5.upper()))
                self.assertIn("logged in as user", c.ask("relogin"))

    def test_a_captcha_that_comes_while_running(self):
        text = ("[account]\nname = 12345678\npassword = secret\nsms = no\n[fault]\ncall = login\n"
                "nth = 2\nerror = 11\ncount = 0\nmessage = please enter the verification code\n")
        with Emulator("captcha", text=text) as e:
            with self.daemon(e) as d, d.console() as c:
                self.assertIn("could not be renewed: auth: the server asks for a captcha",
                              c.ask("relogin"))
                self.assertIn("(error 11)", c.ask("input_pic_verify_code -code=abcd"))


if __name__ == "__main__":
    unittest.main(argv=["console.py"])
