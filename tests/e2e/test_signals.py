"""Is a signal heard whenever it comes: before anything is begun, while nobody
reads what is written, at the end?"""

import os
import signal
import time

import pytest

import program
from program import IOERR, LOOK, OK, REMAIN

USERS = [f"user{i}@example.org" for i in range(40)]
ENDING = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


@pytest.fixture
def send(contacts, template, tmp_path):
    """send(relay, option…) starts a mailing in clear."""
    people = contacts(USERS)

    def start(relay, *options, words=(people, template), **more):
        return program.start("send", "-s", relay.url, "--tls", "off", "-j", 2,
                             *options, *words, cwd=tmp_path, **more)
    return start


def has_ended(process, seconds):
    try:
        process.wait(seconds)
    except program.subprocess.TimeoutExpired:
        return False
    return True


def fifo(tmp_path, name="fifo"):
    os.mkfifo(tmp_path / name)
    return tmp_path / name


@pytest.mark.parametrize("number", ENDING)
def test_before_anything_is_begun(send, slow_relay, template, tmp_path, number):
    """It waits for its list, which nobody writes."""
    relay = slow_relay(0)
    process = send(relay, "-o", "r.csv",
                   words=(fifo(tmp_path), template))
    assert not has_ended(process, 0.5)
    process.send_signal(signal.SIGUSR1)
    assert not has_ended(process, 0.2)
    process.send_signal(number)
    done = program.finish(process, 10)
    assert done.status == REMAIN
    assert "stopped by a signal before anything was begun" in done.err
    assert relay.taken == [] and not (tmp_path / "r.csv").exists()


@pytest.mark.parametrize("option", ["--report", "--failed", "--tls-evidence",
                                    "--metrics"])
def test_a_fifo_that_nobody_reads(send, slow_relay, tmp_path, option):
    relay = slow_relay(0)
    process = send(relay, option, fifo(tmp_path))
    assert not has_ended(process, 0.5)
    process.terminate()
    done = program.finish(process, 10)
    assert done.status == REMAIN
    assert "fifo: stopped by a signal while nobody reads it" in done.err
    assert relay.taken == []


def test_a_fifo_that_is_read_late(send, slow_relay, tmp_path):
    path = fifo(tmp_path)
    process = send(slow_relay(0), "--report-all", "--report", path)
    assert not has_ended(process, 0.3)
    rows = program.report(path.read_text())
    assert program.finish(process).status == OK
    assert sorted(row["address"] for row in rows) == sorted(USERS)


def full_pipe():
    """Nothing more goes into it until somebody reads."""
    read, write = os.pipe()
    os.set_blocking(write, False)
    try:
        while os.write(write, b"x" * 4096):
            pass
    except BlockingIOError:
        os.set_blocking(write, True)
    return read, write


def test_a_slow_reader_does_not_hold_up_the_run(send, slow_relay):
    read, write = full_pipe()
    relay = slow_relay(0)
    process = send(relay, "--report-all", stdout=write)
    os.close(write)
    limit = time.monotonic() + 20
    while len(relay.taken) < len(USERS) and time.monotonic() < limit:
        time.sleep(0.01)
    assert sorted(relay.taken) == sorted(USERS)
    assert not has_ended(process, 0.2)
    with os.fdopen(read, "rb") as pipe:
        said = pipe.read().lstrip(b"x").decode()
    assert program.finish(process).status == OK
    assert sorted(row["address"] for row in program.report(said)) == \
        sorted(USERS)


def test_the_third_signal_waits_for_no_reader(send, slow_relay):
    read, write = full_pipe()
    process = send(slow_relay(0), "--report-all", stdout=write)
    os.close(write)
    assert not has_ended(process, 1)
    process.send_signal(signal.SIGUSR1)  # asks, and stops nothing
    for _ in range(3):
        assert not has_ended(process, 0.2)
        process.terminate()
    done = program.finish(process, 10)
    assert done.status == IOERR
    assert "standard output: cannot be written: Interrupted" in done.err
    os.close(read)


def test_a_signal_at_any_time(send, slow_relay, tmp_path):
    """From the first millisecond to after the last: it is always told what
    remains, and with a second one what is in doubt."""
    seen = set()
    for i in range(24):
        relay = slow_relay(0.002)
        process = send(relay, "-o", "r.csv", "--report-all")
        time.sleep(0.004 * i)
        process.send_signal(ENDING[i % 3])
        if i % 4 == 3:
            process.send_signal(ENDING[i % 3])
        process.communicate(timeout=20)
        seen.add(process.returncode)
        # Killed: it was no program of ours yet.
        assert process.returncode in (OK, REMAIN, LOOK, -ENDING[i % 3]), i
        assert process.returncode >= 0 or relay.taken == []
    assert {OK, REMAIN} & seen


@pytest.mark.parametrize("number", ENDING)
def test_a_password_command_that_hangs(contacts, template, sinks, tmp_path,
                                       number):
    secret = tmp_path / "secret"
    secret.write_text("x\n")
    secret.chmod(0o600)
    sink = sinks("--auth", "ann", "--auth-password-file", secret)
    process = program.start(
        "send", "-s", sink.url, "--tls-ca", sink.ca, "-u", "ann",
        "--passwordeval", "echo > begun; exec sleep 60", contacts(USERS),
        template, cwd=tmp_path)
    limit = time.monotonic() + 20
    while not (tmp_path / "begun").exists() and time.monotonic() < limit:
        time.sleep(0.01)
    process.send_signal(signal.SIGUSR1)
    assert not has_ended(process, 0.2)
    process.send_signal(number)
    done = program.finish(process, 10)
    assert done.status == REMAIN, done.err
    assert done.closing()["pending"] == len(USERS)
