"""What do state files say, and who may settle what they do not know?"""

import json
import re
import signal
import sqlite3
import time

import program
import pytest
from program import (DATAERR, IOERR, LOOK, NOINPUT, OK, REMAIN, USAGE, jsonl,
                     report, report_file)
from test_send import trusted

USERS = [f"user{i}@example.org" for i in range(40)]
LOST = ["lost.1@example.org", "lost.2@example.org"]


@pytest.fixture
def state(run, contacts, template, sink):
    """A state with a row of each kind, and rows never begun."""
    people = ["one@example.org", "bad.1@example.org", "full.9@example.org",
              *LOST, *USERS]
    done = run("send", *trusted(sink), "--state", "s.db", "--retry-for", "0",
               "-j", "1", "--window", "1", "--limit", "20", contacts(people),
               template)
    assert done.status == LOOK
    return done.closing()


def counts(text):
    (line,) = re.findall(r"^ sent=.*$", text, re.M)
    return {name: int(n) for name, n in (w.split("=") for w in line.split())}


def test_it_counts(run, state):
    done = run("status", "s.db")
    assert done.status == OK and done.err == ""
    found = counts(done.out)
    for name in ("sent", "rejected", "deferred", "unknown", "rows"):
        assert found[name] == state[name]
    assert found["pending"] + found["rest"] == state["pending"]
    assert "campaign main begun" in done.out
    for lost in LOST:
        assert re.search(rf"^  line \d+: {re.escape(lost)} unknown: .*lost",
                         done.out, re.M)
    assert re.search(r"^  1 deferred: .*full", done.out, re.M)
    assert re.search(r"in the last hour \d+", done.out)


def test_the_report_comes_again(run, contacts, template, sink, tmp_path):
    people = ["one@example.org", "bad.1@example.org", *USERS]
    run("send", *trusted(sink), "--state", "s.db", "--report-all", "-o",
        "first.csv", contacts(people), template)
    assert run("status", "s.db", "--report-all", "-o", "again.csv"
               ).status == OK

    def known(rows):
        return sorted(tuple(row.values()) for row in rows)
    first = known(report_file(tmp_path / "first.csv"))
    assert known(report_file(tmp_path / "again.csv")) == first
    lines = run("status", "s.db", "--report-all", "--format", "jsonl")
    assert known({k: str(v) for k, v in row.items()}
                 for row in jsonl(lines.out)) == first
    (row,) = report(run("status", "s.db", "--format", "csv").out)
    assert row["address"] == "bad.1@example.org"


def test_several_states(run, contacts, template, sink):
    for name in ("a.db", "b.db"):
        assert run("send", *trusted(sink), "--state", name, contacts(USERS),
                   template).status == OK
    done = run("status", "a.db", "b.db")
    assert done.status == OK
    assert len(re.findall(r" sent=40 ", done.out)) == 2
    assert re.search(r"^all of them\n sent=80 .* rows=80$", done.out, re.M)
    assert len(jsonl(run("status", "a.db", "b.db", "--report-all", "--format",
                         "jsonl").out)) == 80


def test_unknown_rows_are_settled(run, state, contacts, template, sink,
                                  tmp_path):
    done = run("status", "--settle", "sent", "s.db", "LOST.1@Example.org")
    assert done.status == OK
    assert counts(done.out)["unknown"] == state["unknown"] - 1
    taken = len(sink.recipients())
    assert run("status", "--settle", "pending", "s.db").status == OK
    with sqlite3.connect(tmp_path / "s.db") as db:
        rows = db.execute("SELECT d.address, s.status, s.who, s.time FROM "
                          "settlement s JOIN delivery d ON d.id = s.delivery "
                          "ORDER BY s.id").fetchall()
    assert [row[:2] for row in rows] == [(LOST[0], "sent"),
                                         (LOST[1], "pending")]
    assert all(who and abs(at / 1000 - time.time()) < 100
               for _, _, who, at in rows)
    people = ["one@example.org", "bad.1@example.org", "full.9@example.org",
              *LOST, *USERS]
    again = run("send", *trusted(sink), "--state", "s.db", "--retry-for", "0",
                contacts(people), template)
    assert again.closing()["unknown"] >= 1
    assert LOST[0] not in sink.recipients()[taken:]
    assert LOST[1] in sink.recipients()[taken:]


def test_all_are_settled_or_none(run, state):
    done = run("status", "--settle", "sent", "s.db", LOST[0], USERS[0])
    assert done.status == DATAERR and USERS[0] in done.err
    assert counts(run("status", "s.db").out)["unknown"] == state["unknown"]
    assert run("status", "--settle", "sent", "s.db", "no address"
               ).status == USAGE
    assert run("status", "--settle", "never", "s.db").status == USAGE


def test_it_reads_while_a_run_goes_on(run, contacts, template, sinks,
                                      tmp_path):
    sink = sinks("--rate", "20")
    first = program.start("send", *trusted(sink), "--state", "s.db",
                          contacts(USERS), template, cwd=tmp_path)
    limit = time.monotonic() + 20
    while len(sink.recipients()) < 3 and time.monotonic() < limit:
        time.sleep(0.02)
    done = run("status", "s.db")
    assert done.status == OK
    assert f"process {first.pid} is at work" in done.out
    assert " under way" in done.out and " unknown: " not in done.out
    settling = run("status", "--settle", "sent", "s.db")
    assert settling.status == REMAIN and f"process {first.pid} " in settling.err
    first.send_signal(signal.SIGTERM)
    first.communicate(timeout=30)
    assert "at work" not in run("status", "s.db").out


def test_what_is_no_state(run, tmp_path):
    (tmp_path / "text").write_text("x" * 1000)
    assert run("status", "no.db").status == NOINPUT
    assert run("status", "text").status == DATAERR
    assert run("status").status == USAGE
    assert run("status", "--nonsense", "x").status == USAGE


def test_it_changes_nothing(run, state, tmp_path):
    before = (tmp_path / "s.db").read_bytes()
    assert run("status", "s.db", "-o", "r.csv").status == OK
    assert (tmp_path / "s.db").read_bytes() == before


def test_output_that_cannot_be_written(run, state):
    assert run("status", "s.db", "-o", "/dev/full").status == IOERR


def test_it_is_printable(run, contacts, template, sinks):
    """What a relay said cannot steer a terminal."""
    sink = sinks()
    run("send", *trusted(sink), "--state", "s.db", "--campaign", "\u202etxt",
        contacts(USERS[:1]), template)
    out = run("status", "s.db").out
    assert "\u202e" not in out and json.dumps(out)


@pytest.mark.parametrize("name", ["s.db", "./s.db", "s.db-wal"])
def test_a_report_never_replaces_the_state(run, state, contacts, template,
                                           tmp_path, name):
    before = (tmp_path / "s.db").read_bytes()
    done = run("status", "-o", name, "s.db")
    assert done.status == USAGE
    assert f"--report and the state are one file: {name}" in done.err
    assert (tmp_path / "s.db").read_bytes() == before
    assert run("send", "-n", "--state", "s.db", "--failed", name, contacts(
        ["one@example.org"]), template).status == USAGE


@pytest.mark.parametrize("more", [[], ["--settle", "sent"]])
def test_a_campaign_that_is_not_there(run, state, tmp_path, more):
    (tmp_path / "old.csv").write_text("of before")
    done = run("status", "--campaign", "mian", "-o", "old.csv", *more, "s.db")
    assert done.status == DATAERR
    assert 's.db: no campaign is called "mian"' in done.err
    assert (tmp_path / "old.csv").read_text() == "of before"


def test_a_folder_is_no_state(run, tmp_path):
    done = run("status", tmp_path)
    assert done.status == NOINPUT
    assert "not a file that can hold a state" in done.err


def test_a_state_that_is_not_there_costs_no_report(run, state, tmp_path):
    (tmp_path / "old.csv").write_text("of before")
    assert run("status", "-o", "old.csv", "s.db", "t.db").status == NOINPUT
    assert (tmp_path / "old.csv").read_text() == "of before"
