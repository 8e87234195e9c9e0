"""Do real relays of four kinds agree with the report, in every tier they offer?

Postfix, Exim, OpenSMTPD, and Dovecot's submission with a Postfix behind it.
All ask one arbiter whom to refuse, and keep what they take.
"""

import time
from collections import Counter

import pytest

import dovecot
import exim
import opensmtpd
import postfix
from program import (NOPERM, OK, REJECTED, REMAIN, by_status, report,
                     report_file)

SIZE = 400_000
MODULES = {one.__name__: one for one in (postfix, exim, opensmtpd, dovecot)}
TIERS = {"postfix": ("stream", "group", "lockstep"),
         "exim": ("stream", "group", "lockstep"),
         "opensmtpd": ("lockstep",),
         "dovecot": ("stream", "group", "lockstep")}
EACH = [(name, tier) for name, tiers in TIERS.items() for tier in tiers]

# What the arbiter says, as it is to be reported.
VERDICTS = {
    "user": ("sent", "250", "recipient"),
    "grey": ("sent", "250", "recipient"),
    "bad": ("rejected", "550", "recipient"),
    "full": ("deferred", "452", "recipient"),
    "spam": ("rejected", "554", "message"),
}
ENHANCED = {"bad": "5.1.1", "full": "4.2.2", "spam": "5.7.1"}

TEMPLATE = """\
From: The Notices <notices@example.org>
To: {{name}} <{{email}}>
Subject: Grüße an {{name}}

Für {{name}} allein, Nummer {{id}}: €, ü und 語.
.
.. and lines that begin with dots,
MAIL FROM:<nobody@example.org>
and words that are commands.
"""


@pytest.fixture
def relay(relays, arbiter):
    """relay(name) starts one that asks the arbiter and keeps what it takes."""
    def start(name, main_cf=""):
        if name in ("exim", "opensmtpd"):
            return relays(MODULES[name], arbiter, size=SIZE)
        more = f"message_size_limit = {SIZE}\n{main_cf}"
        if name == "postfix":
            return relays(postfix, arbiter=arbiter, keep=True, main_cf=more)
        behind = relays(postfix, arbiter=arbiter, keep=True,
                        main_cf=more + "smtpd_tls_security_level = may\n")
        return relays(dovecot, behind, size=SIZE)
    return start


class Contact:
    def __init__(self, number, kind):
        self.number, self.kind = number, kind
        self.address = f"{kind}{number}@example.org"
        self.name = f"Zoë Müller {number}"
        self.sender = f"bounce+{number}@example.org"

    def filled(self, template):
        for variable, value in (("name", self.name), ("id", str(self.number)),
                                ("email", self.address)):
            template = template.replace("{{%s}}" % variable, value)
        return template


def people(kinds):
    return [Contact(number, kind) for number, kind in enumerate(kinds)]


@pytest.fixture
def send(run, tmp_path):
    """send(relay, people, template, option…): the run, and rows by address."""
    def to(relay, contacts, template, *options):
        (tmp_path / "list.csv").write_text("email,id,name\n" + "".join(
            f"{one.address},{one.number},{one.name}\n" for one in contacts))
        (tmp_path / "letter.eml").write_text(template)
        done = run("send", *relay.options(), "-f",
                   "bounce+{{id}}@example.org", "--retry-delay", "1s",
                   "--report-all", "-o", "report.csv", *options, "list.csv",
                   "letter.eml", timeout=240)
        rows = report_file(tmp_path / "report.csv")
        assert sorted(r["address"] for r in rows) == \
            sorted(one.address for one in contacts)
        return done, {r["address"]: r for r in rows}
    return to


def judged_rightly(contacts, rows):
    for one in contacts:
        row = rows[one.address]
        assert (row["status"], row["code"], row["scope"]) == \
            VERDICTS[one.kind], row
        if one.kind in ENHANCED:
            assert row["enhanced"] == ENHANCED[one.kind], row
        if row["status"] != "sent":
            assert one.kind != "bad" or "nobody here" in row["reply"], row
        wanted = {"grey": 2}.get(one.kind, 1)
        assert one.kind == "full" or int(row["attempts"]) == wanted, row


def kept_rightly(relay, contacts, rows, template):
    """What the relay has kept: each letter that was sent, once, and its own."""
    sent = {one.address: one for one in contacts
            if VERDICTS[one.kind][0] == "sent"}
    letters = relay.letters(len(sent))
    assert Counter(letter.recipient for letter in letters) == Counter([*sent])
    body = template.split("\n\n", 1)[1]
    for letter in letters:
        one = sent[letter.recipient]
        assert letter.sender == one.sender
        assert letter.message_id == rows[one.address]["message_id"]
        assert letter.message["To"].addresses[0].addr_spec == one.address
        assert letter.message["Subject"] == f"Grüße an {one.name}"
        assert letter.text() == one.filled(body)


@pytest.mark.parametrize("name, tier", EACH)
def test_all_kinds_mixed(relay, arbiter, send, name, tier):
    one = relay(name)
    kinds = ["user"] * 14 + ["bad", "grey", "spam", "user", "grey", "bad"]
    contacts = people([*kinds * 30, "full", "full"])
    done, rows = send(one, contacts, TEMPLATE, "-j", 4, "--pipeline", tier,
                      "--retry-for", "8s")
    judged_rightly(contacts, rows)
    kept_rightly(one, contacts, rows, TEMPLATE)
    assert done.status == REMAIN
    # Nobody was tried again who need not be.
    for contact in contacts:
        if contact.kind != "full":
            assert arbiter.times(contact.address) == \
                (2 if contact.kind == "grey" else 1), contact.address
    assert one.complaints() == []


@pytest.mark.parametrize("name", MODULES)
def test_two_thousand(relay, send, name):
    """As it chooses itself, and no more sessions than it finds good."""
    one = relay(name)
    contacts = people(["user"] * 2000)
    done, rows = send(one, contacts, TEMPLATE)
    assert done.status == OK
    judged_rightly(contacts, rows)
    kept_rightly(one, contacts, rows, TEMPLATE)
    assert one.complaints() == []
    # OpenSMTPD ends a session after a hundred: that is found out once for
    # each that is open then.
    assert one.log_text().count("Too many messages") <= 10


def test_exim_is_left_at_a_thousand(relay, send):
    """It takes no more in a session, and answers all beyond with a 421."""
    one = relay("exim")
    contacts = people(["user"] * 1100)
    done, rows = send(one, contacts, TEMPLATE, "-j", 1)
    assert done.status == OK
    judged_rightly(contacts, rows)
    assert one.complaints() == []


@pytest.mark.parametrize("name, tier", EACH)
def test_forty_refusals_in_a_row(relay, send, name, tier):
    """Postfix is slow to answer after ten, Exim closes at the twelfth: who
    counts them reconnects in time."""
    one = relay(name)
    contacts = people(["user"] * 5 + ["bad"] * 40 + ["user"] * 40)
    began = time.monotonic()
    done, rows = send(one, contacts, TEMPLATE, "-j", 1, "--pipeline", tier)
    assert time.monotonic() - began < 10
    assert done.status == REJECTED
    judged_rightly(contacts, rows)
    kept_rightly(one, contacts, rows, TEMPLATE)
    assert one.complaints() == []


@pytest.mark.parametrize("name, tier", EACH)
def test_forty_contents_refused_in_a_row(relay, send, name, tier):
    one = relay(name)
    contacts = people(["user"] * 5 + ["spam"] * 40 + ["user"] * 40)
    began = time.monotonic()
    done, rows = send(one, contacts, TEMPLATE, "-j", 2, "--pipeline", tier)
    assert time.monotonic() - began < 15
    assert done.status == REJECTED
    judged_rightly(contacts, rows)
    kept_rightly(one, contacts, rows, TEMPLATE)
    assert one.complaints() == []


@pytest.mark.parametrize("name, tier", EACH)
def test_a_long_letter(relay, send, name, tier):
    one = relay(name)
    lines = "".join(f".{i} of {{{{id}}}}: ÄÖÜ\n" if i % 3 else
                    f"plain line {i}\n" for i in range(8_000))
    template = TEMPLATE + lines
    while len(template.encode()) < 300_000:
        template += "a line like any other, " * 3 + "\n"
    contacts = people(["user"] * 3 + ["bad"] + ["user"] * 4)
    done, rows = send(one, contacts, template, "-j", 2, "--pipeline", tier)
    judged_rightly(contacts, rows)
    kept_rightly(one, contacts, rows, template)
    assert done.status == REJECTED


@pytest.mark.parametrize("name", MODULES)
def test_too_big_is_found_here(relay, arbiter, send, name):
    """SIZE is compared before anything is said."""
    one = relay(name)
    contacts = people(["user"] * 20)
    template = TEMPLATE + "a line like any other\n" * 20_000
    done, rows = send(one, contacts, template)
    assert done.status == REJECTED
    for row in rows.values():
        assert (row["status"], row["code"], row["enhanced"], row["scope"]) == \
            ("rejected", "", "5.3.4", "local"), row
    assert not arbiter.asked
    assert one.letters(0) == []


@pytest.mark.parametrize("tier", TIERS["postfix"])
def test_a_header_that_postfix_refuses(relay, send, tmp_path, tier):
    """Contents are refused one by one, each on its own row."""
    (tmp_path / "checks").write_text(
        "/^X-Part: 3$/ REJECT 5.7.1 not part three\n"
        "/^X-Part: 7$/ REJECT 4.7.1 not part seven now\n")
    tmp_path.chmod(0o755)
    one = relay("postfix", f"header_checks = regexp:{tmp_path}/checks\n")
    contacts = people(["user"] * 100)
    done, rows = send(one, contacts, "X-Part: {{id}}\n" + TEMPLATE, "-j", 4,
                      "--pipeline", tier, "--retry-for", "1s")
    assert done.status == REMAIN
    never, later = [rows.pop(contacts[i].address) for i in (3, 7)]
    assert (never["status"], never["scope"]) == ("rejected", "message")
    assert (later["status"], later["scope"]) == ("deferred", "message")
    assert "not part three" in never["reply"]
    assert {r["status"] for r in rows.values()} == {"sent"}
    assert {letter.recipient for letter in one.letters(98)} == set(rows)


# Logins.

@pytest.fixture
def guarded(relays, arbiter):
    """A Postfix that relays for who has logged in, inside TLS alone; it asks a
    Dovecot about passwords. guarded(mechanisms)."""
    def start(mechanisms):
        keeper = relays(dovecot, mechanisms=mechanisms)
        one = relays(postfix, keep=True, main_cf=f"""\
smtpd_tls_auth_only = yes
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:127.0.0.1:{keeper.auth_port}
mynetworks =
smtpd_relay_restrictions = permit_sasl_authenticated,
 reject_unauth_destination
smtpd_recipient_restrictions =
""")
        one.keeper = keeper
        return one
    return start


def with_password(tmp_path, password):
    path = tmp_path / "password"
    path.write_text(password + "\n")
    path.chmod(0o600)
    return ["--user", dovecot.USER, "--password-file", path]


@pytest.mark.parametrize("mechanism", ["plain", "login", "cram-md5",
                                       "scram-sha-1", "scram-sha-256"])
def test_login(guarded, send, tmp_path, mechanism):
    one = guarded(mechanism)
    contacts = people(["user"] * 50)
    done, rows = send(one, contacts, TEMPLATE, "-j", 3,
                      *with_password(tmp_path, dovecot.PASSWORD))
    assert done.status == OK
    kept_rightly(one, contacts, rows, TEMPLATE)
    methods = one.log_text().lower().count(f"sasl_method={mechanism}")
    assert methods == 50


@pytest.mark.parametrize("mechanism", ["plain", "login", "scram-sha-256"])
def test_wrong_password(guarded, send, tmp_path, mechanism):
    one = guarded(mechanism)
    contacts = people(["user"] * 50)
    done, rows = send(one, contacts, TEMPLATE, "-j", 3,
                      *with_password(tmp_path, "a wrong one"))
    assert done.status == NOPERM
    assert {r["status"] for r in rows.values()} == {"pending"}
    assert one.log_text().count("authentication failed") == 1
    assert "a wrong one" not in done.err and one.letters(0) == []


def test_without_a_login(guarded, send):
    """Relaying denied is everybody's trouble: no row is to blame."""
    one = guarded("plain")
    done, rows = send(one, people(["user"] * 50), TEMPLATE, "-j", 3)
    assert done.status == NOPERM
    assert {r["status"] for r in rows.values()} == {"pending"}
    assert one.letters(0) == []


def test_wrong_password_for_submission(relay, send, tmp_path):
    one = relay("dovecot")
    one.password.write_text("a wrong one\n")
    done, rows = send(one, people(["user"] * 20), TEMPLATE)
    assert done.status == NOPERM
    assert {r["status"] for r in rows.values()} == {"pending"}
