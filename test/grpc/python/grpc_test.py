"""Debian's Python grpc against the gateway: keys, limits, pushes, revocation, health, TLS, and the example of
the README."""
import collections
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import grpc

from gateway import PASSWORD, ROOT, SLOW, Daemon, secret

HK = {"market": 1, "code": "00700"}
STATE = {"c2s": {"securityList": [HK]}}
SUB = {"c2s": {"securityList": [HK], "subTypeList": [1, 4], "isSubOrUnSub": True, "isRegOrUnRegPush": True}}
SIM_HK, SIM_US = 9100001, 9100002
ORDER = {"c2s": {"header": {"trdEnv": 0, "accID": SIM_HK, "trdMarket": 1}, "trdSide": 1, "orderType": 1,
                 "code": "00700", "qty": 100, "price": 1, "packetID": {"connID": 0, "serialNo": 1}}}
PUSHES = "futu.service.FutuOpenD/SubscribePush"
PER_MINUTE = 10
KEYS = {
    "all": {}, "goes": {}, "qot": {"scopes": ["qot:read"]}, "old": {"expires_at": "2020-01-01T00:00:00Z"},
    "us": {"allowed_acc_ids": [SIM_US]}, "rate": {"max_orders_per_minute": PER_MINUTE},
}
Code = grpc.StatusCode


def status(of):
    """Code and text that a call ends with."""
    try:
        of()
    except grpc.RpcError as e:
        return e.code(), e.details()
    return Code.OK, ""


class WithKeys(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon(KEYS)
        cls.addClassCleanup(cls.daemon.end)
        cls.g = {name: cls.daemon.client(name) for name in (*KEYS, None, "nobody")}
        for g in cls.g.values():
            cls.addClassCleanup(g.channel.close)

    def place(self, name, **options):
        return self.g[name].call("futu.v1.Trade/PlaceOrder", options, **ORDER)

    def test_who_may(self):
        def ask(name):
            return status(lambda: self.g[name].call("futu.v1.Quote/GetMarketState", **STATE))
        self.assertEqual(ask("all")[0], Code.OK)
        for name in (None, "nobody", "old"):
            code, text = ask(name)
            self.assertEqual(code, Code.UNAUTHENTICATED)
            self.assertIn("API key", text)
        self.assertEqual(status(lambda: self.place("qot")), (Code.PERMISSION_DENIED, "forbidden"))
        self.assertEqual(status(lambda: self.place("us")), (Code.PERMISSION_DENIED, "forbidden"))
        self.assertEqual(status(lambda: self.g["us"].call(
            "futu.v1.Trade/UnlockTrade", c2s={"unlock": True, "pwdMD5": PASSWORD}))[0], Code.PERMISSION_DENIED)
        self.assertEqual(self.g["all"].call("futu.v1.Trade/UnlockTrade", c2s={"unlock": True, "pwdMD5": PASSWORD}).retType,
                         0)

    def test_limits(self):
        ends = collections.Counter(status(lambda: self.place("rate"))[0] for _ in range(3 * PER_MINUTE))
        self.assertEqual(ends, {Code.OK: PER_MINUTE, Code.RESOURCE_EXHAUSTED: 2 * PER_MINUTE})

    def test_idempotency_key(self):
        word = [("idempotency-key", "word")]
        first, again = (self.place("all", metadata=word) for _ in range(2))
        self.assertEqual((first.retType, first), (0, again))

    def test_unreadable(self):
        def ask(**request):
            return status(lambda: self.g["all"].call("futu.service.FutuOpenD/Request", **request))[0]
        self.assertEqual(ask(proto_id=98765), Code.NOT_FOUND)
        self.assertEqual(ask(proto_id=3006, body=b"\xff"), Code.INVALID_ARGUMENT)
        self.assertEqual(ask(proto_id=3223, body=bytes(4 << 20)), Code.RESOURCE_EXHAUSTED)

    def test_gzip(self):
        g = self.g["all"]
        shares = [g.call("futu.v1.Quote/GetStaticInfo", {"compression": how}, c2s={"market": 1, "secType": 3})
                  for how in (grpc.Compression.NoCompression, grpc.Compression.Gzip)]
        self.assertGreater(len(shares[0].s2c.staticInfoList), 1000)
        self.assertEqual(*shares)

    def test_pushes_until_cancelled(self):
        g = self.g["all"]
        pushes = g.stream(PUSHES)
        pushes.initial_metadata()
        g.call("futu.v1.Quote/Sub", **SUB)
        g.call("futu.v1.Trade/SubAccPush", c2s={"accIDList": [SIM_HK]})
        self.assertEqual(g.call("futu.v1.Trade/PlaceOrder", **ORDER).retType, 0)
        seen = set()
        for e in pushes:
            seen.add(e.proto_id)
            if seen >= {2208, 3005, 3011}:
                break
        pushes.cancel()
        self.assertEqual(status(lambda: list(pushes))[0], Code.CANCELLED)

    def test_without_scope_no_stream(self):
        self.assertEqual(status(lambda: list(self.g[None].stream(PUSHES)))[0], Code.UNAUTHENTICATED)

    def test_health(self):
        g = self.g[None]
        for service in ("", "futu.service.FutuOpenD", "futu.v1.Quote", "futu.v1.Trade"):
            self.assertEqual(g.call("grpc.health.v1.Health/Check", service=service).status, 1)
        self.assertEqual(status(lambda: g.call("grpc.health.v1.Health/Check", service="x"))[0], Code.NOT_FOUND)
        watch = g.stream("grpc.health.v1.Health/Watch", service="futu.v1.Quote")
        self.assertEqual(next(watch).status, 1)
        watch.cancel()

    def test_v1alpha_of_reflection(self):
        g = self.g[None]
        ask = g.channel.stream_stream("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
                                      g.type("reflection.Question").SerializeToString,
                                      g.type("reflection.Answer").FromString)
        questions = [g.type("reflection.Question")(file_containing_symbol=s)
                     for s in ("futu.v1.Quote", "Qot_GetBasicQot.Request", "futu.v1.Trade.PlaceOrder")]
        self.assertEqual([a.files.file[0].name for a in ask(iter(questions))],
                         ["futu_v1.proto", "Qot_GetBasicQot.proto", "futu_v1.proto"])

    def test_revoked(self):
        g = self.g["goes"]
        g.call("futu.v1.Quote/Sub", **SUB)
        streams = [g.stream(PUSHES) for _ in range(50)]
        for s in streams:
            next(s)
        ends, at = [None] * len(streams), [0.0] * len(streams)

        def drain(i):
            ends[i] = status(lambda: collections.deque(streams[i], maxlen=0))
            at[i] = time.monotonic()
        threads = [threading.Thread(target=drain, args=(i,)) for i in range(len(streams))]
        for t in threads:
            t.start()
        self.daemon.write_keys({name: rules for name, rules in KEYS.items() if name != "goes"})
        start = time.monotonic()
        for t in threads:
            t.join()
        for code, text in ends:
            self.assertEqual(code, Code.UNAUTHENTICATED)
            self.assertIn("revoked", text)
        # Fifty threads of one interpreter take longer to hear of it than the gateway to say it; the other
        # suite measures that.
        self.assertLess(max(at) - start, 2 * SLOW)
        self.assertEqual(self.g["all"].call("futu.v1.Quote/GetMarketState", **STATE).retType, 0)


class Tls(unittest.TestCase):
    def test_calls_and_streams(self):
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        cert, key = folder / "cert.pem", folder / "key.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key,
                        "-out", cert], check=True, stderr=subprocess.DEVNULL)
        daemon = Daemon(more=["--grpc-tls-cert", str(cert), "--grpc-tls-key", str(key)])
        self.addCleanup(daemon.end)
        g = daemon.client(credentials=grpc.ssl_channel_credentials(cert.read_bytes()))
        self.addCleanup(g.channel.close)
        pushes = g.stream(PUSHES)
        pushes.initial_metadata()
        self.assertEqual(g.call("futu.v1.Quote/Sub", **SUB).retType, 0)
        self.assertEqual(next(pushes).event_type, "quote")
        pushes.cancel()


class Example(unittest.TestCase):
    def run_example(self, address, key=None):
        env = {**os.environ, **({"FUTU_API_KEY": secret(key)} if key else {})}
        return subprocess.run([sys.executable, "-B", ROOT / "examples/grpc_quote.py", address, "4"], env=env, timeout=60,
                              capture_output=True, text=True, check=False)

    def test_prints_quotes_and_pushes(self):
        daemon = Daemon({"all": {}}, ["--paper-clock", "always-open,x20"])
        self.addCleanup(daemon.end)
        done = self.run_example(daemon.address, "all")
        self.assertEqual(done.returncode, 0, done.stderr)
        for word in ("now  00700 ", "now  AAPL ", "push "):
            self.assertIn(word, done.stdout)
        self.assertEqual(done.stdout.count("push "), 4)
        done = self.run_example(daemon.address)
        self.assertEqual((done.returncode, done.stderr[:16]), (1, "UNAUTHENTICATED:"))

    def test_readme_as_it_is_printed(self):
        daemon = Daemon()
        self.addCleanup(daemon.end)
        readme = (ROOT / "README.md").read_text(encoding="utf-8")
        lines = re.search(r"<<'END'\n(from grpc_quote import.*?)END\n", readme, re.DOTALL).group(1)
        done = subprocess.run([sys.executable, "-B", "-"], cwd=ROOT, env={**os.environ, "PYTHONPATH": "examples"},
                              input=lines.replace("127.0.0.1:33333", daemon.address), timeout=60, capture_output=True,
                              text=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn('code: "00700"', done.stdout)
        self.assertIn("accID: ", done.stdout)

    def test_says_that_nobody_is_there(self):
        done = self.run_example("127.0.0.1:1")
        self.assertEqual((done.returncode, done.stderr[:12]), (1, "UNAVAILABLE:"))


if __name__ == "__main__":
    unittest.main()
