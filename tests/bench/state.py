"""What does it cost to remember every row on disk before its letter leaves?

Against a relay that takes 20,000 messages a second, and against one that takes
what it is given. Each run has a state of its own, in the bench's folder: the
disk under it counts. The client is pinned to no processor, for the state has a
thread of its own.
"""

import itertools

from stage import median

HELD_TO = 20_000
SESSIONS = 10
WINDOW = 64
SHARE_LEAST = 0.8
RATE_LEAST = 60_000


def state(stage):
    """with a state and without: a relay of 20,000/s, and an unlimited one"""
    numbers = itertools.count()
    count = stage.size(400_000, 50_000)

    def once(held, stateful):
        options = ["--window", WINDOW]
        if stateful:
            options += ["--state", stage.home / f"{next(numbers)}.db"]
        return stage.against_sink(
            lambda port, ca: [str(word) for word in stage.send(
                port, ca, SESSIONS, count, *options)],
            count, ["--rate", str(HELD_TO)] if held else [], processor=None)

    found = stage.in_turn({
        "20,000/s, no state": lambda: once(True, False),
        "20,000/s, with one": lambda: once(True, True),
        "unlimited, no state": lambda: once(False, False),
        "unlimited, with one": lambda: once(False, True)})
    stage.table(found)
    plain, kept, _, unlimited = found.values()
    stage.aim("with a state: share of the rate without, at 20,000/s",
              median(kept, "rate") / median(plain, "rate"), least=SHARE_LEAST)
    stage.aim("with a state: messages/s to an unlimited relay",
              median(unlimited, "rate"), least=RATE_LEAST)
