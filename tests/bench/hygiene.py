"""What does it cost to know of every row whether it can be mailed?

A list of the kind that people have: 60 MB a million rows, of which 2 % are
there twice and 1 % are no addresses. `mailshot check` judges every row and
writes its verdict; the others count what comes twice, and look at nothing.
"""

import os
import subprocess
import sys

from stage import MAILSHOT, Skip, median, say, timed

COUNTER = """
import csv, sys
seen = set()
with open(sys.argv[1], encoding="utf-8", newline="") as rows:
    for row in csv.reader(rows):
        seen.add(row[0])
print(len(seen))
"""
PEAK_MOST_MB = 64
ROW_BYTES_MOST = 40
MAWK_SHARE_MOST = 0.5
FLOOR_MOST = 1.5
TEN_MOST = 11


def dirty(stage, count):
    path = stage.home / f"dirty{count}.csv"
    if path.exists():
        return path
    domains = ["example.org", "mail.example.com", "uni.example.net"]
    with open(path, "w") as rows:
        rows.write("email,name,town,id\n")
        for i in range(count):
            kind = i % 100
            which = i - 60 if kind in (50, 51) else i
            address = f"user{which}@{domains[which % 3]}"
            if kind == 7:
                address = address.replace("@", ".")
            rows.write(f"{address},Person Number {i},Town {i % 5000},{i * 7}\n")
    return path


def through(stage, *command):
    """Its output goes to a file, which the shell opens."""
    into = stage.home / "out"
    return timed(["sh", "-c", 'out=$1; shift; exec "$@" >"$out"', "sh", into,
                  *command])


def must(run, *statuses):
    if run["status"] not in statuses:
        raise SystemExit(f"bench: status {run['status']}")
    return run


def clients(stage, path):
    floor = stage.compiled("csv_floor", libraries=["csv"])
    rows = {
        "mailshot check": lambda: must(through(
            stage, MAILSHOT, "check", "-q", "--format", "csv", path), 67),
        "libcsv alone": lambda: must(through(stage, floor, path), 0),
        "libcsv and a hash set": lambda: must(
            through(stage, floor, path, "set"), 0),
        "python3, csv and a set": lambda: must(
            through(stage, sys.executable, "-c", COUNTER, path), 0),
        "sort -u": lambda: must(through(stage, "sort", "-u", path), 0),
    }
    if subprocess.run(["sh", "-c", "command -v mawk"],
                      capture_output=True).returncode == 0:
        rows["mawk !s[$1]++"] = lambda: must(
            through(stage, "mawk", "-F,", "!s[$1]++", path), 0)
    return rows


def show(found, count):
    say(f"{'':<26}{'seconds':>8}  {'CPU':>6}{'peak MB':>9}{'ns a row':>10}")
    for title, runs in found.items():
        seconds = median(runs, "seconds")
        say(f"{title:<26}{seconds:>8.2f}  {median(runs, 'cpu'):>6.2f}"
            f"{median(runs, 'rss'):>9.1f}{seconds * 1e9 / count:>10.0f}")


def ten_times(stage, count, one):
    """Is it linear, and what does a row hold?"""
    free = os.statvfs(stage.home)
    path = stage.home / f"dirty{count * 10}.csv"
    if free.f_bavail * free.f_frsize < count * 10 * 70:
        raise Skip("no room for ten times as many rows")
    dirty(stage, count * 10)
    run = must(timed([MAILSHOT, "check", "-q", "--format", "csv", path]), 67)
    path.unlink()
    row_bytes = (run["rss"] - median(one, "rss")) * 1024 * 1024 / (count * 9)
    say(f"{count * 10:,} rows: {run['seconds']:.2f} s, "
        f"{run['rss']:.1f} MB, {row_bytes:.1f} bytes a row more")
    stage.aim("ten times the rows take so many times as long",
              run["seconds"] / median(one, "seconds"), most=TEN_MOST)
    stage.aim("memory a row", row_bytes, most=ROW_BYTES_MOST, unit=" bytes")


def hygiene(stage):
    """a dirty list judged, beside programs that only count"""
    count = stage.size(1_000_000, 100_000)
    path = dirty(stage, count)
    say(f"{count:,} rows, {path.stat().st_size / 1e6:.0f} MB")
    found = stage.in_turn(clients(stage, path))
    show(found, count)
    ours = found["mailshot check"]
    if "mawk !s[$1]++" in found:
        stage.aim("mailshot check's share of mawk's time",
                  median(ours, "seconds")
                  / median(found["mawk !s[$1]++"], "seconds"),
                  most=MAWK_SHARE_MOST)
    else:
        say("no mawk here")
    stage.aim("mailshot check beside libcsv and a hash set",
              median(ours, "seconds")
              / median(found["libcsv and a hash set"], "seconds"),
              most=FLOOR_MOST)
    stage.aim(f"{count:,} rows: peak memory", median(ours, "rss"),
              most=PEAK_MOST_MB, unit=" MB")
    ten_times(stage, count, ours)
