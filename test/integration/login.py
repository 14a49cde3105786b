"""login.py FUTU-OPEND FUTU-EMULATOR FUTUCLI - first logins from outside, with --setup-only and by a
gateway, against the emulator, on a terminal and without one: exit statuses, messages, files, and
the ways in which the code of an SMS may come."""
import glob
import json
import os
import pty
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from shared import free_port

OPEND, EMULATOR, CLI = sys.argv[1:4]
SLOW = 5 if "san" in OPEND else 1
SCENARIOS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "emulator", "scenarios")
CODE_SENT, REFUSED = 3, 4


class Emulator:
    """The broker's side until the end of the block; `text` is a scenario in place of a file's."""

    def __init__(self, scenario, *args, text=None):
        self.dir = tempfile.mkdtemp(prefix="futu-login-")
        self.state = os.path.join(self.dir, "state")
        path = os.path.join(SCENARIOS, scenario + ".conf")
        if text:
            path = os.path.join(self.dir, "scenario.conf")
            with open(path, "w") as f:
                f.write(text)
        self.process = subprocess.Popen([EMULATOR, "--dir", self.dir, *args, path],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.lines = []
        for line in self.process.stdout:
            self.lines.append(line.strip())
            if line == "ready\n":
                break
        self.url = self.lines[0].removeprefix("auth ")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        rest = self.process.stdout.read()
        self.sms = rest.count("sms ")
        self.status = self.process.wait(timeout=30)
        self.process.stdin.close()
        self.process.stdout.close()
        shutil.rmtree(self.dir)

    def say(self, line):
        """Has something happen; see its README."""
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def code(self):
        with open(os.path.join(self.dir, "sms.txt")) as f:
            return f.read().strip()

    def args(self, *more, account="12345678"):
        return [OPEND, "--setup-only", "--login-account", account, "--auth-server", self.url,
                "--state-dir", self.state, "--keychain", "off", *more]

    def env(self, **more):
        kept = {k: v for k, v in os.environ.items() if not k.startswith("FUTU_")}
        return kept | {"FUTU_LOOPBACK_ONLY": "1", "FUTU_PWD": "secret", "HOME": self.dir} | more

    def setup(self, *more, account="12345678", **env):
        """(status, standard output, standard error) without a terminal."""
        run = subprocess.run(self.args(*more, account=account), env=self.env(**env), text=True,
                             stdin=subprocess.DEVNULL, capture_output=True, timeout=60 * SLOW)
        return run.returncode, run.stdout, run.stderr

    def gateway_args(self, *more):
        servers = next(x for x in self.lines if x.startswith("broker-addr "))
        return [a for a in self.args() if a != "--setup-only"] + [
            "--port", "0", "--broker-addr", servers.removeprefix("broker-addr "), *more]

    def typed(self, answers, *more, gateway=False, **env):
        """(status, screen) on a terminal: an answer is typed after each question. A gateway is
        ended once it is ready."""
        args = self.gateway_args(*more) if gateway else self.args(*more)
        pid, fd = pty.fork()
        if pid == 0:
            os.execve(OPEND, args, self.env(**env))
        screen, end = b"", time.monotonic() + 30 * SLOW
        while time.monotonic() < end:
            if select.select([fd], [], [], 0.1)[0]:
                try:
                    chunk = os.read(fd, 4096)
                except OSError:
                    break
                if not chunk:
                    break
                screen += chunk
            if screen.endswith(b": ") and answers:
                answer = answers.pop(0)
                os.write(fd, (self.code() if answer is None else answer).encode() + b"\n")
                screen += b"<asked>"
            if gateway and b"\nready" in screen:
                os.kill(pid, signal.SIGTERM)
                gateway = False
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        os.close(fd)
        return status, screen.decode()


class FirstLogin(unittest.TestCase):
    def test_a_terminal_is_asked_for_the_code(self):
        with Emulator("sms") as e:
            status, screen = e.typed([None])
            self.assertEqual(status, 0, screen)
            self.assertIn("SMS sent to phone; awaiting verification code via stdin", screen)
            self.assertIn("it went to 152****1234", screen)
            self.assertLess(screen.index("SMS sent"), screen.index("Code of the SMS: "))
            self.assertIn("logged in as user 9000001", screen)
            self.assertEqual(e.setup(FUTU_PWD="")[0], 0)     # neither password nor SMS
        self.assertEqual(e.sms, 1)
        self.assertEqual(e.status, 0)

    def test_an_empty_line_is_asked_again_and_never_sent(self):
        with Emulator("sms") as e:
            status, screen = e.typed(["", None])
            self.assertEqual(status, 0, screen)
        self.assertEqual(e.sms, 1)

    def test_without_a_terminal_it_ends_with_the_next_command_which_works(self):
        with Emulator("sms") as e:
            status, out, err = e.setup()
            self.assertEqual((status, out), (CODE_SENT, ""))
            self.assertIn("futu-opend: code: the SMS was sent to 152****1234, and there is no "
                          "terminal to type its code", err)
            self.assertIn("do not just start again", err)
            command = re.search(r"next:\n  (.+)\n", err).group(1)
            run = subprocess.run(command.replace("CODE", e.code()), shell=True, env=e.env(),
                                 text=True, stdin=subprocess.DEVNULL, capture_output=True)
            self.assertEqual(run.returncode, 0, run.stderr)
            files = sorted(os.listdir(e.state))
            self.assertEqual([f for f in files if f.startswith(("credentials", "device"))],
                             ["credentials-25d55ad283aa400a.json", "device-25d55ad283aa400a.dat"])
            for name in files:
                mode = os.stat(os.path.join(e.state, name)).st_mode & 0o777
                self.assertEqual(mode, 0o600, name)
            self.assertEqual(os.stat(e.state).st_mode & 0o777, 0o700)
        self.assertEqual(e.sms, 1)

    def test_the_next_command_hides_a_password_and_quotes_what_a_shell_would_split(self):
        with Emulator("sms") as e:
            e.state += " x"
            status, _, err = e.setup("--login-pwd", "secret", "--reset-device", FUTU_PWD="")
            self.assertEqual(status, CODE_SENT)
            command = re.search(r"next:\n  (.+)\n", err).group(1)
            self.assertIn("--login-pwd ...", command)
            self.assertIn(f"--state-dir '{e.state}'", command)
            self.assertNotIn("--reset-device", command)
            self.assertNotIn("secret", err)

    def test_a_wrong_code_without_a_terminal_is_final(self):
        with Emulator("sms") as e:
            self.assertEqual(e.setup()[0], CODE_SENT)
            status, _, err = e.setup("--verify-code", "000000")
            self.assertEqual(status, REFUSED)
            self.assertIn("wrong SMS code (ret_type=21) (error_code=21", err)
            self.assertIn("only the newest SMS counts", err)
            self.assertEqual(e.setup("--verify-code", e.code())[0], 0)
        self.assertEqual(e.sms, 1)

    def test_a_wrong_code_on_a_terminal_waits_for_enter(self):
        with Emulator("sms") as e:
            self.assertEqual(e.setup()[0], CODE_SENT)
            status, screen = e.typed([""], "--verify-code", "000000")
            self.assertEqual(status, REFUSED)
            self.assertIn("Enter ends: ", screen)

    def test_a_typed_wrong_code_brings_another_device_id(self):
        with Emulator("sms") as e:
            status, screen = e.typed(["000000", None])
            self.assertEqual(status, 0, screen)
            self.assertIn("once more with another device id (1 of 2)", screen)
        self.assertEqual(e.sms, 2)

    def test_an_expired_code(self):
        with Emulator("code-expired") as e:
            self.assertEqual(e.setup()[0], CODE_SENT)
            time.sleep(1.1)                 # the code's whole life, by the emulator's clock
            status, _, err = e.setup("--verify-code", e.code())
            self.assertEqual(status, REFUSED)
            self.assertIn("codes live about 60 seconds", err)

    def test_over_https_with_a_root_of_its_own(self):
        with Emulator("known-device", "--tls") as e:
            status, _, err = e.setup()
            self.assertEqual(status, 1)
            self.assertRegex(err, r"futu-opend: tls: https://127.0.0.1:\d+: .*CA")
            status, _, err = e.setup("--auth-ca", e.dir + "/ca.pem")
            self.assertEqual(status, 0, err)

    def test_a_token_s_code(self):
        with Emulator("third-factor") as e:
            status, screen = e.typed(["778899"])
            self.assertEqual(status, 0, screen)
            self.assertIn("Code of your token or authenticator app: ", screen)

    def test_a_phone_of_moomoo(self):
        with Emulator("moomoo-phone") as e:
            who = {"account": "+1-4155551234"}
            status, _, err = e.setup("--platform", "moomoo", **who)
            self.assertEqual(status, CODE_SENT, err)
            self.assertIn("--login-account +1-4155551234", err)
            self.assertEqual(e.setup("--platform", "moomoo", "--verify-code", e.code(), **who)[0], 0)


class Gateway:
    """A gateway on a direct login, without a terminal, until the end of the block."""

    def __init__(self, emulator, *args):
        self.emulator = emulator
        self.rest = free_port()
        self.keys = os.path.join(emulator.dir, "keys.json")
        made = subprocess.run([CLI, "gen-key", "--keys-file", self.keys, "--id",
                               f"op-{self.rest}", "--scopes", "admin,qot:read,metrics:read"], capture_output=True, text=True, env=emulator.env())
        self.key = re.search(r"\bfc_\w+", made.stdout).group(0)
        self.log = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            emulator.gateway_args("--rest-port", str(self.rest), "--rest-keys-file", self.keys,
                                  "--allow-tcp-unauthenticated", *args),
            env=emulator.env(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.log,
            text=True)

    def __enter__(self):
        for line in self.process.stdout:
            if line.startswith("ready"):
                break
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.communicate(timeout=30 * SLOW)
        self.log.close()

    def errors(self):
        self.log.seek(0)
        return self.log.read()

    def ask(self, path, body=None):
        """(status, text)"""
        data = json.dumps(body).encode() if body is not None else None
        rq = urllib.request.Request(f"http://127.0.0.1:{self.rest}{path}", data=data)
        rq.add_header("Authorization", "Bearer " + self.key)
        if data:
            rq.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(rq, timeout=30) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as e:
            return e.code, e.read().decode()

    def becomes_ready(self):
        end = time.monotonic() + 20 * SLOW
        while time.monotonic() < end:
            status, text = self.ask("/readyz")
            if status == 200:
                return True
            time.sleep(0.05)
        return text


class OfAGateway(unittest.TestCase):
    def test_nobody_to_ask_ends_it_with_the_next_command(self):
        with Emulator("sms") as e:
            with Gateway(e) as g:
                self.assertEqual(g.process.wait(timeout=30 * SLOW), CODE_SENT)
                self.assertRegex(g.errors(),
                                 r"next:\n  .*--login-account 12345678.* --verify-code CODE\n")
            with Gateway(e, "--verify-code", e.code()) as g:
                self.assertIs(g.becomes_ready(), True)
        self.assertEqual(e.sms, 1)

    def test_a_wrong_given_code_without_a_terminal_ends_it_with_status_4(self):
        with Emulator("sms") as e:
            self.assertEqual(e.setup()[0], CODE_SENT)
            with Gateway(e, "--verify-code", "000000") as g:
                self.assertEqual(g.process.wait(timeout=30 * SLOW), REFUSED)
                self.assertIn("wrong SMS code (ret_type=21)", g.errors())
                self.assertIn("only the newest SMS counts", g.errors())
            self.assertEqual(e.setup("--verify-code", e.code())[0], 0)
        self.assertEqual(e.sms, 1)

    def test_after_a_wrong_given_code_a_terminal_is_asked(self):
        with Emulator("sms") as e:
            self.assertEqual(e.setup()[0], CODE_SENT)
            status, screen = e.typed([None], "--verify-code", "000000", gateway=True)
            self.assertEqual(status, 0, screen)
            self.assertIn("once more with another device id (1 of 2)", screen)
            self.assertLess(screen.index("wrong SMS code"), screen.index("Code of the SMS: "))
        self.assertEqual(e.sms, 2)

    def test_the_code_comes_by_file(self):
        with Emulator("sms") as e:
            path = os.path.join(e.dir, "code")
            with Gateway(e, "--verify-code-file", path) as g:
                status, text = g.ask("/readyz")
                self.assertEqual(status, 503)
                self.assertIn("the login waits for the code of the SMS to 152****1234", text)
                with open(path, "w") as f:
                    f.write(e.code() + "\n")
                self.assertIs(g.becomes_ready(), True)
                self.assertFalse(os.path.exists(path))
        self.assertEqual(e.sms, 1)

    def test_the_code_comes_by_rest(self):
        with Emulator("sms") as e:
            with Gateway(e, "--verify-code-file", os.path.join(e.dir, "code")) as g:
                url = "/api/admin/verify-code"
                for bad in ({}, {"verify_code": 123456}, {"verify_code": "12"},
                            {"verify_code": "123456", "x": 1}):
                    self.assertEqual(g.ask(url, bad)[0], 400, bad)
                self.assertEqual(g.ask("/api/admin/relogin", {})[0], 409)
                self.assertEqual(g.ask(url, {"verify_code": e.code()})[0], 200)
                self.assertIs(g.becomes_ready(), True)
                self.assertEqual(g.ask(url, {"verify_code": e.code()})[0], 409)
                self.assertEqual(g.ask("/api/admin/relogin", {})[0], 200)
                info = json.loads(g.ask("/api/push-subscriber-info")[1])["login_renewal"]
                self.assertEqual((info["failures"], info["attempts"]), (0, 1))
                self.assertGreater(info["next_s"], time.time() + 26 * 86400)

    def test_a_wrong_code_by_file_is_asked_for_again(self):
        with Emulator("sms") as e:
            path = os.path.join(e.dir, "code")
            with Gateway(e, "--verify-code-file", path) as g:
                self.assertEqual(g.ask("/api/admin/verify-code", {"verify_code": "000000"})[0], 200)
                end = time.monotonic() + 20 * SLOW
                while "another device id (1 of 2)" not in g.errors() and time.monotonic() < end:
                    time.sleep(0.05)
                while g.errors().count("the code is awaited") < 2 and time.monotonic() < end:
                    time.sleep(0.05)
                with open(path, "w") as f:
                    f.write(e.code())
                self.assertIs(g.becomes_ready(), True)
        self.assertEqual(e.sms, 2)

    def test_it_starts_offline_and_logs_in_when_the_server_is_there(self):
        port = free_port()
        with Emulator("known-device") as e:
            good = e.url
            e.url = f"http://127.0.0.1:{port}"
            with Gateway(e) as g:
                self.assertEqual(g.ask("/readyz")[0], 503)
                self.assertIn("connection refused", g.errors())
                e.url = good
                with socket.create_server(("127.0.0.1", port)) as server:
                    server.settimeout(30 * SLOW)
                    client, _ = server.accept()         # it has come back by itself
                    client.close()


class Failures(unittest.TestCase):
    def fails(self, scenario, *texts, args=(), **env):
        with Emulator(scenario) as e:
            status, out, err = e.setup(*args, **env)
            self.assertEqual((status, out), (REFUSED, ""), err)
            for text in texts:
                self.assertIn(text, err)

    def test_a_wrong_password(self):
        self.fails("known-device", "auth: account/password mismatch (error_code=2",
                   "the account belongs to the other platform", FUTU_PWD="wrong")

    def test_the_wrong_platform(self):
        self.fails("wrong-platform", "account/password mismatch (error_code=2")

    def test_a_locked_device(self):
        self.fails("locked", "(ret_type=15) (error_code=15", "rate limited until 20", "lsof",
                   "--reset-device --setup-only", "risk control")

    def test_a_captcha(self):
        self.fails("captcha", "error_code=11: please enter the verification code")

    def test_a_client_that_is_too_old(self):
        self.fails("too-old", "error_code=45", "update it")

    def test_a_server_that_hangs_up_and_works_the_next_time(self):
        with Emulator("hang-up") as e:
            status, _, err = e.setup()
            self.assertEqual(status, 1)
            self.assertRegex(err, r"futu-opend: http: http://127.0.0.1:\d+: closed")
            self.assertEqual(e.setup()[0], 0)

    def test_no_server(self):
        with Emulator("known-device") as e:
            e.process.terminate()
            e.process.wait()
            status, _, err = e.setup()
            self.assertEqual(status, 1)
            self.assertRegex(err, r"futu-opend: tcp: http://127.0.0.1:\d+: connection refused")

    def test_nothing_beyond_this_machine_is_dialled(self):
        with Emulator("known-device") as e:
            e.url = "https://auth.example.com"
            status, _, err = e.setup()
            self.assertEqual(status, 1)
            self.assertIn("refused by the peer", err)

    def test_no_password_anywhere(self):
        with Emulator("known-device") as e:
            status, _, err = e.setup(FUTU_PWD="")
            self.assertEqual(status, 1)
            self.assertRegex(err, r"futu-opend: password: .*FUTU_PWD")

    def test_two_at_once(self):
        with Emulator("sms", text="[account]\nname = 12345678\npassword = secret\nsms = no\n"
                                  "[fault]\ncall = salt\nsilent = yes\n") as e:
            first = subprocess.Popen(e.args(), env=e.env(), stdin=subprocess.DEVNULL,
                                     stderr=subprocess.PIPE, text=True)
            while not glob.glob(e.state + "/lock-*"):
                time.sleep(0.01)
            status, _, err = e.setup()
            first.terminate()
            first.communicate()
            self.assertEqual(status, 1)
            self.assertIn(str(first.pid), err)

    def test_the_debug_log_shows_the_way_without_secrets(self):
        with Emulator("sms") as e:
            e.setup()
            status, _, err = e.setup("--verify-code", e.code(), "--log-level", "debug")
            self.assertEqual(status, 0)
            for text in ("POST raw: {", '"tgtgt":"<REDACTED len=', '"salt":"<REDACTED len='):
                self.assertIn(text, err)
            self.assertNotIn('"' + e.code(), err)
            self.assertNotIn("secret", err)


if __name__ == "__main__":
    unittest.main(argv=["login.py"])
