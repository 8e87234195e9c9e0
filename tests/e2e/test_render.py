"""Is what render writes a message, and the one that was meant?

Python's email package reads it back; tests/e2e/test_message.py says the same
of what a relay received."""

import email
import email.header
import email.policy
import email.utils
import os
import re
import stat

import pytest

import program
from program import DATAERR, IOERR, NOINPUT, OK, REJECTED, USAGE

EXAMPLES = program.TOP / "examples"
EPOCH = {"SOURCE_DATE_EPOCH": "1700000000"}
DRAFT = """\
From: Notices <notices@example.org>
To: {{name}} <{{email}}>
Subject: {{name}}

Dear {{name}},
{{text}}
"""

HARD = [
    "Ann",
    "Åsa Ünïcødé",
    "山田 太郎 様",
    "بن صالح",
    "Zoë 🎈 Park",
    "a, b; c: <d@e.example> (f) \"g\" \\h @i [j]",
    "=?utf-8?q?not_decoded?=",
    "{{name}} {{{email}}} {{#text}}",
    "<b>&amp;</b>",
    " blanks  inside and round ",
    "x" * 300,
    "é" * 300,
    "long words " * 40 + "end",
    "O'Connor",
    "tab\there",
    "%s %n $HOME `id`",
    "…",
    "a=20b=\u00a0c",
    "Subject: x",
    ".",
]


def parse(data):
    return email.message_from_bytes(data, policy=email.policy.default)


def content(message):
    return message.get_content().replace("\r\n", "\n")


def quoted(text):
    return '"' + text.replace('"', '""') + '"'


def write_list(path, names, texts=None):
    texts = texts or ["text"] * len(names)
    rows = [f"u{i}@example.org,{quoted(n)},{quoted(t)}\n"
            for i, (n, t) in enumerate(zip(names, texts))]
    path.write_text("email,name,text\n" + "".join(rows), "utf-8", newline="")


@pytest.fixture
def render(tmp_path):
    """render(argument…): as bytes, since a letter need not be text."""
    def render_here(*arguments, env=None):
        process = program.start("render", *arguments, cwd=tmp_path, env=env)
        out, err = process.communicate(timeout=120)
        assert not program.SANITIZED.search(err.decode()), err
        return process.returncode, out, err.decode()
    return render_here


@pytest.fixture
def draft(tmp_path):
    (tmp_path / "draft.eml").write_text(DRAFT, "utf-8")
    return "draft.eml"


def canonical(data):
    """RFC 5321 and 5322, for a relay without 8BITMIME."""
    assert data.endswith(b"\r\n")
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n|\0|[\x80-\xff]", data)
    assert max(map(len, data.split(b"\r\n"))) <= 998
    head = data.split(b"\r\n\r\n")[0]
    for line in head.split(b"\r\n"):
        # One word may be longer; nothing can be done about it.
        words = re.sub(rb"^[!-9;-~]+: ", b"", line).strip()
        assert len(line) <= 78 or b" " not in words, line
    return True


def mailbox(data):
    """Display name and address of To.

    By the older parser: before Python 3.13 the newer one puts a blank between
    encoded-words of one name, where RFC 2047 6.2 has none."""
    raw = email.message_from_bytes(data)["To"]
    [(name, address)] = email.utils.getaddresses([re.sub("\r?\n", "", raw)])
    decoded = email.header.decode_header(name)
    return str(email.header.make_header(decoded)), address


@pytest.mark.parametrize("number", range(len(HARD)))
def test_values_come_back_as_they_were(render, draft, tmp_path, number):
    name = HARD[number]
    write_list(tmp_path / "list.csv", [name], [name])
    status, data, err = render("--line", "2", "list.csv", draft)
    assert status == OK, err
    assert canonical(data)
    message = parse(data)
    assert not message.defects
    plain = name.replace("\t", " ")
    assert message["Subject"].strip() == plain.strip()
    assert [to.addr_spec for to in message["To"].addresses] \
        == ["u0@example.org"]
    shown, address = mailbox(data)
    assert (shown.strip(), address) == (plain.strip(), "u0@example.org")
    assert content(message) == f"Dear {name},\n{name}\n"


def test_line_ends_and_dots_in_a_body(render, draft, tmp_path):
    text = "one\r\ntwo\nthree\n.\n..\nFrom here\nRSET\nmail from:<x>\n" \
           + "w " * 600
    write_list(tmp_path / "list.csv", ["Ann"], [text])
    status, data, err = render("--line", "2", "list.csv", draft)
    assert status == OK, err
    assert canonical(data)
    assert not re.search(rb"(?i)\r\n(rset|mail from)", data)
    assert content(parse(data)) \
        == "Dear Ann,\n" + text.replace("\r\n", "\n") + "\n"


def test_headers(render, draft, tmp_path):
    write_list(tmp_path / "list.csv", ["Ann"])
    status, data, _ = render("--line", "2", "list.csv", draft, env=EPOCH)
    assert status == OK
    message = parse(data)
    assert message["Date"] == "Tue, 14 Nov 2023 22:13:20 +0000"
    assert message["MIME-Version"] == "1.0"
    assert re.fullmatch(r"<[a-z2-7]{26}@example\.org>", message["Message-ID"])


def test_line_names_the_row_that_begins_there(render, draft, tmp_path):
    write_list(tmp_path / "list.csv", ["Ann", "Bob", "Carl"],
               ["a", "b\nb", "c"])
    for line, address in ((2, "u0"), (3, "u1"), (5, "u2")):
        status, data, _ = render("--line", line, "list.csv", draft)
        assert status == OK
        assert parse(data)["To"].addresses[0].username == address
    for line in (1, 4, 6, 4294967295):
        status, data, err = render("--line", line, "list.csv", draft)
        assert (status, data) == (DATAERR, b"")
        assert f"list.csv:{line}: no row begins on this line" in err


def test_line_of_another_shard(render, draft, tmp_path):
    write_list(tmp_path / "list.csv", ["Ann"], ["a"])
    found = [render("--line", "2", "--shard", f"{k}/2", "list.csv", draft)
             for k in (1, 2)]
    assert sorted(status for status, _, _ in found) == [OK, DATAERR]
    [err] = [err for status, _, err in found if status == DATAERR]
    assert "list.csv:2: no row of this shard begins on this line" in err


def test_without_line_the_first_row_that_would_be_sent(render, draft,
                                                       tmp_path):
    (tmp_path / "list.csv").write_text(
        "email,name,text\nno at,x,x\nann@example.org,Ann,x\n"
        "bob@example.org,Bob,x\n")
    status, data, _ = render("list.csv", draft)
    assert status == OK
    assert parse(data)["To"].addresses[0].username == "ann"
    (tmp_path / "list.csv").write_text("email,name,text\nno at,x,x\n")
    status, data, err = render("list.csv", draft)
    assert (status, data) == (REJECTED, b"")
    assert "list.csv:2: invalid: no @" in err
    (tmp_path / "list.csv").write_text("email,name,text\na@b.example,x,x\n")
    (tmp_path / "never").write_text("a@b.example\n")
    status, data, err = render("--suppress", "never", "list.csv", draft)
    assert (status, data) == (DATAERR, b"") and "no row" in err


def test_a_row_that_would_not_be_sent(render, draft, tmp_path):
    (tmp_path / "list.csv").write_text(
        "email,name,text\nann@example.org,Ann,x\nANN@example.org,Ann,x\n"
        "no at,x,x\nbob@example.org,\"B\nob\",x\ngone@example.org,x,x\n")
    (tmp_path / "never").write_text("gone@example.org\n")
    for line, status, words in (
            (3, DATAERR, "duplicate: same mailbox as line 2"),
            (4, REJECTED, "invalid: no @"),
            (5, REJECTED, "invalid: "),
            (7, DATAERR, "suppressed: ")):
        got, data, err = render("--line", line, "--suppress", "never",
                                "list.csv", draft)
        assert (got, data) == (status, b"")
        assert f"list.csv:{line}: {words}" in err


def test_a_directory_of_letters(render, draft, tmp_path):
    write_list(tmp_path / "list.csv", ["Ann", "Bob", "Carl"],
               ["a", "b\nb", "c"])
    status, out, err = render("--output", "letters", "list.csv", draft,
                              env=EPOCH)
    assert (status, out) == (OK, b""), err
    letters = sorted((tmp_path / "letters").iterdir())
    assert [path.name for path in letters] == ["2.eml", "3.eml", "5.eml"]
    for path in letters:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        line = path.name.split(".")[0]
        status, data, _ = render("--line", line, "list.csv", draft, env=EPOCH)
        assert data == path.read_bytes()


def test_one_letter_into_a_directory(render, draft, tmp_path):
    (tmp_path / "list.csv").write_text(
        "email,name,text\nann@example.org,Ann,x\nno at,x,x\n"
        "bob@example.org,Bob,x\n")
    status, out, err = render("--line", "4", "--output", "letters",
                              "list.csv", draft)
    assert (status, out) == (OK, b""), err
    [path] = (tmp_path / "letters").iterdir()
    assert path.name == "4.eml" and b"Bob" in path.read_bytes()


def test_no_letter_replaces_what_is_read(render, draft, tmp_path):
    (tmp_path / "letters").mkdir()
    listed = tmp_path / "letters/2.eml"
    write_list(listed, ["Ann"], ["a"])
    before = listed.read_bytes()
    status, _, err = render("--output", "./letters/", "letters/2.eml", draft)
    assert status == USAGE
    assert "a letter would replace the list: letters/2.eml" in err
    assert listed.read_bytes() == before
    listed.rename(tmp_path / "letters/list.csv")
    assert render("--output", "letters", "letters/list.csv", draft)[0] == OK


def test_letters_and_invalid_rows(render, draft, tmp_path):
    (tmp_path / "list.csv").write_text(
        "email,name,text\nann@example.org,Ann,x\nno at,x,x\n"
        "Ann@example.org,Ann,x\nbob@example.org,Bob,x\n")
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters/2.eml").write_text("old")
    (tmp_path / "letters/2.eml").chmod(0o644)
    status, out, err = render("--output", "letters", "list.csv", draft)
    assert (status, out) == (REJECTED, b"")
    assert "list.csv:3: invalid: no @" in err
    assert sorted(path.name for path in (tmp_path / "letters").iterdir()) \
        == ["2.eml", "5.eml"]
    assert b"Ann" in (tmp_path / "letters/2.eml").read_bytes()
    assert stat.S_IMODE((tmp_path / "letters/2.eml").stat().st_mode) == 0o600


def test_a_link_is_not_written_through(render, draft, tmp_path):
    write_list(tmp_path / "list.csv", ["Ann"])
    (tmp_path / "precious").write_text("keep")
    (tmp_path / "letters").mkdir()
    for name in ("2.eml", ".2.eml.part"):
        (tmp_path / "letters" / name).symlink_to(tmp_path / "precious")
    render("--output", "letters", "list.csv", draft)
    assert (tmp_path / "precious").read_text() == "keep"


def test_a_directory_that_cannot_be(render, draft, tmp_path):
    write_list(tmp_path / "list.csv", ["Ann"])
    (tmp_path / "file").write_text("x")
    for path in ("file", "missing/letters"):
        status, _, err = render("--output", path, "list.csv", draft)
        assert status == program.CANTCREAT and path in err


def test_renders_are_reproducible(render, draft, tmp_path):
    write_list(tmp_path / "list.csv", HARD[:10])
    for name in ("a", "b"):
        assert render("--output", name, "list.csv", draft, env=EPOCH)[0] == OK
    one, two = ({path.name: path.read_bytes()
                 for path in (tmp_path / name).iterdir()}
                for name in ("a", "b"))
    assert one == two and len(one) == 10
    ids = {parse(data)["Message-ID"] for data in one.values()}
    assert len(ids) == 10
    assert render("list.csv", draft)[1] != render("list.csv", draft)[1]


def test_faults(render, draft, tmp_path):
    assert render("missing.csv", draft)[0] == NOINPUT
    write_list(tmp_path / "list.csv", ["Ann"])
    assert render("list.csv", "missing.eml")[0] == NOINPUT
    (tmp_path / "list.csv").write_text("email,name,text\na@b.example,x\n")
    status, _, err = render("--output", "letters", "list.csv", draft)
    assert status == DATAERR and "list.csv:2" in err
    assert not (tmp_path / "letters").exists()


def test_a_stdout_that_takes_no_more(draft, tmp_path):
    write_list(tmp_path / "list.csv", ["Ann"])
    with open("/dev/full", "wb") as full:
        process = program.start("render", "list.csv", draft, cwd=tmp_path,
                                stdout=full)
        done = program.finish(process)
    assert done.status == IOERR and "stdout" in done.err
    process = program.start("render", "list.csv", draft, cwd=tmp_path,
                            preexec_fn=lambda: os.close(1))
    assert program.finish(process).status == IOERR


def test_partials(render, tmp_path):
    write_list(tmp_path / "list.csv", ["Ann"])
    (tmp_path / "foot.mustache").write_text("-- \nsent to {{email}}\n")
    (tmp_path / "draft.eml").write_text(
        "From: a@example.org\nSubject: x\n\nHi\n{{> foot}}\n")
    status, data, err = render("list.csv", "draft.eml")
    assert status == OK, err
    assert content(parse(data)) == "Hi\n-- \nsent to u0@example.org\n"


@pytest.mark.parametrize("name, words", [
    ("../foot", "draft.eml:4:4: no partial \"../foot\": its name has a slash"),
    ("/etc/passwd", "its name has a slash"),
    ("..", "that is no name of a file"),
    ("folder", "it is no regular file"),
    ("round", 'back.mustache:1:1: a partial within itself: '
              '"round > back > round"'),
    ("wrong", "wrong.mustache:2:3: no column \"nmae\"; "
              "did you mean \"name\"?"),
    ("nowhere", "draft.eml:4:4: no partial \"nowhere\""),
])
def test_partials_that_cannot_be(render, tmp_path, name, words):
    write_list(tmp_path / "list.csv", ["Ann"])
    (tmp_path / "folder").mkdir()
    (tmp_path / "round").write_text("{{> back}}")
    (tmp_path / "back.mustache").write_text("{{> round}}")
    (tmp_path / "wrong.mustache").write_bytes(b"\xef\xbb\xbffine\r\n  {{nmae}}")
    (tmp_path / "draft.eml").write_text(
        "From: a@example.org\nSubject: x\n\n12 {{> %s}}\n" % name)
    status, data, err = render("list.csv", "draft.eml")
    assert (status, data) == (DATAERR, b"") and words in err


def test_nothing_lies_beside_a_template_on_stdin(tmp_path):
    write_list(tmp_path / "list.csv", ["Ann"])
    (tmp_path / "foot").write_text("x")
    done = program.run("render", "list.csv", "-", cwd=tmp_path, given=b"From: "
                       b"a@example.org\n\n{{> foot}}\n")
    assert done.status == DATAERR
    assert 'stdin:3:1: no partial "foot": a template that is no file' \
        in done.err


def test_the_example(render, tmp_path):
    status, _, err = render("--output", tmp_path / "letters",
                            EXAMPLES / "contacts.csv", EXAMPLES / "notice.eml")
    assert status == REJECTED, err
    letters = list((tmp_path / "letters").iterdir())
    assert len(letters) == 267
    lines = (EXAMPLES / "contacts.csv").read_text("utf-8").splitlines()
    for path in letters:
        data = path.read_bytes()
        message = parse(data)
        assert not message.defects, path
        assert len(message["To"].addresses) == 1
        name = message["To"].addresses[0].display_name
        assert message["Subject"].startswith(name + ": your smoke alarms")
        row = lines[int(path.name.split(".")[0]) - 1]
        assert name in row.replace('""', '"')


def test_line_ends_of_the_template_do_not_matter(render, tmp_path):
    texts = {"draft.eml": "From: a@example.org\nSubject: one\n two {{> s}}\n\n"
                          "a\n  {{#name}}  \n  {{> foot}}\n  {{/name}}\n"
                          "{{^name}}\nno\n{{/name}}\n{{! c\n c }}\n.{{name}}\n",
             "foot": "-- \n{{#text}}\n{{text}}\n{{/text}}\n", "s": "{{name}}\n"}
    write_list(tmp_path / "list.csv", ["Ann"], ["x\ny"])
    seen = set()
    for end in ("\n", "\r\n"):
        for bom in ("", "\ufeff"):
            for name, text in texts.items():
                (tmp_path / name).write_text(
                    bom + text.replace("\n", end), "utf-8", newline="")
            status, data, err = render("list.csv", "draft.eml")
            assert status == OK, err
            message = parse(data)
            seen.add((message["Subject"], content(message)))
    assert seen == {("one two Ann", "a\n  -- \n  x\ny\n.Ann\n")}
