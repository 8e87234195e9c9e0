"""Do all mail readers see exactly what the list says?

A letter with the value in its subject, display names, text and HTML is read
back by four readers: as rendered, and as a relay received it."""

import functools
import html
import random
import re

import pytest

import program
import readers
from program import OK
from sink import Sink

DRAFT = """\
From: Notices <notices@example.org>
To: {{name}} <{{email}}>
Reply-To: "{{name}}" <reply+{{id}}@example.org>
Subject: {{name}}
Content-Type: multipart/alternative; boundary=x

--x
Content-Type: text/plain; charset=utf-8

[{{text}}]
--x
Content-Type: text/html; charset=utf-8

<p>[{{text}}]</p>
--x--
"""

HARD = [
    "Ann",
    "Åsa Ünïcødé",
    "山田 太郎 様",
    "בן צבי, ד\"ר",
    "‏بن صالح‎ (RTL)",
    "👩‍👩‍👧‍👦 👩🏽‍🚀 🏳️‍🌈 🇩🇪🇨🇭",
    "👨‍👩‍👧" * 40,
    "\u0301lone, and a\u0301\u0323 and \u0301",
    "Z\u0351\u036b\u0343\u036a\u0302\u036b\u033d" * 30,
    "a, b; c: <d@e.example> (f) \"g\" \\h @i [j]",
    "\"", "\\", "\\\"", "\"quoted\"", "(comment)", "<>", "@", ",", ";", ":",
    "=?utf-8?q?not_decoded?=",
    "=?utf-8?b?w7w=?= =?utf-8?b?w7w=?=",
    "a =?utf-8?q?x?= b =?", "?=", "=?", "==", "=3D", "a=20b",
    "{{name}} {{{email}}} {{#text}} {{/x}}",
    "<b>&amp;</b> 'x' &lt;",
    " one blank before", "one behind ", "  two  blanks  all  over  ",
    "no-break\u00a0space\u202fnarrow\u3000wide",
    "x" * 300, "x" * 5000, "é" * 300, "é" * 5000, "漢" * 1700,
    "long words " * 40 + "end", "lang wörter " * 40 + "end",
    "a" * 70 + " " + "b" * 70 + " " + "c" * 900 + " d",
    "very long display name, " * 60,
    "O'Connor", "%s %n $HOME `id`", "…", "$", "#", "~",
    "Subject: x", ".", "..", ".hidden", "From me", "From: me",
    "RCPT TO:<x@example.org>", "QUIT", "data", "  MAIL FROM:<>", "a RSET b",
    ("word " * 14).strip() + " RSET x", ("word " * 15).strip() + " DATA",
    "--=_x", "--x", "--x--",
    "line\u2028and paragraph\u2029separator", "\ufeffBOM\ufeffinside\ufeff",
    "nonchars \ufdd0 \ufffe \uffff \U0010ffff", "repl\ufffd",
    "\u202eoverride\u202c", "soft\u00adhyphen\u200bzero",
    "0", "false", "null", "undefined", "#REF!", "=1+1", "+1", "-1",
    "undisclosed-recipients:;", "a@b.example", "Ann <ann@x.example>",
    "\u0300", "\ufe0f", "\U000e0067", "\u202e\u202d\u2066x\u2069", "👨🏿\u200d🦰",
    "=?utf-8?q?=0d=0aBcc:_x@y.example?=", "=?utf-8?B??=", "=?=?=",
    "=?iso-8859-1?Q?=E9?= tail", "ш" * 5000, "🙂" * 5000,
    "a" * 997, "a" * 998, "a" * 999, ("w" * 76 + " ") * 20 + "e",
    ("w" * 77 + " ") * 20 + "e", "Group: a@b.example;", "Dr. A.", "a. b",
    "1" + "漢" * 60, "a" + "\u200d" * 300, "a" + "ﷺ" * 100,
]

# What may stand in a text alone: a header takes no control.
TEXTS = [
    "tab\there\t", "one\ntwo\n\nthree", "one\r\ntwo\rthree", "\n", "\r", "\r\n",
    ".\n..\n...\n.x", "\n.\n", "end \n blanks \t\n\t", "From x\nFrom: y\n>From",
    "RSET\nMAIL FROM:<x@example.org>\nquit\n DATA\n\tHELP\nhelo x\nEHLO",
    "\x01\x02\x08\x0b\x0c\x0e\x1b[31m\x1f\x7f", "--=_x\n--=_\n--x--\n",
    "x" * 998 + "\n" + "y" * 999 + "\n" + "z" * 5000,
    "w " * 3000, " " * 2000, "\t" * 2000, "=" * 400, "é\n" * 300,
    "next\u0085line", "C1 \u0080\u009b\u009f here",
    "\n" * 300, "begin 644 x\nend", "a\u2028b\u0085c\n\u2029",
]


def palette(number):
    """Texts at random, always the same."""
    chance = random.Random(number)
    pieces = ["a", "word", " ", "  ", "ü", "€", "😀", "\u0301", "\u200d", "=",
              "?", "=?", "?=", "_", ".", ",", "<", ">", "\"", "\\", "(", ")",
              "@", ":", ";", "RSET ", "From ", "\u2028", "\u05d0",
              "averyveryverylongwordwithoutanyblankinit", "=?utf-8?q?x?="]
    return "x" + "".join(chance.choice(pieces)
                         for _ in range(chance.randrange(90)))


@functools.cache
def rows():
    """(name, text) of each row."""
    fixed = [(value, value) for value in HARD]
    fixed += [("Ann", text) for text in TEXTS]
    return fixed + [(palette(i), palette(1000 + i)) for i in range(150)]


def quoted(text):
    return '"' + text.replace('"', '""') + '"'


def write(tmp_path):
    (tmp_path / "draft.eml").write_text(DRAFT, "utf-8")
    (tmp_path / "list.csv").write_text(
        "id,email,name,text\n" + "".join(
            f"{i},u{i}@example.org,{quoted(name)},{quoted(text)}\n"
            for i, (name, text) in enumerate(rows())),
        "utf-8", newline="")


def faults(seen, number, reader, raw):
    """Where this reader sees something else than the row says."""
    name, text = rows()[number]
    body = re.sub("\r\n?", "\n", text)
    escaped = html.escape(body).replace("&#x27;", "&#39;")
    pairs = [("subject", seen.subject, name),
             ("text", seen.text, f"[{body}]"),
             ("html", seen.html, f"<p>[{escaped}]</p>")]
    for field, [(shown, address)], local in (
            ("To", seen.to, "u"), ("Reply-To", seen.reply_to, "reply+")):
        pairs.append((field, address, f"{local}{number}@example.org"))
        if not readers.same_name(reader, shown, name, raw):
            pairs.append((field, shown, name))
    return [f"row {number} by {reader}: {field} is {got!r}, not {want!r}"
            for field, got, want in pairs if got != want]


def number_of(raw):
    [number] = re.findall(rb"<u(\d+)@example\.org>", raw)
    return int(number)


def compare(paths, reader):
    try:
        seen = readers.READERS[reader](paths)
    except readers.Missing as why:
        pytest.skip(str(why))
    assert len(seen) == len(rows())
    wrong = [fault for path in paths
             for raw in [path.read_bytes()]
             for fault in faults(seen[path.name], number_of(raw), reader, raw)]
    assert not wrong, "\n".join(wrong[:40])


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    home = tmp_path_factory.mktemp("rendered")
    write(home)
    done = program.run("render", "--output", "letters", "list.csv",
                       "draft.eml", cwd=home)
    assert done.status == OK, done.err
    return sorted((home / "letters").iterdir())


@pytest.mark.parametrize("reader", readers.READERS)
def test_what_is_rendered(rendered, reader):
    compare(rendered, reader)


def received(home, *options):
    """The letters that a sink with these options keeps."""
    sink = Sink(home / "sink", *options, maildir=True)
    write(home)
    try:
        done = program.run("send", "-s", sink.url, "--tls-ca", sink.ca,
                           "list.csv", "draft.eml", cwd=home)
        assert done.status == OK, done.err
    finally:
        sink.kill()
    return sorted((sink.maildir / "new").iterdir())


@pytest.fixture(scope="module", params=["streamed", "said"])
def arrived(request, tmp_path_factory):
    """By BDAT and 8bit, and by DATA, where dots are stuffed, and 7bit."""
    home = tmp_path_factory.mktemp(request.param)
    plain = ["--no-chunking", "--no-8bitmime"]
    return received(home, *(plain if request.param == "said" else []))


@pytest.mark.parametrize("reader", readers.READERS)
def test_what_arrives(arrived, reader):
    compare(arrived, reader)
