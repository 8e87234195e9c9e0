"""Domains take turns, and one with a rate of its own holds up no other."""

import collections
import datetime
import itertools
import time

import pytest

import program
from program import OK, REMAIN

LETTER = """\
From: notices@example.org
To: {{email}}
Subject: Hello

Dear reader.
"""


@pytest.fixture
def mail(run, sink, contacts, tmp_path):
    """mail(addresses, option…): the run and its report."""
    letter = tmp_path / "letter.eml"
    letter.write_text(LETTER)

    def go(addresses, *more, **how):
        done = run("send", "-s", sink.url, "--tls-ca", sink.ca, "--report-all",
                   "--report", "r.csv", *more, contacts(addresses), letter,
                   **how)
        return done, program.report_file(tmp_path / "r.csv")
    return go


def longest_run(addresses):
    domains = [address.split("@")[1] for address in addresses]
    return max(len(list(same)) for _, same in itertools.groupby(domains))


def test_no_burst(mail, sink):
    addresses = [f"u{i}@{'abc'[i // 100]}.example" for i in range(300)]
    done, rows = mail(addresses, "-j", 1)
    assert done.status == OK
    assert longest_run(addresses) == 100
    assert longest_run(sink.recipients()) == 1


def test_the_order_is_kept_where_domains_differ(mail, sink):
    addresses = [f"u@d{i}.example" for i in range(1500)]
    assert mail(addresses, "-j", 1)[0].status == OK
    assert sink.recipients() == addresses


def test_a_batch_keeps_the_order(mail, sink, tmp_path):
    addresses = [f"u{i}@{'ab'[i // 50]}.example" for i in range(100)]
    assert mail(addresses, "-j", 1, "--batch", 5)[0].status == OK
    assert sink.recipients() == addresses


def times(rows, domain):
    return sorted(datetime.datetime.fromisoformat(
        row["time"].replace("Z", "+00:00")).timestamp()
        for row in rows if row["address"].endswith("@" + domain))


def test_a_rate_of_its_own(mail):
    """20 rows at 5/s take about four seconds; the other 2000 do not."""
    addresses = [f"u{i}@slow.example" for i in range(20)] + \
                [f"u{i}@d{i % 9}.example" for i in range(2000)]
    began = time.monotonic()
    done, rows = mail(addresses, "--domain-rate", "Slow.Example=5/s")
    assert done.status == OK and done.closing()["sent"] == 2020
    assert time.monotonic() - began > 3.5
    slow = times(rows, "slow.example")
    assert all(b - a >= 0.9 for a, b in zip(slow, slow[5:]))
    others = [t for i in range(9) for t in times(rows, f"d{i}.example")]
    assert max(others) < slow[-5]


def test_more_rows_than_can_wait(mail, sink):
    """The list is read again for those that found no room to wait."""
    addresses = [f"u{i}@slow.example" for i in range(9000)] + \
                [f"u{i}@d{i % 9}.example" for i in range(1000)]
    done, rows = mail(addresses, "--domain-rate", "slow.example=4000/s",
                      "--domain-rate", "d3.example=500/s")
    assert done.status == OK and done.closing()["sent"] == 10000
    taken = collections.Counter(sink.recipients())
    assert len(taken) == 10000 and set(taken.values()) == {1}
    slow = times(rows, "slow.example")
    assert slow[-1] - slow[0] > 1.9


def test_a_used_up_budget_leaves_the_others(mail):
    addresses = [f"u{i}@slow.example" for i in range(5000)] + \
                [f"u{i}@quick.example" for i in range(50)]
    done, rows = mail(addresses, "--domain-rate", "slow.example=7/d")
    assert done.status == REMAIN
    counts = done.closing()
    assert counts["sent"] == 57 and counts["pending"] == 4993
    assert "--domain-rate slow.example" in done.err
    assert {row["status"] for row in rows
            if row["address"].endswith("quick.example")} == {"sent"}


def test_a_limit_is_kept(mail, sink):
    addresses = [f"u{i}@{'ab'[i % 2]}.example" for i in range(1000)]
    done, rows = mail(addresses, "--limit", 17)
    assert done.status == REMAIN
    assert done.closing()["sent"] == len(sink.recipients()) == 17


def test_retries_keep_to_the_rate(mail, sink):
    addresses = [f"grey{i}@slow.example" for i in range(10)]
    done, rows = mail(addresses, "--domain-rate", "slow.example=10/s",
                      "--retry-delay", "10ms")
    assert done.status == OK and done.closing()["sent"] == 10
    slow = times(rows, "slow.example")
    assert slow[-1] - slow[0] > 0.5


def test_a_second_run_goes_on(mail, sink):
    addresses = [f"u{i}@{'ab'[i // 3000]}.example" for i in range(6000)]
    state = ["--state", "s.db", "--domain-rate", "a.example=1000/d"]
    done, rows = mail(addresses, *state)
    assert done.status == REMAIN and done.closing()["sent"] == 4000
    done, rows = mail(addresses, *state)
    assert done.status == REMAIN and done.closing()["sent"] == 5000
    taken = collections.Counter(sink.recipients())
    assert len(taken) == 5000 and set(taken.values()) == {1}
