"""A name with several addresses, and several addresses of our own.

The names are in a hosts file that the program alone sees, in a name space of
its own: for root."""

import collections
import os
import shlex
import socket
import subprocess
import threading
import time

import pytest

import program
from program import OK, UNAVAILABLE, USAGE

UNSHARE = ["unshare", "--mount", "--propagation", "private"]
CLUSTER = "cluster.example"


class Relay:
    """Speaks SMTP in clear, and keeps who came from where and for whom."""

    def __init__(self, host, port=0, banner=b"220 here\r\n"):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.listener = socket.create_server((host, port), family=family)
        self.port = self.listener.getsockname()[1]
        self.banner = banner
        self.peers, self.taken, self.hellos = [], [], []
        threading.Thread(target=self._listen, daemon=True).start()

    def stop(self):
        self.listener.close()

    def _listen(self):
        while True:
            try:
                connection, peer = self.listener.accept()
            except OSError:
                return
            self.peers.append(peer[0])
            threading.Thread(target=self._serve, args=(connection,),
                             daemon=True).start()

    def _serve(self, connection):
        with connection, connection.makefile("rb") as lines:
            try:
                connection.sendall(self.banner)
                if self.banner.startswith(b"220"):
                    self._talk(connection, lines)
            except OSError:
                pass

    def _talk(self, connection, lines):
        for line in lines:
            verb = line[:4].upper()
            if verb == b"EHLO":
                self.hellos.append(line[5:].strip().decode())
            if verb == b"RCPT":
                self.taken.append(line.split(b"<")[1].split(b">")[0].decode())
            connection.sendall(b"354 go on\r\n" if verb == b"DATA"
                               else b"250 ok\r\n")
            if verb == b"DATA":
                while lines.readline() not in (b".\r\n", b""):
                    pass
                time.sleep(0.002)
                connection.sendall(b"250 taken\r\n")


@pytest.fixture
def relay():
    """relay(host, port, banner) starts one; all end with the test."""
    started = []

    def start(*arguments, **more):
        started.append(Relay(*arguments, **more))
        return started[-1]
    yield start
    for one in started:
        one.stop()


@pytest.fixture
def cluster(tmp_path):
    """cluster(addresses): words that run a command where CLUSTER has them."""
    if os.geteuid() != 0:
        pytest.skip("a hosts file of its own is for root alone")
    tried = subprocess.run([*UNSHARE, "true"], capture_output=True, text=True)
    if tried.returncode:
        pytest.skip(f"no name space of its own: {tried.stderr.strip()}")

    def words(addresses):
        hosts = tmp_path / "hosts"
        hosts.write_text("".join(f"{a} {CLUSTER}\n" for a in addresses))
        return [*UNSHARE, "sh", "-c",
                f"mount --bind {shlex.quote(str(hosts))} /etc/hosts && "
                'exec "$@"', "sh"]
    return words


@pytest.fixture
def send(contacts, template, tmp_path):
    """send(words before, rows, server, option…)."""
    def go(before, rows, server, *more, timeout=60):
        path = contacts([f"u{i}@d{i % 5}.example" for i in range(rows)])
        process = subprocess.Popen(
            [*before, program.BINARY, "send", "-s", server, "--tls", "off",
             "--report", "r.csv", "--report-all", *map(str, more), path,
             template], cwd=tmp_path, env=program.environment(tmp_path),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)
        return program.finish(process, timeout)
    return go


def all_once(rows, *relays):
    taken = collections.Counter(r for one in relays for r in one.taken)
    assert len(taken) == rows and set(taken.values()) == {1}


def test_all_addresses_are_used(cluster, relay, send):
    a = relay("127.0.0.2")
    others = [relay(host, a.port) for host in ("127.0.0.3", "127.0.0.4")]
    done = send(cluster(["127.0.0.2", "127.0.0.3", "127.0.0.4"]), 300,
                f"{CLUSTER}:{a.port}", "-j", 3)
    assert done.status == OK, done.err
    all_once(300, a, *others)
    assert min(len(one.taken) for one in (a, *others)) > 20


def test_both_families_are_used(cluster, relay, send):
    four = relay("127.0.0.1")
    six = relay("::1", four.port)
    done = send(cluster(["127.0.0.1", "::1"]), 200, f"{CLUSTER}:{four.port}",
                "-j", 2)
    assert done.status == OK, done.err
    all_once(200, four, six)
    assert min(len(one.taken) for one in (four, six)) > 20


@pytest.mark.parametrize("order", [0, 1])
def test_one_that_is_down_costs_nothing(cluster, relay, send, order):
    a = relay("127.0.0.2")
    addresses = ["127.0.0.2", "127.0.0.9"][::1 - 2 * order]
    began = time.monotonic()
    done = send(cluster(addresses), 100, f"{CLUSTER}:{a.port}", "-j", 2)
    assert done.status == OK, done.err
    assert time.monotonic() - began < 5
    all_once(100, a)


def test_one_that_turns_us_away_rests_alone(cluster, relay, send):
    a = relay("127.0.0.2")
    b = relay("127.0.0.3", a.port, banner=b"421 4.3.2 not now\r\n")
    done = send(cluster(["127.0.0.3", "127.0.0.2"]), 200,
                f"{CLUSTER}:{a.port}", "-j", 2)
    assert done.status == OK, done.err
    all_once(200, a)
    assert 1 <= len(b.peers) <= 3


def test_all_that_turn_us_away(cluster, relay, send):
    a = relay("127.0.0.2", banner=b"421 4.3.2 not now\r\n")
    b = relay("127.0.0.3", a.port, banner=b"421 4.3.2 not now\r\n")
    done = send(cluster(["127.0.0.3", "127.0.0.2"]), 20,
                f"{CLUSTER}:{a.port}", "--retry-for", "2s")
    assert done.status == UNAVAILABLE, done.err
    assert done.closing()["pending"] == 20
    assert len(a.peers) + len(b.peers) < 12


def test_ours_are_dealt_out(relay, send):
    a = relay("127.0.0.1")
    ours = ["127.0.0.5", "127.0.0.6", "127.0.0.7"]
    done = send([], 200, f"127.0.0.1:{a.port}", "-j", 3,
                *[word for one in ours for word in ("--bind", one)])
    assert done.status == OK, done.err
    all_once(200, a)
    assert collections.Counter(a.peers) == dict.fromkeys(ours, 1)


def test_ours_are_of_the_relays_family(relay, send):
    four, six = relay("127.0.0.1"), relay("::1")
    binds = ["--bind", "::1", "--bind", "127.0.0.5"]
    done = send([], 200, f"127.0.0.1:{four.port}", "-s",
                f"[::1]:{six.port}", "-j", 4, *binds)
    assert done.status == OK, done.err
    all_once(200, four, six)
    assert set(four.peers) == {"127.0.0.5"} and set(six.peers) == {"::1"}


def test_a_family_without_one_of_ours_is_left_out(cluster, relay, send):
    four = relay("127.0.0.1")
    six = relay("::1", four.port)
    done = send(cluster(["::1", "127.0.0.1"]), 100, f"{CLUSTER}:{four.port}",
                "-j", 4, "--bind", "127.0.0.5")
    assert done.status == OK, done.err
    all_once(100, four)
    assert six.peers == []


def test_no_address_can_be_reached_from_ours(relay, send):
    four = relay("127.0.0.1")
    done = send([], 10, f"127.0.0.1:{four.port}", "--bind", "::1")
    assert done.status == UNAVAILABLE
    assert "--bind" in done.err and done.closing()["pending"] == 10


@pytest.mark.parametrize("ours", ["192.0.2.1", "2001:db8::1"])
def test_one_that_is_not_ours(relay, send, ours):
    a = relay("127.0.0.1")
    done = send([], 10, f"127.0.0.1:{a.port}", "--bind", ours)
    assert done.status == USAGE and ours in done.err
    assert a.peers == []


def test_the_greeting_names_the_address_in_use(cluster, relay, send):
    """Where the host has no full name, EHLO has the address that is seen."""
    four = relay("127.0.0.1")
    six = relay("::1", four.port)
    done = send(cluster(["::1", "127.0.0.1"]), 50, f"{CLUSTER}:{four.port}",
                "-j", 2)
    assert done.status == OK, done.err
    if "." not in os.uname().nodename:
        assert set(four.hellos) == {"[127.0.0.1]"}
        assert set(six.hellos) == {"[IPv6:::1]"}


def test_the_environment_names_ours(relay, contacts, template, tmp_path):
    a = relay("127.0.0.1")
    done = program.run("send", "-s", f"127.0.0.1:{a.port}", "--tls", "off",
                       "-j", 2, contacts([f"u{i}@d.example"
                                          for i in range(60)]), template,
                       cwd=tmp_path,
                       env={"MAILSHOT_BIND": "127.0.0.5, 127.0.0.6"})
    assert done.status == OK, done.err
    assert set(a.peers) == {"127.0.0.5", "127.0.0.6"}
