"""Do all mail readers get each file to the byte, and by its very name?"""

import email.utils
import os

import pytest

import program
import readers
import test_readers
from program import OK

NAME_BYTES_MAX = 255
LIST = "email,name\n"
DRAFT = """\
From: Notices <notices@example.org>
To: {{email}}
Reply-To: reply@example.org
Subject: x

text
"""

MORE = ["plain.pdf", "with blanks.txt", "Rechnung für Åsa.pdf", "請求書.pdf",
        "فاتورة.pdf", "🎈.png", "semi;colon, comma=equals.txt",
        "100% *star* & more.txt", "utf-8''x%20y.txt", "a'b'c", "it's.txt",
        "x" * 200 + ".txt", "é" * 120 + ".txt", "漢" * 80, ".hidden",
        "two..dots.TXT", "no ending", "DATA", "a:b|c?.txt", "~", "-", "--",
        "name*0*=x", "[x].txt", "{x}", "a\u0301.txt", "tab?", "file.tar.gz"]


def names():
    """What a file here can be called, of what the list can hold."""
    usable = [value for value in [*MORE, *test_readers.HARD]
              if "/" not in value and value not in (".", "..", "")
              and len(value.encode()) <= NAME_BYTES_MAX]
    return list(dict.fromkeys(usable))


def same(reader, seen, name):
    """Python takes blanks off the ends of a name, and quotes or brackets."""
    if reader.startswith("python"):
        return seen.strip() in (name.strip(), email.utils.unquote(name))
    return seen == name


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    into = tmp_path_factory.mktemp("files")
    (into / "draft.eml").write_text(DRAFT)
    (into / "page.html").write_text("<p>text")
    (into / "list.csv").write_text(LIST + "".join(
        f"u{i}@example.org,{test_readers.quoted(name)}\n"
        for i, name in enumerate(names())), "utf-8", newline="")
    (into / "files").mkdir()
    for i, name in enumerate(names()):
        (into / "files" / name).write_bytes(os.urandom(i * 97))
    done = program.run("render", "--output", "letters", "--html", "page.html",
                       "--attach-dir", "files", "--attach", "{{name}}",
                       "list.csv", "draft.eml", cwd=into)
    assert done.status == OK, done.err
    return into


def read(reader, paths):
    try:
        return readers.READERS[reader](paths)
    except readers.Missing as why:
        pytest.skip(str(why))


@pytest.mark.parametrize("reader", readers.READERS)
def test_files_of_rows(home, reader):
    paths = sorted((home / "letters").iterdir())
    assert len(paths) == len(names())
    seen, wrong = read(reader, paths), []
    for path in paths:
        number = test_readers.number_of(
            path.read_bytes().replace(b"To: u", b"<u").replace(
                b"@example.org\r\n", b"@example.org>\r\n", 2))
        name = names()[number]
        [(shown, data)] = seen[path.name].files.items()
        if not same(reader, shown, name):
            wrong.append(f"{reader} calls it {shown!r}, not {name!r}")
        if data != (home / "files" / name).read_bytes():
            wrong.append(f"{reader} has other bytes of {name!r}")
    assert not wrong, "\n".join(wrong)
