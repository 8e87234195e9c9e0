"""Are the rows of --clean and --failed as they stood, and a list again?"""

import csv
import io
import os

import pytest

import program
from program import CANTCREAT, IOERR, OK, REJECTED, USAGE

GOOD = ["ann@example.org", "bob@example.org", "cyd@example.org"]

# name: (before the rows, rows of which every other one is bad, options)
DIALECTS = {
    "comma": (b"email,name\n", [b"ann@example.org,Ann\n", b"no at,x\n",
                                b"bob@example.org,\"B, Bob\"\n",
                                b"ann@example.org,again\n",
                                b"cyd@example.org,C"], []),
    "semicolon and CRLF": (b"name;email\r\n", [b"Ann;ann@example.org\r\n",
                                               b"x;@\r\n",
                                               b"B;bob@example.org\r\n",
                                               b"x;a@b\r\n",
                                               b"C;cyd@example.org\r\n"], []),
    "BOM": (b"\xef\xbb\xbf\"email\",b\n", [b"ann@example.org,1\n", b"a,2\n",
                                           b"bob@example.org,3\n", b"b,4\n",
                                           b"cyd@example.org,5\n"], []),
    "sep=": (b"\xef\xbb\xbfsep=^\r\nemail^b\r\n",
             [b"ann@example.org^1\r\n", b"a^2\r\n", b"bob@example.org^3\r\n",
              b"b^4\r\n", b"cyd@example.org^5\r\n"], []),
    "CR alone": (b"email\tb\r", [b"ann@example.org\t1\r", b"a\t2\r",
                                 b"bob@example.org\t\"x\ry\"\r", b"b\t4\r",
                                 b"cyd@example.org\t5"], []),
    "line ends in quotes": (b"\"e\nm\",b|c\r\n",
                            [b"\"ann@example.org\",\"1\r\n\r\n\"\r\n",
                             b"\"a\nb\",2\n", b"bob@example.org,\"\"\"3\n\"\n",
                             b"b,\"\n\"\n", b"cyd@example.org,\"\n\""],
                            ["--column", "e\nm"]),
    "no header": (b"", [b"ann@example.org|1\n", b"a|2\n",
                        b" bob@example.org |3\n", b"b|4\n",
                        b"cyd@example.org|5\n"],
                  ["--no-header", "--column", "1"]),
    "no header, one column": (b"", [b"ann@example.org\n", b"a\n",
                                    b"bob@example.org\n", b"b\n",
                                    b"cyd@example.org\n"], ["--no-header"]),
    "a delimiter of its own": (b"email:b\n", [b"ann@example.org:1\n", b"a:2\n",
                                              b"bob@example.org:\"3:3\"\n",
                                              b"b:4\n", b"cyd@example.org:5"],
                               ["-d", ":"]),
}


@pytest.fixture(params=DIALECTS)
def dialect(request, tmp_path):
    before, rows, options = DIALECTS[request.param]
    (tmp_path / "list.csv").write_bytes(before + b"".join(rows))
    return before, rows, options


def addresses(run, path, options):
    """Of a list in which every row is fine."""
    done = run("check", "--format", "csv", *options, path)
    assert done.status == OK, done.err
    return [row["address"] for row in
            csv.DictReader(io.StringIO(done.out, newline=""))]


def test_clean_rows_as_they_stood(run, tmp_path, dialect):
    before, rows, options = dialect
    done = run("check", *options, "--clean", "clean.csv", "list.csv")
    assert done.status == REJECTED
    clean = tmp_path / "clean.csv"
    assert clean.read_bytes() == before + b"".join(rows[::2])
    assert addresses(run, "clean.csv", options) == GOOD
    assert clean.stat().st_mode & 0o777 == 0o600
    # What is clean stays what it is.
    run("check", *options, "--clean", "again.csv", "clean.csv")
    assert (tmp_path / "again.csv").read_bytes() == clean.read_bytes()


def test_failed_rows_as_they_stood(run, tmp_path, dialect):
    before, rows, options = dialect
    (tmp_path / "list.csv").write_bytes(before + b"".join(rows[::2]))
    (tmp_path / "draft.eml").write_text("From: a@example.org\n\nx\n")
    command = ["send", "-n", "-s", "localhost", *options, "-o", "report.csv"]
    done = run(*command, "--failed", "failed.csv", "list.csv", "draft.eml")
    assert done.status == OK, done.err
    failed = (tmp_path / "failed.csv").read_bytes()
    for row in rows[::2]:
        assert row.rstrip(b"\r\n") in failed
    assert addresses(run, "failed.csv", options) == GOOD
    # A second failure replaces what the first one wrote behind the rows.
    assert failed.startswith(before.rstrip(b"\r\n"))
    run(*command, "--failed", "second.csv", "failed.csv", "draft.eml")
    assert (tmp_path / "second.csv").read_bytes() == failed


def test_suppressed_and_duplicate_rows_are_not_clean(run, tmp_path):
    (tmp_path / "list.csv").write_text(
        "email\nann@example.org\nANN@example.org\nbob@gone.example\n"
        "cyd@example.org\n")
    (tmp_path / "never").write_text("@gone.example\n")
    done = run("check", "--suppress", "never", "--clean", "c", "list.csv")
    assert done.status == OK
    assert (tmp_path / "c").read_text() \
        == "email\nann@example.org\ncyd@example.org\n"


def test_a_row_that_is_no_letter_is_not_clean(run, tmp_path):
    (tmp_path / "list.csv").write_text("email,n\na@example.org,\n"
                                       "a@example.org,A\n")
    (tmp_path / "d").write_text("From: a@example.org\nSubject: {{n}}\n\nx\n")
    run("check", "--clean", "c", "list.csv", "d")
    assert (tmp_path / "c").read_text() == "email,n\na@example.org,A\n"


def test_clean_to_standard_output(run, tmp_path):
    (tmp_path / "list.csv").write_text("email\nann@example.org\nno at\n")
    done = run("check", "--clean", "-", "list.csv")
    assert (done.status, done.out) == (REJECTED, "email\nann@example.org\n")
    assert "list.csv:3: invalid: no @ (no at)\n" in done.err
    done = run("check", "--clean", "-", "--format", "csv", "list.csv")
    assert done.status == USAGE and done.out == ""


def test_a_malformed_list_leaves_the_old_file(run, tmp_path):
    (tmp_path / "list.csv").write_text("email\nann@example.org\na,b\n")
    (tmp_path / "clean.csv").write_text("old")
    assert run("check", "--clean", "clean.csv", "list.csv").status == 65
    assert (tmp_path / "clean.csv").read_text() == "old"
    assert sorted(os.listdir(tmp_path)) == ["clean.csv", "list.csv"]


def test_a_place_that_cannot_be(run, tmp_path):
    (tmp_path / "list.csv").write_text("email\nann@example.org\n")
    assert run("check", "--clean", "list.csv", "list.csv").status == USAGE
    assert run("check", "--clean", "./list.csv", "list.csv").status == USAGE
    assert run("check", "--clean", "no/such/c", "list.csv").status == CANTCREAT
    assert run("check", "--clean", ".", "list.csv").status == CANTCREAT
    assert run("check", "--clean", "/dev/full", "list.csv").status == IOERR
    assert (tmp_path / "list.csv").read_text() == "email\nann@example.org\n"
    os.symlink("real.csv", tmp_path / "link.csv")
    (tmp_path / "real.csv").write_text("")
    assert run("check", "--clean", "link.csv", "list.csv").status == OK
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "real.csv").read_text() == "email\nann@example.org\n"
