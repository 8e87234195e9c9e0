"""Does a relay that says nothing any more hold up its own session alone, and
no longer than --timeout?"""

import time

import pytest

import program


@pytest.mark.parametrize("tier", ["stream", "group", "lockstep"])
def test_silence_ends_after_the_timeout(run, contacts, template, sink, tier):
    began = time.monotonic()
    done = run("send", "-s", sink.url, "--tls-ca", sink.ca, "--pipeline", tier,
               "-j", 1, "--timeout", "2s", "--retry-for", "0s", "--report-all",
               contacts(["mute@example.org"]), template, timeout=20)
    assert 1.5 < time.monotonic() - began < 10
    assert done.status == program.LOOK
    assert done.closing()["unknown"] == 1
    assert sink.log() == []


@pytest.mark.parametrize("tier", ["stream", "group", "lockstep"])
def test_silence_holds_up_its_own_session_alone(run, contacts, template, sink,
                                                tier):
    others = [f"u{i}@example.org" for i in range(50)]
    done = run("send", "-s", sink.url, "--tls-ca", sink.ca, "--pipeline", tier,
               "-j", 2, "--timeout", "4s", "--retry-for", "10s", "--window", 1,
               "--report-all", contacts(["mute@example.org", *others]),
               template, timeout=60)
    found = program.by_status(program.report(done.out))
    assert found["unknown"] == ["mute@example.org"]
    assert sorted(found["sent"]) == sorted(others)
    assert done.status == program.LOOK
    assert sorted(sink.recipients()) == sorted(others)


@pytest.mark.parametrize("tier", ["stream", "group", "lockstep"])
def test_a_late_reply_is_waited_for(run, contacts, template, sink, tier):
    rows = ["slow.1@example.org", "a@example.org", "slow.2@example.org"]
    done = run("send", "-s", sink.url, "--tls-ca", sink.ca, "--pipeline", tier,
               "-j", 1, "--timeout", "3s", contacts(rows), template)
    assert done.status == program.OK
    assert sorted(sink.recipients()) == sorted(rows)
