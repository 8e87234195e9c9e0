"""A state file that was cut, or whose pages hold something else.

It is recovered, or refused with 65 before anything is sent; never is a row
`sent` that no relay took, and nobody is mailed twice.
"""

import random
import shutil
import time

import pytest

import program
from campaign import SESSIONS, WINDOW, Campaign, full_or

ROWS = 600
TAKEN = 400
PAGE = 4096


@pytest.fixture
def half_way(tmp_path):
    """A mailing that stopped in the middle, in good order."""
    one = Campaign(tmp_path / "campaign", ROWS)
    done = one.run("--limit", TAKEN)
    assert done.status == program.REMAIN, done.err
    assert not one.state.with_name("state.db-wal").exists()
    shutil.copy(one.state, one.home / "whole.db")
    yield one
    one.sink.kill()


def damaged(kind, chance, content, page):
    at = page * PAGE
    if kind == "cut":
        return content[:at]
    if kind == "cut within":
        return content[:at + PAGE // 3]
    new = bytes(PAGE) if kind == "zeros" else chance.randbytes(PAGE)
    if kind == "a bit":
        new = bytearray(content[at:at + PAGE])
        bit = chance.randrange(PAGE * 8)
        new[bit // 8] ^= 1 << bit % 8
    return content[:at] + bytes(new) + content[at + PAGE:]


@pytest.mark.parametrize("kind", ["cut", "cut within", "zeros", "random",
                                  "a bit"])
def test_damage(half_way, kind):
    one = half_way
    whole = (one.home / "whole.db").read_bytes()
    pages = len(whole) // PAGE
    chance = random.Random(kind)
    chosen = range(pages) if full_or(False, True) else sorted(
        {0, 1, 2, pages - 1, *(chance.randrange(pages) for _ in range(6))})
    taken = set(one.sink.recipients())
    refused = before = 0
    for page in chosen:
        for other in one.home.glob("state.db*"):
            other.unlink()
        one.state.write_bytes(damaged(kind, chance, whole, page))
        done = one.run("--limit", "1")
        new = one.sink.recipients()[TAKEN + before:]
        before += len(new)
        if done.status == program.DATAERR:
            refused += 1
            assert "state.db" in done.err and new == []
            continue
        assert done.status == program.REMAIN, (page, done.err)
        sent = {a for a, s in one.outcomes().items() if s == "sent"}
        assert sent == taken | set(new), (page, "a false sent, or one lost")
        assert not taken & set(new), (page, "mailed twice")
    assert refused > 0


# An empty file may be what is left of a state: whom it mailed is not known.
@pytest.mark.parametrize("content", [b"", b"email,name\na@b.c,x\n", b"SQLite",
                                     bytes(PAGE), b"\x00"])
def test_what_is_no_state_is_refused(tmp_path, content):
    one = Campaign(tmp_path / "c", 20)
    one.state.write_bytes(content)
    done = one.run()
    assert done.status == program.DATAERR, done.err
    assert "state.db" in done.err
    assert one.state.read_bytes() == content
    one.sink.stop()
    assert one.sink.recipients() == []


def test_another_programs_database_is_refused(tmp_path):
    import sqlite3
    one = Campaign(tmp_path / "c", 20)
    with sqlite3.connect(one.state) as other:
        other.execute("create table delivery (x)")
    other.close()
    before = one.state.read_bytes()
    done = one.run()
    assert done.status == program.DATAERR, done.err
    assert one.state.read_bytes() == before


def test_a_newer_schema_is_refused(tmp_path):
    import sqlite3
    one = Campaign(tmp_path / "c", 20)
    one.run()
    with sqlite3.connect(one.state) as state:
        version, = state.execute("pragma user_version").fetchone()
        state.execute(f"pragma user_version = {version + 1}")
    state.close()
    done = one.run()
    assert done.status == program.DATAERR, done.err


def test_a_state_with_another_name(tmp_path):
    """What was written last lies beside the name that it was told."""
    one = Campaign(tmp_path / "linked", 20, "--delay", "100")
    process = one.start()
    time.sleep(0.5)
    process.kill()
    process.communicate()
    other = one.home / "other.db"
    other.hardlink_to(one.state)
    for options in (["status", other], one.arguments("--state", other)):
        done = program.run(*options, cwd=one.home)
        assert done.status == program.DATAERR
        assert "hard link" in done.err
    other.unlink()
    one.judge(one.run_to_the_end(), SESSIONS * WINDOW)
    one.end()
