"""What does a run do with a relay that is odd at one point of the talk?

Every reply here was seen from a real server, or is what a broken or hostile
one may say. Rows are never blamed for what is not theirs, nobody is `sent`
without the relay's word, and the run ends.
"""

import time

import pytest

from odd_relay import LOCKSTEP, STREAM, Cut
from program import (LOOK, NOPERM, OK, PROTOCOL, REJECTED, REMAIN,
                     UNAVAILABLE, by_status, report_file)

LETTER = """\
From: notices@example.org
To: readers@example.org
Subject: Hello

Dear readers.
"""


@pytest.fixture
def send(run, contacts, tmp_path):
    """send(relay, rows, option…): the run, and the rows of its report."""
    def to(relay, count, *options, timeout=60):
        (tmp_path / "t.eml").write_text(LETTER)
        path = contacts([f"u{i}@example.org" for i in range(count)])
        done = run("send", *relay.options, "-j", 1, "--retry-for", "2s",
                   "--retry-delay", "300ms", *options, "--report-all", "-o",
                   "r.csv", path, "t.eml", timeout=timeout)
        rows = report_file(tmp_path / "r.csv")
        assert len(rows) == count == done.closing()["rows"]
        return done, rows
    return to


def at(verb, reply, connection=None):
    """Answers that verb so."""
    def answer(heard):
        if heard.verb == verb and connection in (None, heard.number):
            return reply
        return None
    return answer


# verb, reply; then of four rows: statuses, exit status, scope of the first.
REFUSALS = [
    ("greeting", b"421 4.3.2 busy\r\n", {"pending": 4}, UNAVAILABLE, "local"),
    ("greeting", b"450 not now\r\n", {"pending": 4}, UNAVAILABLE, "local"),
    ("greeting", b"554 go away\r\n", {"pending": 4}, UNAVAILABLE, "local"),
    ("greeting", b"SSH-2.0-OpenSSH\r\n", {"pending": 4}, PROTOCOL, "local"),
    ("greeting", b"220 hi\r\n250 and more\r\n", {"pending": 4}, PROTOCOL,
     "local"),
    ("greeting", b"220-a\r\n221 b\r\n", {"pending": 4}, PROTOCOL, "local"),
    ("EHLO", b"421 4.3.2 busy\r\n", {"pending": 4}, UNAVAILABLE, "local"),
    ("MAIL", b"421 4.7.0 bye\r\n", {"pending": 4}, REMAIN, "session"),
    ("MAIL", b"450 4.7.1 throttled\r\n", {"pending": 4}, REMAIN, "account"),
    ("MAIL", b"550 5.4.5 Daily user sending limit exceeded\r\n",
     {"pending": 4}, REMAIN, "account"),
    ("MAIL", b"550 5.1.0 no such sender\r\n", {"pending": 4}, NOPERM,
     "sender"),
    ("MAIL", b"552 5.3.4 too big\r\n", {"rejected": 4}, REJECTED, "message"),
    ("MAIL", b"530 5.7.0 Authentication required\r\n", {"pending": 4}, NOPERM,
     "account"),
    ("MAIL", b"452 4.5.3 Too many messages sent\r\n", {"pending": 4}, REMAIN,
     "session"),
    ("RCPT", b"550 5.1.1 nobody\r\n", {"rejected": 4}, REJECTED, "recipient"),
    ("RCPT", b"452 4.2.2 full\r\n", {"deferred": 4}, REMAIN, "recipient"),
    ("RCPT", b"552 5.2.2 full\r\n", {"deferred": 4}, REMAIN, "recipient"),
    ("RCPT", b"554 5.7.1 Relay access denied\r\n", {"pending": 4}, NOPERM,
     "relay"),
    ("RCPT", b"452 4.5.3 daily quota exceeded\r\n", {"pending": 4}, REMAIN,
     "account"),
    ("DATA", b"451 4.3.0 not now\r\n", {"deferred": 4}, REMAIN, "message"),
    ("DATA", b"554 5.5.1 no\r\n", {"rejected": 4}, REJECTED, "message"),
    ("DATA", b"250 what?\r\n", {"pending": 4}, REMAIN, "session"),
    ("content", b"554 5.7.1 spam\r\n", {"rejected": 4}, REJECTED, "message"),
    ("content", b"451 4.3.0 not now\r\n", {"deferred": 4}, REMAIN, "message"),
    ("content", b"454 Throttling failure: Maximum sending rate exceeded.\r\n",
     {"pending": 4}, REMAIN, "account"),
    ("content", b"550 5.7.515 Access denied\r\n", {"pending": 4}, NOPERM,
     "sender"),
    ("content", b"421 4.3.2 shutting down\r\n", {"pending": 4}, REMAIN,
     "session"),
]


@pytest.mark.parametrize("ehlo", [STREAM, None, LOCKSTEP],
                         ids=["stream", "group", "lockstep"])
@pytest.mark.parametrize("verb, reply, found, status, scope", REFUSALS,
                         ids=[f"{r[0]}-{r[1][:10].decode().strip()}"
                              for r in REFUSALS])
def test_a_refusal(odd, send, verb, reply, found, status, scope, ehlo):
    if verb == "DATA" and ehlo == STREAM:
        pytest.skip("no DATA in a stream")
    if verb == "MAIL" and reply[:3] == b"421" and ehlo == STREAM:
        status, scope = UNAVAILABLE, "local"  # the probe already says MAIL
    refuse = at(verb, reply)
    relay = odd(lambda heard: refuse(heard) or
                (ehlo if heard.verb == "EHLO" else None))
    done, rows = send(relay, 4)
    assert {s: len(a) for s, a in by_status(rows).items()} == found, rows
    assert done.status == status, done.err
    # Who is not the first may never have been tried.
    assert scope in {row["scope"] for row in rows}
    assert relay.taken == []


# After a content: nobody is sent, for no whole reply of 2xx was read.
NO_WORD = [b"250-ta", b"250 taken", b"250-taken\r\n", b"250-a\r\n550 b\r\n",
           b"650 x\r\n", b"150 x\r\n", b"354 x\r\n", b"25 x\r\n", b"\r\n",
           b"2500 x\r\n", b"250x\r\n", b"\x00\r\n", b"<html>\r\n", b""]


@pytest.mark.parametrize("said", NO_WORD)
def test_no_word_is_no_success(odd, send, said):
    def answer(heard):
        if heard.verb == "content":
            heard.send(said)
            raise Cut
        return None
    relay = odd(answer)
    done, rows = send(relay, 1)
    assert [row["status"] for row in rows] == ["unknown"]
    assert done.status == LOOK
    assert relay.connections == 1


@pytest.mark.parametrize("said", [
    b"250 taken\n", b"250\r\n", b"250-\r\n250 \r\n", b"299 x\r\n",
    b"250-2.0.0 a\r\n250-\r\n250 2.0.0 queued as X\r\n",
    b"250 " + b"x" * 60000 + b"\r\n", b"250-a\r\n" * 511 + b"250 a\r\n"])
def test_any_shape_of_success(odd, send, said):
    done, rows = send(odd(at("content", said)), 2)
    assert done.status == OK
    assert {(row["status"], row["scope"]) for row in rows} == \
        {("sent", "recipient")}


@pytest.mark.parametrize("said", [
    b"250 " + b"x" * 70000 + b"\r\n", b"250-a\r\n" * 513 + b"250 a\r\n",
    b"250-" + b"x" * 3_000_000])
def test_a_reply_without_measure_ends_the_session(odd, send, said):
    done, rows = send(odd(at("content", said)), 1)
    assert [row["status"] for row in rows] == ["unknown"]
    assert done.status == LOOK


@pytest.mark.parametrize("piece", [b"x", b"ok\r\n250-"])
@pytest.mark.parametrize("verb, found, status", [
    ("greeting", "pending", UNAVAILABLE), ("MAIL", "pending", REMAIN),
    ("content", "unknown", LOOK)])
def test_a_reply_in_drops(odd, send, verb, found, status, piece):
    """The time limit is the whole reply's, not each byte's."""
    def answer(heard):
        if heard.verb == verb:
            heard.send(b"250-" if verb != "greeting" else b"220-")
            for _ in range(80):
                time.sleep(0.2)
                heard.send(piece if verb != "greeting"
                           else piece.replace(b"250", b"220"))
            raise Cut
        return None
    began = time.monotonic()
    done, rows = send(odd(answer), 1, "--timeout", "1s")
    assert [row["status"] for row in rows] == [found]
    assert time.monotonic() - began < 8
    assert done.status == status


def greets_late(number, seconds):
    def answer(heard):
        if heard.verb == "greeting" and heard.number == number:
            time.sleep(seconds)
        return None
    return answer


def test_one_that_is_being_opened_at_the_end_says_goodbye(odd, send):
    one = odd(greets_late(2, 1.2))
    done, _ = send(one, 4, "-j", 2)
    assert done.status == OK
    assert one.connections == 2
    assert one.lines.count("QUIT") == 2


def test_the_end_does_not_wait_for_one_that_is_never_greeted(odd, send):
    one = odd(greets_late(2, 60))
    done, _ = send(one, 4, "-j", 2, timeout=30)
    assert done.status == OK
    assert one.connections == 2
    assert one.lines.count("QUIT") == 1


def test_what_is_cut_off_by_a_421_says_which(odd, send):
    done, rows = send(odd(at("MAIL", b"421 4.7.0 too tired\r\n")), 1)
    assert (rows[0]["code"], rows[0]["enhanced"], rows[0]["reply"]) == \
        ("421", "4.7.0", "4.7.0 too tired")
    assert rows[0]["attempts"] == "0"


@pytest.mark.parametrize("ehlo", [STREAM, None, LOCKSTEP],
                         ids=["stream", "group", "lockstep"])
def test_a_session_that_is_long_enough(odd, send, ehlo):
    """OpenSMTPD's way to say that it will have no more letters on it."""
    said = {}

    def answer(heard):
        if heard.verb == "EHLO":
            return ehlo
        if heard.verb == "MAIL":
            said[heard.number] = said.get(heard.number, 0) + 1
            if said[heard.number] > 3:
                return (b"452 4.5.3 Too many recipients: "
                        b"Too many messages sent\r\n")
        return None
    relay = odd(answer)
    began = time.monotonic()
    done, rows = send(relay, 30, "--retry-for", "20s")
    assert time.monotonic() - began < 10
    assert done.status == OK
    assert sorted(r for one in relay.taken for r in one) == \
        sorted(row["address"] for row in rows)
    # It is found out on the first one, and what was under way there.
    assert sum(n > 3 for n in said.values()) == 1, said
    assert {row["attempts"] for row in rows} == {"1"}


def test_a_relay_that_takes_nothing_is_given_up(odd, send):
    """However often it lets us in."""
    relay = odd(at("MAIL", b"452 4.5.3 Too many messages sent\r\n"))
    began = time.monotonic()
    done, _ = send(relay, 500)
    assert time.monotonic() - began < 12
    assert done.status == REMAIN
    assert done.closing()["pending"] == 500
    assert relay.connections < 10


def test_a_quit_without_an_answer_holds_up_nobody(odd, send):
    def answer(heard):
        if heard.verb == "QUIT":
            time.sleep(30)
        return None
    began = time.monotonic()
    done, _ = send(odd(answer), 3)
    assert time.monotonic() - began < 8
    assert done.status == OK


@pytest.mark.parametrize("reply", [b"452 4.5.3 too many recipients\r\n",
                                   b"452 Too many recipients\r\n",
                                   b"554 5.5.3 Too many recipients\r\n"])
def test_too_many_recipients_blame_nobody(odd, send, reply):
    heard_of = {}

    def answer(heard):
        if heard.verb == "MAIL":
            heard_of[heard.number] = 0
        elif heard.verb == "RCPT":
            heard_of[heard.number] += 1
            if heard_of[heard.number] > 2:
                return reply
        return None
    relay = odd(answer)
    done, rows = send(relay, 9, "--batch", 5)
    assert done.status == OK
    assert {row["attempts"] for row in rows} == {"1"}
    assert sorted(r for one in relay.taken for r in one) == \
        sorted(row["address"] for row in rows)
    assert max(map(len, relay.taken)) == 2
    # Learned: no third recipient is named again but for those under way.
    assert len(relay.taken) <= 6


def test_sessions_are_never_more_than_asked_for(odd, send):
    """Through reconnects, refusals and cuts."""
    def answer(heard):
        if heard.verb == "content" and heard.number % 3 == 0:
            raise Cut
        if heard.verb == "RCPT" and heard.number % 3 == 1:
            return b"550 5.1.1 nobody\r\n"
        return None
    relay = odd(answer)
    done, _ = send(relay, 100, "-j", 3, "--messages-per-session", 5)
    assert relay.most_open <= 3
    assert relay.connections > 10
    assert done.status == LOOK


@pytest.mark.parametrize("verb, reply, status", [
    ("RCPT", b"451 4.7.1 greylisted\r\n", "deferred"),
    ("MAIL", b"421 4.3.2 later\r\n", "pending"),
])
@pytest.mark.parametrize("state", [(), ("--state", "s.db")])
def test_who_waits_when_it_ends_is_of_the_relay_that_spoke_last(
        odd, send, run, verb, reply, status, state):
    relay = odd(at(verb, reply))
    done, rows = send(relay, 3, "--retry-for", "5m", "--retry-delay", "60s",
                      "--max-runtime", "800ms", *state)
    assert done.status == REMAIN, done.err
    told = [row for row in rows if row["reply"] == reply[4:-2].decode()]
    assert told and {row["status"] for row in told} == {status}
    assert {row["relay"] for row in told} == {f"127.0.0.1:{relay.port}"}
    if state:
        again = run("status", "s.db", "--report", "-", "--report-all")
        assert f"127.0.0.1:{relay.port}" in again.out
