"""How do the tests run the program, and what do they read of it?

MAILSHOT names the binary; without it, build/cli/mailshot of this tree. Every
run has a home and an environment of its own, no terminal, and an end: a
program that hangs fails its test. What a sanitizer says fails it, too.
"""

import csv
import io
import json
import os
import pathlib
import re
import subprocess

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
BINARY = pathlib.Path(os.environ.get("MAILSHOT",
                                     TOP / "build/cli/mailshot")).absolute()

SANITIZER_STATUS = 99
SANITIZED = re.compile(r"(Address|Leak|UndefinedBehavior)Sanitizer|"
                       r"runtime error:")

# The contract's exit statuses, by the names of sysexits.h where they have one.
OK, LOOK, USAGE, DATAERR, NOINPUT, REJECTED = 0, 1, 64, 65, 66, 67
NOHOST, UNAVAILABLE, CANTCREAT, IOERR = 68, 69, 73, 74
REMAIN, PROTOCOL, NOPERM, CONFIG = 75, 76, 77, 78

REPORT_FIELDS = ("line,address,status,code,enhanced,scope,reply,attempts,"
                 "message_id,relay,tls,time").split(",")
OUTCOMES = ("sent rejected deferred unknown pending invalid duplicate "
            "suppressed").split()
FAILED = {"rejected", "deferred", "unknown", "pending", "invalid"}


def environment(home, **more):
    return {"PATH": "/usr/bin:/bin", "HOME": str(home), "LANG": "C.UTF-8",
            "G_DEBUG": "fatal-criticals",
            "ASAN_OPTIONS": f"exitcode={SANITIZER_STATUS}",
            "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1:"
                             f"exitcode={SANITIZER_STATUS}",
            **more}


class Result:
    """What a finished run left: status, out, err (texts)."""

    def __init__(self, status, out, err):
        self.status, self.out, self.err = status, out, err
        assert status != SANITIZER_STATUS and not SANITIZED.search(err), err
        assert status >= 0, f"killed by signal {-status}: {err}"

    def closing(self):
        """The closing line's counts, by name; they balance."""
        lines = re.findall(r"^sent=\d+ .* rows=\d+ .*$", self.err, re.M)
        assert len(lines) == 1, self.err
        pairs = dict(p.split("=") for p in lines[0].split())
        counts = {name: int(pairs[name]) for name in (*OUTCOMES, "rows")}
        assert sum(counts[name] for name in OUTCOMES) == counts["rows"], lines
        return counts


def start(*arguments, cwd, env=None, **more):
    streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE,
               "stderr": subprocess.PIPE, **more}
    return subprocess.Popen([BINARY, *map(str, arguments)], cwd=cwd,
                            env=environment(cwd, **(env or {})), **streams)


def finish(process, timeout=120, given=None):
    try:
        out, err = process.communicate(given, timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        raise AssertionError(f"the program hangs; it said: {err!r}") from None
    return Result(process.returncode,
                  (out or b"").decode("utf-8", "surrogateescape"),
                  (err or b"").decode("utf-8", "surrogateescape"))


def run(*arguments, cwd, env=None, given=None, timeout=120):
    more = {"stdin": subprocess.PIPE} if given is not None else {}
    return finish(start(*arguments, cwd=cwd, env=env, **more), timeout, given)


def report(text):
    """Rows of a CSV report, as dictionaries; [] for none."""
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    if rows:
        assert list(rows[0]) == REPORT_FIELDS
    return rows


def report_file(path):
    return report(path.read_text("utf-8"))


def jsonl(text):
    return [json.loads(line) for line in text.splitlines()]


def by_status(rows):
    """The addresses of each outcome that occurs, in order."""
    found = {}
    for row in rows:
        found.setdefault(row["status"], []).append(row["address"])
    return found
