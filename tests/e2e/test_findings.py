"""Does check say what else a person should know before the mailing?"""

import pytest

from program import OK, REJECTED, USAGE, jsonl

DRAFT = "From: a@example.org\nSubject: Hello {{name}}\n\nDear {{name}},\n"


@pytest.fixture
def check(run, tmp_path):
    """check(list, template, option…), the texts as files."""
    def check_here(text, draft, *options):
        (tmp_path / "list.csv").write_text(text)
        files = ["list.csv"]
        if draft:
            (tmp_path / "draft.eml").write_text(draft)
            files.append("draft.eml")
        return run("check", *options, *files)
    return check_here


def test_a_slip_is_a_warning_and_no_refusal(check):
    text = ("email\nann@gmial.com\nbob@gmail.com\ncyd@GMIAL.com\n"
            "dan@hotmial.com\neve@mail.com\nfay@example.org\n")
    done = check(text, None)
    assert (done.status, done.out) == (OK, "")
    assert "list.csv:2: gmial.com: did you mean gmail.com? (2 rows)" \
        in done.err
    assert "list.csv:5: hotmial.com: did you mean hotmail.com? (1 row)" \
        in done.err
    assert done.err.count("did you mean") == 2
    rows = jsonl(check(text, None, "--format", "jsonl").out)
    assert {row["status"] for row in rows} == {"ok"}
    assert [row["reason"] for row in rows] \
        == ["did you mean gmail.com?", "", "did you mean gmail.com?",
            "did you mean hotmail.com?", "", ""]


def test_slips_are_told_in_few_lines(check):
    # Of one provider there are more slips than have a line each.
    letters = "abcdefghijklmnopqrstuvwxyz"
    slips = [f"outl{c}ook.com" for c in letters if c != "o"]
    slips += [f"ou{c}tlook.com" for c in letters if c not in "ut"]
    slips += [f"hot{c}mail.com" for c in letters if c not in "tm"]
    slips += [f"ho{c}tmail.com" for c in letters if c not in "ot"]
    slips += [f"hotm{c}ail.com" for c in letters if c not in "ma"]
    done = check("email\n" + "".join(f"a@{s}\n" for s in slips), None)
    assert done.status == OK
    assert done.err.count("did you mean") == 100
    assert f"big providers: {len(slips) - 100} rows" in done.err


def test_what_keeps_rows_from_being_letters(check):
    done = check("email,name\na@example.org,\nb@example.org,B\n"
                 "c@example.org,\nd@example.org,\"D\n\"\nno at,\n", DRAFT)
    assert done.status == REJECTED
    assert 'list.csv:2: column "name" is empty (2 rows, this one first)' \
        in done.err
    assert 'list.csv:5: column "name" has a control character' in done.err
    assert "no at" not in done.err


def test_an_empty_field_in_a_section_of_its_own_is_fine(check):
    draft = ("From: a@example.org\n\n{{#name}}Dear {{name}}{{/name}}"
             "{{^name}}Hello{{/name}}\n")
    done = check("email,name\na@example.org,\n", draft)
    assert (done.status, done.out) == (OK, "") and "empty" not in done.err


def test_the_sizes_of_messages(check):
    done = check("email,name\na@example.org,A\nb@example.org,Bo\n", DRAFT)
    assert "the largest (line 3)" in done.err
    assert "bytes for 2 rows" in done.err and "about" not in done.err
    assert "100 kB" not in done.err
    rows = "".join(f"u{i}@example.org,N\n" for i in range(3000))
    done = check("email,name\n" + rows + f"z@example.org,{'Z' * 300}\n", DRAFT)
    assert "the largest (line 3002)" in done.err
    assert ": about " in done.err and "bytes for 3001 rows" in done.err


def test_a_heavy_message_is_a_warning(check):
    draft = DRAFT + "".join(f"line {i} of many\n" for i in range(7000))
    done = check("email,name\na@example.org,A\n", draft)
    assert done.status == OK
    assert "list.csv:2: a message of" in done.err and "100 kB" in done.err
    done = check("email,name\na@example.org,A\n", draft, "--fail-on",
                 "warning")
    assert done.status == REJECTED


def test_what_attachments_and_base64_make_of_it(check):
    blob = "\n".join(["QUJD" * 19] * 1000)
    draft = ("From: a@example.org\nMIME-Version: 1.0\n"
             "Content-Type: multipart/mixed; boundary=\"x--y\"\n\n--x--y\n"
             "Content-Type: text/plain\n\nHello\n--x--y\n"
             "Content-Type: application/pdf\n"
             "Content-Disposition: attachment; filename=a.pdf\n"
             "Content-Transfer-Encoding: base64\n\n" + blob + "\n--x--y--\n")
    done = check("email\na@example.org\n", draft)
    assert done.status == OK, done.err
    # 76 letters and a line end for 57 bytes.
    assert "attachments are 99 % (78000 bytes)" in done.err
    assert "base64 adds 27 % (21000 bytes)" in done.err


@pytest.mark.parametrize("what, status", [
    (None, REJECTED), ("none", OK), ("invalid", REJECTED),
    ("duplicate", REJECTED), ("suppressed", OK), ("warning", OK),
    ("suppressed,warning", OK), ("warning,invalid", REJECTED),
    ("", USAGE), ("invalid,", REJECTED), ("all", USAGE), (",invalid", USAGE)])
def test_what_ends_with_a_status_of_its_own(check, what, status):
    options = [] if what is None else ["--fail-on", what]
    done = check("email\na@example.org\na@example.org\nno at\n", None,
                 *options)
    assert done.status == status
