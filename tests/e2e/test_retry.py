"""When does a row go again, and what does a try cost it?

What a relay said of the row itself is an attempt of its own, and the next one
comes after twice the time; what hit the session, or all of them, is not.
"""

import signal
import time

import pytest

import program
from odd_relay import Cut
from program import OK, REMAIN, report_file

LETTER = """\
From: notices@example.org
To: readers@example.org
Subject: Hello

Dear readers.
"""
MAY_WAIT = 10_000


class Slow:
    """Refuses each recipient as often as it was told, and keeps the times."""

    def __init__(self, times):
        self.times = times
        self.tries = {}

    def __call__(self, heard):
        if heard.verb != "RCPT":
            return None
        tried = self.tries.setdefault(heard.line, [])
        tried.append(time.monotonic())
        return b"452 4.2.2 full\r\n" if len(tried) <= self.times else None


@pytest.fixture
def words(contacts, tmp_path):
    """words(relay, rows, option…): of a run that reports every row."""
    def of(relay, count, *options):
        (tmp_path / "t.eml").write_text(LETTER)
        path = contacts([f"u{i}@example.org" for i in range(count)])
        return ["send", *relay.options, *options, "--report-all", "-o",
                "r.csv", path, "t.eml"]
    return of


def gaps(times):
    return [b - a for a, b in zip(times, times[1:])]


def test_each_delay_is_twice_the_one_before(run, odd, words, tmp_path):
    """An eighth of jitter to either side."""
    relay = Slow(3)
    done = run(*words(odd(relay), 1, "--retry-delay", "400ms"))
    assert done.status == OK
    row, = report_file(tmp_path / "r.csv")
    assert (row["status"], row["attempts"]) == ("sent", "4")
    tries, = relay.tries.values()
    waited = gaps(tries)
    assert len(waited) == 3
    assert all(gap >= 0.4 * 7 / 8 * 2 ** i - 0.01
               for i, gap in enumerate(waited))
    assert waited == sorted(waited)


def test_rows_do_not_come_in_step(run, odd, words):
    relay = Slow(1)
    done = run(*words(odd(relay), 40, "--retry-delay", "1s"))
    assert done.status == OK
    waited = [gap for tries in relay.tries.values() for gap in gaps(tries)]
    assert len(waited) == 40
    assert max(waited) - min(waited) > 0.1


def test_no_longer_than_retry_for(run, odd, words, tmp_path):
    relay = Slow(100)
    done = run(*words(odd(relay), 1, "--retry-delay", "400ms", "--retry-for",
                      "2s"))
    assert done.status == REMAIN
    row, = report_file(tmp_path / "r.csv")
    assert (row["status"], row["code"]) == ("deferred", "452")
    tries, = relay.tries.values()
    assert len(tries) == int(row["attempts"]) == 3
    assert tries[-1] - tries[0] < 2


def cut():
    raise Cut


@pytest.mark.parametrize("verb, hit", [
    ("RCPT", cut),
    ("RCPT", lambda: b"421 4.3.2 going down\r\n"),
    ("MAIL", lambda: b"421 4.3.2 going down\r\n"),
    ("MAIL", lambda: b"450 4.7.1 slow down\r\n"),
], ids=["cut", "421-rcpt", "421-mail", "throttle"])
def test_what_hits_the_session_costs_no_attempt(run, odd, words, tmp_path,
                                                verb, hit):
    left = [verb] * 3

    def answer(heard):
        if heard.verb == verb and left:
            left.pop()
            return hit()
        return None
    done = run(*words(odd(answer), 1, "-j", 1, "--retry-delay", "100ms"))
    assert done.status == OK and not left
    row, = report_file(tmp_path / "r.csv")
    assert (row["status"], row["attempts"]) == ("sent", "1")


def settled(relay):
    """How many were tried, once it is no more for a while; at most a minute."""
    found = -1
    for _ in range(40):
        if 0 < found == len(relay.tries):
            break
        found = len(relay.tries)
        time.sleep(1.5)
    return len(relay.tries)


def test_reading_pauses_while_10_000_wait(odd, words, tmp_path):
    relay = Slow(100)
    count = MAY_WAIT + 600
    process = program.start(
        *words(odd(relay), count, "-j", 4, "--retry-delay", "1h",
               "--retry-for", "1d"), cwd=tmp_path)
    tried = settled(relay)
    process.send_signal(signal.SIGTERM)
    done = program.finish(process, 60)
    assert tried == MAY_WAIT
    assert done.status == REMAIN
    told = done.closing()
    assert (told["deferred"], told["pending"]) == (MAY_WAIT, 600)
    assert len(relay.tries) == MAY_WAIT
    assert len(report_file(tmp_path / "r.csv")) == count
