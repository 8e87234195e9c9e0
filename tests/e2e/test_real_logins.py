"""Do real relays let us in? Postfix, which asks Dovecot whether a login is
right, Dovecot itself, and Exim: each mechanism that Debian's builds have."""

import base64
import hmac
import json
import re
import time

import pytest

import dovecot
import exim
import postfix
from program import NOPERM, OK, USAGE, by_status, report_file

WORDS = ["l.csv", "t.eml"]
ROWS = 30

SASL = """\
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:127.0.0.1:{port}
smtpd_tls_auth_only = yes
smtpd_recipient_restrictions = permit_sasl_authenticated, reject
smtpd_tls_mandatory_protocols = {protocols}
"""

MECHANISMS = {"plain": "PLAIN", "login": "LOGIN", "cram-md5": "CRAM-MD5",
              "scram-sha-1": "SCRAM-SHA-1", "scram-sha-256": "SCRAM-SHA-256"}

AUTHENTICATORS = """\
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${{if and{{{{eq{{$auth2}}{{ann}}}}\
{{eq{{$auth3}}{{{password}}}}}}}}}
  server_set_id = $auth2
  server_advertise_condition = ${{if def:tls_in_cipher}}
login:
  driver = plaintext
  public_name = LOGIN
  server_prompts = Username:: : Password::
  server_condition = ${{if and{{{{eq{{$auth1}}{{ann}}}}\
{{eq{{$auth2}}{{{password}}}}}}}}}
  server_set_id = $auth1
  server_advertise_condition = ${{if def:tls_in_cipher}}
cram:
  driver = cram_md5
  public_name = CRAM-MD5
  server_secret = ${{if eq{{$auth1}}{{ann}}{{{password}}}fail}}
  server_set_id = $auth1
  server_advertise_condition = ${{if def:tls_in_cipher}}
"""


@pytest.fixture(autouse=True)
def files(tmp_path):
    (tmp_path / "l.csv").write_text("email\n" + "".join(
        f"u{i}@example.org\n" for i in range(ROWS)))
    (tmp_path / "t.eml").write_text("From: n@example.org\nSubject: s\n\nb\n")
    (tmp_path / "secret").write_text(dovecot.PASSWORD + "\n")
    (tmp_path / "secret").chmod(0o600)


@pytest.fixture
def judge(relays):
    return relays(dovecot, mechanisms=" ".join(MECHANISMS))


@pytest.fixture
def asking(relays, judge):
    """asking(protocols) starts a Postfix that asks Dovecot."""
    def start(protocols=">=TLSv1.2"):
        return relays(postfix, [], SASL.format(port=judge.auth_port,
                                       protocols=protocols))
    return start


@pytest.fixture
def guarded_exim(relays, arbiter):
    more = "acl_smtp_auth = accept\nauth_advertise_hosts = *\n"
    # What stands behind the configuration's last part is a part of its own.
    return relays(exim, arbiter, more=more, authenticators=AUTHENTICATORS
                  .format(password=dovecot.PASSWORD))


def login(relay, mechanism, *more):
    return ["send", "-s", relay.url, "--tls-ca", relay.ca, "-u", "ann",
            "--auth", mechanism, "--debug", "-o", "r.csv", "--report-all",
            *more]


def spoken(done):
    return set(re.findall(r" > AUTH (\S+)", done.err))


def lets_in(run, relay, mechanism, home):
    done = run(*login(relay, mechanism, "--password-file", "secret"), *WORDS)
    assert done.status == OK, done.err
    assert spoken(done) == {MECHANISMS[mechanism]}
    assert len(by_status(report_file(home / "r.csv"))["sent"]) == ROWS


def turns_away(run, relay, mechanism, home):
    done = run(*login(relay, mechanism, "--passwordeval", "echo wrong", "-j",
                      "4"), *WORDS)
    assert done.status == NOPERM, done.err
    assert by_status(report_file(home / "r.csv")).keys() == {"pending"}
    assert done.err.count(" > AUTH ") == 1


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_postfix_that_asks_dovecot(run, asking, tmp_path, version):
    relay = asking(f"TLSv{version}" if version == "1.3" else "!TLSv1.3")
    for mechanism in MECHANISMS:
        lets_in(run, relay, mechanism, tmp_path)
        assert {row["tls"].split()[0] for row
                in report_file(tmp_path / "r.csv")} == {f"TLS{version}"}
        turns_away(run, relay, mechanism, tmp_path)
    assert relay.log_text().count("sasl_username=ann") >= len(MECHANISMS)


def test_postfix_and_the_strongest(run, asking):
    done = run(*login(asking(), "auto", "--password-file", "secret"), *WORDS)
    assert done.status == OK, done.err
    assert spoken(done) == {"SCRAM-SHA-256"}


def test_postfix_offers_no_login_in_clear(run, asking):
    relay = asking()
    done = run("send", "-s", relay.url, "--tls", "off", "-u", "ann",
               "--password-file", "secret", *WORDS)
    assert done.status == USAGE


def test_dovecot(run, relays, arbiter, tmp_path):
    behind = relays(postfix, arbiter=arbiter, keep=True,
                    main_cf="smtpd_tls_security_level = may\n")
    relay = relays(dovecot, behind, mechanisms=" ".join(MECHANISMS))
    for mechanism in MECHANISMS:
        lets_in(run, relay, mechanism, tmp_path)
        turns_away(run, relay, mechanism, tmp_path)


def test_exim(run, guarded_exim, tmp_path):
    for mechanism in ("plain", "login", "cram-md5"):
        lets_in(run, guarded_exim, mechanism, tmp_path)
        turns_away(run, guarded_exim, mechanism, tmp_path)


# Tokens: Dovecot checks the signature of a JSON Web Token by itself.

PASSDB = """\
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {home}/oauth2.conf
}}
"""
KEY = b"a key of the tests, which is long enough"


def token(seconds):
    """Good for so long, from now; RFC 7519, HS256."""
    now = int(time.time())
    claims = {"sub": "ann", "email": "ann", "iat": now - 100,
              "nbf": now - 100, "exp": now + seconds}
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=")
             for part in ({"alg": "HS256", "typ": "JWT"}, claims)]
    signature = hmac.digest(KEY, b".".join(parts), "sha256")
    parts.append(base64.urlsafe_b64encode(signature).rstrip(b"="))
    return b".".join(parts).decode()


@pytest.fixture
def bearer(relays, homes):
    home = homes("keys")
    key = home / "default/HS256/default"
    key.parent.mkdir(parents=True)
    key.write_text(base64.b64encode(KEY).decode())
    (home / "oauth2.conf").write_text(
        "introspection_mode = local\nusername_attribute = email\n"
        f"local_validation_key_dict = fs:posix:prefix={home}/\n")
    judge = relays(dovecot, mechanisms="xoauth2 oauthbearer",
                   more=PASSDB.format(home=home))
    relay = relays(postfix, [], SASL.format(port=judge.auth_port,
                                            protocols=">=TLSv1.2"))
    relay.judge = judge
    return relay


@pytest.mark.parametrize("mechanism", ["xoauth2", "oauthbearer"])
def test_a_token(run, bearer, tmp_path, mechanism):
    (tmp_path / "tokens").write_text(token(-50) + "\n" + token(600) + "\n")
    one_by_one = ("head -1 tokens; "
                  "[ $(wc -l <tokens) -eq 1 ] || sed -i 1d tokens")
    done = run(*login(bearer, mechanism, "--passwordeval", one_by_one), *WORDS)
    assert done.status == OK, done.err + bearer.judge.log_text()
    assert done.err.count(f" > AUTH {mechanism.upper()}") >= 2
    (tmp_path / "secret").write_text(token(-50) + "\n")
    done = run(*login(bearer, mechanism, "--password-file", "secret"), *WORDS)
    assert done.status == NOPERM, done.err
    assert by_status(report_file(tmp_path / "r.csv")).keys() == {"pending"}
    assert "eyJ" not in done.err.replace("334 eyJ", "")
