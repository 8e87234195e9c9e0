"""Is there no door before the door? Whatever a relay, or who sits in between,
says before TLS stands: no byte of a letter and none of a login leaves in
clear, the run ends 76, and no row is blamed."""

import time

import certificate
import hostile
import pytest
from program import NOPERM, OK, PROTOCOL, UNAVAILABLE, report_file

SECRET = "correct-horse-battery"
GREETING = b"220 hostile.test ESMTP\r\n"
HELLO = hostile.HELLO


@pytest.fixture
def identity(tmp_path):
    certificate.authority(tmp_path)
    return certificate.server(tmp_path)


@pytest.fixture
def relay(identity):
    """relay(play) starts one that plays this; it ends with the test."""
    started = []

    def start(play, prepare=None):
        started.append(hostile.HostileRelay(play, *identity, prepare))
        return started[-1]
    yield start
    for one in started:
        one.stop()


@pytest.fixture
def send(run, template, contacts, tmp_path):
    """send(relay, option…) mails two, with a login."""
    secret = tmp_path / "secret"
    secret.write_text(SECRET + "\n")
    secret.chmod(0o600)
    people = contacts(["ann@example.org", "bob@example.org"])

    def send_two(relay, *options, scheme="smtp", **more):
        return run("send", "-s", f"{scheme}://{relay.address}", "--tls-ca",
                   tmp_path / "ca.pem", "-u", "ann", "--password-file", secret,
                   "--retry-for", 0, "--helo", "client.example.org",
                   "--report-all", "-o", "r.csv", *options, people, template,
                   **more)
    return send_two


HARMLESS = {b"EHLO client.example.org", b"STARTTLS", b"QUIT", b""}


def is_tls(data):
    """A record, or the beginning of one, that a client says first: its hello,
    or an alert."""
    return data[:1] in (b"\x16", b"\x15")


def assert_closed(relay, done, tmp_path, status=PROTOCOL):
    rows = report_file(tmp_path / "r.csv")
    assert {row["status"] for row in rows} == {"pending"}
    assert done.status == status, done.err
    said = relay.heard_in_clear
    while said and not is_tls(said):
        line, _, said = said.partition(b"\r\n")
        assert line in HARMLESS, relay.heard_in_clear
    assert SECRET.encode() not in relay.heard_in_clear
    assert b"YW5u" not in relay.heard_in_clear  # the user, in base64


# What is answered to EHLO and STARTTLS.

def before_tls(hello, answer):
    def play(talk):
        talk.say(GREETING)
        talk.answer(hello, answer)
        talk.serve()
    return play


BARE = b"250-hostile.test\r\n250-AUTH PLAIN LOGIN\r\n250 PIPELINING\r\n"
ANSWERS = {
    "missing": before_tls(BARE, b"220 go\r\n"),
    "misspelt": before_tls(b"250-x\r\n250 STARTTLSX\r\n", b"220 go\r\n"),
    "in the first line": before_tls(b"250 STARTTLS\r\n", b"220 go\r\n"),
    "454": before_tls(HELLO, b"454 4.7.0 not now\r\n"),
    "502": before_tls(HELLO, b"502 5.5.1 what?\r\n"),
    "554": before_tls(HELLO, b"554 5.7.3 no\r\n"),
    "334": before_tls(HELLO, b"334 \r\n"),
    "354": before_tls(HELLO, b"354 go on\r\n"),
    "250": before_tls(HELLO, b"250 ok\r\n235 you are in\r\n"),
    "twice": before_tls(HELLO, b"220 go\r\n220 go\r\n"),
    "twice, parted": before_tls(HELLO, b"220-go\r\n220 go\r\n220 go\r\n"),
    "and a forged EHLO reply": before_tls(
        HELLO, b"220 go\r\n" + BARE + b"250 ok\r\n" * 3),
    "a line that never ends": before_tls(HELLO, b"220 " + b"x" * 70000),
    "no reply at all": before_tls(HELLO, b"\x16\x03\x03\x00\x02\r\n"),
    "SMTP in clear": before_tls(HELLO, b"220 go\r\n"),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_starttls(relay, send, tmp_path, name):
    one = relay(ANSWERS[name])
    assert_closed(one, send(one, timeout=30), tmp_path)


EHLO_REFUSED = [b"500 what?\r\n", b"502 no\r\n", b"550 you not\r\n",
                b"554 5.7.1 no\r\n"]


@pytest.mark.parametrize("answer", EHLO_REFUSED)
def test_ehlo_refused(relay, send, tmp_path, answer):
    one = relay(before_tls(answer, b"250 ok\r\n"))
    assert_closed(one, send(one), tmp_path)
    assert b"HELO" not in one.heard_in_clear.replace(b"EHLO", b"")


# Not TLS, but the relay as a whole: the contract has 69 for that.

@pytest.mark.parametrize("answer", [b"421 4.3.2 busy\r\n", b"554 no\r\n",
                                    b"450 later\r\n", b"521 none here\r\n"])
def test_greeting_refused(relay, send, tmp_path, answer):
    def play(talk):
        talk.say(answer)
        talk.serve()
    one = relay(play)
    assert_closed(one, send(one), tmp_path, UNAVAILABLE)


def test_a_whole_session_behind_the_banner(relay, send, tmp_path):
    whole = (GREETING + BARE + b"220 go\r\n" + BARE + b"235 welcome\r\n"
             + b"250 ok\r\n" * 4 + b"354 go\r\n250 taken\r\n" * 2)

    def play(talk):
        talk.say(whole)
        talk.serve()
    for bytes_at_once in (None, 1, 7):
        def played(talk, step=bytes_at_once):
            talk.piece_bytes = step
            play(talk)
        one = relay(played)
        assert_closed(one, send(one), tmp_path)


# Text in clear behind the consent.

def injected(extra, pause=0):
    def play(talk):
        talk.say(GREETING)
        talk.answer(HELLO)
        talk.line()
        if pause:
            talk.say(b"220 go\r\n")
            time.sleep(pause)
            talk.raw(extra)
        else:
            talk.raw(b"220 go\r\n" + extra)
        talk.secure()
        talk.serve()
    return play


LENGTHS = [*range(1, 24), 64, 255, 256, 257, 1000, 1459, 1460, 1461, 1999,
           2000]


def texts(length):
    yield b"x" * length
    if length > 2:
        yield b"250 " [:length - 2] + b"y" * (length - 6) + b"\r\n"


@pytest.mark.parametrize("length", LENGTHS)
def test_injected_in_one_piece(relay, send, tmp_path, length):
    for extra in texts(length):
        one = relay(injected(extra))
        assert_closed(one, send(one), tmp_path)
        assert one.contents == []


# GnuTLS waits for a record's five bytes and for as many as they promise: what
# came too late to be seen as text makes a handshake that never ends.
@pytest.mark.parametrize("length", [1, 4, 5, 6, 30, 2000])
def test_injected_a_moment_later(relay, send, tmp_path, length):
    one = relay(injected(b"z" * length, 0.05))
    done = send(one, "--connect-timeout", "2s")
    assert_closed(one, done, tmp_path)
    assert one.contents == []


# Cuts.

def cut_after(step, how):
    def play(talk):
        acts = [lambda: talk.say(GREETING), lambda: talk.answer(HELLO),
                lambda: talk.answer(b"220 go\r\n"), talk.secure]
        for act in acts[:step]:
            act()
        how(talk)
    return play


@pytest.mark.parametrize("step", range(4))
@pytest.mark.parametrize("how", ["close", "reset"])
def test_cut_before_tls(relay, send, tmp_path, step, how):
    ends = {"close": lambda talk: None, "reset": lambda talk: talk.reset()}
    one = relay(cut_after(step, ends[how]))
    status = PROTOCOL if step >= 2 else UNAVAILABLE
    assert_closed(one, send(one), tmp_path, status)


def test_cut_within_the_hello(relay, send, tmp_path):
    def play(talk):
        talk.say(GREETING)
        talk.answer(HELLO, b"220 go\r\n")
        talk.raw(b"\x16\x03\x03\x00\x7a\x02\x00\x00\x76\x03\x03")
    one = relay(play)
    assert_closed(one, send(one), tmp_path)


def test_silence_at_starttls(relay, send, tmp_path):
    def play(talk):
        talk.say(GREETING)
        talk.answer(HELLO)
        while True:
            talk.line()
    one = relay(play)
    assert_closed(one, send(one, "--timeout", "1s"), tmp_path)


# What stands behind the door.

def test_the_second_hello_alone_counts(relay, send, tmp_path):
    """AUTH was offered before TLS, and is not after it."""
    def play(talk):
        talk.say(GREETING)
        talk.answer(b"250-x\r\n250-AUTH PLAIN\r\n250 STARTTLS\r\n",
                    b"220 go\r\n")
        talk.secure()
        talk.serve()
    one = relay(play)
    done = send(one)
    assert_closed(one, done, tmp_path, NOPERM)
    assert one.contents == []


def test_a_greeting_under_tls_is_one_reply_too_many(relay, send, tmp_path):
    def play(talk):
        talk.say(GREETING)
        talk.answer(HELLO, b"220 go\r\n")
        talk.secure()
        talk.say(b"220 hello again\r\n")
        talk.serve()
    one = relay(play)
    done = send(one)
    assert_closed(one, done, tmp_path)
    assert one.contents == []


def test_an_ordinary_relay(relay, send):
    """That the tests above could fail."""
    def play(talk):
        talk.say(GREETING)
        talk.answer(HELLO, b"220 go\r\n")
        talk.secure()
        talk.answer(b"250-x\r\n250 AUTH PLAIN\r\n", b"235 welcome\r\n")
        talk.serve()
    one = relay(play)
    assert send(one).status == OK
    assert len(one.contents) == 2


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_the_wrong_port(relay, send, tmp_path, scheme):
    """SMTP in clear where TLS begins at once, and the other way round."""
    def in_clear(talk):
        talk.say(GREETING)
        talk.serve()

    def under_tls(talk):
        talk.secure()
        talk.serve()
    one = relay(in_clear if scheme == "smtps" else under_tls)
    done = send(one, "--timeout", "1s", "--connect-timeout", "1s",
                scheme=scheme)
    status = PROTOCOL if scheme == "smtps" else UNAVAILABLE
    assert_closed(one, done, tmp_path, status)
    if scheme == "smtps":
        assert "what came is no TLS" in done.err


def test_a_secret_never_leaves_before_the_relay_is_known(relay, send,
                                                         tmp_path):
    """Not under TLS either, where the certificate does not do."""
    heard = []

    def play(talk):
        talk.say(GREETING)
        talk.answer(HELLO, b"220 go\r\n")
        talk.secure()
        while True:
            heard.append(talk.line())
            talk.say(b"250-x\r\n250 AUTH PLAIN\r\n")
    one = relay(play)
    done = send(one, "--tls-name", "other.example")
    assert_closed(one, done, tmp_path)
    assert heard == []


def test_a_server_s_words_are_escaped(relay, send, tmp_path):
    one = relay(before_tls(HELLO, b"554 \x1b]0;owned\x07\xff no\r\n"))
    done = send(one)
    assert_closed(one, done, tmp_path)
    assert "\x1b" not in done.err and r"\x1b" in done.err
