"""A file that can no longer be written, while letters are under way: no letter
is begun any more, those that were get their verdicts, and what they are is
kept wherever it still can be."""

import os
import re
import shutil
import signal
import subprocess
import time

import pytest

import program
from odd_relay import OddRelay
from program import IOERR, OK, REMAIN, report, report_file

ROWS = [f"u{i}@example.org" for i in range(30)]
# A leak checker is a tracer, too, and there can be only one.
TRACED = {"ASAN_OPTIONS": f"detect_leaks=0:exitcode={program.SANITIZER_STATUS}"}


@pytest.fixture
def relay():
    """The first session is quick, and the contents of the second are answered
    late; those of the next run are fast."""
    def answer(heard):
        if heard.verb == "content":
            time.sleep({1: 0.1, 2: 1.2}.get(heard.number, 0))
    one = OddRelay(answer)
    yield one
    one.stop()


def options(relay, *more):
    return ["send", *relay.options, "-j", 2, *more, "contacts.csv",
            "notice.eml"]


@pytest.fixture
def here(tmp_path, contacts, template):
    contacts(ROWS)
    return tmp_path


def judge(done, relay):
    """Nothing was cut: what was taken is known to be."""
    assert done.status == IOERR, done.err
    counts = done.closing()
    assert counts["unknown"] == 0 and counts["pending"] > 0, done.err
    assert counts["sent"] == len(relay.taken) == len(set(map(tuple,
                                                             relay.taken)))
    return counts


def read_some_and_close(descriptor, lines):
    """As head(1) does."""
    with os.fdopen(descriptor, "rb") as stream:
        return [stream.readline() for _ in range(lines)]


def test_a_report_whose_reader_goes(here, relay):
    reader, writer = os.pipe()
    process = program.start(
        *options(relay, "--report-all", "--failed", "f.csv",
                 "--tls-evidence", "e.jsonl"), cwd=here, stdout=writer)
    os.close(writer)
    read_some_and_close(reader, 3)
    counts = judge(program.finish(process), relay)
    # The others are whole.
    failed = (here / "f.csv").read_text().splitlines()[1:]
    assert len(failed) == counts["pending"]
    assert all("cannot be written" in line for line in failed)
    evidence = program.jsonl((here / "e.jsonl").read_text())
    assert sum(line["type"] == "message" for line in evidence) == \
        counts["sent"]
    # And they are the list of the rest.
    again = program.run("send", *relay.options, "f.csv", "notice.eml",
                        cwd=here)
    assert again.status == OK, again.err
    assert sorted(r for taken in relay.taken for r in taken) == sorted(ROWS)


def test_evidence_whose_reader_goes(here, relay):
    reader, writer = os.pipe()
    process = program.start(
        *options(relay, "--report-all", "--report", "r.csv", "--tls-evidence",
                 f"/dev/fd/{writer}"), cwd=here, pass_fds=[writer])
    os.close(writer)
    read_some_and_close(reader, 3)
    counts = judge(program.finish(process), relay)
    rows = report_file(here / "r.csv")
    assert len(rows) == len(ROWS)
    assert sum(row["status"] == "sent" for row in rows) == counts["sent"]


def test_with_a_state_nobody_is_mailed_twice(here, relay):
    reader, writer = os.pipe()
    state = ["--state", "s.db"]
    process = program.start(*options(relay, "--report-all", *state), cwd=here,
                            stdout=writer)
    os.close(writer)
    read_some_and_close(reader, 3)
    judge(program.finish(process), relay)
    done = program.run(*options(relay, *state), cwd=here)
    assert done.status == OK, done.err
    assert sorted(r for taken in relay.taken for r in taken) == sorted(ROWS)


def traced(here, what, arguments):
    done = subprocess.run(
        ["strace", "-f", "-qq", "-o", "/dev/null", "-e", what, program.BINARY,
         *map(str, arguments)], cwd=here, timeout=120,
        stdin=subprocess.DEVNULL, capture_output=True,
        env=program.environment(here, **TRACED))
    return program.Result(done.returncode, done.stdout.decode(),
                          done.stderr.decode())


needs_strace = pytest.mark.skipif(not shutil.which("strace"),
                                  reason="no strace here")


@needs_strace
@pytest.mark.parametrize("number", [30, 36, 44])
def test_a_state_that_breaks(here, relay, number):
    """EIO, and from then on: what cannot be kept there is in the report."""
    state = ["--state", "s.db", "--report-all"]
    done = traced(here, f"inject=pwrite64:error=EIO:when={number}+",
                  options(relay, *state, "--report", "r.csv"))
    counts = judge(done, relay)
    assert "s.db" in done.err
    sent = {row["address"] for row in report_file(here / "r.csv")
            if row["status"] == "sent"}
    assert len(sent) == counts["sent"]
    again = program.run(*options(relay, *state), cwd=here)
    assert again.closing()["pending"] == 0
    taken = [r for taken in relay.taken for r in taken]
    assert len(taken) == len(set(taken))
    unknown = {row["address"] for row in report(again.out)
               if row["status"] == "unknown"}
    assert set(ROWS) - unknown <= set(taken)


@needs_strace
def test_reasons_that_cannot_be_kept(here, relay, sinks, contacts):
    """The rows of --failed are whole all the same."""
    relay.answer = lambda heard: (b"550 5.1.1 no such user\r\n"
                                  if heard.verb == "RCPT" else None)
    contacts(ROWS[:4])
    done = traced(here, "inject=pwrite64:error=ENOSPC:when=1+",
                  options(relay, "--failed", "f.csv", "--report", "r.csv"))
    assert done.status == IOERR, done.err
    assert "temporary file of --failed" in done.err
    assert {row["status"] for row in report_file(here / "r.csv")} == \
        {"rejected"}
    failed = (here / "f.csv").read_text().splitlines()[1:]
    assert [line.split(",")[0] for line in failed] == ROWS[:4]
    assert all("rejected" in line and "temporary file" in line
               for line in failed)


def test_a_signal_while_it_ends_is_the_first_one(here, relay):
    """Time is over, and what is under way ends: so a signal asks for no more
    than that."""
    process = program.start(
        *options(relay, "--max-runtime", "500ms", "--report", "r.csv"),
        cwd=here)
    time.sleep(0.9)
    process.send_signal(signal.SIGTERM)
    done = program.finish(process)
    assert done.status == REMAIN, done.err
    counts = done.closing()
    assert counts["unknown"] == 0 and counts["sent"] == len(relay.taken)
    assert re.search("once more", done.err)
