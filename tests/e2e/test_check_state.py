"""Does check see what send would of a campaign's state, and leave it alone?"""

import csv
import io
import re
import sqlite3
import time

import program
import pytest
from program import DATAERR, LOOK, NOINPUT, OK, REJECTED, REMAIN, USAGE
from test_send import trusted

PEOPLE = ["one@example.org", "bad.1@example.org", "full.9@example.org",
          "lost.1@example.org", "two@example.org", "never@example.org"]
# What a run with --limit 5 leaves of them.
SETTLED = {"one@example.org": "sent in an earlier run",
           "bad.1@example.org": "rejected in an earlier run",
           "lost.1@example.org": "unknown since an earlier run, and held",
           "two@example.org": "sent in an earlier run"}
LEFT = ["full.9@example.org", "never@example.org"]


@pytest.fixture
def listed(contacts):
    return contacts(PEOPLE)


@pytest.fixture
def begun(run, listed, template, sink, tmp_path):
    """The bytes of s.db, whose campaign main has rows of each kind."""
    done = run("send", *trusted(sink), "--state", "s.db", "--retry-for", "0",
               "-j", "1", "--window", "1", "--limit", "5", listed, template)
    assert done.status == LOOK, done.err
    return (tmp_path / "s.db").read_bytes()


def reasons(done):
    rows = csv.DictReader(io.StringIO(done.out, newline=""))
    return {row["address"]: (row["status"], row["reason"]) for row in rows}


def emails(path):
    return [line.split(",")[0] for line in path.read_text().splitlines()[1:]]


def test_what_earlier_runs_settled(run, begun, listed, template, tmp_path):
    done = run("check", "--state", "s.db", "--format", "csv", "--clean",
               "rest.csv", listed, template)
    assert done.status == OK, done.err
    found = reasons(done)
    assert all(status == "ok" for status, _ in found.values())
    assert {a: why for a, (_, why) in found.items() if why} == SETTLED
    assert ("campaign main: earlier runs settled 4 of the ok rows: sent=2 "
            "rejected=1 unknown=1; 2 would be sent") in done.err
    assert emails(tmp_path / "rest.csv") == LEFT
    assert (tmp_path / "s.db").read_bytes() == begun


def test_without_a_template_and_quietly(run, begun, listed):
    done = run("check", "--state", "s.db", "-q", listed)
    assert (done.status, done.out, done.err) == (OK, "", "")
    done = run("check", "--state", "s.db", listed)
    assert done.status == OK and "earlier runs settled 4" in done.err


def test_unknown_rows_that_would_go_again(run, begun, listed, template,
                                          tmp_path):
    done = run("check", "--state", "s.db", "--on-unknown", "resend", "--clean",
               "rest.csv", listed, template)
    assert done.status == OK and "settled 3 of" in done.err
    assert emails(tmp_path / "rest.csv") == ["full.9@example.org",
                                             "lost.1@example.org",
                                             "never@example.org"]


def test_the_clean_rows_are_those_that_send_begins(run, begun, listed,
                                                   template, sink, tmp_path):
    run("check", "--state", "s.db", "--clean", "rest.csv", listed, template)
    done = run("send", *trusted(sink), "--state", "s.db", "--retry-for", "0",
               "--debug", listed, template)
    said = re.findall(r"RCPT TO:<([^>]*)>", done.err)
    assert sorted(said) == sorted(emails(tmp_path / "rest.csv")), done.err


def test_another_template(run, begun, listed, template):
    template.write_text(template.read_text() + "PS: another one.\n")
    done = run("check", "--state", "s.db", listed, template)
    sent = run("send", "-n", "--state", "s.db", listed, template)
    assert done.status == sent.status == DATAERR
    assert "with another template" in done.err
    assert done.out == ""
    done = run("check", "--state", "s.db", "--template-changed", "ok", listed,
               template)
    assert done.status == OK and "settled 4" in done.err
    # The same, of what the letter is made of beside the template.
    assert run("check", "--state", "s.db", "-H", "X: y", listed,
               template).status == DATAERR
    # Another campaign of that file has no template yet.
    done = run("check", "--state", "s.db", "--campaign", "next", listed,
               template)
    assert done.status == OK and "campaign next: not yet begun" in done.err


@pytest.mark.parametrize("content", [b"", b"garbage\n" * 100,
                                     b"SQLite format 3\0" + b"\0" * 200])
def test_no_state(run, listed, template, tmp_path, content):
    (tmp_path / "s.db").write_bytes(content)
    for words in (["check"], ["send", "-n"]):
        done = run(*words, "--state", "s.db", listed, template)
        assert done.status == DATAERR and "s.db: " in done.err, words
    (tmp_path / "old.csv").write_text("kept\n")
    assert run("check", "--state", "s.db", "--clean", "old.csv", listed
               ).status == DATAERR
    assert (tmp_path / "old.csv").read_text() == "kept\n"
    assert (tmp_path / "s.db").read_bytes() == content


def test_a_damaged_state(run, begun, listed, tmp_path):
    with sqlite3.connect(tmp_path / "s.db") as db:
        db.execute("UPDATE delivery SET status = 'pending' WHERE id = 1")
    done = run("check", "--state", "s.db", listed)
    assert done.status == DATAERR and "damaged" in done.err


def test_a_state_that_is_not_there_is_not_made(run, listed, template,
                                               tmp_path):
    done = run("check", "--state", "s.db", listed, template)
    assert done.status == OK
    assert "campaign main: not yet begun (s.db)" in done.err
    assert not (tmp_path / "s.db").exists()
    done = run("check", "--campaign", "spring", listed, template)
    assert done.status == OK and "campaign spring: not yet begun" in done.err
    assert not (tmp_path / ".local").exists()
    # Nor is a folder a state.
    assert run("check", "--state", ".", listed, template).status == NOINPUT


def test_the_states_suppressions(run, begun, listed, template, tmp_path):
    with sqlite3.connect(tmp_path / "s.db") as db:
        db.execute("INSERT INTO suppression VALUES(?, ?, 'gone', 'test', 1)",
                   ("never@example.org", "never@example.org"))
    done = run("check", "--state", "s.db", "--campaign", "next", "--format",
               "csv", "--fail-on", "suppressed", listed, template)
    assert done.status == REJECTED and "suppressed=1" in done.err
    assert reasons(done)["never@example.org"][0] == "suppressed"


def test_while_a_run_goes_on(listed, contacts, template, sinks, run, tmp_path):
    sink = sinks("--rate", "20")
    many = contacts([f"u{i}@example.org" for i in range(400)], "many.csv")
    process = program.start("send", *trusted(sink), "--state", "s.db", many,
                            template, cwd=tmp_path)
    try:
        limit = time.monotonic() + 20
        while len(sink.recipients()) < 5 and time.monotonic() < limit:
            time.sleep(0.02)
        assert run("send", *trusted(sink), "--state", "s.db", many, template
                   ).status == REMAIN  # it is locked
        done = run("check", "--state", "s.db", many, template)
        assert done.status == OK, done.err
        (settled,) = re.findall(r"settled (\d+) of", done.err)
        assert int(settled) > 0
        assert process.poll() is None
    finally:
        process.kill()
        process.communicate()


def test_a_check_holds_up_no_run(contacts, template, sink, run, tmp_path):
    """A check that waits for its reader is no reason for a run to wait."""
    many = contacts([f"u{i}@example.org" for i in range(20000)], "many.csv")
    few = contacts(["a@example.org"], "few.csv")
    assert run("send", *trusted(sink), "--state", "s.db", few, template
               ).status == OK
    checking = program.start("check", "--state", "s.db", "--format", "csv",
                             many, cwd=tmp_path)
    try:
        time.sleep(0.5)
        assert checking.poll() is None  # its pipe is full
        few.write_text("email,name\na@example.org,A\nb@example.org,B\n")
        done = run("send", *trusted(sink), "--state", "s.db", few, template)
        assert done.status == OK and done.closing()["sent"] == 2
    finally:
        checking.kill()
        checking.communicate()


def test_settled_rows_are_nothing_to_warn_of(run, contacts, template, sink,
                                             tmp_path):
    listed = contacts(["ann@gmial.com"])
    assert run("check", "--state", "s.db", "--fail-on", "warning", listed
               ).status == REJECTED
    assert run("send", *trusted(sink), "--state", "s.db", listed, template
               ).status == OK
    done = run("check", "--state", "s.db", "--fail-on", "warning", listed)
    assert done.status == OK and "gmail" not in done.err


def test_the_state_is_no_output(run, begun, listed, tmp_path):
    assert run("check", "--state", "s.db", "--clean", "s.db", listed
               ).status == USAGE
    assert (tmp_path / "s.db").read_bytes() == begun
