"""How much of what any client could do does mailshot do?

tests/bench/ceiling.c says one letter, the same bytes that mailshot would
send, again and again to the same sink; it reads no list, fills in nothing,
and keeps no book.
"""

import subprocess

from stage import MAILSHOT, median, say

SESSIONS = 10
WINDOW = 64


def fixed_letter(stage):
    path = stage.home / "fixed.eml"
    with open(path, "wb") as letter:
        subprocess.run([MAILSHOT, "render", "--line", "2", stage.rows(1_000),
                        stage.letter], stdout=letter, check=True)
    return path


def ceiling(stage):
    """a minimal C client that only streams, and mailshot's share of it"""
    count = stage.size(400_000, 50_000)
    program = stage.compiled("ceiling", "gnutls")
    letter = fixed_letter(stage)
    found = stage.in_turn({
        "mailshot": lambda: stage.against_sink(
            lambda port, ca: stage.send(port, ca, SESSIONS, count,
                                        "--window", str(WINDOW)), count),
        "the ceiling": lambda: stage.against_sink(
            lambda port, ca: [program, port, str(SESSIONS), str(WINDOW),
                              str(count), letter], count)})
    stage.table(found)
    ours, limit = found.values()
    say(f"each message: {median(ours, 'cpu_us'):.1f} us of CPU, "
        f"{median(limit, 'cpu_us'):.1f} at the ceiling")
    stage.aim("share of the ceiling's messages/s",
              median(ours, "rate") / median(limit, "rate"), least=0.3)
