"""The clock is set forward, and back: budgets hold, and nothing is lost.

faketime(1) shows the program another time. In clear, since a certificate of
today is none at another time.
"""

import shutil
import subprocess

import pytest

import program
from campaign import Campaign

ROWS = 100
BUDGET = 30

pytestmark = pytest.mark.skipif(not shutil.which("faketime"),
                                reason="no faketime here")


def run_at(one, offset, *more):
    """A run with the clock off by so much."""
    done = subprocess.run(
        ["faketime", "-f", offset, program.BINARY,
         *map(str, one.arguments("--tls", "off", *more))], cwd=one.home,
        timeout=60, stdin=subprocess.DEVNULL, capture_output=True,
        env=program.environment(one.home, ASAN_OPTIONS="detect_leaks=0:"
                                "verify_asan_link_order=0"))
    return program.Result(done.returncode, done.stdout.decode(),
                          done.stderr.decode())


@pytest.fixture
def one(tmp_path):
    made = Campaign(tmp_path / "c", ROWS, "--tls", "off")
    yield made
    made.sink.kill()


def test_a_budget_of_a_day(one):
    rate = ("--rate", f"{BUDGET}/24h")
    taken = []
    for offset in ("+0", "+1h", "+25h", "+2h", "-30d", "+50h"):
        done = run_at(one, offset, *rate)
        assert done.status == program.REMAIN, (offset, done.err)
        assert "until" in done.err
        taken.append(len(one.sink.recipients()))
    # Set back, the clock opens no second budget; set forward, it goes on.
    assert taken == [30, 30, 60, 60, 60, 90]
    one.judge(run_at(one, "+75h", *rate), 0)


@pytest.mark.parametrize("offsets", [("+10d", "+0"), ("-10d", "+0"),
                                     ("+0", "-400d"), ("+20y", "-1y")])
def test_a_mailing_goes_on(one, offsets):
    first, second = offsets
    done = run_at(one, first, "--limit", "40")
    assert done.status == program.REMAIN, done.err
    assert len(one.sink.recipients()) == 40
    one.judge(run_at(one, second), 0)
