"""--batch, --rate and DSN against `mailshot sink`."""

import time

import pytest

OK, NOUSER = 0, 67

FIXED = """From: Notices <notices@example.org>
To: undisclosed-recipients:;
Subject: One for all

The same text for everybody.
"""


def trusted(sink):
    return ["-s", sink.url, "--tls-ca", sink.ca]


@pytest.fixture
def fixed(tmp_path):
    (tmp_path / "fixed.eml").write_text(FIXED)
    return "fixed.eml"


def write_list(tmp_path, rows):
    text = "email,town\n" + "".join(f"{a},{t}\n" for a, t in rows)
    (tmp_path / "list.csv").write_text(text)
    return "list.csv"


@pytest.mark.parametrize("tier", ["stream", "group", "lockstep"])
def test_rows_with_one_letter_share_a_transaction(run, sink, tmp_path, fixed,
                                                  tier):
    rows = [(f"u{i}@example.org", "x") for i in range(20)]
    rows[7] = ("bad.one@example.org", "x")
    done = run("send", *trusted(sink), "-j", "1", "--batch", "8", "--pipeline",
               tier, "--report-all", "--report", "r.csv",
               write_list(tmp_path, rows), fixed)
    assert done.status == NOUSER
    taken = sink.log()
    assert [len(t["recipients"]) for t in taken] == [7, 8, 4]
    assert sorted(r for t in taken for r in t["recipients"]) == sorted(
        a for a, _ in rows if not a.startswith("bad"))
    assert len({t["message_id"] for t in taken}) == 1
    report = (tmp_path / "r.csv").read_text()
    assert report.count(",sent,") == 19 and report.count(",rejected,") == 1


def test_letters_that_differ_do_not_share(run, sink, tmp_path):
    (tmp_path / "t.eml").write_text(FIXED.replace("everybody", "{{town}}"))
    rows = [(f"u{i}@example.org", "AABBB"[i % 5]) for i in range(10)]
    done = run("send", *trusted(sink), "-j", "1", "--batch", "100",
               write_list(tmp_path, rows), "t.eml")
    assert done.status == OK
    taken = sink.log()
    assert [len(t["recipients"]) for t in taken] == [2, 3, 2, 3]
    assert len({t["message_id"] for t in taken}) == 2


def test_a_letter_with_its_line_is_nobody_elses(run, sink, tmp_path):
    (tmp_path / "t.eml").write_text(
        FIXED.replace("everybody", "row {{mailshot.line}}"))
    rows = [(f"u{i}@example.org", "x") for i in range(5)]
    done = run("send", *trusted(sink), "--batch", "100",
               write_list(tmp_path, rows), "t.eml")
    assert done.status == OK
    assert [len(t["recipients"]) for t in sink.log()] == [1] * 5


def test_a_rate_is_kept(run, sink, tmp_path, fixed):
    """No more than 20 in any second; how fast the machine is plays no part."""
    rows = [(f"u{i}@example.org", "x") for i in range(50)]
    began = time.monotonic()
    done = run("send", *trusted(sink), "--rate", "20/s",
               write_list(tmp_path, rows), fixed)
    assert done.status == OK
    assert time.monotonic() - began >= 2.4
    assert len(sink.log()) == 50


@pytest.mark.parametrize("rate", ["120/2m", "90/90s", "4000/61m"])
def test_a_window_of_minutes_is_waited_for(run, sink, tmp_path, fixed, rate):
    """Where a run ends is a matter of the unit that was given."""
    rows = [(f"u{i}@example.org", "x") for i in range(2)]
    done = run("send", *trusted(sink), "--rate", rate, "--domain-rate",
               "example.org=240/3m", write_list(tmp_path, rows), fixed,
               timeout=100)
    assert done.status == OK and "used up" not in done.err
    assert len(sink.log()) == 2


def test_a_budget_ends_the_run(run, sink, tmp_path, fixed):
    rows = [(f"u{i}@example.org", "x") for i in range(10)]
    done = run("send", *trusted(sink), "--rate", "4/h", "--failed", "f.csv",
               write_list(tmp_path, rows), fixed)
    assert done.status == 75
    assert "used up until 20" in done.err
    assert "sent=4 " in done.err and "pending=6 " in done.err
    assert len(sink.log()) == 4
    done = run("send", *trusted(sink), "f.csv", fixed)
    assert done.status == OK
    taken = sorted(r for t in sink.log() for r in t["recipients"])
    assert taken == sorted(a for a, _ in rows)


def test_sessions_end_after_so_many(run, sinks, tmp_path, fixed):
    sink = sinks("--max-messages-per-session", "1000")
    rows = [(f"u{i}@example.org", "x") for i in range(10)]
    done = run("send", *trusted(sink), "-j", "1", "--messages-per-session",
               "3", write_list(tmp_path, rows), fixed)
    assert done.status == OK
    sessions = [t["session"] for t in sink.log()]
    assert max(sessions.count(s) for s in sessions) == 3
    assert len(set(sessions)) == 4
