"""Which room does the processor's time go to?

perf samples a run; without it (or where the kernel does not allow it)
callgrind counts the instructions of a smaller one. A library's time is the
library's, the kernel's the kernel's.
"""

import collections
import pathlib
import re
import shutil
import subprocess

from stage import MAILSHOT, Skip

MOST = 12  # functions shown


def room_of(path):
    """src/list/csv.c: list."""
    found = re.search(r"\bsrc/(\w+)/", path)
    if found:
        return found[1]
    return "cli" if re.search(r"\bcli/", path) else "other"


def library(dso):
    name = pathlib.Path(dso.strip("()[]")).name
    if "kernel" in name or name in ("vdso", "unknown") or name[-1:] == "]":
        return "kernel"
    return re.sub(r"^lib|[-.].*$", "", name) or "other"


def rooms_at(addresses):
    """By the debug information: of inlined code, where it was written."""
    where = subprocess.run(
        ["addr2line", "-e", MAILSHOT], check=True, capture_output=True,
        text=True, input="".join(f"{at:x}\n" for at in addresses)).stdout
    return dict(zip(addresses, map(room_of, where.splitlines())))


def text_shift():
    """From a file offset to the address that the linker knows."""
    headers = subprocess.run(["readelf", "-lW", MAILSHOT], check=True,
                             capture_output=True, text=True).stdout
    offset, address = re.search(
        r"LOAD\s+0x([0-9a-f]+) 0x([0-9a-f]+) .* R E ", headers).groups()
    return int(address, 16) - int(offset, 16)


def samples(text):
    """(address in the program or None, function, object) of perf script."""
    program = []
    for line in text.splitlines():
        mapped = re.search(r"PERF_RECORD_MMAP2? .*\[0x([0-9a-f]+)"
                           r"\(0x([0-9a-f]+)\) @ (0x[0-9a-f]+|0) .*"
                           r"r-xp (\S+)$", line)
        if mapped and mapped[4].endswith("cli/mailshot"):
            start, size = int(mapped[1], 16), int(mapped[2], 16)
            program.append((start, start + size, int(mapped[3], 16)))
        one = re.match(r"^\s*([0-9a-f]+) (.*?) \(?(\S+?)\)?$", line)
        if mapped or not one:
            continue
        at = int(one[1], 16)
        ours = [at - start + offset for start, end, offset in program
                if start <= at < end]
        yield (ours[0] if ours else None), one[2], one[3]


def by_perf(stage, run):
    data = stage.home / "perf.data"
    run(["perf", "record", "-q", "-F", "3000", "-o", data])
    text = subprocess.run(
        ["perf", "script", "-i", data, "--show-mmap-events", "-F",
         "ip,sym,dso"], check=True, capture_output=True, text=True,
        errors="replace").stdout
    seen, shift = list(samples(text)), text_shift()
    room_at = rooms_at({at + shift for at, _, _ in seen if at is not None})
    rooms, functions = collections.Counter(), collections.Counter()
    for at, function, dso in seen:
        room = library(dso) if at is None else room_at[at + shift]
        rooms[room] += 1
        functions[f"{function} ({room})"] += 1
    return rooms, functions


def perf_works():
    return shutil.which("perf") and subprocess.run(
        ["perf", "record", "-q", "-o", "/dev/null", "true"],
        capture_output=True).returncode == 0


def by_callgrind(stage, run):
    data = stage.home / "callgrind"
    run(["valgrind", "-q", "--tool=callgrind",
         f"--callgrind-out-file={data}"])
    text = subprocess.run(["callgrind_annotate", "--threshold=100", data],
                          check=True, capture_output=True, text=True).stdout
    rooms, functions = collections.Counter(), collections.Counter()
    for count, file, name, where in re.findall(
            r"^ *([\d,]+) \([^)]*\) +(\S*?):(\S+) \[(\S+)\]$", text, re.M):
        room = room_of(file) if where.endswith("cli/mailshot") \
            else library(where)
        rooms[room] += int(count.replace(",", ""))
        functions[f"{name} ({room})"] += int(count.replace(",", ""))
    return rooms, functions


def of(stage, run):
    """Shares by room, and of the functions that take most.

    run(words) runs the client with these words before its command."""
    if perf_works():
        rooms, functions = by_perf(stage, run)
    elif shutil.which("valgrind"):
        rooms, functions = by_callgrind(stage, run)
    else:
        raise Skip("neither perf (that may be used) nor valgrind here: no "
                   "profile")
    total = sum(rooms.values()) or 1
    return ({room: count / total for room, count in rooms.items()},
            [(name, count / total)
             for name, count in functions.most_common(MOST)])
