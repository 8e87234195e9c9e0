"""Can the envelope sender be said to a relay? -f, its twin, an account's."""

import os

import pytest

from program import CONFIG, DATAERR, OK, REJECTED, USAGE


@pytest.fixture
def check(run, contacts, template):
    def go(*options, **more):
        return run("check", "-q", *options, contacts(["ann@example.org"]),
                   template, **more)
    return go


@pytest.mark.parametrize("sender, status", [
    (b"\xff@example.org", USAGE), (b"a+{{name}}\xff@example.org", USAGE),
    (b"\"\xff\"@example.org", USAGE), (b"{{#name}}\xff{{/name}}a@b.c", USAGE),
    (b"a\x01b@example.org", USAGE), (b"a\tb@example.org", USAGE),
    (b"a@example.org\r\nRCPT TO:<x@example.org>", USAGE), (b"", USAGE),
    (b"a b@example.org", DATAERR), (b"a>b@example.org", DATAERR),
    (b"@example.org", DATAERR), (b"a@", DATAERR),
    (b"a" * 65 + b"@example.org", DATAERR),
    (b"a@" + b"a." * 130 + b"org", DATAERR),
    (b"{{name}}@example.org", REJECTED),  # its name has a blank
    (b"a" * 64 + b"{{mailshot.line}}@example.org", REJECTED),
    (b"a" * 64 + b"@example.org", OK), (b"<>", OK), (b"<a@b.c>", OK),
    ("ä+{{mailshot.line}}@exämple.org".encode(), OK)])
def test_what_can_be_said(check, sender, status):
    text = os.fsdecode(sender)
    done = check("-f", text)
    assert done.status == status, done.err
    if status in (USAGE, DATAERR):
        assert done.err.startswith("mailshot: --from:")
    if sender and status == USAGE:
        done = check(env={"MAILSHOT_FROM": text})
        assert done.status == USAGE
        assert done.err.startswith("mailshot: MAILSHOT_FROM: ")


@pytest.mark.parametrize("sender, status", [
    (b"\xff@example.org", CONFIG), (b"a\x01@example.org", CONFIG),
    (b"a@example.org", OK)])
def test_of_an_account(check, tmp_path, sender, status):
    (tmp_path / "rc").write_bytes(b"host 127.0.0.1\nport 1\nfrom " + sender +
                                  b"\n")
    (tmp_path / "rc").chmod(0o600)
    # Without a relay to call on, check reads no account.
    done = check("-C", "rc", "--relay")
    assert (done.status == CONFIG) == (status == CONFIG), done.err
    assert ("envelope sender" in done.err) == (status == CONFIG)
