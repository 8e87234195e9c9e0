"""Which relay, which login: the account file, and where the secret comes
from."""

import os
import pty
import select
import signal
import time

import program
import pytest
from program import CONFIG, NOINPUT, NOPERM, OK, REMAIN, USAGE

TEMPLATE = "From: n@example.org\nSubject: s\n\nb\n"
LIST = "email\nann@example.org\n"
WORDS = ["l.csv", "t.eml"]


@pytest.fixture(autouse=True)
def files(tmp_path):
    (tmp_path / "l.csv").write_text(LIST)
    (tmp_path / "t.eml").write_text(TEMPLATE)


@pytest.fixture
def guarded(sinks, tmp_path):
    """A sink that wants ann's login."""
    (tmp_path / "sinks-secret").write_text("open sesame\n")
    (tmp_path / "sinks-secret").chmod(0o600)
    return sinks("--auth-required", "--auth", "ann", "--auth-password-file",
                 tmp_path / "sinks-secret")


@pytest.fixture
def config(tmp_path):
    """config(text) writes an account file; its path."""
    def write(text, name="accounts", mode=0o600):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
        return path
    return write


def account(sink, more="", name="default"):
    return (f"account {name}\nhost localhost\nport {sink.port}\n"
            f"tls on\ntls_trust_file {sink.ca}\n"
            f"auth on\nuser ann\n{more}")


@pytest.mark.parametrize("more", [
    "password open sesame\n", 'password "open sesame"\n',
    "password\topen sesame   \r\n",
    "passwordeval echo open sesame\n", "auth plain\npassword open sesame\n",
    "auth login\npassword open sesame\n",
    "# a remark\n\n   timeout 20\npassword open sesame\n",
    "logfile ~/x\naliases /etc/aliases\nsyslog on\npassword open sesame\n",
])
def test_an_account_logs_in(run, guarded, config, more):
    done = run("send", "-C", config(account(guarded, more)), *WORDS)
    assert done.status == OK, done.err
    assert guarded.recipients() == ["ann@example.org"]
    assert guarded.stop()["auth_ok"] >= 1


@pytest.mark.parametrize("name", [".config/mailshot/accounts", ".msmtprc"])
def test_the_usual_files(run, guarded, config, name):
    config(account(guarded, "password open sesame\n"), name)
    assert run("send", *WORDS).status == OK


def test_inheritance(run, guarded, config):
    path = config(f"""\
defaults
tls on
tls_trust_file {guarded.ca}
host nowhere.invalid

account base
host localhost
port {guarded.port}
auth on

account ann : base
user ann
password open sesame

account default : ann
""")
    assert run("send", "-C", path, *WORDS).status == OK
    assert run("send", "-C", path, "-a", "ann", *WORDS).status == OK


def test_the_home_in_a_path(run, guarded, config, tmp_path):
    (tmp_path / "ca.pem").write_bytes(guarded.ca.read_bytes())
    text = account(guarded, "password open sesame\n").replace(
        str(guarded.ca), "~/ca.pem")
    assert run("send", "-C", config(text), *WORDS).status == OK


def test_the_command_line_wins_over_the_account(run, guarded, config):
    path = config(account(guarded, "password wrong\n"))
    assert run("send", "-C", path, *WORDS).status == NOPERM
    assert run("send", "-C", path, "--passwordeval", "echo open sesame",
               *WORDS).status == OK
    assert run("send", "-C", path, *WORDS, env={
        "MAILSHOT_PASSWORDEVAL": "echo open sesame"}).status == OK
    assert run("send", "-C", path, "--auth", "off", *WORDS).status != OK


def test_no_account_for_another_relay(run, sinks, guarded, config):
    """A relay that is named gets no password of the usual file."""
    other = sinks("--auth", "ann", "--auth-password-file",
                  guarded.home.parent / "sinks-secret")
    config(account(guarded, "password open sesame\n"), ".msmtprc")
    done = run("send", "-s", other.url, "--tls-ca", other.ca, *WORDS)
    assert done.status == OK
    counts = other.stop()
    assert counts["auth_ok"] == counts["auth_failed"] == 0


def test_tls_off(run, sinks, config):
    sink = sinks("--tls", "off")
    path = config(f"account default\nhost localhost\nport {sink.port}\n"
                  "tls off\n")
    done = run("send", "-C", path, *WORDS)
    assert done.status == OK and "TLS off" in done.err
    assert "TLS off" not in run("send", "-q", "-C", path, *WORDS).err


def test_implicit_tls(run, sinks, config):
    sink = sinks("--tls", "implicit")
    path = config(f"account default\nhost localhost\nport {sink.port}\n"
                  f"tls on\ntls_starttls off\ntls_trust_file {sink.ca}\n")
    assert run("send", "-C", path, *WORDS).status == OK


def test_no_certificate_check(run, sink, config):
    path = config(f"account default\nhost localhost\nport {sink.port}\n"
                  "tls on\ntls_certcheck off\n")
    done = run("send", "-C", path, *WORDS)
    assert done.status == OK and "unverified" in done.err


def test_the_sender_of_an_account(run, sink, config):
    path = config(f"account default\nhost localhost\nport {sink.port}\n"
                  f"tls_trust_file {sink.ca}\nfrom b@example.org\n")
    assert run("send", "-C", path, *WORDS).status == OK
    assert run("send", "-C", path, "-f", "c@example.org", *WORDS).status == OK
    assert [line["sender"].strip("<>") for line in sink.log()] == [
        "b@example.org", "c@example.org"]


def test_what_is_passed_over_is_named(run, sink, config):
    path = config(f"account default\nhost localhost\nport {sink.port}\n"
                  f"tls_trust_file {sink.ca}\nlogfile ~/log\n")
    assert "logfile" in run("send", "-v", "-C", path, *WORDS).err
    assert "logfile" not in run("send", "-C", path, *WORDS).err


def test_a_file_with_a_password_that_others_can_read(run, guarded, config):
    path = config(account(guarded, "password open sesame\n"), mode=0o644)
    done = run("send", "-C", path, *WORDS)
    assert done.status == OK and "others can read it" in done.err


HOST = "account default\nhost localhost\n"


@pytest.mark.parametrize("text, said", [
    ("", "no account default"),
    ("account work\nhost h\n", "no account default"),
    ("account default\n", "no host"),
    (HOST + "frobnicate on\n", ":3: frobnicate: no such command"),
    (HOST + "tls maybe\n", ":3: tls: neither on nor off"),
    (HOST + "timeout soon\n", ":3: timeout"),
    (HOST + "port 0\n", "no number from 1"),
    (HOST + "port smtp\n", "no number from 1"),
    (HOST + "protocol lmtp\n", ":3: protocol: only smtp"),
    (HOST + "proxy_host p\n", ":3: proxy_host"),
    (HOST + "socket /run/x\n", ":3: socket"),
    (HOST + "tls_fingerprint 00:11\n", ":3: tls_fingerprint"),
    (HOST + "tls_cert_file c\n", "go together"),
    (HOST + "tls_key_file c\n", "go together"),
    (HOST + "tls_trust_file\n", "nothing could prove"),
    (HOST + "eval\n", ":3: eval: it needs"),
    (HOST + "eval true\n", ":3: eval: the command prints nothing"),
    (HOST + "eval exit 3\n", ":3: eval: the command ended with status 3"),
    (HOST + "eval echo oh >&2; exit 1\n", "status 1: oh"),
    (HOST + "eval echo frobnicate\n", ":3: frobnicate: no such command"),
    (HOST + "eval echo eval echo port 26\n", ":3: eval: no such command"),
    (HOST + "auth ntlm\nuser u\n", ":3: auth: a mechanism that is not spoken"),
    (HOST + "auth digest-md5\n", ":3: auth: a mechanism that is not spoken"),
    (HOST + "auth gssapi\n", ":3: auth: a mechanism that is not spoken"),
    (HOST + "auth external\n", ":3: auth: a mechanism that is not spoken"),
    (HOST + "auth auto\n", ":3: auth: no mechanism that is known"),
    (HOST + "auto_from on\n", "maildomain"),
    (HOST + "defaults x\n", ":3: defaults: it takes no argument"),
    ("account a,b\nhost h\n", ":1: account: a comma"),
    ("account a :\nhost h\n", ":1: account: the name"),
    (HOST + "auth on\n", "no user"),
    (HOST + HOST, ":3: account"),
    ("account a : b\n", ":1: account: it builds on"),
    ("account a : a\n", ":1: account: it builds on"),
    ("account\n", ":1: account: the name"),
    (HOST + "user a\0b\n", "NUL"),
])
def test_a_wrong_account_file(run, config, text, said):
    done = run("send", "-C", config(text), *WORDS)
    assert done.status == CONFIG, done.err
    assert said in done.err and "accounts" in done.err


@pytest.mark.parametrize("words, status", [
    (["-C", "nowhere"], NOINPUT), (["-a", "work"], NOINPUT), ([], USAGE),
    (["-C", "."], NOINPUT)])
def test_no_account_file(run, words, status):
    assert run("send", *words, *WORDS).status == status


def test_settings_that_are_nothing_are_harmless(run, sink, config):
    path = config(f"account default\nhost localhost\nport {sink.port}\n"
                  f"tls_trust_file {sink.ca}\nproxy_host\nsocket\n"
                  "tls_fingerprint\nprotocol smtp\nauto_from off\n"
                  "source_ip\nauth off\nuser ann\n")
    assert run("send", "-C", path, *WORDS).status == OK


# Where the secret comes from.

def login(sink):
    return ["send", "-s", sink.url, "--tls-ca", sink.ca, "-u", "ann"]


@pytest.mark.parametrize("name", ["ann", "mailshot"])
def test_a_credential(run, guarded, tmp_path, name):
    (tmp_path / "credentials").mkdir()
    path = tmp_path / "credentials" / name
    path.write_text("open sesame")
    path.chmod(0o440)  # as a service manager leaves it
    env = {"CREDENTIALS_DIRECTORY": str(tmp_path / "credentials")}
    assert run(*login(guarded), *WORDS, env=env).status == OK


@pytest.mark.parametrize("text, status", [
    ("open sesame", OK), ("open sesame\n", OK), ("open sesame\r\n", OK),
    ("open sesame\nsecond line\n", OK), ("", CONFIG), ("\n", CONFIG),
    ("open\0sesame\n", CONFIG), ("x" * 70000, NOINPUT)])
def test_the_first_line_of_a_file(run, guarded, config, text, status):
    done = run(*login(guarded), "--password-file", config(text, "secret"),
               *WORDS)
    assert done.status == status, done.err
    assert "sesame" not in done.err


@pytest.mark.parametrize("mode, status", [
    (0o600, OK), (0o400, OK), (0o620, OK), (0o640, CONFIG), (0o604, CONFIG),
    (0o644, CONFIG)])
def test_the_mode_of_a_file(run, guarded, config, mode, status):
    path = config("open sesame\n", "secret", mode)
    done = run(*login(guarded), "--password-file", path, *WORDS)
    assert done.status == status
    assert guarded.stop()["connections"] == 0 or status == OK


@pytest.mark.parametrize("command, status", [
    ("echo open sesame", OK), ("printf 'open sesame\\nmore\\n'", OK),
    ("cat", CONFIG), ("exit 3", CONFIG), ("kill -9 $$", CONFIG),
    ("echo open sesame; exit 1", CONFIG), ("yes", CONFIG)])
def test_a_command(run, guarded, command, status):
    done = run(*login(guarded), "--passwordeval", command, *WORDS)
    assert done.status == status, done.err


def test_a_descriptor(tmp_path, guarded):
    read, write = os.pipe()
    os.write(write, b"open sesame\n")
    os.close(write)
    done = program.finish(program.start(*login(guarded), "--password-fd", read,
                                        *WORDS, cwd=tmp_path,
                                        pass_fds=[read]))
    os.close(read)
    assert done.status == OK


def test_no_secret_and_no_terminal(tmp_path, guarded):
    done = program.finish(program.start(*login(guarded), *WORDS, cwd=tmp_path,
                                        start_new_session=True))
    assert done.status == CONFIG and "--password-file" in done.err
    assert guarded.stop()["connections"] == 0


class Terminal:
    """The program with a terminal of its own, as a person has it."""

    def __init__(self, home, *words, **more):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(home)
            os.execve(program.BINARY, ["mailshot", *map(str, words)],
                      program.environment(home, TERM="xterm", **more))
        self.seen = b""

    def read(self, until=None, seconds=20):
        limit = time.monotonic() + seconds
        while until is None or until not in self.seen:
            left = limit - time.monotonic()
            assert left > 0, self.seen
            if select.select([self.fd], [], [], left)[0]:
                try:
                    came = os.read(self.fd, 65536)
                except OSError:  # the other end is closed
                    came = b""
                if not came:
                    assert until is None, self.seen
                    return self.seen
                self.seen += came
        return self.seen

    def type(self, text):
        os.write(self.fd, text)

    def end(self):
        self.read()
        _, status = os.waitpid(self.pid, 0)
        os.close(self.fd)
        return os.waitstatus_to_exitcode(status)


def test_a_person_is_asked(tmp_path, guarded):
    terminal = Terminal(tmp_path, *login(guarded), *WORDS)
    terminal.read(b"password of ann at 127.0.0.1: ")
    terminal.type(b"open sesame\n")
    assert terminal.end() == OK
    assert b"sesame" not in terminal.seen
    assert terminal.seen.count(b"password of") == 1


def test_a_person_who_gives_up(tmp_path, guarded):
    terminal = Terminal(tmp_path, *login(guarded), *WORDS)
    terminal.read(b"password of ann")
    terminal.type(b"\x03")
    assert terminal.end() == REMAIN
    terminal = Terminal(tmp_path, *login(guarded), *WORDS)
    terminal.read(b"password of ann")
    terminal.type(b"\n")
    assert terminal.end() == CONFIG
    assert guarded.stop()["connections"] == 0


def test_a_live_line_on_a_terminal(tmp_path, sinks):
    sink = sinks("--delay", "20")
    rows = "".join(f"u{i}@example.org\n" for i in range(300))
    (tmp_path / "l.csv").write_text("email\n" + rows)
    trust = ["-s", sink.url, "--tls-ca", sink.ca, "--pipeline", "lockstep",
             "-j", "2"]
    terminal = Terminal(tmp_path, "send", *trust, *WORDS)
    assert terminal.end() == OK
    assert b" of 300 (" in terminal.seen
    last = terminal.seen.rstrip(b"\r\n").split(b"\n")[-1]
    assert last.split(b"\r\x1b[K")[-1].startswith(b"sent=300 ")
    for quiet in (["-q"], ["--progress", "none"]):
        terminal = Terminal(tmp_path, "send", *trust, *quiet, *WORDS)
        assert terminal.end() == OK
        assert b" of 300 (" not in terminal.seen


def test_a_status_line_when_asked(tmp_path, sinks):
    sink = sinks("--delay", "20")
    rows = "".join(f"u{i}@example.org\n" for i in range(200))
    (tmp_path / "l.csv").write_text("email\n" + rows)
    process = program.start("send", "-s", sink.url, "--tls-ca", sink.ca,
                            "--pipeline", "lockstep", "-j", "1", *WORDS,
                            cwd=tmp_path)
    limit = time.monotonic() + 20
    while len(sink.log()) < 20 and time.monotonic() < limit:
        time.sleep(0.02)
    process.send_signal(signal.SIGUSR1)
    done = program.finish(process)
    assert done.status == OK
    assert done.err.count(" of 200 (") == 1
    assert done.err.startswith("mailshot: ")
