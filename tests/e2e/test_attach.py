"""Do files, and a second form in HTML, arrive as they were meant?

Python's email package reads the letters back."""

import email
import email.policy
import os
import socket

import pytest

import program
from program import DATAERR, NOINPUT, OK, REJECTED, USAGE, report

DRAFT = "From: a@example.org\nTo: {{email}}\nSubject: x\n\nDear {{name}}\n"
LIST = "email,name,id\nann@example.org,Ann <&>,1\nbob@example.org,Bob,2\n"

NAMES = [
    "plain.pdf",
    "with blanks.txt",
    "Rechnung für Åsa.pdf",
    "請求書.pdf",
    "فاتورة.pdf",
    "🎈🎈.png",
    "e\u0301 and \u0301alone.txt",
    "=?utf-8?q?not_decoded?=.txt",
    "quote\"back\\slash'.txt",
    "semi;colon, comma=equals.txt",
    "100% *star*.txt",
    "utf-8''x%20y.txt",
    "x" * 150 + ".txt",
    "é" * 100 + ".txt",
    "DATA",
    ".hidden",
    "no ending",
    "two..dots.TXT",
    "<b>&amp;.html",
]


@pytest.fixture
def draft(tmp_path):
    (tmp_path / "draft.eml").write_text(DRAFT)
    (tmp_path / "list.csv").write_text(LIST, "utf-8")


@pytest.fixture
def render(tmp_path, draft):
    """render(option…): the first row's letter, parsed."""
    def render_here(*options):
        process = program.start("render", *options, "list.csv", "draft.eml",
                                cwd=tmp_path)
        out, err = process.communicate(timeout=60)
        assert not program.SANITIZED.search(err.decode()), err
        assert process.returncode == OK, err
        assert max(map(len, out.split(b"\r\n"))) <= 998
        return email.message_from_bytes(out, policy=email.policy.default)
    return render_here


def shape(part):
    """Types, as they stand one in the other."""
    if not part.is_multipart():
        return part.get_content_type()
    return (part.get_content_subtype(), *map(shape, part.iter_parts()))


def text_of(part):
    return part.get_content().replace("\r\n", "\n")


def files_of(message):
    return {part.get_filename(): part.get_payload(decode=True)
            for part in message.walk() if part.get_filename() is not None}


def test_html_beside_the_text(render, tmp_path):
    (tmp_path / "draft.html").write_text("<p>Dear {{name}}, {{{name}}}\n")
    message = render("--html", "draft.html")
    assert shape(message) == ("alternative", "text/plain", "text/html")
    text, html = message.iter_parts()
    assert text_of(text) == "Dear Ann <&>\n"
    assert text_of(html) == "<p>Dear Ann &lt;&amp;&gt;, Ann <&>\n"
    assert not message.defects


def test_html_has_partials_of_its_own_folder(render, tmp_path):
    (tmp_path / "web").mkdir()
    (tmp_path / "web/draft.html").write_text("{{> foot}}", "utf-8")
    (tmp_path / "web/foot.mustache").write_text("<i>für {{name}}</i>", "utf-8")
    _, html = render("--html", "web/draft.html").iter_parts()
    assert text_of(html) == "<i>für Ann &lt;&amp;&gt;</i>"


@pytest.mark.parametrize("text, message", [
    ("{{nmae}}", "page.html:1:1: no column \"nmae\"; did you mean \"name\"?"),
    ("x\n\x01", "page.html:2:1: a control character (0x01)"),
])
def test_html_that_is_wrong(run, draft, tmp_path, text, message):
    (tmp_path / "page.html").write_text(text)
    done = run("check", "--html", "page.html", "list.csv", "draft.eml")
    assert done.status == DATAERR and message in done.err


def test_html_in_another_charset(run, draft, tmp_path):
    (tmp_path / "page.html").write_bytes(b"<p>Gr\xfc\xdfe")
    done = run("check", "--html", "page.html", "list.csv", "draft.eml")
    assert done.status == DATAERR
    assert "page.html:1:6: bytes that are no UTF-8" in done.err


def test_html_goes_with_a_plain_template(run, draft, tmp_path):
    (tmp_path / "page.html").write_text("<p>")
    for kind in "text/html", "multipart/mixed; boundary=x":
        (tmp_path / "draft.eml").write_text(
            f"From: a@example.org\nContent-Type: {kind}\n\n--x\n\nx\n--x--\n")
        done = run("check", "--html", "page.html", "list.csv", "draft.eml")
        assert done.status == DATAERR
        assert "--html goes with a template of plain text" in done.err
    done = run("check", "--html", "none.html", "list.csv", "draft.eml")
    assert done.status == NOINPUT
    done = run("check", "--html", "-", "list.csv", "draft.eml")
    assert done.status == USAGE


def test_files_arrive_byte_for_byte_by_their_names(render, tmp_path):
    (tmp_path / "files").mkdir()
    content = {name: os.urandom(77 * i) for i, name in enumerate(NAMES)}
    for name, data in content.items():
        (tmp_path / "files" / name).write_bytes(data)
    message = render(*(option for name in NAMES
                       for option in ("--attach", f"files/{name}")))
    assert not message.defects
    assert shape(message)[:2] == ("mixed", "text/plain")
    assert files_of(message) == content
    for part in message.iter_attachments():
        assert part.get_content_disposition() == "attachment"
        assert not part.defects


@pytest.mark.parametrize("name, data, kind", [
    ("a.PDF", b"x", "application/pdf"),
    ("a.docx", b"x", "application/vnd.openxmlformats-officedocument."
                     "wordprocessingml.document"),
    ("a.txt", b"x", "text/plain"),
    ("a.eml", b"x", "application/octet-stream"),
    ("a", b"", "application/octet-stream"),
])
def test_content_types(render, tmp_path, name, data, kind):
    (tmp_path / name).write_bytes(data)
    part, = render("--attach", name).iter_attachments()
    assert part.get_content_type() == kind
    assert part.get_payload(decode=True) == data


def test_an_attached_text_says_its_charset(render, tmp_path):
    (tmp_path / "a.txt").write_text("für", "utf-8")
    part, = render("--attach", "a.txt").iter_attachments()
    assert part.get_content() == "für"


def test_pictures_that_the_html_shows(render, tmp_path):
    (tmp_path / "page.html").write_text('<img src="cid:logo.png">')
    (tmp_path / "logo.png").write_bytes(b"\x89PNG")
    (tmp_path / "ogo.png").write_bytes(b"other")
    message = render("--html", "page.html", "--attach", "ogo.png",
                     "--attach", "logo.png")
    assert shape(message) == (
        "mixed", ("alternative", "text/plain",
                  ("related", "text/html", "image/png")), "image/png")
    related = [p for p in message.walk()
               if p.get_content_type() == "multipart/related"][0]
    assert related.get_param("type") == "text/html"
    shown = list(related.iter_parts())[1]
    assert shown["Content-ID"] == "<logo.png>"
    assert shown.get_content_disposition() == "inline"
    assert files_of(message) == {"logo.png": b"\x89PNG", "ogo.png": b"other"}


def test_pictures_of_a_template_in_html(render, tmp_path):
    (tmp_path / "draft.eml").write_text(
        "From: a@example.org\nContent-Type: text/html\n\n"
        "<img src='cid:logo.png'>{{name}}\n")
    (tmp_path / "logo.png").write_bytes(b"\x89PNG")
    message = render("--attach", "logo.png")
    assert shape(message) == ("related", "text/html", "image/png")


def test_a_multipart_gets_its_files_behind_its_own(render, tmp_path):
    (tmp_path / "draft.eml").write_text(
        "From: a@example.org\nContent-Type: multipart/mixed; boundary=x\n\n"
        "--x\n\n{{name}}\n--x\nContent-Type: image/png\n\nown\n--x--\n")
    (tmp_path / "a.pdf").write_bytes(b"pdf")
    assert shape(render("--attach", "a.pdf")) == (
        "mixed", "text/plain", "image/png", "application/pdf")


@pytest.fixture
def invoices(tmp_path, draft):
    folder = tmp_path / "invoices"
    folder.mkdir()
    (folder / "1.pdf").write_bytes(b"one")
    (folder / "2.pdf").write_bytes(b"two")
    return folder


PER_ROW = ["--attach-dir", "invoices", "--attach", "{{id}}.pdf"]


def test_each_row_has_its_file(run, sink, invoices):
    done = run("send", "-s", sink.url, "--tls-ca", sink.ca, *PER_ROW,
               "list.csv", "draft.eml")
    assert done.status == OK, done.err
    assert {m["To"]: files_of(m) for m in sink.messages()} == {
        "ann@example.org": {"1.pdf": b"one"},
        "bob@example.org": {"2.pdf": b"two"}}


def test_rows_share_a_transaction_only_with_the_same_file(run, sink, tmp_path,
                                                          invoices):
    (tmp_path / "draft.eml").write_text(
        "From: a@example.org\nTo: you@example.org\n\nx\n")
    (tmp_path / "list.csv").write_text(
        "email,id\n" + "".join(f"u{i}@example.org,{i // 3}\n"
                               for i in range(3, 9)))
    (invoices / "1.pdf").write_bytes(os.urandom(20000))
    (invoices / "2.pdf").write_bytes(os.urandom(20000))
    done = run("send", "-s", sink.url, "--tls-ca", sink.ca, "--batch", 10,
               "-j", 1, *PER_ROW, "list.csv", "draft.eml")
    assert done.status == OK, done.err
    assert [line["recipients"] for line in sink.log()] == [
        [f"u{i}@example.org" for i in three] for three in ((3, 4, 5),
                                                           (6, 7, 8))]
    ids = [m["Message-ID"] for m in sink.messages()]
    assert len(set(ids)) == 2


@pytest.mark.parametrize("file, folder", [
    ("invoices/{{id}}.pdf", "invoices"),
    ("invoices/{{id}}.pdf", "invoices//"),
    ("./{{id}}.pdf", "./invoices"),
    ("../invoices/{{id}}.pdf", "invoices"),
])
def test_ways_to_name_a_file_beneath(run, invoices, file, folder):
    done = run("check", "--attach-dir", folder, "--attach", file, "list.csv",
               "draft.eml")
    if file.startswith(".."):
        assert done.status == REJECTED
        assert "not beneath --attach-dir" in done.out
    else:
        assert done.status == OK, done.out


def test_absolute_ways(run, invoices, tmp_path):
    def check(*options):
        return run("check", *options, "list.csv", "draft.eml")
    assert check("--attach-dir", invoices, "--attach",
                 f"{invoices}/{{{{id}}}}.pdf").status == OK
    assert check("--attach-dir", tmp_path, "--attach",
                 f"{invoices}/{{{{id}}}}.pdf").status == OK
    (tmp_path / "terms.txt").write_text("x")
    assert check(*PER_ROW, "--attach", tmp_path / "terms.txt").status == OK
    done = check(*PER_ROW, "--attach", "../terms.txt")
    assert done.status == NOINPUT and "not beneath" in done.err


def test_a_missing_file_makes_its_row_invalid(run, sink, invoices):
    (invoices / "2.pdf").unlink()
    done = run("check", *PER_ROW, "list.csv", "draft.eml")
    assert done.status == REJECTED
    assert done.out == ('list.csv:3: invalid: attachment "2.pdf": No such '
                        "file or directory (bob@example.org)\n")
    done = run("send", "-s", sink.url, "--tls-ca", sink.ca, *PER_ROW,
               "list.csv", "draft.eml")
    assert done.status == REJECTED
    assert [(r["address"], r["status"]) for r in report(done.out)] == [
        ("bob@example.org", "invalid")]
    assert sink.recipients() == ["ann@example.org"]
    done = run("send", "-s", sink.url, *PER_ROW, "--max-invalid", 10,
               "list.csv", "draft.eml")
    assert done.status == DATAERR


def spoil(kind, path, outside):
    path.unlink()
    if kind == "FIFO":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as s:
            s.bind(str(path))
    elif kind == "link out":
        path.symlink_to(outside)
    elif kind == "relative link out":
        path.symlink_to("../" + outside.name)
    elif kind == "loop":
        path.symlink_to(path.name)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "large":
        with path.open("wb") as file:
            file.truncate((64 << 20) + 1)


@pytest.mark.parametrize("kind, why", [
    ("FIFO", "no regular file"),
    ("socket", "no regular file"),
    ("folder", "a folder"),
    ("link out", "not beneath --attach-dir"),
    ("relative link out", "not beneath --attach-dir"),
    ("device", "not beneath --attach-dir"),
    ("loop", "a symbolic link that may not be followed"),
    ("large", "larger than 64 MiB"),
])
def test_what_is_no_file_makes_its_row_invalid(run, invoices, tmp_path, kind,
                                               why):
    outside = tmp_path / "outside.pdf"
    outside.write_bytes(b"secret")
    spoil(kind, invoices / "2.pdf", outside)
    done = run("check", *PER_ROW, "list.csv", "draft.eml", timeout=20)
    assert done.status == REJECTED
    assert f'invalid: attachment "2.pdf": {why}' in done.out


@pytest.mark.parametrize("kind, why", [
    ("FIFO", "no regular file"), ("device", "no regular file"),
    ("folder", "a folder"), ("missing", "No such file or directory"),
    ("large", "larger than 64 MiB")])
def test_what_is_no_file_ends_the_run(run, invoices, tmp_path, kind, why):
    spoil(kind, invoices / "2.pdf", tmp_path)
    done = run("send", "-s", "127.0.0.1:1", "--attach", "invoices/2.pdf",
               "list.csv", "draft.eml", timeout=20)
    assert done.status == NOINPUT
    assert done.err.startswith(
        f'mailshot: --attach: attachment "invoices/2.pdf": {why}')
    assert done.err.count("\n") == 1 and done.out == ""


def test_a_link_that_stays_beneath_is_followed(run, invoices):
    (invoices / "2.pdf").unlink()
    (invoices / "2.pdf").symlink_to("1.pdf")
    assert run("check", *PER_ROW, "list.csv", "draft.eml").status == OK


@pytest.mark.parametrize("value", ["../outside", "/etc/passwd#", "..", ".",
                                   "a/../../outside", '"x\ny"', "x\ty"])
def test_values_lead_nowhere_else(run, draft, invoices, tmp_path, value):
    (tmp_path / "outside.pdf").write_bytes(b"secret")
    (tmp_path / "list.csv").write_text(
        f"email,name,id\nann@example.org,Ann,{value}\n")
    done = run("check", *PER_ROW, "list.csv", "draft.eml")
    assert done.status == REJECTED, done.err


def test_an_empty_field_names_no_file(run, draft, invoices, tmp_path):
    (tmp_path / "list.csv").write_text("email,name,id\nann@example.org,Ann,\n")
    done = run("check", *PER_ROW, "list.csv", "draft.eml")
    assert 'column "id" is empty' in done.out


def test_options_that_are_wrong(run, draft):
    done = run("check", "--attach", "{{id}}.pdf", "list.csv", "draft.eml")
    assert done.status == USAGE and "needs --attach-dir" in done.err
    done = run("check", "--attach-dir", "none", "--attach", "x", "list.csv",
               "draft.eml")
    assert done.status == NOINPUT
    done = run("check", "--attach", "", "list.csv", "draft.eml")
    assert done.status == USAGE
    done = run("check", "--attach-dir", ".", "--attach", "{{nmae}}",
               "list.csv", "draft.eml")
    assert done.status == DATAERR and 'did you mean "name"?' in done.err


def test_an_output_is_no_attachment(run, invoices):
    done = run("send", "-n", "-o", "invoices/1.pdf", "--attach",
               "invoices/1.pdf", "list.csv", "draft.eml")
    assert done.status == USAGE and "are one file" in done.err
    assert (invoices / "1.pdf").read_bytes() == b"one"
    done = run("send", "-n", "-o", "invoices/1.pdf", "--attach-dir",
               "invoices", "--attach", "1.pdf", "list.csv", "draft.eml")
    assert done.status == USAGE and "are one file" in done.err
    (invoices / "page.html").write_text("x")
    done = run("send", "-n", "--failed", "invoices/page.html", "--html",
               "invoices/page.html", "list.csv", "draft.eml")
    assert done.status == USAGE and "are one file" in done.err


def peak_kb(tmp_path, sink, rows, *options, name="u"):
    """The most memory that the program had."""
    (tmp_path / "list.csv").write_text("email,id\n" + "".join(
        f"{name}{i}@example.org,{i}\n" for i in range(rows)))
    sanitizer = {"ASAN_OPTIONS": f"exitcode={program.SANITIZER_STATUS}:"
                                 "quarantine_size_mb=4"}
    process = program.start("send", "-s", sink.url, "--tls-ca", sink.ca,
                            "-j", 2, *options, "list.csv", "draft.eml",
                            cwd=tmp_path, env=sanitizer)
    out, err = process.stdout.read(), process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == OK, err
    return usage.ru_maxrss


def test_an_attachment_is_there_once_for_all_rows(sinks, draft, tmp_path):
    sink = sinks()
    (tmp_path / "draft.eml").write_text(DRAFT.replace("{{name}}", "{{id}}"))
    (tmp_path / "a.bin").write_bytes(os.urandom(1 << 20))
    few = peak_kb(tmp_path, sink, 1, "--attach", "a.bin")
    many = peak_kb(tmp_path, sink, 300, "--attach", "a.bin")
    assert many < few + 20000


def test_files_of_rows_are_remembered_up_to_a_bound(sinks, invoices,
                                                    tmp_path):
    sink = sinks()
    (tmp_path / "draft.eml").write_text(DRAFT.replace("{{name}}", "{{id}}"))
    for i in range(150):
        (invoices / f"{i}.pdf").write_bytes(os.urandom(1 << 20))
    few = peak_kb(tmp_path, sink, 60, *PER_ROW)
    many = peak_kb(tmp_path, sink, 150, *PER_ROW)
    assert many < few + 30000
    # Rows that wait to go again have no files with them.
    waiting = peak_kb(tmp_path, sink, 150, *PER_ROW, "--retry-delay", "2s",
                      name="grey")
    assert waiting < few + 40000


def test_what_changes_a_letter_is_noticed_by_its_campaign(run, sink, invoices,
                                                          tmp_path):
    def send(*options):
        return run("send", "-s", sink.url, "--tls-ca", sink.ca, "--state",
                   "state.db", *PER_ROW, *options, "list.csv", "draft.eml")
    (invoices / "terms.txt").write_bytes(b"old")
    (tmp_path / "page.html").write_text("<p>old")
    same = ["--attach", "terms.txt", "--html", "page.html",
            "--unsubscribe-url", "https://example.org/{{id}}"]
    assert send(*same).status == OK
    assert send(*same).status == OK
    for options in [same[:4], same[2:], same[:2] + same[4:],
                    [*same[:5], "https://example.org/"]]:
        assert send(*options).status == DATAERR
    (invoices / "1.pdf").write_bytes(b"a row's own may be mended")
    assert send(*same).status == OK
    (invoices / "terms.txt").write_bytes(b"new")
    assert send(*same).status == DATAERR
    (invoices / "terms.txt").write_bytes(b"old")
    (tmp_path / "page.html").write_text("<p>new")
    assert send(*same).status == DATAERR
    assert len(sink.recipients()) == 2
