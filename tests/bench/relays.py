"""Is it the relay that is the limit, when it is a real one?

Postfix, Exim and OpenSMTPD from Debian's packages, started as the end-to-end
tests start them, but set up for speed: nobody is asked about recipients, and
what is taken is thrown away where the relay can do that.
"""

import os
import pathlib
import re
import sys
import tempfile

import pace
from stage import TOP, Skip, rated, say, timed

CLIENT_BUSY_MOST = 25  # percent of a processor: else the relay is no limit


class NobodyAsks:
    """Stands where the tests have their arbiter."""

    port = 1


def edited(relay, name, *changes):
    """The configuration of the tests, changed: (pattern, by)."""
    path, = relay.home.rglob(name)
    text = path.read_text()
    for pattern, by in changes:
        text, count = re.subn(pattern, by, text, flags=re.S | re.M)
        if count == 0:
            raise SystemExit(f"bench: nothing like {pattern!r} in {path}")
    path.write_text(text)
    return relay


def make_postfix(home):
    import postfix
    return postfix.Postfix(home)


def make_exim(home):
    import exim
    import private
    private.need("Exim")
    return edited(
        exim.Exim(home, NobodyAsks, more="log_selector = -all\n"),
        "exim*.conf", (r"^log_selector = \+.*?\n(?=\S)", ""),
        (r"^begin acl.*", "begin acl\n"
         "check_sender:\n  accept\ncheck_recipient:\n  accept\n"
         "check_content:\n  accept\n"
         "begin routers\nall:\n  driver = redirect\n"
         "  data = :blackhole:\n"))


def make_opensmtpd(home):
    import opensmtpd
    import private
    private.need("OpenSMTPD")
    return edited(
        opensmtpd.OpenSMTPD(home, NobodyAsks), "smtpd.conf",
        (r"^filter [^\n]*\n", ""), (r"(\\\n)? filter arbiter", ""))


# Messages of a run: some seconds' worth.
RELAYS = {
    "Postfix": (make_postfix, 6_000),
    "Exim": (make_exim, 3_000),
    "OpenSMTPD": (make_opensmtpd, 1_000),
}


def once(stage, make, count, sessions):
    """A relay of its own for each run: no queue of the last one's is left."""
    with tempfile.TemporaryDirectory(dir=stage.home) as home:
        os.chmod(home, 0o755)
        relay = make(pathlib.Path(home))
        relay.start()
        try:
            run = timed(stage.mail(relay.options(), sessions, count),
                        processor=None)
        finally:
            relay.stop()
    if run["status"] != 0:
        raise SystemExit(f"bench: status {run['status']} against a relay")
    return rated(run, count)


def measure(stage, name, skipped):
    make, count = RELAYS[name]
    count = stage.size(count, count // 4)
    say(f"{name}, {count} messages:")
    try:
        busy = pace.compare(
            stage, lambda n: once(stage, make, count, n), name,
            min(stage.runs, 3))
        stage.aim(f"client's processor while {name} works", busy,
                  most=CLIENT_BUSY_MOST, unit=" %")
    except skipped as why:
        say(f"skipped: {why}")


def relays(stage):
    """-j auto against real Postfix, Exim and OpenSMTPD"""
    if os.geteuid() != 0:
        raise Skip("the relays' masters run for root alone")
    try:
        import pytest
    except ImportError:
        raise Skip("python3-pytest is not here") from None
    sys.path.insert(0, str(TOP / "tests/e2e"))
    os.chmod(stage.home, 0o755)
    for name in RELAYS:
        measure(stage, name, pytest.skip.Exception)
