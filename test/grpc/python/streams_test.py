"""Many calls and streams at a time, deadlines, calls that are given up, and clients that stop reading."""
import collections
import signal
import threading
import unittest

import grpc

from gateway import SLOW, Daemon

Code = grpc.StatusCode
CODES = ("00700", "09988", "03690", "01810", "00981", "00001", "00002", "00003", "00005", "00011", "00016", "00388",
         "00857", "00883", "00939", "00941", "01299", "01398", "02318", "02388", "03988")
HK = [{"market": 1, "code": code} for code in CODES]
STATE = {"c2s": {"securityList": HK[:1]}}
PUSHES = "futu.service.FutuOpenD/SubscribePush"
SIM_HK = 9100001
ORDER = {"c2s": {"header": {"trdEnv": 0, "accID": SIM_HK, "trdMarket": 1}, "trdSide": 1, "orderType": 1, "code": "00700",
                 "qty": 100, "price": 1, "packetID": {"connID": 0, "serialNo": 1}}}
ORDER_PUSH = 2208
MANY, ORDERS = 1000, 5
GIVEN_UP = 900          # of a thousand at once a gateway puts an end to the connection
EVENTS_OPEN = 'futu_gateway_connections{kind="ws_events"}'


def end_of(stream):
    """The code that a stream ends with, once all is read."""
    try:
        collections.deque(stream, maxlen=0)
    except grpc.RpcError:
        pass
    return stream.code()


def subscribe(g, securities, types):
    answer = g.call("futu.v1.Quote/Sub", c2s={"securityList": securities, "subTypeList": types, "isSubOrUnSub": True,
                                              "isRegOrUnRegPush": True})
    assert answer.retType == 0, answer.retMsg


class Pushes:
    """A stream of pushes: the numbers of its events, and its orders."""

    def __init__(self, g):
        self.call = g.stream(PUSHES)
        self.quotes = self.holes = 0
        self.orders, self.numbers = set(), {}
        self.order = g.type("Trd_UpdateOrder.Response")

    def read(self):
        e = next(self.call)
        of = e.event_type, e.sec_key, e.sub_type, e.acc_id
        self.holes += e.seq - self.numbers.get(of, e.seq - 1) - 1
        self.numbers[of] = e.seq
        self.quotes += e.event_type == "quote"
        if e.proto_id == ORDER_PUSH:
            self.orders.add(self.order.FromString(e.body).s2c.order.orderIDEx)

    def until(self, done):
        while not done():
            self.read()


class Calls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon({"all": {}})
        cls.addClassCleanup(cls.daemon.end)
        cls.g = cls.daemon.client("all")
        cls.addClassCleanup(cls.g.channel.close)
        cls.state()

    @classmethod
    def state(cls):
        answer = cls.g.call("futu.v1.Quote/GetMarketState", **STATE)
        assert answer.retType == 0, answer.retMsg

    def test_a_thousand_at_a_time(self):
        some = [self.g.future("futu.v1.Quote/GetMarketState", **STATE) for _ in range(MANY)]
        self.assertEqual({c.result().retType for c in some}, {0})

    def test_deadlines(self):
        g = self.g
        with self.assertRaises(grpc.RpcError) as e:
            g.call("futu.v1.Quote/GetMarketState", {"timeout": -1}, **STATE)
        self.assertEqual(e.exception.code(), Code.DEADLINE_EXCEEDED)
        self.assertEqual(end_of(g.stream(PUSHES, {"timeout": 0.3})), Code.DEADLINE_EXCEEDED)
        self.state()

    def test_given_up_as_they_begin(self):
        g, ends = self.daemon.client("all"), []
        self.addCleanup(g.channel.close)
        for i in range(GIVEN_UP):
            call = g.future("futu.v1.Quote/GetMarketState", **STATE)
            if i % 2:
                call.cancel()
            ends.append(call)
        for call in ends[::2]:
            call.cancel()
        codes = collections.Counter(c.code() for c in ends)
        self.assertLessEqual(set(codes), {Code.OK, Code.CANCELLED})
        self.assertGreater(codes[Code.CANCELLED], 0)
        self.assertEqual(g.call("futu.v1.Quote/GetMarketState", **STATE).retType, 0)


class UnderWay(unittest.TestCase):
    """A relay whose upstream stands still: calls are under way as long as the test likes."""

    @classmethod
    def setUpClass(cls):
        cls.paper = Daemon()
        cls.addClassCleanup(cls.paper.end)
        cls.relay = Daemon(upstream=cls.paper)
        cls.addClassCleanup(cls.relay.end)
        cls.g = cls.relay.client()
        cls.addClassCleanup(cls.g.channel.close)
        cls.healthy()

    def setUp(self):
        self.paper.process.send_signal(signal.SIGSTOP)
        self.addCleanup(self.paper.process.send_signal, signal.SIGCONT)

    @classmethod
    def healthy(cls):
        """Calls are read in their order, and this one is not asked of the upstream: those before it are under
        way when it is answered."""
        assert cls.g.call("grpc.health.v1.Health/Check", service="").status == 1

    def ask(self, code, timeout=None):
        return self.g.future("futu.v1.Quote/GetSecuritySnapshot", {"timeout": timeout},
                             c2s={"securityList": [{"market": 1, "code": code}]})

    def ends_well(self, calls):
        self.paper.process.send_signal(signal.SIGCONT)
        for call in calls:
            self.assertEqual(len(call.result(60).s2c.snapshotList), 1)

    def test_deadline(self):
        body = self.g.type("Qot_GetSecuritySnapshot.Request")(c2s={"securityList": HK[:1]}).SerializeToString()
        late = [self.ask(CODES[0], 0.2),
                self.g.future("futu.service.FutuOpenD/Request", {"timeout": 0.2}, proto_id=3203, body=body)]
        stays = self.ask(CODES[1], 60)
        self.healthy()
        self.assertEqual([c.code() for c in late], 2 * [Code.DEADLINE_EXCEEDED])
        self.assertFalse(stays.done())
        self.ends_well([stays, self.ask(CODES[0])])

    def test_cancelled(self):
        calls = [self.ask(code) for code in CODES]
        self.healthy()
        for c in calls[1::2]:
            self.assertFalse(c.done())
            c.cancel()
        self.assertEqual({c.code() for c in calls[1::2]}, {Code.CANCELLED})
        self.healthy()
        self.ends_well([*calls[::2], self.ask(CODES[1])])


class Streams(unittest.TestCase):
    def begin(self, clock, **more):
        daemon = Daemon({"all": {}}, ["--paper-clock", clock], **more)
        self.addCleanup(daemon.end)
        return daemon

    def client(self, daemon, options=()):
        g = daemon.client("all", options=options)
        self.addCleanup(g.channel.close)
        return g

    def test_a_thousand_on_a_connection_each_with_every_order(self):
        daemon = self.begin("always-open,x20")
        g, theirs = self.client(daemon), self.client(daemon)
        streams = [Pushes(theirs) for _ in range(MANY)]
        for s in streams:
            s.call.initial_metadata()
        self.assertEqual(daemon.metric(EVENTS_OPEN), MANY)
        self.assertEqual(g.call("futu.v1.Trade/SubAccPush", c2s={"accIDList": [SIM_HK]}).retType, 0)
        subscribe(g, HK[:5], [1, 4])
        orders = {g.call("futu.v1.Trade/PlaceOrder", **ORDER).s2c.orderIDEx for _ in range(ORDERS)}
        self.assertEqual(len(orders), ORDERS)
        for s in streams:
            s.until(lambda s=s: s.quotes >= 3 and s.orders >= orders)
        self.assertEqual(g.call("futu.v1.Quote/GetMarketState", **STATE).retType, 0)
        # Given up in the midst of events; the gateway forgets them.
        for s in streams:
            s.call.cancel()
        self.assertEqual({end_of(s.call) for s in streams}, {Code.CANCELLED})
        while daemon.metric(EVENTS_OPEN) > 0:
            pass

    def test_a_reader_that_stops(self):
        daemon = self.begin("always-open,x600", level="warn")
        g, busy = self.client(daemon), Pushes(self.client(daemon))
        theirs = self.client(daemon, [("grpc.http2.bdp_probe", 0)])      # it keeps 64 KiB for a stream, no more
        lazy = [Pushes(theirs) for _ in range(20)]
        for s in (busy, *lazy):
            s.call.initial_metadata()
        subscribe(g, HK, [1, 2, 4, 5])
        busy.until(lambda: busy.quotes >= 5000 // SLOW and len(busy.numbers) == 4 * len(HK))
        self.assertLess(daemon.memory(), 200_000 * SLOW)
        for c in (g, theirs):       # the latter on the connection whose streams stand still
            self.assertEqual(c.call("futu.v1.Quote/GetMarketState", **STATE).retType, 0)
        # The newest of each kind that the reader has had is not newer than what these get in the end, and what
        # they were not told is seen in the numbers.
        newest = dict(busy.numbers)

        def catch_up(s):
            s.until(lambda: all(s.numbers.get(of, 0) >= n for of, n in newest.items()))
        threads = [threading.Thread(target=catch_up, args=(s,)) for s in lazy]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        for s in lazy:
            self.assertGreater(s.holes, 0)
        for s in (busy, *lazy):
            s.call.cancel()
        self.assertEqual({end_of(s.call) for s in (busy, *lazy)}, {Code.CANCELLED})


if __name__ == "__main__":
    unittest.main()
