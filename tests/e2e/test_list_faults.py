"""Whatever the system refuses while a list is read: a clear end, and no
verdict that is not so.

strace(1) makes the Nth call fail, for every N; memory is given in steps.
"""

import contextlib
import os
import resource
import shutil
import subprocess

import pytest

import program
from program import CANTCREAT, DATAERR, IOERR, NOINPUT, OK, REJECTED

OSERR = 71
ROWS = 8000  # some blocks of the file
CALLS_MAX = 60

needs_strace = pytest.mark.skipif(not shutil.which("strace"),
                                  reason="no strace here")


@pytest.fixture
def listed(tmp_path):
    (tmp_path / "list.csv").write_text("email,name\n" + "".join(
        f"user{i}@example.org,{'Person ' * 6}{i}\n" if i % 10 else
        f"user{i}.example.org,x\n" for i in range(ROWS)))
    (tmp_path / "never").write_text("".join(
        f"gone{i}@example.net\n" for i in range(4000)))
    return tmp_path


def checked(home, *options, before=(), given=None, **more):
    command = [*before, program.BINARY, "check", "--format", "csv", *options]
    done = subprocess.run(
        [*map(str, command)], cwd=home, timeout=60, capture_output=True,
        stdin=subprocess.DEVNULL if given is None else given,
        env=program.environment(home, ASAN_OPTIONS="detect_leaks=0:exitcode="
                                f"{program.SANITIZER_STATUS}"), **more)
    return program.Result(done.returncode, done.stdout.decode(),
                          done.stderr.decode())


def failing(call, error, number, *paths):
    only = [word for path in paths for word in ("-P", path)]
    return ["strace", "-f", "-qq", "-o", "/dev/null", *only,
            "-e", f"inject={call}:error={error}:when={number}"]


# The call, on which file (None: whichever), what is run, how it may end.
PLACES = [
    ("openat", "list.csv", ["list.csv"], NOINPUT),
    ("pread64", "list.csv", ["list.csv"], NOINPUT),
    ("newfstatat", "list.csv", ["list.csv"], NOINPUT),
    ("openat", "never", ["--suppress", "never", "list.csv"], NOINPUT),
    ("read", "never", ["--suppress", "never", "list.csv"], NOINPUT),
    ("write", None, ["--clean", "clean.csv", "list.csv"], IOERR),
    ("fsync", None, ["--clean", "clean.csv", "list.csv"], IOERR),
]


@needs_strace
@pytest.mark.parametrize("call, path, options, end", PLACES)
def test_each_call_fails(listed, call, path, options, end):
    whole = checked(listed, *options)
    assert whole.status == REJECTED
    failures = fine = 0
    for number in range(1, CALLS_MAX):
        (listed / "clean.csv").unlink(missing_ok=True)
        done = checked(listed, *options, before=failing(
            call, "EIO", number, *([path] if path else [])))
        assert whole.out.startswith(done.out)
        assert not list(listed.glob("clean.csv.*"))
        if done.status == REJECTED:  # one that does not matter, or none left
            assert done.out == whole.out
            fine += 1
            if fine == 4:
                break
            continue
        assert done.status == end, (number, done.err)
        assert "Input/output error" in done.err or call == "write"
        # The second fsync is the folder's: the file has its name by then.
        assert (listed / "clean.csv").exists() == ((call, number)
                                                   == ("fsync", 2))
        failures += 1
    assert 0 < failures < CALLS_MAX - 4


@needs_strace
@pytest.mark.parametrize("error, end", [("EIO", IOERR), ("ENOSPC", IOERR),
                                        ("EINVAL", REJECTED)])
def test_the_name_is_on_the_disk_too(listed, error, end):
    done = checked(listed, "--clean", "clean.csv", "list.csv",
                   before=failing("fsync", error, 2))
    assert done.status == end
    assert ("its folder cannot be synced" in done.err) == (end == IOERR)
    assert (listed / "clean.csv").read_text().startswith("email,name\n")


@needs_strace
@pytest.mark.parametrize("call", ["rename", "linkat"])
def test_the_old_file_stays(listed, call):
    (listed / "clean.csv").write_text("old\n")
    done = checked(listed, "--clean", "clean.csv", "list.csv",
                   before=failing(call, "EIO", "1+"))
    assert done.status == IOERR and "cannot be replaced" in done.err
    assert (listed / "clean.csv").read_text() == "old\n"
    assert not list(listed.glob("clean.csv.*"))


@needs_strace
def test_what_comes_once_cannot_be_read(listed):
    failures = 0
    for number in range(1, CALLS_MAX):
        with open(listed / "list.csv", "rb") as given:
            done = checked(listed, "-", given=given, before=failing(
                "read", "EIO", number, listed / "list.csv"))
        if done.status == REJECTED:
            break
        assert done.status == NOINPUT, (number, done.err)
        assert done.out == "" and "stdin: cannot read" in done.err
        failures += 1
    assert 0 < failures < CALLS_MAX - 1


def test_no_room_for_the_copy(listed):
    with open(listed / "list.csv", "rb") as given:
        done = checked(listed, "-", given=given, preexec_fn=lambda:
                       resource.setrlimit(resource.RLIMIT_FSIZE,
                                          (100_000, 100_000)))
    assert done.status == IOERR and "stdin: cannot keep a copy" in done.err
    with open(listed / "list.csv", "rb") as given:
        done = program.finish(program.start(
            "check", "-", cwd=listed, stdin=given,
            env={"TMPDIR": "/no/such/folder"}))
    assert done.status == CANTCREAT and "/no/such/folder" in done.err


@pytest.mark.parametrize("folder, status", [
    ("/no/such/folder", CANTCREAT), (".", REJECTED)])
def test_a_piped_suppression_list_is_copied_as_a_list_is(listed, folder,
                                                         status):
    os.mkfifo(listed / "piped")
    process = program.start("check", "--suppress", "piped", "list.csv",
                            cwd=listed, env={"TMPDIR": folder})
    with contextlib.suppress(BrokenPipeError):
        (listed / "piped").write_text(
            "nobody@example.org\n" * 9000 + "user1@example.org\n")
    done = program.finish(process)
    assert done.status == status, done.err
    assert (": suppressed: " in done.out) == (status == REJECTED)


def test_memory_in_steps(listed):
    """Until there is enough: the end is 71, and never a signal."""
    if b"__asan_init" in program.BINARY.read_bytes():
        pytest.skip("a sanitizer's shadow needs all addresses")
    whole = checked(listed, "list.csv")
    ends = []
    for mib in range(8, 200, 4):
        limit = mib << 20
        done = subprocess.run(
            [program.BINARY, "check", "--format", "csv", "list.csv"],
            cwd=listed, capture_output=True, timeout=60,
            env=program.environment(listed), preexec_fn=lambda:
            resource.setrlimit(resource.RLIMIT_AS, (limit, limit)))
        ends.append(done.returncode)
        if done.returncode == whole.status:
            assert done.stdout.decode() == whole.out
            break
        # 127: not even the program's libraries could be loaded.
        assert done.returncode in (OSERR, 127), (mib, done.stderr)
        assert done.stderr
    assert ends[-1] == whole.status


def test_a_list_that_changes_under_check(listed):
    """Between the two readings that --check-dns makes of it, and later."""
    process = program.start("check", "--format", "csv", "list.csv",
                            cwd=listed)
    first = os.read(process.stdout.fileno(), 1)  # it waits with the rest
    with open(listed / "list.csv", "ab") as more:
        more.write(b"late@example.org,L\n")
    done = program.finish(process)
    assert first == b"r" and done.status == DATAERR
    assert "list.csv: the list has changed" in done.err


def test_a_list_that_is_replaced_is_read_as_it_was(listed):
    process = program.start("check", "--format", "csv", "list.csv",
                            cwd=listed)
    os.read(process.stdout.fileno(), 1)
    (listed / "new.csv").write_text("email\n")
    os.replace(listed / "new.csv", listed / "list.csv")
    done = program.finish(process)
    assert done.status in (OK, REJECTED)
    assert done.out.count("\n") == ROWS + 1
