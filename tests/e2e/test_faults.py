"""Killed at each system call, and each of them failing: is the truth kept?

strace(1) kills the program at its Nth call, or makes that call fail, for every
N; then the same command runs to its end. A sample in the ordinary run, all of
it with MAILSHOT_FULL=1.
"""

import os
import re
import shutil
import subprocess

import pytest

import program
from campaign import FULL, SESSIONS, WINDOW, Campaign

ROWS = 50
CALLS = ("write", "pwrite64", "writev", "sendto", "sendmsg", "fsync",
         "fdatasync", "ftruncate", "linkat", "rename", "unlink")
FILE_CALLS = ("write", "pwrite64", "fsync", "fdatasync", "ftruncate", "linkat",
              "unlink")
SAMPLE = 5
FAULT_STATUSES = (program.OK, program.LOOK, program.UNAVAILABLE, 71,
                  program.CANTCREAT, program.IOERR, program.REMAIN)
CALLS_MAX = 2000
# A leak checker is a tracer, too, and there can be only one.
ENVIRONMENT = {"ASAN_OPTIONS": f"detect_leaks=0:"
                               f"exitcode={program.SANITIZER_STATUS}"}

pytestmark = pytest.mark.skipif(not shutil.which("strace"),
                                reason="no strace here")


def traced(one, what, calls=CALLS):
    """Runs a campaign under strace; its status and strace's words."""
    log = one.home / "strace.log"
    command = ["strace", "-f", "-y", "-qq", "-o", log,
               "-e", "trace=" + ",".join(calls), *what, program.BINARY,
               *map(str, one.arguments())]
    done = subprocess.run(
        command, cwd=one.home, timeout=120, stdin=subprocess.DEVNULL,
        env=program.environment(one.home, **ENVIRONMENT), capture_output=True)
    assert done.returncode != program.SANITIZER_STATUS, done.stderr
    return done, log.read_text(errors="replace")


def counted(tmp_path, call):
    """How often a thread of an undisturbed run makes the call, at most."""
    one = Campaign(tmp_path / f"count-{call}", ROWS)
    _, log = traced(one, [], [call])
    one.end()
    by_thread = {}
    for thread in re.findall(rf"^(\d+) +{call}\(", log, re.M):
        by_thread[thread] = by_thread.get(thread, 0) + 1
    most = max(by_thread.values(), default=0)
    assert most <= CALLS_MAX
    return most


def numbers(most):
    """Every N, or a sample that has the first and the last."""
    if FULL or most <= SAMPLE:
        return range(1, most + 1)
    return sorted({1 + i * (most - 1) // (SAMPLE - 1) for i in range(SAMPLE)})


@pytest.mark.parametrize("call", CALLS)
def test_killed_at_each_call(tmp_path, call):
    for number in numbers(counted(tmp_path, call)):
        one = Campaign(tmp_path / f"kill{number}", ROWS)
        traced(one, ["-e", f"inject={call}:signal=KILL:when={number}"], [call])
        one.judge(one.run_to_the_end(), SESSIONS * WINDOW)
        one.end()


@pytest.mark.parametrize("error", ["ENOSPC", "EIO"])
@pytest.mark.parametrize("call", FILE_CALLS)
def test_each_call_fails(tmp_path, call, error):
    for number in numbers(counted(tmp_path, call)):
        one = Campaign(tmp_path / f"fail{number}", ROWS)
        done, log = traced(
            one, ["-e", f"inject={call}:error={error}:when={number}"], [call])
        # What libuv tells its own threads cannot fail; where it does, libuv
        # ends the process, which is one more kill.
        inner = re.search(r"<(?:pipe|anon_inode).*INJECTED", log)
        assert done.returncode in FAULT_STATUSES or inner, done.stderr
        if done.returncode in (program.CANTCREAT, program.IOERR):
            assert re.search(rb"state|report|standard", done.stderr)
        one.judge(one.run_to_the_end(), SESSIONS * WINDOW)
        one.end()


@pytest.mark.parametrize("call", ["fsync", "fdatasync"])
def test_a_sync_that_failed_is_not_believed(tmp_path, call):
    """From the Nth on all fail: no letter leaves whose intent is not safe."""
    most = counted(tmp_path, call)
    if most == 0:
        return
    for number in numbers(most):
        one = Campaign(tmp_path / f"sync{number}", ROWS)
        done, _ = traced(
            one, ["-e", f"inject={call}:error=EIO:when={number}+"], [call])
        if done.returncode != program.OK:
            assert done.returncode in (program.CANTCREAT, program.IOERR), \
                done.stderr
            assert b"state.db" in done.stderr or b"report" in done.stderr
        one.judge(one.run_to_the_end(), SESSIONS * WINDOW)
        one.end()


SHORT_WRITE = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <sys/stat.h>
#include <unistd.h>

/* Files alone, and half of what was asked for, every other time. */
static int shortened(int fd, size_t n)
{
    static _Thread_local unsigned turn;
    struct stat what;
    return n > 1 && fstat(fd, &what) == 0 && S_ISREG(what.st_mode) &&
           turn++ % 2 == 0;
}

ssize_t write(int fd, const void *data, size_t n)
{
    static ssize_t (*real)(int, const void *, size_t);
    real = real ? real : dlsym(RTLD_NEXT, "write");
    return real(fd, data, shortened(fd, n) ? n / 2 : n);
}

ssize_t pwrite64(int fd, const void *data, size_t n, off_t at)
{
    static ssize_t (*real)(int, const void *, size_t, off_t);
    real = real ? real : dlsym(RTLD_NEXT, "pwrite64");
    return real(fd, data, shortened(fd, n) ? n / 2 : n, at);
}

ssize_t pwrite(int fd, const void *data, size_t n, off_t at)
{
    return pwrite64(fd, data, n, at);
}
"""


def test_short_writes(tmp_path):
    source, shim = tmp_path / "short.c", tmp_path / "short.so"
    source.write_text(SHORT_WRITE)
    subprocess.run(["cc", "-shared", "-fPIC", "-o", shim, source, "-ldl"],
                   check=True)
    one = Campaign(tmp_path / "short", ROWS)
    done = one.run(env={"LD_PRELOAD": str(shim), "ASAN_OPTIONS":
                        "verify_asan_link_order=0"})
    one.judge(done, 0)


@pytest.mark.parametrize("kib", [1, 8, 24, 64])
def test_no_room_in_the_file_system(tmp_path, kib):
    """RLIMIT_FSIZE: what is too long is cut, the signal does not kill."""
    one = Campaign(tmp_path / "room", ROWS)
    limit = kib * 1024

    def narrow():
        import resource
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    process = subprocess.Popen(
        [program.BINARY, *map(str, one.arguments())], cwd=one.home,
        env=program.environment(one.home), preexec_fn=narrow,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE)
    done = program.finish(process)
    assert done.status in (program.OK, program.LOOK, program.CANTCREAT,
                           program.IOERR), done.err
    assert kib > 1 or done.status == program.CANTCREAT, done.err
    if done.status == program.IOERR and "rows=" in done.err:
        assert done.closing()["unknown"] == 0  # no session was cut
    if done.status not in (program.OK, program.LOOK):
        assert "state.db" in done.err or "report.csv" in done.err
    one.judge(one.run_to_the_end(), SESSIONS * WINDOW)


def test_no_descriptors(tmp_path):
    """EMFILE, at each number of descriptors that may be had."""
    one = Campaign(tmp_path / "few", ROWS)
    for most in range(4, 24, 1 if FULL else 4):
        def narrow(most=most):
            import resource
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        process = subprocess.Popen(
            [program.BINARY, *map(str, one.arguments("--retry-for", "1s"))],
            cwd=one.home,
            env=program.environment(one.home), preexec_fn=narrow,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)
        done = program.finish(process)
        assert done.status != 70, done.err
    one.judge(one.run_to_the_end(), 0)


def test_a_folder_that_cannot_be_written_to(tmp_path):
    one = Campaign(tmp_path / "closed", ROWS)
    one.state = tmp_path / "nowhere" / "state.db"
    done = one.run()
    assert done.status == program.CANTCREAT
    assert "nowhere/state.db" in done.err
    one.sink.stop()
    assert one.sink.recipients() == []


@pytest.mark.parametrize("name", ["/dev/full", "/dev/null"])
def test_a_device_is_no_state(tmp_path, name):
    one = Campaign(tmp_path / "device", ROWS)
    before = os.stat(name)
    one.state = name
    done = one.run()
    assert done.status in (program.CANTCREAT, program.DATAERR, program.IOERR)
    assert name in done.err
    assert os.stat(name).st_mode == before.st_mode
    one.sink.stop()
    assert one.sink.recipients() == []


@pytest.mark.parametrize("number", [1, 2, 3, 5])
def test_no_threads(tmp_path, number):
    """What the system has no more of ends the run with 71, in words."""
    one = Campaign(tmp_path / "threads", ROWS)
    done, _ = traced(one, ["-e", f"inject=clone3:error=EAGAIN:when={number}"],
                     ["clone3"])
    assert done.returncode == 71, done.stderr
    assert b"no thread" in done.stderr
    one.judge(one.run_to_the_end(), 0)
    one.end()
