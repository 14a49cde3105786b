"""unlock.py FUTU-OPEND FUTU-EMULATOR FUTUCLI - trade unlock by broker and by account, from outside:
a gateway on a direct login against the emulator's brokers, futucli, REST and the metrics."""
import hashlib
import json
import os
import pty
import re
import select
import subprocess
import tempfile
import time
import unittest
import urllib.request

from login import CLI, OPEND, SLOW, Emulator, Gateway, free_port

HK, US = "281756455982340953", "283445310137572186"     # 7001 at 1001, 7002 at 1007


class Trader(Gateway):
    """Such a gateway once it is ready, and the command line beside it."""

    def __init__(self, emulator, port=0):
        super().__init__(emulator, "--frequency-limits", "off", port=port)

    def __enter__(self):
        for line in self.process.stdout:
            port = re.search(r"FTAPI +\S+:(\d+)", line)
            if port:
                self.address = "127.0.0.1:" + port.group(1)
            if line.startswith("ready"):
                break
        self.is_ready = self.becomes_ready()
        return self

    def cli(self, *args, pwd="paper", stdin="", **env):
        """(status, standard output, standard error) without a terminal."""
        run = subprocess.run([CLI, "--gateway", self.address, "--no-color", *args],
                             env=self.emulator.env(FUTU_TRADE_PWD=pwd, FUTU_KEYCHAIN="off", **env),
                             input=stdin, capture_output=True, text=True, timeout=60 * SLOW)
        return run.returncode, run.stdout, run.stderr

    def unlock(self, *args, **more):
        return self.cli("unlock-trade", *args, **more)

    def results(self, *args, **more):
        """(status, {account: (success, firm, message)}) as -o json tells it."""
        status, out, err = self.cli("-o", "json", "unlock-trade", *args, **more)
        rows = json.loads(out) if out else []
        for row in rows:
            assert set(row) == {"acc_id", "success", "security_firm", "errorMsg"}, row
        return status, {r["acc_id"]: (r["success"], r["security_firm"], r["errorMsg"])
                        for r in rows}

    def order(self, account):
        """(status, standard error) of a real order of this account."""
        hk = account == HK
        status, _, err = self.cli("place-order", "--env", "real", "--confirm", "--acc-id", account,
                                  "--code", "HK.00700" if hk else "US.AAPL", "--side", "buy",
                                  "--qty", "100", "--price", "1")
        return status, err

    def unlocked(self):
        """What the operator is told: (any, how many, {broker: how many}, the metrics' two)."""
        j = json.loads(self.ask("/api/admin/status")[1])
        rq = urllib.request.Request(f"http://127.0.0.1:{self.rest}/metrics")
        rq.add_header("Authorization", "Bearer " + self.key)
        text = urllib.request.urlopen(rq, timeout=30).read().decode()
        metrics = [int(re.search(rf"^futu_gateway_{n} (\d+)$", text, re.M).group(1))
                   for n in ("trade_unlocked", "unlocked_accounts")]
        return (j["cache"]["trade_unlocked"], j["cache"]["cached_cipher_count"],
                {b["broker_id"]: b["unlocked"] for b in j["brokers"]}, metrics)


class Relay(Trader):
    """A gateway in front of that one."""

    def __init__(self, g):
        self.emulator, self.key = g.emulator, g.key
        self.rest = free_port()
        self.log = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            [OPEND, "--upstream", g.address, "--port", "0", "--rest-port", str(self.rest),
             "--rest-keys-file", g.keys, "--allow-tcp-unauthenticated", "--frequency-limits", "off",
             "--state-dir", os.path.join(g.emulator.dir, "relay"), "--keychain", "off"],
            env=g.emulator.env(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.log,
            text=True)


class Case(unittest.TestCase):
    def open(self, g, *accounts):
        """Orders of these accounts go through, of the others none does."""
        for account in (HK, US):
            status, err = g.order(account)
            if account in accounts:
                self.assertEqual(status, 0, err)
            else:
                self.assertEqual(status, 1, account)
                self.assertIn(f"unlock needed: account {account} is locked", err)

    def told(self, g, hk, us):
        n = hk + us
        self.assertEqual(g.unlocked(), (n > 0, n, {1001: hk, 1007: us}, [int(n > 0), n]))


class OneByOne(Case):
    def test_all_brokers_at_once_and_locked_again(self):
        with Emulator("direct") as e, Trader(e) as g:
            self.assertIs(g.is_ready, True)
            self.told(g, 0, 0)
            self.open(g)
            status, out, err = g.unlock()
            self.assertEqual((status, err), (0, ""), out)
            self.assertRegex(out, rf"{HK} +EMU-HK-7001 +FutuHK +unlocked")
            self.assertRegex(out, rf"{US} +EMU-US-7002 +FutuUS +unlocked")
            self.told(g, 1, 1)
            self.assertIn("unlocked       yes, accounts: 2; broker 1001: 1 of 1; broker 1007: 1 of 1",
                          g.cli("daemon-status", "--rest-port", str(g.rest), FUTU_API_KEY=g.key)[1])
            self.open(g, HK, US)
            self.assertEqual(g.results("--lock"), (0, {HK: (True, 1, ""), US: (True, 2, "")}))
            self.told(g, 0, 0)
            self.open(g)

    def test_a_firm_in_each_of_its_names(self):
        with Emulator("direct") as e, Trader(e) as g:
            for name in ("us", "US", "2", "FutuUS", "futuus"):
                self.assertEqual(g.results("--security-firm", name), (0, {US: (True, 2, "")}))
                self.told(g, 0, 1)
                self.assertEqual(g.unlock("--lock")[0], 0)
            self.assertEqual(g.unlock("--security-firm", "hk")[0], 0)
            self.open(g, HK)
            self.assertEqual(g.unlock("--security-firm", "us")[0], 0)
            self.assertEqual(g.unlock("--lock", "--security-firm", "FutuHK")[0], 0)
            self.open(g, US)
            for name, status in (("mars", 2), ("8", 2), ("0", 2), ("", 2), ("sg", 1), ("7", 1)):
                got, out, err = g.unlock("--security-firm", name)
                self.assertEqual((got, out), (status, ""), name)
                self.assertIn("this login has 1 (FutuHK), 2 (FutuUS)", err)
            self.told(g, 0, 1)

    def test_accounts_by_number_and_by_card_and_with_a_firm_both(self):
        with Emulator("direct") as e, Trader(e) as g:
            self.assertEqual(g.results("--acc-ids", "emu-us-7002"), (0, {US: (True, 2, "")}))
            self.told(g, 0, 1)
            self.assertEqual(g.results("--lock", "--acc-ids", f" {HK}, EMU-US-7002")[0], 0)
            self.told(g, 0, 0)
            self.assertEqual(g.results("--acc-ids", f"{HK},{US}", "--security-firm", "hk"),
                             (0, {HK: (True, 1, "")}))
            self.told(g, 1, 0)
            status, out, err = g.unlock("--acc-ids", HK, "--security-firm", "us")
            self.assertEqual((status, out), (1, ""))
            self.assertIn(f"{HK} (card EMU-HK-7001, firm 1)", err)
            for wrong in ("HK-1", "4711"):
                status, out, err = g.unlock("--acc-ids", wrong)
                self.assertEqual((status, out), (1, ""))
                self.assertIn(f"{wrong} is neither account nor card", err)
                self.assertIn(f"{US} (card EMU-US-7002, firm 2)", err)
            for wrong in ("", f"{HK},", f"{HK},,{US}", "0"):
                self.assertEqual(g.unlock("--acc-ids", wrong)[0], 2, wrong)
            self.told(g, 1, 0)

    def test_one_bad_account_fails_its_broker_and_no_other(self):
        with Emulator("unlock-bad-account") as e, Trader(e) as g:
            status, got = g.results()
            self.assertEqual((status, got[HK], len(got)), (1, (True, 1, ""), 3))
            for account in set(got) - {HK}:
                self.assertEqual(got[account][:2], (False, 2))
                self.assertIn("-20416", got[account][2])
            self.told(g, 1, 0)
            self.open(g, HK)
            self.assertEqual(g.results("--acc-ids", "US-7002"), (0, {US: (True, 2, "")}))
            self.told(g, 1, 1)
            self.assertEqual(g.results()[0], 1)
            self.told(g, 1, 1)                  # what was open stays open
            self.open(g, HK, US)

    def test_a_lost_broker_takes_its_own_along(self):
        with Emulator("direct") as e, Trader(e) as g:
            self.assertEqual(g.unlock()[0], 0)
            e.say("drop 1007")
            end = time.monotonic() + 20 * SLOW
            while g.unlocked()[1] != 1 and time.monotonic() < end:
                time.sleep(0.02)
            self.told(g, 1, 0)
            status, err = g.order(US)
            self.assertEqual(status, 1)
            self.assertIn(f"account {US} is locked: the connection to broker 1007 was lost", err)
            self.assertEqual(g.order(HK)[0], 0)
            while g.results("--security-firm", "us")[0] and time.monotonic() < end:
                time.sleep(0.1)                 # once it is connected again
            self.told(g, 1, 1)
            self.open(g, HK, US)


class BehindARelay(Case):
    def test_it_tells_what_the_other_gateway_has_opened(self):
        port = free_port()
        with Emulator("direct") as e:
            with Trader(e, port) as g, Relay(g) as r:
                self.assertIs(r.is_ready, True)
                self.assertEqual(r.results("--acc-ids", HK), (0, {HK: (True, 1, "")}))
                self.told(g, 1, 0)
                self.assertEqual(r.unlocked(), (True, 1, {}, [1, 1]))
                self.open(r, HK)
                self.assertEqual(r.results("--security-firm", "us"), (0, {US: (True, 2, "")}))
                self.open(r, HK, US)
                self.assertEqual(r.unlock("--lock", "--security-firm", "hk")[0], 0)
                self.told(g, 0, 1)
                self.assertEqual(r.unlocked(), (True, 1, {}, [1, 1]))
                for _ in range(2):
                    self.assertEqual(r.unlock(pwd="wrong")[0], 1)
                self.assertRegex("".join(r.unlock()[1:]), r"try again in \d+ s")
                g.process.terminate()
                g.process.communicate(timeout=30 * SLOW)
                with Trader(e, port) as again:
                    end = time.monotonic() + 20 * SLOW
                    while r.unlocked()[0] and time.monotonic() < end:
                        time.sleep(0.05)
                    self.assertEqual(r.unlocked(), (False, 0, {}, [0, 0]))
                    self.told(again, 0, 0)


class OneTimePassword(Case):
    def test_without_a_terminal_it_is_an_option(self):
        with Emulator("unlock-otp") as e, Trader(e) as g:
            status, out, err = g.unlock()
            self.assertEqual(status, 1)
            self.assertRegex(out, rf"{HK} .*unlocked")
            self.assertRegex(out, rf"{US} .*failed")
            self.assertIn("next: futucli unlock-trade --otp CODE", err)
            self.told(g, 1, 0)
            self.assertEqual(g.results("--otp", "000000")[0], 1)
            self.told(g, 1, 0)
            self.assertEqual(g.results("--security-firm", "us", "--otp", "112233"),
                             (0, {US: (True, 2, "")}))
            self.told(g, 1, 1)
            self.assertEqual(g.unlock("--lock")[0], 0)
            self.assertEqual(g.unlock("--from-stdin", "--otp", "-", pwd="",
                                      stdin="paper\n112233\n")[0], 0)
            self.open(g, HK, US)

    def test_a_terminal_is_asked_for_it(self):
        with Emulator("unlock-otp") as e, Trader(e) as g:
            status, screen = self.typed(g, ["paper", "112233"])
            self.assertEqual(status, 0, screen)
            self.assertIn("Trade password: ", screen)
            self.assertIn("One-time code: ", screen)
            self.assertNotIn("112233", screen)
            self.told(g, 1, 1)

    def typed(self, g, answers):
        pid, fd = pty.fork()
        if pid == 0:
            os.execve(CLI, [CLI, "--gateway", g.address, "unlock-trade"],
                      g.emulator.env(FUTU_KEYCHAIN="off"))
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
                os.write(fd, answers.pop(0).encode() + b"\n")
                screen += b"<asked>"
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        os.close(fd)
        return status, screen.decode()


class Passwords(Case):
    def test_two_wrong_ones_in_a_row_and_none_is_sent(self):
        with Emulator("direct") as e, Trader(e) as g:
            said = ""
            for pwd in ("wrong", "paper", "wrong", "wrong"):    # a right one ends the row
                status, out, err = g.unlock(pwd=pwd)
                self.assertEqual(status, int(pwd == "wrong"), out + err)
                said += out + err
            self.assertIn("wrong trade password", said)
            self.assertIn("set-trade-pwd", said)
            self.assertNotIn("8 tries", said)
            status, out, err = g.unlock()
            self.assertEqual(status, 1)
            self.assertRegex(out + err, r"try again in \d+ s")
            self.told(g, 1, 1)                  # what was open stays open
            self.assertEqual(g.unlock("--lock")[0], 0)
            self.told(g, 0, 0)

    def test_other_failures_do_not_count(self):
        with Emulator("unlock-otp") as e, Trader(e) as g:
            for _ in range(3):
                self.assertEqual(g.unlock("--security-firm", "us")[0], 1)
            self.assertEqual(g.unlock("--otp", "112233")[0], 0)

    def test_standard_input_comes_before_the_environment(self):
        with Emulator("direct") as e, Trader(e) as g:
            self.assertEqual(g.unlock("--from-stdin", pwd="wrong", stdin="paper\n")[0], 0)
            self.assertEqual(g.unlock(pwd=" paper\n")[0], 0)
            self.assertEqual(g.unlock(pwd=" ")[0], 2)           # nobody to ask


class Kept(Case):
    def test_a_repeat_with_the_key_is_answered_until_something_is_locked(self):
        with Emulator("direct") as e, Trader(e) as g:
            key = ("--idempotency-key", "k1")
            self.assertEqual(g.results(*key)[0], 0)
            self.assertEqual(g.results(*key), (0, {HK: (True, 1, ""), US: (True, 2, "")}))
            status, _, err = g.unlock(*key, pwd="other")
            self.assertEqual(status, 1)
            self.assertIn("has been used for another request", err)
            self.assertEqual(g.unlock("--lock", "--security-firm", "us")[0], 0)
            self.assertEqual(g.results(*key)[0], 0)
            self.told(g, 1, 1)                  # done anew
            self.assertNotEqual(g.unlock("--idempotency-key", "")[0], 0)

    def test_what_is_not_complete_is_not_kept(self):
        with Emulator("unlock-otp") as e, Trader(e) as g:
            key = ("--idempotency-key", "k1")
            self.assertEqual(g.results(*key)[0], 1)
            self.assertEqual(g.results(*key, "--otp", "112233")[0], 0)
            self.told(g, 1, 1)


class Keys(Case):
    def test_a_key_of_one_account_opens_and_locks_that_alone(self):
        with Emulator("direct") as e:
            keys = os.path.join(e.dir, "keys.json")
            made = {}
            for name, more in (("all", []), ("own", ["--allowed-acc-ids", US])):
                run = subprocess.run([CLI, "gen-key", "--keys-file", keys, "--id", name, "--scopes",
                                      "trade:unlock,acc:read", *more], capture_output=True,
                                     text=True, env=e.env())
                self.assertEqual(run.returncode, 0, run.stderr)
                made[name] = re.search(r"\bfc_\w+", run.stdout).group(0)
            with Trader(e) as g:
                operator, g.key = g.key, made["own"]
                digest = hashlib.md5(b"paper").hexdigest()
                self.refused(g, {"unlock": True, "pwd_md5": digest})
                self.refused(g, {"unlock": True, "pwd_md5": digest, "security_firm": 2})
                self.refused(g, {"unlock": True, "pwd_md5": digest, "acc_ids": [HK, US]})
                self.refused(g, {"unlock": False})
                self.refused(g, {"unlock": False, "acc_ids": [HK]})
                status, text = g.ask("/api/unlock-trade", {"unlock": True, "pwd_md5": digest,
                                                           "acc_ids": [US], "security_firm": 1})
                self.assertNotEqual(json.loads(text)["ret_type"], 0)
                self.assertNotIn(HK, text)      # not of this key
                g.key = operator
                self.told(g, 0, 0)
                g.key = made["own"]
                status, text = g.ask("/api/unlock-trade", {"unlock": True, "pwd_md5": digest,
                                                           "acc_ids": [US]})
                self.assertEqual((status, json.loads(text)["ret_type"]), (200, 0), text)
                g.key = operator
                self.told(g, 0, 1)
                self.open(g, US)
                self.assertEqual(g.unlock()[0], 0)
                g.key = made["own"]
                status, text = g.ask("/api/unlock-trade", {"unlock": False, "acc_ids": [US]})
                self.assertEqual((status, json.loads(text)["ret_type"]), (200, 0), text)
                g.key = operator
                self.told(g, 1, 0)

    def refused(self, g, body):
        status, text = g.ask("/api/unlock-trade", body)
        self.assertEqual(status, 403, text)


if __name__ == "__main__":
    unittest.main(argv=["unlock.py"])
