"""Is every line of the table of lists in mailshot(5) so?

The table and the examples here are held against each other, both ways.
"""

import os
import re

import pytest

import program
from program import DATAERR, NOINPUT, OK, REJECTED, jsonl

A = b"ann@example.org"
MIB = 1 << 20


def table():
    """What the page says of what lists hold: {what: what becomes of it}."""
    page = (program.TOP / "man/mailshot.5").read_text()
    rows = re.findall(r"^\.It (?!Em)(.*) Ta (.*)$", page, re.M)
    assert len(rows) == len(dict(rows)) > 20
    return dict(rows)


def rows_of(run, options=()):
    done = run("check", "--format", "jsonl", "--fields", *options, "list.csv")
    return done, jsonl(done.out)


# For each line of the table: lists, and what is said of each row (its fields)
# or, of one that is refused, on which line (0: the message names none).
FINE = {
    "lines that end in LF, CRLF or CR": [
        (b"email,n\n" + A + b",1\nbob@example.org,2\n", ["1", "2"]),
        (b"email,n\r\n" + A + b",1\r\nbob@example.org,2\r\n", ["1", "2"]),
        (b"email,n\r" + A + b",1\rbob@example.org,2", ["1", "2"]),
        (b"email,n\n" + A + b",1\r\nbob@example.org,2\r", ["1", "2"])],
    "a field in quotes with anything in it": [
        (b"email,n\n" + A + b',"a,b"\n', ["a,b"]),
        (b"email,n\n" + A + b',"a\r\n\rb\n"\r\n', ["a\r\n\rb\n"]),
        (b"email,n\n" + A + b',"""a"" ""b"""\n', ['"a" "b"']),
        (b"email,n\n" + A + b',""\n', [""])],
    "a byte order mark": [
        (b"\xef\xbb\xbfemail,n\n" + A + b",1\n", ["1"]),
        (b'\xef\xbb\xbf"email",n\n' + A + b",1\n", ["1"])],
    "a first line sep=C": [
        (b"sep=;\r\nemail;n\r\n" + A + b";1,1\r\n", ["1,1"]),
        (b"\xef\xbb\xbfsep=|\nemail|n\n" + A + b"|1\n", ["1"])],
    "an empty line": [
        (b"\n\nemail,n\n\n" + A + b",1\n\r\n\n", ["1"])],
    "blanks round an address or a name": [
        (b" email\t, n \n \t" + A + b"\t ,1\n", ["1"])],
    "blanks round another field": [
        (b"email,n\n" + A + b", 1\t\n", [" 1\t"])],
    "a column whose name begins with _": [
        (b"email,n,_status,_status\n" + A + b",1,x,y\n", ["1"]),
        (b"email,n,_reason\n" + A + b",1,caf\xe9\n", ["1"])],
    "names and no row": [
        (b"email,n\n", []), (b"email,n", [])],
    "a field that is not UTF-8": [
        (b"email,n\n" + A + b",caf\xe9\nbob@example.org,2\n",
         ["caf\ufffd", "2"])],
}

REFUSED = {
    "a quote that never closes": [
        (b'email,n\n' + A + b',"1\n\n\n', 2), (b'email,n\n"', 2),
        (b'email,n\n' + A + b',"1\n2"\nb,"\n', 4)],
    "a quote inside an unquoted field": [
        (b'email,n\n' + A + b',1"1"\n', 2), (b'email,n\n' + A + b', "1"\n', 2)],
    "text behind a closing quote": [
        (b'email,n\n' + A + b',"1"1\n', 2), (b'email,n\n' + A + b',"1" \n', 2)],
    "a NUL byte": [
        (b"email,n\n" + A + b",\0\n", 2), (b"em\0ail\n", 1)],
    "more or fewer fields than the first row": [
        (b"email,n\n" + A + b",1,\n", 2), (b"email,n\n\n" + A + b"\n", 3),
        (b"email\n" + A + b",\n", 2)],
    "a name that is there twice": [
        (b"email,n,n\n", 1), (b"\r\nemail,n, email\n", 2)],
    "a name that is empty": [
        (b"email,\n" + A + b",\n", 1), (b'email,""\n', 1)],
    "no column of addresses": [
        (b"name,town\nAnn,Bern\n", 1), (b"mail,address\n", 1),
        (b"sep=;\n\n\nname;town\n", 4)],
    "an address among the names": [
        (A + b",Ann\n", 1), (b"Ann," + A + b",\n", 1)],
    "a name that is not UTF-8": [
        (b"email,stra\xdfe\n", 1)],
    "UTF-16 or UTF-32": [
        ("email,n\n".encode("utf-16"), 1), ("email,n\n".encode("utf-16-le"), 1),
        ("email,n\n".encode("utf-16-be"), 1),
        (b"\xfe\xff" + "email".encode("utf-16-be"), 1),
        ("email,n\n".encode("utf-32"), 1)],
    "a field of more than 1 MiB": [
        (b"email,n\n" + A + b"," + b"x" * (MIB + 1) + b"\n", 2)],
    "a row of more than 4 MiB": [
        (b"email,n,n2,n3,n4\n" + A + (b"," + b"x" * (MIB - 1)) * 4 + b"x" * 30
         + b"\n", 2),
        (b'email,n\n' + A + b',"' + b"\n" * (5 * MIB), 2)],
    "more than 1,024 columns": [
        (b"email" + b"".join(b",c%d" % i for i in range(1024)) + b"\n", 1)],
    "nothing at all": [
        (b"", 0), (b"\n\r\n\r", 0), (b"\xef\xbb\xbf", 0), (b"sep=;\n", 0)],
}

OTHERS = {"a change while it is read", "a directory, or what cannot be read"}


def test_the_table_and_its_examples():
    assert set(table()) == {*FINE, *REFUSED, *OTHERS}


@pytest.mark.parametrize("what", FINE)
def test_what_is_fine(run, tmp_path, what):
    outcome = table()[what]
    invalid = outcome.startswith("row invalid")
    for text, fields in FINE[what]:
        (tmp_path / "list.csv").write_bytes(text)
        done, rows = rows_of(run)
        assert done.status == (REJECTED if invalid else OK), (text, done.err)
        assert [row["fields"]["n"] for row in rows] == fields
        assert all(not name.startswith("_")
                   for row in rows for name in row["fields"])
        if invalid:
            assert [row["status"] for row in rows] == ["invalid", "ok"]
            assert "iconv" in rows[0]["reason"]
        else:
            assert all(row["status"] == "ok" for row in rows)
            assert not rows or rows[0]["address"] == A.decode()


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_refused(run, tmp_path, what):
    outcome = table()[what]
    assert outcome.startswith("65")
    for text, line in REFUSED[what]:
        (tmp_path / "list.csv").write_bytes(text)
        done = run("check", "list.csv")
        place = f"list.csv:{line}: " if line else "list.csv: "
        assert done.status == DATAERR, (text[:60], done.err)
        assert place in done.err, (text[:60], done.err)
        hint = outcome.partition("hint at ")[2]
        assert hint in done.err
        # The same of what comes through a pipe, and before anything is sent.
        piped = run("check", "-", given=text)
        assert piped.status == DATAERR
        assert piped.err == done.err.replace("list.csv:", "stdin:")
        (tmp_path / "draft.eml").write_text("From: a@example.org\n\nx\n")
        sent = run("send", "-s", "localhost:1", "list.csv", "draft.eml")
        assert sent.status == DATAERR and place in sent.err


def test_the_limits_themselves_are_fine(run, tmp_path):
    (tmp_path / "list.csv").write_bytes(
        b"email,n\n" + A + b"," + b"x" * MIB + b"\n")
    assert run("check", "list.csv").status == OK
    row = A + (b"," + b"x" * (MIB - 100)) * 4
    row += b"," + b"x" * (4 * MIB - len(row) - 1)
    assert len(row) == 4 * MIB
    (tmp_path / "list.csv").write_bytes(b"email,a,b,c,d,e\n" + row + b"\r\n")
    assert run("check", "list.csv").status == OK
    (tmp_path / "list.csv").write_bytes(
        b"email" + b"".join(b",c%d" % i for i in range(1023)) + b"\n" + A
        + b"," * 1023 + b"\n")
    assert run("check", "list.csv").status == OK


@pytest.fixture
def grows(tmp_path, slow_relay, template):
    """grows(rows, delay, option…): a row more is appended when the first one
    is said; the run, which must tell of it."""
    def send(rows, delay, *options):
        listed = tmp_path / "list.csv"
        listed.write_text("email,name\n" + "".join(
            f"u{i}@example.org,N\n" for i in range(rows)))
        relay = slow_relay(delay)
        process = program.start(
            "send", "-s", relay.url, "--tls", "off", "-j", "1", *options,
            "list.csv", template, cwd=tmp_path)
        assert relay.begun.acquire(timeout=30)
        with open(listed, "ab") as more:
            more.write(b"late@example.org,L\n")
        done = program.finish(process)
        assert done.status == DATAERR
        assert "list.csv: the list has changed" in done.err
        return done
    return send


def test_a_change_while_it_is_read(grows):
    assert table()["a change while it is read"] == "65, the rest pending"
    closing = grows(20000, 0.005, "--report-all", "-o", "report.csv",
                    "--failed", "failed.csv").closing()
    assert closing["pending"] > 0 and closing["rows"] == 20000


def test_what_cannot_be_read(run, tmp_path):
    assert table()["a directory, or what cannot be read"] == "66"
    (tmp_path / "folder").mkdir()
    for path in ("folder", "missing.csv", "missing/list.csv", "list.csv/x"):
        done = run("check", path)
        assert done.status == NOINPUT and path in done.err
    if os.geteuid() != 0:
        (tmp_path / "secret").write_text("email\n")
        (tmp_path / "secret").chmod(0)
        assert run("check", "secret").status == NOINPUT


def test_a_fifo(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    process = program.start("check", "--format", "csv", "fifo", cwd=tmp_path)
    with open(tmp_path / "fifo", "wb") as fifo:
        fifo.write(b"email\n" + A + b"\n")
    done = program.finish(process)
    assert done.status == OK and A.decode() in done.out
    read, write = os.pipe()
    process = program.start("check", f"/dev/fd/{read}", cwd=tmp_path,
                            pass_fds=[read])
    os.close(read)
    with open(write, "wb") as pipe:
        pipe.write(b"email\nno at\n")
    done = program.finish(process)
    assert done.status == REJECTED
    assert f"/dev/fd/{read}:2: invalid: no @" in done.out
    assert sorted(os.listdir(tmp_path)) == ["fifo"]


@pytest.mark.parametrize("state", [[], ["--state", "s.db"]],
                         ids=["stateless", "with a state"])
def test_a_change_when_all_of_it_was_read(grows, state):
    """Also where every row that it had is sent: another one is not."""
    assert grows(20, 0.05, *state).closing()["sent"] == 20
