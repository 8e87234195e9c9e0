"""Is the message that arrives the one that was meant?"""

import re

from program import DATAERR, OK, REJECTED, report


def trusted(sink):
    return ["-s", sink.url, "--tls-ca", sink.ca]


def text_of(message):
    """The text, with the line ends of the place."""
    return message.get_content().replace("\r\n", "\n")


def one(run, sink, list_text, template_text, tmp_path, *options):
    """Sends one row; the message as received."""
    (tmp_path / "list.csv").write_text(list_text, "utf-8")
    (tmp_path / "draft.eml").write_text(template_text, "utf-8")
    done = run("send", *trusted(sink), *options, "list.csv", "draft.eml")
    assert done.status == OK, done.err
    return sink.messages()[0]


def test_headers_that_are_added(run, sink, tmp_path):
    message = one(run, sink, "email\nann@example.org\n",
                  "From: Bob <bob@example.org>\nBcc: spy@example.org\n"
                  "Subject: hello\n\nbody\n", tmp_path)
    assert message["To"] == "ann@example.org"
    assert message["MIME-Version"] == "1.0"
    assert message["Date"].datetime
    assert re.fullmatch(r"<[^@\s]+@example\.org>", message["Message-ID"])
    assert message["Bcc"] is None
    assert text_of(message) == "body\n"


def test_what_is_not_ascii(run, sink, tmp_path):
    message = one(run, sink, "email,name\nann@example.org,Åsa Ünïcødé\n",
                  "From: Bob <bob@example.org>\nTo: {{name}} <{{email}}>\n"
                  "Subject: Grüße an {{name}}\n\nLiebe {{name}} — schön!\n",
                  tmp_path)
    assert message["Subject"] == "Grüße an Åsa Ünïcødé"
    to = message["To"].addresses
    assert [(a.display_name, a.addr_spec) for a in to] \
        == [("Åsa Ünïcødé", "ann@example.org")]
    assert text_of(message) == "Liebe Åsa Ünïcødé — schön!\n"


def test_a_display_name_is_one_mailbox_whatever_it_holds(run, sink, tmp_path):
    message = one(run, sink,
                  'email,name\nann@example.org,'
                  '"Eve, <spy@example.org> (x) ""Q"" \\ @"\n',
                  "From: Bob <bob@example.org>\nTo: {{name}} <{{email}}>\n"
                  "Subject: x\n\nbody\n", tmp_path)
    assert [a.addr_spec for a in message["To"].addresses] \
        == ["ann@example.org"]
    assert sink.recipients() == ["ann@example.org"]


def test_only_crlf_and_no_long_line(run, sink, tmp_path):
    one(run, sink, "email,text\nann@example.org,\"a\nb\"\n",
        "From: bob@example.org\nSubject: x\n\n{{text}}\n.\n..dots\n"
        + "long " * 400 + "\n", tmp_path)
    raw = sink.raw_messages()[0]
    assert re.search(rb"\r(?!\n)|(?<!\r)\n|\0", raw) is None
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert text_of(sink.messages()[0]) \
        == "a\nb\n.\n..dots\n" + "long " * 400 + "\n"


def test_a_line_break_never_enters_a_header(run, sink, tmp_path):
    (tmp_path / "list.csv").write_text(
        'email,name\nann@example.org,"Ann\nBcc: spy@example.org"\n'
        'bob@example.org,Bob\n')
    (tmp_path / "draft.eml").write_text(
        "From: bob@example.org\nSubject: Hi {{name}}\n\nbody\n")
    done = run("send", *trusted(sink), "list.csv", "draft.eml")
    assert done.status == REJECTED
    assert [(r["address"], r["status"]) for r in report(done.out)] \
        == [("ann@example.org", "invalid")]
    assert sink.recipients() == ["bob@example.org"]


def test_an_empty_field_is_known_before_anything_is_sent(run, sink, tmp_path):
    (tmp_path / "list.csv").write_text(
        "email,name,town\nann@example.org,Ann,Aachen\nbob@example.org,Bob,\n"
        "cy@example.org,Cy,\ndi@example.org,,Dorn\n")
    (tmp_path / "draft.eml").write_text(
        "From: bob@example.org\nSubject: {{town}}\n\n"
        "{{#name}}Dear {{name}}{{/name}}{{^name}}Hello{{/name}}\n")
    first = 'list.csv:3: invalid: column "town" is empty'
    done = run("send", *trusted(sink), "--max-invalid", "40", "list.csv",
               "draft.eml")
    assert done.status == DATAERR and sink.recipients() == []
    assert first in done.err and "2 of 4 rows" in done.err
    done = run("check", "list.csv", "draft.eml")
    assert done.status == REJECTED
    assert 'list.csv:3: column "town" is empty (2 rows' in done.err
    done = run("send", *trusted(sink), "list.csv", "draft.eml")
    assert done.status == REJECTED and f"{first} (invalid rows: 2)" in done.err
    assert {r["address"]: (r["status"], r["reply"]) for r in report(done.out)} \
        == {f"{name}@example.org": ("invalid", 'column "town" is empty')
            for name in ("bob", "cy")}
    assert sink.recipients() == ["ann@example.org", "di@example.org"]
    done = run("send", *trusted(sink), "--allow-empty", "list.csv",
               "draft.eml")
    assert done.status == OK and len(sink.recipients()) == 6


def test_verp(run, sink, tmp_path):
    (tmp_path / "list.csv").write_text("id,email\n7,ann@example.org\n"
                                       "8,bob@example.org\n")
    (tmp_path / "draft.eml").write_text(
        "From: bob@example.org\nSubject: x\n\nbody\n")
    done = run("send", *trusted(sink), "-f", "bounce+{{id}}@example.org",
               "list.csv", "draft.eml")
    assert done.status == OK
    assert {line["recipients"][0]: line["sender"] for line in sink.log()} == {
        "ann@example.org": "bounce+7@example.org",
        "bob@example.org": "bounce+8@example.org"}


def test_a_header_by_option(run, sink, tmp_path):
    message = one(run, sink, "email,name\nann@example.org,Ann\n",
                  "From: bob@example.org\nSubject: old\n\nbody\n", tmp_path,
                  "-H", "Subject: For {{name}}", "--header",
                  "X-Batch: {{mailshot.line}}")
    assert message.get_all("Subject") == ["For Ann"]
    assert message["X-Batch"] == "2"


def test_an_international_domain(run, sink, tmp_path):
    message = one(run, sink, "email\nann@bücher.example\n",
                  "From: bob@example.org\nSubject: x\n\nbody\n", tmp_path)
    assert sink.recipients() == ["ann@xn--bcher-kva.example"]
    assert message["To"].addresses[0].domain == "xn--bcher-kva.example"


def test_a_text_that_looks_like_commands(run, sink, tmp_path):
    text = "RSET\nMAIL FROM:<x@example.org>\nquit\n.\nDATA\n"
    message = one(run, sink, "email\nann@example.org\n",
                  f"From: bob@example.org\nSubject: x\n\n{text}", tmp_path)
    assert text_of(message) == text
    raw = sink.raw_messages()[0].upper()
    assert not re.search(rb"\r\n(RSET|MAIL|QUIT|DATA)\b", raw)
    assert len(sink.log()) == 1


PARTS = """\
From: Bob <bob@example.org>
To: {{name}} <{{email}}>
Subject: {{mailshot.campaign}} {{mailshot.message_id}}
Content-Type: multipart/alternative; boundary=x

--x

{{mailshot.date}} {{name}}
--x
Content-Type: text/html

{{name}}
--x--
"""


def test_what_render_shows_is_what_goes_out(run, sink, tmp_path):
    rows = [f"u{i}@example.org,Person {i}\n" for i in range(5)]
    (tmp_path / "list.csv").write_text("email,name\n" + "".join(rows))
    (tmp_path / "turned.csv").write_text("email,name\n"
                                         + "".join(reversed(rows)))
    (tmp_path / "draft.eml").write_text(PARTS)
    epoch = {"SOURCE_DATE_EPOCH": "1700000000"}
    known = ["--campaign", "spring", "--state", "state.db"]
    done = run("send", *trusted(sink), *known, "list.csv", "draft.eml",
               env=epoch)
    assert done.status == OK, done.err
    for name in ("list.csv", "turned.csv"):
        done = run("render", *known, "--output", name[:4], name, "draft.eml",
                   env=epoch)
        assert done.status == OK, done.err
        assert sorted(path.read_bytes()
                      for path in (tmp_path / name[:4]).iterdir()) \
            == sorted(sink.raw_messages())
    ids = {m["Message-ID"] for m in sink.messages()}
    assert len(ids) == 5
    for campaign in (["--campaign", "autumn", "--state", "state.db"], []):
        done = run("render", *campaign, "--output", "other", "list.csv",
                   "draft.eml")
        others = [path.read_text() for path in (tmp_path / "other").iterdir()]
        assert len(others) == 5
        assert not [i for i in ids if any(i in text for text in others)]
