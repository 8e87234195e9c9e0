"""Does a secret ever stand where others can read it? And what does whoever
hands it over go through: files, descriptors, commands, a person?"""

import base64
import json
import os
import pathlib
import pty
import re
import resource
import select
import signal
import subprocess
import sys
import termios
import time

import pytest

import program
from program import CONFIG, OK

SECRET = "Sesame-Open-7781-xyzzy"
WORDS = ["l.csv", "t.eml"]
SANITIZED = b"__asan_init" in program.BINARY.read_bytes()


def shapes():
    """The secret as it is, and its inside in base64 wherever it begins."""
    found = [SECRET.encode()]
    for shift in range(3):
        text = base64.b64encode(b"\0" * shift + SECRET.encode())
        found.append(text[4 if shift else 0:-4])
    return found


def holds(data):
    return any(shape in data for shape in shapes())


@pytest.fixture(autouse=True)
def files(tmp_path):
    (tmp_path / "l.csv").write_text("email\n" + "".join(
        f"u{i}@example.org\n" for i in range(40)) + "bad@example.org\n")
    (tmp_path / "t.eml").write_text("From: n@example.org\nSubject: s\n\nb\n")


@pytest.fixture
def source(tmp_path):
    """Where the secret is, outside the directory of the run."""
    folder = tmp_path.parent / f"{tmp_path.name}-source"
    folder.mkdir()
    path = folder / "ann"
    path.write_text(SECRET + "\n")
    path.chmod(0o600)
    return path


@pytest.fixture
def guarded(sinks, source):
    def start(*options):
        return sinks("--auth-required", "--auth", "ann",
                     "--auth-password-file", source, *options)
    return start


def login(sink):
    return ["send", "-s", sink.url, "--tls-ca", sink.ca, "-u", "ann"]


def account(sink, home, more):
    path = home / "accounts"
    path.write_text(f"account default\nhost 127.0.0.1\nport {sink.port}\n"
                    f"tls_trust_file {sink.ca}\nauth on\nuser ann\n{more}")
    path.chmod(0o600)
    return ["send", "-C", path]


def by_file(sink, source, home):
    return login(sink) + ["--password-file", source], {}


def by_command(sink, source, home):
    return login(sink) + ["--passwordeval", f"cat {source}"], {}


def by_credential(sink, source, home):
    return login(sink), {"env": {
        "CREDENTIALS_DIRECTORY": str(source.parent)}}


def by_descriptor(sink, source, home):
    fd = os.open(source, os.O_RDONLY)
    return login(sink) + ["--password-fd", fd], {"pass_fds": [fd]}


def by_account(sink, source, home):
    return account(sink, source.parent, f"password {SECRET}\n"), {}


def by_eval(sink, source, home):
    return account(sink, source.parent,
                   f"eval echo password $(cat {source})\n"), {}


def by_netrc(sink, source, home):
    (source.parent / ".netrc").write_text(
        f"machine 127.0.0.1 login ann password {SECRET}\n")
    return account(sink, source.parent, ""), {"env": {
        "HOME": str(source.parent)}}


SOURCES = [by_file, by_command, by_credential, by_descriptor, by_account,
           by_eval, by_netrc]


def everywhere():
    """What anybody may read of all processes."""
    for folder in pathlib.Path("/proc").iterdir():
        if folder.name.isdigit() and int(folder.name) != os.getpid():
            for name in ("cmdline", "environ"):
                try:
                    yield folder / name, (folder / name).read_bytes()
                except OSError:
                    pass


def wait_for_mail(sink, process):
    limit = time.monotonic() + 20
    while not sink.log() and process.poll() is None:
        assert time.monotonic() < limit
        time.sleep(0.02)


@pytest.mark.parametrize("way", SOURCES)
@pytest.mark.parametrize("mechanism", ["plain", "scram-sha-256", "xoauth2"])
def test_nobody_else_reads_it(guarded, source, tmp_path, way, mechanism):
    sink = guarded("--delay", "40")
    words, more = way(sink, source, tmp_path)
    process = program.start(
        *words, "--auth", mechanism, "--debug", "-j", "2", "--pipeline",
        "lockstep", "--messages-per-session", "9", "--report-all", "-o",
        "r.csv", "--failed", "f.csv", "--summary", "json", "--state", "s.db",
        "--campaign", "c", *WORDS, cwd=tmp_path, start_new_session=True,
        **more)
    wait_for_mail(sink, process)
    seen = [str(path) for path, data in everywhere() if holds(data)]
    done = program.finish(process)
    assert seen == []
    assert done.status == program.REJECTED, done.err
    assert not holds(done.err.encode()) and not holds(done.out.encode())
    assert "> AUTH" in done.err
    assert json.loads(done.out)["sent"] == 40
    written = [p for p in tmp_path.rglob("*")
               if p.is_file() and "sink" not in p.parts]
    assert {p.name for p in written} >= {"r.csv", "f.csv", "s.db"}
    assert [p for p in written if holds(p.read_bytes())] == []


def test_the_scan_finds_what_it_seeks():
    """In a command line, an environment, and in base64."""
    for words, env in (([SECRET], {}), ([], {"X": SECRET})):
        process = subprocess.Popen([sys.executable, "-c", "input()", *words],
                                   env=env, stdin=subprocess.PIPE)
        limit = time.monotonic() + 10
        while not any(holds(data) for _, data in everywhere()):
            assert time.monotonic() < limit
        process.communicate(b"\n", 10)
    assert holds(base64.b64encode(b"\0ann\0" + SECRET.encode()))


# Cores, and memory.

def start_unlimited(*words, cwd, **more):
    def unlimited():
        hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
        resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
    return program.start(*words, cwd=cwd, preexec_fn=unlimited, **more)


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGQUIT,
                                    signal.SIGABRT, signal.SIGBUS])
def test_a_crash_leaves_no_core(guarded, source, tmp_path, number):
    sink = guarded("--delay", "60")
    process = start_unlimited(*login(sink), "--password-file", source,
                              "--pipeline", "lockstep", "-j", "1", *WORDS,
                              cwd=tmp_path)
    wait_for_mail(sink, process)
    limits = pathlib.Path(f"/proc/{process.pid}/limits").read_text()
    assert re.search(r"^Max core file size +0 +0 ", limits, re.M), limits
    process.send_signal(number)
    process.wait(20)
    process.stdout.close()
    process.stderr.close()
    assert [p for p in tmp_path.iterdir() if "core" in p.name] == []


@pytest.mark.skipif(os.getuid() != 0, reason="only root becomes another user")
def test_others_of_the_same_user_cannot_look_in(guarded, source, tmp_path,
                                                homes):
    """Not dumpable: its files in /proc are root's, not the user's."""
    home = homes("secrets")
    for name in WORDS:
        (home / name).write_text((tmp_path / name).read_text())
    sink = guarded("--delay", "60")
    (home / "ca.pem").write_text(sink.ca.read_text())
    (home / "secret").write_text(SECRET + "\n")
    os.chown(home / "secret", 65534, 65534)
    (home / "secret").chmod(0o400)
    binary = home / "mailshot"
    binary.write_bytes(program.BINARY.read_bytes())
    binary.chmod(0o755)
    process = subprocess.Popen(
        [binary, "send", "-s", sink.url, "--tls-ca", "ca.pem", "-u", "ann",
         "--password-file", "secret", "--pipeline", "lockstep", "-j", "1",
         *WORDS], cwd=home, user=65534, group=65534, extra_groups=[],
        env=program.environment(home), stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    wait_for_mail(sink, process)
    owners = {os.stat(f"/proc/{process.pid}/{name}").st_uid
              for name in ("mem", "environ", "maps")}
    process.kill()
    process.communicate()
    assert owners == {0}


def memory(pid):
    """All that can be read of it, part by part."""
    with open(f"/proc/{pid}/maps") as maps, \
            open(f"/proc/{pid}/mem", "rb", 0) as mem:
        for line in maps:
            parts = line.split()
            begin, end = (int(x, 16) for x in parts[0].split("-"))
            if "r" in parts[1] and parts[-1] not in ("[vvar]", "[vsyscall]"):
                try:
                    mem.seek(begin)
                    yield mem.read(end - begin)
                except (OSError, OverflowError):
                    pass


@pytest.mark.skipif(os.getuid() != 0, reason="only root reads its memory")
@pytest.mark.skipif(SANITIZED, reason="the sanitizer keeps what was freed")
@pytest.mark.parametrize("way", [by_file, by_command, by_credential,
                                 by_account, by_netrc])
@pytest.mark.parametrize("mechanism", ["plain", "login", "cram-md5",
                                       "scram-sha-1", "scram-sha-256",
                                       "xoauth2", "oauthbearer"])
def test_it_is_wiped_after_the_login(guarded, source, tmp_path, way,
                                     mechanism):
    sink = guarded("--delay", "60")
    words, more = way(sink, source, tmp_path)
    process = program.start(*words, "--auth", mechanism, "--pipeline",
                            "lockstep", "-j", "1", *WORDS, cwd=tmp_path,
                            **more)
    wait_for_mail(sink, process)
    found = [part for part in memory(process.pid) if holds(part)]
    process.kill()
    process.communicate()
    assert found == []
    # The sink has to know it, and so shows that the search works.
    assert any(holds(part) for part in memory(sink.process.pid))


def test_an_account_is_read_again_for_each_login(guarded, source, tmp_path):
    """Its password changes, and goes wrong, in the middle of the run."""
    sink = guarded("--delay", "20")
    words, _ = by_account(sink, source, tmp_path)
    process = program.start(*words, "-j", "1", "--messages-per-session", "5",
                            "--pipeline", "lockstep", "-o", "r.csv", *WORDS,
                            cwd=tmp_path)
    wait_for_mail(sink, process)
    account(sink, source.parent, "password another\n")
    done = program.finish(process)
    assert done.status == program.NOPERM, done.err
    assert 0 < sink.stop()["messages"] < 40


def test_an_account_in_a_pipe(guarded, source, tmp_path):
    sink = guarded()
    words, _ = by_account(sink, source, tmp_path)
    read, write = os.pipe()
    os.write(write, words[2].read_bytes())
    os.close(write)
    done = program.finish(program.start(
        "send", "-C", f"/dev/fd/{read}", "-j", "1", "--messages-per-session",
        "10", "-o", "r.csv", *WORDS, cwd=tmp_path, pass_fds=[read]))
    os.close(read)
    assert done.status == program.REJECTED, done.err


# A command.

@pytest.mark.parametrize("command, said", [
    ("echo oh no >&2; exit 3", "status 3: oh no"),
    ("printf 'a\\nb\\n' >&2; exit 3", "status 3: a"),
    ("printf '\\033]0;x\\007' >&2; exit 3", "status 3: \\x1b]0;x\\x07"),
    ("kill -9 $$", "signal 9"),
    ("yes >&2", "in time"),
    ("sleep 60", "in time"),
    ("exec sleep 60", "in time"),
    ("exec >&-; sleep 60", "in time"),
    ("cat /dev/zero", "more than"),
    ("true", "no password"),
    ("echo", "no password"),
    ("nosuchprogram", "status 127: "),
    ("cat", "no password"),  # nothing is on its stdin, and not our list
])
def test_a_command_that_fails(run, guarded, command, said):
    began = time.monotonic()
    done = run(*login(guarded()), "--passwordeval", command,
               "--connect-timeout", "1s", *WORDS)
    assert time.monotonic() - began < 15
    assert done.status == CONFIG, done.err
    assert "--passwordeval: " in done.err and said in done.err, done.err
    assert "\x1b" not in done.err


@pytest.mark.parametrize("command", [
    "echo warning >&2; cat {}", "cat {}; yes | head -c 1000000 >&2",
    "cat {}; sleep 60 & exit 0", "cat {}; exec 1>&-; sleep 0.2",
])
def test_a_command_that_talks(run, guarded, source, command):
    done = run(*login(guarded()), "-q", "--passwordeval",
               command.format(source), "--report", "r.csv", *WORDS)
    assert done.status == program.REJECTED, done.err
    assert "warning" not in done.err


def by_turns(*commands):
    """One after another, and then the last for ever."""
    cases = "".join(f"{i}) {c};; " for i, c in enumerate(commands[:-1]))
    return (f"echo >>turns; case $(($(wc -l <turns) - 1)) in {cases}"
            f"*) {commands[-1]};; esac")


def test_a_command_that_fails_for_a_moment(run, guarded, source):
    """In the middle of a run, where the relay has let us in before."""
    sink = guarded()
    right = f"cat {source}"
    done = run(*login(sink), "-j", "1", "--messages-per-session", "10",
               "--passwordeval", by_turns(right, "exit 3", right), "-v",
               "-o", "r.csv", *WORDS)
    assert done.status == program.REJECTED, done.err
    assert "status 3" in done.err and sink.stop()["messages"] == 40


def test_a_command_that_fails_from_then_on(run, guarded, source, tmp_path):
    done = run(*login(guarded()), "-j", "1", "--messages-per-session", "10",
               "--passwordeval", by_turns(f"cat {source}", "exit 3"),
               "--retry-for", "2s", "--report-all", "-o", "r.csv", *WORDS)
    assert done.status == program.REMAIN, done.err
    assert "status 3" in done.err
    found = program.by_status(program.report_file(tmp_path / "r.csv"))
    assert len(found["sent"]) >= 9 and len(found["pending"]) >= 30
    assert 2 < (tmp_path / "turns").read_text().count("\n") < 12


def test_a_command_that_takes_its_time_stalls_no_other_session(
        run, sinks, source):
    """The second session's; the first one has sent all before it ends."""
    sink = sinks("--auth", "ann", "--auth-password-file", source,
                 "--auth-required", "--rate", "40")
    slow = by_turns(f"cat {source}", f"sleep 20; cat {source}")
    began = time.monotonic()
    done = run(*login(sink), "-j", "2", "--passwordeval", slow, "-o", "r.csv",
               *WORDS)
    assert done.status == program.REJECTED, done.err
    assert time.monotonic() - began < 10
    assert sink.stop()["auth_ok"] == 1


def test_commands_run_one_at_a_time(run, guarded, source, tmp_path):
    """What they hand out may be good once."""
    alone = (f"mkdir busy || echo x >>two; sleep 0.1; rmdir busy; "
             f"cat {source}")
    done = run(*login(guarded()), "-j", "8", "--window", "1",
               "--messages-per-session", "3", "--passwordeval", alone, "-o",
               "r.csv", *WORDS)
    assert done.status == program.REJECTED, done.err
    assert not (tmp_path / "two").exists()


def test_a_signal_while_a_command_runs(guarded, source, tmp_path):
    """It is not waited for."""
    process = program.start(
        *login(guarded()), "--passwordeval", "echo >>begun; exec sleep 60",
        "-o", "r.csv", *WORDS, cwd=tmp_path)
    limit = time.monotonic() + 20
    while not (tmp_path / "begun").exists() and time.monotonic() < limit:
        time.sleep(0.02)
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert program.finish(process).status == program.REMAIN
    assert time.monotonic() - began < 5


def test_a_list_on_stdin_is_not_the_commands(run, guarded, source):
    done = run(*login(guarded()), "--passwordeval", f"cat; cat {source}", "-",
               "t.eml", given=b"email\nann@example.org\n")
    assert done.status == OK, done.err


# A person.

class Terminal:
    """The program at a terminal of its own."""

    def __init__(self, home, words, binary=program.BINARY):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(home)
            os.execve(binary, ["mailshot", *map(str, words)],
                      program.environment(home, TERM="xterm"))
        self.seen = b""

    def _until(self, fits):
        """Reads on all the while, as a terminal does."""
        limit = time.monotonic() + 20
        while not fits():
            assert time.monotonic() < limit, self.seen
            if select.select([self.fd], [], [], 0.02)[0]:
                try:
                    self.seen += os.read(self.fd, 4096)
                except OSError:  # the program is gone
                    time.sleep(0.02)

    def read(self, text):
        self._until(lambda: text in self.seen)
        self.seen = self.seen.split(text, 1)[1]

    def echoes(self):
        return bool(termios.tcgetattr(self.fd)[3] & termios.ECHO)

    def wait_for_echo(self, on):
        self._until(lambda: self.echoes() == on)

    def wait(self, options=0):
        """Its status, once it has ended, or was stopped."""
        found = []

        def ended():
            pid, status = os.waitpid(self.pid, options | os.WNOHANG)
            found[:] = [status]
            return pid != 0
        self._until(ended)
        return found[0]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM,
                                    signal.SIGHUP, signal.SIGQUIT])
def test_a_signal_at_the_prompt(tmp_path, guarded, number):
    terminal = Terminal(tmp_path, [*login(guarded()), *WORDS])
    terminal.read(b"password of ann")
    # Open still when the program is gone.
    keep = os.open(f"/proc/{terminal.pid}/fd/0", os.O_RDWR | os.O_NOCTTY)
    terminal.wait_for_echo(False)
    os.kill(terminal.pid, number)
    assert os.waitstatus_to_exitcode(terminal.wait()) == \
        (-number if number == signal.SIGQUIT else program.REMAIN)
    assert termios.tcgetattr(keep)[3] & termios.ECHO
    os.close(keep)
    os.close(terminal.fd)


def test_who_stops_at_the_prompt_is_asked_again(tmp_path, guarded):
    """Under a shell with job control, which alone can stop and go on."""
    words = [program.BINARY, *login(guarded()), "-o", "r.csv", *WORDS]
    terminal = Terminal(tmp_path, ["-m", "-c", '"$@"; stty -a; fg', "sh",
                                   *words], binary="/bin/sh")
    terminal.read(b"password of ann at 127.0.0.1: ")
    terminal.wait_for_echo(False)
    os.write(terminal.fd, b"\x1a")  # ^Z
    terminal.read(b" echo ")
    terminal.read(b"password of ann at 127.0.0.1: ")
    terminal.wait_for_echo(False)
    os.write(terminal.fd, SECRET.encode() + b"\n")
    terminal.read(b"sent=40 ")
    assert os.waitstatus_to_exitcode(terminal.wait()) == program.REJECTED
    os.close(terminal.fd)
