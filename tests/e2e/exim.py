"""How does a test get a real Exim?

Debian's exim4-daemon-light, unpacked, in a name space of its own: it knows its
account by name, and starts itself again for each delivery. It offers
STARTTLS, PIPELINING and CHUNKING, asks the arbiter about each recipient and
each content, and delivers all that it takes into one Maildir.
"""

import re
import shutil

import debian
import private

PACKAGES = ("exim4-daemon-light", "exim4-base")
LIBRARIES = ("libdb5.3", "libgnutls-dane0", "libidn12", "libidn2-0",
             "libnsl2", "libpcre2-8-0")
PROOF = "usr/sbin/exim4"

CONFIGURATION = """\
primary_hostname = relay.test
spool_directory = {home}/spool
log_file_path = {home}/log/%s
log_selector = +smtp_protocol_error +smtp_syntax_error +incoming_port \
 +received_sender +received_recipients
pid_file_path = {home}/exim.pid
local_interfaces = 127.0.0.1
daemon_smtp_ports = {port}
tls_advertise_hosts = *
tls_certificate = {certificate}
tls_privatekey = {key}
message_size_limit = {size}
smtp_accept_max = 50
smtp_accept_max_per_host = 50
smtp_accept_queue_per_connection = 0
smtp_accept_reserve = 0
keep_environment =
never_users =
host_lookup =
rfc1413_query_timeout = 0s
acl_smtp_mail = check_sender
acl_smtp_rcpt = check_recipient
acl_smtp_data = check_content
{more}
begin acl
check_sender:
  deny !encrypted = *
       message = 530 5.7.0 STARTTLS first
  accept
check_recipient:
  warn set acl_c_said = ${{readsocket{{inet:127.0.0.1:{arbiter}}}\
{{$local_part@$domain rcpt\\n}}{{5s}}{{}}}}
  defer condition = ${{if match{{$acl_c_said}}{{^4}}}}
        message = $acl_c_said
  deny condition = ${{if match{{$acl_c_said}}{{^5}}}}
       message = $acl_c_said
  accept
check_content:
  warn set acl_c_said = ${{readsocket{{inet:127.0.0.1:{arbiter}}}\
{{$recipients content\\n}}{{5s}}{{}}}}
  deny condition = ${{if match{{$acl_c_said}}{{^5}}}}
       message = $acl_c_said
  accept

begin routers
all:
  driver = accept
  transport = kept

begin transports
kept:
  driver = appendfile
  directory = {home}/kept
  maildir_format
  create_directory
  user = Debian-exim
  delivery_date_add
  envelope_to_add
  return_path_add
"""


class Exim(private.Relay):
    accounts = ("Debian-exim",)

    def __init__(self, home, arbiter, size=400_000, more="",
                 authenticators=""):
        super().__init__(home)
        self.log = self.home / "log/main"
        self.tree = debian.unpacked("exim", PACKAGES, LIBRARIES, PROOF)
        self.key.chmod(0o644)
        for name in ("spool", "log", "kept"):
            (self.home / name).mkdir(exist_ok=True)
            own = self.identity("Debian-exim")
            shutil.chown(self.home / name, own, own)
        # Where Debian's looks: a file that is named on the command line costs
        # it the right to deliver.
        (self.home / "etc/exim4").mkdir()
        (self.home / "etc/exim4/exim4.conf").write_text(CONFIGURATION.format(
            home=self.home, port=self.port, certificate=self.certificate,
            key=self.key, arbiter=arbiter.port, size=size, more=more)
            + authenticators)

    def start(self):
        self.launch_private(self.tree, ["/usr/sbin/exim4", "-bdf", "-q10s"])

    def complaints(self):
        """But for contents that nobody is named for: probed, or refused."""
        found = re.findall(r".*(?:synchronization|dropped|too many|panic|"
                           r"unexpected|protocol error|closed).*",
                           self.log_text())
        return [line for line in found if "RCPT command must" not in line]


def start(home, *arguments, **more):
    private.need("Exim")
    one = Exim(home, *arguments, **more)
    one.start()
    return one
