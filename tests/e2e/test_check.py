"""Does check say of every row what send would make of it, in every format?"""

import csv
import io
import os

import pytest

import program
from program import (DATAERR, IOERR, NOINPUT, OK, REJECTED, USAGE,
                     jsonl)

EXAMPLES = program.TOP / "examples"
FIELDS = ["row", "line", "address", "ascii_domain", "status", "reason"]

LIST = """\
email,name
ann@example.org,Ann
 Bob@Bücher.example ,"Bob
the second"
bob@xn--bcher-kva.example,Bob

no at,Eve
+x@example.org,=1+1
"""


@pytest.fixture
def mixed(tmp_path):
    (tmp_path / "list.csv").write_text(LIST, "utf-8")
    return "list.csv"


def read_csv(text):
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_text_names_the_rows_that_are_not_ok(run, mixed):
    done = run("check", mixed)
    assert done.status == REJECTED
    assert done.out.splitlines() == [
        "list.csv:5: duplicate: same mailbox as line 3 "
        "(bob@xn--bcher-kva.example)",
        "list.csv:7: invalid: no @ (no at)",
    ]
    assert run("check", "--format", "text", mixed).out == done.out


def test_csv_has_every_row(run, mixed):
    done = run("check", "--format", "csv", mixed)
    assert done.status == REJECTED
    assert done.out.splitlines()[0] == ",".join(FIELDS)
    assert [list(row.values()) for row in read_csv(done.out)] == [
        ["1", "2", "ann@example.org", "example.org", "ok", ""],
        ["2", "3", "Bob@Bücher.example", "xn--bcher-kva.example", "ok", ""],
        ["3", "5", "bob@xn--bcher-kva.example", "xn--bcher-kva.example",
         "duplicate", "same mailbox as line 3"],
        ["4", "7", "no at", "", "invalid", "no @"],
        ["5", "8", "'+x@example.org", "example.org", "ok", ""],
    ]


def test_jsonl_has_every_row(run, mixed):
    done = run("check", "--format", "jsonl", mixed)
    assert done.status == REJECTED
    rows = jsonl(done.out)
    assert all(list(row) == FIELDS for row in rows)
    assert [(r["row"], r["line"], r["address"], r["status"]) for r in rows] \
        == [(1, 2, "ann@example.org", "ok"),
            (2, 3, "Bob@Bücher.example", "ok"),
            (3, 5, "bob@xn--bcher-kva.example", "duplicate"),
            (4, 7, "no at", "invalid"),
            (5, 8, "+x@example.org", "ok")]


def test_fields_are_the_rows_columns(run, tmp_path):
    (tmp_path / "list.csv").write_text(
        'email;"a ""b""";_status;blank\n'
        'ann@example.org;"x\ny";sent;" z "\n'
        'bob@example.org;Ünï;;\n', "utf-8")
    expected = [{"email": "ann@example.org", 'a "b"': "x\ny", "blank": " z "},
                {"email": "bob@example.org", 'a "b"': "Ünï", "blank": ""}]
    done = run("check", "--format", "jsonl", "--fields", "list.csv")
    assert done.status == OK
    rows = jsonl(done.out)
    assert list(rows[0]) == [*FIELDS, "fields"]
    assert [row["fields"] for row in rows] == expected
    done = run("check", "--format", "csv", "--fields", "list.csv")
    rows = read_csv(done.out)
    assert list(rows[0]) == [*FIELDS, "fields"]
    assert [jsonl(row["fields"])[0] for row in rows] == expected


def test_a_clean_list_says_nothing(run, contacts):
    done = run("check", contacts(["ann@example.org", "bob@example.org"]))
    assert (done.status, done.out) == (OK, "")


def test_bytes_of_the_list_are_harmless(run, tmp_path):
    (tmp_path / "list.csv").write_bytes(
        b"email\nann\x1b[31m@example.org\ncaf\xe9@example.org\n")
    done = run("check", "list.csv")
    assert done.status == REJECTED
    assert "\x1b" not in done.out and "\\x1b[31m@" in done.out
    assert "caf\\xe9@example.org" in done.out
    done = run("check", "--format", "csv", "list.csv")
    assert "\x1b" not in done.out
    assert [row["status"] for row in read_csv(done.out)] == ["invalid"] * 2
    done = run("check", "--format", "jsonl", "list.csv")
    assert [row["address"] for row in jsonl(done.out)] \
        == ["ann\x1b[31m@example.org", "caf\ufffd@example.org"]


def test_a_long_text_is_cut_for_a_person_alone(run, tmp_path):
    long = "ü" * 200_000
    (tmp_path / "list.csv").write_text(f"email\n{long}\n", "utf-8")
    shown = run("check", "list.csv").out
    assert shown == f"list.csv:2: invalid: no @ ({long[:160]}...)\n"
    assert jsonl(run("check", "--format", "jsonl", "list.csv").out)[0][
        "address"] == long


@pytest.mark.parametrize("text, place", [
    ("email,name\nann@example.org\n", "list.csv:2"),
    ("email,name\na@example.org,\"x\n\n", "list.csv:2"),
    ("email,email\na@example.org,b\n", "list.csv:1"),
    ("ann@example.org,Ann\n", "--no-header"),
    ("name,city\nAnn,Rome\n", "email"),
])
def test_a_malformed_list(run, tmp_path, text, place):
    (tmp_path / "list.csv").write_text(text)
    done = run("check", "list.csv")
    assert done.status == DATAERR
    assert done.out == ""
    assert "list.csv" in done.err and place in done.err


def test_rows_before_the_fault_are_shown(run, tmp_path):
    (tmp_path / "list.csv").write_text("email,name\nno at,x\na@b.example\n")
    done = run("check", "list.csv")
    assert done.status == DATAERR
    assert done.out == "list.csv:2: invalid: no @ (no at)\n"
    assert "list.csv:3" in done.err


def test_what_cannot_be_read(run, tmp_path, contacts):
    assert run("check", "missing.csv").status == NOINPUT
    done = run("check", contacts(["ann@example.org"]), "missing.eml")
    assert done.status == NOINPUT and "missing.eml" in done.err
    assert run("check").status == USAGE


def test_stdin(run, tmp_path):
    done = run("check", "--format", "csv", "-", given=LIST.encode())
    assert done.status == REJECTED
    assert len(read_csv(done.out)) == 5
    (tmp_path / "list.csv").write_text(LIST, "utf-8")
    done = run("check", "list.csv", "-",
               given=b"From: a@example.org\nSubject: {{name}}\n\nx\n")
    assert done.status == REJECTED
    assert "list.csv:3: invalid:" in done.out
    # The row before it can be no letter, so this is nobody's duplicate.
    assert "list.csv:5:" not in done.out


def test_a_template_is_checked_against_each_row(run, tmp_path, mixed):
    (tmp_path / "draft.eml").write_text(
        "From: a@example.org\nSubject: {{nmae}}\n\nx\n")
    done = run("check", mixed, "draft.eml")
    assert done.status == DATAERR
    assert 'did you mean "name"' in done.err and "draft.eml:2" in done.err


def test_max_invalid(run, mixed):
    assert run("check", "--max-invalid", "20", mixed).status == REJECTED
    done = run("check", "--max-invalid", "19", mixed)
    assert done.status == DATAERR
    assert "list.csv:7: invalid: no @" in done.err


def test_suppression(run, tmp_path, contacts):
    path = contacts(["ann@example.org", "Bob@example.org", "c@gone.example"])
    (tmp_path / "never").write_text("# asked\nbob@example.org\n@gone.example\n")
    done = run("check", "--format", "csv", "--suppress", "never", path)
    assert done.status == OK
    assert [row["status"] for row in read_csv(done.out)] \
        == ["ok", "suppressed", "suppressed"]
    (tmp_path / "never").write_text("bob at example.org\n")
    done = run("check", "--suppress", "never", path)
    assert done.status == DATAERR and "never" in done.err


@pytest.mark.parametrize("form", ["text", "csv", "jsonl"])
def test_a_stdout_that_takes_no_more(tmp_path, mixed, form):
    with open("/dev/full", "wb") as full:
        process = program.start("check", "--format", form, mixed, cwd=tmp_path,
                                stdout=full)
        done = program.finish(process)
    assert done.status == IOERR and "stdout" in done.err
    process = program.start("check", "--format", form, mixed, cwd=tmp_path,
                            preexec_fn=lambda: os.close(1))
    assert program.finish(process).status == IOERR


def test_a_reader_that_goes_away(tmp_path):
    (tmp_path / "list.csv").write_text(
        "email\n" + "".join(f"u{i}@example.org\n" for i in range(50000)))
    process = program.start("check", "--format", "csv", "list.csv",
                            cwd=tmp_path)
    process.stdout.read(10)
    process.stdout.close()
    error = process.stderr.read().decode()
    assert process.wait(60) == IOERR and "stdout" in error


def test_the_example(run):
    done = run("check", "--format", "csv", EXAMPLES / "contacts.csv",
               EXAMPLES / "notice.eml")
    assert done.status == REJECTED
    counts = {}
    for row in read_csv(done.out):
        counts[row["status"]] = counts.get(row["status"], 0) + 1
        refused = row["address"].lower().startswith("bad")
        counts["refused"] = counts.get("refused", 0) + refused
    assert counts == {"ok": 267, "invalid": 11, "duplicate": 9, "refused": 7}
