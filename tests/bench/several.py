"""What do more relays, more machines and more rows bring, and cost?

The relays are sinks that take so many messages a second and no more, as a
relay does whose storage is the limit: what they take together is known.
"""

import json
import os
import pathlib
import signal
import subprocess
import tempfile
import threading
import time

from million import Memory, settled_times
from stage import MAILSHOT, Sink, median, rated, say, timed

RATE = 400           # a relay's, in messages a second
DOWN_S = 4           # for so long one is gone
BYTES_A_ROW_MOST = 40
GAIN_LEAST = 1.9
LOST_MOST_S = 30     # a relay's share of so many seconds


def trust(home, sinks):
    path = pathlib.Path(tempfile.mkdtemp(dir=home)) / "ca.pem"
    path.write_text("".join(sink.ca.read_text() for sink in sinks))
    return path


def command(stage, ports, ca, count, *options):
    servers = [word for port in ports
               for word in ("-s", f"127.0.0.1:{port}")]
    return [MAILSHOT, "send", *servers, "--tls-ca", ca, "-q", *options,
            "--report", stage.home / "report.csv", "--report-all",
            stage.rows(count), stage.letter]


def whole(run, sinks, count):
    """All of it was taken, once."""
    counts = [sink.counts() for sink in sinks]
    taken = sum(one["messages"] for one in counts)
    if run["status"] != 0 or taken != count:
        raise SystemExit(f"bench: status {run['status']}, the sinks took "
                         f"{taken} of {count}")
    cpu = sum(one["cpu_seconds"] for one in counts)
    return {**rated(run, count), "sink_us": cpu * 1e6 / count,
            "sink_busy": cpu * 100 / run["seconds"]}


def with_relays(stage, number, count):
    sinks = [Sink(stage.home, "--rate", str(RATE)) for _ in range(number)]
    run = timed(command(stage, [one.port for one in sinks],
                        trust(stage.home, sinks), count, "-j", "8"))
    return whole(run, sinks, count)


def several(stage):
    """two relays beside one"""
    count = stage.size(6000, 1200)
    found = stage.in_turn(
        {"one relay": lambda: with_relays(stage, 1, count),
         "two relays": lambda: with_relays(stage, 2, count)},
        min(stage.runs, 3))
    stage.table(found)
    one, two = (median(runs, "rate") for runs in found.values())
    stage.aim("two relays beside one", two / one, least=GAIN_LEAST)


def with_shards(stage, number, count):
    """As many processes as shards, each with a relay of its own."""
    sinks = [Sink(stage.home, "--rate", str(RATE)) for _ in range(number)]
    began = time.monotonic()
    shards = [subprocess.Popen(
        [MAILSHOT, "send", "-s", f"127.0.0.1:{sink.port}", "--tls-ca",
         sink.ca, "-q", "-j", "4", "--shard", f"{k}/{number}", "--report",
         sink.home / "report.csv", "--report-all", stage.rows(count),
         stage.letter], stdin=subprocess.DEVNULL)
        for k, sink in enumerate(sinks, 1)]
    status = max(one.wait() for one in shards)
    return whole({"status": status, "seconds": time.monotonic() - began,
                  "cpu": 0, "rss": 0}, sinks, count)


def sharded(stage):
    """two shards with a relay each beside one"""
    count = stage.size(6000, 1200)
    found = stage.in_turn(
        {"one process": lambda: with_shards(stage, 1, count),
         "two shards": lambda: with_shards(stage, 2, count)},
        min(stage.runs, 3))
    stage.table(found)
    one, two = (median(runs, "rate") for runs in found.values())
    stage.aim("two shards with two relays beside one", two / one,
              least=GAIN_LEAST)


class Mortal:
    """A sink on a port that stays: it can be killed, and begun again.

    Its certificate is another one then, so the client verifies none."""

    def __init__(self, home, port=0):
        self.home = pathlib.Path(tempfile.mkdtemp(dir=home))
        self.log = self.home / "log"
        self.port = port
        self._start()

    def _start(self):
        port_file = self.home / "port"
        port_file.unlink(missing_ok=True)
        self.process = subprocess.Popen(
            [MAILSHOT, "sink", "-q", "--listen", f"127.0.0.1:{self.port}",
             "--port-file", port_file, "--rate", str(RATE)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        while not port_file.exists() or not port_file.read_text().strip():
            time.sleep(0.01)
        self.port = int(port_file.read_text().split(":")[-1])

    def die_and_come_back(self, after_s):
        time.sleep(after_s)
        self.process.kill()
        self.process.communicate()
        time.sleep(DOWN_S)
        self._start()

    def messages(self):
        self.process.send_signal(signal.SIGTERM)
        out, _ = self.process.communicate(timeout=30)
        return json.loads(out.splitlines()[-1])["messages"]


def with_a_death(stage, count, dies):
    relays = [Mortal(stage.home) for _ in range(3)]
    if dies:
        threading.Thread(target=relays[0].die_and_come_back, args=(2,),
                         daemon=True).start()
    run = timed(command(stage, [one.port for one in relays], "/dev/null",
                        count, "--tls", "unverified", "-j", "9"))
    back = relays[0].messages() if dies else 0
    for one in relays[1:] + ([] if dies else relays[:1]):
        one.messages()
    if run["status"] not in (0, 1):
        raise SystemExit(f"bench: status {run['status']}")
    return {**rated(run, count), "sink_us": 0, "sink_busy": 0, "back": back}


def death(stage):
    """one of three relays is killed, and comes back"""
    count = stage.size(24000, 10000)
    found = stage.in_turn(
        {"three relays": lambda: with_a_death(stage, count, False),
         "one is killed": lambda: with_a_death(stage, count, True)}, 1)
    stage.table(found)
    (fine,), (struck,) = found.values()
    lost = (struck["seconds"] - fine["seconds"]) * 3
    say(f"it cost its share of {lost:.1f} s, of which it was gone for "
        f"{DOWN_S}; then it took {struck['back']} messages")
    stage.aim("one of three relays killed: its share, for", lost,
              most=LOST_MOST_S, unit=" s")
    stage.aim("messages that it took when it was back", struck["back"],
              least=1)


def with_rows(stage, count):
    memory = Memory()
    state = pathlib.Path(tempfile.mkdtemp(dir=stage.home)) / "state.db"
    run = stage.against_sink(
        lambda port, ca: stage.send(port, ca, 10, count, "--state", state),
        count, watch=memory.watch)
    moments = settled_times(stage.home / "report.csv")
    rates = [1 / max(b - a, 1e-3) for a, b in zip(moments, moments[1:])]
    os.unlink(state)
    return {**run, "flat": min(rates) / sorted(rates)[len(rates) // 2]}


def rows(stage):
    """memory a row, with a state: ten million rows beside one million"""
    few = stage.size(1_000_000, 100_000)
    found = stage.in_turn(
        {f"{n:,} rows": lambda n=n: with_rows(stage, n)
         for n in (few, 10 * few)}, 1)
    stage.table(found)
    (one,), (ten,) = found.values()
    each = (ten["rss"] - one["rss"]) * 1024 * 1024 / (9 * few)
    stage.aim("memory a row", each, most=BYTES_A_ROW_MOST, unit=" bytes")
    stage.aim("the slowest tenth's rate beside the median one's, with a "
              "state", ten["flat"], least=0.7)
