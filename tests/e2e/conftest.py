"""What the end-to-end tests stand on: the program, a sink, a real Postfix."""

import itertools
import pathlib
import shutil
import sys
import tempfile

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

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


@pytest.fixture
def sinks(tmp_path):
    """sinks(option…) starts a sink; all end with the test."""
    started, numbers = [], itertools.count()

    def start(*options, **more):
        started.append(Sink(tmp_path / f"sink{next(numbers)}", *options,
                            **more))
        return started[-1]
    yield start
    for one in started:
        one.kill()


@pytest.fixture
def sink(sinks):
    return sinks(maildir=True)


@pytest.fixture
def slow_relay():
    """slow_relay(delay) starts one that answers contents so late."""
    started = []

    def start(delay):
        started.append(slow.SlowRelay(delay))
        return started[-1]
    yield start
    for one in started:
        one.stop()


@pytest.fixture
def postfix():
    """postfix(recipients, main_cf) starts an instance; it ends with the test.

    Its directory is open to the accounts that Postfix runs under, as pytest's
    own are not."""
    homes, started = [], []

    def start(recipients=(), main_cf=""):
        home = pathlib.Path(tempfile.mkdtemp(prefix="mailshot-postfix."))
        homes.append(home)
        home.chmod(0o755)
        started.append(postfix_relay.start(home, recipients, main_cf))
        return started[-1]
    yield start
    for one in started:
        one.stop()
    for home in homes:
        shutil.rmtree(home)
