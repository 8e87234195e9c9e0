"""How fast is mailshot beside Nodemailer's pooled transport?

Same machine, same list, same template, same relay, verified STARTTLS, in
turn: near (loopback, with one session and with ten) and far (one session, a
round trip of 50 ms away).
"""

import json
import os
import pathlib
import shutil
import socket
import subprocess
import time

from stage import HERE, SINK, Sink, Skip, median, pinned, rated, say, timed

ROUND_TRIP_MS = 50
FAR_WINDOW = 64


def directory():
    """Nodemailer, installed outside the tree."""
    if not shutil.which("npm") or not shutil.which("node"):
        raise Skip("no npm or no node here: nothing to compare with")
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    into = pathlib.Path(base) / "mailshot-bench"
    into.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, into)
    done = subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=into,
                          capture_output=True, text=True)
    if done.returncode:
        raise Skip("npm cannot install Nodemailer: "
                   + (done.stderr.strip().splitlines() or ["?"])[-1])
    return into


def environment():
    """With Nodemailer in it; says which one."""
    into = directory()
    node = subprocess.run(["node", "--version"], capture_output=True,
                          text=True).stdout.strip()
    lock = json.loads((HERE / "package-lock.json").read_text())
    version = lock["packages"]["node_modules/nodemailer"]["version"]
    say(f"Nodemailer {version} on Node.js {node}, pooled")
    return {**os.environ, "NODE_PATH": str(into / "node_modules")}


def command(stage, port, ca, sessions, count):
    return ["node", HERE / "nodemailer.js", port, ca, str(sessions),
            stage.rows(count), stage.letter]


def ratios(ours, peers):
    say(f"  {median(ours, 'rate') / median(peers, 'rate'):.0f} x the "
        f"messages/s, 1/"
        f"{median(peers, 'cpu_us') / median(ours, 'cpu_us'):.0f} of the CPU, "
        f"1/{median(peers, 'rss') / median(ours, 'rss'):.1f} of the memory")
    return median(ours, "rate") / median(peers, "rate")


# --- near ---

TIERS = {"stream": 50, "group": 20}  # at least so many times as fast


def near_clients(stage, env, sessions):
    """A tier each, and the peer."""
    peer_count = stage.size(3_000, 1_000)

    def ours(tier):
        count = stage.size(200_000, 20_000)
        return stage.against_sink(
            lambda port, ca: stage.send(port, ca, sessions, count,
                                        "--pipeline", tier), count)

    def peer():
        return stage.against_sink(
            lambda port, ca: command(stage, port, ca, sessions, peer_count),
            peer_count, env=env)

    plural = "s" if sessions > 1 else ""
    clients = {f"{tier}, {sessions} session{plural}":
               lambda tier=tier: ours(tier) for tier in TIERS}
    return {**clients, f"Nodemailer, {sessions} session{plural}": peer}


def near(stage):
    """Nodemailer's pool on loopback, stream and group tier"""
    env = environment()
    for sessions in (1, 10):
        found = stage.in_turn(near_clients(stage, env, sessions))
        stage.table(found)
        *tiers, peers = found.values()
        for tier, runs in zip(TIERS, tiers):
            say(f"{tier}:", end="")
            times = ratios(runs, peers)
            if sessions == 10:
                stage.aim(f"{tier} tier, 10 sessions, beside Nodemailer",
                          times, least=TIERS[tier], unit=" x")


# --- far ---

class FarSink(Sink):
    """A sink behind a road of ROUND_TRIP_MS; measures it, too."""

    def __init__(self, stage):
        super().__init__(stage.home)
        self.near_port = self.port
        self.road = subprocess.Popen(
            pinned(SINK, [stage.compiled("far"), self.near_port,
                          str(ROUND_TRIP_MS)]),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        self.port = self.road.stdout.readline().strip()

    def round_trip_ms(self):
        with socket.create_connection(("127.0.0.1", int(self.port))) as s:
            s.recv(512)
            began = time.monotonic()
            s.sendall(b"NOOP\r\n")
            s.recv(512)
            return (time.monotonic() - began) * 1000

    def counts(self):
        self.road.terminate()
        self.road.communicate()
        return super().counts()


def far_run(stage, command_of, count, env=None):
    sink = FarSink(stage)
    trip = sink.round_trip_ms()
    run = timed(command_of(sink.port, sink.ca), env=env)
    counts = sink.counts()
    if run["status"] != 0 or counts["messages"] != count:
        raise SystemExit(f"bench: status {run['status']}, the far sink took "
                         f"{counts['messages']} of {count}")
    return {**rated(run, count), "trip": trip,
            "sink_us": counts["cpu_seconds"] * 1e6 / count,
            "sink_busy": counts["cpu_seconds"] * 100 / run["seconds"]}


def far(stage):
    """one session across 50 ms, window 64, beside Nodemailer's one"""
    env = environment()
    count = stage.size(20_000, 4_000)
    peer_count = stage.size(100, 30)
    found = stage.in_turn({
        f"stream, window {FAR_WINDOW}": lambda: far_run(
            stage, lambda port, ca: stage.send(
                port, ca, 1, count, "--window", str(FAR_WINDOW)), count),
        "Nodemailer": lambda: far_run(
            stage, lambda port, ca: command(stage, port, ca, 1, peer_count),
            peer_count, env)})
    stage.table(found)
    ours, peers = found.values()
    say(f"the round trip is {median(ours, 'trip'):.1f} ms, as measured")
    stage.aim(f"one session across {ROUND_TRIP_MS} ms, beside Nodemailer",
              ratios(ours, peers), least=100, unit=" x")
