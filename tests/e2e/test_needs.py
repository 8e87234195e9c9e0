"""Several relays that do not offer the same: what needs REQUIRETLS or SMTPUTF8
goes to one that has it, and fails only where none has."""

import time

import pytest

import program
from odd_relay import OddRelay
from program import OK, REJECTED, REMAIN
from test_relays import free_port, trust

PLAIN = [f"u{i}@d{i % 7}.example" for i in range(60)]
SECRET = [f"s{i}@d{i % 7}.example" for i in range(60)]
MIXED = [a for pair in zip(PLAIN, SECRET) for a in pair]


@pytest.fixture
def send(run, tmp_path, template):
    """send(addresses, servers, sinks, option…): the run and its report."""
    def go(addresses, servers, sinks, *more):
        (tmp_path / "l.csv").write_text("email,name,tls\n" + "".join(
            f"{a},Ann,{'yes' if a[0] == 's' else ''}\n" for a in addresses))
        words = [word for server in servers for word in ("-s", server)]
        done = run("send", *words, "--tls-ca", trust(tmp_path, *sinks),
                   "--report", "r.csv", "--report-all",
                   "--requiretls-column", "tls", *more, "l.csv", template,
                   timeout=60)
        rows = program.report_file(tmp_path / "r.csv")
        assert len(rows) == len(addresses)
        return done, {row["address"]: row for row in rows}
    return go


def asked(sink):
    return {r for line in sink.log() if line.get("requiretls")
            for r in line["recipients"]}


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("sessions", [1, 2, 4])
@pytest.mark.parametrize("addresses", [MIXED, PLAIN + SECRET, SECRET + PLAIN,
                                       SECRET])
def test_requiretls_goes_where_it_is_kept(send, sinks, sessions, addresses,
                                          order):
    a, b = sinks(), sinks("--requiretls")
    done, rows = send(addresses, [a.address, b.address][::order], [a, b],
                      "-j", sessions)
    assert done.status == OK, done.err
    secret = {address for address in addresses if address[0] == "s"}
    assert asked(b) == secret and asked(a) == set()
    assert not secret & set(a.recipients())
    assert {rows[address]["relay"] for address in secret} == {b.address}
    both = a.recipients() + b.recipients()
    assert sorted(both) == sorted(addresses)
    opened = a.stop()["connections"] + b.stop()["connections"]
    assert opened <= 2 * sessions + 6


def test_thousands_that_only_one_takes(send, sinks):
    """More than are read ahead, in front of all others."""
    a, b = sinks(), sinks("--requiretls")
    addresses = [f"s{i}@d{i % 7}.example" for i in range(3000)] + PLAIN
    done, rows = send(addresses, [a.address, b.address], [a, b], "-j", 2)
    assert done.status == OK, done.err
    assert len(asked(b)) == 3000


@pytest.mark.parametrize("sessions", [1, 2])
def test_smtputf8(send, sinks, sessions):
    a, b = sinks("--no-smtputf8"), sinks()
    addresses = PLAIN[:20] + ["jörg@example.org", "ørn@example.org"]
    done, rows = send(addresses, [a.address, b.address], [a, b], "-j",
                      sessions)
    assert done.status == OK, done.err
    assert rows["jörg@example.org"]["relay"] == b.address


@pytest.mark.parametrize("sessions", [1, 2])
def test_smtputf8_of_the_sender_alone(send, sinks, sessions):
    """Known once the letter is made."""
    a, b = sinks("--no-smtputf8"), sinks()
    done, rows = send(PLAIN[:20], [a.address, b.address], [a, b], "-j",
                      sessions, "-f", "bücher@example.org")
    assert done.status == OK, done.err
    assert a.recipients() == [] and len(b.recipients()) == 20


def test_both_needs(send, sinks):
    a = sinks("--no-smtputf8", "--requiretls")
    b, c = sinks(), sinks("--requiretls")
    addresses = ["sören@example.org", "søren@example.org", "s@example.org",
                 "jörg@example.org", *PLAIN[:20]]
    done, rows = send(addresses, [a.address, b.address, c.address],
                      [a, b, c], "-j", 3)
    assert done.status == OK, done.err
    assert rows["sören@example.org"]["relay"] == c.address
    assert rows["s@example.org"]["relay"] in (a.address, c.address)
    assert rows["jörg@example.org"]["relay"] in (b.address, c.address)


@pytest.mark.parametrize("state", [(), ("--state", "s.db")])
def test_none_has_it(send, sinks, state):
    a, b = sinks(), sinks()
    done, rows = send(MIXED, [a.address, b.address], [a, b], *state)
    assert done.status == REJECTED, done.err
    for address in SECRET:
        row = rows[address]
        assert (row["status"], row["enhanced"], row["scope"]) == \
            ("rejected", "5.7.30", "local")
        assert "REQUIRETLS" in row["reply"]
    assert sorted(a.recipients() + b.recipients()) == sorted(PLAIN)


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("sessions", [1, 2])
def test_who_might_have_it_is_gone(send, sinks, sessions, order):
    """It is not known, so they are not refused."""
    a, down = sinks(), f"127.0.0.1:{free_port()}"
    done, rows = send(MIXED, [a.address, down][::order], [a], "-j", sessions,
                      "--retry-for", "2s")
    assert done.status == REMAIN, done.err
    assert sorted(a.recipients()) == sorted(PLAIN)
    for address in SECRET:
        assert rows[address]["status"] == "pending"
        assert "no relay is left that might take this" in \
            rows[address]["reply"]
        assert down in rows[address]["reply"]


def test_who_has_it_takes_no_login(send, sinks, tmp_path):
    for name, word in (("right", "secret"), ("wrong", "other")):
        (tmp_path / name).write_text(word + "\n")
        (tmp_path / name).chmod(0o600)
    a = sinks("--auth", "ann", "--auth-password-file", tmp_path / "right")
    b = sinks("--auth", "ann", "--auth-password-file", tmp_path / "wrong",
              "--requiretls")
    done, rows = send(MIXED, [a.address, b.address], [a, b], "-u", "ann",
                      "--password-file", tmp_path / "right")
    assert done.status == REMAIN, done.err
    assert {rows[address]["status"] for address in SECRET} == {"pending"}
    assert {rows[address]["status"] for address in PLAIN} == {"sent"}


def test_who_has_it_ends_and_it_goes_on_later(send, sinks):
    """Nobody is mailed twice, and nobody is blamed."""
    a, b = sinks(), sinks("--requiretls", "--exit-after", "20")
    state = ["--state", "s.db", "--retry-for", "2s", "-j", 2]
    done, rows = send(MIXED, [a.address, b.address], [a, b], *state)
    assert done.status in (REMAIN, program.LOOK), done.err
    assert {row["status"] for row in rows.values()} <= \
        {"sent", "pending", "unknown"}
    c = sinks("--requiretls")
    done, rows = send(MIXED, [a.address, c.address], [a, c], *state,
                      "--on-unknown", "resend")
    assert done.status == OK, done.err
    assert set(asked(b) | asked(c)) == set(SECRET)


def test_a_row_of_a_batch(send, sinks, tmp_path, template):
    template.write_text("From: a@example.org\nTo: you@example.org\n"
                        "Subject: s\n\nthe same\n")
    a, b = sinks(), sinks("--requiretls")
    done, rows = send(MIXED, [a.address, b.address], [a, b], "--batch", 8)
    assert done.status == OK, done.err
    assert asked(b) == set(SECRET)


def test_with_a_rate_of_a_domain(send, sinks):
    a, b = sinks(), sinks("--requiretls")
    done, rows = send(MIXED, [a.address, b.address], [a, b], "-j", 2,
                      "--domain-rate", "d1.example=10/s", "--rate", "200/s")
    assert done.status == OK, done.err
    assert asked(b) == set(SECRET)


UTF8 = b"250-odd.test\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 PIPELINING\r\n"


@pytest.fixture
def odd():
    started = []

    def start(answer):
        started.append(OddRelay(answer))
        return started[-1]
    yield start
    for one in started:
        one.stop()


@pytest.mark.parametrize("sessions", [1, 2, "auto"])
def test_who_has_it_rests_for_a_while(odd, run, contacts, template, sessions):
    """It is waited for, and the others go on meanwhile."""
    opened = time.monotonic() + 2.5

    def answer(heard):
        if heard.verb == "greeting" and time.monotonic() < opened:
            return b"421 4.3.2 not yet\r\n"
        return UTF8 if heard.verb == "EHLO" else None
    a, b = odd(lambda heard: None), odd(answer)
    addresses = [f"ü{i}@d{i % 3}.example" if i % 2 else f"u{i}@d.example"
                 for i in range(60)]
    done = run("send", *a.options, *b.options, "-j", sessions,
               contacts(addresses), template)
    assert done.status == OK, done.err
    taken = [r for one in a.taken + b.taken for r in one]
    assert sorted(taken) == sorted(addresses)
    assert b.connections < 40


def test_who_has_it_holds_nobody_up(odd, run, contacts, template):
    """It takes no connection until time is up, and the others are sent."""
    a = odd(lambda heard: None)
    b = odd(lambda heard: time.sleep(30) if heard.verb == "greeting" else None)
    addresses = ["ü@example.org", *PLAIN]
    done = run("send", *a.options, *b.options, "-j", 2, "--timeout", "1s",
               "--retry-for", "3s", contacts(addresses), template)
    assert done.status == REMAIN, done.err
    assert sorted(r for one in a.taken for r in one) == sorted(PLAIN)
    assert done.closing()["pending"] == 1
