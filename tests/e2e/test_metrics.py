"""--metrics: what the node exporter would read, while it runs and after."""

import re
import stat
import time

import program


def samples(text):
    """Each sample's value, by name and labels."""
    found = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            name, value = line.rsplit(" ", 1)
            assert re.fullmatch(r'[a-z_]+\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")?\}',
                                name), line
            assert name not in found
            found[name] = int(value)
    return found


def test_a_run_that_ended(run, sink, contacts, template, tmp_path):
    contacts([f"u{i}@example.org" for i in range(5)] + ["bad.b@example.org"])
    done = run("send", "-s", sink.url, "--tls-ca", sink.ca, "--metrics",
               "m.prom", "contacts.csv", template)
    assert done.status == program.REJECTED
    path = tmp_path / "m.prom"
    found = samples(path.read_text())
    label = '{mailing="contacts.csv"'
    assert found["mailshot_rows" + label + "}"] == 6
    assert found["mailshot_running" + label + "}"] == 0
    assert found["mailshot_exit_status" + label + "}"] == program.REJECTED
    closing = done.closing()
    for name in program.OUTCOMES:
        sample = f'mailshot_rows_settled{label},status="{name}"}}'
        assert found[sample] == closing[name]
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_one_that_runs(sinks, contacts, template, tmp_path):
    sink = sinks("--delay", "400")
    contacts(["u@example.org"])
    process = program.start(
        "send", "-s", sink.url, "--tls-ca", sink.ca, "--metrics", "m.prom",
        "--campaign", "news", "--state", "s.db", "contacts.csv", template,
        cwd=tmp_path)
    path, limit = tmp_path / "m.prom", time.monotonic() + 10
    while not path.exists() and time.monotonic() < limit:
        time.sleep(0.01)
    found = samples(path.read_text())
    assert found['mailshot_running{mailing="news"}'] == 1
    assert not any("exit_status" in name for name in found)
    assert program.finish(process).status == program.OK
    assert samples(path.read_text())['mailshot_running{mailing="news"}'] == 0


def test_where_it_cannot_be_made_nothing_is_sent(run, sink, contacts,
                                                 template):
    contacts(["u@example.org"])
    done = run("send", "-s", sink.url, "--tls-ca", sink.ca, "--metrics",
               "no/such/m.prom", "contacts.csv", template)
    assert done.status == program.CANTCREAT
    assert "no/such/m.prom" in done.err
    assert sink.recipients() == []


def test_where_it_can_no_longer_be_written_no_row_is_in_doubt(
        sinks, contacts, template, tmp_path):
    sink = sinks("--delay", "400")
    contacts([f"u{i}@example.org" for i in range(500)])
    folder = tmp_path / "m"
    folder.mkdir()
    process = program.start(
        "send", "-s", sink.url, "--tls-ca", sink.ca, "-j", 2, "--metrics",
        "m/m.prom", "contacts.csv", template, cwd=tmp_path)
    path, limit = folder / "m.prom", time.monotonic() + 10
    while not path.exists() and time.monotonic() < limit:
        time.sleep(0.01)
    path.unlink()
    folder.rmdir()
    done = program.finish(process, 30)
    assert done.status == program.IOERR and "m/m.prom" in done.err
    closing = done.closing()
    assert closing["unknown"] == 0 and closing["pending"] > 0
    assert len(sink.recipients()) == closing["sent"] > 0
