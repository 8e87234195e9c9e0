"""Is nobody mailed twice, whatever ends a run? The state, seen from outside:
the sink's own record says what was taken."""

import os
import re
import resource
import shutil
import signal
import sqlite3
import stat
import subprocess
import time

import program
import pytest
from program import (CANTCREAT, DATAERR, IOERR, LOOK, OK, REJECTED, REMAIN,
                     USAGE, by_status, report, report_file)
from test_send import trusted

USERS = [f"user{i}@example.org" for i in range(60)]
MANY = [f"user{i}@example.org" for i in range(3000)]


def rows_of(path, sql="SELECT address, status FROM delivery"):
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
        return db.execute(sql).fetchall()


def once(sink, addresses):
    """Each of them was taken once, and nobody else was."""
    assert sorted(sink.recipients()) == sorted(addresses)


# One file, and what is in it


def test_the_same_command_again_mails_nobody(run, contacts, template, sink,
                                             tmp_path):
    command = ["send", *trusted(sink), "--state", "s.db", contacts(USERS),
               template]
    assert run(*command).status == OK
    again = run(*command)
    assert again.status == OK
    assert again.closing()["sent"] == len(USERS)
    once(sink, USERS)
    assert not (tmp_path / "s.db-wal").exists()
    assert stat.S_IMODE((tmp_path / "s.db").stat().st_mode) == 0o600
    assert sorted(rows_of(tmp_path / "s.db")) == \
        sorted((user, "sent") for user in USERS)
    header = (tmp_path / "s.db").read_bytes()[:100]
    assert header[68:72] == b"msht" and header[60:64] == b"\0\0\0\1"


def test_files_are_private_while_a_run_goes_on(contacts, template, sinks,
                                               tmp_path):
    sink = sinks("--rate", "20")
    old = os.umask(0)
    try:
        process = program.start(
            "send", *trusted(sink), "--state", "s.db", contacts(USERS),
            template, cwd=tmp_path)
        limit = time.monotonic() + 20
        while len(sink.recipients()) < 3 and time.monotonic() < limit:
            time.sleep(0.02)
        for name in ("s.db", "s.db-wal", "s.db-shm"):
            assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
    finally:
        os.umask(old)
        process.kill()
        process.communicate()


def test_a_campaign_alone_has_its_file_at_home(run, contacts, template, sink,
                                               tmp_path):
    command = ["send", *trusted(sink), "--campaign", "spring", contacts(USERS),
               template]
    assert run(*command).status == OK
    assert (tmp_path / ".local/state/mailshot/spring.db").exists()
    assert run(*command, env={"XDG_STATE_HOME": str(tmp_path / "xdg")}
               ).status == OK
    assert (tmp_path / "xdg/mailshot/spring.db").exists()


def test_campaigns_of_one_file_are_apart(run, contacts, template, sink):
    for campaign in ("one", "two", "one"):
        assert run("send", *trusted(sink), "--state", "s.db", "--campaign",
                   campaign, contacts(USERS[:5]), template).status == OK
    once(sink, USERS[:5] * 2)


@pytest.mark.parametrize("name", ["a/b", ".hidden", "", "x\ny", "x" * 200])
def test_a_name_that_is_none(run, contacts, template, name):
    assert run("send", "-s", "127.0.0.1:1", "--campaign", name,
               contacts(USERS), template).status == USAGE


# Which rows are new


def test_a_longer_list_mails_the_new_rows(run, contacts, template, sink):
    options = [*trusted(sink), "--state", "s.db"]
    assert run("send", *options, contacts(USERS[:20]), template).status == OK
    turned = list(reversed([*USERS[:40], "USER3@Example.ORG"]))
    done = run("send", *options, "--report-all", "-o", "r.csv",
               contacts(turned), template)
    assert done.status == OK
    assert done.closing()["sent"] == 40 and done.closing()["duplicate"] == 1
    once(sink, USERS[:40])


def test_equal_addresses_are_told_apart_by_their_order(run, contacts, template,
                                                       sink):
    options = [*trusted(sink), "--state", "s.db", "--dedupe", "off"]
    twice = ["a@example.org", "b@example.org", "a@example.org"]
    assert run("send", *options, contacts(twice), template).status == OK
    assert run("send", *options, contacts([*twice, "a@example.org"]),
               template).status == OK
    once(sink, [*twice, "a@example.org"])


def test_the_report_speaks_of_every_row(run, contacts, template, sink,
                                        tmp_path):
    people = ["one@example.org", "bad.1@example.org", "two@example.org"]
    options = [*trusted(sink), "--state", "s.db", "--report-all", "-o",
               "r.csv", "--failed", "f.csv"]
    assert run("send", *options, contacts(people), template).status == REJECTED
    first = report_file(tmp_path / "r.csv")
    failed = (tmp_path / "f.csv").read_bytes()
    again = run("send", *options, contacts(people), template)
    assert again.status == REJECTED
    assert again.closing()["sent"] == 2 and again.closing()["rejected"] == 1

    def known(rows):
        return sorted(tuple(row.values()) for row in rows)
    assert known(report_file(tmp_path / "r.csv")) == known(first)
    assert (tmp_path / "f.csv").read_bytes() == failed
    assert len(sink.recipients()) == 2


def test_deferred_rows_go_again(run, contacts, template, sinks):
    first, second = sinks(), sinks()
    people = ["one@example.org", "full.9@example.org"]
    done = run("send", *trusted(first), "--state", "s.db", "--retry-for", "0",
               contacts(people), template)
    assert done.status == REMAIN
    assert "run the same command again" in done.err.splitlines()[-1]
    (row,) = report(done.out)
    assert (row["status"], row["attempts"]) == ("deferred", "1")
    done = run("send", *trusted(second), "--state", "s.db", "--retry-for", "0",
               contacts(people), template)
    (row,) = report(done.out)
    assert (row["status"], row["attempts"]) == ("deferred", "2")
    assert first.recipients() == ["one@example.org"]
    assert second.recipients() == []


def test_limit_by_limit(run, contacts, template, sink):
    command = ["send", *trusted(sink), "--state", "s.db", "--limit", "25",
               contacts(USERS), template]
    statuses = [run(*command).status for _ in range(3)]
    assert statuses == [REMAIN, REMAIN, OK]
    once(sink, USERS)


# What was never learned


def interrupted(contacts, template, sink, tmp_path, number, *options):
    """Ends a run by a signal when the sink has some of the rows."""
    process = program.start("send", *trusted(sink), "--state", "s.db",
                            *options, contacts(USERS), template, cwd=tmp_path)
    limit = time.monotonic() + 20
    while len(sink.recipients()) < 10 and time.monotonic() < limit:
        time.sleep(0.005)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    return process.returncode, out.decode(), err.decode()


def test_killed_and_run_again(run, contacts, template, sinks, tmp_path):
    sink = sinks("--rate", "100", maildir=True)
    interrupted(contacts, template, sink, tmp_path, signal.SIGKILL, "-j", "2")
    command = ["send", *trusted(sink), "--state", "s.db", contacts(USERS),
               template]
    done = run(*command)
    unknown = by_status(report(done.out)).get("unknown", [])
    assert done.status == (LOOK if unknown else OK)
    assert len(unknown) <= 32
    assert done.closing()["sent"] == len(USERS) - len(unknown)
    taken = sink.recipients()
    assert len(taken) == len(set(taken))
    assert set(USERS) - set(unknown) <= set(taken)

    again = run(*command)
    assert sorted(by_status(report(again.out)).get("unknown", [])) == \
        sorted(unknown)
    assert sink.recipients() == taken

    final = run(*command, "--on-unknown", "resend")
    assert final.status == OK
    assert set(sink.recipients()) == set(USERS)
    by_recipient = {}
    for message in sink.messages():
        by_recipient.setdefault(str(message["To"]), set()).add(
            str(message["Message-ID"]))
    assert all(len(ids) == 1 for ids in by_recipient.values())


def test_a_drained_run_has_no_unknown_rows(run, contacts, template, sinks,
                                           tmp_path):
    sink = sinks("--rate", "100")
    status, out, _ = interrupted(contacts, template, sink, tmp_path,
                                 signal.SIGTERM)
    assert status == REMAIN
    assert "unknown" not in by_status(report(out))
    assert not rows_of(tmp_path / "s.db", "SELECT 1 FROM delivery WHERE "
                       "status IN ('begun', 'unknown')")
    assert run("send", *trusted(sink), "--state", "s.db", contacts(USERS),
               template).status == OK
    once(sink, USERS)


def test_unknown_is_sent_again_within_a_run(run, contacts, template, sinks):
    people = ["lost.1@example.org", *USERS[:5]]
    sink = sinks(maildir=True)
    command = ["send", *trusted(sink), "--state", "s.db", "--retry-delay",
               "10ms", contacts(people), template]
    held = run(*command)
    assert held.status == LOOK
    assert by_status(report(held.out)) == {"unknown": people[:1]}
    again = run(*command, "--on-unknown", "resend", "--retry-for", "1")
    assert again.status == LOOK
    (row,) = report(again.out)
    assert row["status"] == "unknown" and int(row["attempts"]) > 2
    ids = {message["Message-ID"] for message in sink.messages()
           if "lost.1" in message["To"]}
    assert len(ids) <= 1
    assert sorted(set(sink.recipients()) - {people[0]}) == sorted(people[1:])


# What is refused


def test_another_template(run, contacts, template, sink, tmp_path):
    options = [*trusted(sink), "--state", "s.db"]
    people = contacts(USERS[:4])
    assert run("send", *options, "--limit", "2", people,
               template).status == REMAIN
    other = tmp_path / "other.eml"
    other.write_text(template.read_text() + "P.S.\n")
    refused = run("send", *options, people, other)
    assert refused.status == DATAERR
    assert "--template-changed ok" in refused.err
    assert run("send", *options, "-H", "X-New: 1", people,
               template).status == DATAERR
    assert len(sink.recipients()) == 2
    assert run("send", *options, "--template-changed", "ok", people,
               other).status == OK
    assert run("send", *options, people, other).status == OK
    once(sink, USERS[:4])


def test_a_changed_partial_is_another_template(run, contacts, sink, tmp_path):
    whole = tmp_path / "whole.eml"
    whole.write_text("From: a@example.org\nSubject: x\n\n{{> part}}\n")
    (tmp_path / "part").write_text("one")
    options = [*trusted(sink), "--state", "s.db"]
    assert run("send", *options, contacts(USERS[:1]), whole).status == OK
    (tmp_path / "part").write_text("two")
    assert run("send", *options, contacts(USERS[:2]), whole).status == DATAERR


def test_a_changed_attachment_is_another_letter(run, contacts, template, sink,
                                                tmp_path):
    (tmp_path / "a.txt").write_text("one")
    options = [*trusted(sink), "--state", "s.db", "--attach", "a.txt"]
    assert run("send", *options, contacts(USERS[:1]), template).status == OK
    assert run("send", *options, contacts(USERS[:2]), template).status == OK
    (tmp_path / "a.txt").write_text("two")
    assert run("send", *options, contacts(USERS[:3]), template
               ).status == DATAERR
    assert len(sink.recipients()) == 2


def test_two_at_a_time(run, contacts, template, sinks, tmp_path):
    sink = sinks("--rate", "20")
    command = ["send", *trusted(sink), "--state", "s.db", contacts(USERS),
               template]
    first = program.start(*command, cwd=tmp_path)
    limit = time.monotonic() + 20
    while len(sink.recipients()) < 3 and time.monotonic() < limit:
        time.sleep(0.02)
    begun = time.monotonic()
    second = run(*command)
    assert time.monotonic() - begun < 1
    assert second.status == REMAIN
    assert f"process {first.pid} " in second.err
    first.kill()
    first.communicate()
    assert run(*command).status in (OK, LOOK)
    assert len(set(sink.recipients())) == len(sink.recipients())


def test_what_is_no_state(run, contacts, template, tmp_path):
    other = tmp_path / "other.db"
    with sqlite3.connect(other) as db:
        db.execute("CREATE TABLE x(y)")
    (tmp_path / "text").write_text("hello\n" * 100)
    (tmp_path / "empty").write_text("")
    for name in ("other.db", "text", "empty"):
        before = (tmp_path / name).read_bytes()
        done = run("send", "-s", "127.0.0.1:1", "--state", name,
                   contacts(USERS), template)
        assert done.status == DATAERR and name in done.err
        assert (tmp_path / name).read_bytes() == before
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o644
    for name in ("/dev/full", "/dev/null", ".", "no/such/folder/s.db"):
        done = run("send", "-s", "127.0.0.1:1", "--state", name,
                   contacts(USERS), template)
        assert done.status == CANTCREAT and name in done.err


def test_a_dry_run_makes_no_state(run, contacts, template, sink, tmp_path):
    options = ["--state", "s.db", "--report-all", "-o", "r.csv"]
    assert run("send", "-n", *options, contacts(USERS), template).status == OK
    assert not (tmp_path / "s.db").exists()
    assert run("send", *trusted(sink), *options, contacts(USERS[:5]),
               template).status == OK
    before = (tmp_path / "s.db").read_bytes()
    done = run("send", "-n", *options, contacts(USERS), template)
    assert done.status == OK
    assert done.closing()["sent"] == 5
    assert (tmp_path / "s.db").read_bytes() == before


def test_the_state_is_no_input(run, contacts, template):
    people = contacts(USERS)
    assert run("send", "-s", "127.0.0.1:1", "--state", people, people,
               template).status == USAGE


def test_damage_is_never_a_false_sent(run, contacts, template, sink, tmp_path):
    command = ["send", *trusted(sink), "--state", "s.db", contacts(USERS),
               template]
    assert run(*command, "--limit", "30").status == REMAIN
    with sqlite3.connect(tmp_path / "s.db") as db:
        db.execute("UPDATE delivery SET status = 'sent', address = 'x' "
                   "WHERE id = 7")
    done = run(*command)
    assert done.status == DATAERR and "damaged" in done.err
    assert len(sink.recipients()) == 30


def test_no_core_of_a_lock_is_left(run, contacts, template, sink, tmp_path):
    """A process that died while it held the state never blocks the next."""
    command = ["send", *trusted(sink), "--state", "s.db", contacts(USERS),
               template]
    for _ in range(3):
        process = program.start(*command, cwd=tmp_path,
                                stderr=subprocess.DEVNULL)
        time.sleep(0.05)
        process.kill()
        process.communicate()
    assert run(*command).status in (OK, LOOK)


# No room


def test_a_full_disk_leaves_nothing_unknown(run, contacts, template, sink,
                                            tmp_path):
    """The room for the last words is held from the beginning."""
    people = contacts(MANY)
    command = ["send", *trusted(sink), "--state", "s.db", people, template]
    for limit in (120_000, 300_000):
        done = program.finish(program.start(
            *command, cwd=tmp_path, preexec_fn=lambda: resource.setrlimit(
                resource.RLIMIT_FSIZE, (limit, limit))))
        assert done.status == IOERR
        assert "s.db" in done.err
        counts = done.closing()
        assert counts["unknown"] == 0 and counts["pending"] > 0
        assert counts["sent"] == len(sink.recipients())
    assert run(*command).status == OK
    once(sink, MANY)


@pytest.mark.skipif(not shutil.which("strace"), reason="needs strace")
@pytest.mark.parametrize("fault, rerun", [
    ("pwrite64:error=ENOSPC:when=80", (OK,)),
    ("pwrite64:error=EIO:when=80", (OK, LOOK)),
    ("fdatasync:error=EIO:when=12", (OK, LOOK))])
def test_a_write_that_fails(run, contacts, template, sink, tmp_path, fault,
                            rerun):
    command = ["send", *trusted(sink), "--state", "s.db", contacts(MANY),
               template]
    made = subprocess.run(
        ["strace", "-f", "-qq", "-o", "/dev/null", "-e",
         f"trace={fault.split(':')[0]}", "-e", f"inject={fault}",
         program.BINARY, *map(str, command)], cwd=tmp_path,
        env={**program.environment(tmp_path), "ASAN_OPTIONS":
             "detect_leaks=0"}, capture_output=True, text=True, timeout=100)
    assert made.returncode == IOERR, made.stderr
    assert "s.db" in made.stderr
    taken = sink.recipients()
    assert len(taken) == len(set(taken)) < len(MANY)
    again = run(*command)
    assert again.status in rerun
    assert again.closing()["pending"] == 0
    taken = sink.recipients()
    assert len(taken) == len(set(taken))


# What other runs take from it


def test_a_state_suppresses_whom_it_lost(run, contacts, template, sink):
    people = ["one@example.org", "bad.1@example.org", "full.1@example.org"]
    assert run("send", *trusted(sink), "--state", "s.db", "--retry-for", "0",
               contacts(people), template).status == REMAIN
    done = run("send", *trusted(sink), "--suppress", "s.db", "--retry-for",
               "0", contacts(["BAD.1@example.org", *USERS[:3]]), template)
    assert done.status == OK and done.closing()["suppressed"] == 1


def test_its_own_suppressions_are_of_all_campaigns(run, contacts, template,
                                                   sink, tmp_path):
    options = [*trusted(sink), "--state", "s.db"]
    assert run("send", *options, contacts(USERS[:1]), template).status == OK
    with sqlite3.connect(tmp_path / "s.db") as db:
        db.execute("INSERT INTO suppression VALUES(?, ?, 'gone', 'test', 1)",
                   (USERS[1], USERS[1]))
    done = run("send", *options, "--campaign", "other", contacts(USERS[:3]),
               template)
    assert done.closing()["suppressed"] == 1
    assert USERS[1] not in sink.recipients()


def test_what_a_relay_teaches_is_kept(run, contacts, template, sinks):
    sink = sinks("--max-messages-per-session", "12")
    options = [*trusted(sink), "--state", "s.db", "-j", "1"]
    assert run("send", *options, contacts(USERS), template).status == OK
    assert re.search(r"relay 127\.0\.0\.1:\d+: at most 12 messages a session",
                     run("status", "s.db").out)
    more = [f"more{i}@example.org" for i in range(24)]
    before = sink.log()
    assert run("send", *options, contacts(more), template).status == OK
    assert len(sink.log()) - len(before) == len(more)
    assert sink.stop()["turned_away"] == 0


def test_exact_is_fold_to_a_state(run, contacts, template, sink):
    people = ["Ann@example.org", "ann@example.org"]
    done = run("send", *trusted(sink), "--state", "s.db", "--dedupe", "exact",
               contacts(people), template)
    assert done.closing()["duplicate"] == 1
    assert sink.recipients() == people[:1]


def test_a_letter_is_rendered_as_it_was_sent(run, contacts, template, sink):
    people = contacts(USERS[:2])
    assert run("send", *trusted(sink), "--state", "s.db", people,
               template).status == OK
    sent = {m["To"]: m["Message-ID"] for m in sink.messages()}
    shown = run("render", "--state", "s.db", "--line", "3", people, template)
    ids = re.findall(r"^Message-ID: (\S+)", shown.out, re.M)
    assert ids == [i for to, i in sent.items() if USERS[1] in to]
