"""Does `-j auto` find the number of sessions that a relay likes best?

Against a sink that serves K messages at a time and grows slower with every
session beyond K; total times, auto's beside the best fixed number's.
"""

from stage import median, say

FIXED = (1, 2, 4, 8, 16)
WORKERS = 4
SERVICE_MS = 10
AUTO_MOST = 1.15


def show(found, best):
    say(f"{'-j':<6}{'seconds':>9}  {'fastest..slowest':<18}{'messages/s':>11}"
        f"{'client busy':>13}")
    for title, runs in found.items():
        times = [run["seconds"] for run in runs]
        say(f"{title:<6}{median(runs, 'seconds'):>9.2f}  "
            f"{f'{min(times):.2f}..{max(times):.2f}':<18}"
            f"{median(runs, 'rate'):>11.0f}"
            f"{median(runs, 'client_busy'):>11.1f} %"
            + ("  the best fixed one" if title == best else ""))


def compare(stage, once, words, runs=None):
    """once(sessions) measured for each; auto's time over the best's."""
    found = stage.in_turn({str(n): lambda n=n: once(n)
                           for n in (*FIXED, "auto")}, runs)
    best = min(map(str, FIXED), key=lambda n: median(found[n], "seconds"))
    show(found, best)
    stage.aim(f"-j auto beside the best of -j "
              f"{', '.join(map(str, FIXED))}: {words}",
              median(found["auto"], "seconds") /
              median(found[best], "seconds"), most=AUTO_MOST, unit=" x")
    return median(found["auto"], "client_busy")


def auto(stage):
    """-j auto against a relay that slows beyond 4 sessions"""
    count = stage.size(4_000, 1_000)
    slow = ("--slow-beyond", str(WORKERS), "--service", str(SERVICE_MS))

    def once(sessions):
        return stage.against_sink(
            lambda port, ca: stage.send(port, ca, sessions, count), count,
            slow)

    compare(stage, once, f"a relay that slows beyond {WORKERS} sessions")
