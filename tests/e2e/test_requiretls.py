"""Does what has to stay under TLS go to no relay that does not promise it?"""

import pytest
from program import DATAERR, OK, REJECTED, report_file

YES = ["1", "yes", "x", "TRUE", " on ", "nope", "o", "-", "\u00a0"]
NO = ["", "0", "no", "No", "FALSE", " off ", "\t"]


@pytest.fixture
def listed(tmp_path):
    """A list with a column for each answer; the addresses of the yeses."""
    rows = [(f"y{i}@example.org", value) for i, value in enumerate(YES)]
    rows += [(f"n{i}@example.org", value) for i, value in enumerate(NO)]
    (tmp_path / "l.csv").write_text("email,name,tls\n" + "".join(
        f'{address},x,"{value}"\n' for address, value in rows))
    return {address for address, _ in rows if address[0] == "y"}


def asked(sink):
    return {r for line in sink.log() if line.get("requiretls")
            for r in line["recipients"]}


def trust(sink):
    return ["-s", sink.url, "--tls-ca", sink.ca, "--report-all", "-o", "r.csv"]


@pytest.mark.parametrize("tier", ["stream", "group", "lockstep"])
def test_the_rows_that_say_so(run, sinks, listed, template, tier):
    sink = sinks("--requiretls")
    done = run("send", *trust(sink), "--pipeline", tier,
               "--requiretls-column", "tls", "l.csv", template)
    assert done.status == OK, done.err
    assert asked(sink) == listed
    assert len(sink.recipients()) == len(YES) + len(NO)


def test_every_row(run, sinks, listed, template):
    sink = sinks("--requiretls")
    done = run("send", *trust(sink), "--requiretls", "l.csv", template)
    assert done.status == OK, done.err
    assert asked(sink) == set(sink.recipients())
    assert len(sink.recipients()) == len(YES) + len(NO)


def test_not_offered(run, sinks, listed, template, tmp_path):
    sink = sinks()
    done = run("send", *trust(sink), "--requiretls-column", "tls", "l.csv",
               template)
    assert done.status == REJECTED, done.err
    assert len(sink.recipients()) == len(NO)
    assert not set(sink.recipients()) & listed
    rows = {row["address"]: row for row in report_file(tmp_path / "r.csv")}
    for address in listed:
        row = rows[address]
        assert (row["status"], row["code"], row["enhanced"], row["scope"]) \
            == ("rejected", "", "5.7.30", "local")
        assert "REQUIRETLS" in row["reply"]


def test_not_offered_to_all(run, sinks, listed, template):
    sink = sinks()
    done = run("send", *trust(sink), "--requiretls", "l.csv", template)
    assert done.status == REJECTED, done.err
    assert done.closing()["rejected"] == len(YES) + len(NO)
    assert sink.recipients() == []


def test_a_batch_is_of_one_kind(run, sinks, tmp_path):
    (tmp_path / "l.csv").write_text("email,tls\n" + "".join(
        f"p{i}@example.org,{i % 4 // 2}\n" for i in range(16)))
    (tmp_path / "same.eml").write_text(
        "From: a@example.org\nTo: you@example.org\nSubject: s\n\nthe same\n")
    sink = sinks("--requiretls")
    done = run("send", *trust(sink), "--batch", 16, "-j", 1,
               "--requiretls-column", "tls", "l.csv", "same.eml")
    assert done.status == OK, done.err
    assert asked(sink) == {f"p{i}@example.org" for i in range(16)
                           if i % 4 // 2}
    assert sorted(len(line["recipients"]) for line in sink.log()) == [2] * 8


def test_no_such_column(run, listed, template):
    for verb in ("send", "check"):
        done = run(verb, *(["-n"] if verb == "send" else []),
                   "--requiretls-column", "tsl", "l.csv", template)
        assert done.status == DATAERR
        assert 'did you mean "tls"' in done.err
