"""host.py - what the examples of examples/deploy/ run on, as far as they make use of it: systemd for
the unit and a container engine for the image, both for one machine without either.

Lines, paths, users and folders come from the unit and the Dockerfile that ship; nothing of them is
repeated here. Needs mounts of its own: call enter() first.
"""
import glob
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

TREE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
DEPLOY = os.path.join(TREE, "examples", "deploy")
CHROOT = shutil.which("chroot", path="/usr/sbin:/usr/bin:/sbin:/bin")
NOBODY = 65534
INSIDE, TOP, OUTSIDE = "FUTU_TEST_HOST", "FUTU_TEST_HOST_TOP", "FUTU_TEST_HOST_NOT"


def spaces_with(*more):
    """The command in front of one that shall have mounts, and more, of its own."""
    user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    return ["unshare", "--mount", "--propagation", "private", *more, *user]


def inner_env(top):
    """What inside() needs; top: an empty folder."""
    return os.environ | {INSIDE: "user" if os.geteuid() else "root", TOP: top,
                         OUTSIDE: os.readlink("/proc/self/ns/mnt")}


def enter():
    """This program again, with a loopback, mounts and a folder in memory of its own; never returns.

    All that is mounted is mounted in that folder, and goes with the last process that sees it: it
    is never removed name by name, which would go on into what is mounted there.
    """
    spaces = spaces_with("--net")
    if subprocess.run([*spaces, "true"], capture_output=True, check=False).returncode:
        print(f"{os.path.basename(sys.argv[0])}: SKIPPED: mounts and a network of its own are not "
              "permitted here (unshare); nothing was tried", file=sys.stderr)
        sys.exit(0)
    top = tempfile.mkdtemp(prefix="futu-host-")
    run = subprocess.run([*spaces, sys.executable, "-B", *sys.argv], env=inner_env(top),
                         check=False)
    os.rmdir(top)
    sys.exit(run.returncode)


def inside(network=True):
    """Whether enter() has done its work; prepares what it gave."""
    if not os.environ.get(INSIDE):
        return False
    if os.readlink("/proc/self/ns/mnt") == os.environ[OUTSIDE]:
        raise RuntimeError("these are the machine's own mounts")
    if network:
        subprocess.run([sys.executable, "-c", LOOPBACK_UP], check=True)
    mount("-t", "tmpfs", "tmpfs", os.environ[TOP])
    os.chmod(os.environ[TOP], 0o755)
    return True


def in_memory():
    """A new folder for mounts."""
    path = tempfile.mkdtemp(dir=os.environ[TOP])
    os.chmod(path, 0o755)
    return path


# SIOCGIFFLAGS and SIOCSIFFLAGS: iproute2 need not be there.
LOOPBACK_UP = """
import fcntl, socket, struct
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
name, flags = struct.unpack_from("16sh", fcntl.ioctl(s, 0x8913, struct.pack("16sh22x", b"lo", 0)))
fcntl.ioctl(s, 0x8914, struct.pack("16sh22x", b"lo", flags | 1))
"""


def many_users():
    """Whether another user id than the own can be taken on."""
    return os.environ.get(INSIDE) == "root"


def mount(*args):
    """The last argument is where; nothing is mounted but in the folder that enter() gave."""
    if not os.path.realpath(args[-1]).startswith(os.environ[TOP]):
        raise RuntimeError(f"not in the test's own folder: {args[-1]}")
    subprocess.run(["mount", *args], check=True)


def bind(source, target, writable=False):
    mount("--bind", source, target)
    if not writable:
        mount("-o", "remount,bind,ro", target)


def give_devices(root):
    """Single ones: the machine's own folder is not shown to anything."""
    for name in ("null", "zero", "random", "urandom"):
        mount("--bind", f"/dev/{name}", write(f"{folder(root + '/dev')}/{name}", ""))


def folder(path, mode=0o755, owner=None):
    os.makedirs(path, exist_ok=True)
    os.chmod(path, mode)
    if owner is not None and many_users():
        os.chown(path, owner, owner)
    return path


def write(path, text, mode=0o644, owner=None):
    if os.path.exists(path):
        os.unlink(path)
    with open(path, "wb") as f:
        f.write(text if isinstance(text, bytes) else text.encode())
    os.chmod(path, mode)
    if owner is not None and many_users():
        os.chown(path, owner, owner)
    return path


def programs(opend, cli, into):
    """The programs as they are installed: library beside them, readable for everybody."""
    folder(into)
    for path in (opend, cli, os.path.join(os.path.dirname(opend), "libfutu.so.0")):
        shutil.copy(path, into)
    return into


def quiet_sanitizers(env):
    """A process that shows itself to nobody can't be looked through for leaks by its own user."""
    return env | {"ASAN_OPTIONS": "detect_leaks=0"}


class Process:
    """A program without a terminal, in a session of its own; its words are kept in files."""

    def __init__(self, words, env, logs):
        self.out_path, self.err_path = logs + ".out", logs + ".err"
        with open(self.out_path, "wb") as out, open(self.err_path, "wb") as err:
            self.child = subprocess.Popen(words, env=env, stdin=subprocess.DEVNULL, stdout=out,
                                          stderr=err, start_new_session=True, cwd="/")
        self.pid = self.child.pid

    @property
    def out(self):
        with open(self.out_path, encoding="utf-8") as f:
            return f.read()

    @property
    def err(self):
        with open(self.err_path, encoding="utf-8") as f:
            return f.read()

    def wait(self, seconds=60):
        return self.child.wait(timeout=seconds)

    def running(self):
        return self.child.poll() is None

    def end(self, how=signal.SIGTERM):
        if self.running():
            self.child.send_signal(how)
        return self.wait()


# ---- the unit ----

class Unit:
    """A unit file: each setting's values in their order, lines joined."""

    def __init__(self, path):
        with open(path, encoding="utf-8") as f:
            text = re.sub(r"\\\n", " ", f.read())
        self.name = os.path.basename(path)
        self.values = {}
        for line in text.splitlines():
            if re.match(r"\s*([#;\[]|$)", line):
                continue
            key, value = line.split("=", 1)
            self.values.setdefault(key.strip(), []).append(value.strip())

    def __getitem__(self, key):
        return self.values[key][-1]

    def get(self, key):
        return self.values.get(key, [])

    def words(self, key, env):
        """A command line, its ${VARIABLES} filled in; each stays one word."""
        return [re.sub(r"\$\{(\w+)\}|\$(\w+)", lambda m: env.get(m[1] or m[2], ""), w)
                for w in shlex.split(self[key])]

    def restarts_after(self, status):
        return (self["Restart"] == "on-failure" and status != 0 and
                str(status) not in self["RestartPreventExitStatus"].split())


class Service:
    """The unit in a root of its own: the system is read-only, folders are made as it says."""

    def __init__(self, disk, bin_dir, env_file, password, variables=None):
        """disk: a folder for what stays."""
        top = in_memory()
        self.disk = disk
        self.unit = Unit(os.path.join(DEPLOY, "futu-opend.service"))
        self.top, self.uid, self.runs = top, NOBODY, 0
        self.variables = variables or {}
        self.etc = folder(f"{top}/etc/futu-opend")
        write(f"{top}/etc/passwd", f"futu:x:{NOBODY}:{NOBODY}::/{self.state}:/usr/sbin/nologin\n")
        write(f"{self.etc}/env", env_file)
        self.credentials = folder(f"{top}/credentials", 0o755)
        self.password(password)
        for name in (self.state, self.logs, self.run_dir):
            folder(f"{disk}/{name}", 0o700, self.uid)
        self.root = self.make_root(bin_dir)
        self.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.manager.bind(f"{top}/notify/socket")
        os.chmod(f"{top}/notify/socket", 0o777)
        self.process = None

    state = property(lambda self: "var/lib/" + self.unit["StateDirectory"])
    logs = property(lambda self: "var/log/" + self.unit["LogsDirectory"])
    run_dir = property(lambda self: "run/" + self.unit["RuntimeDirectory"])
    keys = property(lambda self: f"{self.etc}/keys.json")

    def password(self, text):
        """As the manager hands it out: for the service alone, and not to be written."""
        name, _ = self.unit["LoadCredential"].split(":")
        write(f"{self.credentials}/{name}", text, 0o400, self.uid)
        folder(self.credentials, 0o500, self.uid)

    def make_root(self, bin_dir):
        root = folder(f"{self.top}/root")
        for name in ("usr", "etc", "tmp", "proc", "dev", "run/credentials/" + self.unit.name,
                     "run/notify", self.state, self.logs, self.run_dir):
            folder(f"{root}/{name}")
        folder(f"{self.top}/notify")
        for path in glob.glob("/lib*") + ["/bin"]:
            if os.path.islink(path):
                os.symlink(os.readlink(path), root + path)
            else:
                bind(path, folder(root + path))
        mount("--bind", root, root)
        bind("/usr", f"{root}/usr")
        bind(bin_dir, f"{root}/usr/local/bin")
        bind(f"{self.top}/etc", f"{root}/etc")
        bind(self.credentials, f"{root}/run/credentials/{self.unit.name}")
        bind(f"{self.top}/notify", f"{root}/run/notify")
        mount("--rbind", "/proc", f"{root}/proc")
        give_devices(root)
        for name in (self.state, self.logs, self.run_dir):
            bind(f"{self.disk}/{name}", f"{root}/{name}", writable=True)
        mount("-o", "remount,bind,ro", root)
        return root

    def environment(self):
        env = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "USER": "futu",
               "LOGNAME": "futu", "HOME": "/" + self.state, "SHELL": "/usr/sbin/nologin",
               "STATE_DIRECTORY": "/" + self.state, "LOGS_DIRECTORY": "/" + self.logs,
               "RUNTIME_DIRECTORY": "/" + self.run_dir,
               "CREDENTIALS_DIRECTORY": "/run/credentials/" + self.unit.name,
               "NOTIFY_SOCKET": "/run/notify/socket"}
        with open(f"{self.etc}/env", encoding="utf-8") as f:
            for line in f:
                if re.match(r"\w+=", line):
                    key, value = line.rstrip("\n").split("=", 1)
                    env[key] = value
        return quiet_sanitizers(env | self.variables)

    def spawn(self, words, more=None):
        """Words in the service's root, as its user, who can become nobody else."""
        self.runs += 1
        who = [f"--userspec={self.uid}:{self.uid}", "--groups="] if many_users() else []
        jail = [CHROOT, *who, self.root, "setpriv", "--no-new-privs", "--", "sh", "-c",
                'WATCHDOG_PID=$$; export WATCHDOG_PID; exec "$@"', "sh"]
        return Process([*jail, *words], self.environment() | (more or {}),
                       f"{self.top}/run{self.runs}")

    def command(self):
        return self.unit.words("ExecStart", self.environment())

    def login_options(self):
        """Program and options of the login in the service's command; not what waits for a code."""
        words, kept = self.command(), []
        for i, word in enumerate(words):
            if word in ("--login-account", "--platform", "--login-pwd-file"):
                kept += words[i:i + 2]
        return [words[0], *kept]

    def start(self, seconds=60):
        """Up to READY=1, or to the end of the process: then False."""
        self.process = self.spawn(self.command(), {"WATCHDOG_USEC": "400000"})
        return self.hears("READY=1", seconds)

    def hears(self, word, seconds=60):
        self.manager.settimeout(0.1)
        for _ in range(seconds * 10):
            try:
                if self.manager.recv(4096).decode() == word:
                    return True
            except TimeoutError:
                if not self.process.running():
                    return False
        return False

    def forget_messages(self):
        self.manager.settimeout(0)
        try:
            while self.manager.recv(4096):
                pass
        except BlockingIOError:
            pass

    def stop(self, how=signal.SIGTERM):
        return self.process.end(how)

    def close(self):
        if self.process:
            self.process.end(signal.SIGKILL)
        self.manager.close()


# ---- the image ----

class Image:
    """What the last stage of the Dockerfile says, and a file system that has nothing else."""

    def __init__(self, opend, cli):
        with open(os.path.join(DEPLOY, "Dockerfile"), encoding="utf-8") as f:
            text = re.sub(r"\\\n", " ", f.read())
        stage = text[text.rindex("\nFROM "):]
        self.packages = set(re.search(r"--no-install-recommends ([^&]+)", stage)[1].split())
        self.user = int(re.search(r"^USER (\d+):\1$", stage, re.M)[1])
        self.entrypoint = re.search(r'^ENTRYPOINT \["([^"]+)"\]$', stage, re.M)[1]
        self.env = dict(w.split("=", 1) for line in re.findall(r"^ENV (.*)", stage, re.M)
                        for w in line.split())
        self.health = re.search(r"CMD (curl .*)", stage)[1]
        self.root = in_memory()
        self.libraries = sorted({path for p in (opend, cli) for path in re.findall(
            r"(/\S+) \(0x", subprocess.run(["ldd", p], capture_output=True, text=True,
                                          check=True).stdout)})
        for path in self.libraries:
            if "libfutu" not in path:
                folder(os.path.dirname(self.root + path))
                shutil.copy(path, self.root + path)
        programs(opend, cli, f"{self.root}/usr/local/bin")
        for name in ("proc", "dev", "etc", "tmp"):
            folder(f"{self.root}/{name}")
        for mode, path in re.findall(r"install -d -m (\d+) -o futu -g futu ((?:/\S+ ?)+)", stage):
            for name in path.split():
                folder(self.root + name, int(mode, 8), self.user)
        write(f"{self.root}/etc/passwd", f"futu:x:{self.user}:{self.user}::/root:/bin/false\n")
        write(f"{self.root}/.dockerenv", "")


class Container:
    """`docker run` of the image: a layer of its own that goes with it, and volumes.

    line: the command after "docker", as a shell would have it; its --restart is not obeyed. A volume's source that is missing is
    made, as the engine does.
    """

    def __init__(self, image, line, env=None, logs=None):
        self.image, self.volumes, self.ports = image, [], []
        self.env, self.name, self.restart = dict(image.env) | (env or {}), None, None
        self.args = self.options(shlex.split(line))
        top = in_memory()
        upper, work, self.root = (folder(f"{top}/{n}") for n in ("upper", "work", "root"))
        mount("-t", "overlay", "overlay", "-o",
              f"lowerdir={image.root},upperdir={upper},workdir={work}", self.root)
        mount("--rbind", "/proc", f"{self.root}/proc")
        give_devices(self.root)
        for source, target, *mode in self.volumes:
            self.attach(os.path.expanduser(source), self.root + target, mode != ["ro"])
        who = [f"--userspec={image.user}:{image.user}", "--groups="] if many_users() else []
        self.process = Process([CHROOT, *who, self.root, image.entrypoint, *self.args],
                               quiet_sanitizers({"PATH": "/usr/local/bin:/usr/bin:/bin"} | self.env),
                               logs or f"{top}/log")

    @staticmethod
    def attach(source, target, writable):
        if not os.path.exists(source):
            folder(source)
        if os.path.isdir(source):
            folder(target)
        else:
            folder(os.path.dirname(target))
            write(target, "")
        bind(source, target, writable)

    def options(self, words):
        """What stands before the image's name is the engine's, what stands behind it the program's."""
        assert words[0] == "run", words
        i = 1
        while words[i].startswith("-"):
            if words[i] in ("-d", "--rm", "-it"):
                i += 1
                continue
            value = words[i + 1]
            if words[i] == "-v":
                self.volumes.append(value.split(":"))
            elif words[i] == "-p":
                self.ports.append(value)
            elif words[i] == "-e":
                key, text = value.split("=", 1)
                self.env[key] = text
            elif words[i] == "--name":
                self.name = value
            elif words[i] == "--restart":
                self.restart = value
            else:
                raise ValueError(f"docker run {words[i]} is not in this stand-in")
            i += 2
        return words[i + 1:]
