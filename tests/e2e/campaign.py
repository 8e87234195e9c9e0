"""A mailing with a state, run as often as it takes, and who judges it.

The sink writes down what it takes before it answers; so whatever became of the
program, its log says who got a letter. Judged is the contract of a state: run
the same command again, and nothing is lost, nothing is sent twice, and what
cannot be known is `unknown`.
"""

import collections
import os
import shutil

import program
from sink import Sink

LETTER = """\
From: notices@example.org
To: {{email}}
Subject: Hello {{name}}

Dear {{name}}, this is for {{email}}.
"""

# All of the cases, not a sample: scripts/check --full.
FULL = os.environ.get("MAILSHOT_FULL") == "1"
RUNS_MAX = 12
SESSIONS, WINDOW = 4, 8


def full_or(sample, full):
    return full if FULL else sample


class Campaign:
    """A list of `rows`, a letter, a state and a sink, in a home of its own."""

    def __init__(self, home, rows, *sink_options):
        home.mkdir(parents=True)
        self.home, self.rows = home, rows
        self.addresses = [f"u{i}@example.org" for i in range(rows)]
        self.list = home / "list.csv"
        self.state = home / "state.db"
        self.report = home / "report.csv"
        self.list.write_text("email,name\n" + "".join(
            f"{address},Person {i}\n"
            for i, address in enumerate(self.addresses)))
        (home / "t.eml").write_text(LETTER)
        self.sink = Sink(home / "sink", *sink_options)

    def arguments(self, *more):
        return ["send", "-s", self.sink.url, "--tls-ca", self.sink.ca,
                "-j", SESSIONS, "--window", WINDOW, "--campaign", "news",
                "--state", self.state, "--retry-delay", "50ms",
                "--report-all", "--report", self.report, *more, self.list,
                self.home / "t.eml"]

    def start(self, *more, env=None):
        return program.start(*self.arguments(*more), cwd=self.home, env=env)

    def run(self, *more, env=None, timeout=120):
        return program.finish(self.start(*more, env=env), timeout)

    def run_to_the_end(self, *more):
        """The same command, until no row remains; its last result."""
        for _ in range(RUNS_MAX):
            done = self.run(*more)
            if done.status != program.REMAIN:
                return done
        raise AssertionError(f"rows remain after {RUNS_MAX} runs: {done.err}")

    def outcomes(self):
        """The outcome of each address, of the last run's report."""
        rows = program.report_file(self.report)
        assert sorted(row["address"] for row in rows) == \
            sorted(self.addresses)
        return {row["address"]: row["status"] for row in rows}

    def judge(self, done, unknown_max):
        """The books of a run that came to its end; how many are unknown."""
        outcomes = self.outcomes()
        counts = done.closing()
        found = collections.Counter(outcomes.values())
        assert counts["rows"] == self.rows
        assert all(counts[name] == found[name] for name in program.OUTCOMES)
        assert set(found) <= {"sent", "unknown"}, (found, done.err)
        assert found["unknown"] <= unknown_max, found
        assert done.status == (program.LOOK if found["unknown"]
                               else program.OK), done.err
        self.judge_taken(outcomes)
        return found["unknown"]

    def judge_taken(self, outcomes):
        """Nobody twice, and `sent` is true of whom it is said."""
        self.sink.stop()
        taken = collections.Counter(self.sink.recipients())
        twice = [address for address, times in taken.items() if times > 1]
        assert twice == []
        sent = {a for a, status in outcomes.items() if status == "sent"}
        assert sent <= set(taken), "sent, but never taken"
        assert {outcomes[a] for a in taken} <= {"sent", "unknown"}

    def end(self):
        self.sink.kill()
        shutil.rmtree(self.home)
