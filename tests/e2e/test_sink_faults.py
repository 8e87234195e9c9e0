"""Is `mailshot sink` as bad a relay as it is told to be?

Faults by address and by chance, limits, pace, silence, scripts.
"""

import json
import time

import pytest

import program
from test_sink import BODY, Raw, client, counted, streamed, trust


def replies(raw, count):
    return [(raw.reply() or "")[:9] for _ in range(count)]


def taken(raw, address="ann@example.org", body=BODY):
    """Streams one message; the reply to its content."""
    raw.say(streamed(address, body))
    return [raw.reply() for _ in range(4)][3]


def gone(raw):
    """Nothing more comes, and the connection is closed."""
    try:
        return raw.file.read() == b""
    except ConnectionError:
        return True


# By address.

@pytest.mark.parametrize("address, last, step", [
    ("spam@example.org", "550 5.7.1", "content"),
    ("later@example.org", "451 4.3.0", "content"),
    ("full@example.org", "452 4.2.2", "RCPT"),
])
def test_refused_where_it_says(sinks, tmp_path, address, last, step):
    sink = sinks("--verdicts", tmp_path / "v")
    raw = Raw(sink).hello()
    raw.say(streamed(address))
    said = replies(raw, 4)
    assert said[2 if step == "RCPT" else 3] == last
    assert taken(raw).startswith("250 ")
    assert program.jsonl((tmp_path / "v").read_text()) == [
        {"address": address, "attempt": 1, "step": step,
         "code": int(last[:3]), "taken": False, "session": 1},
        {"address": "ann@example.org", "attempt": 1, "step": "content",
         "code": 250, "taken": True, "session": 1}]
    assert sink.recipients() == ["ann@example.org"]


def test_busy_closes(sinks):
    sink = sinks()
    raw = Raw(sink).hello()
    raw.say(streamed("busy@example.org") + streamed("ann@example.org"))
    assert replies(raw, 3)[2] == "421 4.3.2"
    assert gone(raw)
    assert sink.log() == []


def test_slow_is_late_and_taken(sinks):
    raw = Raw(sinks()).hello()
    raw.say(streamed("slow@example.org") + streamed("ann@example.org"))
    began = time.monotonic()
    assert replies(raw, 3)[2] == "250 2.1.5"
    assert time.monotonic() - began < 0.5
    assert raw.reply().startswith("250 ")
    assert time.monotonic() - began > 0.9
    assert replies(raw, 4)[3] == "250 2.0.0"


def test_mute_says_nothing_more(sinks, tmp_path):
    sink = sinks("--verdicts", tmp_path / "v", "--idle", "1")
    raw = Raw(sink).hello()
    raw.say(streamed("mute@example.org") + streamed("ann@example.org"))
    assert replies(raw, 3)[2] == "250 2.1.5"
    raw.socket.settimeout(2)
    with pytest.raises(TimeoutError):
        raw.socket.recv(1)
    assert sink.log() == []
    assert [(v["address"], v["code"], v["taken"])
            for v in program.jsonl((tmp_path / "v").read_text())] == [
                ("mute@example.org", 0, False)]


# Limits.

def test_max_connections(sinks):
    sink = sinks("--max-connections", "2")
    raws = [Raw(sink).hello() for _ in range(2)]
    with pytest.raises(ConnectionRefusedError):
        Raw(sink)
    for raw in raws:
        assert taken(raw).startswith("250 ")
    counted(sink, connections=2, messages=2)


def test_max_sessions(sinks):
    sink = sinks("--max-sessions", "2")
    first, second = Raw(sink).hello(), Raw(sink).hello()
    for _ in range(3):
        third = Raw(sink)
        assert third.reply().startswith("421 4.7.0 ")
        assert gone(third)
    assert first.ask(b"QUIT\r\n").startswith("221 ")
    assert gone(first)
    Raw(sink).hello()
    assert second.ask(b"NOOP\r\n").startswith("250 ")
    counted(sink, connections=6, turned_away=3, max_concurrent=2)


def test_max_sessions_over_implicit_tls(sinks):
    sink = sinks("--max-sessions", "1", "--tls", "implicit")
    first = Raw(sink, trust(sink)).hello()
    assert Raw(sink, trust(sink)).reply().startswith("421 4.7.0 ")
    assert first.ask(b"NOOP\r\n").startswith("250 ")


def test_max_recipients(sinks):
    raw = Raw(sinks("--max-recipients", "2")).hello()
    raw.say(b"MAIL FROM:<a@example.org>\r\n"
            + b"".join(b"RCPT TO:<u%d@example.org>\r\n" % i for i in range(4)))
    assert replies(raw, 5) == ["250 2.1.0", "250 2.1.5", "250 2.1.5",
                               "452 4.5.3", "452 4.5.3"]


def test_limits_are_told_and_kept(sinks):
    sink = sinks("--limits", "MAILMAX=2 RCPTMAX=1")
    with client(sink) as server:
        assert server.esmtp_features["limits"] == "MAILMAX=2 RCPTMAX=1"
        server.mail("a@example.org")
        assert server.rcpt("u1@example.org")[0] == 250
        assert server.rcpt("u2@example.org")[0] == 452
        server.rset()
        assert server.mail("a@example.org")[0] == 250
        server.rset()
        assert server.mail("a@example.org")[0] == 421


@pytest.mark.parametrize("code, said", [
    ("", "450 4.7.1"), ("/450", "450 4.7.1"), ("/454", "454 4.7.0"),
    ("/421", "421 4.7.0")])
def test_throttle(sinks, code, said):
    sink = sinks("--throttle", f"3/1{code}")
    raws = [Raw(sink).hello() for _ in range(2)]
    for i in range(3):
        assert taken(raws[i % 2]).startswith("250 ")
    for raw in raws:
        assert raw.ask(b"RSET\r\n").startswith("250 ")
        assert raw.ask(b"MAIL FROM:<a@example.org>\r\n").startswith(said)
        if code == "/421":
            assert gone(raw)
    time.sleep(1.1)
    assert taken(Raw(sink).hello()).startswith("250 ")
    counted(sink, messages=4, throttled=2)


# Pace.

def timed(raws, each):
    """Streams messages over all of them; seconds until all were answered."""
    began = time.monotonic()
    for raw in raws:
        raw.say(streamed("ann@example.org") * each)
    for raw in raws:
        assert replies(raw, 4 * each)[-1] == "250 2.0.0"
    return time.monotonic() - began


@pytest.mark.parametrize("sessions", [1, 4])
def test_rate(sinks, sessions):
    sink = sinks("--rate", "100")
    raws = [Raw(sink).hello() for _ in range(sessions)]
    assert 0.9 < timed(raws, 100 // sessions) < 2


def test_slow_beyond(sinks):
    """48 messages of 20 ms: 960 ms by one worker."""
    sink = sinks("--slow-beyond", "2", "--service", "20")
    raws = [Raw(sink).hello()]
    assert 0.95 < timed(raws, 48) < 1.8
    raws.append(Raw(sink).hello())
    assert 0.45 < timed(raws, 24) < 0.9
    raws += [Raw(sink).hello() for _ in range(2)]
    assert 1.9 < timed(raws, 12) < 3


def test_idle(sinks):
    sink = sinks("--idle", "1")
    silent, lively = Raw(sink).hello(), Raw(sink).hello()
    for _ in range(6):
        time.sleep(0.25)
        assert lively.ask(b"NOOP\r\n").startswith("250 ")
    assert silent.reply().startswith("421 4.4.2 ")
    assert gone(silent)
    lively.socket.close()
    counted(sink, idle=1)


def test_who_waits_for_a_reply_is_not_idle(sinks):
    raw = Raw(sinks("--idle", "1", "--delay", "1500")).hello()
    assert taken(raw).startswith("250 ")
    assert raw.reply().startswith("421 4.4.2 ")


# By chance.

def test_chance_can_be_repeated(sinks, tmp_path):
    def verdicts(seed, name):
        sink = sinks("--random", str(seed), "--verdicts", tmp_path / name)
        for i in range(300):
            raw = Raw(sink).hello() if i % 50 == 0 else raw
            raw.say(streamed(f"u{i}@example.org"))
            if replies(raw, 4)[3] == "":
                raw = Raw(sink).hello()
        lines = program.jsonl((tmp_path / name).read_text())
        assert sorted(v["address"] for v in lines if v["taken"]) == \
            sorted(sink.recipients())
        return [(v["address"], v["code"], v["taken"]) for v in lines]
    first = verdicts(1, "a")
    assert first == verdicts(1, "b")
    assert first != verdicts(2, "c")
    assert {250, 450, 451, 550, 554} <= {code for _, code, _ in first}


# Scripts.

def play(sinks, tmp_path, text, *options):
    (tmp_path / "play").write_text(text)
    return sinks("--tls", "off", "--script", tmp_path / "play", *options)


def test_a_script_is_played_to_each(sinks, tmp_path):
    sink = play(sinks, tmp_path, "S: 220 hi\nC: EHLO x\nS: 250-a\nS: 250 b\n"
                "C: BDAT 1 LAST\nC: {1}\nwait 300\nS: 451 no\n")
    for _ in range(2):
        raw = Raw(sink)
        assert raw.reply() == "220 hi"
        assert raw.ask(b"EHLO me\r\n") == "250 b"
        began = time.monotonic()
        assert raw.ask(b"BDAT 3 LAST\r\n\r\n.") == "451 no"
        assert time.monotonic() - began > 0.25
        assert gone(raw)
    counted(sink, connections=2, played=2)


def test_a_script_over_starttls(sinks, tmp_path):
    (tmp_path / "play").write_text(
        "S: 220 hi\nC: EHLO x\nS: 250 STARTTLS\nC: STARTTLS\nS: 220 go\n"
        "secured\nC: EHLO x\nS: 250 safe\n")
    sink = sinks("--script", tmp_path / "play")
    assert Raw(sink).hello().start_tls(trust(sink)).reply() is None


@pytest.mark.parametrize("how", ["lost", "lost reset"])
def test_a_script_that_cuts(sinks, tmp_path, how):
    raw = Raw(play(sinks, tmp_path, f"S: 220 hi\nC: NOOP\nS: 250 a\n{how}\n"))
    assert raw.reply() == "220 hi"
    raw.say(b"NOOP\r\n")
    assert raw.reply() == "250 a"
    if how == "lost":
        assert raw.file.read() == b""
    else:
        with pytest.raises(ConnectionResetError):
            raw.file.read()


def test_a_client_that_goes_astray_is_named(sinks, tmp_path):
    sink = play(sinks, tmp_path, "S: 220 hi\nC: EHLO x\nS: 250 a\n")
    raw = Raw(sink)
    assert raw.reply() == "220 hi"
    raw.say(b"HELO \x1b[1mx\r\n")
    assert gone(raw)
    sink.process.terminate()
    done = program.finish(sink.process, 20)
    assert "play:2: session 1: not EHLO x, but HELO " in done.err
    assert "\x1b" not in done.err
    assert json.loads(done.out)["played"] == 0


@pytest.mark.parametrize("text, status, why", [
    (None, program.NOINPUT, "play"), ("what\n", program.DATAERR, "play:1:"),
    ("S: 220\nsecured\n", program.USAGE, "play:2:")])
def test_a_script_that_cannot_be_played(run, tmp_path, text, status, why):
    if text:
        (tmp_path / "play").write_text(text)
    done = run("sink", "--listen", "127.0.0.1:0", "--tls", "off", "--script",
               "play")
    assert done.status == status and why in done.err and done.out == ""


@pytest.mark.parametrize("options", [
    ["--limits", "MAILMAX"], ["--limits", ""], ["--throttle", "3"],
    ["--throttle", "3/0"], ["--throttle", "0/3"], ["--throttle", "3/1/500"],
    ["--throttle", "3/1/"], ["--slow-beyond", "5000"], ["--service", "5"],
    ["--random", "x"], ["--idle", "-1"], ["--rate", "fast"]])
def test_usage(run, options):
    done = run("sink", "--listen", "127.0.0.1:0", *options)
    assert done.status == program.USAGE
    assert done.out == "" and done.err.startswith("mailshot: ")


def test_nobody_listens_before_the_script_is_read(run, tmp_path):
    done = run("sink", "--listen", "127.0.0.1:0", "--port-file", "port",
               "--script", "none")
    assert done.status == program.NOINPUT
    assert not (tmp_path / "port").exists()


def test_verdicts_that_cannot_be_written(sinks):
    sink = sinks("--verdicts", "/dev/full")
    raw = Raw(sink).hello()
    raw.say(streamed("bad@example.org"))
    assert raw.reply() is None
    assert program.finish(sink.process, 20).status == program.IOERR
