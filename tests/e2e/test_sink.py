"""Does `mailshot sink` keep to the protocol, and to the truth in its log?

Driven by Python's smtplib and by raw sockets, not by mailshot.
"""

import base64
import json
import os
import signal
import smtplib
import socket
import ssl
import stat
import time

import pytest

import program

BODY = b"Message-ID: <one@example.org>\r\nSubject: x\r\n\r\n.dot\r\nend\r\n"


class Raw:
    """A socket that speaks SMTP by hand."""

    def __init__(self, sink, tls=None):
        self.socket = socket.create_connection(("127.0.0.1", sink.port), 20)
        if tls:
            self.socket = tls.wrap_socket(self.socket,
                                          server_hostname="localhost")
        self.file = self.socket.makefile("rb")

    def say(self, data):
        self.socket.sendall(data)

    def reply(self):
        """The last line of the next reply; None at the end."""
        while True:
            line = self.file.readline()
            if not line:
                return None
            if line[3:4] != b"-":
                return line.decode().rstrip("\r\n")

    def ask(self, data):
        self.say(data)
        return self.reply()

    def hello(self):
        assert self.reply().startswith("220 ")
        assert self.ask(b"EHLO client\r\n").startswith("250 ")
        return self

    def start_tls(self, tls):
        assert self.ask(b"STARTTLS\r\n").startswith("220 ")
        self.socket = tls.wrap_socket(self.socket,
                                      server_hostname="localhost")
        self.file = self.socket.makefile("rb")
        assert self.ask(b"EHLO client\r\n").startswith("250 ")
        return self

    def broken(self):
        try:
            return self.file.read() == b""
        except (ConnectionError, ssl.SSLError):
            return True


def trust(sink):
    return ssl.create_default_context(cafile=sink.ca)


def client(sink, tls=True):
    server = smtplib.SMTP("localhost", sink.port, timeout=20)
    if tls:
        server.starttls(context=trust(sink))
    server.ehlo()
    return server


def streamed(address, body=BODY):
    return (f"RSET\r\nMAIL FROM:<a@example.org>\r\nRCPT TO:<{address}>\r\n"
            f"BDAT {len(body)} LAST\r\n").encode() + body


def counted(sink, **wanted):
    counts = sink.stop()
    assert {name: counts[name] for name in wanted} == wanted
    return counts


def test_a_session_over_starttls(sinks):
    sink = sinks(maildir=True)
    with client(sink) as server:
        assert server.sock.version() in ("TLSv1.2", "TLSv1.3")
        for name in ("pipelining", "chunking", "8bitmime", "smtputf8", "dsn",
                     "enhancedstatuscodes", "size"):
            assert server.has_extn(name), name
        assert not server.has_extn("starttls")
        assert not server.has_extn("auth")
        refused = server.sendmail(
            "a@example.org", ["ann@example.org", "bad@example.org"], BODY)
    assert refused == {"bad@example.org": (550, b"5.1.1 No such user here")}
    assert sink.raw_messages() == [BODY]
    assert sink.log() == [{
        "recipients": ["ann@example.org"], "sender": "a@example.org",
        "message_id": "<one@example.org>", "bytes": len(BODY),
        "tier": "data", "session": 1, "queue_id": 1}]
    counted(sink, connections=1, tls_sessions=1, messages=1, recipients=1,
            bytes=len(BODY), refused=1, deferred=0, errors=0, data=1, bdat=0,
            max_concurrent=1)


def test_implicit_tls(sinks):
    sink = sinks("--tls", "implicit")
    with smtplib.SMTP_SSL("localhost", sink.port, timeout=20,
                          context=trust(sink)) as server:
        server.sendmail("a@example.org", ["ann@example.org"], BODY)
    counted(sink, tls_sessions=1, messages=1)


def test_the_certificate_names_the_sink(sinks):
    sink = sinks("--hostname", "relay.example.org")
    for name in ("relay.example.org", "localhost", "127.0.0.1"):
        raw = Raw(sink).hello()
        assert raw.ask(b"STARTTLS\r\n").startswith("220 ")
        trust(sink).wrap_socket(raw.socket, server_hostname=name)
    raw = Raw(sink).hello()
    assert raw.ask(b"STARTTLS\r\n").startswith("220 ")
    with pytest.raises(ssl.SSLCertVerificationError):
        trust(sink).wrap_socket(raw.socket, server_hostname="other.example")


@pytest.mark.parametrize("option, keyword", [
    ("--no-pipelining", "pipelining"), ("--no-chunking", "chunking"),
    ("--no-8bitmime", "8bitmime"), ("--no-smtputf8", "smtputf8"),
    ("--no-dsn", "dsn"), ("--no-enhancedstatuscodes", "enhancedstatuscodes"),
    ("--no-starttls", "starttls")])
def test_what_is_switched_off(sinks, option, keyword):
    every = {"pipelining", "chunking", "8bitmime", "smtputf8", "dsn",
             "enhancedstatuscodes", "starttls", "size", "help"}
    with client(sinks(option), tls=False) as server:
        assert set(server.esmtp_features) == every - {keyword}


def test_without_enhanced_codes(sinks):
    raw = Raw(sinks("--no-enhancedstatuscodes")).hello()
    assert raw.ask(b"MAIL FROM:<a@b.example>\r\n") == "250 Ok"
    assert raw.ask(b"RCPT TO:<bad@b.example>\r\n") == "550 No such user here"


def test_size(sinks):
    sink = sinks("--size", "1000")
    with client(sink) as server:
        assert server.esmtp_features["size"] == "1000"
        with pytest.raises(smtplib.SMTPSenderRefused) as refused:
            server.sendmail("a@example.org", ["ann@example.org"], b"x" * 1001)
        assert refused.value.smtp_code == 552
    raw = Raw(sink).hello()
    raw.say(streamed("ann@example.org", b"x" * 1001))
    assert [raw.reply()[:9] for _ in range(4)] == [
        "250 2.0.0", "250 2.1.0", "250 2.1.5", "552 5.3.4"]
    raw.say(streamed("ann@example.org", b"x" * 1000))
    assert [raw.reply()[:9] for _ in range(4)][3] == "250 2.0.0"
    with client(sinks("--size", "0")) as server:
        assert not server.has_extn("size")
    counted(sink, messages=1, bytes=1000)


# Streams and pipelines.

def test_a_thousand_messages_in_one_breath(sinks):
    sink = sinks()
    raw = Raw(sink).hello().start_tls(trust(sink))
    raw.say(b"".join(streamed(f"user{i}@example.org") for i in range(1000))
            + b"QUIT\r\n")
    replies = [raw.reply() for _ in range(4001)]
    assert replies[3::4] == [f"250 2.0.0 Ok: queued as {i + 1}"
                             for i in range(1000)]
    assert replies[-1].startswith("221 ")
    assert raw.broken()
    assert sink.recipients() == [f"user{i}@example.org" for i in range(1000)]
    assert {line["tier"] for line in sink.log()} == {"bdat"}
    counted(sink, messages=1000, bdat=1000, errors=0)


def test_replies_to_one_segment_come_in_one(sinks):
    raw = Raw(sinks()).hello()
    raw.say(streamed("ann@example.org") * 5)
    time.sleep(0.3)
    assert raw.socket.recv(65536).count(b"\r\n") == 20


def test_byte_by_byte(sinks):
    sink = sinks(maildir=True)
    raw = Raw(sink).hello()
    raw.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    dotted = BODY.replace(b"\r\n.", b"\r\n..") + b".\r\n"
    data = (streamed("ann@example.org")
            + b"MAIL FROM:<>\r\nRCPT TO:<bob@example.org>\r\nDATA\r\n"
            + dotted + b"QUIT\r\n")
    for i in range(len(data)):
        raw.say(data[i:i + 1])
    assert [raw.reply()[:3] for _ in range(9)] == [
        "250", "250", "250", "250", "250", "250", "354", "250", "221"]
    assert sink.raw_messages() == [BODY, BODY]


def test_the_probe(sinks):
    """A client that asks whether chunks are swallowed makes no error."""
    sink = sinks()
    raw = Raw(sink).hello()
    raw.say(b"MAIL FROM:<a@b.example>\r\nBDAT 8 LAST\r\nXPROBE\r\nRSET\r\n")
    assert [raw.reply()[:3] for _ in range(3)] == ["250", "554", "250"]
    counted(sink, errors=0)


def test_pipelining_where_it_is_not_offered(sinks):
    sink = sinks("--no-pipelining")
    raw = Raw(sink).hello()
    raw.say(b"MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\n")
    assert raw.reply().startswith("250 ")
    assert raw.reply().startswith("500 5.5.0 ")
    assert raw.broken()
    with client(sink) as server:
        server.sendmail("a@example.org", ["ann@example.org"], BODY)
    counted(sink, messages=1)


def test_bytes_behind_starttls(sinks):
    sink = sinks()
    raw = Raw(sink).hello()
    raw.say(b"STARTTLS\r\nMAIL FROM:<a@b.example>\r\n")
    assert raw.reply().startswith("554 5.5.1 ")
    assert raw.broken()
    counted(sink, tls_sessions=0)


def test_a_bare_lf_ends_no_content(sinks):
    sink = sinks(maildir=True)
    raw = Raw(sink).hello()
    raw.say(b"MAIL FROM:<>\r\nRCPT TO:<ann@example.org>\r\nDATA\r\n")
    for _ in range(3):
        raw.reply()
    smuggled = b"x\n.\nMAIL FROM:<evil@b.example>\r\n\n.\r\ny\r.\r\n"
    assert raw.ask(smuggled + b"\r\n.\r\n").startswith("250 ")
    assert sink.raw_messages() == [smuggled + b"\r\n"]


# Faults.

def test_grey_full_and_bad(sinks):
    sink = sinks()
    raw = Raw(sink).hello()
    raw.say(b"MAIL FROM:<>\r\n" + b"".join(
        b"RCPT TO:<%s@example.org>\r\n" % name
        for name in (b"bad", b"grey", b"full", b"grey", b"grey2", b"GREY2",
                     b"badger")))
    assert [raw.reply()[:9] for _ in range(8)] == [
        "250 2.1.0", "550 5.1.1", "451 4.7.1", "452 4.2.2", "250 2.1.5",
        "451 4.7.1", "451 4.7.1", "550 5.1.1"]
    # What was seen on one connection counts on another.
    raw = Raw(sink).hello()
    raw.say(b"MAIL FROM:<>\r\nRCPT TO:<grey2@example.org>\r\n")
    assert [raw.reply()[:3] for _ in range(2)] == ["250", "250"]
    counted(sink, refused=2, deferred=4)


@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize("kind, taken", [("drop", 0), ("lost", 1)])
def test_cut_behind_the_content(sinks, kind, taken, tls):
    sink = sinks()
    raw = Raw(sink).hello()
    if tls:
        raw.start_tls(trust(sink))
    raw.say(streamed("ann@example.org") + streamed(f"{kind}@example.org")
            + streamed("bob@example.org"))
    assert [raw.reply()[:3] for _ in range(7)] == ["250"] * 7
    assert raw.broken()
    assert len(sink.log()) == 1 + taken
    counted(sink, dropped=1, messages=1 + taken)


def test_a_message_limit(sinks):
    raw = Raw(sinks("--max-messages-per-session", "2")).hello()
    raw.say(streamed("ann@example.org") * 3)
    replies = [raw.reply() for _ in range(10)]
    assert [r[:3] for r in replies] == ["250"] * 9 + ["421"]
    assert raw.broken()


def test_delay(sinks):
    sink = sinks("--delay", "200")
    raw = Raw(sink).hello()
    began = time.monotonic()
    raw.say(streamed("ann@example.org") * 3 + b"QUIT\r\n")
    times = []
    for _ in range(13):
        assert raw.reply()[:1] == "2"
        times.append(time.monotonic() - began)
    assert times[2] < 0.15 and 0.15 < times[3] < 0.35
    assert 0.55 < times[11] < 0.9 and raw.broken()
    # It was taken, and written down, long before.
    counted(sink, messages=3)


# Logins.

@pytest.fixture
def secret(tmp_path):
    path = tmp_path / "secret"
    path.write_text("s3cret\n")
    path.chmod(0o600)
    return path


def plain(user, password):
    return base64.b64encode(f"\0{user}\0{password}".encode())


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5"])
def test_login(sinks, secret, mechanism):
    sink = sinks("--auth", "ann", "--auth-password-file", secret,
                 "--auth-required")
    with client(sink, tls=False) as server:
        assert not server.has_extn("auth")
        assert server.docmd("AUTH", "PLAIN x")[0] == 538
        assert server.mail("a@example.org")[0] == 530
    with client(sink) as server:
        assert set(server.esmtp_features["auth"].split()) == {
            "PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-1-PLUS",
            "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS", "XOAUTH2", "OAUTHBEARER"}
        server.user, server.password = "ann", "wrong"
        method = getattr(
            server, f"auth_{mechanism.lower().replace('-', '_')}")
        with pytest.raises(smtplib.SMTPAuthenticationError) as refused:
            server.auth(mechanism, method)
        assert refused.value.smtp_code == 535
        server.password = "s3cret"
        assert server.auth(mechanism, method)[0] == 235
        server.sendmail("a@example.org", ["ann@example.org"], BODY)
    counted(sink, auth_ok=1, auth_failed=1, messages=1)


def test_only_these_mechanisms(sinks, secret):
    sink = sinks("--auth", "ann", "--auth-password-file", secret,
                 "--auth-mechanisms", "LOGIN xoauth2", "--auth-busy", "1")
    with client(sink) as server:
        assert set(server.esmtp_features["auth"].split()) == {
            "LOGIN", "XOAUTH2"}
        assert server.docmd("AUTH", "LOGIN")[0] == 454
        assert server.docmd("AUTH", "PLAIN AAAA")[0] == 504
        assert server.docmd("AUTH", "LOGIN")[0] == 334
        assert server.docmd("*")[0] == 501
    counted(sink, auth_busy=1)


def test_login_in_clear(sinks, secret):
    sink = sinks("--tls", "off", "--auth", "ann", "--auth-password-file",
                 secret, "--auth-in-clear")
    raw = Raw(sink).hello()
    assert raw.ask(b"AUTH PLAIN " + plain("ann", "s3cret")
                   + b"\r\n").startswith("235 ")


def test_a_password_that_others_can_read(tmp_path, run, secret):
    secret.chmod(0o644)
    done = run("sink", "--auth", "ann", "--auth-password-file", secret)
    assert done.status == program.CONFIG and str(secret) in done.err


# Options and files.

@pytest.mark.parametrize("options", [
    ["--listen", "0.0.0.0:0"], ["--listen", "[::]:0"],
    ["--listen", "192.0.2.1:0"], ["--listen", "nonsense"],
    ["--listen", "127.0.0.1:65536"], ["--tls", "maybe"], ["--size", "-1"],
    ["--delay", "x"], ["--auth", "ann"], ["--auth-required"], ["word"],
    ["--no-such-option"], ["--password", "x"]])
def test_usage(run, options):
    done = run("sink", *options)
    assert done.status == program.USAGE
    assert done.out == "" and done.err.startswith("mailshot: ")


def test_ipv6(run, tmp_path):
    process = program.start("sink", "--listen", "[::1]:0", "--port-file",
                            "port", cwd=tmp_path)
    line = process.stderr.readline().decode()
    assert line.startswith("mailshot: sink listens on [::1]:")
    port = int((tmp_path / "port").read_text())
    with smtplib.SMTP("::1", port, timeout=20) as server:
        assert server.noop()[0] == 250
    process.send_signal(signal.SIGINT)
    done = program.finish(process, 20)
    assert done.status == 0 and json.loads(done.out)["connections"] == 1


def test_quiet_says_counts_alone(tmp_path):
    process = program.start("sink", "-q", "--listen", "127.0.0.1:0",
                            "--port-file", "port", cwd=tmp_path)
    while not (tmp_path / "port").exists():
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    done = program.finish(process, 20)
    assert done.status == 0 and done.err == "" and done.out.count("\n") == 1


def test_what_cannot_be_created(run, tmp_path):
    here = ["sink", "--listen", "127.0.0.1:0"]
    for option in ("--log", "--maildir", "--port-file", "--cert-out"):
        done = run(*here, option, "no/such/place")
        assert done.status == program.CANTCREAT, option
        assert "no/such/place" in done.err and done.out == ""


def test_a_port_that_is_taken(run, sinks):
    done = run("sink", "--listen", f"127.0.0.1:{sinks().port}")
    assert done.status == 71 and "in use" in done.err


def test_files_are_private(sinks):
    sink = sinks(maildir=True)
    with client(sink) as server:
        server.sendmail("a@example.org", ["ann@example.org"], BODY)
    for path in (sink.log_path, *(sink.maildir / "new").iterdir()):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list((sink.maildir / "tmp").iterdir()) == []


def test_exit_after(sinks):
    sink = sinks("--exit-after", "3")
    with client(sink) as server:
        for _ in range(3):
            server.sendmail("a@example.org", ["ann@example.org"], BODY)
        assert server.mail("a@example.org")[0] == 421
    done = program.finish(sink.process, 20)
    assert done.status == 0
    assert json.loads(done.out.splitlines()[-1])["messages"] == 3


# The truth of the log.

def test_a_log_that_cannot_be_written(sinks):
    """No reply may confirm what the log could not hold."""
    sink = sinks("--log", "/dev/full")
    raw = Raw(sink).hello()
    raw.say(streamed("ann@example.org"))
    assert raw.reply() is None
    done = program.finish(sink.process, 20)
    assert done.status == program.IOERR and "/dev/full" in done.err


def test_a_message_that_cannot_be_stored(sinks):
    sink = sinks(maildir=True)
    for path in (sink.maildir / "tmp", sink.maildir / "new"):
        path.rmdir()
    with client(sink) as server:
        with pytest.raises(smtplib.SMTPDataError) as refused:
            server.sendmail("a@example.org", ["ann@example.org"], BODY)
    assert refused.value.smtp_code == 452
    assert sink.log() == []
    counted(sink, messages=0)


@pytest.mark.parametrize("tls", [False, True])
def test_clients_that_die_in_the_middle(sinks, tls):
    """A transaction stands in the log where its content came whole, and only
    there; each that was confirmed stands there before it was."""
    sink = sinks()
    one = streamed("ann@example.org")
    for cut in range(0, 3 * len(one), 17):
        raw = Raw(sink).hello()
        if tls:
            raw.start_tls(trust(sink))
        raw.say((one * 3)[:cut] if cut else b"NOOP\r\n")
        wanted = cut // len(one)
        confirmed = 0
        for _ in range(4 * wanted):
            confirmed += "queued" in raw.reply()
            assert len(sink.log()) >= confirmed
        raw.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                              b"\1\0\0\0\0\0\0\0")
        raw.socket.close()
        raw.file.close()
        assert confirmed == wanted
        assert len(sink.log()) == wanted
        os.truncate(sink.log_path, 0)


def test_many_clients_at_once(sinks):
    sink = sinks()
    raws = [Raw(sink) for _ in range(100)]
    for raw in raws:
        raw.hello()
    for i, raw in enumerate(raws):
        raw.say(streamed(f"user{i}@example.org") * 3)
    for raw in raws:
        assert [raw.reply()[:3] for _ in range(12)] == ["250"] * 12
    assert len({line["session"] for line in sink.log()}) == 100
    counted(sink, messages=300, max_concurrent=100)


def test_who_says_much_and_reads_nothing(sinks):
    """Is cut, and others are served."""
    sink = sinks()
    raw = Raw(sink).hello()
    limit = time.monotonic() + 60
    with pytest.raises(ConnectionError):
        while time.monotonic() < limit:
            raw.say(b"NOOP\r\n" * 10000)
    with client(sink) as server:
        server.sendmail("a@example.org", ["ann@example.org"], BODY)
    memory = int(open(f"/proc/{sink.process.pid}/status").read()
                 .split("VmHWM:")[1].split()[0])
    assert memory < 200 * 1024
