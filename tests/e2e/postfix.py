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
import re
import shutil
import time

import pytest

import debian
import relay

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
virtual unix - n n - - virtual
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


PACKAGES = ("postfix",)
PROOF = "usr/lib/postfix/sbin/master"

# For those who ask for it: all that is taken is kept in one Maildir, of an
# account that no other part of Postfix runs under.
KEEPING = """\
default_transport = virtual
local_transport = virtual
relay_transport = virtual
virtual_mailbox_base = {home}
virtual_mailbox_domains =
virtual_mailbox_maps = static:kept/
virtual_minimum_uid = 1
virtual_uid_maps = static:{keeper}
virtual_gid_maps = static:{keeper}
virtual_destination_recipient_limit = 1
"""
KEEPER = 61180

# The arbiter is asked about recipients, and about contents.
ASKING = """\
smtpd_recipient_restrictions =
 check_policy_service inet:127.0.0.1:{arbiter}, permit_mynetworks, reject
smtpd_end_of_data_restrictions =
 check_policy_service inet:127.0.0.1:{arbiter}
"""


def without_repeats(main_cf):
    """Each parameter once, as it was set last.

    Postfix warns of each that it finds twice, and as postlogd is one of those
    who warn it can wait for itself, for ever."""
    entries = {}
    for entry in re.findall(r"^\S.*\n(?:\s.*\n)*", main_cf + "\n", re.M):
        entries[entry.split("=")[0].strip()] = entry
    return "".join(entries.values())


class Postfix(relay.Relay):
    def __init__(self, home, recipients=(), main_cf="", arbiter=None,
                 keep=False):
        """recipients: (address, action) pairs for access(5); arbiter: asked
        in their place; keep: what is taken is delivered into a Maildir."""
        super().__init__(home)
        self.log = self.home / "postfix.log"
        self.tree = debian.unpacked("postfix", PACKAGES, LIBRARIES, PROOF)
        more = KEEPING.format(home=self.home, keeper=KEEPER) if keep else ""
        more += ASKING.format(arbiter=arbiter.port) if arbiter else ""
        self._configure(recipients, more + main_cf)

    def _configure(self, recipients, main_cf):
        for name in ("data", "spool"):
            (self.home / name).mkdir()
        shutil.chown(self.home / "kept", KEEPER, KEEPER)
        shutil.chown(self.home / "data", "mail")
        for name, (owner, mode) in QUEUES.items():
            queue = self.home / "spool" / name
            queue.mkdir()
            group = "news" if name in ("maildrop", "public") else "root"
            shutil.chown(queue, owner, group)
            queue.chmod(mode)
        self.write("recipients", "".join(
            f"{address} {action}\n" for address, action in recipients))
        self.write("master.cf", MASTER_CF.format(port=self.port))
        self.write("main.cf", without_repeats(MAIN_CF.format(
            home=self.home, log=self.log, tree=self.tree,
            certificate=self.certificate, key=self.key) + main_cf))
        for name in ("postfix-files", "dynamicmaps.cf.d", "postfix-files.d"):
            (self.home / "etc" / name).symlink_to(self.tree / "etc/postfix"
                                                  / name)

    def write(self, name, text):
        (self.home / "etc" / name).write_text(text)

    def start(self):
        environment = {
            **relay.ENVIRONMENT,
            "LD_LIBRARY_PATH": f"{self.tree}/usr/lib/postfix:"
                               + debian.library_path(self.tree),
            "MAIL_CONFIG": str(self.home / "etc"),
            "MAIL_LOGTAG": "postfix",
            "POSTLOG_SERVICE": "postlog", "POSTLOG_HOSTNAME": "relay",
        }
        self.launch([self.tree / "usr/lib/postfix/sbin/master", "-d",
                     "-c", self.home / "etc"], environment)

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

    def complaints(self):
        return re.findall(r".*(?:lost connection|improper command|error:|"
                          r"fatal|panic|too many errors).*", self.log_text())


def start(home, *arguments, **more):
    if os.geteuid() != 0:
        pytest.skip("Postfix's master runs for root alone")
    one = Postfix(home, *arguments, **more)
    one.start()
    return one
