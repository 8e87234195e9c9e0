"""Several machines: the shards of a list are disjoint, complete, and known."""

import collections
import csv
import random
import shutil
import subprocess
import zlib

import pytest

import program
from program import OK, REJECTED

SHARDS = 4
LETTER = """\
From: notices@example.org
To: {{email}}
Subject: Hello

Dear reader.
"""


def shard_of(key):
    return zlib.crc32(key.encode()) % SHARDS + 1


def write(path, addresses):
    path.write_text("email,name\n" + "".join(
        f"{address},N\n" for address in addresses))
    return path


@pytest.fixture
def letter(tmp_path):
    path = tmp_path / "letter.eml"
    path.write_text(LETTER)
    return path


def check(run, shard, path, *more):
    done = run("check", "--shard", f"{shard}/{SHARDS}", "--format", "jsonl",
               path, *more)
    return done, program.jsonl(done.out)


def test_others_can_compute_it(run, tmp_path):
    keys = {"Ann@Example.ORG": "ann@example.org",
            '"B.ob"@example.org': "b.ob@example.org",
            "x@b\u00fccher.example": "x@xn--bcher-kva.example",
            "\u00dcber@example.org": "\u00fcber@example.org",
            " padded@example.org ": "padded@example.org",
            "no address": "no address", "": ""}
    path = tmp_path / "l.csv"
    with open(path, "w", newline="") as out:
        csv.writer(out).writerows([["email", "n"]] +
                                  [[a, "1"] for a in keys])
    found = {}
    for k in range(1, SHARDS + 1):
        for row in check(run, k, path)[1]:
            found[row["address"]] = k
    assert found == {a.strip(): shard_of(key) for a, key in keys.items()}


def test_disjoint_complete_and_whatever_the_order(run, tmp_path):
    one = random.Random(8)
    addresses = [f"u{one.randrange(300)}@d{one.randrange(4)}.example"
                 for _ in range(1000)] + ["broken", "@", "a@b"] * 3
    seen = []
    for order in range(2):
        one.shuffle(addresses)
        path = write(tmp_path / "l.csv", addresses)
        whole = collections.Counter(
            (row["address"], row["status"]) for row in
            program.jsonl(run("check", "--format", "jsonl", path).out))
        parts = [collections.Counter((row["address"], row["status"])
                                     for row in check(run, k, path)[1])
                 for k in range(1, SHARDS + 1)]
        assert sum(parts, collections.Counter()) == whole
        kept = [{a for a, status in part if status == "ok"} for part in parts]
        assert sum(map(len, kept)) == len(set.union(*kept))
        assert min(map(len, kept)) > 100
        seen.append(kept)
    assert seen[0] == seen[1]


def test_a_providers_duplicates_meet(run, tmp_path):
    names = ["annash", "ann.ash", "a.n.n.ash+x", "annash+news", "ANN.ASH"]
    path = write(tmp_path / "l.csv",
                 [f"{n}@{d}" for n in names
                  for d in ("gmail.com", "googlemail.com")])
    rows = [check(run, k, path, "--dedupe", "provider")[1]
            for k in range(1, SHARDS + 1)]
    assert sorted(len(one) for one in rows) == [0, 0, 0, 10]


def test_report_and_failed_speak_of_its_rows_alone(run, tmp_path, sink,
                                                   letter):
    addresses = [f"{'bad' if i % 5 == 0 else 'u'}{i}@example.org"
                 for i in range(200)] + ["broken"] * 8
    path = write(tmp_path / "l.csv", addresses)
    reported, failed = [], []
    for k in range(1, SHARDS + 1):
        done = run("send", "-s", sink.url, "--tls-ca", sink.ca, "--shard",
                   f"{k}/{SHARDS}", "--report-all", "--report", "r.csv",
                   "--failed", "f.csv", path, letter)
        rows = program.report_file(tmp_path / "r.csv")
        counts = done.closing()
        assert done.status == REJECTED or counts["rows"] == counts["sent"]
        assert counts["rows"] == len(rows)
        assert {shard_of(row["address"]) for row in rows} <= {k}
        reported += [row["address"] for row in rows]
        with open(tmp_path / "f.csv", newline="") as lines:
            failed += [row["email"] for row in csv.DictReader(lines)]
    assert sorted(reported) == sorted(addresses)
    assert sorted(failed) == sorted(a for a in addresses if a[0] == "b")
    assert sorted(sink.recipients()) == sorted(a for a in addresses
                                               if a[0] == "u")


def test_an_empty_shard_is_fine(run, tmp_path, sink, letter):
    path = write(tmp_path / "l.csv", ["ann@example.org"])
    for k in range(1, SHARDS + 1):
        done = run("send", "-s", sink.url, "--tls-ca", sink.ca, "--shard",
                   f"{k}/{SHARDS}", path, letter)
        assert done.status == OK
        assert done.closing()["rows"] == (shard_of("ann@example.org") == k)


@pytest.mark.parametrize("k, rate", [(1, 4), (2, 3), (3, 3)])
def test_rates_are_shared(run, tmp_path, sink, letter, k, rate):
    """10/m among three: 4, 3 and 3. --limit ends what would wait."""
    path = write(tmp_path / "l.csv", [f"u{i}@example.org" for i in range(60)])
    done = run("send", "-s", sink.url, "--tls-ca", sink.ca, "--shard",
               f"{k}/3", "--share", "--rate", "10/d", path, letter)
    assert done.closing()["sent"] == rate


def test_sessions_are_shared(run, tmp_path, sinks, letter):
    sink = sinks("--delay", "3")
    path = write(tmp_path / "l.csv", [f"u{i}@example.org"
                                      for i in range(300)])
    done = run("send", "-s", sink.url, "--tls-ca", sink.ca, "--shard", "2/3",
               "--share", "-j", 7, "--window", 1, path, letter)
    assert done.status == OK
    assert sink.stop()["max_concurrent"] == 2
