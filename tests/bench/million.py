"""Does the millionth message cost what the first one did?

The report has the time at which each row was settled: a tenth of the rows is
a slice. Memory is looked at while it runs.
"""

import collections
import datetime
import re
import statistics
import time

from stage import median, say

SLICES = 10
PEAK_MOST_MB = 64
# The slowest slice beside the median one, and memory's growth while sending.
SLOWEST_LEAST = 0.7
GROWTH_MOST = 1.1


class Memory:
    """What a process held, and when: watch(pid) looks."""

    def __init__(self):
        self.seen = []

    def watch(self, pid):
        try:
            with open(f"/proc/{pid}/status") as status:
                held = re.search(r"^VmRSS:\s+(\d+) kB", status.read(), re.M)
        except OSError:
            return
        if held:
            self.seen.append((time.time(), int(held[1]) / 1024))

    def at(self, moment):
        """The most until then."""
        return max((mb for when, mb in self.seen if when <= moment),
                   default=0)


def settled_times(report):
    """The moment of the first row, and of the last one of each slice.

    Little is held of a million rows: what this process has in memory when it
    starts the next client counts as that one's peak (getrusage(2), exec).
    """
    with open(report) as lines:
        next(lines)
        rows = collections.Counter(line.rstrip("\n").rsplit(",", 1)[-1]
                                   for line in lines)
    stamps = sorted(rows)
    last = [stamps[0]]
    so_far = 0
    for stamp in stamps:
        so_far += rows[stamp]
        while so_far * SLICES >= rows.total() * len(last):
            last.append(stamp)
    return [datetime.datetime.fromisoformat(stamp).timestamp()
            for stamp in last]


def one(stage, count):
    memory = Memory()
    run = stage.against_sink(
        lambda port, ca: stage.send(port, ca, 10, count), count,
        watch=memory.watch)
    moments = settled_times(stage.home / "report.csv")
    run["rates"] = [count / SLICES / max(later - earlier, 1e-3)
                    for earlier, later in zip(moments, moments[1:])]
    run["held"] = [memory.at(moment) for moment in moments[1:]]
    run["flat"] = min(run["rates"]) / statistics.median(run["rates"])
    run["growth"] = run["held"][-1] / max(run["held"][0], 1)
    return run


def million(stage):
    """a million contacts: memory, and the rate from first to last"""
    count = stage.size(1_000_000, 200_000)
    found = stage.in_turn({f"{count:,} contacts": lambda: one(stage, count)},
                          min(stage.runs, 3))
    stage.table(found)
    runs = list(found.values())[0]
    middle = sorted(runs, key=lambda run: run["flat"])[len(runs) // 2]
    say("slice            " + "".join(f"{i:>7}" for i in range(1, SLICES + 1)))
    say("1000 messages/s  " + "".join(f"{rate / 1000:>7.0f}"
                                      for rate in middle["rates"]))
    say("MB held          " + "".join(f"{mb:>7.1f}"
                                      for mb in middle["held"]))
    stage.aim(f"{count:,} contacts: peak memory", median(runs, "rss"),
              most=PEAK_MOST_MB, unit=" MB")
    stage.aim("the slowest tenth's rate beside the median one's",
              median(runs, "flat"), least=SLOWEST_LEAST)
    stage.aim("memory at the end beside that after a tenth",
              median(runs, "growth"), most=GROWTH_MOST)
