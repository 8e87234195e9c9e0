"""Does --tls-evidence say how each session was secured, and what the relay
promised on it?"""

import hashlib
import os
import re
import ssl
import stat

import certificate
import pytest
from program import CANTCREAT, IOERR, OK, PROTOCOL, USAGE, jsonl, report_file

SESSION = ["type", "session", "time", "relay", "version", "key_exchange",
           "cipher", "peer", "verdict", "trust", "pinned", "resumed",
           "certificate_sha256", "spki_sha256"]
MESSAGE = ["type", "session", "time", "line", "address", "message_id", "code",
           "reply"]


@pytest.fixture
def send(run, template, contacts, tmp_path):
    """send(sink, option…) mails six; the finished run, and its evidence."""
    people = contacts([f"p{i}@example.org" for i in range(6)])

    def send_six(sink, *options, **more):
        done = run("send", "-s", sink.url, "--tls-evidence", "e.jsonl",
                   "--report-all", "-o", "r.csv", "--retry-for", 0, *options,
                   people, template, **more)
        return done, jsonl((tmp_path / "e.jsonl").read_text("utf-8"))
    return send_six


def of(lines, kind):
    return [line for line in lines if line["type"] == kind]


def prints(sink):
    der = ssl.PEM_cert_to_DER_cert(sink.ca.read_text())
    return (hashlib.sha256(der).hexdigest(),
            certificate.key_sha256(sink.ca).hex())


@pytest.mark.parametrize("newest, group", [("1.3", "X25519|SECP\\d+R1"),
                                           ("1.2", "X25519|SECP\\d+R1")])
def test_each_session_and_message(send, sinks, tmp_path, newest, group):
    sink = sinks("--tls-max", newest)
    done, lines = send(sink, "--tls-ca", sink.ca, "-j", 1,
                       "--messages-per-session", 2)
    assert done.status == OK, done.err
    sessions, messages = of(lines, "session"), of(lines, "message")
    assert [s["session"] for s in sessions] == [1, 2, 3]
    assert [s["resumed"] for s in sessions] == [False, True, True]
    for one in sessions:
        assert list(one) == SESSION
        assert one["version"] == "TLS" + newest
        assert re.fullmatch(group, one["key_exchange"])
        assert one["cipher"] in ("AES-256-GCM", "CHACHA20-POLY1305",
                                 "AES-128-GCM")
        assert (one["relay"], one["peer"]) == (sink.address, "127.0.0.1")
        assert (one["verdict"], one["trust"]) == ("verified", "ca-file")
        assert one["pinned"] is False
        assert (one["certificate_sha256"], one["spki_sha256"]) == prints(sink)
    rows = {row["address"]: row for row in report_file(tmp_path / "r.csv")}
    assert len(messages) == len(rows) == 6
    for one in messages:
        row = rows[one["address"]]
        assert list(one) == MESSAGE
        assert (str(one["line"]), str(one["code"]), one["reply"],
                one["message_id"]) == (row["line"], row["code"], row["reply"],
                                       row["message_id"])
        assert row["tls"].startswith("TLS" + newest)
        assert re.match(r"\d{4}-\d\d-\d\dT[\d:]{8}\.\d{3}Z$", one["time"])
    assert sorted(m["session"] for m in messages) == [1, 1, 2, 2, 3, 3]
    assert stat.S_IMODE(os.stat(tmp_path / "e.jsonl").st_mode) == 0o600


def test_a_session_stands_before_its_messages(send, sinks):
    sink = sinks()
    _, lines = send(sink, "--tls-ca", sink.ca, "-j", 3)
    seen = set()
    for line in lines:
        if line["type"] == "session":
            seen.add(line["session"])
        else:
            assert line["session"] in seen


def test_a_pin(send, sinks):
    sink = sinks()
    pin = prints(sink)[1]
    for trust, verdict, how in (
            (["--tls-ca", sink.ca], "verified", "ca-file"),
            (["--tls", "unverified"], "verified", "pin")):
        done, lines = send(sink, *trust, "--tls-pin", pin)
        assert done.status == OK, done.err
        for one in of(lines, "session"):
            assert (one["verdict"], one["trust"], one["pinned"]) == (
                verdict, how, True)


def test_unverified(send, sinks):
    sink = sinks()
    done, lines = send(sink, "--tls", "unverified")
    assert done.status == OK, done.err
    for one in of(lines, "session"):
        assert (one["verdict"], one["trust"], one["pinned"]) == (
            "unverified", "none", False)
        assert one["spki_sha256"] == prints(sink)[1]


def test_debug_says_it_too(send, sinks):
    sink = sinks()
    done, _ = send(sink, "--tls-ca", sink.ca, "-j", 1,
                   "--messages-per-session", 3, "--debug")
    said = re.findall(r"= (TLS1\.3 \S+ \S+, verified \(ca-file\)[a-z, ]*)",
                      done.err)
    assert len(said) == 2, done.err
    assert said[1].endswith(", resumed") and not said[0].endswith("resumed")


def test_in_clear(send, sinks):
    sink = sinks("--tls", "off")
    done, lines = send(sink, "--tls", "off")
    assert done.status == OK, done.err
    for one in of(lines, "session"):
        assert (one["version"], one["verdict"], one["trust"]) == (
            "none", "clear", "none")
    assert len(of(lines, "message")) == 6


def test_refused(send, sinks):
    sink = sinks()
    done, lines = send(sink)
    assert done.status == PROTOCOL
    [one] = lines
    assert (one["type"], one["verdict"], one["trust"]) == (
        "session", "refused", "system")
    assert one["spki_sha256"] == prints(sink)[1]
    assert "signed by itself" in one["end"]


def test_only_what_was_taken(send, sinks, contacts, run, template, tmp_path):
    sink = sinks()
    people = contacts(["bad@example.org", "spam@example.org",
                       "ann@example.org", "lost@example.org"], "mixed.csv")
    run("send", "-s", sink.url, "--tls-ca", sink.ca, "--tls-evidence",
        "e.jsonl", "--pipeline", "lockstep", "--retry-for", 0, people,
        template)
    lines = jsonl((tmp_path / "e.jsonl").read_text("utf-8"))
    assert [m["address"] for m in of(lines, "message")] == ["ann@example.org"]


def test_a_batch_has_a_line_for_each_row(run, sinks, contacts, tmp_path):
    sink = sinks()
    (tmp_path / "same.eml").write_text(
        "From: a@example.org\nTo: you@example.org\nSubject: s\n\nthe same\n")
    people = contacts([f"p{i}@example.org" for i in range(6)])
    done = run("send", "-s", sink.url, "--tls-ca", sink.ca, "--batch", 6,
               "--tls-evidence", "e.jsonl", people, "same.eml")
    assert done.status == OK, done.err
    lines = jsonl((tmp_path / "e.jsonl").read_text("utf-8"))
    messages = of(lines, "message")
    assert len(messages) == 6
    assert len({m["message_id"] for m in messages}) == 1
    assert [m["line"] for m in messages] == [2, 3, 4, 5, 6, 7]


def test_it_cannot_be_made(run, sinks, contacts, template):
    sink = sinks()
    people = contacts(["ann@example.org"])
    for path in ("no/such/e", "/", "."):
        done = run("send", "-s", sink.url, "--tls-ca", sink.ca,
                   "--tls-evidence", path, people, template)
        assert done.status == CANTCREAT, done.err
        assert path in done.err
    assert sink.recipients() == []


def test_it_cannot_be_written(run, sinks, contacts, template):
    sink = sinks()
    people = contacts([f"p{i}@example.org" for i in range(200)])
    done = run("send", "-s", sink.url, "--tls-ca", sink.ca, "--tls-evidence",
               "/dev/full", "-j", 1, people, template)
    assert done.status == IOERR, done.err
    assert "/dev/full" in done.err
    assert len(sink.recipients()) < 200


def test_what_exists_is_replaced(send, sinks, tmp_path):
    sink = sinks()
    old = tmp_path / "e.jsonl"
    old.write_text("not JSON\n" * 1000)
    old.chmod(0o644)
    done, lines = send(sink, "--tls-ca", sink.ca)
    assert done.status == OK and len(of(lines, "message")) == 6
    assert stat.S_IMODE(old.stat().st_mode) == 0o600


def test_with_a_state_it_goes_on(send, sinks, tmp_path):
    sink = sinks()
    campaign = ["--tls-ca", sink.ca, "--state", "s.db", "-j", 1]
    _, first = send(sink, *campaign, "--limit", 4)
    with open(tmp_path / "e.jsonl", "a") as file:
        file.write('{"type":"mess')  # a run was killed here
    _, both = send(sink, *campaign)
    assert both[:len(first)] == first
    assert len(of(first, "message")) == 4 and len(of(both, "message")) == 6
    assert len({m["address"] for m in of(both, "message")}) == 6
    assert stat.S_IMODE(os.stat(tmp_path / "e.jsonl").st_mode) == 0o600
    (tmp_path / "e.jsonl").write_text("x" * 10000)  # no line at all
    _, again = send(sink, *campaign)
    assert of(again, "message") == []


def test_it_is_no_other_file(run, contacts, template):
    people = contacts(["ann@example.org"])
    for words in (["--tls-evidence", people],
                  ["--tls-evidence", "x", "-o", "x"],
                  ["--tls-evidence", "x", "--failed", "x"],
                  ["--tls-evidence", "-"]):
        done = run("send", "-n", *words, people, template)
        assert done.status == USAGE, done.err


def test_standard_output(run, sinks, contacts, template):
    sink = sinks()
    done = run("send", "-s", sink.url, "--tls-ca", sink.ca, "--tls-evidence",
               "-", "-o", "r.csv", contacts(["ann@example.org"]), template)
    assert done.status == OK, done.err
    assert [line["type"] for line in jsonl(done.out)] == ["session", "message"]


def test_a_relay_s_words_are_one_line(run, contacts, template, tmp_path):
    script = tmp_path / "s.dialog"
    script.write_bytes(
        b"S: 220 hi\nC: EHLO x\nS: 250 relay\nC: MAIL FROM\nS: 250 ok\n"
        b"C: RCPT TO\nS: 250 ok\nC: DATA\nS: 354 go\nC: {1 dot}\n"
        b"S: 250-2.0.0 \x1b[31mred\xff\nS: 250 2.0.0 \"queued\" as 7\n"
        b"C: QUIT\nS: 221 bye\n")
    from sink import Sink
    sink = Sink(tmp_path / "scripted", "--tls", "implicit", "--script", script)
    try:
        done = run("send", "-s", f"smtps://{sink.address}", "--tls-ca",
                   sink.ca, "--tls-evidence", "e.jsonl", "-j", 1, "--pipeline",
                   "lockstep", contacts(["ann@example.org"]), template)
        text = (tmp_path / "e.jsonl").read_bytes()
    finally:
        sink.kill()
    assert done.status == OK, done.err
    assert b"\x1b" not in text and text.count(b"\n") == 2
    assert "\"queued\" as 7" in jsonl(text.decode("utf-8"))[1]["reply"]
