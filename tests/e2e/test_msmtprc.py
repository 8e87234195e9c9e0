"""Does an account file mean here what it means to msmtp 1.8?

Every command of msmtp's manual, each value that it takes or refuses, and what
they bring about. msmtp itself is asked where Debian's package can be had: it
is unpacked, and never installed. """

import gzip
import hashlib
import re
import ssl
import subprocess

import pytest

import certificate
import debian
import program
from program import CONFIG, NOPERM, OK, PROTOCOL

WORDS = ["l.csv", "t.eml"]
BASE = "account default\nhost localhost\nfrom f@example.org\nuser u\n"

# Commands of the manual that ask for what mailshot does not do: refused in
# words, but for the value that asks for nothing.
REFUSED = {
    "protocol lmtp": "only smtp", "socket /run/x": "local socket",
    "proxy_host p": "proxy", "proxy_port 9050": "proxy",
    "ntlmdomain d": "NTLM", "tls_crl_file c": "revocation",
    "auth digest-md5": "not spoken", "auth ntlm": "not spoken",
    "auth gssapi": "not spoken", "auth external": "not spoken",
}

PRINT = {size: ":".join(["AB"] * size) for size in (16, 20, 32)}

# Each is taken by both, or refused by both.
LINES = """
host
host "h"
port
port 0
port 25
port 65535
port 65536
port -1
port 5x
port smtp
timeout
timeout off
timeout 0
timeout 30
timeout 5x
timeout 5.5
connect_timeout 4
domain
domain client.example.org
domain %H
from
from *@example.org
from %U@%H
auto_from off
auto_from maybe
maildomain example.org
user
user " a "
user "a
password
password "
password ""
passwordeval
passwordeval cat x
auth off
auth ON
auth plain
auth login
auth cram-md5
auth scram-sha-1
auth scram-sha-256
auth xoauth2
auth oauthbearer
auth foo
auth auto
ntlmdomain
protocol
protocol smtp
protocol x
socket
proxy_host
proxy_port
source_ip
tls
tls on
tls off
tls On
tls maybe
tls_starttls
tls_starttls off
tls_starttls x
tls_nostarttls
tls_nostarttls x
tls_certcheck
tls_certcheck off
tls_certcheck x
tls_nocertcheck
tls_nocertcheck x
tls_force_sslv3
tls_force_sslv3 x
tls_trust_file system
tls_crl_file
tls_fingerprint
tls_fingerprint 00:11
tls_fingerprint 00112233445566778899AABBCCDDEEFF00112233
tls_fingerprint GG:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF
tls_fingerprint ab:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF
tls_key_file
tls_key_file k
tls_cert_file
tls_cert_file c
tls_priorities
tls_priorities NORMAL
tls_host_override
tls_host_override other.example.org
tls_min_dh_prime_bits
tls_min_dh_prime_bits 1024
allow_from_override
allow_from_override on
allow_from_override off
allow_from_override x
dsn_notify
dsn_notify off
dsn_notify never
dsn_notify failure,delay
dsn_notify Failure
dsn_notify failure,,delay
dsn_notify failure,never
dsn_return
dsn_return off
dsn_return headers
dsn_return full
dsn_return hdrs
set_from_header
set_from_header auto
set_from_header on
set_from_header x
set_date_header
set_date_header off
set_date_header on
set_msgid_header auto
set_msgid_header x
add_missing_from_header on
add_missing_from_header x
add_missing_date_header off
remove_bcc_headers
remove_bcc_headers off
remove_bcc_headers x
keepbcc
keepbcc on
keepbcc x
undisclosed_recipients
undisclosed_recipients on
undisclosed_recipients x
logfile
logfile ~/log
logfile_time_format
logfile_time_format %F
syslog
syslog on
syslog LOG_MAIL
aliases
aliases /etc/aliases
eval
eval true
eval exit 3
eval echo port 28
eval echo frobnicate
eval echo eval echo port 28
eval printf 'port 28\\nfrobnicate\\n'
eval printf 'port 28\\r\\n'
frobnicate
PORT 25
from_full_name x
read_envelope_from
defaults x
account
account default
account a,b
account a:
account a : b
account a : default
account "a b" : "default"
account a : default,
""".strip().splitlines() + [f"tls_fingerprint {p}" for p in PRINT.values()]

# Whole files: which relay is the account `default`?
FILES = {
    "no account line": "host h1\nport 26\n",
    "defaults": "defaults\nhost h1\nport 26\naccount default\n",
    "defaults add up": "defaults\nhost h1\nport 26\ndefaults\nport 27\n"
                       "account default\n",
    "defaults of later accounts": "defaults\nport 26\naccount a\nhost h1\n"
                                  "defaults\nport 27\naccount default : a\n",
    "its own before the defaults": "defaults\nport 26\naccount a\nhost h1\n"
                                   "port 28\ndefaults\nport 27\n"
                                   "account default : a\n",
    "several": "account a\nhost h1\nport 26\naccount b\nport 27\n"
               "account default : a, b\n",
    "several, the other way": "account a\nhost h1\nport 26\naccount b\n"
                              "port 27\naccount default : b, a\n",
    "grandparents": "account a\nhost h1\nport 26\naccount b : a\n"
                    "account default : b\n",
    "the last line counts": "account default\nhost h0\nhost h1\nport 25\n"
                            "port 26\n",
    "comments and blanks": "# c\n\n \taccount\t default \n  # c\n\thost\th1\n"
                           "port 26   \n",
    "crlf": "account default\r\nhost h1\r\nport 26\r\n",
    "no line end": "account default\nport 26\nhost h1",
    "quotes": 'account "default"\nhost "h1"\nport "26"\n',
    "implicit": "account default\nhost h1\ntls on\ntls_starttls off\n",
    "starttls": "account default\nhost h1\ntls on\n",
    "eval": "eval echo account default\neval echo host h1\neval echo port 26\n",
}


@pytest.fixture(autouse=True)
def files(tmp_path):
    (tmp_path / "l.csv").write_text("email\nann@example.org\n")
    (tmp_path / "t.eml").write_text("From: n@example.org\nSubject: s\n\nb\n")


@pytest.fixture
def config(tmp_path):
    def write(text, name="accounts", mode=0o600):
        path = tmp_path / name
        path.write_text(text)
        path.chmod(mode)
        return path
    return write


@pytest.fixture(scope="session")
def tree():
    return debian.unpacked("msmtp", ["msmtp"], ["libsecret-1-0", "libgsasl18"],
                           "usr/bin/msmtp")


@pytest.fixture
def msmtp(tree, tmp_path):
    def run(*words, given=b""):
        done = subprocess.run(
            [tree / "usr/bin/msmtp", *map(str, words)], cwd=tmp_path,
            input=given, capture_output=True, timeout=30,
            env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "USER": "me",
                 "LD_LIBRARY_PATH": debian.library_path(tree)})
        return done.returncode, (done.stdout + done.stderr).decode()
    return run


def dry(run, path):
    return run("send", "--dry-run", "-C", path, *WORDS, env={"USER": "me"})


# What is known.

def manual(tree):
    text = gzip.decompress(
        (tree / "usr/share/man/man1/msmtp.1.gz").read_bytes()).decode()
    chapter = text.split(".SH CONFIGURATION FILES")[1].split(".SH EXAMPLES")[0]
    return re.findall(r'^\.IP "([a-z_]+)', chapter, re.M)


def test_every_command_of_the_manual_is_known(run, config, tree):
    commands = manual(tree)
    assert len(commands) > 40
    for command in commands:
        done = dry(run, config(BASE + command + "\n"))
        assert "no such command" not in done.err, command


@pytest.mark.parametrize("line", LINES)
def test_a_line(run, config, msmtp, line):
    path = config(BASE + line + "\n")
    done = dry(run, path)
    status, said = msmtp("-C", path, "--pretend", "a@example.org")
    assert done.status in (OK, CONFIG), done.err
    assert (done.status == OK) == (status == 0), (done.err, said)
    if done.status == CONFIG and "account default" not in done.err:
        assert f"{path}:5: " in done.err


@pytest.mark.parametrize("line", REFUSED)
def test_what_is_refused_in_words(run, config, line):
    done = dry(run, config(BASE + line + "\n"))
    assert done.status == CONFIG
    assert f":5: {line.split()[0]}: " in done.err
    assert REFUSED[line] in done.err


@pytest.mark.parametrize("name", FILES)
def test_a_file(run, config, msmtp, name):
    """The relay is the one that msmtp finds; nobody listens there."""
    path = config(FILES[name].replace("h1", "127.0.0.1"))
    _, said = msmtp("-C", path, "--pretend", "-f", "f@x.org", "a@example.org")
    found = dict(re.findall(r"^(host|port) += (\S+)", said, re.M))
    done = run("send", "-C", path, "--retry-for", "0s", *WORDS, "-o", "r.csv")
    assert f"mailshot: {found['host']}:{found['port']}: " in done.err, said


def test_settings_of_a_file(msmtp, run, config, sinks):
    """From, domain, port and host, as they reach a relay."""
    sink = sinks()
    path = config(f"defaults\nport {sink.port}\ntls_trust_file {sink.ca}\n"
                  "account a\nhost localhost\nfrom %U@example.org\n"
                  "domain me.example.org\naccount default : a\n")
    _, said = msmtp("-C", path, "--pretend", "a@example.org")
    assert "from = me@example.org" in re.sub(" +", " ", said)
    done = run("send", "-C", path, "--debug", *WORDS, env={"USER": "me"})
    assert done.status == OK, done.err
    assert "> EHLO me.example.org" in done.err
    assert sink.log()[0]["sender"].strip("<>") == "me@example.org"


# What the lines bring about.

def relay_of(sink, more=""):
    return (f"account default\nhost localhost\nport {sink.port}\n"
            f"tls_trust_file {sink.ca}\n{more}")


def test_a_setting_taken_back(run, config, sinks, tmp_path):
    """`user` without a name is inherited, too."""
    (tmp_path / "s").write_text("sesame\n")
    (tmp_path / "s").chmod(0o600)
    sink = sinks("--auth", "ann", "--auth-password-file", tmp_path / "s")
    path = config(f"account a\nhost localhost\nport {sink.port}\n"
                  f"tls_trust_file {sink.ca}\nauth on\nuser ann\n"
                  "password sesame\naccount b : a\npassword\n"
                  "passwordeval echo wrong\naccount c : a, b\n"
                  "account default : b, a\n")
    assert run("send", "-C", path, *WORDS).status == OK
    assert run("send", "-C", path, "-a", "c", *WORDS).status == NOPERM


@pytest.mark.parametrize("digest", ["sha256", "sha1", "md5"])
def test_the_fingerprint_of_a_certificate(run, config, sink, digest):
    """It takes the place of the chain, and of the name."""
    der = ssl.PEM_cert_to_DER_cert(sink.ca.read_text())
    right = hashlib.new(digest, der).digest()
    wrong = bytes([right[0] ^ 1]) + right[1:]
    for print_, status in ((right, OK), (wrong, PROTOCOL)):
        path = config(f"account default\nhost 127.0.0.2\nport {sink.port}\n"
                      f"tls_fingerprint {print_.hex(':').upper()}\n")
        # 127.0.0.2 is not in the certificate, and nothing trusts its signer.
        done = run("send", "-C", path, "-s", sink.address, *WORDS)
        assert done.status == status, done.err
    path = config(f"account default\nhost localhost\nport {sink.port}\n")
    assert run("send", "-C", path, *WORDS).status == PROTOCOL


def test_the_command_line_goes_before_a_fingerprint(run, config, sink):
    path = config(relay_of(sink, f"tls_fingerprint {PRINT[32]}\n"))
    assert run("send", "-C", path, *WORDS).status == PROTOCOL
    assert run("send", "-C", path, "--tls-ca", sink.ca, *WORDS).status == OK
    assert run("send", "-C", path, "--tls", "unverified",
               *WORDS).status == OK


def test_a_certificate_of_ours(run, config, sinks, tmp_path):
    ca = certificate.authority(tmp_path)
    mine, key = certificate.server(tmp_path, "mine", usage="clientAuth")
    key.chmod(0o600)
    sink = sinks("--client-ca", ca)
    path = config(relay_of(
        sink, f"tls_cert_file ~/{mine.name}\ntls_key_file {key}\n"))
    done = run("send", "-C", path, *WORDS)
    assert done.status == OK, done.err
    assert run("send", "-C", config(relay_of(sink)), "--retry-for", "0s",
               *WORDS).status != OK


def test_another_name_in_the_certificate(run, config, sink):
    path = config(relay_of(sink, "tls_host_override other.example.org\n"))
    assert run("send", "-C", path, *WORDS).status == PROTOCOL
    assert run("send", "-C", path, "--tls-name", "localhost",
               *WORDS).status == OK


def test_no_tls_line(run, config, sinks):
    """TLS is required, and who has no relay with TLS learns what to write."""
    sink = sinks("--tls", "off")
    text = f"account default\nhost localhost\nport {sink.port}\n"
    done = run("send", "-C", config(text), *WORDS)
    assert done.status == PROTOCOL
    assert "no tls line" in done.err and "tls off" in done.err
    assert sink.recipients() == []
    done = run("send", "-C", config(text + "tls on\n"), *WORDS)
    assert done.status == PROTOCOL and "no tls line" not in done.err
    done = run("send", "-C", config(text + "tls off\n"), *WORDS)
    assert done.status == OK and "TLS off" in done.err


def test_notifications(run, config, sink):
    path = config(relay_of(sink, "dsn_notify failure,delay\n"
                                 "dsn_return headers\n"))
    done = run("send", "-C", path, "--debug", *WORDS)
    assert done.status == OK
    assert "NOTIFY=FAILURE,DELAY" in done.err and "RET=HDRS" in done.err
    done = run("send", "-C", path, "--debug", "-N", "never", "-R", "full",
               *WORDS)
    assert "NOTIFY=NEVER" in done.err and "RET=FULL" in done.err


def test_who_sends(run, config, sink):
    for more, sender in (
            ("from *@example.org\n", "n@example.org"),
            ("auto_from on\nmaildomain example.net\n", "me@example.net"),
            ("from a@b.org\nauto_from on\nmaildomain example.net\n",
             "me@example.net"),
            ("from %U@example.com\n", "me@example.com")):
        path = config(relay_of(sink, more))
        assert run("send", "-C", path, *WORDS,
                   env={"USER": "me"}).status == OK
        assert sink.log()[-1]["sender"].strip("<>") == sender


def test_time_limits(run, config, slow_relay):
    """The relay answers contents late; the account has less patience."""
    relay = slow_relay(3)
    port = relay.url.split(":")[-1]
    path = config(f"account default\nhost 127.0.0.1\nport {port}\n"
                  "tls off\ntimeout 1\n")
    done = run("send", "-C", path, "--retry-for", "0s", *WORDS)
    assert done.status != OK and "in time" in done.err
    done = run("send", "-C", path, "--timeout", "20s", *WORDS)
    assert done.status == OK, done.err


def test_our_own_address(run, config, sink):
    path = config(relay_of(sink, "source_ip 127.0.0.9\n")
                  .replace("localhost", "127.0.0.1"))
    done = run("send", "-C", path, "--debug", *WORDS)
    assert done.status == OK, done.err
    assert "EHLO [127.0.0.9]" in done.err
    done = run("send", "-C", path, "--debug", "--bind", "127.0.0.8", *WORDS)
    assert "EHLO [127.0.0.8]" in done.err
    done = run("send", "-C", config(relay_of(sink, "source_ip x\n")), *WORDS)
    assert done.status == CONFIG and ":5: source_ip: no IP address" in done.err


def test_an_evaluated_secret(run, config, sinks, tmp_path):
    (tmp_path / "s").write_text("sesame\n")
    (tmp_path / "s").chmod(0o600)
    sink = sinks("--auth", "ann", "--auth-password-file", tmp_path / "s",
                 "--auth-required")
    path = config(relay_of(sink, "auth on\nuser ann\n"
                                 "eval echo password `cat s`\n"))
    done = run("send", "-C", path, "--debug", *WORDS)
    assert done.status == OK and "sesame" not in done.err


def test_a_user_of_the_command_line(run, config, sinks, tmp_path):
    """Logs in although the account says nothing of `auth`."""
    (tmp_path / "s").write_text("sesame\n")
    (tmp_path / "s").chmod(0o600)
    sink = sinks("--auth", "ann", "--auth-password-file", tmp_path / "s",
                 "--auth-required")
    path = config(relay_of(sink, "user bob\npassword sesame\n"))
    assert run("send", "-C", path, "-u", "ann", *WORDS).status == OK
    assert run("send", "-C", path, *WORDS,
               env={"MAILSHOT_USER": "ann"}).status == OK
    assert run("send", "-C", path, "-u", "bob", *WORDS,
               env={"MAILSHOT_USER": "ann"}).status == NOPERM


# ~/.netrc

NETRC = {
    "one line": ("machine localhost login ann password sesame\n", True),
    "several lines": ("machine localhost\n\tlogin ann\n\tpassword sesame\n",
                      True),
    "user and passwd": ("machine localhost user ann passwd sesame", True),
    "another machine": ("machine localhos login ann password sesame\n", False),
    "another login": ("machine localhost login bob password sesame\n", False),
    "the second one": ("machine localhost login bob password wrong\n"
                       "machine localhost login ann password sesame\n", True),
    "the first counts": ("machine localhost login ann password wrong\n"
                         "machine localhost login ann password sesame\n",
                         False),
    "default": ("default login ann password sesame\n", False),
    "behind default": ("default login x password y\n"
                       "machine localhost login ann password sesame\n", True),
    "no login": ("machine localhost password sesame\n", False),
    "quotes": ('machine "localhost" login \'ann\' password "ses"\'ame\'\n',
               True),
    "a blank in quotes": ('machine localhost account "a machine b" login ann '
                          'password sesame\n', True),
    "a comment": ("# machine localhost login ann password wrong\n"
                  "machine localhost # login bob\nlogin ann # password no\n"
                  "password sesame\n", True),
    "a hash in a word": ("machine localhost login ann password ses#ame\n",
                         False),
    "a macro": ("machine localhost login ann\nmacdef init\npassword wrong\n"
                "machine localhost\n\npassword sesame\n", True),
    "crlf": ("machine localhost login ann\r\npassword sesame\r\n", True),
    "the last password": ("machine localhost login ann password no password "
                          "sesame\n", True),
    "a machine that is named login": ("machine login login bob password no\n"
                                      "machine localhost login ann password "
                                      "sesame\n", True),
    "empty": ("", False),
    "odd words": ("port 25 machine localhost port 25 login ann x password "
                  "sesame\n", True),
}


def alone(home, *words):
    """A run without a terminal, and so without anybody to ask."""
    return program.finish(program.start(*words, cwd=home,
                                        start_new_session=True))


@pytest.mark.parametrize("name", NETRC)
def test_netrc(config, msmtp, sinks, tmp_path, name):
    text, right = NETRC[name]
    (tmp_path / "s").write_text("sesame\n")
    (tmp_path / "s").chmod(0o600)
    sink = sinks("--auth", "ann", "--auth-password-file", tmp_path / "s",
                 "--auth-required", "--tls", "off", "--auth-in-clear")
    config(text, ".netrc")
    path = config(f"account default\nhost localhost\nport {sink.port}\n"
                  "tls off\nauth plain\nuser ann\nfrom f@example.org\n")
    # Without a terminal msmtp has nobody to ask, and fails.
    status, said = msmtp("-C", path, "a@example.org", given=b"Subject: s\n\n")
    assert (status == 0) == right, said
    done = alone(tmp_path, "send", "-C", path, "--auth-in-clear", *WORDS)
    assert (done.status == OK) == right, done.err
    assert done.status in (OK, CONFIG, NOPERM)


def test_netrc_is_read_for_accounts_alone(config, sinks, tmp_path):
    (tmp_path / "s").write_text("sesame\n")
    (tmp_path / "s").chmod(0o600)
    sink = sinks("--auth", "ann", "--auth-password-file", tmp_path / "s")
    config("machine 127.0.0.1 login ann password sesame\n", ".netrc")
    done = alone(tmp_path, "send", "-s", sink.url, "--tls-ca", sink.ca, "-u",
                 "ann", *WORDS)
    assert done.status == CONFIG


def test_a_password_goes_before_netrc(run, config, sinks, tmp_path):
    (tmp_path / "s").write_text("sesame\n")
    (tmp_path / "s").chmod(0o600)
    sink = sinks("--auth", "ann", "--auth-password-file", tmp_path / "s")
    config("machine localhost login ann password wrong\n", ".netrc")
    path = config(relay_of(sink, "auth on\nuser ann\npassword sesame\n"))
    assert run("send", "-C", path, *WORDS).status == OK


def test_what_is_passed_over_is_named(run, config, sink):
    path = config(relay_of(sink, "tls_priorities NORMAL\nsyslog on\n"
                                 "undisclosed_recipients off\n"))
    done = run("send", "-v", "-C", path, *WORDS)
    for line, command in ((5, "tls_priorities"), (6, "syslog"),
                          (7, "undisclosed_recipients")):
        assert f"{path}:{line}: {command}: passed over" in done.err
    assert "passed over" not in run("send", "-C", path, *WORDS).err
