"""Where do things fetched for the tests stay between runs?

Outside the tree, so that a test run leaves it clean:
$XDG_CACHE_HOME/mailshot-tests, else ~/.cache/mailshot-tests.
"""

import contextlib
import fcntl
import os
import pathlib


def directory(name):
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    path = pathlib.Path(base) / "mailshot-tests" / name
    path.mkdir(parents=True, exist_ok=True)
    return path


@contextlib.contextmanager
def one_at_a_time():
    """While something is fetched: tests run side by side."""
    with open(directory(".") / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
