"""Are the headers those that the template and the row mean, and no others?"""

import email
import email.policy
import re

import pytest

import program
from program import DATAERR, OK, REJECTED, USAGE, report

EPOCH = {"SOURCE_DATE_EPOCH": "1700000000"}
ROW = "email,name,reply\nann@example.org,Ann,re@example.org\n"


def quoted(text):
    return '"' + text.replace('"', '""') + '"'


@pytest.fixture
def render(tmp_path):
    """render(headers, list, option…): the status, the letter and what was
    said."""
    def render_here(headers, rows=ROW, *options, body="x\n"):
        (tmp_path / "list.csv").write_text(rows, "utf-8", newline="")
        (tmp_path / "draft.eml").write_text(f"{headers}\n{body}", "utf-8",
                                            newline="")
        process = program.start("render", *options, "list.csv", "draft.eml",
                                cwd=tmp_path, env=EPOCH)
        out, err = process.communicate(timeout=60)
        assert not program.SANITIZED.search(err.decode()), err
        return process.returncode, out, err.decode()
    return render_here


@pytest.fixture
def letter(render):
    """The same, where it has to be a letter: parsed."""
    def letter_of(*arguments, **more):
        status, out, err = render(*arguments, **more)
        assert status == OK, err
        head = out.split(b"\r\n\r\n")[0]
        for line in head.split(b"\r\n"):
            assert len(line) <= 78 or b" " not in line.strip(), line
        message = email.message_from_bytes(out, policy=email.policy.default)
        assert not message.defects
        return message
    return letter_of


SINGLE = ("From Sender Reply-To To Cc Date Message-ID In-Reply-To References "
          "Subject MIME-Version Content-Type Content-Transfer-Encoding "
          "List-ID List-Unsubscribe List-Unsubscribe-Post").split()


@pytest.mark.parametrize("name", SINGLE)
def test_a_second_one_is_refused(render, name):
    from_line = "" if name == "From" else "From: a@example.org\n"
    status, out, err = render(f"{from_line}{name}: a@example.org\n"
                              f"X-Other: x\n{name.upper()}: b@example.org\n")
    assert (status, out) == (DATAERR, b"")
    line = 3 if name == "From" else 4
    assert f"draft.eml:{line}: a second {name.upper()} header" in err


def test_an_option_takes_the_place_of_all_of_that_name(letter, render):
    message = letter("From: a@example.org\nSubject: one\nSubject: two\n", ROW,
                     "-H", "subject: three")
    assert message.get_all("Subject") == ["three"]
    assert render("From: a@example.org\n", ROW, "-H", "Subject: one", "-H",
                  "SUBJECT: two")[0] == DATAERR
    message = letter("From: a@example.org\nX-A: 1\n", ROW, "-H", "X-A: 2", "-H",
                     "x-a: {{name}}")
    assert message.get_all("X-A") == ["2", "Ann"]


@pytest.mark.parametrize("name", ["Bcc", "Return-Path", "Resent-Bcc", "bcc"])
def test_what_is_nobody_elses_is_dropped(letter, name):
    message = letter(f"From: a@example.org\n{name}: <spy@example.org>\n", ROW,
                     "-H", f"{name}: <other@example.org>")
    assert message[name] is None
    assert "spy" not in str(message) and "other" not in str(message)


CONTROLS = [chr(c) for c in (*range(1, 32), *range(0x7f, 0xa0))
            if chr(c) != "\t"]
PLACES = ["Subject: Hi {{name}}!", "To: {{name}} <{{email}}>",
          'To: "{{name}}" <{{email}}>', "To: {{email}} ({{name}})",
          "Reply-To: {{name}}", "Reply-To: Ann <{{name}}>",
          "X-Any: {{name}}", "References: <{{name}}@example.org>",
          "List-ID: {{name}} <x.example.org>", "Message-ID: <{{name}}@x.org>"]


@pytest.mark.parametrize("place", PLACES)
def test_a_control_character_makes_the_row_invalid(render, tmp_path, place):
    names = [f"a{c}Bcc: spy@example.org" for c in CONTROLS]
    names += ["a\r\nBcc: spy@example.org", "a\r\n\r\nbody", "\n", "a\n "]
    rows = "email,name\n" + "".join(
        f"u{i}@example.org,{quoted(name)}\n" for i, name in enumerate(names))
    status, _, err = render(f"From: a@example.org\n{place}\n",
                            rows + "ok@example.org,ok@example.org\n",
                            "--output", "letters")
    assert status == REJECTED
    assert f"(invalid rows: {len(names)})" in err
    done = program.run("check", "list.csv", "draft.eml", cwd=tmp_path)
    said = re.findall('column "name" has a control character, which may not '
                      f"enter {place.split(':')[0]} ", done.out)
    assert len(said) == len(names)
    [path] = (tmp_path / "letters").iterdir()
    assert b"spy" not in path.read_bytes()


def test_a_tab_becomes_a_blank(letter):
    message = letter("From: a@example.org\nSubject: {{name}}\n"
                     "To: {{name}} <{{email}}>\nX-Any: {{name}}\n",
                     "email,name\nann@example.org,a\tb\n")
    assert message["Subject"] == message["X-Any"] == "a b"
    assert message["To"].addresses[0].display_name == "a b"


def test_a_name_of_any_kind_is_one_mailbox(letter):
    names = ["A, B", "a@b.example", "<x@y.example>", "x <x@y.example>, y",
             '"', "\\", "(", ")", ":;", "=?utf-8?q?=2C?=", "a\u2028b",
             "undisclosed-recipients:;", "{{email}}", "," * 200,
             "é, <x@y.example>" * 30]
    for draft in ("To: {{name}} <{{email}}>", 'To: "{{name}}" <{{email}}>',
                  "To: {{name}}<{{email}}>", "To: {{{name}}} <{{&email}}>",
                  "To: {{email}} ({{name}})"):
        for name in names:
            message = letter(f"From: a@example.org\n{draft}\n",
                             f"email,name\nann@example.org,{quoted(name)}\n")
            assert [box.addr_spec for box in message["To"].addresses] \
                == ["ann@example.org"], (draft, name)


def test_addresses_from_columns(letter, render):
    message = letter(
        "From: {{name}} <{{reply}}>\nSender: {{reply}}\n"
        "To: {{name}} <{{email}}>, x+{{name}}@example.org\n"
        "Cc: \"{{name}}, jr\" <{{reply}}>\nReply-To: <{{reply}}>\n",
        "email,name,reply\nann@example.org,Ann,re@bücher.example\n")
    domain = "xn--bcher-kva.example"
    assert [box.addr_spec for box in message["To"].addresses] \
        == ["ann@example.org", "x+Ann@example.org"]
    for name in ("From", "Sender", "Cc", "Reply-To"):
        assert [box.addr_spec for box in message[name].addresses] \
            == [f"re@{domain}"]
    assert message["Cc"].addresses[0].display_name == "Ann, jr"
    assert message["Message-ID"].endswith(f"@{domain}>")
    for reply in ("re", "re@", "@x.example", "a b@x.example", "a@b@c.example",
                  "a@x.example, b@x.example", "A <a@x.example>", "a@x..example",
                  "a@☃.example", "<a@x.example>", "a..b@x.example"):
        status, out, err = render(
            "From: a@example.org\nReply-To: {{reply}}\n",
            f"email,name,reply\nann@example.org,Ann,{quoted(reply)}\n")
        assert (status, out) == (REJECTED, b""), reply
        assert "in Reply-To" in err


def test_a_long_list_of_addresses(letter):
    boxes = [f'"Person, {i}" <p{i}@example.org>' if i % 2 else
             f"Pérsön {i} {{{{name}}}} <p{i}@example.org>" for i in range(500)]
    message = letter(f"From: a@example.org\nTo: {', '.join(boxes)}\n"
                     f"Cc: {','.join(boxes)}\n")
    for name in ("To", "Cc"):
        seen = [(box.display_name, box.addr_spec)
                for box in message[name].addresses]
        assert seen == [(f"Person, {i}" if i % 2 else f"Pérsön {i} Ann",
                         f"p{i}@example.org") for i in range(500)]


@pytest.mark.parametrize("option", [
    "Subject", ": x", " : x", "Sub ject: x", "Sübject: x", "Sub\tject: x",
    "X: a\r\nBcc: b@example.org", "X: a\nb", "X: a\rb", "X: a\x01", "X\x7f: a",
    "{{name}}: x", "Subject x", "", "X" * 100 + ": a"])
def test_an_option_that_is_no_header(render, option):
    status, out, _ = render("From: a@example.org\n", ROW, "-H", option)
    assert (status, out) == (USAGE, b"")


def test_an_encoded_word_in_a_value_is_text(letter):
    value = "=?utf-8?q?Bcc=3A_x?="
    message = letter("From: a@example.org\nSubject: {{name}} {{name}}\n"
                     "To: {{name}} <{{email}}>\nX-Any: a {{name}}\n",
                     f"email,name\nann@example.org,{value}\n")
    assert message["Subject"] == f"{value} {value}"
    assert message["X-Any"] == f"a {value}"
    assert message["To"].addresses[0].display_name == value


LIST_NAMES = ["Ann", "Größe" + "x" * 45, "1" + "漢" * 40, "Größe 漢字",
              'a, "b" <c> \\', "=?utf-8?q?x?=", "é" * 900,
              "word " * 300 + "end", "x" * 1500, "(c)", "<x@y.example>"]


@pytest.mark.parametrize("words", LIST_NAMES)
@pytest.mark.parametrize("place", ["{{name}} <%s>", '"{{name}}" <%s>'])
def test_a_list_has_any_name(letter, render, words, place):
    """RFC 2919: words as those of a mailbox, and a name that is no address."""
    given = ("From: a@example.org\n"
             f"List-Id: {place % 'news.example.org'}\n",
             f"email,name\nu@example.org,{quoted(words)}\n")
    letter(*given)
    raw = email.message_from_bytes(render(*given)[1])["List-Id"]
    assert not raw.startswith(("\r", "\n"))
    raw = re.sub(r"\r?\n", "", raw)
    box = email.message_from_string(
        f"To: {raw.replace('<news.', '<x@news.')}\n\n",
        policy=email.policy.default)["To"].addresses
    assert [b.addr_spec for b in box] == ["x@news.example.org"]
    # Python puts a blank between the encoded-words of a name.
    assert box[0].display_name.replace(" ", "") == words.replace(" ", "")


def test_a_list_has_a_name_that_is_ascii(letter, render):
    message = letter("From: a@example.org\nList-Id: Größe <n.example.org>\n")
    assert "Größe" in str(message["List-Id"])
    for value in ("Größe", "n.größe.example", "x <n.größe.example>",
                  "ü <a b.example>", "ü <>", "ü <n.example"):
        status, _, err = render(f"From: a@example.org\nList-Id: {value}\n")
        assert (status, "List-Id is not ASCII" in err) == (DATAERR, True)


def test_content_headers_are_made_anew(letter):
    message = letter("From: a@example.org\nMIME-Version: 2.0\n"
                     "Content-Type: text/plain; charset=\"UTF-8\"\n"
                     "Content-Transfer-Encoding: 8bit\nContent-Length: 7\n"
                     "Content-MD5: Q2hlY2s=\nContent-Language: de\n",
                     body="Grüße, {{name}}\n")
    assert message["MIME-Version"] == "1.0"
    assert message.get_content_charset() == "utf-8"
    assert message["Content-Length"] is message["Content-MD5"] is None
    assert message["Content-Language"] == "de"
    assert message.get_content() == "Grüße, Ann\r\n"


@pytest.mark.parametrize("headers", [
    "From: ü@example.org\n", "From: a@example.org\nReply-To: {{reply}}\n",
    "From: a@example.org\nCc: Ann <ü@example.org>\n"])
def test_headers_in_utf_8_want_smtputf8(run, sinks, tmp_path, headers):
    (tmp_path / "list.csv").write_text("email,reply\nann@example.org,"
                                       "ü@example.org\n", "utf-8")
    (tmp_path / "draft.eml").write_text(f"{headers}Subject: ü\n\nx\n", "utf-8")
    able, unable = sinks(maildir=True), sinks("--no-smtputf8", maildir=True)
    for sink, status in ((able, OK), (unable, REJECTED)):
        done = run("send", "-s", sink.url, "--tls-ca", sink.ca, "list.csv",
                   "draft.eml")
        assert done.status == status, done.err
    [row] = report(done.out)
    assert (row["status"], row["enhanced"], row["scope"]) \
        == ("rejected", "5.6.7", "local")
    [raw] = able.raw_messages()
    assert "ü@example.org".encode() in raw
    assert b"Subject: =?utf-8?" in raw
    assert unable.raw_messages() == []
