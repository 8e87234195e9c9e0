"""What does every line of the bench stand on?

The program built as everybody builds it, a list and a letter of 2 KB, a sink
pinned to one processor and the client to the other, a stopwatch, medians, and
what was aimed at.
"""

import json
import os
import pathlib
import shutil
import signal
import statistics
import subprocess
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent.parent
BUILD = TOP / "build-bench"
MAILSHOT = BUILD / "cli/mailshot"
MESSAGE_BYTES = 2048
CLIENT, SINK = 0, 1  # their processors


class Skip(Exception):
    """A line that cannot be measured here, and why."""


def say(*words, **how):
    print(*words, **how, flush=True)


def build():
    if subprocess.run([TOP / "scripts/setup", "bench"]).returncode:
        raise SystemExit("bench: what it needs is not installed")
    if not (BUILD / "build.ninja").exists():
        subprocess.run(["meson", "setup", BUILD, TOP], check=True,
                       stdout=subprocess.DEVNULL)
    subprocess.run(["ninja", "-C", BUILD, "cli/mailshot"], check=True,
                   stdout=subprocess.DEVNULL)


def pinned(processor, command):
    processors = sorted(os.sched_getaffinity(0))
    if processor is None or len(processors) < 2 or \
            not shutil.which("taskset"):
        return command
    return ["taskset", "-c", str(processors[processor]), *command]


def median(runs, name):
    return statistics.median(run[name] for run in runs)


def spread(runs, name):
    values = [run[name] for run in runs]
    return f"{min(values):.0f}..{max(values):.0f}"


class Sink:
    """`mailshot sink` on a processor of its own; counts() ends it."""

    def __init__(self, home, *options):
        self.home = pathlib.Path(tempfile.mkdtemp(dir=home))
        self.ca = self.home / "ca.pem"
        self.process = subprocess.Popen(
            pinned(SINK, [MAILSHOT, "sink", "-q", "--listen", "127.0.0.1:0",
                          "--port-file", self.home / "port",
                          "--cert-out", self.ca, *options]),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        while not (self.home / "port").exists() or \
                not (self.home / "port").read_text().strip():
            if self.process.poll() is not None:
                raise SystemExit("bench: the sink does not start")
            time.sleep(0.01)
        self.port = (self.home / "port").read_text().strip().split(":")[-1]

    def counts(self):
        self.process.send_signal(signal.SIGTERM)
        out, _ = self.process.communicate(timeout=30)
        return json.loads(out.splitlines()[-1])


def timed(command, env=None, watch=None, processor=CLIENT):
    """Runs it to its end: status, seconds, CPU seconds, peak MiB.

    watch(pid) is called some fifty times a second."""
    began = time.monotonic()
    client = subprocess.Popen(pinned(processor, command), env=env,
                              stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL)
    pid = 0
    while pid == 0:
        if watch:
            watch(client.pid)
            time.sleep(0.02)
        pid, status, used = os.wait4(client.pid, os.WNOHANG if watch else 0)
    client.returncode = os.waitstatus_to_exitcode(status)
    return {"status": client.returncode,
            "seconds": time.monotonic() - began,
            "cpu": used.ru_utime + used.ru_stime,
            "rss": used.ru_maxrss / 1024}


def rated(run, count):
    """The same, and what a message costs."""
    return {**run, "rate": count / run["seconds"],
            "cpu_us": run["cpu"] * 1e6 / count,
            "client_busy": run["cpu"] * 100 / run["seconds"]}


class Stage:
    def __init__(self, home, runs, quick):
        self.home = pathlib.Path(home)
        self.runs = runs
        self.quick = quick
        self.aims = []
        self._made = {}

    def size(self, full, quick):
        return quick if self.quick else full

    def rows(self, count):
        """A list of that many."""
        path = self.home / f"{count}.csv"
        if not path.exists():
            with open(path, "w") as rows:
                rows.write("email,name\n")
                rows.writelines(f"user{i}@example.org,Person {i}\n"
                                for i in range(count))
        return path

    @property
    def letter(self):
        path = self.home / "letter.eml"
        if not path.exists():
            head = ("From: Bench <bench@example.org>\nTo: {{email}}\n"
                    "Subject: A letter for {{name}}\n\nDear {{name}},\n")
            line = ("Sixty-three characters of text that nobody will ever "
                    "read, ever.\n")
            path.write_text(head + line * ((MESSAGE_BYTES - len(head) - 200)
                                           // len(line)))
        return path

    def compiled(self, name, *packages, libraries=(), rooms=()):
        """The helper tests/bench/NAME.c, as a program; rooms are ours."""
        into = self.home / name
        if name in self._made:
            return into
        flags = [f"-l{library}" for library in libraries]
        if packages:
            flags += subprocess.run(
                ["pkg-config", "--cflags", "--libs", *packages], check=True,
                capture_output=True, text=True).stdout.split()
        subprocess.run(["cc", "-std=c17", "-O2", "-D_GNU_SOURCE", "-o", into,
                        f"-I{TOP}/src", HERE / f"{name}.c",
                        *(BUILD / f"src/{room}/lib{room}.a"
                          for room in rooms), *flags], check=True)
        self._made[name] = True
        return into

    def send(self, port, ca, sessions, count, *options):
        """The command: mailshot mails COUNT rows and reports each."""
        return self.mail(["-s", f"smtp://127.0.0.1:{port}", "--tls-ca", ca],
                         sessions, count, *options)

    def mail(self, relay, sessions, count, *options):
        return [MAILSHOT, "send", *relay, "-j", str(sessions), "-q",
                "--report", self.home / "report.csv", "--report-all",
                *options, self.rows(count), self.letter]

    def against_sink(self, command_of, count, sink_options=(), **how):
        """One client and one sink, which must have taken every message.

        command_of(port, ca) is the client's command."""
        sink = Sink(self.home, *sink_options)
        command = command_of(sink.port, sink.ca)
        run = timed(command, **how)
        counts = sink.counts()
        if run["status"] != 0 or counts["messages"] != count:
            raise SystemExit(f"bench: status {run['status']}, the sink took "
                             f"{counts['messages']} of {count}: {command}")
        return {**rated(run, count),
                "sink_us": counts["cpu_seconds"] * 1e6 / count,
                "sink_busy": counts["cpu_seconds"] * 100 / run["seconds"],
                "bytes": counts["bytes"] / count}

    def in_turn(self, clients, runs=None):
        """Each of {title: function} once, and again: {title: runs}."""
        found = {title: [] for title in clients}
        for _ in range(runs or self.runs):
            for title, once in clients.items():
                found[title].append(once())
        return found

    def aim(self, words, value, least=None, most=None, unit=""):
        """What came out, beside what was aimed at."""
        self.aims.append((words, value, least, most, unit))

    def table(self, found):
        say(f"{'':<26}{'messages/s':>11}  {'slowest..fastest':<17}"
            f"{'CPU us':>7}{'busy':>6}{'peak MB':>9}{'sink us':>9}"
            f"{'busy':>6}")
        for title, runs in found.items():
            say(f"{title:<26}{median(runs, 'rate'):>11.0f}  "
                f"{spread(runs, 'rate'):<17}"
                f"{median(runs, 'cpu_us'):>7.1f}"
                f"{median(runs, 'client_busy'):>5.0f}%"
                f"{median(runs, 'rss'):>9.1f}"
                f"{median(runs, 'sink_us'):>9.1f}"
                f"{median(runs, 'sink_busy'):>5.0f}%")
