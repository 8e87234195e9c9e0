"""A login that the relay accepted, and then holds no longer: a token that ran
out in the middle of a session."""

import base64
import os
import threading

import pytest

import program
from odd_relay import EHLO, OddRelay
from program import NOPERM, OK

ROWS = [f"u{i}@example.org" for i in range(40)]
LOGIN = EHLO.replace(b"250 ", b"250-AUTH PLAIN LOGIN\r\n250 ")
LAPSED = b"535 5.7.8 the token has run out\r\n"


class Guarded(OddRelay):
    """Tokens are good for LETTERS letters, all sessions together. NOT_TAKEN:
    those that are no good at MAIL although their login is accepted."""

    def __init__(self, good, letters, not_taken=(), refusal=LAPSED,
                 ehlo=LOGIN):
        super().__init__(self.judge)
        self.good, self.letters, self.not_taken = good, letters, not_taken
        self.refusal, self.ehlo = refusal, ehlo
        self.used, self.token_of, self.logins = {}, {}, []
        self.guard = threading.Lock()

    def judge(self, heard):
        with self.guard:
            return self._judge(heard)

    def _judge(self, heard):
        if heard.verb == "EHLO":
            return self.ehlo
        if heard.verb == "AUTH":
            token = base64.b64decode(heard.line.split()[2]).split(b"\0")[2]
            token = token.decode()
            self.logins.append(token)
            self.token_of[heard.number] = token
            return (b"235 welcome\r\n" if token in self.good
                    else b"535 5.7.8 no\r\n")
        token = self.token_of.get(heard.number)
        if heard.verb == "MAIL":
            if token in self.not_taken:
                return self.refusal
            self.used[token] = self.used.get(token, 0) + 1
            if self.used[token] > self.letters:
                return self.refusal
        return None


@pytest.fixture
def relays():
    made = []

    def make(*arguments, **more):
        made.append(Guarded(*arguments, **more))
        return made[-1]
    yield make
    for one in made:
        one.stop()


@pytest.fixture
def send(run, contacts, template, tmp_path):
    """Tokens are handed out one after another, then the last one for ever."""
    def go(relay, tokens, *more):
        (tmp_path / "tokens").write_text("".join(f"{t}\n" for t in tokens))
        hand_out = ("head -1 tokens; [ $(wc -l <tokens) -eq 1 ] || "
                    "sed -i 1d tokens")
        return run("send", *relay.options, "--auth-in-clear", "-u", "ann",
                   "--auth", "plain", "--passwordeval", hand_out, "-o",
                   "r.csv", "--report-all", "--retry-for", "10s", *more,
                   contacts(ROWS), template)
    return go


def taken_once(relay):
    taken = [r for one in relay.taken for r in one]
    assert sorted(taken) == sorted(ROWS)


@pytest.mark.parametrize("sessions", [1, 4])
@pytest.mark.parametrize("refusal", [
    LAPSED, b"530 5.7.0 Authentication required\r\n",
    b"535 5.7.3 Authentication unsuccessful\r\n"])
def test_it_is_had_anew(relays, send, sessions, refusal):
    tokens = [f"t{i}" for i in range(20)]
    relay = relays(tokens, 15, refusal=refusal)
    done = send(relay, tokens, "-j", sessions)
    assert done.status == OK, done.err
    taken_once(relay)
    assert len(relay.logins) <= 3 + 3 * sessions


@pytest.mark.parametrize("ehlo", [
    LOGIN.replace(b"250-PIPELINING\r\n", b"").replace(b" PIPELINING",
                                                      b" HELP"),
    LOGIN.replace(b"250 PIPELINING", b"250-CHUNKING\r\n250 PIPELINING")])
def test_in_each_tier(relays, send, ehlo):
    tokens = [f"t{i}" for i in range(20)]
    relay = relays(tokens, 15, ehlo=ehlo)
    done = send(relay, tokens, "-j", 1)
    assert done.status == OK, done.err
    taken_once(relay)


def test_the_new_one_is_refused(relays, send):
    relay = relays(["t0"], 15)
    done = send(relay, ["t0", "t1", "t2"], "-j", 1)
    assert done.status == NOPERM, done.err
    assert "refused the login" in done.err
    assert relay.logins == ["t0", "t1"]
    counts = done.closing()
    assert counts["sent"] == 15 and counts["pending"] == 25


def test_the_new_one_is_not_held_either(relays, send):
    relay = relays(["t0", "t1", "t2"], 15, not_taken=["t1"])
    done = send(relay, ["t0", "t1", "t2"], "-j", 1)
    assert done.status == NOPERM, done.err
    assert "run out" in done.err
    assert relay.logins == ["t0", "t1"]
    assert done.closing()["pending"] == 25


def test_it_is_never_held(relays, send):
    relay = relays(["t0", "t1", "t2"], 15, not_taken=["t0", "t1", "t2"])
    done = send(relay, ["t0", "t1", "t2"], "-j", 2)
    assert done.status == NOPERM, done.err
    assert len(relay.logins) <= 4
    assert done.closing()["pending"] == len(ROWS)


def test_a_secret_that_is_had_once(relays, contacts, template, tmp_path):
    relay = relays(["t0"], 15)
    read, write = os.pipe()
    os.write(write, b"t0\n")
    os.close(write)
    done = program.finish(program.start(
        "send", *relay.options, "--auth-in-clear", "-u", "ann", "--auth",
        "plain", "--password-fd", read, "-j", 1, contacts(ROWS), template,
        cwd=tmp_path, pass_fds=[read]))
    os.close(read)
    assert done.status == NOPERM and relay.logins == ["t0"]
    assert "run out" in done.err


def test_without_a_login_there_is_none_to_renew(relays, run, contacts,
                                                template):
    relay = relays([], 15)
    done = run("send", *relay.options, "-j", 1, contacts(ROWS), template)
    assert done.status == NOPERM and done.closing()["sent"] == 15
    assert relay.connections == 1


def test_a_file_is_read_again(relays, run, contacts, template, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("t0\n")
    secret.chmod(0o600)
    relay = relays(["t0", "t1"], 30)
    judge = relay.answer

    def renew(heard):
        said = judge(heard)
        if said == LAPSED:
            secret.write_text("t1\n")
        return said
    relay.answer = renew
    done = run("send", *relay.options, "--auth-in-clear", "-u", "ann",
               "--auth", "plain", "--password-file", secret, "-j", 1,
               contacts(ROWS), template)
    assert done.status == OK, done.err
    assert relay.logins == ["t0", "t1"]
    taken_once(relay)
