"""Are the bytes that go out ones that any relay takes, whatever a row holds?

Every text is tried alone and in a message of several parts, for a relay with
8BITMIME and one without."""

import base64
import email
import email.policy
import quopri
import re

import pytest

import program
from program import OK
from test_readers import HARD, TEXTS, quoted

EPOCH = {"SOURCE_DATE_EPOCH": "1700000000"}
ALONE = "From: a@example.org\nSubject: x\n\n{{text}}\n"
PARTS = """\
From: a@example.org
Subject: x
Content-Type: multipart/mixed; boundary=outer

MAIL FROM:<preamble@example.org>
--outer
Content-Type: multipart/alternative; boundary=inner

RSET
--inner

{{text}}
--inner
Content-Type: text/html

{{{text}}}<br>
--inner--
QUIT
--outer
Content-Type: text/csv; name=data.csv
Content-Disposition: attachment; filename=data.csv

DATA
RCPT TO:<attached@example.org>
.
--=_x
--outer
Content-Type: message/rfc822

From: b@example.org
Subject: within
Content-Type: multipart/mixed; boundary=deep

VRFY
--deep

EHLO x
MAIL FROM:<deep@example.org>
--deep--
EXPN
--outer--
NOOP
"""
VERB = re.compile(
    rb"[ \t]*(MAIL|RCPT|DATA|BDAT|RSET|EHLO|HELO|LHLO|AUTH|QUIT|NOOP|HELP|"
    rb"VRFY|EXPN|ETRN|ATRN|TURN|BURL|SEND|SOML|SAML|STARTTLS)(?![a-z])", re.I)


def rows():
    return HARD + TEXTS


def write(home, template, texts):
    (home / "draft.eml").write_text(template, "utf-8")
    (home / "list.csv").write_text("email,text\n" + "".join(
        f"u{i}@example.org,{quoted(text)}\n" for i, text in enumerate(texts)),
        "utf-8", newline="")


def rendered(home, template, texts):
    write(home, template, texts)
    done = program.run("render", "--output", "letters", "list.csv",
                       "draft.eml", cwd=home, env=EPOCH)
    assert done.status == OK, done.err
    paths = sorted((home / "letters").iterdir(), key=lambda p: int(p.stem))
    return [path.read_bytes() for path in paths]


def bodies(raw):
    """What is not a header of the message, or of a part of it."""
    lines = raw.split(b"\r\n")
    lines = lines[lines.index(b""):]
    return [line for line in lines if not re.match(rb"[A-Za-z-]+: ", line)]


def canonical(raw, eight_bit):
    assert raw.endswith(b"\r\n")
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n|\0", raw)
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert eight_bit or max(raw) < 128
    assert not [line for line in bodies(raw) if VERB.match(line)]
    assert b"boundary=\"outer" not in raw and b"boundary=inner" not in raw


def boundaries_hold(raw):
    """Each of ours is a line of its own only where a part begins or ends."""
    for boundary in re.findall(rb'boundary="([^"]+)"', raw):
        at = re.findall(rb"\r\n--" + re.escape(boundary) + rb"(--)?\r\n", raw)
        assert raw.count(b"\n--" + boundary) == len(at)
        assert at.count(b"--") == 1 and at[-1] == b"--"


def leaves(message):
    return [part for part in message.walk() if not part.is_multipart()]


@pytest.mark.parametrize("template", [ALONE, PARTS], ids=["alone", "parts"])
def test_what_is_rendered(tmp_path, template):
    letters = rendered(tmp_path, template, rows())
    assert len(letters) == len(rows())
    for text, raw in zip(rows(), letters):
        canonical(raw, eight_bit=False)
        boundaries_hold(raw)
        message = email.message_from_bytes(raw, policy=email.policy.default)
        parts = leaves(message)
        assert [part.defects for part in parts] == [[]] * len(parts)
        body = re.sub("\r\n?", "\n", text)
        seen = parts[0].get_content().replace("\r\n", "\n")
        assert seen == (f"{body}\n" if template is ALONE else body)


@pytest.mark.parametrize("options", [[], ["--no-8bitmime"], ["--no-chunking"],
                                     ["--no-chunking", "--no-8bitmime"]])
def test_what_arrives(run, sinks, tmp_path, options):
    sink = sinks(*options, maildir=True)
    for template in (ALONE, PARTS):
        write(tmp_path, template, rows())
        done = run("send", "-s", sink.url, "--tls-ca", sink.ca, "list.csv",
                   "draft.eml")
        assert done.status == OK, done.err
    letters = sink.raw_messages()
    assert len(letters) == 2 * len(rows())
    for raw in letters:
        canonical(raw, eight_bit="--no-8bitmime" not in options)
        boundaries_hold(raw)
    eight = [raw for raw in letters if max(raw) > 127]
    assert bool(eight) == ("--no-8bitmime" not in options)
    for raw in eight:
        assert b"\r\nContent-Transfer-Encoding: 8bit\r\n" in raw


def test_the_shorter_encoding(tmp_path):
    texts = ["é" + "a" * n for n in range(0, 40)] + ["é" * 100, "漢字" * 50] + \
        ["a" * 2000, "=" * 100, "RSET", "é\n" * 10, "a b\n" * 100 + "ü"]
    for text, raw in zip(texts, rendered(tmp_path, ALONE, texts)):
        plain = (text + "\n").replace("\n", "\r\n").encode()
        how = email.message_from_bytes(raw)["Content-Transfer-Encoding"]
        body = raw.split(b"\r\n\r\n", 1)[1]
        sizes = {"base64": len(base64.encodebytes(plain).replace(
                     b"\n", b"\r\n")),
                 "quoted-printable": len(quopri.encodestring(
                     plain.replace(b"\r\n", b"\n")).replace(b"\n", b"\r\n"))}
        if how == "7bit":
            assert body == plain and max(plain) < 128
        else:
            # Our quoted-printable spends two more on a verb.
            assert len(body) <= min(sizes.values()) + 2, (text, how)
            assert sizes[how] == min(sizes.values()) or text == "RSET"


def test_a_value_that_is_the_boundary(tmp_path):
    [raw] = rendered(tmp_path, PARTS, ["x"])
    found = re.findall(r'boundary="(=_[^"]+)"', raw.decode())
    assert len(found) == 2
    text = "".join(f"--{b}\n--{b}--\n{b}\n --{b}\n" for b in found)
    [raw] = rendered(tmp_path, PARTS, [text])
    assert re.findall(r'boundary="(=_[^"]+)"', raw.decode()) == found
    boundaries_hold(raw)
    parts = leaves(email.message_from_bytes(raw, policy=email.policy.default))
    assert parts[0].get_content().replace("\r\n", "\n") == text
    assert parts[1].get_content().replace("\r\n", "\n") == f"{text}<br>"


def test_renders_are_the_same_bytes(tmp_path):
    texts = rows()[:20]
    one = rendered(tmp_path, PARTS, texts)
    (tmp_path / "elsewhere").mkdir()
    assert rendered(tmp_path / "elsewhere", PARTS, texts) == one
    later = program.run("render", "list.csv", "draft.eml", cwd=tmp_path,
                        env={"SOURCE_DATE_EPOCH": "1700000001"})
    first = one[0].decode()
    assert later.out != first
    found = [re.findall('boundary="(=_.*)"|^Message-ID: (.*)$|^Date: (.*)$',
                        text, re.M) for text in (first, later.out)]
    assert len(found[0]) == 4
    assert not set(found[0]) & set(found[1])
