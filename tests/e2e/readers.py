"""What do mail readers see in a letter?

Python's email package by its new policy and by its old one, GMime and, where
there is npm, mailparser. Each takes files and gives a Seen for each.
"""

import base64
import dataclasses
import email
import email.header
import email.policy
import email.utils
import functools
import json
import os
import pathlib
import re
import shutil
import subprocess

import cache
import program

HERE = program.TOP / "tests/readers"
BUILD = pathlib.Path(os.environ.get("MAILSHOT_BUILD", program.TOP / "build"))


# What readers do to a display name that no writer can help: these take blanks
# off its ends, be they quoted or encoded, ...
TRIMS = {"gmime", "mailparser"}
# ... this one keeps the line ends of a name that is folded, ...
FOLDS = {"gmime"}
# ... and this one, before Python 3.13, puts a blank between the encoded-words
# of a name, and makes all white space within one of them a single blank.
BLANKS = {"python-new"}


def same_name(reader, shown, meant, raw):
    """raw is the letter, as it came to that reader."""
    several = re.search(rb"\?=\r\n =\?", raw)
    white = "=?" in raw.decode("utf-8") and re.search(r"\s\s|[^\S ]", meant)
    if reader in BLANKS and (several or white):
        return re.sub(r"\s", "", shown) == re.sub(r"\s", "", meant)
    if reader in FOLDS:
        shown = shown.replace("\r\n ", " ")
    if reader in TRIMS:
        return shown.strip() == meant.strip()
    return shown == meant


class Missing(Exception):
    """Why a reader is not here."""


@dataclasses.dataclass
class Seen:
    subject: str
    to: list        # of (name, address)
    reply_to: list
    text: str
    html: str
    files: dict = dataclasses.field(default_factory=dict)  # name: bytes


def lines(text):
    """With the line ends of the place."""
    return (text or "").replace("\r\n", "\n")


def bodies(message):
    """The text of each kind."""
    found = {}
    for part in message.walk():
        if part.get_content_maintype() == "text" and not part.get_filename():
            found[part.get_content_subtype()] = lines(
                part.get_payload(decode=True).decode("utf-8"))
    return found


def files(message):
    return {part.get_filename(): part.get_payload(decode=True)
            for part in message.walk() if part.get_filename() is not None}


def python_new(path):
    message = email.message_from_bytes(path.read_bytes(),
                                       policy=email.policy.default)
    assert not message.defects
    assert not [part.defects for part in message.walk() if part.defects]

    def boxes(name):
        return [(box.display_name, box.addr_spec)
                for box in message[name].addresses]
    text = bodies(message)
    return Seen(str(message["Subject"]), boxes("To"), boxes("Reply-To"),
                text["plain"], text["html"], files(message))


def decoded(raw):
    return str(email.header.make_header(email.header.decode_header(raw)))


def python_old(path):
    message = email.message_from_bytes(path.read_bytes())

    def unfolded(name):
        return re.sub("\r?\n(?=[ \t])", "", message[name])

    def boxes(name):
        return [(decoded(shown), address) for shown, address
                in email.utils.getaddresses([unfolded(name)])]
    text = bodies(message)
    return Seen(decoded(unfolded("Subject")), boxes("To"), boxes("Reply-To"),
                text["plain"], text["html"], files(message))


def each(read, paths):
    return {path.name: read(path) for path in paths}


def gmime(paths):
    reader = BUILD / "tests/read_gmime"
    if not reader.exists():
        raise Missing(f"{reader} is not built")
    done = subprocess.run([reader, *paths], capture_output=True, check=True)
    return {pathlib.Path(o["path"]).name: Seen(
        o["subject"], [(o["to_name"], o["to_address"])],
        [(o["reply_to_name"], o["reply_to_address"])],
        lines(o["text"]), lines(o["html"]),
        {o[key]: base64.b64decode(o["bytes" + key[4:]])
         for key in o if key.startswith("file")})
        for o in map(json.loads, done.stdout.splitlines())}


@functools.cache
def mailparser_directory():
    """Installed outside the tree, once for a lock file."""
    if not shutil.which("npm") or not shutil.which("node"):
        raise Missing("no npm or no node here, for mailparser")
    into = cache.directory("mailparser")
    with cache.one_at_a_time():
        install_mailparser(into)
    return into


def install_mailparser(into):
    lock = HERE / "package-lock.json"
    mark = into / "installed.json"
    if mark.exists() and mark.read_bytes() == lock.read_bytes():
        return
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, into)
    done = subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=into,
                          capture_output=True, text=True)
    if done.returncode:
        raise Missing("npm cannot install mailparser: "
                      + (done.stderr.strip().splitlines() or ["?"])[-1])
    shutil.copy(lock, mark)


def mailparser(paths):
    modules = mailparser_directory() / "node_modules"
    done = subprocess.run(
        ["node", HERE / "mailparser.js", paths[0].parent], check=True,
        capture_output=True, env={**os.environ, "NODE_PATH": str(modules)})
    return {o["file"]: Seen(o["subject"], [tuple(box) for box in o["to"]],
                            [tuple(box) for box in o["reply_to"]],
                            lines(o["text"]), lines(o["html"]),
                            {name: base64.b64decode(data)
                             for name, data in o["files"]})
            for o in map(json.loads, done.stdout.splitlines())}


READERS = {
    "python-new": functools.partial(each, python_new),
    "python-old": functools.partial(each, python_old),
    "gmime": gmime,
    "mailparser": mailparser,
}
