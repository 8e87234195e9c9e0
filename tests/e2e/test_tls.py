"""Does the relay have to prove who it is, in each way that can be asked?"""

import base64
import os
import socket
import threading

import certificate
import pytest
from program import CONFIG, NOINPUT, OK, PROTOCOL, USAGE, jsonl


@pytest.fixture
def send(run, template, contacts):
    """send(sink, option…) mails one contact, and does not try for long."""
    def send_one(sink, *options, **more):
        return run("send", "-s", sink.url, "--retry-for", 0, *options,
                   contacts(["ann@example.org"]), template, **more)
    return send_one


def pin_of(sink):
    return certificate.key_sha256(sink.ca)


def spellings(pin):
    digits = pin.hex()
    return [digits, digits.upper(),
            ":".join(digits[i:i + 2] for i in range(0, 64, 2)),
            "sha256//" + base64.b64encode(pin).decode()]


OTHER = "sha256//" + base64.b64encode(bytes(32)).decode()


def assert_taken(sink, done, relayed=1):
    assert done.status == OK, done.err
    assert len(sink.recipients()) == relayed


def assert_refused(sink, done, *said):
    assert done.status == PROTOCOL, done.err
    assert done.closing()["pending"] == 1
    assert all(text in done.err for text in said), done.err
    assert sink.recipients() == []


def test_a_pin_in_each_spelling(send, sink):
    for count, pin in enumerate(spellings(pin_of(sink)), 1):
        assert_taken(sink, send(sink, "--tls-ca", sink.ca, "--tls-pin", pin),
                     count)


def test_one_of_several_pins(send, sink):
    pin = pin_of(sink).hex()
    assert_taken(sink, send(sink, "--tls-ca", sink.ca, "--tls-pin", OTHER,
                            "--tls-pin", pin, "--tls-pin", "0" * 64))


def test_another_pin(send, sink):
    seen = spellings(pin_of(sink))[-1]
    for trust in (["--tls-ca", sink.ca], ["--tls", "unverified"]):
        done = send(sink, *trust, "--tls-pin", OTHER)
        assert_refused(sink, done, "its key is none that --tls-pin names",
                       f"--tls-pin {seen}")


def test_a_pin_does_not_replace_the_chain(send, sink):
    pin = spellings(pin_of(sink))[-1]
    done = send(sink, "--tls-pin", pin)
    assert_refused(sink, done, "signed by itself", "--tls-ca FILE",
                   f"--tls-pin {pin}")
    done = send(sink, "--tls-ca", sink.ca, "--tls-name", "a.example",
                "--tls-pin", pin)
    assert_refused(sink, done, "does not name this host", "--tls-name HOST")


def test_unverified_the_pin_alone_decides(send, sink):
    done = send(sink, "--tls", "unverified", "--tls-pin", pin_of(sink).hex(),
                "--tls-name", "a.example")
    assert_taken(sink, done)
    assert "TLS unverified: the relay is known by --tls-pin alone" in done.err


def test_unverified_and_off_are_said(send, sinks):
    sink, clear = sinks(), sinks("--tls", "off")
    done = send(sink, "--tls", "unverified")
    assert_taken(sink, done)
    assert "TLS unverified: whoever" in done.err
    done = send(clear, "--tls", "off")
    assert_taken(clear, done)
    assert "TLS off: whoever" in done.err


def test_a_name_outside_ascii(send, sinks):
    sink = sinks("--hostname", "xn--bcher-kva.example")
    for name in ("b\u00fccher.example", "B\u00dcCHER.example",
                 "xn--bcher-kva.example"):
        done = send(sink, "--tls-ca", sink.ca, "--tls-name", name)
        assert done.status == OK, done.err


# Our own certificate.

@pytest.fixture
def own(tmp_path):
    """(certificate, key) of a client, and an authority that made it."""
    certificate.authority(tmp_path, "own-ca")
    pair = certificate.server(tmp_path, "own", ca="own-ca",
                              usage="clientAuth")
    pair[1].chmod(0o600)
    return pair


def test_a_key_that_others_can_read(send, sink, own, tmp_path):
    cert, key = own
    both = tmp_path / "both.pem"
    both.write_bytes(cert.read_bytes() + key.read_bytes())
    both.chmod(0o644)
    for bits in (0o640, 0o604, 0o644):
        key.chmod(bits)
        done = send(sink, "--tls-ca", sink.ca, "--tls-cert", cert,
                    "--tls-key", key)
        assert done.status == CONFIG
        assert f"{key}: holds a private key" in done.err
        assert "chmod 600" in done.err
    done = send(sink, "--tls-ca", sink.ca, "--tls-cert", both)
    assert done.status == CONFIG and f"{both}: holds a private" in done.err
    assert sink.recipients() == []


def test_keys_that_do_not_fit(send, sink, own, tmp_path):
    cert, key = own
    other = tmp_path / "other.key"
    locked = tmp_path / "locked.key"
    certificate.openssl("genpkey", "-algorithm", "EC", "-pkeyopt",
                        "ec_paramgen_curve:prime256v1", "-out", other)
    certificate.openssl("pkey", "-in", key, "-aes256", "-passout", "pass:x",
                        "-out", locked)
    empty = tmp_path / "empty"
    empty.touch()
    for path in (other, locked, empty):
        os.chmod(path, 0o600)
    for cert_file, key_file, said in (
            (cert, other, f"{other}: is not the key of {cert}"),
            (cert, locked, f"{locked}: the key has a passphrase"),
            (cert, empty, f"{cert} and {empty}: no certificate and its key"),
            (key, key, "no certificate and its key"),
            (cert, tmp_path / "none", "none: cannot be read"),
            (tmp_path / "none", key, "none: cannot be read"),
            (tmp_path, key, "cannot be read")):
        done = send(sink, "--tls-ca", sink.ca, "--tls-cert", cert_file,
                    "--tls-key", key_file)
        unread = "cannot be read" in said
        assert done.status == (NOINPUT if unread else CONFIG), done.err
        assert said in done.err
    assert sink.recipients() == []


def test_a_key_without_its_certificate(send, sink, own):
    done = send(sink, "--tls-ca", sink.ca, "--tls-key", own[1])
    assert done.status == USAGE and "--tls-cert" in done.err


def test_our_certificate_is_shown_where_it_is_asked(send, sinks, own,
                                                    tmp_path):
    cert, key = own
    both = tmp_path / "both.pem"
    both.write_bytes(cert.read_bytes() + key.read_bytes())
    both.chmod(0o600)
    for newest in ("1.2", "1.3"):
        sink = sinks("--client-ca", tmp_path / "own-ca.pem", "--tls-max",
                     newest)
        assert_taken(sink, send(sink, "--tls-ca", sink.ca, "--tls-cert", cert,
                                "--tls-key", key))
        assert_taken(sink, send(sink, "--tls-ca", sink.ca, "--tls-cert", both),
                     2)
        done = send(sink, "--tls-ca", sink.ca)
        assert done.status == PROTOCOL, done.err
        assert len(sink.recipients()) == 2
    other = sinks("--client-ca", other_authority(tmp_path))
    done = send(other, "--tls-ca", other.ca, "--tls-cert", both)
    assert done.status == PROTOCOL, done.err
    assert other.recipients() == []


def other_authority(tmp_path):
    return certificate.authority(tmp_path, "other-ca")


# Versions, and sessions that are resumed.

def test_the_oldest_version(send, sinks):
    sink = sinks("--tls-max", "1.2")
    done = send(sink, "--tls-ca", sink.ca, "--tls-min", "1.3")
    assert_refused(sink, done, "--tls-min 1.3 may ask too much")
    assert_taken(sink, send(sink, "--tls-ca", sink.ca, "--tls-min", "1.2"))
    assert_taken(sink, send(sink, "--tls-ca", sink.ca), 2)


@pytest.mark.parametrize("newest", ["1.2", "1.3"])
def test_reconnects_resume(run, sinks, contacts, template, newest):
    people = contacts([f"p{i}@example.org" for i in range(40)])
    for tickets, resumed in ((["--no-tickets"], 0), ([], 39)):
        sink = sinks("--tls-max", newest, *tickets)
        done = run("send", "-s", sink.url, "--tls-ca", sink.ca, "-j", 1,
                   "--messages-per-session", 1, people, template)
        assert done.status == OK, done.err
        counts = sink.stop()
        assert counts["messages"] == counts["tls_sessions"] == 40
        assert counts["tls_resumed"] == resumed


def test_a_real_relay_resumes(run, postfix, contacts, template, tmp_path):
    relay = postfix()
    people = contacts([f"p{i}@example.org" for i in range(20)])
    done = run("send", "-s", relay.url, "--tls-ca", relay.ca, "-j", 1,
               "--messages-per-session", 1, "--tls-evidence", "e.jsonl",
               people, template)
    assert done.status == OK, done.err
    sessions = [line for line in jsonl((tmp_path / "e.jsonl").read_text())
                if line["type"] == "session"]
    assert len(sessions) == 20
    assert sum(line["resumed"] for line in sessions) >= 15
    assert {line["verdict"] for line in sessions} == {"verified"}


def test_two_relays_of_one_name_resume(run, sinks, contacts, template):
    """Each its own sessions: what one has sealed, the other cannot open."""
    some = [sinks(), sinks()]
    people = contacts([f"p{i}@example.org" for i in range(40)])
    done = run("send", *(word for one in some for word in ("-s", one.url)),
               "--tls", "unverified", "-j", 2, "--messages-per-session", 2,
               people, template)
    assert done.status == OK, done.err
    for one in some:
        counts = one.stop()
        assert counts["tls_resumed"] >= counts["tls_sessions"] - 2 > 2


# How full the records are.

class Counter:
    """Passes bytes on, both ways, and notes the length of each record that
    the client sends."""

    def __init__(self, port):
        self.lengths = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.listener.getsockname()[1]}"
        self.port = port
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        client, _ = self.listener.accept()
        relay = socket.create_connection(("127.0.0.1", self.port))
        threading.Thread(target=self._pass, args=(relay, client, None),
                         daemon=True).start()
        self._pass(client, relay, self.lengths)

    @staticmethod
    def _pass(source, sink, lengths):
        unread = b""
        try:
            while data := source.recv(65536):
                sink.sendall(data)
                unread += data if lengths is not None else b""
                while len(unread) >= 5 and \
                        len(unread) >= 5 + int.from_bytes(unread[3:5], "big"):
                    length = int.from_bytes(unread[3:5], "big")
                    if unread[0] == 23:
                        lengths.append(length)
                    unread = unread[5 + length:]
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass


def test_records_are_full(run, sinks, contacts, tmp_path):
    """Many commands and letters go into one."""
    sink = sinks("--tls", "implicit")
    counter = Counter(sink.port)
    (tmp_path / "t.eml").write_text(
        "From: a@example.org\nTo: {{email}}\nSubject: s\n\n" + "x" * 60 + "\n")
    people = contacts([f"p{i}@example.org" for i in range(2000)])
    done = run("send", "-s", f"smtps://{counter.address}", "--tls-ca", sink.ca,
               "-j", 1, "--window", 256, people, "t.eml")
    assert done.status == OK, done.err
    letters = counter.lengths[3:]  # behind Finished, EHLO and the probe
    assert max(letters) > 16000
    assert sum(letters) / len(letters) > 6000
