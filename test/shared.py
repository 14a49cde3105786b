"""shared.py - what the tests in Python have in common: ports, and the forms in which a secret may be found."""
import base64
import hashlib
import socket

given = set()


def free_port():
    """A port that was free a moment ago, and that nobody else here has been given: a daemon asks for several
    before it opens the first."""
    while True:
        with socket.create_server(("127.0.0.1", 0)) as s:
            port = s.getsockname()[1]
        if port not in given:
            given.add(port)
            return port


def forms(secret):
    """A secret as it is, and as it is often written."""
    raw = secret.encode()
    return raw, base64.b64encode(raw), hashlib.md5(raw).hexdigest().encode()
