"""How does a test get a real OpenSMTPD?

Debian's opensmtpd, unpacked, in a name space of its own: its accounts, its
queue, its socket and the directory it locks itself into are compiled in. It
speaks one command at a time: a byte that comes early ends the session. A
filter passes what it is asked to the arbiter; all that it takes is delivered
into one Maildir.

It is spoken to in the clear: this version (6.8) has no private key where its
TLS library (OpenSSL 3) looks for it, and refuses every handshake.
"""

import pathlib
import re
import shutil

import debian
import private

PACKAGES = ("opensmtpd",)
LIBRARIES = ("libdb5.3", "libevent-2.1-7", "libssl3")
PROOF = "usr/sbin/smtpd"
# Delivers, and is the only one that may not be root's, smtpd's or the queue's.
KEEPER = "keeper"

CONFIGURATION = """\
filter arbiter proc-exec "/usr/bin/python3 {home}/filter.py {arbiter}"
smtp max-message-size {size}
{more}
listen on 127.0.0.1 port {port} hostname relay.test filter arbiter
table everybody {{ "@" = {keeper} }}
action kept maildir "{home}/kept" user {keeper} virtual <everybody>
match from any for any action kept
"""


class OpenSMTPD(private.Relay):
    accounts = ("opensmtpd", "opensmtpq", KEEPER)

    def __init__(self, home, arbiter, size=400_000, more=""):
        super().__init__(home)
        self.log = self.home / "stderr"
        self.tree = debian.unpacked("opensmtpd", PACKAGES, LIBRARIES, PROOF)
        shutil.copy(pathlib.Path(__file__).parent / "opensmtpd_filter.py",
                    self.home / "filter.py")
        for name in ("spool/smtpd", "run", "lib/opensmtpd/empty"):
            place = self.home / name
            place.mkdir(parents=True)
            place.chmod(0o711 if "spool" in name else 0o755)
        keeper = self.identity(KEEPER)
        shutil.chown(self.home / "kept", keeper, keeper)
        (self.home / "smtpd.conf").write_text(CONFIGURATION.format(
            home=self.home, port=self.port, keeper=KEEPER,
            arbiter=arbiter.port, size=size, more=more))

    def options(self):
        return ["-s", self.url, "--tls", "off"]

    def start(self):
        binds = {self.home / "spool": "/var/spool", self.home / "run": "/run",
                 self.home / "lib": "/var/lib"}
        self.launch_private(
            self.tree,
            ["/usr/sbin/smtpd", "-d", "-f", self.home / "smtpd.conf"], binds)

    def complaints(self):
        """But for a session that it finds long enough."""
        found = re.findall(r".*(?:Pipelining|too many|fatal|exiting).*",
                           self.log_text(), re.I)
        return [line for line in found if "Too many messages" not in line]


def start(home, *arguments, **more):
    private.need("OpenSMTPD")
    one = OpenSMTPD(home, *arguments, **more)
    one.start()
    return one
