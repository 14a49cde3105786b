"""cli_proxy.py GATEWAY-PORT MODE - stands between futucli, or a relay, and a paper gateway and does what one can't
make a good gateway do. Prints its own port, then serves until it is killed.

chain    answers Gateway_GetInfo with the JSON on standard input
gap      after an answer to Qot_Sub, pushes each line of standard input: "ID JSON"
mute     keeps back the answer to Trd_PlaceOrder
cut      closes the connection instead of that answer
lost     closes the connection instead of an answer to Trd_GetAccList
timeout  answers Trd_PlaceOrder itself, with retType -100
later    answers it as a broker does that is closed: please retry later
silent   answers no Gateway_GetInfo
strange  knows no protocol of futu-opend's own
"""
import hashlib
import json
import socket
import struct
import sys
import threading

HEAD = struct.Struct("<2sIBBII20s8x")
PROTOBUF, JSON = 0, 1
GET_ACC_LIST, PLACE_ORDER, QOT_SUB, GET_INFO = 2001, 2202, 3001, 60001


def frame(proto, serial, body, kind=JSON):
    body = json.dumps(body).encode() if kind == JSON else body
    return HEAD.pack(b"FT", proto, kind, 0, serial, len(body), hashlib.sha1(body).digest()) + body


def failure(text):
    """A Response in protobuf: retType -1, retMsg."""
    return b"\x08" + b"\xff" * 9 + b"\x01\x12" + bytes([len(text)]) + text.encode()


def frames(sock):
    """(proto, serial, all bytes) of each frame until the peer closes."""
    data = b""
    while True:
        while len(data) >= HEAD.size:
            _, proto, _, _, serial, length, _ = HEAD.unpack_from(data)
            if len(data) < HEAD.size + length:
                break
            yield proto, serial, data[:HEAD.size + length]
            data = data[HEAD.size + length:]
        more = sock.recv(65536)
        if not more:
            return
        data += more


def close(*socks):
    for sock in socks:
        try:
            sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def requests(client, gateway, mode, text):
    for proto, serial, data in frames(client):
        if mode == "chain" and proto == GET_INFO:
            client.sendall(frame(proto, serial, {"retType": 0, "s2c": json.loads(text)}))
        elif mode == "timeout" and proto == PLACE_ORDER:
            client.sendall(frame(proto, serial, {"retType": -100, "retMsg": "no answer"}))
        elif mode == "later" and proto == PLACE_ORDER:
            client.sendall(frame(proto, serial, failure("please retry later"), PROTOBUF))
        elif mode == "strange" and proto == GET_INFO:
            client.sendall(frame(proto, serial, {"retType": -1, "retMsg": "未知的协议ID"}))
        elif mode == "silent" and proto == GET_INFO:
            continue
        else:
            gateway.sendall(data)
    close(gateway)


def answers(client, gateway, mode, text):
    for proto, _, data in frames(gateway):
        if proto == PLACE_ORDER and mode == "mute":
            continue
        if proto == PLACE_ORDER and mode == "cut":
            break
        if proto == GET_ACC_LIST and mode == "lost":
            break
        client.sendall(data)
        if proto == QOT_SUB and mode == "gap":
            for line in text.splitlines():
                number, body = line.split(" ", 1)
                client.sendall(frame(int(number), 0, {"retType": 0, "s2c": json.loads(body)}))
    close(client, gateway)


def main():
    port, mode = int(sys.argv[1]), sys.argv[2]
    text = sys.stdin.read()
    server = socket.create_server(("127.0.0.1", 0))
    print(server.getsockname()[1], flush=True)
    while True:
        client, _ = server.accept()
        gateway = socket.create_connection(("127.0.0.1", port))
        for side in requests, answers:
            threading.Thread(target=side, args=(client, gateway, mode, text), daemon=True).start()


main()
