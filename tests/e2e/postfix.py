"""How does a test get a real Postfix, on a machine that has its own mail?

Debian's package is fetched and unpacked, never installed: nothing of it runs,
owns or listens outside one test's directory. Its configuration, queue, log
and pid file lie there; the master process is started in the foreground on a
high loopback port and stopped by its pid. It delivers everything to its own
discard(8): no message leaves.

Postfix insists on three accounts that are not root's and not each other's.
Every Debian has `mail`, `nobody` and the group `news`, so none is made. No
mount, name space or capability is needed either, only uid 0, since master(8)
runs for the superuser alone.
"""

import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import time

import pytest

import cache
import certificate

# Libraries that postfix needs beyond a minimal Debian; those the system lacks
# are unpacked beside it.
LIBRARIES = ("libdb5.3", "libicu72", "libnsl2", "libsasl2-2", "libssl3",
             "libtirpc3")

MAIN_CF = """\
compatibility_level = 3.7
maillog_file = {log}
maillog_file_prefixes = {home}
myhostname = relay.test
mydestination =
local_recipient_maps =
relay_domains =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
queue_directory = {home}/spool
data_directory = {home}/data
config_directory = {home}/etc
daemon_directory = {tree}/usr/lib/postfix/sbin
command_directory = {tree}/usr/sbin
shlib_directory = {tree}/usr/lib/postfix
meta_directory = {home}/etc
mail_owner = mail
setgid_group = news
default_privs = nobody
alias_maps =
alias_database =
import_environment = MAIL_CONFIG LD_LIBRARY_PATH MAIL_LOGTAG POSTLOG_SERVICE
 POSTLOG_HOSTNAME
export_environment = LD_LIBRARY_PATH
smtpd_tls_cert_file = {certificate}
smtpd_tls_key_file = {key}
smtpd_tls_security_level = encrypt
smtpd_tls_loglevel = 1
smtpd_recipient_restrictions =
 check_recipient_access texthash:{home}/etc/recipients,
 permit_mynetworks, reject
default_transport = discard:silently
local_transport = discard:silently
relay_transport = discard:silently
in_flow_delay = 0
default_destination_recipient_limit = 1
"""

# service type private unprivileged chroot wakeup maxprocesses command
MASTER_CF = """\
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""

# The queue, with its owner and mode: what post-install would make.
QUEUES = {
    "active": ("mail", 0o700), "bounce": ("mail", 0o700),
    "corrupt": ("mail", 0o700), "defer": ("mail", 0o700),
    "deferred": ("mail", 0o700), "flush": ("mail", 0o700),
    "hold": ("mail", 0o700), "incoming": ("mail", 0o700),
    "private": ("mail", 0o700), "saved": ("mail", 0o700),
    "trace": ("mail", 0o700), "pid": ("root", 0o755),
    "maildrop": ("mail", 0o1730), "public": ("mail", 0o2710),
}


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def installed(package):
    query = subprocess.run(["dpkg-query", "-W", "-f", "${Status}", package],
                           capture_output=True, text=True)
    return query.stdout == "install ok installed"


def fetch(packages, into):
    """apt-get download, with a fresh index where the first try fails."""
    command = ["apt-get", "-qq", "-o", "APT::Sandbox::User=root", "download",
               *packages]
    for attempt in range(2):
        got = subprocess.run(command, cwd=into, stdin=subprocess.DEVNULL,
                             capture_output=True, text=True)
        if got.returncode == 0:
            return
        if attempt == 0:
            subprocess.run(["apt-get", "-qq", "update"], capture_output=True,
                           stdin=subprocess.DEVNULL)
    pytest.skip(f"apt-get cannot download {' '.join(packages)}: "
                f"{got.stderr.strip().splitlines()[-1:]}")


def unpacked():
    """The tree of the unpacked packages, fetched once a machine."""
    store = cache.directory("postfix")
    tree = store / "tree"
    if (tree / "usr/lib/postfix/sbin/master").exists():
        return tree
    half = store / f"half.{os.getpid()}"
    half.mkdir()
    try:
        fetch(["postfix", *(l for l in LIBRARIES if not installed(l))], half)
        for package in half.glob("*.deb"):
            subprocess.run(["dpkg-deb", "-x", package, half / "tree"],
                           check=True)
        if not tree.exists():
            (half / "tree").rename(tree)
    finally:
        shutil.rmtree(half, ignore_errors=True)
    return tree


def library_path(tree):
    return ":".join([str(tree / "usr/lib/postfix"),
                     *map(str, tree.glob("usr/lib/*-linux-gnu*")),
                     *map(str, tree.glob("lib/*-linux-gnu*"))])


class Postfix:
    """One running instance: host, port, ca (a file for --tls-ca), log."""

    host = "127.0.0.1"

    def __init__(self, home, recipients=(), main_cf=""):
        """recipients: (address, action) pairs for access(5)."""
        self.home = pathlib.Path(home)
        self.log = self.home / "postfix.log"
        self.port = free_port()
        self.process = None
        self.tree = unpacked()
        self._configure(recipients, main_cf)

    @property
    def url(self):
        return f"smtp://{self.host}:{self.port}"

    def _configure(self, recipients, main_cf):
        # pytest's directories are closed to others; Postfix's daemons are not
        # root.
        for name in ("etc", "data", "spool", "certificate"):
            (self.home / name).mkdir()
        shutil.chown(self.home / "data", "mail")
        for name, (owner, mode) in QUEUES.items():
            queue = self.home / "spool" / name
            queue.mkdir()
            group = "news" if name in ("maildrop", "public") else "root"
            shutil.chown(queue, owner, group)
            queue.chmod(mode)
        self.ca = certificate.authority(self.home / "certificate")
        leaf, key = certificate.server(self.home / "certificate")
        self.write("recipients", "".join(
            f"{address} {action}\n" for address, action in recipients))
        self.write("master.cf", MASTER_CF.format(port=self.port))
        self.write("main.cf", MAIN_CF.format(
            home=self.home, log=self.log, tree=self.tree, certificate=leaf,
            key=key) + main_cf)
        for name in ("postfix-files", "dynamicmaps.cf.d", "postfix-files.d"):
            (self.home / "etc" / name).symlink_to(self.tree / "etc/postfix"
                                                  / name)

    def write(self, name, text):
        (self.home / "etc" / name).write_text(text)

    def start(self):
        environment = {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C",
            "LD_LIBRARY_PATH": library_path(self.tree),
            "MAIL_CONFIG": str(self.home / "etc"),
            "MAIL_LOGTAG": "postfix",
            "POSTLOG_SERVICE": "postlog", "POSTLOG_HOSTNAME": "relay",
        }
        errors = open(self.home / "master.stderr", "wb")
        self.process = subprocess.Popen(
            [self.tree / "usr/lib/postfix/sbin/master", "-d",
             "-c", self.home / "etc"],
            env=environment, stdin=subprocess.DEVNULL, stdout=errors,
            stderr=errors, start_new_session=True)
        errors.close()
        self._wait_until_it_answers()

    def _wait_until_it_answers(self):
        limit = time.monotonic() + 20
        while time.monotonic() < limit:
            if self.process.poll() is not None:
                break
            try:
                with socket.create_connection((self.host, self.port), 5) as s:
                    if s.recv(512).startswith(b"220 "):
                        s.sendall(b"QUIT\r\n")
                        return
            except OSError:
                time.sleep(0.05)
        said = (self.home / "master.stderr").read_text(errors="replace")
        raise RuntimeError(f"Postfix does not answer: {said}"
                           f"{self.log_text()[-2000:]}")

    def stop(self):
        """Ends master and with it all that it started."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()

    def log_text(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def delivered(self):
        """The recipients that Postfix says it has delivered, in order."""
        return re.findall(r"postfix/discard\[\d+\]: \w+: to=<([^>]*)>,"
                          r".*status=sent", self.log_text())

    def wait_delivered(self, count, seconds=60):
        """Delivery goes on after the 250: waits until the log has COUNT."""
        limit = time.monotonic() + seconds
        while time.monotonic() < limit:
            found = self.delivered()
            if len(found) >= count:
                return found
            time.sleep(0.2)
        return self.delivered()


def start(home, recipients=(), main_cf=""):
    if os.geteuid() != 0:
        pytest.skip("Postfix's master runs for root alone")
    if not shutil.which("dpkg-deb") or not shutil.which("apt-get"):
        pytest.skip("Postfix is taken from Debian's package: no apt here")
    relay = Postfix(home, recipients, main_cf)
    relay.start()
    return relay
