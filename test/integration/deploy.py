"""deploy.py FUTU-OPEND FUTU-EMULATOR FUTUCLI - the examples of examples/deploy/ at work: the unit as
systemd would run it, the image as a container engine would, a job of CI; each from the first login
on, without a terminal, against the emulator. systemd and the engine are stand-ins: see host.py.
"""
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request

import host
from login import CLI, CODE_SENT, EMULATOR, OPEND, REFUSED, SLOW, Emulator

WRONG_USAGE, FAILED = 2, 1
PASSWORD = "pw-of-a-deployment"
SCENARIO = f"""[auth]
code = 424242
[account]
name = 12345678
password = {PASSWORD}
phone = 15212341234
brokers = 1001 1007
"""
# The run of a container as the cheat sheet has it, but for the account's own words.
DOCKER = """run -d --name futu-opend --restart unless-stopped
-p 11111:11111 -p 22222:22222 -p 33333:33333
-v ~/.futu-opend-rs:/root/.futu-opend-rs
-v /etc/futu-opend/keys.json:/etc/futu-opend/keys.json:ro
ghcr.io/futuleaf/futu-opend-rs:rs-v1.4.84
--login-account X --login-pwd Y --platform moomoo
--rest-port 22222 --grpc-port 33333
--rest-keys-file /etc/futu-opend/keys.json
--grpc-keys-file /etc/futu-opend/keys.json"""


def until(what, check, seconds=30):
    end = time.monotonic() + seconds * SLOW
    while time.monotonic() < end:
        value = check()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"{what}: not within {seconds * SLOW} s")


def ask(path, key=None, body=None, port=22222):
    """(status, text); 0: nobody listens."""
    data = json.dumps(body).encode() if body is not None else None
    rq = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data=data)
    if key:
        rq.add_header("Authorization", "Bearer " + key)
    if data:
        rq.add_header("Content-Type", "application/json")
    try:
        with urllib.request.urlopen(rq, timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as e:
        return e.code, e.read().decode()
    except (urllib.error.URLError, ConnectionError) as e:
        return 0, str(e)


def ready():
    return ask("/readyz")[0] == 200


def make_key(path, *more):
    made = subprocess.run([CLI, "gen-key", "--keys-file", path, "--id", "first", "--scopes",
                           "qot:read,acc:read", *more], capture_output=True, text=True,
                          check=False)
    assert made.returncode == 0, made.stderr
    return re.search(r"\bfc_\w+", made.stdout)[0]


def next_command(err):
    return re.search(r"next:\n  (.+)\n", err)[1]


class Deployment(unittest.TestCase):
    def setUp(self):
        # Nothing is ever mounted in it.
        self.disk = tempfile.mkdtemp(prefix="futu-deploy-")
        os.chmod(self.disk, 0o755)
        self.addCleanup(self.clean)
        self.emulator = Emulator("", text=SCENARIO)
        servers = [x.removeprefix("broker-addr ") for x in self.emulator.lines
                   if x.startswith("broker-addr ")]
        # As a user may give what no option of the examples names.
        self.vendor = {"FUTU_LOOPBACK_ONLY": "1", "FUTU_OPEND_AUTH_SERVER": self.emulator.url,
                       "FUTU_OPEND_BROKER_ADDR": servers[0]}
        self.running, self.sms_wanted = [], None

    def clean(self):
        for thing in self.running:
            thing.close()
        self.emulator.__exit__()
        shutil.rmtree(self.disk)
        if self.sms_wanted is not None:
            self.assertEqual(self.emulator.sms, self.sms_wanted, "SMS were sent")

    def serves(self, key):
        """Health, readiness, and a quote for who has the key."""
        until("readiness", ready)
        self.assertEqual(ask("/health")[0], 200)
        self.assertEqual(ask("/api/quote", body={"symbol": "HK.00700"})[0], 401)
        status, text = ask("/api/subscribe", key, {"symbols": ["HK.00700"], "sub_types": [1]})
        self.assertEqual(status, 200, text)
        status, text = ask("/api/quote", key, {"symbols": ["HK.00700"]})
        self.assertEqual(status, 200, text)
        self.assertIn("00700", text)

    def no_secret_in(self, *texts):
        for text in texts:
            self.assertNotIn(PASSWORD, text)


class OfAService(Deployment):
    def setUp(self):
        super().setUp()
        with open(os.path.join(host.DEPLOY, "futu-opend.env"), encoding="utf-8") as f:
            self.service = host.Service(self.disk, BIN, f.read(), PASSWORD + "\n", self.vendor)
        self.running.append(self.service)
        keys = self.service.keys
        self.key = make_key(keys)
        os.chmod(keys, 0o640)
        if host.many_users():
            os.chown(keys, 0, self.service.uid)


class AsAService(OfAService):
    def setup(self):
        """The two steps, without a terminal: the second is the command that the first prints."""
        first = self.service.spawn([*self.service.login_options(), "--setup-only"])
        self.assertEqual(first.wait(60 * SLOW), CODE_SENT, first.err)
        self.assertEqual(first.out, "")
        self.assertIn("SMS sent to phone", first.err)
        self.assertIn("there is no terminal to type its code", first.err)
        command = next_command(first.err)
        self.assertNotIn(self.emulator.code(), command)
        second = self.service.spawn(["sh", "-c", command.replace("CODE", self.emulator.code())])
        self.assertEqual(second.wait(60 * SLOW), 0, second.err)
        self.assertIn("logged in as user 9000001", second.out)
        self.no_secret_in(first.err, second.err, second.out)

    def starts(self):
        self.assertTrue(self.service.start(60 * SLOW), self.service.process.err)

    def test_first_deploy_in_two_steps_then_starts_without_an_sms(self):
        self.sms_wanted = 1
        s = self.service
        self.setup()
        state = f"{self.disk}/{s.state}/.futu-opend-rs"
        self.assertEqual(os.stat(state).st_mode & 0o777, 0o700)
        for name in os.listdir(state):
            self.assertEqual(os.stat(f"{state}/{name}").st_mode & 0o777, 0o600, name)
        self.starts()
        self.serves(self.key)
        self.assertTrue(s.hears("WATCHDOG=1"))
        self.assertEqual(os.stat(f"{self.disk}/{s.logs}/audit.jsonl").st_mode & 0o777, 0o600)
        self.assertEqual(s.stop(), 0)
        self.assertTrue(s.hears("STOPPING=1", 1))
        self.assertIn("ready; Ctrl-C ends", s.process.out)
        self.no_secret_in(s.process.err, s.process.out)
        self.starts()
        self.serves(self.key)
        self.assertEqual(s.stop(signal.SIGKILL), -signal.SIGKILL)
        self.starts()
        self.serves(self.key)
        self.assertEqual(s.stop(), 0)

    def test_without_a_first_login_the_service_waits_for_the_code_that_it_asked_for(self):
        self.sms_wanted = 1
        s = self.service
        self.starts()
        status, text = ask("/readyz")
        self.assertEqual(status, 503)
        self.assertIn("the login waits for the code of the SMS to 152****1234", text)
        comment = re.search(r"echo 123456 \| sudo -u futu (tee \S+)", self.unit_text())[1]
        p = s.spawn(["sh", "-c", f"echo {self.emulator.code()} | {comment}"])
        self.assertEqual(p.wait(), 0, p.err)
        self.serves(self.key)
        self.assertEqual(s.stop(), 0)

    @staticmethod
    def unit_text():
        with open(os.path.join(host.DEPLOY, "futu-opend.service"), encoding="utf-8") as f:
            return f.read()

    def test_it_is_started_again_after_a_crash_but_not_to_repeat_a_login_that_does_harm(self):
        s = self.service
        s.password("another password")
        self.assertFalse(s.start(60 * SLOW))
        self.assertEqual(s.process.wait(), REFUSED, s.process.err)
        self.assertFalse(s.unit.restarts_after(REFUSED))
        s.password("")
        self.assertFalse(s.start(60 * SLOW))
        self.assertEqual(s.process.wait(), WRONG_USAGE, s.process.err)
        self.assertFalse(s.unit.restarts_after(WRONG_USAGE))
        self.assertFalse(s.unit.restarts_after(CODE_SENT))
        for status in (FAILED, 101, -signal.SIGSEGV, -signal.SIGKILL):
            self.assertTrue(s.unit.restarts_after(status))
        self.assertFalse(s.unit.restarts_after(0))

    def test_a_port_that_is_taken_passes_and_is_worth_another_start(self):
        self.setup()
        with host.socket.create_server(("127.0.0.1", 22222)):
            self.assertFalse(self.service.start(60 * SLOW))
            self.assertEqual(self.service.process.wait(), FAILED)
            self.assertIn("22222", self.service.process.err)
        self.starts()
        self.assertEqual(self.service.stop(), 0)

    def test_a_reload_takes_a_key_away(self):
        s = self.service
        self.setup()
        self.starts()
        until("readiness", ready)
        self.assertEqual(ask("/api/accounts", self.key)[0], 200)
        subprocess.run([CLI, "revoke-key", "first", "--keys-file", s.keys], check=True,
                       capture_output=True)
        words = s.unit.words("ExecReload", {"MAINPID": str(s.process.pid)})
        subprocess.run(words, check=True)
        until("the reload", lambda: ask("/api/accounts", self.key)[0] == 401)
        self.assertEqual(s.stop(), 0)

    def test_nothing_but_its_own_folders_can_be_written(self):
        s = self.service
        p = s.spawn(["sh", "-c", "for f in / /etc /etc/futu-opend /usr/local/bin /run /var/lib "
                     "$CREDENTIALS_DIRECTORY; do touch $f/x 2>/dev/null && echo $f; done; "
                     "for f in $STATE_DIRECTORY $LOGS_DIRECTORY $RUNTIME_DIRECTORY; do "
                     "touch $f/x || echo $f; done; id -u; tty"])
        p.wait()
        self.assertEqual(p.out.split("\n")[:2], [str(s.uid if host.many_users() else 0),
                                                 "not a tty"])

    def test_its_memory_and_environment_are_shown_to_nobody_of_its_user(self):
        s = self.service
        self.setup()
        self.starts()
        for name in ("mem", "environ", "maps"):
            p = s.spawn(["cat", f"/proc/{s.process.pid}/{name}"])
            if host.many_users():
                self.assertNotEqual(p.wait(), 0, name)
        with open(f"/proc/{s.process.pid}/limits", encoding="utf-8") as f:
            self.assertRegex(f.read(), r"Max core file size +0 +0 ")
        self.assertEqual(s.stop(), 0)


class PasswordFiles(OfAService):
    """What --login-pwd-file takes; the login itself shows whether it was taken right."""

    def login(self, text, mode=0o400):
        self.service.password(text)
        name = self.service.unit["LoadCredential"].split(":")[0]
        os.chmod(f"{self.service.credentials}/{name}", mode)
        p = self.service.spawn([*self.service.login_options(), "--setup-only"])
        status = p.wait(60 * SLOW)
        self.no_secret_in(p.err, p.out)
        return status, p.err

    def test_one_line_break_is_no_part_of_it(self):
        for text in (PASSWORD, PASSWORD + "\n", PASSWORD + "\r\n"):
            self.assertEqual(self.login(text)[0], CODE_SENT, repr(text))

    def test_a_second_line_break_and_blanks_are(self):
        status, err = self.login(PASSWORD + "\n\n")
        self.assertEqual(status, REFUSED)
        self.assertIn("error_code=2", err)
        self.assertEqual(self.login(" " + PASSWORD)[0], REFUSED)

    def test_what_is_no_password_is_named_before_anything_is_sent(self):
        for text, word in ((b"", "is empty"), (b"\n", "is empty"), (b"\r\n", "is empty"),
                           (b"a\0b", "NUL"), (b"x" * 1025, "longer than 1024 bytes")):
            status, err = self.login(text)
            self.assertEqual(status, WRONG_USAGE, text)
            self.assertIn("--login-pwd-file: ", err)
            self.assertIn(word, err)
        self.assertEqual(self.login("x" * 1023 + "\n")[0], REFUSED)

    def test_a_file_that_is_not_there_or_not_for_this_user(self):
        if host.many_users():
            status, err = self.login(PASSWORD, 0)
            self.assertEqual(status, WRONG_USAGE)
            self.assertIn("Permission denied", err)
        os.unlink(f"{self.service.credentials}/login-pwd")
        for path, word in ((None, "No such file"), ("/etc", "Is a directory")):
            words = self.service.login_options()
            words[-1] = path or words[-1]
            p = self.service.spawn([*words, "--setup-only"])
            self.assertEqual(p.wait(60 * SLOW), WRONG_USAGE)
            self.assertRegex(p.err, f"--login-pwd-file: {words[-1]}: .*{word}")

    def test_a_file_for_all_is_used_with_a_warning(self):
        status, err = self.login(PASSWORD, 0o444)
        self.assertEqual(status, CODE_SENT)
        self.assertRegex(err, r"WARN .*others can read .*login-pwd; chmod 600")
        self.assertNotIn("chmod 600", self.login(PASSWORD, 0o400)[1])


class InAContainer(Deployment):
    def setUp(self):
        super().setUp()
        self.image = IMAGE
        self.volume = host.folder(f"{self.disk}/volume", 0o700, self.image.user)
        self.keys = f"{self.disk}/etc/keys.json"
        host.folder(os.path.dirname(self.keys))
        self.key = make_key(self.keys)
        os.chmod(self.keys, 0o644)

    def run_it(self, *more, volume=True, line=DOCKER):
        """The printed line with an account of the emulator."""
        line = line.replace("\n", " ").replace("/etc/futu-opend/keys.json:/", f"{self.keys}:/")
        line = line.replace("~/.futu-opend-rs", self.volume).replace("--platform moomoo", "")
        line = line.replace("X", "12345678").replace("Y", PASSWORD)
        if not volume:
            line = line.replace(f"-v {self.volume}:/root/.futu-opend-rs", "")
        c = host.Container(self.image, f"{line} {shlex.join(more)}", self.vendor)
        c.close = lambda: c.process.end(signal.SIGKILL)
        self.running.append(c)
        return c

    def first_login(self):
        c = self.run_it("--setup-only")
        self.assertEqual(c.process.wait(60 * SLOW), CODE_SENT, c.process.err)
        self.assertIn("--login-pwd ... ", next_command(c.process.err))
        self.no_secret_in(c.process.err)
        c = self.run_it("--setup-only", "--verify-code", self.emulator.code())
        self.assertEqual(c.process.wait(60 * SLOW), 0, c.process.err)

    def test_a_rebuilt_container_needs_no_sms_while_the_volume_stays(self):
        self.sms_wanted = 1
        self.first_login()
        for how in (signal.SIGTERM, signal.SIGKILL, signal.SIGTERM):
            c = self.run_it()
            until("the port", lambda: ask("/health")[0] == 200)
            self.serves(self.key)
            self.assertNotIn("goes with it", c.process.err)
            self.healthy(c, True)
            self.assertEqual(c.process.end(how), 0 if how == signal.SIGTERM else -how)
        self.healthy(c, False)

    def healthy(self, container, wanted):
        check = container.image.health
        run = subprocess.run(shlex.split(check), capture_output=True, check=False)
        self.assertEqual(run.returncode == 0, wanted, run.stderr)

    def test_without_the_volume_each_one_costs_an_sms_and_says_so(self):
        self.sms_wanted = 2
        for _ in range(2):
            c = self.run_it(volume=False)
            self.assertEqual(c.process.wait(60 * SLOW), CODE_SENT, c.process.err)
            self.assertRegex(c.process.err, r"WARN .*state: /root/.futu-opend-rs is a part of this "
                             r"container and goes with it: .*mount a volume there")

    def test_started_again_and_again_by_its_engine_it_sends_one_sms(self):
        self.sms_wanted = 1
        for _ in range(4):              # --restart unless-stopped, which heeds no status
            self.assertEqual(self.run_it().process.wait(60 * SLOW), CODE_SENT)

    def test_a_volume_of_another_user_is_named_as_that(self):
        if not host.many_users():
            self.skipTest("there is only one user here")
        os.chown(self.volume, 0, 0)
        c = self.run_it()
        self.assertEqual(c.process.wait(60 * SLOW), FAILED)
        self.assertRegex(c.process.err, r"state: opening /root/.futu-opend-rs: Permission denied; it "
                         rf"belongs to user 0, and this is user {self.image.user}")

    def test_a_secret_that_is_mounted_as_a_file(self):
        secret = host.write(f"{self.disk}/futu-pwd", PASSWORD + "\n", 0o600, self.image.user)
        line = ("run --rm -it -v {0}:/run/secrets/futu-pwd:ro -v ~/.futu-opend-rs:"
                "/root/.futu-opend-rs futu-opend --setup-only --login-account X "
                "--login-pwd-file /run/secrets/futu-pwd").format(secret)
        c = self.run_it(line=line)
        self.assertEqual(c.process.wait(60 * SLOW), CODE_SENT, c.process.err)
        c = self.run_it("--verify-code", self.emulator.code(), line=line)
        self.assertEqual(c.process.wait(60 * SLOW), 0, c.process.err)
        self.assertNotIn("WARN", c.process.err)

    def test_the_image_has_each_library_that_the_programs_load(self):
        if not shutil.which("dpkg-query"):
            self.skipTest("no dpkg: which package owns a library is not known")
        wanted = set()
        for path in self.image.libraries:
            if re.search(r"libfutu|lib[atu]b?san|libgcc|libstdc|/ld-linux|lib(c|m|dl|pthread)\.so", path):
                continue                # our own, a sanitizer's, or those of every Debian
            owner = subprocess.run(["dpkg-query", "-S", f"*/{os.path.basename(path)}"],
                                   capture_output=True, text=True, check=True).stdout
            wanted |= set(re.findall(r"^([\w.+-]+)[:,]", owner, re.M)) - {"libc6"}
        self.assertEqual(wanted - self.image.packages, set())

    def test_the_compose_file_names_what_the_image_and_the_program_have(self):
        with open(os.path.join(host.DEPLOY, "compose.yaml"), encoding="utf-8") as f:
            text = f.read()
        text = re.sub(r"\$\{FUTU_ACCOUNT:\?[^}]*\}", "12345678", text)
        text = re.sub(r"\$\{FUTU_PLATFORM:-(\w+)\}", r"\1", text)
        command = re.search(r"    command:\n((?:      - .*\n)+)", text)[1]
        words = [w.strip().removeprefix("- ") for w in command.splitlines()]
        secret = host.write(f"{self.disk}/futu-pwd", PASSWORD, 0o600, self.image.user)
        mounts = f"-v {secret}:/run/secrets/futu-pwd:ro -v {self.keys}:/etc/futu-opend/keys.json:ro"
        state = re.search(r"- futu-state:(\S+)", text)[1]
        c = self.run_it(line=f"run -d {mounts} -v {self.volume}:{state} i {shlex.join(words)}")
        until("the port", lambda: ask("/health")[0] == 200)
        code = re.search(r"exec futu-opend sh -c 'echo 123456 > (\S+)'", text)[1]
        self.assertIn(f"--verify-code-file={code}", words)
        with open(f"/proc/{c.process.pid}/root{code}", "w", encoding="utf-8") as f:
            f.write(self.emulator.code())
        self.serves(self.key)
        self.assertEqual(c.process.end(), 0)


class AsAJob(Deployment):
    """ci.sh with the password in the environment."""

    def job(self, *command, **env):
        folder = host.folder(f"{self.disk}/job")
        clean = {"PATH": f"{BIN}:{os.environ['PATH']}", "HOME": folder, "LANG": "C.UTF-8",
                 "FUTU_ACCOUNT": "12345678", "FUTU_PWD": PASSWORD, "FUTU_OPEND_PORT": "0",
                 "FUTU_STATE_DIR": f"{self.disk}/cache", "FUTU_LOG": f"{folder}/log"}
        run = subprocess.run(["sh", os.path.join(host.DEPLOY, "ci.sh"), *command], text=True,
                             env=clean | self.vendor | env, stdin=subprocess.DEVNULL, cwd=folder,
                             capture_output=True, timeout=120 * SLOW, start_new_session=True,
                             check=False)
        self.no_secret_in(run.stdout, run.stderr)
        return run

    def test_the_code_comes_with_the_next_run_and_then_none_is_needed(self):
        self.sms_wanted = 1
        run = self.job("true")
        self.assertEqual(run.returncode, CODE_SENT, run.stderr)
        self.assertIn("no terminal to type its code", run.stderr)
        run = self.job("true", FUTU_OPEND_VERIFY_CODE=self.emulator.code())
        self.assertEqual(run.returncode, 0, run.stderr)
        run = self.job("sh", "-c", 'curl -fs "$FUTU_REST_URL/readyz"; echo "${FUTU_PWD-none}"')
        self.assertEqual((run.returncode, run.stdout), (0, "ready\nnone\n"), run.stderr)
        self.assertEqual(self.job("sh", "-c", "exit 7").returncode, 7)
        self.assertEqual(ask("/health")[0], 0)      # no gateway is left behind

    def test_what_goes_wrong_is_the_status_of_the_job(self):
        self.assertEqual(self.job("true", FUTU_PWD="wrong").returncode, REFUSED)
        run = self.job("true", FUTU_OPEND_PLATFORM="nowhere", FUTU_PLATFORM="nowhere")
        self.assertEqual(run.returncode, WRONG_USAGE, run.stderr)
        for name in ("FUTU_PWD", "FUTU_ACCOUNT", "FUTU_STATE_DIR"):
            run = self.job("true", **{name: ""})
            self.assertNotEqual(run.returncode, 0)
            self.assertIn(name, run.stderr)


class TheUnit(unittest.TestCase):
    def test_systemd_finds_nothing_wrong_with_it(self):
        if not shutil.which("systemd-analyze"):
            print("deploy.py: systemd-analyze is not here: the unit was not verified by systemd",
                  file=sys.stderr)
            self.skipTest("no systemd-analyze")
        with tempfile.TemporaryDirectory() as top:
            with open(os.path.join(host.DEPLOY, "futu-opend.service"), encoding="utf-8") as f:
                text = f.read().replace("/usr/local/bin", BIN)
            path = host.write(f"{top}/futu-opend.service", text)
            run = subprocess.run(["systemd-analyze", "--man=no", "verify", path],
                                 capture_output=True, text=True, check=False)
        self.assertEqual((run.returncode, run.stdout + run.stderr), (0, ""))


if __name__ == "__main__":
    if not host.inside():
        host.enter()
    BIN = host.programs(OPEND, CLI, host.in_memory())
    IMAGE = host.Image(OPEND, CLI)
    unittest.main(argv=["deploy.py"])
