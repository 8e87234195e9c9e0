"""Several relays: they share the load, and stand in for each other."""

import collections
import socket

import pytest

import program
from program import (NOHOST, NOPERM, OK, PROTOCOL, REMAIN, UNAVAILABLE,
                     USAGE)


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def addresses(count):
    return [f"u{i}@d{i % 7}.example" for i in range(count)]


def trust(tmp_path, *sinks):
    """One file with the certificates of all of them."""
    path = tmp_path / "trust.pem"
    path.write_text("".join(sink.ca.read_text() for sink in sinks))
    return path


@pytest.fixture
def send(run, contacts, template, tmp_path):
    """send(rows, servers, trusted sinks, option…): the run and its report."""
    def go(rows, servers, sinks, *more, **how):
        words = [word for server in servers for word in ("-s", server)]
        done = run("send", *words, "--tls-ca", trust(tmp_path, *sinks),
                   "--report", "r.csv", "--report-all", *more,
                   contacts(addresses(rows)), template, **how)
        report = tmp_path / "r.csv"
        return done, program.report_file(report) if report.exists() else []
    return go


def taken_once(rows, *sinks):
    """Whom the sinks took mail for: nobody twice, and those that are sent."""
    taken = collections.Counter(r for sink in sinks for r in sink.recipients())
    assert set(taken.values()) <= {1}
    sent = {row["address"] for row in rows if row["status"] == "sent"}
    unknown = {row["address"] for row in rows if row["status"] == "unknown"}
    assert sent <= set(taken) <= sent | unknown
    return taken


def test_two_share_the_load(send, sinks):
    a, b = sinks("--delay", "5"), sinks("--delay", "5")
    done, rows = send(400, [a.address, b.address], [a, b], "-j", 4,
                      "--window", 4)
    assert done.status == OK
    assert done.closing()["sent"] == 400
    taken_once(rows, a, b)
    counts = [a.stop()["messages"], b.stop()["messages"]]
    assert sum(counts) == 400 and min(counts) > 60, counts
    by = collections.Counter(row["relay"] for row in rows)
    assert by == {a.address: counts[0], b.address: counts[1]}


def test_the_environment_names_several(run, sinks, contacts, template,
                                       tmp_path):
    a, b = sinks("--delay", "2"), sinks("--delay", "2")
    done = run("send", "-j", 4, "--window", 1, "--tls-ca",
               trust(tmp_path, a, b), contacts(addresses(200)), template,
               env={"MAILSHOT_SERVER": f"{a.url}=2, {b.address}"})
    assert done.status == OK, done.err
    assert a.stop()["messages"] > 0 and b.stop()["messages"] > 0


def test_the_weight_is_a_share_of_the_sessions(send, sinks):
    a, b = sinks("--delay", "5"), sinks("--delay", "5")
    done, rows = send(400, [f"{a.address}=3", b.address], [a, b], "-j", 4,
                      "--window", 1, "--pipeline", "lockstep")
    assert done.status == OK
    by = collections.Counter(row["relay"] for row in rows)
    assert 2 < by[a.address] / by[b.address] < 4.5, by


def test_sessions_go_to_who_answers_best(send, sinks):
    quick, slow = sinks("--delay", "10"), sinks("--delay", "60")
    done, rows = send(2400, [slow.address, quick.address], [quick, slow],
                      "-j", 8, "--window", 1, "--pipeline", "lockstep")
    assert done.status == OK
    taken_once(rows, quick, slow)
    quick, slow = quick.stop(), slow.stop()
    assert quick["max_concurrent"] >= 6, quick
    assert slow["max_concurrent"] <= 4 and slow["messages"] > 0


@pytest.mark.parametrize("weights, least", [((3, 1), 1.5), ((1, 1), 0.6)])
def test_the_weight_counts_in_auto(send, sinks, weights, least):
    a, b = sinks("--delay", "20"), sinks("--delay", "20")
    done, rows = send(150, [f"{a.address}={weights[0]}",
                            f"{b.address}={weights[1]}"], [a, b],
                      "--window", 1, "--pipeline", "lockstep")
    assert done.status == OK
    by = collections.Counter(row["relay"] for row in rows)
    assert by[a.address] / by[b.address] > least, by


@pytest.mark.parametrize("sessions", [1, 2, 3, 5])
def test_sessions_are_counted_over_all(send, sinks, sessions):
    many = [sinks("--delay", "1") for _ in range(3)]
    done, rows = send(200, [one.address for one in many], many,
                      "-j", sessions, "--window", 1)
    assert done.status == OK
    most = sum(one.stop()["max_concurrent"] for one in many)
    assert most <= sessions


@pytest.mark.parametrize("order", [0, 1])
def test_one_that_is_down_is_stood_in_for(send, sinks, order):
    a = sinks()
    servers = [a.address, f"127.0.0.1:{free_port()}"]
    done, rows = send(300, servers[::1 - 2 * order], [a])
    assert done.status == OK and done.closing()["sent"] == 300
    taken_once(rows, a)


def test_one_that_is_not_there_is_named_once(send, sinks):
    a = sinks()
    down = f"127.0.0.1:{free_port()}"
    said = f"mailshot: {down}: Connection refused\n"
    for more, times in ([], 1), (["-q"], 0):
        done, _ = send(300, [a.address, down], [a], "--rate", "100/s", *more)
        assert done.status == OK
        assert done.err.count(said) == times


def test_one_session_stays_with_who_is_fine(send, sinks):
    a = sinks("--delay", "8")
    done, rows = send(400, [f"127.0.0.1:{free_port()}=5", a.address], [a],
                      "-j", 1, "--window", 1, "--pipeline", "lockstep")
    assert done.status == OK
    assert a.stop()["connections"] == 1


def test_one_that_closes_at_the_banner_is_stood_in_for(send, sinks):
    a, b = sinks(), sinks("--max-sessions", "0")
    script = b.home / "busy"
    script.write_text("S: 421 4.3.2 too busy\nlost\n")
    busy = sinks("--script", script)
    done, rows = send(300, [busy.address, a.address], [a, busy])
    assert done.status == OK and done.closing()["sent"] == 300
    assert done.err.count("421") <= 1


@pytest.mark.parametrize("order", [0, 1])
def test_one_with_a_wrong_certificate_gets_nothing(send, sinks, order):
    good, bad = sinks(), sinks("--verdicts", "v")
    servers = [good.address, bad.address][::1 - 2 * order]
    done, rows = send(300, servers, [good])
    assert done.status == OK and done.closing()["sent"] == 300
    assert "certificate" in done.err or "verified" in done.err, done.err
    assert bad.stop()["messages"] == 0 and bad.log() == []


def test_none_with_a_right_certificate_is_76_at_once(send, sinks):
    good, a, b = sinks(), sinks(), sinks()
    done, rows = send(30, [a.address, b.address], [good], timeout=20)
    assert done.status == PROTOCOL
    assert {row["status"] for row in rows} == {"pending"}


def test_a_name_that_is_none_is_stood_in_for(send, sinks):
    a = sinks()
    done, rows = send(50, ["nowhere.invalid", a.address], [a])
    assert done.status in (OK,), done.err
    done, rows = send(50, ["nowhere.invalid", "nothere.invalid"], [a],
                      "--retry-for", "1s")
    assert done.status in (NOHOST, UNAVAILABLE)


def test_all_gone(send, sinks):
    a = sinks()
    down = [f"127.0.0.1:{free_port()}" for _ in range(2)]
    done, rows = send(20, down, [a], "--retry-for", "1s")
    assert done.status == UNAVAILABLE
    assert {row["status"] for row in rows} == {"pending"}


def test_each_that_is_gone_is_named(send, sinks, tmp_path):
    """What is true of one is not said of all."""
    for name, word in (("right", "secret"), ("wrong", "other")):
        (tmp_path / name).write_text(word + "\n")
        (tmp_path / name).chmod(0o600)
    a = sinks("--auth", "ann", "--auth-password-file", tmp_path / "right",
              "--auth-required")
    down = f"127.0.0.1:{free_port()}"
    done, rows = send(20, [down, a.address], [a], "--retry-for", "1s", "-u",
                      "ann", "--password-file", tmp_path / "wrong")
    assert done.status == UNAVAILABLE  # the worse one
    for said in (done.err.splitlines()[-2], *(row["reply"] for row in rows)):
        assert f"{down}: Connection refused; {a.address}: " in said
        assert "refused the login" in said
    assert {row["relay"] for row in rows} == {""}  # none was tried at any


def test_all_gone_after_some_were_sent(send, sinks):
    a, b = (sinks("--exit-after", "50") for _ in range(2))
    done, rows = send(500, [a.address, b.address], [a, b], "--retry-for",
                      "2s", "-j", 2)
    counts = done.closing()
    assert done.status == (REMAIN if counts["unknown"] == 0 else 1)
    assert counts["sent"] >= 90 and counts["pending"] > 0
    taken_once(rows, a, b)


def test_none_takes_the_login(send, sinks, tmp_path):
    for name, word in (("right", "secret"), ("wrong", "other")):
        (tmp_path / name).write_text(word + "\n")
        (tmp_path / name).chmod(0o600)
    bad = [sinks("--auth", "ann", "--auth-password-file", tmp_path / "right",
                 "--auth-required") for _ in range(2)]
    done, rows = send(20, [one.address for one in bad], bad, "-u", "ann",
                      "--password-file", tmp_path / "wrong", timeout=20)
    assert done.status == NOPERM
    assert [one.stop()["connections"] for one in bad] == [1, 1]
    assert {row["status"] for row in rows} == {"pending"}


def test_the_password_of_an_account_is_for_its_relay(send, sinks, tmp_path):
    (tmp_path / "secret").write_text("secret\n")
    (tmp_path / "secret").chmod(0o600)
    both = [sinks("--auth", "ann", "--auth-password-file",
                  tmp_path / "secret") for _ in range(2)]
    accounts = tmp_path / "accounts"
    accounts.write_text(f"account default\nhost 127.0.0.1\nport "
                        f"{both[0].port}\nauth on\nuser ann\n"
                        "password secret\n")
    accounts.chmod(0o600)
    servers = [one.address for one in both]
    done, _ = send(10, servers, both, "-C", accounts, "-n")
    assert done.status == USAGE and "own relay" in done.err
    done, _ = send(10, servers, both, "-C", accounts, "--password-file",
                   tmp_path / "secret")
    assert done.status == OK
    assert sum(one.stop()["auth_ok"] for one in both) >= 1


@pytest.mark.parametrize("server", ["ann@a.example", "smtp://bob:x@b.example"])
def test_a_relay_has_no_login_of_its_own(send, sinks, server):
    a = sinks()
    (a.home / "secret").write_text("secret\n")
    done, _ = send(10, [a.address, server], [a], "-u", "ann",
                   "--password-file", a.home / "secret")
    assert done.status == USAGE and "login" in done.err
    assert "bob:x" not in done.err
    assert a.stop()["connections"] == 0


def test_one_refuses_the_login(send, sinks, tmp_path):
    for name, word in (("right", "secret"), ("wrong", "other")):
        (tmp_path / name).write_text(word + "\n")
        (tmp_path / name).chmod(0o600)
    good = sinks("--auth", "ann", "--auth-password-file", tmp_path / "right",
                 "--auth-required")
    bad = sinks("--auth", "ann", "--auth-password-file", tmp_path / "wrong",
                "--auth-required")
    login = ["-u", "ann", "--password-file", tmp_path / "right"]
    done, rows = send(200, [bad.address, good.address], [good, bad], *login)
    assert done.status == OK and done.closing()["sent"] == 200
    assert "login" in done.err
    assert bad.stop()["connections"] == 1
