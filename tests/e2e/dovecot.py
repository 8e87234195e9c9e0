"""How does a test get a real Dovecot, for submission and for SASL?

Debian's dovecot-core and dovecot-submissiond, unpacked, in a name space of
their own, since modules and accounts are found where they were compiled to be.
It asks for a login, and passes on what it is given to a relay behind it, step
by step: whatever that one answers, it answers. Other servers may ask it, too,
whether a password is right (auth_port).
"""

import re

import debian
import private
import relay

PACKAGES = ("dovecot-core", "dovecot-submissiond")
LIBRARIES = ("libapparmor1", "libexttextcat-2.0-0", "liblua5.4-0",
             "libsodium23", "libssl3", "libstemmer0d", "libtirpc3",
             "libunwind8", "libwrap0")
PROOF = "usr/lib/dovecot/submission"

USER, PASSWORD = "ann", "secret of ann"

CONFIGURATION = """\
base_dir = {home}/run
state_dir = {home}/state
instance_name = mailshot-test
log_path = {home}/log
listen = 127.0.0.1
protocols = submission
hostname = relay.test
ssl = required
ssl_cert = <{certificate}
ssl_key = <{key}
auth_mechanisms = {mechanisms}
auth_failure_delay = 0
auth_verbose = yes
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {home}/users
}}
userdb {{
  driver = static
  args = uid={keeper} gid={keeper} home={home}/kept
}}
mail_location = maildir:{home}/kept
submission_relay_host = 127.0.0.1
submission_relay_port = {behind}
submission_relay_ssl = no
submission_relay_trusted = no
submission_max_mail_size = {size}
service submission-login {{
  inet_listener submission {{
    port = {port}
  }}
  process_min_avail = 1
  service_count = 0
}}
service auth {{
  inet_listener {{
    address = 127.0.0.1
    port = {auth_port}
  }}
}}
service stats {{
  unix_listener stats-writer {{
    mode = 0666
  }}
}}
{more}
"""


class Dovecot(private.Relay):
    accounts = ("dovecot", "dovenull", "keeper")

    def __init__(self, home, behind=None, size=400_000,
                 mechanisms="plain login", more=""):
        """behind: a relay that asks for no TLS; it delivers."""
        super().__init__(home)
        self.behind = behind
        self.auth_port = relay.free_port()
        self.tree = debian.unpacked("dovecot", PACKAGES, LIBRARIES, PROOF)
        for name in ("run", "state"):
            (self.home / name).mkdir()
        keeper = self.identity("keeper")
        self.password = self.home / "password"
        self.password.write_text(PASSWORD + "\n")
        self.password.chmod(0o600)
        (self.home / "users").write_text(f"{USER}:{{PLAIN}}{PASSWORD}\n")
        (self.home / "dovecot.conf").write_text(CONFIGURATION.format(
            home=self.home, port=self.port, certificate=self.certificate,
            key=self.key, keeper=keeper, size=size,
            behind=behind.port if behind else self.port,
            mechanisms=mechanisms, auth_port=self.auth_port, more=more))

    def start(self):
        self.launch_private(
            self.tree,
            ["/usr/sbin/dovecot", "-F", "-c", self.home / "dovecot.conf"])

    def options(self):
        return [*super().options(), "--user", USER,
                "--password-file", self.password]

    def letters(self, *arguments, **more):
        return self.behind.letters(*arguments, **more)

    def complaints(self):
        return re.findall(r".*(?:Panic|Fatal|Error|killed with).*",
                          self.log_text())


def start(home, *arguments, **more):
    private.need("Dovecot")
    one = Dovecot(home, *arguments, **more)
    one.start()
    return one
