"""Killed at any instant, stopped or held up: is the truth kept?

A sample in the ordinary run, all of it with MAILSHOT_FULL=1.
"""

import random
import signal
import time

import pytest

import program
from campaign import SESSIONS, WINDOW, Campaign, full_or

ROWS = 5000
UNDER_WAY = SESSIONS * WINDOW


@pytest.fixture
def campaigns(tmp_path):
    made = []

    def make(rows, *sink_options):
        made.append(Campaign(tmp_path / f"c{len(made)}", rows, *sink_options))
        return made[-1]
    yield make
    for one in made:
        one.sink.kill()


@pytest.fixture
def duration(campaigns):
    """How long a run takes that nobody disturbs."""
    one = campaigns(ROWS)
    began = time.monotonic()
    one.judge(one.run(), 0)
    return time.monotonic() - began


def kill_in(process, seconds):
    """True if it was still running then."""
    time.sleep(seconds)
    running = process.poll() is None
    process.kill()
    process.communicate()
    return running


@pytest.mark.parametrize("part", range(full_or(1, 20)))
def test_killed_at_random(tmp_path, duration, part):
    chance = random.Random(part)
    killed = unknown = 0
    for trial in range(full_or(8, 10)):
        one = Campaign(tmp_path / f"trial{trial}", ROWS)
        kills = chance.choice((1, 1, 2, 3))
        for _ in range(kills):
            killed += kill_in(one.start(), chance.uniform(0, duration * 1.1))
        unknown += one.judge(one.run_to_the_end(), kills * UNDER_WAY)
        one.end()
    assert killed > 0
    assert unknown > 0, "no kill came at an instant that matters"


def test_unknown_rows_are_resent_when_asked_for(campaigns):
    one = campaigns(400, "--delay", "10")
    kill_in(one.start(), 0.5)
    done = one.run_to_the_end()
    assert done.status == program.LOOK
    ids = {row["address"]: row["message_id"]
           for row in program.report_file(one.report)}
    unknown = {a for a, status in one.outcomes().items()
               if status == "unknown"}
    done = one.run_to_the_end("--on-unknown", "resend")
    assert done.status == program.OK
    assert set(one.outcomes().values()) == {"sent"}
    one.sink.stop()
    taken = one.sink.recipients()
    assert set(taken) == set(one.addresses)
    assert {a for a in taken if taken.count(a) > 1} <= unknown
    assert all(line["message_id"] == ids[line["recipients"][0]]
               for line in one.sink.log())


def test_graceful_stops_leave_nothing_unknown(campaigns):
    chance = random.Random(1)
    one = campaigns(ROWS, "--rate", str(ROWS // 4))
    stops = 0
    for _ in range(full_or(10, 50)):
        process = one.start()
        time.sleep(chance.uniform(0, 0.3))
        before = len(one.sink.recipients())
        process.send_signal(chance.choice((signal.SIGINT, signal.SIGTERM)))
        try:
            done = program.finish(process)
        except AssertionError:
            # It came before the program listened, and nothing was begun.
            assert process.returncode < 0
            assert len(one.sink.recipients()) == before
            continue
        if "before anything was begun" in done.err:
            assert done.status == program.REMAIN
            assert len(one.sink.recipients()) == before
            continue
        assert done.closing()["unknown"] == 0
        assert done.status in (program.REMAIN, program.OK), done.err
        stops += done.status == program.REMAIN
    assert stops > 3
    one.judge(one.run_to_the_end(), 0)


def test_two_stops_at_once(campaigns):
    one = campaigns(60, "--delay", "100")
    process = one.start()
    time.sleep(0.5)
    process.send_signal(signal.SIGTERM)
    process.send_signal(signal.SIGTERM)
    done = program.finish(process)
    assert done.status in (program.LOOK, program.REMAIN)
    one.judge(one.run_to_the_end(), UNDER_WAY)


def test_the_second_process_goes_at_once(campaigns):
    one = campaigns(60, "--delay", "200")
    first = one.start()
    time.sleep(0.6)
    began = time.monotonic()
    second = one.run()
    assert second.status == program.REMAIN
    assert str(first.pid) in second.err
    assert time.monotonic() - began < 5
    one.judge(program.finish(first), 0)


def test_a_dead_ones_lock_does_not_block(campaigns):
    one = campaigns(60, "--delay", "200")
    assert kill_in(one.start(), 0.6)
    one.judge(one.run_to_the_end(), UNDER_WAY)


def test_held_up_for_longer_than_the_relay_waits(campaigns):
    one = campaigns(2000, "--idle", "1", "--rate", "1000")
    process = one.start()
    for _ in range(2):
        time.sleep(0.5)
        process.send_signal(signal.SIGSTOP)
        time.sleep(2.5)
        process.send_signal(signal.SIGCONT)
    done = program.finish(process)
    if done.status == program.REMAIN:
        done = one.run_to_the_end()
    one.judge(done, 2 * UNDER_WAY)


def test_a_longer_list_mails_the_new_rows_alone(campaigns):
    one = campaigns(100)
    one.run_to_the_end()
    with open(one.list, "a", encoding="utf-8") as more:
        more.write("new@example.org,New\n")
    one.addresses.append("new@example.org")
    one.rows += 1
    one.judge(one.run(), 0)


def test_the_order_of_the_list_says_nothing(campaigns):
    one = campaigns(100)
    done = one.run("--limit", "40")
    assert done.status == program.REMAIN
    head, *rows = one.list.read_text().splitlines(keepends=True)
    random.Random(3).shuffle(rows)
    one.list.write_text(head + "".join(rows))
    one.judge(one.run_to_the_end(), 0)


def test_a_kill_leaves_nothing_half_written(campaigns):
    """What takes its name when it is whole has none until then."""
    one = campaigns(200, "--delay", "100")
    before = set(one.home.iterdir())
    assert kill_in(one.start("--failed", one.home / "f.csv", "--metrics",
                             one.home / "m.prom"), 0.6)
    left = {path.name for path in set(one.home.iterdir()) - before}
    assert left <= {"state.db", "state.db-wal", "state.db-shm", "report.csv",
                    "m.prom"}
    one.judge(one.run_to_the_end(), UNDER_WAY)
