"""check --relay: what does a relay offer, and would it let us in?"""

import re

import pytest

import program
from program import (NOHOST, NOINPUT, NOPERM, OK, PROTOCOL, REJECTED,
                     UNAVAILABLE, USAGE)


@pytest.fixture
def visit(run, contacts):
    listed = contacts(["ann@example.org"])

    def call(relay, *options, **more):
        place = (["-s", relay.url, "--tls-ca", relay.ca]
                 if not isinstance(relay, str) else ["-s", relay])
        return run("check", "--relay", *place, *options, listed, **more)
    return call


def offers(done):
    found = re.findall(r"^mailshot: [\w.:\[\]]+: offers (.*)$", done.err, re.M)
    assert len(found) == 1, done.err
    return found[0].split(", ")


def test_what_it_offers(visit, sinks):
    one = sinks("--size", "12345", "--limits", "MAILMAX=7 RCPTMAX=9")
    done = visit(one)
    assert done.status == OK and done.out == ""
    offered = offers(done)
    assert offered[0] == "SIZE 12345"
    assert {"PIPELINING", "CHUNKING", "8BITMIME", "SMTPUTF8", "DSN",
            "LIMITS MAILMAX=7 RCPTMAX=9"} <= set(offered)
    assert "STARTTLS" not in offered  # it is of the second EHLO
    assert re.search(r"TLS1\.3 [\w-]+; its certificate is good until "
                     r"\d{4}-\d\d-\d\d, for \d+ days", done.err), done.err
    # It was called on, and nothing was sent.
    counts = one.stop()
    assert one.recipients() == [] and counts.get("messages", 0) == 0


def test_what_it_does_not_offer(visit, sinks):
    done = visit(sinks("--no-chunking", "--no-smtputf8", "--no-dsn"))
    assert not {"CHUNKING", "SMTPUTF8", "DSN"} & set(offers(done))


def test_the_login(visit, sinks, tmp_path):
    (tmp_path / "secret").write_text("right\n")
    (tmp_path / "wrong").write_text("wrong\n")
    for name in ("secret", "wrong"):
        (tmp_path / name).chmod(0o600)
    one = sinks("--auth", "ann", "--auth-password-file", tmp_path / "secret",
                "--auth-required")
    done = visit(one, "-u", "ann", "--password-file", "secret")
    assert done.status == OK and "let ann in" in done.err
    assert any(word.startswith("AUTH ") and "PLAIN" in word
               for word in offers(done))
    done = visit(one, "-u", "ann", "--password-file", "wrong")
    assert done.status == NOPERM and "let ann in" not in done.err
    assert "right" not in done.err and "wrong\n" not in done.err


def test_relays_that_are_not_to_be_had(visit, sinks, tmp_path):
    assert visit("smtp://127.0.0.1:1").status == UNAVAILABLE
    assert visit("smtp://no-such-host.invalid").status in (NOHOST, UNAVAILABLE)
    one = sinks()
    done = visit(f"smtp://{one.address}")  # who signed its certificate?
    assert done.status == PROTOCOL and "certificate" in done.err
    assert visit(sinks("--no-starttls")).status == PROTOCOL
    assert visit(one, "--tls-cert", "missing.pem").status == NOINPUT


def test_the_rows_count_too(run, sinks, tmp_path):
    (tmp_path / "list.csv").write_text("email\nno at\n")
    one = sinks()
    done = run("check", "--relay", "-s", one.url, "--tls-ca", one.ca,
               "list.csv")
    assert done.status == REJECTED and offers(done)
    # The worse of the two.
    done = run("check", "--relay", "-s", "127.0.0.1:1", "list.csv")
    assert done.status == UNAVAILABLE
    # Of a list that is none, nobody is told.
    (tmp_path / "list.csv").write_text("email\na,b\n")
    done = run("check", "--relay", "-s", one.url, "--tls-ca", one.ca,
               "list.csv")
    assert done.status == program.DATAERR and "offers" not in done.err


def test_every_relay_is_called_on(run, contacts, sinks):
    first, second = sinks("--no-dsn"), sinks("--no-chunking")
    listed = contacts(["ann@example.org"])
    done = run("check", "--relay", "-s", first.url, "-s", "127.0.0.1:1",
               "-s", second.url, "--tls", "unverified", listed)
    assert done.status == UNAVAILABLE and "127.0.0.1:1" in done.err
    assert len(re.findall(": offers ", done.err)) == 2


def test_without_a_relay(run, contacts):
    listed = contacts(["ann@example.org"])
    assert run("check", "--relay", listed).status == USAGE
    # Not asked for, the relay is let be.
    assert run("check", "-s", "127.0.0.1:1", listed).status == OK


# Tokens

@pytest.fixture
def guarded(sinks, tmp_path):
    """guarded() starts a sink that wants ann's login."""
    path = tmp_path / "good"
    path.write_text("sesame\n")
    path.chmod(0o600)
    return lambda: sinks("--auth-required", "--auth", "ann",
                         "--auth-password-file", path)


@pytest.fixture
def hand_out(tmp_path):
    """A command that hands out these, one after another, then the last."""
    def command(*tokens):
        (tmp_path / "tokens").write_text("".join(f"{t}\n" for t in tokens))
        return ("head -1 tokens; [ $(wc -l <tokens) -eq 1 ] || "
                "sed -i 1d tokens; echo x >>asked")
    return command


@pytest.mark.parametrize("mechanism", ["xoauth2", "oauthbearer"])
@pytest.mark.parametrize("tokens, status, asked", [
    (["old", "sesame"], OK, 2), (["sesame", "old"], OK, 1),
    (["old"], NOPERM, 2), (["old", "older", "sesame"], NOPERM, 2)])
def test_a_refused_token_is_had_anew_once(visit, guarded, hand_out, tmp_path,
                                          mechanism, tokens, status, asked):
    one = guarded()
    done = visit(one, "-u", "ann", "--auth", mechanism, "--passwordeval",
                 hand_out(*tokens))
    assert done.status == status, done.err
    assert ("let ann in" in done.err) == (status == OK)
    assert (tmp_path / "asked").read_text().count("x") == asked
    counts = one.stop()
    assert counts["auth_ok"] + counts["auth_failed"] == asked


@pytest.mark.parametrize("place", ["file", "netrc"])
def test_a_token_of_a_file_is_refused(run, contacts, guarded, tmp_path, place):
    one = guarded()
    for name, text in [
            ("token", "old\n"),
            (".netrc", "machine 127.0.0.1 login ann password old\n"),
            ("rc", f"host 127.0.0.1\nport {one.port}\ntls on\n"
                   f"tls_trust_file {one.ca}\nauth xoauth2\nuser ann\n")]:
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o600)
    options = ["--password-file", "token"] if place == "file" else []
    done = run("check", "--relay", "-C", "rc", *options,
               contacts(["ann@example.org"]))
    assert done.status == NOPERM, done.err
    assert "refused the token" in done.err
    assert one.stop()["auth_failed"] == 2


def test_a_password_is_not_tried_again(visit, guarded, hand_out, tmp_path):
    one = guarded()
    done = visit(one, "-u", "ann", "--auth", "plain", "--passwordeval",
                 hand_out("old", "sesame"))
    assert done.status == NOPERM and one.stop()["auth_failed"] == 1


def test_each_relay_may_ask_for_another_token(run, guarded, hand_out,
                                              contacts, tmp_path):
    relays = [guarded(), guarded()]
    (tmp_path / "both.pem").write_text("".join(
        one.ca.read_text() for one in relays))
    done = run("check", "--relay", "-s", relays[0].url, "-s", relays[1].url,
               "--tls-ca", "both.pem", "-u", "ann", "--auth", "xoauth2",
               "--passwordeval", hand_out("old", "old", "old", "sesame"),
               contacts(["ann@example.org"]))
    # The first has had its two; the second gets one anew, too.
    assert done.status == NOPERM, done.err
    assert done.err.count("let ann in") == 1
    assert [one.stop()["auth_failed"] for one in relays] == [2, 1]
