"""standin.py sudo|systemctl|docker ARGUMENT... - for a machine without them: what stands behind these
names in the PATH of a user of a test.

sudo       runs the command as the user who asks.
systemctl  enable --now NAME, stop NAME: starts what the unit in $STANDIN says, as systemd would
           expand it, without a terminal and in an environment of the unit's own.
docker     run -d, stop, rm, wait, logs: the image of examples/deploy/Dockerfile in a root of its own,
           its folders mounted; see host.py. It has this machine's loopback, so that it listens on
           127.0.0.1 where the image says 0.0.0.0, and what -p publishes is there already.

$STANDIN: a folder for units, logs and process ids. $STANDIN_OPEND, $STANDIN_CLI: the programs of the
image. What begins with FUTU_ in the environment is handed on, to meet the tests' vendor.
"""
import os
import shlex
import signal
import subprocess
import sys
import time

import host

HERE = os.path.abspath(__file__)


def path(name, kind):
    return os.path.join(os.environ["STANDIN"], f"{name}.{kind}")


def handed_on():
    return {k: v for k, v in os.environ.items() if k.startswith("FUTU_")}


def read(name, kind):
    with open(path(name, kind), encoding="utf-8") as f:
        return f.read()


# ---- systemd ----

def systemctl(words):
    verb, name = words[0], words[-1]
    if verb == "enable" and "--now" in words:
        unit = host.Unit(path(name, "service"))
        env = dict(e.split("=", 1) for line in unit.get("Environment") for e in shlex.split(line))
        env |= {"PATH": "/usr/bin:/bin", "HOME": os.environ["HOME"], "TZ": "UTC"} | handed_on()
        p = host.Process(unit.words("ExecStart", env), env, path(name, "log"))
        host.write(path(name, "pid"), str(p.pid))
        return 0
    if verb == "stop":
        os.kill(int(read(name, "pid")), signal.SIGTERM)
        return 0
    raise ValueError(f"systemctl {verb} is not in this stand-in")


# ---- docker ----

def run(words):
    name = words[words.index("--name") + 1]
    box = host.folder(path(name, "top"))
    with open(path(name, "engine"), "w", encoding="utf-8") as log:
        subprocess.Popen([*host.spaces_with(), sys.executable, "-B", HERE, "contain", *words],
                         env=host.inner_env(box), stdin=subprocess.DEVNULL, stdout=log,
                         stderr=log, start_new_session=True)
    print(name)
    return 0


def contain(words):
    """The engine's part that stays with the container."""
    name = words[words.index("--name") + 1]
    host.inside(network=False)
    image = host.Image(os.environ["STANDIN_OPEND"], os.environ["STANDIN_CLI"])
    c = host.Container(image, shlex.join(words), handed_on() | {"FUTU_OPEND_IP": "127.0.0.1"},
                       path(name, "log"))
    host.write(path(name, "pid"), str(c.process.pid))
    status = c.process.wait(3600)
    host.write(path(name, "status"), str(status))
    return 0


def docker(words):
    verb, name = words[0], words[-1]
    if verb == "run" and "-d" in words:
        return run(words)
    if verb == "stop":
        os.kill(int(read(name, "pid")), signal.SIGTERM)
        return docker(["wait", name])
    if verb == "wait":
        while not os.path.exists(path(name, "status")):
            time.sleep(0.02)
        print(read(name, "status"))
        return 0
    if verb == "logs":
        sys.stdout.write(read(name, "log.out") + read(name, "log.err") + read(name, "engine"))
        return 0
    if verb == "rm":
        for kind in ("pid", "status", "log.out", "log.err", "engine"):
            os.unlink(path(name, kind))
        os.rmdir(path(name, "top"))
        return 0
    raise ValueError(f"docker {verb} is not in this stand-in")


def sudo(words):
    words = words[2:] if words[0] == "-u" else words
    os.execvp(words[0], words)


if __name__ == "__main__":
    commands = {"sudo": sudo, "systemctl": systemctl, "docker": docker, "contain": contain}
    sys.exit(commands[sys.argv[1]](sys.argv[2:]))
