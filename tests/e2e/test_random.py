"""Does every verdict of a relay that answers at random stand on its own row?

5,000 rows over 16 sessions to `mailshot sink --random`, in each tier; what the
report says of each row is compared with what the sink wrote down before it
answered. MAILSHOT_SEEDS names seeds, as "7,8,9", for all of it to be run with
each.
"""

import collections
import os

import pytest

import program

ROWS = 5000
SESSIONS = 16
CASES = [("stream", 1, []), ("stream", 2, ["--window", 64]), ("group", 3, []),
         ("lockstep", 4, []), ("stream", 5, ["--batch", 10]),
         ("group", 6, ["--batch", 10])]
if "MAILSHOT_SEEDS" in os.environ:
    CASES = [(tier, int(seed), more) for tier, _, more in CASES
             for seed in os.environ["MAILSHOT_SEEDS"].split(",")]

# The same letter for all: rows can share a transaction.
LETTER = """\
From: notices@example.org
To: readers@example.org
Subject: Hello

Dear readers.
"""


@pytest.mark.parametrize("status, code, words, fine", [
    ("sent", "250", [("content", 250, True)], True),
    ("sent", "250", [("RCPT", 450, False), ("content", 250, True)], True),
    ("sent", "250", [], False),
    ("sent", "250", [("content", 451, False)], False),
    ("sent", "250", [("content", 0, True)], False),
    ("sent", "250", [("content", 250, True)] * 2, False),
    ("rejected", "550", [("RCPT", 550, False)], True),
    ("rejected", "554", [("RCPT", 550, False)], False),
    ("rejected", "550", [("RCPT", 550, False), ("content", 250, True)], False),
    ("deferred", "450", [("RCPT", 450, False)], True),
    ("rejected", "450", [("RCPT", 450, False)], False),
    ("unknown", "", [("content", 0, True)], True),
    ("unknown", "", [("content", 0, False)], True),
    ("unknown", "", [("content", 250, True)], False),
    ("unknown", "", [("content", 554, False)], False),
    ("unknown", "", [], False),
    ("pending", "", [], False),
])
def test_the_judge(status, code, words, fine):
    words = [{"step": step, "code": said, "taken": taken}
             for step, said, taken in words]
    row = {"status": status, "code": code}
    assert (judge(row, words, "group") is None) == fine


def by_address(lines):
    found = collections.defaultdict(list)
    for line in lines:
        found[line["address"]].append(line)
    return found


def judge(row, words, tier):
    """What is wrong with a row, given the sink's words on it; None: nothing."""
    last = words[-1] if words else None
    taken = sum(word["taken"] for word in words)
    if taken > 1:
        return "taken twice"
    if row["status"] == "sent":
        return None if last and last["taken"] and last["code"] == 250 \
            else "sent, but not taken"
    if row["status"] == "unknown":
        return judge_unknown(last, tier)
    if taken:
        return "taken, but not sent"
    if row["status"] in ("rejected", "deferred"):
        good = last and str(last["code"]) == row["code"] and \
            row["code"][0] == ("5" if row["status"] == "rejected" else "4")
        return None if good else "another code"
    return "no outcome of a finished run"


def judge_unknown(last, tier):
    """The sink took it or not, and said nothing. A stream that was cut, by
    another's fault, may have had its content on the way, too."""
    if last and last["step"] == "content" and last["code"] == 0:
        return None
    if tier != "stream":
        return "unknown, but answered"
    # Whatever was answered before was for now; of the last attempt the sink
    # saw nothing, or its RCPT, at which it cut or closed.
    if last is None or last["code"] in (0, 421, 450, 451):
        return None
    return "unknown, but answered"


def mailing(home, contacts, sink, tier, *more):
    (home / "t.eml").write_text(LETTER)
    addresses = [f"u{i}@example.org" for i in range(ROWS)]
    path = contacts(addresses)
    done = program.run(
        "send", "-s", sink.url, "--tls-ca", sink.ca, "-j", SESSIONS,
        "--pipeline", tier, "--retry-delay", "200ms", "--retry-for", "5m",
        "--report-all", "--report", "r.csv", *more, path, "t.eml",
        cwd=home, timeout=400)
    rows = program.report_file(home / "r.csv")
    assert [row["address"] for row in sorted(rows, key=lambda row:
                                             int(row["line"]))] == addresses
    return done, rows


@pytest.mark.parametrize("tier, seed, more", CASES)
def test_each_verdict_on_its_own_row(contacts, sinks, tmp_path, tier, seed,
                                     more):
    sink = sinks("--random", str(seed), "--verdicts", tmp_path / "v")
    done, rows = mailing(tmp_path, contacts, sink, tier, *more)
    counts = done.closing()
    found = collections.Counter(row["status"] for row in rows)
    assert counts["rows"] == ROWS
    assert all(counts[status] == found[status] for status in program.OUTCOMES)

    words = by_address(program.jsonl((tmp_path / "v").read_text()))
    wrong = [(judge(row, words[row["address"]], tier), row,
              words[row["address"]]) for row in rows
             if judge(row, words[row["address"]], tier)]
    assert wrong == [], (len(wrong), done.err)

    log = collections.Counter(sink.recipients())
    assert set(log.values()) == {1}
    status = {row["address"]: row["status"] for row in rows}
    assert {status[address] for address in log} <= {"sent", "unknown"}
    assert sum(1 for s in status.values() if s == "sent") <= len(log)
    if "--batch" in more:
        assert max(len(line["recipients"]) for line in sink.log()) > 1
    assert found["rejected"] > ROWS / 20
    assert done.status == (program.LOOK if found["unknown"]
                           else program.REJECTED)
    seen = sink.stop()
    assert seen["max_concurrent"] <= SESSIONS
    assert seen["dropped"] > 0 and found["unknown"] > 0
