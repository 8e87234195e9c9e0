"""Does a real relay agree with the report?"""

import re
from collections import Counter

from program import OK, REMAIN, by_status, report, report_file


def test_ten_thousand_of_ten_thousand(run, contacts, template, postfix,
                                      tmp_path):
    relay = postfix()
    addresses = [f"user{i}@example.org" for i in range(10_000)]
    done = run("send", "-s", relay.url, "--tls-ca", relay.ca, "-j", 4,
               "--report-all", "--report", tmp_path / "report.csv",
               contacts(addresses), template, timeout=300)
    assert done.out == ""
    assert done.closing()["sent"] == 10_000
    assert done.status == OK

    rows = report_file(tmp_path / "report.csv")
    assert sorted(r["address"] for r in rows) == sorted(addresses)
    assert {r["status"] for r in rows} == {"sent"}
    assert {r["code"] for r in rows} == {"250"}
    assert all(r["tls"].startswith("TLS1.3") for r in rows)
    assert Counter(relay.wait_delivered(10_000)) == Counter(addresses)

    # Each message once, under the Message-ID that the report names.
    seen = re.findall(r"postfix/cleanup\[\d+\]: \w+: message-id=(<\S+>)",
                      relay.log_text())
    assert sorted(seen) == sorted(r["message_id"] for r in rows)
    # Nobody was refused, and no session went wrong.
    # A Message-ID may spell anything.
    log = re.sub(r"message-id=<\S+>", "", relay.log_text())
    assert not re.findall(r"NOQUEUE|error|lost connection|improper command",
                          log)


def test_each_refusal_hits_its_own_row(run, contacts, template, postfix):
    kinds = {"bad": "550 5.1.1 nobody here", "gone": "551 5.1.6 moved away",
             "full": "452 4.2.2 no room", "later": "450 4.2.1 not now"}
    addresses = [f"{kind}{i}@example.org" if i % 9 == 0 else
                 f"user{i}@example.org"
                 for i, kind in zip(range(600), list(kinds) * 150)]
    refused = {a: kinds[re.match("[a-z]+", a)[0]] for a in addresses
               if not a.startswith("user")}
    assert len({*refused.values()}) == len(kinds)

    relay = postfix(refused.items())
    done = run("send", "-s", relay.url, "--tls-ca", relay.ca, "-j", 3,
               "--retry-for", "0s", "--report-all",
               contacts(addresses), template)
    assert done.status == REMAIN
    rows = {r["address"]: r for r in report(done.out)}
    assert sorted(rows) == sorted(addresses)
    for address, row in rows.items():
        if address not in refused:
            assert row["status"] == "sent", row
            continue
        code, enhanced, text = refused[address].split(" ", 2)
        wanted = "rejected" if code[0] == "5" else "deferred"
        assert (row["status"], row["code"], row["enhanced"], row["scope"]) \
            == (wanted, code, enhanced, "recipient"), row
        assert text in row["reply"] and address in row["reply"]
    expected = [a for a in addresses if a not in refused]
    assert sorted(relay.wait_delivered(len(expected))) == sorted(expected)


def test_retries_until_the_relay_takes_it(run, contacts, template, postfix):
    """Greylisting, as a policy that forgets: deferred now, taken later."""
    relay = postfix([("later@example.org", "450 4.2.0 not now")])
    done = run("send", "-s", relay.url, "--tls-ca", relay.ca,
               "--retry-for", "2s", "--retry-delay", "200ms", "--report-all",
               contacts(["first@example.org", "later@example.org"]), template)
    assert done.status == REMAIN
    row = next(r for r in report(done.out) if r["status"] == "deferred")
    assert int(row["attempts"]) >= 2
    assert len(re.findall("NOQUEUE: reject", relay.log_text())) \
        == int(row["attempts"])


def test_too_big_for_the_relay(run, contacts, tmp_path, postfix):
    """SIZE is compared before anything is sent."""
    relay = postfix(main_cf="message_size_limit = 20000\n")
    big = tmp_path / "big.eml"
    big.write_text("From: a@example.org\nSubject: big\n\n"
                   + "a line of text\n" * 2000)
    done = run("send", "-s", relay.url, "--tls-ca", relay.ca, "--report-all",
               contacts(["one@example.org"]), big)
    found = by_status(report(done.out))
    assert found == {"rejected": ["one@example.org"]}
    assert report(done.out)[0]["enhanced"] == "5.3.4"
    assert relay.delivered() == []
