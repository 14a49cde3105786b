"""Streams of one connection take turns, also when the client lets through less than waits for it. No client
library leaves that to its user, so this is HTTP/2 by hand."""
import collections
import socket
import struct
import unittest

from gateway import SLOW, Daemon

DATA, HEADERS, SETTINGS, PING, WINDOW_UPDATE = 0, 1, 4, 6, 8
CODES = ("00700", "09988", "03690", "01810", "00981", "00001", "00002", "00003", "00005", "00011", "00016", "00388",
         "00857", "00883", "00939", "00941", "01299", "01398", "02318", "02388", "03988")
STREAMS = 10
WINDOW, FRAME = 65535, 16384       # of a connection at its beginning; of data at most


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def text(s):
    return bytes([len(s)]) + s


def headers(path):
    return (b"\x83\x86\x04" + text(path) + b"\x01" + text(b"127.0.0.1") + b"\x0f\x10" + text(b"application/grpc") +
            b"\x00" + text(b"te") + text(b"trailers"))


class Connection:
    def __init__(self, address):
        host, port = address.split(":")
        self.s = socket.create_connection((host, int(port)), timeout=20 * SLOW)
        self.s.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(SETTINGS, 0, 0, struct.pack(">HI", 4, 0x7fffffff)))
        self.got, self.opened = collections.Counter(), set()

    def open(self, stream, path):
        self.s.sendall(frame(HEADERS, 4, stream, headers(path)) + frame(DATA, 1, stream, bytes(5)))

    def more(self, n):
        self.s.sendall(frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", n)))

    def read(self, n):
        p = b""
        while len(p) < n:
            piece = self.s.recv(n - len(p))
            if not piece:
                raise EOFError
            p += piece
        return p

    def until(self, done):
        while not done():
            head = self.read(9)
            payload = self.read(int.from_bytes(head[:3], "big"))
            kind, flags, stream = head[3], head[4], int.from_bytes(head[5:], "big")
            if kind == DATA:
                self.got[stream] += len(payload)
            elif kind == HEADERS:
                self.opened.add(stream)
            elif kind in (SETTINGS, PING) and not flags & 1:
                self.s.sendall(frame(kind, 1, 0, payload if kind == PING else b""))


class Fair(unittest.TestCase):
    def test_streams_take_turns(self):
        daemon = Daemon(more=["--paper-clock", "always-open,x600"], level="warn")
        self.addCleanup(daemon.end)
        g = daemon.client()
        self.addCleanup(g.channel.close)
        beside = g.stream("futu.service.FutuOpenD/SubscribePush")
        beside.initial_metadata()
        c = Connection(daemon.address)
        self.addCleanup(c.s.close)
        for i in range(STREAMS):
            c.open(2 * i + 1, b"/futu.service.FutuOpenD/SubscribePush")
        c.until(lambda: len(c.opened) == STREAMS)
        g.call("futu.v1.Quote/Sub", c2s={"securityList": [{"market": 1, "code": code} for code in CODES],
                                         "subTypeList": [1, 2, 4, 5], "isSubOrUnSub": True, "isRegOrUnRegPush": True})
        c.until(lambda: sum(c.got.values()) == WINDOW)
        kinds = set()
        while len(kinds) < 4 * len(CODES):          # then each stream has one of each to say
            e = next(beside)
            kinds.add((e.sec_key, e.sub_type))
        before = c.got.copy()
        c.more(STREAMS * FRAME)
        c.until(lambda: sum(c.got.values()) == WINDOW + STREAMS * FRAME)
        self.assertEqual(len(c.got - before), STREAMS, "some have said nothing")
        self.assertLessEqual(max((c.got - before).values()), 2 * FRAME)
        beside.cancel()


if __name__ == "__main__":
    unittest.main()
