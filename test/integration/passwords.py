"""passwords.py FUTU-OPEND FUTUCLI - passwords from outside: what futucli stores and removes, on a
terminal, from a pipe, in a real keyring and in the file for machines without one; what unlocks with
it; and where a running daemon no longer has the passwords that it was given."""
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

OPEND, CLI = sys.argv[1:3]
# A job in the background begins with it ignored, and would hand that on.
signal.signal(signal.SIGINT, signal.default_int_handler)
SLOW = 5 if "san" in OPEND else 1
HOME = tempfile.mkdtemp(prefix="futu-passwords-")
ENV = {k: v for k, v in os.environ.items()
       if not k.startswith(("FUTU_", "DBUS_", "XDG_"))} | {"HOME": HOME}
SESSION = """
exec 3>&2 2>/dev/null
XDG_RUNTIME_DIR=$HOME XDG_DATA_HOME=$HOME/keyring; export XDG_RUNTIME_DIR XDG_DATA_HOME
TSAN_OPTIONS=ignore_noninstrumented_modules=1; export TSAN_OPTIONS     # GLib's locks
unset DISPLAY WAYLAND_DISPLAY
exec dbus-run-session -- sh -c '
    printf "pw\\n" | gnome-keyring-daemon --components=secrets --unlock >/dev/null 2>&1
    exec sh -c "$0" 2>&3' "$0"
"""


def cli(*args, text=None, env=None):
    """(status, standard output, standard error) of futucli without a terminal."""
    run = subprocess.run([CLI, *args], input=text if text is not None else "", text=True,
                         capture_output=True, timeout=60 * SLOW, env=ENV | (env or {}))
    return run.returncode, run.stdout, run.stderr


def typed(lines, *args, interrupt=False):
    """(status, screen) of futucli on a terminal: a line is typed after each question."""
    pid, fd = pty.fork()
    if pid == 0:
        os.execve(CLI, [CLI, *args], ENV)
    screen, end = b"", time.monotonic() + 30 * SLOW
    while time.monotonic() < end:
        if select.select([fd], [], [], 0.1)[0]:
            try:
                more = os.read(fd, 4096)
            except OSError:
                break
            if not more:
                break
            screen += more
        if screen.endswith(b": ") and (lines or interrupt):
            os.write(fd, lines.pop(0).encode() + b"\n" if lines else b"\003")
            screen += b"<asked>"
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    os.close(fd)
    return status, screen.decode()


class Daemon:
    """A paper gateway until the end of the block."""

    def __init__(self, *args, env=None):
        self.log = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            [OPEND, "--paper", "--paper-clock", "always-open", "--port", "0", *args],
            stdout=subprocess.PIPE, stderr=self.log, text=True, env=ENV | (env or {}))
        self.banner = ""
        for line in self.process.stdout:
            self.banner += line
            if line.startswith("ready"):
                break
        self.gateway = "127.0.0.1:" + re.search(r"FTAPI +\S+:(\d+)", self.banner).group(1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30 * SLOW)
        self.process.stdout.close()
        self.log.close()

    def proc(self, name):
        with open(f"/proc/{self.process.pid}/{name}", "rb") as f:
            return f.read()

    def environment(self):
        """Empty for a user who may not look, since the daemon is not dumpable."""
        try:
            return self.proc("environ")
        except PermissionError:
            return b""

    def holds(self, word):
        """Whether the word stands anywhere in its memory; None: this user may not look."""
        try:
            maps = self.proc("maps").decode()
            mem = open(f"/proc/{self.process.pid}/mem", "rb", 0)
        except PermissionError:
            return None
        with mem:
            for line in maps.splitlines():
                first, last, mode = re.match(r"(\w+)-(\w+) (\S+)", line).groups()
                # Shadow memory of a sanitizer is large, and holds no bytes of the program.
                size = int(last, 16) - int(first, 16)
                if "w" not in mode or size > 1 << 30:
                    continue
                try:
                    mem.seek(int(first, 16))
                    if word.encode() in mem.read(size):
                        return True
                except (OSError, ValueError, OverflowError):
                    continue
        return False


class Storing(unittest.TestCase):
    def tearDown(self):
        shutil.rmtree(f"{HOME}/.futu-opend-rs", ignore_errors=True)

    def boxes(self):
        folder = f"{HOME}/.futu-opend-rs"
        return sorted(os.listdir(folder)) if os.path.isdir(folder) else []

    def refused(self, status, word, *args, text=None):
        got, out, err = cli(*args, text=text)
        self.assertEqual((got, out), (status, ""), err)
        self.assertIn(word, err)
        self.assertEqual(err.count("\n"), 1)

    def test_without_a_keyring_and_a_terminal_the_ways_out_are_named(self):
        self.refused(2, "which account? --account ACCOUNT", "set-login-pwd")
        self.refused(2, "+86-13900000000", "set-login-pwd", "--account", "+8613900000000")
        self.refused(2, "--keychain: auto", "set-login-pwd", "--account", "1", "--keychain", "x")
        self.refused(2, "--from-stdin", "set-login-pwd", "--account", "1")
        self.refused(1, "--keychain file", "set-login-pwd", "--account", "1", "--from-stdin",
                     text="secret\n")
        self.refused(1, "no session bus", "clear-login-pwd", "--account", "1")
        self.assertEqual(self.boxes(), [])

    def test_the_file_is_made_where_it_is_asked_for(self):
        status, out, err = cli("set-login-pwd", "--account", "12345678", "--keychain", "file",
                               "--from-stdin", text="correct horse\n")
        self.assertEqual((status, err), (0, ""))
        self.assertEqual(out, "login password of account 12345678 is stored in the keychain file\n")
        (name,) = self.boxes()
        path = f"{HOME}/.futu-opend-rs/{name}"
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
        self.assertEqual(os.stat(os.path.dirname(path)).st_mode & 0o777, 0o700)
        with open(path, "rb") as f:
            self.assertNotIn(b"horse", f.read())
        status, out, _ = cli("-o", "json", "clear-login-pwd", "--account", "12345678")
        self.assertEqual((status, json.loads(out)["done"]), (0, "removed"))
        self.assertEqual(self.boxes(), [])

    def test_another_folder_and_the_variables_are_used(self):
        env = {"FUTU_KEYCHAIN": "file", "FUTU_STATE_DIR": f"{HOME}/elsewhere"}
        status, _, err = cli("set-trade-pwd", "--from-stdin", text="x\n", env=env)
        self.assertEqual(status, 0, err)
        self.assertEqual(len(os.listdir(f"{HOME}/elsewhere")), 1)
        self.assertEqual(cli("clear-trade-pwd", "--state-dir", f"{HOME}/elsewhere")[0], 0)
        self.assertEqual(os.listdir(f"{HOME}/elsewhere"), [])

    def test_on_a_terminal_it_is_asked_twice_and_not_shown(self):
        args = ["set-login-pwd", "--account", "12345678", "--keychain", "file"]
        status, screen = typed(["correct horse", "correct horse"], *args)
        self.assertEqual(status, 0, screen)
        self.assertIn("Login password for account 12345678: ", screen)
        self.assertIn("Again: ", screen)
        self.assertNotIn("horse", screen)
        self.assertEqual(len(self.boxes()), 1)

    def test_two_that_differ_an_empty_one_and_an_interrupt_change_nothing(self):
        args = ["set-login-pwd", "--account", "12345678", "--keychain", "file"]
        status, screen = typed(["one", "two"], *args)
        self.assertEqual(status, 1)
        self.assertIn("the two passwords differ", screen)
        status, screen = typed(["", ""], *args)
        self.assertEqual(status, 1)
        self.assertIn("an empty password is none", screen)
        status, screen = typed([], *args, interrupt=True)
        self.assertEqual(status, -signal.SIGINT)
        self.assertEqual(self.boxes(), [])

    def test_what_is_stored_unlocks_trading(self):
        with Daemon() as d:
            env = {"FUTU_GATEWAY": d.gateway}
            status, _, err = cli("unlock-trade", env=env)
            self.assertEqual(status, 2, err)
            self.assertIn("futucli set-trade-pwd", err)
            cli("set-trade-pwd", "--keychain", "file", "--from-stdin", text="paper\n")
            self.assertEqual(cli("unlock-trade", env=env)[0], 0)
            cli("set-trade-pwd", "--keychain", "file", "--account", "1", "--from-stdin",
                text="wrong\n")
            self.assertEqual(cli("unlock-trade", "--account", "1", env=env)[0], 1)
            self.assertEqual(cli("unlock-trade", "--account", "2", env=env)[0], 0)
            # The variable is stronger; blanks around it are no part of it.
            self.assertEqual(cli("unlock-trade", "--account", "1",
                                 env=env | {"FUTU_TRADE_PWD": " paper\n"})[0], 0)

    def test_an_mcp_server_says_when_it_lacks_the_password_that_it_is_told_of(self):
        with Daemon() as d:
            args = ["--gateway", d.gateway, "mcp", "--trade-pwd-account", "1"]
            status, _, err = cli(*args)
            self.assertEqual(status, 0, err)        # what needs no password is served
            self.assertIn("futucli set-trade-pwd --account 1", err)
            cli("set-trade-pwd", "--keychain", "file", "--account", "1", "--from-stdin",
                text="paper\n")
            status, _, err = cli(*args)
            self.assertEqual(status, 0, err)
            self.assertNotIn("set-trade-pwd", err)

    def test_a_daemon_needs_the_password_that_it_is_told_of(self):
        args = [OPEND, "--paper", "--port", "0", "--rest-port", "1", "--trade-pwd-account", "1"]
        run = subprocess.run(args, text=True, capture_output=True, timeout=60 * SLOW, env=ENV)
        self.assertEqual(run.returncode, 1)
        self.assertIn("--trade-pwd-account: ", run.stderr)
        self.assertIn("futucli set-trade-pwd --account 1\n", run.stderr)
        cli("set-trade-pwd", "--keychain", "file", "--account", "1", "--from-stdin",
            text="word-of-the-box\n")
        with socket.create_server(("127.0.0.1", 0)) as s:
            port = str(s.getsockname()[1])
        with Daemon("--rest-port", port, "--trade-pwd-account", "1") as d:
            self.assertIn(d.holds("word-of-the-box"), (False, None))


class Keyring(unittest.TestCase):
    """In a session of its own with an unlocked gnome-keyring."""

    def test_programs_share_the_keyring(self):
        with Daemon() as d:
            script = f"""set -e
            printf 'paper\\n' | {CLI} set-trade-pwd --account 12345678 --from-stdin
            {CLI} --gateway {d.gateway} unlock-trade --account 12345678
            printf 'secret\\n' | {CLI} set-login-pwd --account 12345678 --from-stdin
            {CLI} clear-login-pwd --account 12345678
            ! {CLI} clear-login-pwd --account 12345678
            {CLI} clear-trade-pwd --account 12345678
            ! {CLI} --gateway {d.gateway} unlock-trade --account 12345678 </dev/null
            """
            run = subprocess.run(["sh", "-c", SESSION, script], text=True, capture_output=True,
                                 timeout=120 * SLOW, env=ENV)
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        self.assertIn("trade password of account 12345678 is stored in the Secret Service\n",
                      run.stdout)
        self.assertIn("trading of real accounts is unlocked\n", run.stdout)
        self.assertIn("the Secret Service has no entry login-password.12345678", run.stderr)
        self.assertFalse(os.path.exists(f"{HOME}/.futu-opend-rs"))


class Daemons(unittest.TestCase):
    def test_no_password_stays_in_arguments_environment_or_memory(self):
        config = f"{HOME}/c.toml"
        with open(config, "w", encoding="utf-8") as f:
            f.write('login_account = "12345678"\nlogin_pwd = "word-of-the-file"\n')
        env = {"FUTU_PWD": "word-of-a-variable", "FUTU_TRADE_PWD": "word-for-trading"}
        with Daemon("--paper-trade-pwd", "word-of-an-argument", "--config", config, env=env) as d:
            self.assertIn(b"FUTU_PWD=\0", d.environment() or b"FUTU_PWD=\0")
            words = ["word-of-the-file", "word-of-an-argument"]
            if SLOW == 1:       # a sanitizer has a copy of the environment for itself
                words += env.values()
            self.assertIn(b"--paper-trade-pwd\0", d.proc("cmdline"))
            for word in [*words, *env.values()]:
                self.assertNotIn(word.encode(), d.proc("cmdline") + d.environment())
            for word in words:
                self.assertIn(d.holds(word), (False, None), word)
            # The search itself works: this one is no secret.
            self.assertIn(d.holds("always-open"), (True, None))

    def test_a_login_is_judged_before_anything_is_made(self):
        def run(*args, env=None):
            r = subprocess.run([OPEND, *args], text=True, capture_output=True, timeout=60 * SLOW,
                               env=ENV | (env or {}))
            return r.returncode, r.stdout + r.stderr

        account = ["--login-account", "12345678"]
        status, text = run(*account, "--login-pwd", "secret-word", "--platform", "moomoo",
                           "--check-config")
        self.assertEqual(status, 0, text)
        self.assertIn("login_pwd = ****", text)
        self.assertIn("futucli set-login-pwd --account 12345678", text)
        self.assertNotIn("secret-word", text)
        status, text = run(*account, "--login-pwd-file", f"{HOME}/none")
        self.assertEqual(status, 2)
        self.assertIn("--login-pwd-file: ", text)
        status, text = run(*account, "--login-pwd-md5", "0123456789ABCDEF0123456789ABCDEF")
        self.assertEqual(status, 2)
        self.assertNotIn("ABCDEF0", text)
        self.assertEqual(run("--login-account", "+86139")[0], 2)
        self.assertFalse(os.path.exists(f"{HOME}/.futu-opend-rs"))


def main():
    try:
        result = unittest.main(argv=[sys.argv[0]], exit=False, verbosity=0).result
    finally:
        shutil.rmtree(HOME, ignore_errors=True)
    return 0 if result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
