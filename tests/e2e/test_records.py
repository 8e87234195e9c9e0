"""Does it matter how TLS records come: byte by byte, cut anywhere, with alerts
between, or no more?"""

import ssl
import time

import certificate
import hostile
import pytest
from program import LOOK, OK, PROTOCOL, REMAIN, UNAVAILABLE, report_file

GREETING = b"220 hostile.test ESMTP\r\n"
GROUP = b"250-hostile.test\r\n250-8BITMIME\r\n250 PIPELINING\r\n"
TAKEN = b"250 2.0.0 queued as 4711\r\n"


@pytest.fixture(scope="module")
def identity(tmp_path_factory):
    home = tmp_path_factory.mktemp("identity")
    certificate.authority(home)
    return (*certificate.server(home), home / "ca.pem")


@pytest.fixture
def relay(identity):
    """relay(play) starts one that plays this under implicit TLS."""
    started = []

    def start(play, prepare=None):
        def secured(talk):
            talk.secure()
            play(talk)
        started.append(hostile.HostileRelay(secured, *identity[:2], prepare))
        return started[-1]
    yield start
    for one in started:
        one.stop()


@pytest.fixture
def send(run, identity, template, contacts, tmp_path):
    """send(relay, option…) mails one contact; the run, and its row."""
    people = contacts(["ann@example.org"])

    def send_one(relay, *options, letter=template, **more):
        done = run("send", "-s", f"smtps://{relay.address}", "--tls-ca",
                   identity[2], "--retry-for", 0, "--report-all", "-o",
                   "r.csv", "--timeout", "5s", *options, people, letter,
                   **more)
        [row] = report_file(tmp_path / "r.csv")
        return done, row
    return send_one


@pytest.fixture
def heavy(tmp_path):
    """A letter that no socket's buffers hold."""
    path = tmp_path / "heavy.eml"
    path.write_text("From: a@example.org\nTo: {{email}}\nSubject: s\n\n"
                    + "a line of a long text, and then another one\n" * 300000)
    return path


VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]


def speaking(version, weak=False):
    def prepare(context):
        if weak:
            context.set_ciphers("DEFAULT:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = version
    return prepare


@pytest.mark.parametrize("version", VERSIONS, ids=str)
@pytest.mark.parametrize("record, piece", [
    (1, None), (None, 1), (1, 1), (2, 3), (7, 5), (None, 100)])
def test_in_any_pieces(relay, send, version, record, piece):
    def play(talk):
        talk.record_bytes = record
        talk.piece_bytes = piece
        talk.say(GREETING)
        talk.answer(GROUP)
        talk.serve(TAKEN)

    def slowly(talk):
        talk.piece_bytes = piece
        play(talk)
    one = relay(slowly, speaking(version))
    done, row = send(one)
    assert done.status == OK, done.err
    assert row["reply"] == "2.0.0 queued as 4711"
    assert len(one.contents) == 1


def test_the_handshake_byte_by_byte(identity, send):
    def play(talk):
        talk.piece_bytes = 1
        talk.secure()
        talk.say(GREETING)
        talk.serve(TAKEN)
    one = hostile.HostileRelay(play, *identity[:2])
    done, _ = send(one)
    one.stop()
    assert done.status == OK, done.err


def converse(talk):
    """As far as the content, in lockstep."""
    talk.say(GREETING)
    talk.answer(b"250 hostile.test\r\n", b"250 ok\r\n", b"250 ok\r\n",
                b"354 go\r\n")
    talk.content()


def test_the_last_reply_cut_at_every_byte(relay, send):
    """The row is sent only where the whole record came."""
    sealed = []

    def learn(talk):
        converse(talk)
        sealed.append(len(talk.sealed(TAKEN)))
    send(relay(learn))
    for cut in range(sealed[0] + 1):
        def play(talk, cut=cut):
            converse(talk)
            talk.raw(talk.sealed(TAKEN)[:cut])
        done, row = send(relay(play))
        whole = cut == sealed[0]
        assert row["status"] == ("sent" if whole else "unknown"), cut
        assert done.status == (OK if whole else LOOK), done.err


def test_a_reply_in_two_pieces_at_every_byte(relay, send):
    lengths = []

    def play(talk):
        converse(talk)
        record = talk.sealed(TAKEN)
        lengths.append(len(record))
        talk.raw(record[:len(lengths)])
        time.sleep(0.01)
        talk.raw(record[len(lengths):])
        talk.answer(b"221 bye\r\n")
    one = relay(play)
    while not lengths or len(lengths) < lengths[0]:
        done, row = send(one)
        assert (done.status, row["status"]) == (OK, "sent"), done.err


def test_one_bit_is_wrong(relay, send):
    for bit in range(0, 8 * 20, 7):
        def play(talk, bit=bit):
            converse(talk)
            record = bytearray(talk.sealed(TAKEN))
            record[-1 - bit // 8] ^= 1 << bit % 8
            talk.raw(bytes(record))
            talk.line()
        done, row = send(relay(play))
        assert (done.status, row["status"]) == (LOOK, "unknown"), done.err


def test_a_reply_twice(relay, send):
    """Replayed by who sits in between: it does not open."""
    def play(talk):
        talk.say(GREETING)
        talk.answer(b"250 hostile.test\r\n")
        talk.line()
        record = talk.sealed(b"250 ok\r\n")
        talk.raw(record + record * 4)
        talk.serve(TAKEN)
    one = relay(play)
    done, row = send(one, "--pipeline", "lockstep")
    assert row["status"] == "pending" and one.contents == []
    assert done.status in (REMAIN, UNAVAILABLE)


# Cut after each reply, without close_notify.

@pytest.mark.parametrize("hello, tier", [(b"250 hostile.test\r\n", "lockstep"),
                                         (GROUP, "group")])
@pytest.mark.parametrize("step", range(7))
@pytest.mark.parametrize("end", ["close", "reset"])
def test_cut_after_each_reply(relay, send, hello, tier, step, end):
    def play(talk):
        acts = [lambda: talk.say(GREETING), lambda: talk.answer(hello),
                lambda: talk.answer(b"250 ok\r\n"),
                lambda: talk.answer(b"250 ok\r\n"),
                lambda: talk.answer(b"354 go\r\n"), talk.content]
        for act in acts[:step]:
            act()
        if end == "reset":
            time.sleep(0.05)
            talk.reset()
    done, row = send(relay(play))
    fits = {"unknown"} if step == 6 else {"pending"} if step < 5 else {
        "pending", "unknown"}
    assert row["status"] in fits, row
    statuses = {"unknown": {LOOK}, "pending": {REMAIN, UNAVAILABLE}}
    assert done.status in statuses[row["status"]], done.err


@pytest.mark.parametrize("end", ["close", "reset"])
def test_cut_after_the_last_reply(relay, send, end):
    def play(talk):
        converse(talk)
        talk.say(TAKEN)
        if end == "reset":
            time.sleep(0.05)
            talk.reset()
    done, row = send(relay(play))
    assert (done.status, row["status"]) == (OK, "sent"), done.err


# Alerts.

def fatal(talk):
    """An alert that ends the session: the server chokes on a record."""
    talk.incoming.write(b"\x17\x03\x03\x00\x20" + b"\0" * 32)
    try:
        while True:
            talk.tls.read(65536)
    except ssl.SSLError:
        pass
    talk.flush()


def farewell(talk):
    try:
        talk.tls.unwrap()
    except ssl.SSLError:
        pass
    talk.flush()


@pytest.mark.parametrize("version", VERSIONS, ids=str)
@pytest.mark.parametrize("alert", [fatal, farewell])
def test_an_alert_in_the_middle_of_a_letter(relay, send, heavy, version,
                                            alert):
    def play(talk):
        talk.say(GREETING)
        talk.answer(b"250 hostile.test\r\n", b"250 ok\r\n", b"250 ok\r\n",
                    b"354 go\r\n")
        talk.line()
        alert(talk)
    one = relay(play, speaking(version))
    done, row = send(one, letter=heavy)
    assert row["status"] == "pending", done.err
    assert done.status == REMAIN, done.err


@pytest.mark.parametrize("alert", [fatal, farewell])
def test_an_alert_behind_a_letter(relay, send, alert):
    def play(talk):
        converse(talk)
        alert(talk)
    done, row = send(relay(play))
    assert (done.status, row["status"]) == (LOOK, "unknown"), done.err


def test_a_farewell_behind_the_last_reply(relay, send):
    def play(talk):
        converse(talk)
        talk.raw(talk.sealed(TAKEN))
        farewell(talk)
    done, row = send(relay(play))
    assert (done.status, row["status"]) == (OK, "sent"), done.err


# Versions of old.

@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1,
                                     ssl.TLSVersion.TLSv1_1], ids=str)
def test_an_old_version(relay, send, version):
    one = relay(lambda talk: talk.serve(), speaking(version, weak=True))
    done, row = send(one)
    assert (done.status, row["status"]) == (PROTOCOL, "pending"), done.err
    assert "speaks neither TLS 1.2 nor 1.3" in done.err
    assert one.contents == []
    done, _ = send(one, "--tls", "unverified")
    assert done.status == PROTOCOL


@pytest.mark.parametrize("version", VERSIONS, ids=str)
def test_a_newer_version(relay, send, version):
    def play(talk):
        talk.say(GREETING)
        talk.serve(TAKEN)
    done, row = send(relay(play, speaking(version)))
    assert done.status == OK, done.err
    assert row["tls"].startswith("TLS1.3" if version == VERSIONS[1]
                                 else "TLS1.2")
