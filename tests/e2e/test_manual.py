"""Does every example work as it is printed, by copy and paste?

The manual page's are taken from the page as a terminal shows it, the README's
from its text. Only hosts and ports are replaced by those of a sink.
"""

import re
import socket
import subprocess
import time

import pytest

import program
from program import OK
from sink import Sink

PAGE = program.TOP / "man/mailshot.1"
README = (program.TOP / "README.md").read_text("utf-8")
PEOPLE = ["ann@example.org", "bob@example.org"]


def shown(page):
    """The page as a terminal has it."""
    text = subprocess.run(["mandoc", "-T", "ascii", page], check=True,
                          capture_output=True, text=True).stdout
    return re.sub(".\b", "", text)


def examples():
    section = re.search(r"^EXAMPLES$(.*?)^\S", shown(PAGE), re.M | re.S)[1]
    found = re.findall(r"^ +\$ ((?:.*[\\|]\n)*.*)$", section, re.M)
    assert len(found) >= 8
    return found


def block(words):
    """README's block that begins with those, as it is pasted."""
    return re.search(rf"^( +){re.escape(words)}.*(?:\n(?:\1.*)?)*", README,
                     re.M)[0].replace("\n       ", "\n").strip() + "\n"


@pytest.fixture
def place(tmp_path):
    (tmp_path / "contacts.csv").write_text(block("email,name,town"))
    (tmp_path / "notice.eml").write_text(block("From: The Notices"))
    (tmp_path / "secret").write_text("x\n")
    (tmp_path / "secret").chmod(0o600)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/mailshot").symlink_to(program.BINARY)
    return tmp_path


def pasted(place, text, **env):
    """Words for Popen: a shell that is given the text."""
    return {"args": ["sh", "-c", text], "cwd": place,
            "stdin": subprocess.DEVNULL,
            "env": program.environment(
                place, PATH=f"{place}/bin:/usr/bin:/bin", **env)}


def run_pasted(place, text, **env):
    return program.finish(subprocess.Popen(
        **pasted(place, text, **env), stdout=subprocess.PIPE,
        stderr=subprocess.PIPE))


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return str(one.getsockname()[1])


def rehearsed(place, relay, mailing):
    """Both in their terminals; the run, and what the relay said at its end."""
    port = free_port()
    sink = subprocess.Popen(**pasted(place, "exec " +
                                     relay.replace("2525", port)),
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        limit = time.monotonic() + 20
        while not (place / "ca.pem").exists():
            assert sink.poll() is None and time.monotonic() < limit
            time.sleep(0.01)
        done = run_pasted(place, mailing.replace("2525", port))
    finally:
        sink.terminate()
        told = program.finish(sink, 20)
    return done, told


@pytest.mark.parametrize("text", [e for e in examples()
                                  if "smtp.example.org" not in e
                                  and "2525" not in e])
def test_an_example_that_sends_nothing(place, text):
    done = run_pasted(place, text)
    assert done.status == OK, done.err


@pytest.mark.parametrize("text", [e for e in examples()
                                  if "smtp.example.org" in e])
def test_an_example_that_sends(place, text):
    tls = "implicit" if "smtps://" in text else "starttls"
    sink = Sink(place / "sink", "--tls", tls, "--auth", "news",
                "--auth-password-file", place / "secret")
    there = text.replace("smtp.example.org", f"localhost:{sink.port}")
    done = run_pasted(place, there, MAILSHOT_TLS_CA=str(sink.ca))
    counts = sink.stop()
    assert done.status == OK, done.err
    assert sorted(sink.recipients()) == PEOPLE
    assert (counts["auth_ok"] > 0) == ("-u news" in text)
    assert "-q" not in text.split() or (done.out, done.err) == ("", "")


def test_the_rehearsal_of_the_page(place):
    relay, mailing = [e for e in examples() if "2525" in e]
    done, told = rehearsed(place, relay, mailing)
    assert done.status == OK, done.err
    assert '"recipients":2,' in told.out


def test_the_first_mailing_of_the_readme(place):
    relay, mailing = block("mailshot sink --listen").splitlines()
    done, told = rehearsed(place, relay, mailing)
    assert done.status == OK, done.err
    assert '"recipients":2,' in told.out
    assert len(list((place / "got/new").iterdir())) == 2


@pytest.mark.parametrize("words", ["mailshot check contacts",
                                   "mailshot render --line",
                                   "mailshot send --dry-run"])
def test_looking_before_one_leaps(place, words):
    [line] = re.findall(rf"^ +({words}.*?)(?:  .*)?$", README, re.M)
    done = run_pasted(place, line.replace(" … ", " "))
    assert done.status == OK, done.err
