"""Does `send` do what the contract says, against `mailshot sink`?

Report and outcomes; the relay that is not as it should be; the run that ends
early; what is wrong before anything is sent. test_message.py has the letters.
"""

import csv
import os
import pty
import re
import select
import signal
import socket
import time

import certificate
import program
import pytest
from program import (CANTCREAT, DATAERR, IOERR, LOOK, NOHOST, NOINPUT, NOPERM,
                     OK, PROTOCOL, REJECTED, REMAIN, UNAVAILABLE, USAGE,
                     by_status, jsonl, report, report_file)

USERS = [f"user{i}@example.org" for i in range(40)]


def trusted(sink):
    return ["-s", sink.url, "--tls-ca", sink.ca]


def assert_fluent(sink):
    """Ends the sink: nothing was said to it that it could not take. The probe
    of a connection that streams is one refused chunk, and no other is."""
    counts = sink.stop()
    probes = counts["connections"] if counts["bdat"] else 0
    assert counts["errors"] <= probes
    return counts


# Outcomes and the report


def test_all_sent(run, contacts, template, sink):
    done = run("send", *trusted(sink), contacts(USERS), template)
    assert done.status == OK
    assert done.out == ""
    assert done.closing()["sent"] == len(USERS)
    assert sorted(sink.recipients()) == sorted(USERS)
    counts = assert_fluent(sink)
    assert counts["messages"] == len(USERS)


def test_quiet_and_all_well_says_nothing(run, contacts, template, sink):
    done = run("send", "-q", *trusted(sink), contacts(USERS), template)
    assert (done.status, done.out, done.err) == (OK, "", "")


MIXED = ["one@example.org", "bad.1@example.org", "two@example.org",
         "grey.1@example.org", "full.1@example.org", "not an address",
         "ONE@example.org", "three@example.org", "bad.2@example.org"]
MIXED_OUTCOMES = {
    "sent": {"one@example.org", "two@example.org", "three@example.org",
             "grey.1@example.org"},
    "rejected": {"bad.1@example.org", "bad.2@example.org"},
    "deferred": {"full.1@example.org"},
    "invalid": {"not an address"},
    "duplicate": {"ONE@example.org"},
}


def mixed(sink):
    return [*trusted(sink), "--retry-for", "1s", "--retry-delay", "100ms"]


def as_sets(rows):
    return {status: set(found) for status, found in by_status(rows).items()}


def test_every_row_has_its_outcome(run, contacts, template, sink, tmp_path):
    path = tmp_path / "report.csv"
    done = run("send", *mixed(sink), "--report", path, "--report-all",
               contacts(MIXED), template)
    assert done.status == REMAIN
    assert done.out == ""
    rows = report_file(path)
    assert as_sets(rows) == MIXED_OUTCOMES
    assert len(rows) == done.closing()["rows"] == len(MIXED)
    assert sorted(int(r["line"]) for r in rows) == list(range(2, 11))
    assert path.stat().st_mode & 0o777 == 0o600
    by_address = {r["address"]: r for r in rows}
    bad = by_address["bad.1@example.org"]
    assert (bad["code"], bad["enhanced"], bad["scope"]) \
        == ("550", "5.1.1", "recipient")
    assert bad["relay"] == sink.address
    assert bad["tls"].startswith("TLS1.3")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z",
                        bad["time"])
    assert int(by_address["grey.1@example.org"]["attempts"]) == 2
    assert int(by_address["full.1@example.org"]["attempts"]) > 1
    invalid = by_address["not an address"]
    assert (invalid["code"], invalid["scope"]) == ("", "local")
    assert invalid["reply"]
    assert "2" in by_address["ONE@example.org"]["reply"]


def test_failures_alone_go_to_stdout(run, contacts, template, sink):
    done = run("send", *mixed(sink), contacts(MIXED), template)
    failed = {status: found for status, found in MIXED_OUTCOMES.items()
              if status in program.FAILED}
    assert as_sets(report(done.out)) == failed
    assert done.out.startswith(",".join(program.REPORT_FIELDS) + "\n")


def test_jsonl(run, contacts, template, sink):
    done = run("send", *mixed(sink), "--report-format", "jsonl",
               "--report-all", contacts(MIXED), template)
    rows = jsonl(done.out)
    assert as_sets(rows) == MIXED_OUTCOMES
    assert all(list(row) == program.REPORT_FIELDS for row in rows)


def test_summary_json(run, contacts, template, sink, tmp_path):
    done = run("send", *mixed(sink), "--summary", "json", "--report",
               tmp_path / "report.csv", contacts(MIXED), template)
    summary = jsonl(done.out)
    assert len(summary) == 1
    assert list(summary[0])[:9] == [*program.OUTCOMES, "rows"]
    for status in program.OUTCOMES:
        assert summary[0][status] == len(MIXED_OUTCOMES.get(status, ()))


def test_summary_none(run, contacts, template, sink):
    done = run("send", *trusted(sink), "--summary", "none",
               contacts(USERS[:3]), template)
    assert "sent=" not in done.err + done.out


def test_the_message_id_is_the_one_in_the_report(run, contacts, template,
                                                 sink):
    done = run("send", *trusted(sink), "--report-all", contacts(USERS),
               template)
    rows = report(done.out)
    assert sorted(r["message_id"] for r in rows) \
        == sorted(str(m["Message-ID"]) for m in sink.messages())
    assert len({r["message_id"] for r in rows}) == len(USERS)


def test_permanent_failures_alone_end_with_67(run, contacts, template, sink):
    done = run("send", *trusted(sink),
               contacts(["bad@example.org", "fine@example.org"]), template)
    assert done.status == REJECTED


# --failed


ODD_LIST = ('name;email;note\r\n'
            'Ann;ann@example.org;"kept; quoted"\r\n'
            '"Bob ""B"" Bo";bad.bob@example.org;"two\r\nlines"\r\n'
            ' Cyd ;grey.cyd@example.org;\r\n'
            'Dan;nobody at all;x\r\n'
            'Eve;bad.eve@example.org;y\r\n')


def test_failed_rows_stand_as_they_stood(run, template, sink, tmp_path):
    (tmp_path / "odd.csv").write_bytes(ODD_LIST.encode())
    first = run("send", *trusted(sink), "--retry-for", "0s", "--failed",
                "failed.csv", "odd.csv", template)
    assert first.status == REMAIN
    text = (tmp_path / "failed.csv").read_bytes().decode()
    rows = list(csv.reader(text.splitlines(keepends=True), delimiter=";"))
    assert rows[0] == ["name", "email", "note",
                       "_status", "_code", "_enhanced", "_reason"]
    assert [(r[1], r[3], r[4]) for r in rows[1:]] == [
        ("bad.bob@example.org", "rejected", "550"),
        ("grey.cyd@example.org", "deferred", "451"),
        ("nobody at all", "invalid", ""),
        ("bad.eve@example.org", "rejected", "550")]
    for raw in ('"Bob ""B"" Bo";bad.bob@example.org;"two\r\nlines"',
                ' Cyd ;grey.cyd@example.org;',
                'Dan;nobody at all;x'):
        assert raw + ";" in text
    assert (tmp_path / "failed.csv").stat().st_mode & 0o777 == 0o600

    # And it is a list: the grey one goes through, its columns are replaced.
    second = run("send", *trusted(sink), "--retry-for", "0s", "--failed",
                 "again.csv", "failed.csv", template)
    assert second.status == REJECTED
    assert second.closing()["sent"] == 1
    again = (tmp_path / "again.csv").read_text("utf-8")
    assert again.splitlines()[0].count("_status") == 1
    assert "grey.cyd" not in again


def test_failed_rows_without_names_are_a_list_again(run, tmp_path, sink):
    (tmp_path / "rows.csv").write_text(
        "ann@example.org\nbad.bob@example.org\ngrey.cyd@example.org\n"
        "nobody at all\n")
    (tmp_path / "note.eml").write_text(
        "From: a@example.org\nTo: {{1}}\n\nDear {{1}}\n")
    command = ["send", *trusted(sink), "--retry-for", "0s", "--no-header",
               "--failed", "failed.csv"]
    assert run(*command, "rows.csv", "note.eml").status == REMAIN

    def failed():
        text = (tmp_path / "failed.csv").read_text("utf-8")
        return [row[:3] for row in csv.reader(text.splitlines())
                if len(row) == 5]
    assert failed() == [["bad.bob@example.org", "rejected", "550"],
                        ["grey.cyd@example.org", "deferred", "451"],
                        ["nobody at all", "invalid", ""]]
    (tmp_path / "failed.csv").rename(tmp_path / "rows.csv")
    again = run(*command, "rows.csv", "note.eml")
    assert (again.status, again.closing()["sent"]) == (REJECTED, 1)
    assert failed() == [["bad.bob@example.org", "rejected", "550"],
                        ["nobody at all", "invalid", ""]]


def test_nothing_failed_leaves_a_header(run, contacts, template, sink,
                                        tmp_path):
    done = run("send", *trusted(sink), "--failed", "failed.csv",
               contacts(USERS[:2]), template)
    assert done.status == OK
    assert (tmp_path / "failed.csv").read_text() \
        == "email,name,_status,_code,_enhanced,_reason\n"


# What cannot be known


@pytest.mark.parametrize("kind, taken", [("drop", False), ("lost", True)])
def test_a_cut_after_the_content_is_unknown(run, contacts, template, sink,
                                            kind, taken):
    cut = f"{kind}@example.org"
    done = run("send", *trusted(sink), "-j", 1, "--retry-for", "2s",
               "--retry-delay", "50ms", "--failed", "failed.csv",
               "--report-all", contacts([*USERS[:20], cut, *USERS[20:]]),
               template)
    assert done.status == LOOK
    found = as_sets(report(done.out))
    assert cut in found["unknown"]
    # The rest goes on over another connection, and nobody is mailed twice.
    assert found["sent"] == set(USERS) - found["unknown"]
    sent = sink.recipients()
    assert len(sent) == len(set(sent))
    assert (cut in sent) == taken
    assert cut not in (sink.home.parent / "failed.csv").read_text()


# The relay is not as it should be


def test_wrong_certificate(run, contacts, template, sink, tmp_path):
    other = certificate.authority(tmp_path, "other")
    for trust in (["--tls-ca", other], []):
        done = run("send", "-s", sink.url, *trust, contacts(USERS), template)
        assert done.status == PROTOCOL
        assert done.closing()["pending"] == len(USERS)
    assert sink.recipients() == []


def test_wrong_name_in_the_certificate(run, contacts, template, sink):
    done = run("send", *trusted(sink), "--tls-name", "other.example.org",
               contacts(USERS), template)
    assert done.status == PROTOCOL
    assert done.closing()["pending"] == len(USERS)


def test_unverified_tls_is_tls(run, contacts, template, sink):
    done = run("send", "-s", sink.url, "--tls", "unverified", "--report-all",
               contacts(USERS[:3]), template)
    assert done.status == OK
    assert all(r["tls"].startswith("TLS1.3") for r in report(done.out))


def test_no_starttls_is_no_mailing(run, contacts, template, sinks):
    sink = sinks("--no-starttls")
    done = run("send", *trusted(sink), contacts(USERS), template)
    assert done.status == PROTOCOL
    assert done.closing()["pending"] == len(USERS)
    assert sink.recipients() == []


def test_tls_off_where_it_is_asked_for(run, contacts, template, sinks):
    sink = sinks("--no-starttls")
    done = run("send", "-s", sink.url, "--tls", "off", contacts(USERS),
               template)
    assert done.status == OK
    assert sorted(sink.recipients()) == sorted(USERS)


def test_implicit_tls(run, contacts, template, sinks):
    sink = sinks("--tls", "implicit")
    done = run("send", "-s", f"smtps://{sink.address}", "--tls-ca", sink.ca,
               "--report-all", contacts(USERS), template)
    assert done.status == OK
    assert {r["tls"].split()[0] for r in report(done.out)} == {"TLS1.3"}


def test_no_relay(run, contacts, template):
    with socket.socket() as unused:  # bound, not listening
        unused.bind(("127.0.0.1", 0))
        done = run("send", "-s", f"127.0.0.1:{unused.getsockname()[1]}",
                   "--retry-for", "1s", "--retry-delay", "100ms",
                   contacts(USERS), template)
    assert done.status == UNAVAILABLE
    assert done.closing()["pending"] == len(USERS)
    assert by_status(report(done.out)) == {"pending": USERS}


def test_unknown_host(run, contacts, template):
    """RFC 6761: .invalid does not exist; a resolver that cannot say so is
    out of order, which is another status."""
    host = "relay.invalid"
    try:
        socket.getaddrinfo(host, 587)
        pytest.fail(f"{host} has an address here")
    except socket.gaierror as error:
        missing = error.errno in (socket.EAI_NONAME, socket.EAI_NODATA)
    done = run("send", "-s", host, "--retry-for", "1s", contacts(USERS),
               template)
    assert done.status == (NOHOST if missing else UNAVAILABLE)
    assert done.closing()["pending"] == len(USERS)


# AUTH


@pytest.fixture
def secret(tmp_path):
    """secret(text) writes a password file; its path."""
    def write(text, mode=0o600, name="secret"):
        path = tmp_path / name
        path.write_text(text + "\n")
        path.chmod(mode)
        return path
    return write


@pytest.fixture
def guarded(sinks, secret):
    """guarded(option…) starts a sink that wants ann, and "open sesame"."""
    def start(*options):
        return sinks("--auth-required", "--auth", "ann",
                     "--auth-password-file",
                     secret("open sesame", name="theirs"), *options)
    return start


@pytest.mark.parametrize("mechanism", ["auto", "plain", "login"])
def test_login(run, contacts, template, guarded, secret, mechanism):
    sink = guarded()
    done = run("send", *trusted(sink), "-u", "ann", "--auth", mechanism,
               "--password-file", secret("open sesame"), contacts(USERS),
               template)
    assert done.status == OK
    assert sink.stop()["auth_ok"] >= 1


def test_wrong_password(run, contacts, template, guarded, secret):
    sink = guarded()
    done = run("send", *trusted(sink), "-u", "ann", "--password-file",
               secret("sesame"), contacts(USERS), template)
    assert done.status == NOPERM
    assert done.closing()["pending"] == len(USERS)
    assert "sesame" not in done.err + done.out
    assert sink.recipients() == []


def test_no_login_where_one_is_wanted(run, contacts, template, guarded):
    sink = guarded()
    done = run("send", *trusted(sink), contacts(USERS), template)
    assert done.status == NOPERM
    assert as_sets(report(done.out)) == {"pending": set(USERS)}


def test_password_by_command_and_descriptor(run, contacts, template, guarded,
                                            tmp_path):
    login = [*trusted(guarded()), "-u", "ann"]
    letters = [contacts(USERS[:3]), template]
    assert run("send", *login, "--passwordeval",
               f"cat '{tmp_path}/theirs'", *letters).status == OK
    assert run("send", *login, "--password-fd", 0, *letters,
               given=b"open sesame\n").status == OK


def test_a_password_file_others_can_read(run, contacts, template, guarded,
                                         secret):
    sink, path = guarded(), secret("open sesame", 0o644)
    done = run("send", *trusted(sink), "-u", "ann", "--password-file", path,
               contacts(USERS), template)
    assert done.status == program.CONFIG
    assert str(path) in done.err
    assert sink.recipients() == []


def test_login_in_clear_only_where_it_is_asked_for(run, contacts, template,
                                                   guarded, secret):
    sink = guarded("--tls", "off", "--auth-in-clear")
    login = ["-s", sink.url, "--tls", "off", "-u", "ann", "--password-file",
             secret("open sesame"), contacts(USERS[:3]), template]
    refused = run("send", *login)
    assert refused.status not in (OK, REMAIN)
    assert sink.recipients() == []
    assert run("send", "--auth-in-clear", *login).status == OK


def test_debug_masks_secrets_and_content(run, contacts, template, guarded,
                                         secret):
    done = run("send", "--debug", *trusted(guarded()), "-u", "ann",
               "--password-file", secret("open sesame"), contacts(USERS[:1]),
               template)
    assert done.status == OK
    assert "RCPT TO:<user0@example.org>" in done.err
    for hidden in ("open sesame", "AGFubgBvcGVuIHNlc2FtZQ", "alone"):
        assert hidden not in done.err


# How it is said


@pytest.mark.parametrize("option", ["--no-pipelining", "--no-chunking",
                                    "--no-8bitmime", "--no-smtputf8",
                                    "--no-dsn", "--no-enhancedstatuscodes"])
def test_falls_back_to_what_is_offered(run, contacts, template, sinks,
                                       option):
    sink = sinks(option)
    done = run("send", *mixed(sink), "--report-all", contacts(MIXED), template)
    assert as_sets(report(done.out)) == MIXED_OUTCOMES
    if option in ("--no-pipelining", "--no-chunking"):
        assert {line["tier"] for line in sink.log()} == {"data"}
    assert_fluent(sink)


@pytest.mark.parametrize("pipeline", ["auto", "group", "lockstep"])
def test_pipeline_as_asked(run, contacts, template, sink, pipeline):
    done = run("send", *mixed(sink), "--pipeline", pipeline, "--report-all",
               contacts(MIXED), template)
    assert as_sets(report(done.out)) == MIXED_OUTCOMES
    tiers = {line["tier"] for line in sink.log()}
    if pipeline != "auto":
        assert tiers == {"data"}
    assert_fluent(sink)


@pytest.mark.parametrize("sessions", [1, 4])
def test_as_many_sessions_as_asked(run, contacts, template, sinks, sessions):
    sink = sinks("--delay", 10)
    many = [f"user{i}@example.org" for i in range(100)]
    done = run("send", *trusted(sink), "-j", sessions, contacts(many),
               template)
    assert done.status == OK
    counts = sink.stop()
    assert counts["max_concurrent"] == sessions
    # One connection carries many messages.
    assert counts["connections"] == sessions


# Less than all of it


def test_limit(run, contacts, template, sink):
    done = run("send", *trusted(sink), "--limit", 3, contacts(USERS),
               template)
    assert done.status == REMAIN
    assert done.closing()["sent"] == 3
    assert done.closing()["pending"] == len(USERS) - 3
    assert len(sink.recipients()) == 3


def test_a_limit_of_all_is_no_limit(run, contacts, template, sink):
    done = run("send", *trusted(sink), "--limit", len(USERS), contacts(USERS),
               template)
    assert done.status == OK


@pytest.mark.parametrize("by", ["option", "environment"])
def test_dry_run_opens_no_connection(run, contacts, template, sink, by):
    option = ["--dry-run"] if by == "option" else []
    env = {} if option else {"MAILSHOT_DRY_RUN": "1"}
    done = run("send", *trusted(sink), *option, contacts(MIXED), template,
               env=env)
    assert done.closing()["sent"] == 0
    assert done.closing()["invalid"] == done.closing()["duplicate"] == 1
    assert sink.stop()["connections"] == 0


@pytest.mark.parametrize("mode, sent", [
    ("exact", 5), ("fold", 4), ("provider", 3), ("off", 6)])
def test_dedupe(run, contacts, template, sink, mode, sent):
    rows = ["a.b@gmail.com", "ab@googlemail.com", "c@example.org",
            "C@example.org", "c@example.org", "d@example.org"]
    done = run("send", *trusted(sink), "--dedupe", mode, contacts(rows),
               template)
    assert done.status == OK
    assert done.closing()["sent"] == sent
    assert done.closing()["duplicate"] == len(rows) - sent


def test_suppress(run, contacts, template, sink, tmp_path):
    (tmp_path / "never.txt").write_text("USER1@example.org\n@example.net\n")
    done = run("send", *trusted(sink), "--suppress", "never.txt",
               contacts([*USERS[:3], "x@example.net"]), template)
    assert done.status == OK
    assert done.closing()["suppressed"] == 2
    assert sorted(sink.recipients()) == [USERS[0], USERS[2]]


# The run ends early


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGHUP"])
def test_a_signal_drains(contacts, template, slow_relay, tmp_path, name):
    many = [f"user{i}@example.org" for i in range(300)]
    relay = slow_relay(0.1)
    process = program.start(
        "send", "-s", relay.url, "--tls", "off", "-j", 2, "--report-all",
        contacts(many), template, cwd=tmp_path)
    for _ in range(4):
        assert relay.begun.acquire(timeout=30)
    process.send_signal(getattr(signal, name))
    done = program.finish(process, 30)
    assert done.status == REMAIN
    found = by_status(report(done.out))
    assert set(found) == {"sent", "pending"}
    assert 4 <= len(found["sent"]) < 20
    assert sorted(found["sent"]) == sorted(relay.taken)
    assert sorted(found["sent"] + found["pending"]) == sorted(many)


def test_nohup_outlives_its_terminal(contacts, template, slow_relay,
                                     tmp_path):
    relay = slow_relay(0.1)
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        process = program.start(
            "send", "-s", relay.url, "--tls", "off", "-j", 2,
            contacts(USERS), template, cwd=tmp_path)
    finally:
        signal.signal(signal.SIGHUP, before)
    assert relay.begun.acquire(timeout=30)
    process.send_signal(signal.SIGHUP)
    done = program.finish(process, 30)
    assert done.status == OK and sorted(relay.taken) == sorted(USERS)


def test_a_second_signal_stops_at_once(contacts, template, slow_relay,
                                       tmp_path):
    relay = slow_relay(None)
    process = program.start(
        "send", "-s", relay.url, "--tls", "off", "-j", 2, "--report-all",
        contacts(USERS), template, cwd=tmp_path)
    for _ in range(2):
        assert relay.begun.acquire(timeout=30)
    process.send_signal(signal.SIGTERM)
    with pytest.raises(program.subprocess.TimeoutExpired):
        process.wait(1)  # the relay may still answer
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    done = program.finish(process, 10)
    assert time.monotonic() - began < 3
    assert done.status == LOOK
    found = by_status(report(done.out))
    # Whole contents, unanswered: one a session. The rest never left.
    assert len(found["unknown"]) == 2
    assert len(found["pending"]) == len(USERS) - 2


# What is seen meanwhile


def lines_said(done):
    """stderr's lines, without the warning that --tls off is due."""
    return [line for line in done.err.splitlines() if "TLS off" not in line]


def on_a_terminal(process, master):
    """All that the program writes to the terminal until it ends."""
    seen = b""
    while True:
        ready, _, _ = select.select([master], [], [], 0.1)
        try:
            piece = os.read(master, 65536) if ready else b""
        except OSError:  # the other end is closed
            return seen
        seen += piece
        if not ready and process.poll() is not None:
            return seen


def test_progress_on_a_terminal_alone(contacts, template, slow_relay,
                                      tmp_path):
    relay = slow_relay(0.05)
    master, slave = pty.openpty()
    process = program.start(
        "send", "-s", relay.url, "--tls", "off", "-j", 1, contacts(USERS),
        template, cwd=tmp_path, stderr=slave, env={"TERM": "xterm"})
    os.close(slave)
    seen = on_a_terminal(process, master)
    os.close(master)
    assert program.finish(process, 10).status == OK
    assert seen.count(b"\r") > 5
    assert b"sent=40" in seen

    piped = program.run("send", "-s", relay.url, "--tls", "off", "-j", 1,
                        contacts(USERS), template, cwd=tmp_path)
    assert "\r" not in piped.err
    assert len(lines_said(piped)) == 1


def test_sigusr1_says_how_it_stands(contacts, template, slow_relay, tmp_path):
    relay = slow_relay(0.05)
    process = program.start(
        "send", "-s", relay.url, "--tls", "off", "-j", 1, contacts(USERS),
        template, cwd=tmp_path)
    for _ in range(3):
        assert relay.begun.acquire(timeout=30)
    process.send_signal(signal.SIGUSR1)
    done = program.finish(process, 30)
    assert done.status == OK
    said = lines_said(done)
    assert len(said) == 2
    assert "40" in said[0]


# Nothing is sent where something is wrong


@pytest.mark.parametrize("text, line, why", [
    ("email,name\na@example.org,\"open\n", 2, "quote"),
    ("email,name\na@example.org\n", 2, "field"),
    ("email,name\nb@example.org,x,y\n", 2, "field"),
    ("email,name\na@example.org,x\nb@example.org,y\"y\n", 3, "quote"),
    ("email,email\na@example.org,x\n", 1, "email"),
    ("name,town\na,b\n", 1, "column"),
    ("a@example.org,Ann\n", 1, "--no-header"),
])
def test_malformed_list(run, template, sink, tmp_path, text, line, why):
    (tmp_path / "list.csv").write_text(text)
    done = run("send", *trusted(sink), "list.csv", template)
    assert done.status == DATAERR
    assert f"list.csv:{line}:" in done.err
    assert why in done.err
    assert done.out == ""
    assert sink.stop()["connections"] == 0


def test_a_fault_in_the_last_line_stops_the_first(run, template, sink,
                                                  tmp_path):
    (tmp_path / "list.csv").write_text(
        "email,name\n" + "".join(f"{u},x\n" for u in USERS) + "z@x.org,\"\n")
    done = run("send", *trusted(sink), "list.csv", template)
    assert done.status == DATAERR
    assert f"list.csv:{len(USERS) + 2}:" in done.err
    assert sink.stop()["connections"] == 0


def test_unknown_column_in_the_template(run, contacts, sink, tmp_path):
    (tmp_path / "t.eml").write_text(
        "From: a@example.org\nSubject: x\n\nDear {{nmae}}\n")
    done = run("send", *trusted(sink), contacts(USERS), "t.eml")
    assert done.status == DATAERR
    assert "t.eml:4:" in done.err
    assert "nmae" in done.err and "name" in done.err.replace("nmae", "")
    assert sink.stop()["connections"] == 0


def test_no_from(run, contacts, sink, tmp_path):
    (tmp_path / "t.eml").write_text("Subject: x\n\nDear {{name}}\n")
    done = run("send", *trusted(sink), contacts(USERS), "t.eml")
    assert done.status == DATAERR
    assert "From" in done.err


@pytest.mark.parametrize("missing", ["list", "template"])
def test_unreadable_input(run, contacts, template, sink, missing):
    files = [contacts(USERS), template]
    files[missing == "template"] = "nowhere"
    done = run("send", *trusted(sink), *files)
    assert done.status == NOINPUT
    assert "nowhere" in done.err


def test_max_invalid(run, contacts, template, sink):
    rows = [*USERS[:9], "nonsense"]
    done = run("send", *trusted(sink), "--max-invalid", 5, contacts(rows),
               template)
    assert done.status == DATAERR
    assert sink.stop()["connections"] == 0


def test_the_max_invalid_that_is_not_passed(run, contacts, template, sink):
    done = run("send", *trusted(sink), "--max-invalid", 10,
               contacts([*USERS[:9], "nonsense"]), template)
    assert done.status == REJECTED
    assert done.closing()["sent"] == 9


@pytest.mark.parametrize("arguments", [
    ["--no-such-option"], ["--password", "x"], ["-j", "none"],
    ["--tls", "perhaps"], ["--report-format", "xml"], ["--limit", "-1"],
])
def test_usage(run, contacts, template, sink, arguments):
    done = run("send", *trusted(sink), *arguments, contacts(USERS), template)
    assert done.status == USAGE
    assert done.err and done.out == ""
    assert sink.stop()["connections"] == 0


def test_an_output_that_is_an_input(run, contacts, template, sink):
    path = contacts(USERS)
    before = path.read_bytes()
    for option in ("--report", "--failed"):
        done = run("send", *trusted(sink), option, path, path, template)
        assert done.status == USAGE
    assert path.read_bytes() == before


def test_no_relay_named(run, contacts, template):
    done = run("send", contacts(USERS), template)
    assert done.status in (USAGE, program.CONFIG)
    assert "--server" in done.err


def test_report_cannot_be_created(run, contacts, template, sink):
    done = run("send", *trusted(sink), "--report", "no/such/report.csv",
               contacts(USERS), template)
    assert done.status == CANTCREAT
    assert sink.recipients() == []


def test_report_cannot_be_written(run, contacts, template, sink):
    done = run("send", *trusted(sink), "--report", "/dev/full",
               "--report-all", contacts(USERS), template)
    assert done.status == IOERR
    assert "/dev/full: cannot be written: No space left" in done.err


# Where an option comes from


def test_environment_twin_and_precedence(run, contacts, template, sinks):
    first, second = sinks(), sinks()
    env = {"MAILSHOT_SERVER": first.url, "MAILSHOT_TLS_CA": str(first.ca)}
    assert run("send", contacts(USERS), template, env=env).status == OK
    assert run("send", *trusted(second), contacts(USERS[:5]), template,
               env=env).status == OK
    assert len(first.recipients()) == len(USERS)
    assert len(second.recipients()) == 5


def test_list_on_stdin(run, template, sink):
    done = run("send", *trusted(sink), "-", template,
               given=b"email,name\nfirst@example.org,A\nb@example.org,B\n")
    assert done.status == OK
    assert sorted(sink.recipients()) == ["b@example.org", "first@example.org"]
