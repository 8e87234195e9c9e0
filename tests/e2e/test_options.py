"""Are the options, the manual page and the environment one and the same, and
is every mistake in their use refused before anything is done?"""

import os
import re
import signal
import subprocess

import program
import pytest
from program import DATAERR, IOERR, NOINPUT, OK, USAGE

SOFTWARE = 70  # of a failed assertion
VERBS = ["send", "check", "render", "sink", "status"]
READERS = ["send", "check", "render"]
PAGE = program.TOP / "man/mailshot.1"
EVERYWHERE = {"help", "usage", "version"}

TEMPLATE = """\
From: The Notices <notices@example.org>
To: {{name}} <{{email}}>
Subject: Hello {{name}}

Dear {{name}}, number {{id}},
this is for you.
"""
LIST = """\
id,email,name
1,ann@example.org,Ann
2,bob@example.org,Bob
"""


@pytest.fixture(autouse=True)
def files(tmp_path):
    (tmp_path / "l.csv").write_text(LIST)
    (tmp_path / "t.eml").write_text(TEMPLATE)


@pytest.fixture
def dry(run):
    """dry(argument…) is a dry run of send with the usual list."""
    def run_dry(*arguments, words=("l.csv", "t.eml"), **more):
        return run("send", "-n", *arguments, *words, **more)
    return run_dry


def argument(word):
    return (word or "").strip("'\"") or None


def helped(run, verb):
    """{long name: (letter, argument)} as --help has it."""
    done = run(verb, "--help")
    assert done.status == OK and done.err == ""
    found = re.findall(r"^  (?:-(\S), |    )--([a-z0-9-]+)"
                       r"(?:=('[^']*'|\S+))?(?:  |$)", done.out, re.M)
    return {name: (letter or None, argument(word))
            for letter, name, word in found if name not in EVERYWHERE}


def paged(verb):
    """The same, as the section OPTIONS OF VERB has it: on its .It lines alone,
    for prose only mentions options."""
    text = PAGE.read_text("utf-8")
    section = re.search(rf"^\.Sh OPTIONS OF {verb.upper()}$(.*?)^\.Sh ", text,
                        re.M | re.S)[1]
    kept = re.findall(r"^\.It (Fl .*)$", section, re.M)
    for block in re.findall(r"^\.It Xo\n(.*?)^\.Xc$", section, re.M | re.S):
        kept += block.splitlines()
    found = {}
    for line in kept:
        for letter, name, word in re.findall(
                r"(?:\bFl (\S) , )?\bFl -([a-z0-9-]+)"
                r"(?: Ar ('[^']*'|[^ ,]+))?", line):
            assert name not in found, name
            found[name] = (letter or None, argument(word))
    return found


@pytest.mark.parametrize("verb", VERBS)
def test_help_and_page_name_the_same_options(run, verb):
    assert helped(run, verb) == paged(verb)
    assert helped(run, verb)


@pytest.mark.parametrize("page", ["mailshot.1", "mailshot.5"])
def test_the_page_is_clean(page):
    lint = subprocess.run(["mandoc", "-Tlint", PAGE.parent / page],
                          capture_output=True)
    assert lint.stdout == b"" and lint.returncode == 0


@pytest.mark.parametrize("verb", VERBS)
def test_one_letter_is_one_option(run, verb):
    letters = [letter for letter, _ in helped(run, verb).values() if letter]
    assert len(letters) == len(set(letters))


@pytest.mark.parametrize("word, line", [
    ("--help", r"mailshot send .*LIST TEMPLATE"), ("--usage", r"Usage: "),
    ("--version", r"^mailshot \d+\.\d+\.\d+$"), ("-?", r"mailshot check")])
def test_the_program_shows_itself(run, word, line):
    done = run(word)
    assert done.status == OK and done.err == ""
    assert re.search(line, done.out, re.M)


@pytest.mark.parametrize("verb", READERS)
def test_a_verb_shows_the_version(run, verb):
    assert run(verb, "--version").out == run("--version").out


@pytest.mark.parametrize("words", [["--help"], ["--version"],
                                   ["send", "--help"]])
def test_a_full_disk_is_told(tmp_path, words):
    with open("/dev/full", "w") as full:
        done = program.finish(program.start(*words, cwd=tmp_path,
                                            stdout=full))
    assert done.status == IOERR
    assert "standard output" in done.err


# Mistakes: the words, and what is said of them.

MISTAKES = [
    ([], "Usage"),
    (["sent"], "sent: no such verb"),
    (["--frobnicate"], "--frobnicate"),
    *((["send", *words, "l.csv", "t.eml"], said) for words, said in [
        (["--frobnicate"], "--frobnicate: unknown option"),
        (["-Z"], "-Z: unknown option"),
        (["--repor", "x"], "--repor: unknown option"),
        (["--dry-run=1"], "--dry-run"),
        (["--password", "x"], "--password-file"),
        (["--password=x"], "--password-file"),
        ([], "--server"),
        (["-n", "-j", "0"], "--sessions: 0"),
        (["-n", "-j", "1001"], "--sessions: 1001"),
        (["-n", "-j", "many"], "--sessions: many"),
        (["-n", "-j", "-1"], "--sessions: -1"),
        (["-n", "-j", "4x"], "--sessions: 4x"),
        (["-n", "--max-sessions", "0"], "--max-sessions: 0"),
        (["-n", "--window", "0"], "--window: 0"),
        (["-n", "--window", "257"], "--window: 257"),
        (["-n", "--window", "99999999999999999999"], "--window"),
        (["-n", "--window", ""], "--window"),
        (["-n", "--pipeline", "fast"], "auto, stream, group or lockstep"),
        (["-n", "--tls", "on"], "required, unverified or off"),
        (["-n", "--tls-ca", ""], "--tls-ca: its value is empty"),
        (["-n", "--tls-name", "a b"], "--tls-name"),
        (["-n", "--helo", "a\nb"], "--helo"),
        (["-n", "--auth", "gssapi"], "gssapi"),
        (["-n", "--auth", "plain"], "--user"),
        (["-n", "--password-file", "p"], "--user"),
        (["-n", "--password-fd", "x"], "--password-fd"),
        (["-n", "--password-fd", "77"], "is not open"),
        (["-n", "--passwordeval", ""], "--passwordeval"),
        (["-n", "--retry-for", "5 m"], "--retry-for: 5 m"),
        (["-n", "--retry-for", "-5m"], "--retry-for: -5m"),
        (["-n", "--retry-for", "5M"], "--retry-for: 5M"),
        (["-n", "--retry-for", "m"], "--retry-for: m"),
        (["-n", "--retry-for", "1.5s"], "--retry-for"),
        (["-n", "--retry-delay", "0"], "too short"),
        (["-n", "--timeout", "0s"], "too short"),
        (["-n", "--connect-timeout", "2d"], "too long"),
        (["-n", "--max-invalid", "101"], "--max-invalid: 101"),
        (["-n", "--max-invalid", "half"], "--max-invalid: half"),
        (["-n", "--limit", "0"], "--limit: 0"),
        (["-n", "--dedupe", "yes"], "exact, fold, provider or off"),
        (["-n", "--delimiter", ""], "--delimiter"),
        (["-n", "--delimiter", ",,"], "--delimiter"),
        (["-n", "--delimiter", '"'], "--delimiter"),
        (["-n", "--delimiter", "a"], "--delimiter"),
        (["-n", "--column", ""], "--column"),
        (["-n", "--suppress", ""], "--suppress"),
        (["-n", "-f", ""], "--from"),
        (["-n", "-H", "no colon"], "Name: value"),
        (["-n", "-H", ": v"], "Name: value"),
        (["-n", "-H", "N N: v"], "Name: value"),
        (["-n", "-H", "N: v\nBcc: x@y.org"], "--header: a control"),
        (["-n", "--report-format", "xml"], "csv or jsonl"),
        (["-n", "--summary", "yaml"], "text, json or none"),
        (["-n", "--summary", "json"], "--report"),
        (["-n", "--summary", "json", "-o", "/dev/stdout"], "--report"),
        (["-n", "--progress", "dots"], "auto, bar, line or none"),
        (["-n", "-s", ""], "the host is missing"),
        (["-n", "-s", "smtp://"], "the host is missing"),
        (["-n", "-s", "http://h"], "smtp:// or smtps://"),
        (["-n", "-s", "h:0"], "no number from 1"),
        (["-n", "-s", "h:65536"], "no number from 1"),
        (["-n", "-s", "h:"], "no port"),
        (["-n", "-s", "::1"], "brackets"),
        (["-n", "-s", "[::1"], "brackets"),
        (["-n", "-s", "[h]"], "brackets"),
        (["-n", "-s", "h h"], "no name has"),
        (["-n", "-s", "u:p@h"], "--user"),
        (["-n", "-s", "h/x"], "behind HOST"),
        (["-n", "-s", "b\u00fc_cher.example"], "no letter, digit or hyphen"),
        (["-n", "--tls-name", "a_b c"], "no name has"),
        (["-n", "--tls-name", ""], "the host is missing"),
        (["-n", "--tls-name", "a\nb"], "no name has"),
        (["-n", "--tls-min", "1.1"], "1.2 or 1.3"),
        (["-n", "--tls-min", ""], "1.2 or 1.3"),
        (["-n", "--tls-key", "k"], "--tls-cert"),
        (["-n", "--tls-cert", ""], "--tls-cert: its value is empty"),
        (["-n", "--tls-pin", ""], "64 hex digits"),
        (["-n", "--tls-pin", "ab" * 31], "64 hex digits"),
        (["-n", "--tls-pin", "ab" * 33], "64 hex digits"),
        (["-n", "--tls-pin", "0g" + "ab" * 31], "64 hex digits"),
        (["-n", "--tls-pin", "ab:" * 32], "64 hex digits"),
        (["-n", "--tls-pin", "::".join(["ab"] * 32)], "64 hex digits"),
        (["-n", "--tls-pin", "sha256//"], "64 hex digits"),
        (["-n", "--tls-pin", "sha256//" + "A" * 43], "64 hex digits"),
        (["-n", "--tls-pin", "sha256//" + "A" * 42 + "B="], "64 hex digits"),
        (["-n", "--tls-pin", "sha256//" + "-" * 43 + "="], "64 hex digits"),
        (["-n", "--tls-pin", "sha1//" + "A" * 43 + "="], "64 hex digits"),
        (["-n", "--tls", "off", "--tls-pin", "ab" * 32], "contradict"),
        (["-n", "--bind", "nonsense"], "no IP address"),
        (["-n", "--bind", ""], "no IP address"),
        (["-n", "--bind", "127.0.0.1,::1"], "no IP address"),
        (["-n", "--bind", "192.0.2.1"], "no such address"),
        (["-n", "--bind", "[2001:db8::1]"], "no such address"),
        (["-n", "--domain-rate", "10/m"], "DOMAIN=N/U"),
        (["-n", "--domain-rate", ""], "empty"),
        (["-n", "--domain-rate", "a.example="], "empty"),
        (["-n", "--domain-rate", "a.example=0/m"], "N/U"),
        (["-n", "--domain-rate", "a.example=1/m,"], "comma"),
        (["-n", "--domain-rate", "example=1/m"], "one label"),
        (["-n", "--domain-rate", "=1/m"], "--domain-rate"),
        (["-n", "--domain-rate", "a.example=1/m", "--domain-rate",
          "A.Example=2/m"], "two rates"),
        (["-n", "--shard", "1/4", "--share", "--domain-rate",
          "a.example=3/m"], "rate of 3"),
        (["-n", "--shard", "0/4"], "K from 1 to N"),
        (["-n", "--shard", "5/4"], "K from 1 to N"),
        (["-n", "--shard", "1/0"], "K from 1 to N"),
        (["-n", "--shard", "1"], "K from 1 to N"),
        (["-n", "--shard", "1/"], "K from 1 to N"),
        (["-n", "--shard", "/4"], "K from 1 to N"),
        (["-n", "--shard", "1/4/2"], "K from 1 to N"),
        (["-n", "--shard", "-1/4"], "K from 1 to N"),
        (["-n", "--shard", "1/100001"], "K from 1 to N"),
        (["-n", "--share"], "--shard K/N"),
        (["-n", "--shard", "1/4", "--share", "-j", "3"], "3 sessions"),
        (["-n", "--shard", "1/4", "--share", "--max-sessions", "3"],
         "3 sessions"),
        (["-n", "--shard", "1/4", "--share", "--rate", "100/d,3/s"],
         "rate of 3"),
        (["-n", "--tls", "off", "--requiretls"], "--tls required"),
        (["-n", "--tls", "unverified", "--requiretls"], "--tls required"),
        (["-n", "--tls", "unverified", "--requiretls-column", "id"],
         "--tls required"),
        (["-n", "--requiretls-column", ""], "--requiretls-column"),
        (["-n", "-s", "h=0"], "weight"),
        (["-n", "-s", "h=1001"], "weight"),
        (["-n", "-s", "h=x"], "weight"),
        (["-n", "-s", "h="], "weight"),
        (["-n", "-s", "h=1=2"], "no name has"),
        (["-n", "-s", "h,i"], "no name has"),
        (["-n", "-s", "a", "-s", "smtp://a:587=2"], "twice"),
        (["-n", "-s", "smtps://h", "--tls", "off"], "contradict"),
        (["-n", "-s", "h", "--tls", "off", "-u", "x", "--password-file",
          "p"], "in clear"),
        (["-n", "-s", "h", "--tls", "off", "-u", "x", "--password-file", "p",
          "--auth-in-clear"], "in clear"),
        (["-n", "-s", "127.0.0.1", "--tls", "off", "-u", "x",
          "--password-file", "p"], "--auth-in-clear"),
        # options of other verbs, and of versions to come
        (["-n", "--format", "csv"], "--format: unknown option"),
        (["-n", "--line", "2"], "--line: unknown option"),
        (["-n", "--rate", "1"], "--rate: rates are N/U"),
        (["-n", "--rate", "0/s"], "--rate: rates are N/U"),
        (["-n", "--rate", "5/s,"], "--rate: nothing behind the comma"),
        (["-n", "-N", "sometimes"], "--dsn-notify: sometimes is neither"),
        (["-n", "-R", "all"], "--dsn-return: all is not hdrs or full"),
        (["-n", "--dkim-key", "k"], "--dkim-key: unknown option"),
    ]),
    (["send", "-n"], "LIST TEMPLATE, and 0 words"),
    (["send", "-n", "l.csv"], "1 word was"),
    (["send", "-n", "l.csv", "t.eml", "x"], "3 words were"),
    (["send", "-n", "", "t.eml"], "empty"),
    (["send", "-n", "l.csv", "--report"], "--report: missing argument"),
    (["send", "-n", "-", "-"], "standard input"),
    (["check"], "LIST [TEMPLATE]"),
    (["check", "l.csv", "t.eml", "x"], "LIST [TEMPLATE]"),
    (["check", "-", "-"], "standard input"),
    (["check", "--format", "xml", "l.csv"], "text, csv or jsonl"),
    (["check", "--report", "r", "l.csv"], "--report: unknown option"),
    (["check", "--password", "l.csv"], "--password-file"),
    (["render", "l.csv"], "LIST TEMPLATE"),
    (["render", "--line", "0", "l.csv", "t.eml"], "--line: 0"),
    (["render", "--output", "", "l.csv", "t.eml"], "--output"),
    (["render", "-s", "h", "l.csv", "t.eml"], "-s: unknown option"),
]


@pytest.mark.parametrize("words, said", MISTAKES,
                         ids=[" ".join(words) for words, _ in MISTAKES])
def test_a_mistake_is_refused(run, words, said):
    done = run(*words)
    assert done.status == USAGE
    assert done.out == ""
    assert said in done.err
    assert all(line.startswith(("mailshot: ", "Usage: ", "  mailshot "))
               or not words for line in done.err.splitlines())


def test_a_password_is_never_repeated(run):
    done = run("send", "--password=opensesame", "l.csv", "t.eml")
    assert "opensesame" not in done.err


def test_what_is_said_cannot_steer_a_terminal(run):
    done = run("send", "-n", "--pipeline", "\033]0;x\007", "l.csv", "t.eml")
    assert done.status == USAGE
    assert "\033" not in done.err and r"\x1b" in done.err


# Files that would be read and written, or written twice.

@pytest.mark.parametrize("words", [
    ["-o", "l.csv"], ["--failed", "l.csv"], ["-o", "t.eml"],
    ["-o", "./l.csv"], ["-o", "link"], ["-o", "hard"],
    ["--failed", "s.txt", "--suppress", "s.txt"],
    ["-o", "ca.pem", "--tls-ca", "ca.pem"],
    ["-o", "p", "-u", "x", "--password-file", "p"],
    ["-o", "new", "--failed", "new"], ["-o", "new", "--failed", "./new"],
    ["-o", "sub/../new", "--failed", "new"],
    ["--failed", "-"], ["-o", "/dev/stdout", "--failed", "-"],
])
def test_an_output_is_no_input_and_no_other_output(dry, tmp_path, words):
    for name in ("s.txt", "ca.pem", "p"):
        (tmp_path / name).write_text("x\n")
    (tmp_path / "p").chmod(0o600)
    (tmp_path / "sub").mkdir()
    (tmp_path / "link").symlink_to("l.csv")
    os.link(tmp_path / "l.csv", tmp_path / "hard")
    done = dry(*words)
    assert done.status == USAGE and "one file" in done.err
    assert (tmp_path / "l.csv").read_text() == LIST
    assert (tmp_path / "t.eml").read_text() == TEMPLATE
    assert not (tmp_path / "new").exists()


def test_standard_output_is_no_input(tmp_path):
    with open(tmp_path / "l.csv", "a") as out:
        done = program.finish(program.start("send", "-n", "l.csv", "t.eml",
                                            cwd=tmp_path, stdout=out))
    assert done.status == USAGE and "standard output" in done.err
    assert (tmp_path / "l.csv").read_text() == LIST


@pytest.mark.parametrize("words", [
    ["-o", "/dev/null", "--failed", "/dev/null"],
    ["-o", "/dev/null", "--suppress", "/dev/null"],
    ["-o", "a", "--failed", "b"]])
def test_what_can_be_both(dry, words):
    assert dry(*words).status == OK


# The environment.

TWINS = {  # the option: a value that is refused
    "server": "http://x", "auth": "none", "password-fd": "x",
    "tls": "on", "tls-name": "a b", "tls-pin": "x",
    "tls-min": "1.1", "requiretls": "x", "requiretls-column": "nosuch",
    "helo": "a b", "sessions": "0",
    "max-sessions": "0", "window": "0", "rate": "1", "batch": "0",
    "domain-rate": "1", "bind": "x", "metrics": "no/such/m",
    "messages-per-session": "0", "dsn-notify": "x", "dsn-return": "x",
    "pipeline": "x", "retry-for": "x",
    "retry-delay": "x", "connect-timeout": "x", "timeout": "x",
    "delimiter": "xx", "dedupe": "x", "max-invalid": "101", "header": "x",
    "check-dns": "x",
    "shard": "0/1", "share": "x", "limit": "0",
    "report-format": "x", "summary": "x", "progress": "x",
    "user": "a\nb", "account": "a\nb", "auth-in-clear": "x", "no-header": "x",
    "allow-empty": "x", "check-dns": "x",
    "dry-run": "x", "report-all": "x", "quiet": "x",
    "verbose": "x", "debug": "x", "campaign": "a\nb", "state": "/dev/null",
    "max-runtime": "x", "until": "24:00", "max-bounce-rate": "101",
    "on-unknown": "x", "template-changed": "x",
    # refused for what it names
    "config": "no/such", "tls-ca": "l.csv", "tls-cert": "l.csv",
    "tls-key": "l.csv", "suppress": "no/such",
    "column": "nosuch", "from": "{{nosuch}}", "report": "no/such/r",
    "failed": "no/such/f", "tls-evidence": "no/such/e",
    "html": "no/such",
    "unsubscribe-url": "http://x", "unsubscribe-mailto": "x",
    "attach": "no/such", "attach-dir": "no/such",
    "password-file": "x", "passwordeval": "true",
}


def twin(name):
    return "MAILSHOT_" + name.upper().replace("-", "_")


def test_every_option_has_a_twin(run):
    assert set(helped(run, "send")) == set(TWINS)


@pytest.mark.parametrize("name", sorted(TWINS.keys() - {"dry-run"}))
def test_a_twin_is_read(dry, name):
    more = ["-o", "l.csv"] if name == "tls-ca" else []
    done = dry(*more, env={twin(name): TWINS[name]})
    assert done.status != OK, done.err
    if done.status == USAGE and name not in ("tls-ca", "tls-key",
                                             "password-file", "passwordeval"):
        assert twin(name) in done.err


def test_the_command_line_wins(dry):
    assert dry("--window", "4", env={twin("window"): "0"}).status == OK
    assert dry("-H", "X: y", env={twin("header"): "x"}).status == OK


def test_an_empty_variable_is_none(dry):
    env = {twin(name): "" for name in [*TWINS, "password"]}
    assert dry(env=env).status == OK


def test_there_is_no_password_in_the_environment(dry):
    done = dry(env={"MAILSHOT_PASSWORD": "opensesame"})
    assert done.status == USAGE
    assert "--password-file" in done.err and "opensesame" not in done.err


def test_a_variable_that_is_no_twin_is_named(dry):
    done = dry(env={"MAILSHOT_PACE": "1/s"})
    assert "MAILSHOT_PACE" in done.err and done.status == OK
    assert "MAILSHOT_PACE" not in dry("-q", env={"MAILSHOT_PACE": "x"}).err


@pytest.mark.parametrize("name", ["format", "fields", "clean", "dns", "relay",
                                  "fail-on", "line", "output"])
def test_what_send_does_not_take_has_no_twin(run, tmp_path, name):
    env = {twin(name): "1"}
    before = sorted(path.name for path in tmp_path.iterdir())
    for words in (["send", "-n", "-o", "/dev/null"], ["check"], ["render"]):
        done = run(*words, "l.csv", "t.eml", env=env)
        assert done.status == OK and twin(name) in done.err, words
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_check_and_render_pass_over_what_send_takes(run):
    env = {"MAILSHOT_SERVER": "http://x", "MAILSHOT_REPORT": "r"}
    assert run("check", "l.csv", "t.eml", env=env).status == OK
    assert run("render", "l.csv", "t.eml", env=env).status == OK
    assert run("check", "l.csv", env={"MAILSHOT_COLUMN": "x"}
               ).status == DATAERR


def test_a_dry_run_wins_over_all(run, sink):
    letters = ["-s", sink.url, "--tls-ca", sink.ca, "l.csv", "t.eml"]
    done = run("send", *letters, env={"MAILSHOT_DRY_RUN": "1"})
    assert done.status == OK
    assert done.closing()["pending"] == 2
    assert run("send", *letters, env={"MAILSHOT_DRY_RUN": "maybe"}
               ).status == USAGE
    assert sink.stop()["connections"] == 0


@pytest.mark.parametrize("epoch, status", [("1700000000", OK), ("x", USAGE),
                                           ("-1", USAGE), ("", OK)])
def test_source_date_epoch(run, epoch, status):
    done = run("render", "l.csv", "t.eml", env={"SOURCE_DATE_EPOCH": epoch})
    assert done.status == status


# Aliases, and what ends the options.

def test_an_alias_of_popt(dry, tmp_path):
    (tmp_path / ".popt").write_text(
        "mailshot alias --small --report r.csv --report-all\n")
    assert dry("--small").status == OK
    assert len(program.report_file(tmp_path / "r.csv")) == 2


def test_two_dashes_end_the_options(dry, tmp_path):
    (tmp_path / "-l.csv").write_text(LIST)
    assert dry("--", words=("-l.csv", "t.eml")).status == OK
    assert dry("--", words=("-l.csv", "-t.eml")).status == NOINPUT


def test_options_may_follow_the_words(run):
    assert run("send", "l.csv", "t.eml", "-n").status == OK


@pytest.mark.parametrize("fd", [0, 1, 2])
def test_a_closed_stream(tmp_path, fd):
    """What would have gone to a stdout that is not there is an error, and no
    file of ours takes its place."""
    done = program.finish(program.start(
        "send", "-n", "--failed", "f.csv", "l.csv", "t.eml", cwd=tmp_path,
        preexec_fn=lambda: os.close(fd)))
    assert done.status == (IOERR if fd == 1 else OK), done.err
    if fd != 1:
        assert (tmp_path / "f.csv").read_text().splitlines()[0].endswith(
            ",_status,_code,_enhanced,_reason")


def test_a_pipe_that_nobody_reads(tmp_path):
    rows = "".join(f"{i},no address {i},x\n" for i in range(20000))
    (tmp_path / "l.csv").write_text(LIST + rows)
    read, write = os.pipe()
    os.close(read)
    done = program.finish(program.start("check", "l.csv", cwd=tmp_path,
                                        stdout=write))
    os.close(write)
    assert done.status == IOERR and done.err


def test_a_process_leaves_no_core(tmp_path, sink):
    limits = open(f"/proc/{sink.process.pid}/limits").read()
    assert re.search(r"^Max core file size +0 +0 ", limits, re.M)
    sink.process.send_signal(signal.SIGABRT)
    assert sink.process.wait(20) == SOFTWARE


# What all verbs answer.

@pytest.mark.parametrize("verb", [*VERBS, "classify"])
@pytest.mark.parametrize("option", ["--help", "-?", "--usage", "--version"])
def test_every_verb_says_what_it_is(run, verb, option):
    done = run(verb, option)
    assert (done.status, done.err) == (OK, "")
    assert done.out.startswith("mailshot 0." if option == "--version"
                               else f"Usage: mailshot {verb}")


@pytest.mark.parametrize("verb", [*VERBS, "classify"])
def test_help_that_cannot_be_written(tmp_path, verb):
    with open("/dev/full", "wb") as full:
        done = program.finish(program.start(verb, "--help", cwd=tmp_path,
                                            stdout=full))
    assert done.status == IOERR and done.err
