"""Relays that die, come back, slow down, refuse, and show a wrong certificate.

Whatever befalls them, and in which order: each row has one outcome, nobody is
mailed twice, what is sent was taken, what was taken is sent or unknown, and
who cannot prove to be the relay gets nothing. The sinks' own logs are held
against the report. MAILSHOT_SCHEDULES is the number of random schedules, of
5,000 rows each.
"""

import collections
import itertools
import os
import random
import time

import pytest

import program
from program import LOOK, OK, PROTOCOL
from weather import KINDS, Door

SCHEDULES = int(os.environ.get("MAILSHOT_SCHEDULES", "0"))
ROWS = 5000 if SCHEDULES else 1500


@pytest.fixture
def doors(sinks, tmp_path):
    """doors(count): that many, each before a sink, and an impostor for all."""
    made = []

    def make(count):
        # A little slow, so that weather finds letters under way.
        mine = [sinks("--delay", "10") for _ in range(count)]
        impostor = sinks()
        made.extend(Door(one, impostor) for one in mine)
        (tmp_path / "trust.pem").write_text(
            "".join(one.ca.read_text() for one in mine))
        return made, mine, impostor
    yield make
    for one in made:
        one.stop()


@pytest.fixture
def mailing(contacts, template, tmp_path):
    """mailing(doors, rows, option…) starts it."""
    def start(doors, rows, *more):
        path = contacts([f"u{i}@d{i % 11}.example" for i in range(rows)])
        words = [word for one in doors for word in ("-s", one.address)]
        return program.start(
            "send", *words, "--tls-ca", "trust.pem", "--report", "r.csv",
            "--report-all", "--timeout", "2s", "--connect-timeout", "2s",
            "--retry-delay", "200ms", *more, path, template, cwd=tmp_path)
    return start


def balanced(done, rows, sinks, impostor, total):
    """The books, the report and the logs agree; the counts."""
    counts = done.closing()
    found = collections.Counter(row["status"] for row in rows)
    assert counts["rows"] == len(rows) == total, done.err
    assert all(counts[name] == found[name] for name in program.OUTCOMES)
    assert len({row["address"] for row in rows}) == total
    taken = collections.Counter(r for one in sinks for r in one.recipients())
    assert set(taken.values()) <= {1}, "mailed twice"
    sent = {row["address"] for row in rows if row["status"] == "sent"}
    unknown = {row["address"] for row in rows if row["status"] == "unknown"}
    assert sent <= set(taken), "sent, and never taken"
    assert set(taken) <= sent | unknown, "taken, and lost from the books"
    impostor_counts = impostor.stop()
    assert impostor_counts["recipients"] == impostor_counts["messages"] == 0
    return counts


def brought_to_its_end(process, doors, events, seconds):
    """Plays EVENTS, pairs of a door and its weather, and then fair weather."""
    for door, weather in events:
        time.sleep(seconds())
        if process.poll() is not None:
            break
        doors[door].change(weather)
    time.sleep(0.2)
    for one in doors:
        one.change("fair")
    return program.finish(process, 150)


@pytest.mark.parametrize("first, second", itertools.permutations(KINDS, 2))
def test_one_after_another(doors, mailing, tmp_path, first, second):
    """Of two relays one meets both, and the other the second.

    They are never impostors both at once: that would end the run (76)."""
    gates, sinks, impostor = doors(2)
    process = mailing(gates, 600, "-j", 4, "--window", 4)
    done = brought_to_its_end(
        process, gates, [(0, first), (1, second), (1, "fair"), (0, second)],
        lambda: 0.15)
    counts = balanced(done, program.report_file(tmp_path / "r.csv"), sinks,
                      impostor, 600)
    assert counts["sent"] + counts["unknown"] == 600, done.err
    assert done.status == (LOOK if counts["unknown"] else OK)
    assert counts["unknown"] <= 4 * 4 * 4


@pytest.mark.parametrize("seed", range(SCHEDULES or 4))
def test_random_weather(doors, mailing, tmp_path, seed):
    one = random.Random(seed)
    gates, sinks, impostor = doors(one.choice([2, 3, 4]))
    options = ["-j", one.choice([2, 3, 6, 10])] if one.random() < 0.7 else []
    options += ["--pipeline", one.choice(["auto", "group", "lockstep"])]
    process = mailing(gates, ROWS, *options)
    events = [(one.randrange(len(gates)), one.choice(["fair", *KINDS]))
              for _ in range(one.randrange(3, 14))]
    events = [(door, weather) for door, weather in events
              if door > 0 or weather != "impostor"]
    done = brought_to_its_end(process, gates, events,
                              lambda: one.uniform(0.02, 0.4))
    counts = balanced(done, program.report_file(tmp_path / "r.csv"), sinks,
                      impostor, ROWS)
    assert counts["sent"] + counts["unknown"] == ROWS, done.err
    assert done.status == (LOOK if counts["unknown"] else OK)


def test_impostors_in_all_places_end_the_run(doors, mailing, tmp_path):
    gates, sinks, impostor = doors(2)
    process = mailing(gates, 600, "-j", 4, "--window", 4)
    time.sleep(0.2)
    for one in gates:
        one.change("impostor")
    done = program.finish(process, 30)
    counts = balanced(done, program.report_file(tmp_path / "r.csv"), sinks,
                      impostor, 600)
    assert done.status == PROTOCOL and counts["pending"] > 0
