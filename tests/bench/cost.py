"""What does a message cost the client, and where does that go?

CPU as the kernel counts it, system calls as strace counts them, and a profile
by room: each sample's address is looked up in the linker's map, so that a
function counts for the room that its file lies in.
"""

import re
import shutil
import subprocess

import shares
from stage import Skip, median, say

SESSIONS = 10
WINDOW = ("--window", "64")
CALLS_MOST = {"stream": 0.1, "group": 2.5}


def sending(stage, tier, count, before=()):
    return stage.against_sink(
        lambda port, ca: [*before,
                          *stage.send(port, ca, SESSIONS, count, *WINDOW,
                                      "--pipeline", tier)], count)


def count_calls(stage, tier):
    """System calls of one run, by name, the total under ''."""
    if not shutil.which("strace"):
        raise Skip("no strace here: no system calls counted")
    count = stage.size(100_000, 20_000)
    log = stage.home / "strace"
    sending(stage, tier, count, ["strace", "-c", "-f", "-o", log])
    calls = {}
    for line in log.read_text().splitlines():
        row = re.match(r" *[\d.]+ +[\d.]+ +\d+ +(\d+) +(?:\d+ +)?(\w+)$", line)
        if row and row[2] != "total":
            calls[row[2]] = int(row[1]) / count
    if not calls:
        raise Skip("strace may not look at processes here")
    return calls


def show_calls(stage):
    for tier, most in CALLS_MOST.items():
        calls = count_calls(stage, tier)
        largest = sorted(calls, key=calls.get, reverse=True)[:4]
        say(f"system calls a message, {tier}: {sum(calls.values()):.3f} ("
            + ", ".join(f"{name} {calls[name]:.3f}" for name in largest)
            + ")")
        stage.aim(f"system calls a message, {tier} tier",
                  sum(calls.values()), most=most)


def show_profile(stage, cpu_us):
    count = stage.size(200_000, 50_000)
    rooms, functions = shares.of(
        stage, lambda before: sending(stage, "stream", count, before))
    say("where the CPU goes, stream tier (us a message, and the share):")
    for room, share in sorted(rooms.items(), key=lambda r: -r[1]):
        say(f"  {room:<10}{share * cpu_us:>6.2f}{share * 100:>6.1f} %")
    say("  most of all: " + ", ".join(
        f"{name} {share * 100:.1f} %" for name, share in functions))


def cost(stage):
    """CPU and system calls a message, and the profile by room"""
    count = stage.size(200_000, 50_000)
    found = stage.in_turn({f"{tier}, window 64": lambda tier=tier:
                           sending(stage, tier, count)
                           for tier in ("stream", "group")})
    stage.table(found)
    cpu_us = median(found["stream, window 64"], "cpu_us")
    stage.aim("client CPU a message, stream tier", cpu_us, most=6.4,
              unit=" us")
    for show in (lambda: show_calls(stage),
                 lambda: show_profile(stage, cpu_us)):
        try:
            show()
        except Skip as why:
            say(f"skipped: {why}")
