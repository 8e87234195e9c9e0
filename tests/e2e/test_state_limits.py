"""When is it enough? Budgets that runs and campaigns share, and the stops that
leave the rest pending."""

import pathlib
import re
import time

import pytest
from program import LOOK, OK, REMAIN, USAGE, by_status, report
from test_send import trusted

USERS = [f"user{i}@example.org" for i in range(60)]
FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"


def clock(offset):
    """The environment of a clock on the wall that is off by so much."""
    return {"LD_PRELOAD": FAKETIME, "FAKETIME": offset,
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "ASAN_OPTIONS": "verify_asan_link_order=0:detect_leaks=0"}


needs_faketime = pytest.mark.skipif(
    not pathlib.Path(FAKETIME).exists(),
    reason="needs the package faketime")


@pytest.fixture
def sink(sinks):
    """In clear: a clock that is off has no valid certificate."""
    return sinks("--tls", "off")


@pytest.fixture
def send(run, contacts, template, sink):
    def send_so_many(count, *options, **more):
        return run("send", "-s", sink.url, "--tls", "off", "--state", "s.db",
                   *options, contacts(USERS[:count]), template, **more)
    return send_so_many


# Budgets


def test_a_budget_is_counted_over_runs(send, sink):
    assert send(30, "--rate", "40/24h").status == OK
    done = send(60, "--rate", "40/24h")
    assert done.status == REMAIN
    assert len(sink.recipients()) == 40
    opens = re.search(r"used up until (\S+)Z", done.err)
    assert opens, done.err
    at = time.mktime(time.strptime(opens[1], "%Y-%m-%dT%H:%M:%S"))
    away = at - time.mktime(time.gmtime())
    assert 23.5 * 3600 < away < 25 * 3600
    assert send(60).status == OK


def test_campaigns_of_a_file_share_it(send, sink):
    assert send(30, "--campaign", "a", "--rate", "40/1h").status == OK
    assert send(30, "--campaign", "b", "--rate", "40/1h").status == REMAIN
    assert len(sink.recipients()) == 40


def test_a_used_up_budget_connects_to_nobody(send, sink):
    assert send(10, "--rate", "10/1d", "-j", "1").status == OK
    assert send(20, "--rate", "10/1d", "-j", "1").status == REMAIN
    assert sink.stop()["connections"] == 1


def test_a_wider_budget_goes_on_at_once(send):
    assert send(20, "--rate", "20/1d").status == OK
    assert send(30, "--rate", "20/1d").status == REMAIN
    assert send(30, "--rate", "30/1d").status == OK


@needs_faketime
def test_it_opens_when_its_window_is_over(send):
    assert send(10, "--rate", "10/1h").status == OK
    assert send(20, "--rate", "10/1h", env=clock("+30m")).status == REMAIN
    assert send(20, "--rate", "10/1h", env=clock("+70m")).status == OK


@needs_faketime
def test_a_clock_set_back_opens_nothing(send, sink):
    assert send(10, "--rate", "10/1h").status == OK
    for offset in ("-30m", "-2h", "-400d"):
        assert send(20, "--rate", "10/1h", env=clock(offset)
                    ).status == REMAIN, offset
    assert len(sink.recipients()) == 10


@needs_faketime
def test_what_was_begun_under_a_clock_set_back_counts(send, sink):
    assert send(5, "--rate", "10/1h").status == OK
    assert send(10, "--rate", "10/1h", env=clock("-1d")).status == OK
    assert send(20, "--rate", "10/1h").status == REMAIN
    assert len(sink.recipients()) == 10


@needs_faketime
def test_a_clock_that_was_years_ahead_blocks_nobody_for_ever(send):
    assert send(10, "--rate", "10/1h", env=clock("+3650d")).status == OK
    assert send(20, "--rate", "10/1h").status == REMAIN
    assert send(20, "--rate", "10/1h", env=clock("+70m")).status == OK
    assert send(30, "--rate", "10/1h", env=clock("+80m")).status == REMAIN
    assert send(30, "--rate", "10/1h", env=clock("+150m")).status == OK


# Stops


def test_a_run_has_its_time(run, contacts, template, sinks):
    sink = sinks("--rate", "20")
    begun = time.monotonic()
    done = run("send", *trusted(sink), "--state", "s.db", "--max-runtime",
               "500ms", contacts(USERS), template)
    assert done.status == REMAIN
    assert time.monotonic() - begun < 3
    counts = done.closing()
    assert counts["unknown"] == 0 and 0 < counts["sent"] < 60
    assert counts["pending"] == 60 - counts["sent"]
    assert run("send", *trusted(sink), "--state", "s.db", contacts(USERS),
               template).status == OK
    assert sorted(sink.recipients()) == sorted(USERS)


@needs_faketime
def test_until_a_time_of_the_day(send, sink):
    now = "@2026-11-26 10:29:59"
    begun = time.monotonic()
    done = send(60, "--until", "10:30", "--rate", "10/s",
                env={**clock(now), "TZ": "UTC"})
    assert done.status == REMAIN
    assert time.monotonic() - begun < 4
    assert 0 < len(sink.recipients()) < 30
    assert "time that the run was given" in report(done.out)[0]["reply"]


@pytest.mark.parametrize("time_of_day", ["24:00", "10", "10:60", "1:1", "x:00",
                                         "-1:00", "010:00"])
def test_no_time_of_the_day(send, time_of_day):
    assert send(1, "--until", time_of_day).status == USAGE


BOUNCING = [f"bad.{i}@example.org" if i % 5 == 0 else f"u{i}@example.org"
            for i in range(400)]


def test_too_many_bounces(run, contacts, template, sinks):
    sink = sinks()

    def send(rate):
        return run("send", *trusted(sink), "--state", "s.db", "-j", "1",
                   "--max-bounce-rate", rate, contacts(BOUNCING), template)
    done = send("10")
    assert done.status == LOOK
    counts = done.closing()
    assert 100 <= counts["sent"] + counts["rejected"] < 200
    assert counts["unknown"] == 0
    assert "refused for good" in done.err
    taken = len(sink.recipients())
    assert send("10%").status == LOOK
    assert len(sink.recipients()) - taken <= 32
    assert send("30").closing()["pending"] == 0


def test_few_rows_are_no_share(run, contacts, template, sinks):
    sink = sinks()
    done = run("send", *trusted(sink), "--max-bounce-rate", "0",
               contacts(BOUNCING[:99]), template)
    assert done.closing()["pending"] == 0


def test_a_relay_that_is_gone_for_good(run, contacts, template, sinks):
    sink = sinks("--exit-after", "10")
    options = [*trusted(sink), "--state", "s.db", "--retry-for", "1s"]
    done = run("send", *options, contacts(USERS), template)
    assert done.status in (REMAIN, LOOK)
    known = by_status(report(done.out))
    assert set(known) <= {"pending", "unknown"}
    second = sinks()
    again = run("send", *trusted(second), "--state", "s.db", "--on-unknown",
                "resend", contacts(USERS), template)
    assert again.status == OK
    assert set(sink.recipients()) | set(second.recipients()) == set(USERS)
