"""Does the whole program come out of each conversation of tests/dialogs as the
dialog in memory does?

`mailshot sink --script` plays the relay's lines over a socket; the list and
the template are made from the dialog's letters; each verdict must stand in the
report, on the row that it is of. The format is in unit/test_dialogs.c.
"""

import csv
import json

import pytest

import program

DIALOGS = sorted((program.TOP / "tests/dialogs").glob("*.dialog"))

# What only memory can play: there the test says when the owner has no more
# letters, and how much of what was said the kernel has taken.
ONLY_IN_MEMORY = {
    "lost-before-content": "unread",
    "premature-success": "unread",
    "refused-while-sending": "unread",
    "quit-drains": "quit with a letter not yet begun",
    "requiretls-unverified": "the program does not begin",
    "requiretls-clear": "the program does not begin",
    "auth-oauthbearer": "the relay's name and port",
    "auth-oauthbearer-refused": "the relay's name and port",
    "auth-token-refused": "a second session comes with another token",
    "auth-xoauth2-refused": "a second session comes with another token",
}

# Where a whole run, without time to retry, ends before the dialog's last line:
# its exit status.
RUN_ENDS_SOONER = {
    # Three senders refused in a row are everybody's.
    "error-budget": program.NOPERM,
}

WIDE = {"session", "account", "sender", "relay"}

TEMPLATE = """\
From: sender@example.org
To: readers@example.org
Subject: letter {{number}}

.dot
bye
{{filler}}
"""


class Dialog:
    def __init__(self, path):
        self.path = path
        self.settings = {}
        self.letters = []   # (paths, filler)
        self.tls_required = set()  # paths
        self.verdicts = {}  # (letter, recipient), both from 1: words
        self.end = None
        for line in path.read_text().splitlines():
            word, _, rest = line.partition(" ")
            act = getattr(self, f"_{word.rstrip(':')}", None)
            if act and not line.startswith("#"):
                act(rest.split())

    def _set(self, words):
        self.settings[words[0]] = words[1:]

    def _letter(self, paths, filler=""):
        self.letters.append((paths, filler))

    def _utf8(self, paths):
        self._letter(["\u00fc" + path for path in paths])

    def _requiretls(self, paths):
        self.tls_required |= set(paths)
        self._letter(paths)

    def _big(self, words):
        line = "a line that is not the last one\n"
        self._letter(words[1:], line * (int(words[0]) // len(line)))

    def _verdict(self, words):
        letter, _, recipient = words[0].partition(".")
        self.verdicts[int(letter), int(recipient or 1)] = words[1:]

    def _end(self, words):
        self.end = words[0]

    def rows(self):
        """(letter, recipient, address, filler) of each."""
        return [(n, r, path, filler)
                for n, (paths, filler) in enumerate(self.letters, 1)
                for r, path in enumerate(paths, 1)]

    def security(self):
        return self.settings.get("security", ["implicit"])[0]


def write_files(dialog, home):
    with open(home / "list.csv", "w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(["email", "number", "filler", "tls"])
        out.writerows((path, n, filler,
                       "yes" if path in dialog.tls_required else "no")
                      for n, _, path, filler in dialog.rows())
        if not dialog.letters:
            out.writerow(["nobody@example.org", 1, "", ""])
    (home / "t.eml").write_text(TEMPLATE)


def options(dialog, home):
    settings = dialog.settings
    found = ["--timeout", "5s", "--retry-for", "0s", "-j", "1",
             "--helo", "client.example.org", "--allow-empty"]
    if "tier" in settings:
        found += ["--pipeline", *settings["tier"]]
    if "window" in settings:
        found += ["--window", *settings["window"]]
    if "letters" in settings:
        found += ["--messages-per-session", *settings["letters"]]
    most = max((len(paths) for paths, _ in dialog.letters), default=1)
    if most > 1:
        found += ["--batch", most]
    if dialog.tls_required:
        found += ["--requiretls-column", "tls"]
    if "login" in settings:
        user, secret = settings["login"]
        (home / "secret").write_text(secret + "\n")
        (home / "secret").chmod(0o600)
        found += ["--user", user, "--password-file", "secret"]
    return found


def play(dialog, sinks, run, home):
    """Sends to the script; the finished run, the rows by (letter, recipient),
    and what the sink said of it: its counts, and lines on stderr."""
    security = dialog.security()
    tls = {"clear": "off"}.get(security, security)
    sink = sinks("-q", "--tls", tls, "--script", dialog.path,
                 "--max-connections", "1")
    write_files(dialog, home)
    scheme = "smtps" if tls == "implicit" else "smtp"
    trust = ["--tls", "off"] if tls == "off" else ["--tls-ca", sink.ca]
    done = run("send", "-s", f"{scheme}://{sink.address}", *trust,
               *options(dialog, home), "--report-all", "--report", "r.csv",
               "list.csv", "t.eml", timeout=30)
    sink.process.terminate()
    heard = program.finish(sink.process, 20)
    assert json.loads(heard.out)["connections"] >= 1
    lines = {row["address"]: row for row in program.report_file(home / "r.csv")}
    rows = {(n, r): lines[path] for n, r, path, _ in dialog.rows()}
    assert done.closing()["rows"] == len(lines)
    return done, rows, heard


def expected(words, row):
    """(status, code) that a verdict asks for; the scope is the row's own."""
    if words[0] == "pending":  # with the 421 that cut it off, if one did
        return "pending", "421" if row["code"] == "421" else ""
    if words[0] != "refused":
        return words[0], row["code"] if words[0] == "sent" else ""
    if words[1] == "452":  # "too many recipients" is no word on this one
        return "pending", ""
    code = "" if words[1] == "0" else words[1]
    if row["scope"] in WIDE:
        return "pending", code
    return "deferred" if code.startswith("4") else "rejected", code


def statuses(dialog, rows):
    """The exit statuses that fit."""
    if dialog.end in ("no-tls", "injected"):
        return {program.PROTOCOL}
    if dialog.end in ("login", "no-auth", "token", "challenge", "unproven"):
        return {program.NOPERM}
    if dialog.end == "desync" and not dialog.letters:  # in setting up
        return {program.PROTOCOL}
    if dialog.end == "refused" and dialog.security() == "starttls":
        return {program.PROTOCOL}
    found = {row["status"] for row in rows.values()}
    if "unknown" in found:
        return {program.LOOK}
    if found & {"pending", "deferred"}:
        return {program.REMAIN, program.UNAVAILABLE, program.NOPERM}
    return {program.REJECTED if "rejected" in found else program.OK}


@pytest.mark.parametrize("path", [
    pytest.param(p, id=p.stem) for p in DIALOGS
    if p.stem not in ONLY_IN_MEMORY and p.stem not in RUN_ENDS_SOONER])
def test_dialog(path, sinks, run, tmp_path):
    dialog = Dialog(path)
    done, rows, heard = play(dialog, sinks, run, tmp_path)
    for where, words in dialog.verdicts.items():
        row = rows[where]
        assert (row["status"], row["code"]) == expected(words, row), \
            (where, words, row, heard.err, done.err)
    if dialog.letters or dialog.end:
        assert done.status in statuses(dialog, rows), done.err
        assert heard.err == "", done.err
    else:  # a run has at least one, and says it where the script has QUIT
        assert "not QUIT, but MAIL FROM" in heard.err


@pytest.mark.parametrize("name", sorted(RUN_ENDS_SOONER))
def test_dialog_that_a_run_ends_sooner(name, sinks, run, tmp_path):
    dialog = Dialog(program.TOP / f"tests/dialogs/{name}.dialog")
    done, rows, _ = play(dialog, sinks, run, tmp_path)
    assert done.status == RUN_ENDS_SOONER[name], done.err
    assert "pending" in {row["status"] for row in rows.values()}
    for where, words in dialog.verdicts.items():
        row = rows[where]
        if row["status"] != "pending":
            assert (row["status"], row["code"]) == expected(words, row)


def test_every_dialog_that_is_left_out_exists():
    assert {p.stem for p in DIALOGS} >= {*ONLY_IN_MEMORY, *RUN_ENDS_SOONER}
