"""Does every header say what the list says, not the subject and To alone?"""

import email
import email.policy
import re

import pytest

import program
import readers
import test_readers
from program import OK, REJECTED

LONG = "X-A-Very-Long-Header-Name-That-Goes-On-And-On-For-Sixty-Charac"
DRAFT = f"""\
From: {{{{name}}}} <f@example.org>
Sender: "{{{{name}}}}" <s@example.org>
To: a+{{{{id}}}}@example.org
Cc: {{{{name}}}}<c@example.org>, d@example.org ({{{{name}}}})
Subject: x
X-Any: {{{{name}}}}
X-Joined: a{{{{name}}}}b
X-Between: a {{{{name}}}} b
{LONG}: {{{{name}}}}
Feedback-ID: {{{{name}}}}

x
"""
TEXTS = {"X-Any": "{}", "X-Joined": "a{}b", "X-Between": "a {} b",
         LONG: "{}", "Feedback-ID": "{}"}
BOXES = {"From": ["f"], "Sender": ["s"], "Cc": ["c", "d"]}
NAMES = [*test_readers.HARD, " é", "é ", " é  é ", "a" * 74 + "é",
         "\u200d" * 300, "\\\"" * 500, "\"" * 5000, "," * 5000, "<" * 998,
         "=?utf-8?q?a?= =?utf-8?q?b?=" * 10, "RSET " * 200, "a é " * 400]
NO_UTF_8 = [b"\xff", b"a\xc3", b"\xc0\xaf", b"\xe0\x80\xaf", b"\xed\xa0\x80",
            b"\xf0\x80\x80\x80", b"\xf4\x90\x80\x80", b"\xf8\x88\x80\x80\x80",
            b"\x80", b"a\xe2\x82", b"\xc3(", b"G\xfcnter"]


@pytest.fixture(scope="module")
def letters(tmp_path_factory):
    """The letter of each name."""
    home = tmp_path_factory.mktemp("headers")
    (home / "draft.eml").write_text(DRAFT)
    (home / "list.csv").write_text("id,email,name\n" + "".join(
        f"{i},u@example.org,{test_readers.quoted(name)}\n"
        for i, name in enumerate(NAMES)), "utf-8", newline="")
    done = program.run("render", "--dedupe", "off", "--output", "letters",
                       "list.csv", "draft.eml", cwd=home)
    assert done.status == OK, done.err
    found = {}
    for path in (home / "letters").iterdir():
        raw = path.read_bytes()
        found[int(re.search(rb"\ba\+(\d+)@", raw).group(1))] = raw
    assert len(found) == len(NAMES)
    return [(name, found[i]) for i, name in enumerate(NAMES)]


def test_texts_and_names(letters):
    for name, raw in letters:
        message = email.message_from_bytes(raw, policy=email.policy.default)
        for header, form in TEXTS.items():
            assert str(message[header]) == form.format(name), header
        for header, local in BOXES.items():
            boxes = message[header].addresses
            assert [box.addr_spec for box in boxes] \
                == [f"{part}@example.org" for part in local], (header, name)
            assert all(readers.same_name("python-new", box.display_name, name,
                                         raw) for box in boxes), (header, name)
            assert not message[header].defects, (header, name)


def test_lines(letters):
    for _, raw in letters:
        head = raw.split(b"\r\n\r\n")[0]
        for line in head.split(b"\r\n"):
            assert len(line) <= 998 and line.strip(), line
            assert all(32 <= byte < 127 for byte in line), line


@pytest.mark.parametrize("place", [
    "Subject: {{name}}", "To: {{name}} <{{email}}>", "To: {{email}} ({{name}})",
    "Reply-To: {{name}}@example.org", "X-Any: {{name}}",
    "List-Id: {{name}} <l.example.org>", "Feedback-ID: a:{{name}}:b",
    "List-Unsubscribe: <https://example.org/?u={{name.url}}>"])
def test_no_bytes_that_are_no_utf_8(tmp_path, place):
    (tmp_path / "draft.eml").write_text(f"From: a@example.org\n{place}\n\nx\n")
    (tmp_path / "list.csv").write_bytes(b"email,name\n" + b"".join(
        b"u%d@example.org,%s\n" % row for row in enumerate(NO_UTF_8)))
    done = program.run("render", "--output", "letters", "list.csv",
                       "draft.eml", cwd=tmp_path)
    assert done.status == REJECTED
    assert list((tmp_path / "letters").iterdir()) == []
