"""Is what mail programs saved a template? tests/data/drafts, as they save.

Texts are filled in, all else passes byte for byte; Python's email package
reads the letters back."""

import base64
import email
import email.policy

import pytest

import program
from program import DATAERR, OK

DRAFTS = program.TOP / "tests/data/drafts"
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGA"
    "WjR9awAAAABJRU5ErkJggg==")
PDF = (b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\r1 0 obj\r<</Type/Catalog>>\n\x00\xff\n"
       b"%%EOF")

NAME = "Åsa <&> 山田"
HTML_NAME = "Åsa &lt;&amp;&gt; 山田"
NOTE = "“7 €” & more"
HTML_NOTE = "“7 €” &amp; more"
URL_NOTE = "%E2%80%9C7%20%E2%82%AC%E2%80%9D%20%26%20more"


@pytest.fixture
def fill(tmp_path):
    """fill(draft): the letter, parsed."""
    def fill_here(name, *options):
        (tmp_path / "list.csv").write_text(
            f"email,first name,note\nasa@example.org,{NAME},{NOTE}\n", "utf-8")
        process = program.start("render", *options, "list.csv",
                                DRAFTS / f"{name}.eml", cwd=tmp_path)
        out, err = process.communicate(timeout=60)
        assert not program.SANITIZED.search(err.decode()), err
        assert process.returncode == OK, err
        assert out.isascii() and max(map(len, out.split(b"\r\n"))) <= 998
        letter = email.message_from_bytes(out, policy=email.policy.default)
        assert not letter.defects
        to, = letter["To"].addresses
        assert (to.display_name, to.addr_spec) == (NAME, "asa@example.org")
        return letter
    return fill_here


def shape(part):
    if not part.is_multipart() or part.get_content_type() == "message/rfc822":
        return part.get_content_type()
    return (part.get_content_subtype(), *map(shape, part.iter_parts()))


def leaves(letter):
    return [p for p in letter.walk() if not p.is_multipart()]


def text_of(part):
    assert part.get_content_charset() == "utf-8" and not part.defects
    return part.get_content().replace("\r\n", "\n")


def bytes_of(part):
    assert not part.defects
    return part.get_payload(decode=True)


def test_thunderbird_text(fill):
    letter = fill("thunderbird-text")
    assert letter["Subject"] == f"Grüße an {NAME} – Entwurf"
    assert letter.get_param("format") == "flowed"
    assert text_of(letter) == f"""\
Liebe(r) {NAME},

vielen Dank für die „Bestellung“ vom letzten Dienstag — sie kostet 12 €{' '}
und wird in den nächsten Tagen versandt, und zwar an die Person {NAME}, \
wie gewünscht.

Bitte beachten: {NOTE}
--{' '}
Ann
"""


def test_thunderbird_html(fill):
    letter = fill("thunderbird-html")
    assert shape(letter) == (
        "mixed", ("alternative", "text/plain",
                  ("related", "text/html", "image/png")), "application/pdf")
    text, html, picture, pdf = leaves(letter)
    assert text_of(text) == \
        f"Dear {NAME},\n\nyour note was: {NOTE} — thank you.\n"
    assert f"<p>Dear {HTML_NAME},</p>" in text_of(html)
    assert f'your note was:&nbsp;{HTML_NOTE} — <a\n        ' \
        f'href="https://example.org/?n={URL_NOTE}">thank&nbsp;you</a>' \
        in text_of(html)
    assert f'alt="{HTML_NAME}"' in text_of(html)
    assert bytes_of(picture) == PNG
    assert picture["Content-ID"] == "<part1.hXq0Bf5K.7ZsT1d9n@example.org>"
    assert bytes_of(pdf) == PDF
    assert pdf.get_filename() == "Preisliste für Ärzte.pdf"


def test_apple_mail(fill):
    letter = fill("apple")
    assert letter["Subject"] == f"Café — {NOTE}"
    assert shape(letter) == (
        "alternative", "text/plain",
        ("mixed", "text/html", "application/pdf", "text/plain", "text/html"))
    text, html, pdf, notes, bye = leaves(letter)
    assert text_of(text) == \
        f"Dear {NAME},\n\nsee you in the café — {NOTE}\n\n\ufffc"
    assert f">Dear {HTML_NAME},<div>" in text_of(html)
    assert f"<div>see you in the café — {HTML_NOTE}</div>" in text_of(html)
    assert bytes_of(pdf) == PDF
    assert pdf.get_filename() == "Anfahrt Café.pdf"
    assert pdf.get_content_disposition() == "inline"
    assert pdf.get_param("x-unix-mode") == "0644"
    assert bytes_of(notes) == b"{{not}} a {{template"
    assert f"<div>Bye, {HTML_NAME}</div>" in text_of(bye)


def test_outlook(fill):
    letter = fill("outlook")
    assert letter["Subject"] == f"Für {NAME}"
    assert letter["From"].addresses[0].display_name == "Example, Ann"
    assert shape(letter) == (
        "related", ("alternative", "text/plain", "text/html"), "image/png")
    assert letter.get_param("type") == "multipart/alternative"
    text, html, picture = leaves(letter)
    assert text_of(text) == f"Guten Tag {NAME}, \n \n" \
        f"das Angebot gilt bis Freitag – {NOTE}.\n"
    assert f"Guten Tag {HTML_NAME},<o:p></o:p>" in text_of(html)
    assert f"für Sie gilt bis Freitag &#8211; {HTML_NOTE}.<img" \
        in text_of(html)
    # The header of the part counts; the text is as it was.
    assert 'CONTENT="text/html; charset=iso-8859-1"' in text_of(html)
    assert bytes_of(picture) == PNG
    assert picture["Content-ID"] == "<image001.png@01DA1550.7A6B4F30>"


def test_gmail(fill):
    letter = fill("gmail")
    assert letter["Subject"] == f"🎉 {NAME} ☺"
    assert shape(letter) == (
        "mixed", ("related", ("alternative", "text/plain", "text/html"),
                  "image/png"), "application/pdf")
    text, html, picture, pdf = leaves(letter)
    assert text_of(text) == \
        f"🎉 Hello {NAME},\n{NOTE}\n[image: dot.png]\n"
    assert f"<div>{HTML_NOTE} {NOTE} {NOTE}</div>" in text_of(html)
    assert bytes_of(picture) == PNG
    assert picture["Content-ID"] == "<ii_lowx3v2p0>"
    assert bytes_of(pdf) == PDF
    assert pdf.get_filename() == "請求書 № 1.pdf"


def test_iso_2022_jp(fill):
    letter = fill("iso-2022-jp")
    assert letter["Subject"] == f"{NAME} 様へ"
    assert letter["From"].addresses[0].display_name == "案内係"
    text, pdf = leaves(letter)
    assert text_of(text) == \
        f"{NAME} 様\n\nご注文ありがとうございます。\n{NOTE}\n"
    assert bytes_of(pdf) == PDF
    assert pdf.get_filename() == "請求書 平成.pdf"


def test_nested_parts_and_what_is_between_them(fill):
    letter = fill("nested")
    assert shape(letter) == (
        "mixed", ("mixed", ("alternative", "text/plain", "text/html"),
                  "text/calendar"),
        "message/rfc822", "application/octet-stream")
    text, html, invitation, one, two, file = leaves(letter)
    assert text_of(text) == f"Dear {NAME}, {NOTE}"
    assert text_of(html) == f"<p>10 € for {HTML_NAME}"
    assert invitation.get_param("method") == "REQUEST"
    assert b"SUMMARY:{{not}}" in bytes_of(invitation)
    within, = [p for p in letter.walk() if p["Subject"] == "within"]
    assert within["From"] == "someone@example.net"
    assert bytes_of(one) == b"{{not}} filled in"
    assert two.get_content() == "Grüße"
    assert bytes_of(file) == b"abc"
    assert file.get_filename() == "no ending"
    assert "passed over" not in letter.as_string()


SAVED = ["thunderbird-text", "thunderbird-html", "apple", "outlook", "gmail"]


@pytest.mark.parametrize("name", SAVED)
def test_what_marks_a_draft_is_not_sent(fill, name):
    letter = fill(name)
    for key in letter.keys():
        assert not key.lower().startswith(
            ("x-mozilla", "x-unsent", "x-apple", "x-uni", "x-identity",
             "x-account", "fcc")), key
    assert letter["Message-ID"].endswith("@example.org>")
    assert "12 Nov 2026" not in letter["Date"]
    ids = {fill(name)["Message-ID"] for _ in range(2)}
    assert len(ids) == 2


def test_a_date_is_kept_that_is_no_drafts(run, tmp_path):
    (tmp_path / "list.csv").write_text("email\nann@example.org\n")
    (tmp_path / "draft.eml").write_text(
        "From: a@example.org\nDate: Tue, 24 Nov 2020 03:29:00 +0000\n"
        "Message-ID: <x@example.org>\nX-Batch: 1\n\nx\n")
    out = run("render", "list.csv", "draft.eml").out
    assert "Date: Tue, 24 Nov 2020 03:29:00 +0000\r\n" in out
    assert "Message-ID: <x@example.org>\r\n" in out
    assert "X-Batch: 1\r\n" in out
    with (tmp_path / "draft.eml").open("r+") as file:
        rest = file.read()
        file.seek(0)
        file.write("X-Unsent: 1\nReceived: from x\nDKIM-Signature: v=1\n"
                   "Status: RO\n" + rest)
    out = run("render", "list.csv", "draft.eml").out
    for name in ("2020", "<x@", "X-Unsent", "Received", "DKIM", "Status"):
        assert name not in out
    assert "X-Batch: 1\r\n" in out


@pytest.mark.parametrize("name", [
    "signed-smime", "signed-opaque", "signed-pgp", "encrypted-pgp",
    "signed-inline"])
def test_sealed_drafts_are_refused(run, tmp_path, name):
    (tmp_path / "list.csv").write_text("email,first name\na@example.org,A\n")
    done = run("check", "list.csv", DRAFTS / f"{name}.eml")
    assert done.status == DATAERR
    assert "a signed or encrypted message is no template" in done.err
    assert done.err.count("\n") == 1


def test_files_come_behind_those_of_a_saved_draft(fill, tmp_path):
    (tmp_path / "a.pdf").write_bytes(PDF)
    letter = fill("thunderbird-html", "--attach", "a.pdf")
    assert shape(letter)[-2:] == ("application/pdf", "application/pdf")
    letter = fill("outlook", "--attach", "a.pdf")
    assert shape(letter) == (
        "mixed", ("related", ("alternative", "text/plain", "text/html"),
                  "image/png"), "application/pdf")
    assert bytes_of(leaves(letter)[-1]) == PDF


def test_an_empty_header_is_none(run, tmp_path):
    (tmp_path / "list.csv").write_text("email\nann@example.org\n")
    (tmp_path / "draft.eml").write_text(
        "From: a@example.org\nTo:\nCc: \nDate:\nSubject: x\n\nx\n")
    out = run("render", "list.csv", "draft.eml").out
    assert "To: ann@example.org\r\n" in out and "Cc" not in out
    assert "\r\nDate: " in out
    (tmp_path / "draft.eml").write_text("From:\nSubject: x\n\nx\n")
    done = run("render", "list.csv", "draft.eml")
    assert done.status == DATAERR and "no From header" in done.err
