"""Every mechanism against the sink, over TLS 1.2 and 1.3; logins that are
refused, put off, or answered by who cannot prove anything."""

import os
import re

import pytest

import hostile_login
import program
from program import CONFIG, NOPERM, OK, REMAIN, USAGE, by_status, report_file

WORDS = ["l.csv", "t.eml"]
MECHANISMS = {
    "plain": "PLAIN", "login": "LOGIN", "cram-md5": "CRAM-MD5",
    "scram-sha-1": "SCRAM-SHA-1-PLUS", "scram-sha-256": "SCRAM-SHA-256-PLUS",
    "xoauth2": "XOAUTH2", "oauthbearer": "OAUTHBEARER",
}


@pytest.fixture(autouse=True)
def files(tmp_path):
    (tmp_path / "l.csv").write_text("email\n" + "".join(
        f"u{i}@example.org\n" for i in range(5)))
    (tmp_path / "t.eml").write_text("From: n@example.org\nSubject: s\n\nb\n")


@pytest.fixture
def secret(tmp_path):
    path = tmp_path / "secret"
    path.write_text("sesame\n")
    path.chmod(0o600)
    return path


@pytest.fixture
def guarded(sinks, tmp_path):
    """guarded(option…) starts a sink that wants ann's login."""
    path = tmp_path / "sinks-secret"
    path.write_text("sesame\n")
    path.chmod(0o600)

    def start(*options):
        return sinks("--auth-required", "--auth", "ann",
                     "--auth-password-file", path, *options)
    return start


@pytest.fixture
def older(tmp_path):
    """What makes GnuTLS speak TLS 1.2 at most."""
    path = tmp_path / "gnutls.conf"
    path.write_text("[overrides]\ndisabled-version = tls1.3\n")
    return {"GNUTLS_SYSTEM_PRIORITY_FILE": str(path)}


def login(sink, *more):
    return ["send", "-s", sink.url, "--tls-ca", sink.ca, "-u", "ann", *more,
            "--debug", "--report-all", "-o", "r.csv"]


def spoken(done):
    """The mechanisms that were begun."""
    return re.findall(r" > AUTH (\S+)", done.err)


def rows_wait(home):
    return by_status(report_file(home / "r.csv")).keys() == {"pending"}


@pytest.mark.parametrize("tls", ["1.2", "1.3"])
@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_each_mechanism(run, guarded, secret, older, tmp_path, mechanism, tls):
    sink = guarded()
    done = run(*login(sink, "--password-file", secret, "--auth", mechanism),
               *WORDS, env=older if tls == "1.2" else {})
    assert done.status == OK, done.err
    assert set(spoken(done)) == {MECHANISMS[mechanism]}
    assert {row["tls"].split()[0] for row in report_file(tmp_path / "r.csv")
            } == {f"TLS{tls}"}
    assert "sesame" not in done.err
    counts = sink.stop()
    assert counts["auth_failed"] == 0 and counts["auth_ok"] >= 1


@pytest.mark.parametrize("tls", ["1.2", "1.3"])
@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_a_wrong_password_is_tried_once(run, guarded, older, tmp_path,
                                        mechanism, tls):
    sink = guarded()
    done = run(*login(sink, "--passwordeval", "echo wrong", "--auth",
                      mechanism, "-j", "5"),
               *WORDS, env=older if tls == "1.2" else {})
    assert done.status == NOPERM, done.err
    assert rows_wait(tmp_path)
    token = mechanism in ("xoauth2", "oauthbearer")  # may have run out
    assert sink.stop()["auth_failed"] == (2 if token else 1)
    assert "535" in done.err


@pytest.mark.parametrize("tls", ["1.2", "1.3"])
@pytest.mark.parametrize("mode", ["starttls", "implicit"])
def test_bound_to_sessions_that_resume(run, guarded, secret, older, tmp_path,
                                       tls, mode):
    """Each TLS session binds anew, also one that goes on from another."""
    sink = guarded("--tls", mode)
    words = login(sink, "--password-file", secret, "--auth", "scram-sha-256",
                  "-j", "1", "--messages-per-session", "1",
                  "--tls-evidence", "e.jsonl")
    if mode == "implicit":
        words[2] = f"smtps://{sink.address}"
    done = run(*words, *WORDS, env=older if tls == "1.2" else {})
    assert done.status == OK, done.err
    assert spoken(done) == ["SCRAM-SHA-256-PLUS"] * 5
    counts = sink.stop()
    assert (counts["auth_ok"], counts["auth_failed"]) == (5, 0)
    evidence = program.jsonl((tmp_path / "e.jsonl").read_text())
    assert sum(1 for line in evidence if line.get("resumed")) >= 3


@pytest.mark.parametrize("offered, first", [
    ("PLAIN LOGIN", "PLAIN"), ("LOGIN CRAM-MD5", "CRAM-MD5"),
    ("PLAIN SCRAM-SHA-1 CRAM-MD5", "SCRAM-SHA-1"),
    ("SCRAM-SHA-256 SCRAM-SHA-1-PLUS", "SCRAM-SHA-1-PLUS"),
    ("XOAUTH2 LOGIN", "LOGIN"), ("XOAUTH2", "XOAUTH2"),
])
def test_auto_takes_the_strongest(run, guarded, secret, offered, first):
    done = run(*login(guarded("--auth-mechanisms", offered),
                      "--password-file", secret), *WORDS)
    assert done.status == OK, done.err
    assert set(spoken(done)) == {first}


def test_auto_passes_over_what_the_password_does_not_allow(run, secret):
    """SASLprep has no form for it; PLAIN hands it over as it is."""
    secret.write_bytes(b"ses\xe4me\n")
    relay = hostile_login.Relay(b"ses\xe4me")
    done = run("send", "-s", relay.address, "--tls", "off", "-u", "ann",
               "--auth-in-clear", "--password-file", secret, "--debug", *WORDS)
    relay.stop()
    assert done.status == OK, done.err
    assert set(spoken(done)) == {"PLAIN"}


@pytest.mark.parametrize("offered, asked", [
    ("PLAIN", "scram-sha-256"), ("SCRAM-SHA-256", "plain"),
    ("XOAUTH2", "oauthbearer"), ("", "auto"),
])
def test_nothing_in_common(run, guarded, secret, tmp_path, offered, asked):
    sink = guarded("--auth-mechanisms", offered)
    done = run(*login(sink, "--password-file", secret, "--auth", asked),
               *WORDS)
    assert done.status == NOPERM, done.err
    assert "--auth" in done.err and rows_wait(tmp_path)
    assert spoken(done) == []


def test_no_auth_at_all(run, sink, secret, tmp_path):
    done = run(*login(sink, "--password-file", secret), *WORDS)
    assert done.status == NOPERM and rows_wait(tmp_path)
    assert sink.recipients() == []


def test_without_tls(run, guarded, secret):
    sink = guarded("--tls", "off", "--auth-in-clear")
    words = ["send", "-s", sink.url, "--tls", "off", "-u", "ann",
             "--password-file", secret, *WORDS]
    assert run(*words).status == USAGE
    done = run(*words, "--auth-in-clear", "--debug")
    assert done.status == OK, done.err
    assert set(spoken(done)) == {"SCRAM-SHA-256"}  # nothing to bind it to


def test_put_off_and_tried_again(run, guarded, secret):
    sink = guarded("--auth-busy", "2")
    done = run(*login(sink, "--password-file", secret), *WORDS)
    assert done.status == OK, done.err
    assert sink.stop()["auth_busy"] == 2


def test_put_off_until_there_is_no_more_time(run, guarded, secret, tmp_path):
    sink = guarded("--auth-busy", "1000")
    done = run(*login(sink, "--password-file", secret, "--retry-for", "2s"),
               *WORDS)
    assert done.status == REMAIN and rows_wait(tmp_path)
    assert sink.stop()["auth_busy"] >= 2


def test_a_password_that_changes_between_logins(run, sinks, tmp_path, secret):
    """Each login reads it again."""
    count = tmp_path / "count"
    sink = sinks("--auth", "ann", "--auth-password-file", secret,
                 "--auth-required")
    done = run(*login(sink, "--passwordeval", f"echo x >>{count}; echo sesame",
                      "-j", "1", "--messages-per-session", "1"), *WORDS)
    assert done.status == OK, done.err
    assert len(count.read_text().split()) == sink.stop()["auth_ok"] == 5


# Tokens.

def renewing(home, *tokens):
    """A command that hands out these, one after another, then the last."""
    (home / "tokens").write_text("".join(f"{t}\n" for t in tokens))
    return ("head -1 tokens; [ $(wc -l <tokens) -eq 1 ] || sed -i 1d tokens; "
            "echo x >>asked")


@pytest.mark.parametrize("mechanism", ["xoauth2", "oauthbearer"])
def test_a_token_that_ran_out(run, guarded, tmp_path, mechanism):
    sink = guarded()
    done = run(*login(sink, "--auth", mechanism, "--retry-for", "0s",
                      "--passwordeval", renewing(tmp_path, "old", "sesame")),
               *WORDS)
    assert done.status == OK, done.err
    assert sink.stop()["auth_failed"] == 1


@pytest.mark.parametrize("mechanism", ["xoauth2", "oauthbearer"])
def test_tokens_that_run_out_while_mailing(run, guarded, tmp_path, mechanism):
    sink = guarded()
    tokens = ["sesame", "old", "sesame", "sesame", "old", "sesame"]
    done = run(*login(sink, "--auth", mechanism, "-j", "1",
                      "--messages-per-session", "1", "--passwordeval",
                      renewing(tmp_path, *tokens)), *WORDS)
    assert done.status == OK, done.err
    counts = sink.stop()
    assert counts["auth_failed"] == 2 and counts["messages"] == 5


def test_a_token_that_stays_refused(run, guarded, tmp_path):
    sink = guarded()
    done = run(*login(sink, "--auth", "xoauth2", "--passwordeval",
                      renewing(tmp_path, "old", "older", "sesame")), *WORDS)
    assert done.status == NOPERM and rows_wait(tmp_path)
    assert "invalid_token" in done.err  # what the relay told of it
    assert "older" not in done.err
    assert sink.stop()["auth_failed"] == 2
    assert (tmp_path / "asked").read_text().count("x") == 2


def test_a_token_that_cannot_be_asked_for_again(tmp_path, guarded):
    sink = guarded()
    read, write = os.pipe()
    os.write(write, b"old\n")
    os.close(write)
    done = program.finish(program.start(
        *login(sink, "--auth", "xoauth2", "--password-fd", read), *WORDS,
        cwd=tmp_path, pass_fds=[read]))
    os.close(read)
    assert done.status == NOPERM and sink.stop()["auth_failed"] == 1


def test_a_password_that_is_no_token(run, guarded):
    done = run(*login(guarded(), "--auth", "xoauth2", "--passwordeval",
                      "echo open sesame"), *WORDS)
    assert done.status == NOPERM and spoken(done) == []


def test_a_token_of_three_kilobytes(run, sinks, secret):
    """It fits no command line, and is said when it is asked for."""
    secret.write_text("t" * 3000 + "\n")
    sink = sinks("--auth", "ann", "--auth-password-file", secret,
                 "--auth-required")
    done = run(*login(sink, "--auth", "xoauth2", "--password-file", secret),
               *WORDS)
    assert done.status == OK, done.err
    assert "ttt" not in done.err


# A relay that knows no password.

@pytest.mark.parametrize("lie", hostile_login.LIES)
def test_a_relay_that_lies(run, tmp_path, lie):
    relay = hostile_login.Relay(b"sesame", lie)
    done = run("send", "-s", relay.address, "--tls", "off", "-u", "ann",
               "--auth-in-clear", "--passwordeval", "echo sesame",
               "--timeout", "5s", "--debug", "-o", "r.csv", *WORDS)
    relay.stop()
    assert done.status == (OK if lie == "none" else NOPERM), done.err
    assert "sesame" not in done.err
    assert relay.mails == (5 if lie == "none" else 0)
    assert relay.logins == 1 or lie == "none"
    if lie != "none":
        assert rows_wait(tmp_path)


@pytest.mark.parametrize("how", ["plain", "base64"])
def test_a_relay_that_repeats_the_password(run, how):
    relay = hostile_login.Relay(b"sesame", f"repeats-{how}")
    done = run("send", "-s", relay.address, "--tls", "off", "-u", "ann",
               "--auth-in-clear", "--passwordeval", "echo sesame",
               "--auth", "plain", "--debug", *WORDS)
    relay.stop()
    assert done.status == NOPERM, done.err
    for text in (done.err, done.out):
        assert "sesame" not in text and "bm4Ac2Vz" not in text
    assert "***" in done.err


def test_argv_before_environment_before_account(run, guarded, tmp_path):
    sink = guarded()
    account = tmp_path / "accounts"
    account.write_text(
        f"account default\nhost 127.0.0.1\nport {sink.port}\n"
        f"tls_trust_file {sink.ca}\nauth login\nuser ann\n"
        "passwordeval echo sesame\n")
    words = ["send", "-C", account, "--debug"]
    env = {"MAILSHOT_AUTH": "cram-md5"}
    assert set(spoken(run(*words, *WORDS))) == {"LOGIN"}
    assert set(spoken(run(*words, *WORDS, env=env))) == {"CRAM-MD5"}
    assert set(spoken(run(*words, "--auth", "plain", *WORDS,
                          env=env))) == {"PLAIN"}
    env = {"MAILSHOT_PASSWORDEVAL": "echo wrong"}
    assert run(*words, *WORDS, env=env).status == NOPERM
    assert run(*words, "--passwordeval", "echo sesame", *WORDS,
               env=env).status == OK
    env = {"MAILSHOT_ACCOUNT": "other"}
    assert run(*words, *WORDS, env=env).status == CONFIG
    assert run(*words, "-a", "default", *WORDS, env=env).status == OK


def test_no_such_mechanism(run, sink):
    for name in ("ntlm", "digest-md5", "", "scram", "SCRAM-SHA-256-PLUS"):
        done = run(*login(sink, "--auth", name), *WORDS)
        assert done.status in (USAGE, CONFIG), name
