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
