"""--check-dns: is a row invalid only where DNS says that no mail is taken?"""

import subprocess
import time

import pytest

import dns
import program
from program import OK, REJECTED, jsonl

RECORDS = """\
mx-host=mx.example,mail.mx.example,10
cname=alias.example,mx.example
dns-rr=null.example,15,000000
address=/a.example/127.0.0.9
host-record=six.example,::1
txt-record=text.example,nothing else
dns-rr=odd.example,15,000000
mx-host=odd.example,mail.mx.example,20
""" + "".join(f"mx-host=many.example,a-long-host-name-{i}.mx.example,10\n"
              for i in range(60))


@pytest.fixture
def check(tmp_path):
    """check(domains, option…): the run, and each domain's status, reason."""
    def check_there(domains, *options, records=RECORDS, **place):
        (tmp_path / "list.csv").write_text(
            "email\n" + "".join(f"u@{d}\n" for d in domains))
        argv = dns.command(tmp_path, records,
                           [program.BINARY, "check", "--format", "jsonl",
                            "--check-dns", *options, "list.csv"], **place)
        done = subprocess.run(argv, cwd=tmp_path, capture_output=True,
                              env=program.environment(tmp_path), timeout=120)
        result = program.Result(done.returncode, done.stdout.decode(),
                                done.stderr.decode())
        return result, {row["ascii_domain"]: (row["status"], row["reason"])
                        for row in jsonl(result.out)}
    return check_there


FINE = ("ok", "")
ABSENT = ("invalid", "no such domain")
NULL_MX = ("invalid", "domain that takes no mail (null MX)")
NO_HOST = ("invalid", "domain with neither mail server nor address")


def test_what_dns_says(check):
    done, said = check(["mx.example", "alias.example", "a.example",
                        "six.example", "many.example", "odd.example",
                        "null.example", "gone.example", "text.example"])
    assert said == {"mx.example": FINE, "alias.example": FINE,
                    "a.example": FINE, "six.example": FINE,
                    "many.example": FINE, "odd.example": FINE,
                    "null.example": NULL_MX, "gone.example": ABSENT,
                    "text.example": NO_HOST}
    assert done.status == REJECTED
    assert "looked up" not in done.err


def test_all_rows_of_a_domain_and_no_other(check, tmp_path):
    done, _ = check(["gone.example", "mx.example", "GONE.example",
                     "sub.mx.example"])
    assert [row["status"] for row in jsonl(done.out)] \
        == ["invalid", "ok", "invalid", "invalid"]


def test_an_internationalized_domain(check):
    records = "mx-host=xn--bcher-kva.example,mail.mx.example,10\n"
    _, said = check(["bücher.example", "bächer.example"], records=records)
    assert said == {"xn--bcher-kva.example": FINE,
                    "xn--bcher-gra.example": ABSENT}


def test_a_name_of_the_hosts_file(check):
    _, said = check(["in-hosts.example", "six-hosts.example", "gone.example"],
                    hosts="127.0.0.1 in-hosts.example\n::1 six-hosts.example\n")
    assert said == {"in-hosts.example": FINE, "six-hosts.example": FINE,
                    "gone.example": ABSENT}


def test_a_failure_is_no_verdict(check):
    done, said = check(["mx.example", "gone.example"], servers=[dns.FAILING])
    assert said == {"mx.example": FINE, "gone.example": FINE}
    assert done.status == OK
    assert "2 of 2 domains could not be looked up" in done.err


def test_the_next_server_is_asked(check):
    done, said = check(["mx.example", "gone.example"],
                       servers=[dns.FAILING, "127.0.0.1"])
    assert said == {"mx.example": FINE, "gone.example": ABSENT}
    assert "looked up" not in done.err


def test_silence_is_no_verdict_and_ends(check):
    begun = time.monotonic()
    done, said = check(["mx.example", "gone.example"], servers=[dns.SILENT],
                       options="options timeout:1 attempts:2\n")
    assert said == {"mx.example": FINE, "gone.example": FINE}
    assert done.status == OK and "2 of 2 domains" in done.err
    assert 2.5 < time.monotonic() - begun < 20  # 1 s, then 2


def test_no_server_at_all(check):
    done, said = check([f"d{i}.example" for i in range(2000)],
                       servers=["127.0.0.77"])
    assert set(said.values()) == {FINE} and done.status == OK
    assert "DNS does not answer" in done.err


def test_each_domain_is_asked_for_once(check, tmp_path):
    log = tmp_path / "queries"
    domains = [f"d{i % 700}.example" for i in range(3000)]
    records = f"log-queries\nlog-facility={log}\n" + "".join(
        f"mx-host=d{i}.example,mail.mx.example,10\n" for i in range(0, 700, 2))
    done, said = check(domains, "--dedupe", "off", records=records)
    assert all(status == (FINE if int(name[1:].split(".")[0]) % 2 == 0
                          else ABSENT) for name, status in said.items())
    asked = [line.split("query[")[1].split(" from")[0]
             for line in log.read_text().splitlines() if "query[" in line]
    assert len(asked) == len(set(asked))
    assert len([q for q in asked if q.startswith("MX]")]) == 700
    # Only where there is no MX an address is asked for.
    assert {int(q.split(" d")[1].split(".")[0]) % 2
            for q in asked if not q.startswith("MX]")} == {1}


SENDERS = """\
mx-host=good.example,mail.mx.example,10
txt-record=good.example,unrelated=1
txt-record=good.example,"v=spf1 mx -all"
txt-record=_dmarc.good.example,"v=DMARC1; p=none"
mx-host=news.good.example,mail.mx.example,10
txt-record=news.good.example,"v=spf1 -all"
mx-host=twice.example,mail.mx.example,10
txt-record=twice.example,v=spf1
txt-record=twice.example,"v=spf1 a -all"
txt-record=_dmarc.twice.example,v=DMARC10
txt-record=bare.example,"v=spf10 mx"
mx-host=list.example,mail.mx.example,10
"""


@pytest.fixture
def sender(tmp_path):
    """sender(From, option…): what DNS says of it, by check --dns."""
    def check_there(sender, *options, **place):
        (tmp_path / "list.csv").write_text("email\nann@list.example\n")
        (tmp_path / "draft.eml").write_text(f"From: {sender}\n\nx\n")
        argv = dns.command(tmp_path, SENDERS,
                           [program.BINARY, "check", "--dns", *options,
                            "list.csv", "draft.eml"], **place)
        done = subprocess.run(argv, cwd=tmp_path, capture_output=True,
                              env=program.environment(tmp_path), timeout=120)
        result = program.Result(done.returncode, done.stdout.decode(),
                                done.stderr.decode())
        return result.status, [line.split("DNS: ")[1] for line in
                               result.err.splitlines() if "DNS: " in line]
    return check_there


def test_a_sender_that_is_in_order(sender):
    good = ["good.example takes mail: bounces can come back",
            "good.example has an SPF record",
            "good.example has a DMARC record"]
    assert sender("a@good.example") == (OK, good)
    assert sender("a@good.example", "--fail-on", "warning")[1] == good
    # Below it, its DMARC record counts, but its SPF record does not.
    assert sender("a@news.good.example") == (OK, [
        "news.good.example takes mail: bounces can come back",
        "news.good.example has an SPF record",
        "good.example has a DMARC record"])
    # The bounces go elsewhere.
    assert sender("a@good.example", "-f", "b@news.good.example")[1] == [
        "news.good.example takes mail: bounces can come back",
        "news.good.example has an SPF record",
        "good.example has a DMARC record"]
    assert sender("a@good.example", "-f", "<>")[1] \
        == ["good.example has a DMARC record"]


def test_a_sender_that_is_not(sender):
    status, said = sender("a@twice.example", "--fail-on", "warning")
    assert status == REJECTED
    assert said == ["twice.example takes mail: bounces can come back",
                    "twice.example has more than one SPF record, and so none "
                    "that counts",
                    "twice.example has no DMARC record, which large providers "
                    "ask of bulk mail"]
    _, said = sender("a@bare.example")
    assert "bare.example has neither mail server" in said[0]
    assert "bare.example has no SPF record" in said[1]
    _, said = sender("a@gone.example")
    assert "gone.example is not there" in said[0] and len(said) == 3


def test_a_sender_that_dns_does_not_speak_of(sender):
    status, said = sender("a@good.example", servers=[dns.FAILING])
    assert status == OK
    assert said == ["good.example could not be looked up",
                    "good.example did not say whether it has SPF",
                    "good.example did not say whether it has DMARC"]


def test_dns_is_for_the_list_too(check):
    _, said = check(["gone.example"], "--dns")
    assert said == {"gone.example": ABSENT}


def test_send_asks_before_it_sends(tmp_path):
    (tmp_path / "list.csv").write_text(
        "email\nann@mx.example\nbob@gone.example\n")
    (tmp_path / "draft.eml").write_text("From: a@mx.example\n\nx\n")
    argv = dns.command(tmp_path, RECORDS,
                       [program.BINARY, "send", "-n", "--check-dns", "-s",
                        "localhost", "list.csv", "draft.eml"])
    done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True,
                          env=program.environment(tmp_path), timeout=60)
    # Of the network nothing is used in a dry run.
    assert done.returncode == OK and "invalid=0" in done.stderr
    argv.remove("-n")
    argv += ["--connect-timeout", "1s", "--retry-for", "0", "--report-all"]
    done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True,
                          env=program.environment(tmp_path), timeout=60)
    assert "pending=1 invalid=1" in done.stderr, done.stderr
    assert "no such domain" in done.stdout
