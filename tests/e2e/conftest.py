"""What the end-to-end tests stand on: the program, a sink, a real Postfix."""

import functools
import itertools
import pathlib
import shutil
import signal
import sys
import tempfile

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import arbiter as arbiters  # noqa: E402
import odd_relay  # noqa: E402
import postfix as postfix_relay  # noqa: E402
import program  # noqa: E402
import slow_relay as slow  # noqa: E402
from sink import Sink  # noqa: E402

TEMPLATE = """\
From: The Notices <notices@example.org>
To: {{name}} <{{email}}>
Subject: Hello {{name}}

Dear {{name}},

this is for {{email}} alone.
"""


def pytest_sessionstart(session):
    # Who runs the tests may have them ignored, and the program would inherit
    # that: nohup, a shell's background.
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    signal.signal(signal.SIGQUIT, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if not program.BINARY.exists():
        raise pytest.UsageError(f"{program.BINARY}: build it first, or name "
                                "another in MAILSHOT")


@pytest.fixture
def run(tmp_path):
    """run(verb, argument…) in the test's directory, to the end."""
    def run_here(*arguments, **more):
        return program.run(*arguments, cwd=tmp_path, **more)
    return run_here


@pytest.fixture
def template(tmp_path):
    path = tmp_path / "notice.eml"
    path.write_text(TEMPLATE)
    return path


@pytest.fixture
def contacts(tmp_path):
    """contacts(addresses) writes a list of them, and names; its path."""
    def write(addresses, name="contacts.csv"):
        path = tmp_path / name
        path.write_text("email,name\n" + "".join(
            f"{address},Person {i}\n" for i, address in enumerate(addresses)))
        return path
    return write


@pytest.fixture(autouse=True)
def no_sink_outlives_its_test():
    begun = len(Sink.running)
    yield
    for one in Sink.running[begun:]:
        one.kill()
    del Sink.running[begun:]


@pytest.fixture
def sinks(tmp_path):
    """sinks(option…) starts a sink."""
    numbers = itertools.count()

    def start(*options, **more):
        return Sink(tmp_path / f"sink{next(numbers)}", *options, **more)
    return start


@pytest.fixture
def sink(sinks):
    return sinks(maildir=True)


def several(kind):
    """As many as a test asks for; they end with it."""
    started = []

    def start(how):
        started.append(kind(how))
        return started[-1]
    yield start
    for one in started:
        one.stop()


@pytest.fixture
def slow_relay():
    """slow_relay(delay) starts one that answers contents so late."""
    yield from several(slow.SlowRelay)


@pytest.fixture
def odd():
    """odd(answer) starts one that does as it is told."""
    yield from several(odd_relay.OddRelay)


@pytest.fixture
def homes():
    """homes(name) makes a directory; all are gone after the test.

    Open to the accounts that servers run under, as pytest's own are not."""
    made = []

    def make(name):
        home = pathlib.Path(tempfile.mkdtemp(prefix=f"mailshot-{name}."))
        made.append(home)
        home.chmod(0o755)
        return home
    yield make
    for home in made:
        shutil.rmtree(home)


@pytest.fixture
def relays(homes):
    """relays(module, argument…) starts a real relay; it ends with the test."""
    started = []

    def start(module, *arguments, **more):
        started.append(module.start(homes(module.__name__), *arguments,
                                    **more))
        return started[-1]
    yield start
    for one in reversed(started):
        one.stop()


@pytest.fixture
def postfix(relays):
    """postfix(recipients, main_cf) starts an instance."""
    return functools.partial(relays, postfix_relay)


@pytest.fixture
def arbiter():
    """Who says whom the real relays refuse."""
    one = arbiters.Arbiter()
    yield one
    one.stop()
