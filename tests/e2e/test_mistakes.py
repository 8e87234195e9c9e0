"""Does a mistake that is easily made get words that help?"""

import os
import shutil
import time

import pytest

import program
from program import (CONFIG, DATAERR, NOHOST, NOINPUT, OK, PROTOCOL,
                     REMAIN, UNAVAILABLE, USAGE, report)
from test_send import trusted

LETTER = "From: a@example.org\nSubject: Hello\n\nDear {{name}}\n"
LIST = "email,name\nann@example.org,Ann\n"
FILES = {
    "l.csv": LIST,
    "t.eml": LETTER,
    "typo.eml": LETTER.replace("name", "nmae"),
    "open.eml": LETTER.replace("}}", "}"),
    "nobody.eml": LETTER.replace("From", "X-From"),
    "run_on.eml": LETTER.replace("\n\n", "\n"),
    "unnamed.csv": "ann@example.org,Ann\n",
    "other.csv": "Name,E-Mail Adresse\nAnn,ann@example.org\n",
    "secret": "x\n",
}


@pytest.fixture
def home(tmp_path):
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "secret").chmod(0o644)
    return tmp_path


@pytest.mark.parametrize("words, status, said", [
    ("t.eml l.csv", DATAERR, "t.eml:1: no column is called \"email\""),
    ("l.csv typo.eml", DATAERR, "typo.eml:4:6: no column \"nmae\"; did you "
                                "mean \"name\"?"),
    ("l.csv open.eml", DATAERR, "open.eml:4:6: no end of the tag"),
    ("l.csv nobody.eml", DATAERR, "no From header (give it in the template"),
    ("l.csv run_on.eml", DATAERR, "run_on.eml:3: this is no header"),
    ("unnamed.csv t.eml", DATAERR, "--no-header"),
    ("other.csv t.eml", DATAERR, "--column"),
    ("nowhere.csv t.eml", NOINPUT, "nowhere.csv: "),
    ("l.csv", USAGE, "send takes LIST TEMPLATE, and 1 word was given"),
    ("-j 0 l.csv t.eml", USAGE, "--sessions: 0 is neither auto nor a number"),
    ("--rate 14 l.csv t.eml", USAGE, "such as 14/s"),
    ("--tls starttls l.csv t.eml", USAGE, "required, unverified or off"),
    ("--sesions 3 l.csv t.eml", USAGE, "--sesions: unknown option"),
    ("--password x l.csv t.eml", USAGE, "--password-file"),
    ("-H NoColon l.csv t.eml", USAGE, "'Name: value'"),
    ("--attach nope.pdf l.csv t.eml", NOINPUT, "nope.pdf"),
    ("-o l.csv l.csv t.eml", USAGE, "--report and the list are one file"),
])
def test_what_is_said(run, home, words, status, said):
    done = run("send", "-n", *words.split())
    assert (done.status, done.out) == (status, "")
    assert said in done.err


def test_no_relay(run, home):
    done = run("send", "l.csv", "t.eml")
    assert done.status == USAGE
    assert "--server names it, or an account file" in done.err


def test_a_password_that_others_can_read(run, home, sinks):
    done = run("send", *trusted(sinks()), "-u", "x", "--password-file",
               "secret", "l.csv", "t.eml")
    assert done.status == CONFIG and "chmod 600" in done.err


def test_no_such_host(run, home):
    done = run("send", "-s", "no-such-host.invalid", "--retry-for", "0",
               "l.csv", "t.eml")
    assert done.status in (NOHOST, UNAVAILABLE)  # without a resolver
    assert "no-such-host.invalid" in done.err


def test_the_wrong_kind_of_tls(run, home, sinks):
    """A relay that waits for TLS says nothing; one that greets is no TLS."""
    waits, greets = sinks("--tls", "implicit"), sinks()
    done = run("send", *trusted(waits), "--timeout", "300ms", "--retry-for",
               "0", "l.csv", "t.eml")
    assert done.status == UNAVAILABLE and "smtps://" in done.err
    done = run("send", "-s", f"smtps://{greets.address}", "--tls-ca",
               greets.ca, "--retry-for", "0", "l.csv", "t.eml")
    assert done.status == PROTOCOL and "smtps://" in done.err


def test_an_ipv6_address_has_its_brackets(run, home):
    done = run("send", "-s", "[::1]:1", "--retry-for", "0", "l.csv", "t.eml")
    assert done.status == UNAVAILABLE and "[::1]:1: " in done.err
    assert "[::1]:1: " in report(done.out)[0]["reply"]


def test_the_last_line_says_what_to_do(run, home, sinks):
    sink = sinks()
    words = ["send", *trusted(sink), "--limit", "1"]
    (home / "l.csv").write_text(LIST + "bob@example.org,Bob\n"
                                "drop1@example.org,Dora\n")
    for more, said in (
            ([], "--failed FILE"), (["--failed", "f.csv"], "mail those of "
                                                           "f.csv"),
            (["--state", "s.db"], "run the same command again")):
        done = run(*words, *more, "l.csv", "t.eml")
        assert done.status == REMAIN
        assert said in done.err.splitlines()[-1]
    done = run("send", *trusted(sink), "--state", "s.db", "l.csv", "t.eml")
    assert done.status == program.LOOK
    assert "--settle" in done.err.splitlines()[-1]
    done = run("status", "s.db", "--settle", "sent")
    assert (done.status, "unknown=0" in done.out) == (OK, True)
    done = run("send", *trusted(sink), "--state", "s.db", "l.csv", "t.eml")
    assert done.status == OK


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to be nobody")
def test_a_state_that_cannot_be_read_there(homes, sinks, home):
    """SQLite would have to make a file beside one with a log."""
    place = homes("closed")
    sink = sinks("--delay", "2000")
    process = program.start("send", *trusted(sink), "--state", "s.db", "l.csv",
                            "t.eml", cwd=home)
    log, limit = home / "s.db-wal", time.monotonic() + 20
    while not log.exists() or log.stat().st_size == 0:
        assert process.poll() is None and time.monotonic() < limit
        time.sleep(0.01)
    process.kill()
    process.communicate()
    for name in ("s.db", "s.db-wal"):
        shutil.copy(home / name, place / name)
        (place / name).chmod(0o644)

    def be_nobody():
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
    done = program.finish(program.start("status", "s.db", cwd=place,
                                        preexec_fn=be_nobody))
    assert (done.status, done.out) == (NOINPUT, "")
    assert "s.db: " in done.err


def test_who_mends_it_is_told_not_to_mail_twice(run, home, sinks):
    """The login lapses, so to speak, when some have their letter."""
    (home / "l.csv").write_text("email,name\n" + "".join(
        f"u{i}@example.org,N\n" for i in range(50)))
    script = home / "script"
    script.write_text("S: 220 hello\nC: EHLO x\nS: 250 hello\n" +
                      "C: MAIL x\nS: 250 ok\nC: RCPT x\nS: 250 ok\nC: DATA\n"
                      "S: 354 go\nC: {1 dot}\nS: 250 ok\n" +
                      "C: MAIL x\nS: 530 5.7.0 log in first\n" +
                      "C: QUIT\nS: 221 bye\nlost\n")
    sink = sinks("--script", script)
    words = ["send", "-s", sink.url, "--tls", "off", "-j", "1", "--retry-for",
             "0"]
    done = run(*words, "l.csv", "t.eml")
    assert done.closing()["sent"] == 1, done.err
    assert done.status not in (OK, REMAIN)
    assert "would mail everybody" in done.err.splitlines()[-1]
    done = run(*words, "--state", "s.db", "l.csv", "t.eml")
    assert "would mail everybody" not in done.err


def test_a_report_that_nobody_takes_any_more(home, sinks):
    """Some have their letter, and no file says who."""
    (home / "l.csv").write_text("email,name\n" + "".join(
        f"u{i}@example.org,N\n" for i in range(300)))
    sink = sinks("--delay", "5")
    process = program.start("send", *trusted(sink), "--report-all", "l.csv",
                            "t.eml", cwd=home)
    process.stdout.readline()
    process.stdout.close()
    process.stdout = None
    done = program.finish(process)
    counts = done.closing()
    assert done.status == program.IOERR
    assert counts["sent"] > 0 and counts["unknown"] == 0
    assert counts["sent"] == len(sink.recipients())
    assert "would mail everybody" in done.err.splitlines()[-1]


@pytest.mark.parametrize("option", ["--report", "--failed", "--tls-evidence",
                                    "--metrics"])
def test_a_partial_is_no_output(run, home, option):
    (home / "foot").write_text("Yours\n")
    (home / "p.eml").write_text(LETTER + "{{> foot}}\n")
    done = run("send", "-n", option, "foot", "l.csv", "p.eml")
    assert done.status == USAGE and "foot: " in done.err
    assert (home / "foot").read_text() == "Yours\n"
    assert run("send", "-n", option, "other", "l.csv", "p.eml").status == OK
