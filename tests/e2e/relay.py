"""What do all real relays of the tests have in common?

A home, a free port on loopback, a certificate made for the test, a process
that is waited for and ended by its pid, a log, and a Maildir of all that was
delivered, so that what a relay took can be compared with the report.
"""

import email
import email.policy
import os
import pathlib
import random
import re
import signal
import socket
import subprocess
import time

import certificate

ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C"}


def free_port():
    """Below those that the kernel deals out to clients: none of them takes it
    before the server that it is for."""
    while True:
        port = random.randrange(20000, 32000)
        with socket.socket() as listener:
            try:
                listener.bind(("127.0.0.1", port))
                return port
            except OSError:
                pass


class Letter:
    """A delivered message, whole: who it is from and for, and its text."""

    def __init__(self, raw):
        self.raw = raw
        self.message = email.message_from_bytes(raw,
                                                policy=email.policy.default)
        self.sender = self._address("Return-Path")
        self.recipient = self._address("Delivered-To", "Envelope-To")
        self.message_id = self.message["Message-ID"]

    def _address(self, *names):
        """As the relay wrote it down above the message."""
        for name in names:
            found = re.search(rf"^{name}: *<?([^\s>]*)>?\r?$".encode(),
                              self.raw, re.M | re.I)
            if found:
                return found[1].decode("utf-8")
        return None

    def text(self):
        return self.message.get_content().replace("\r\n", "\n")


class Relay:
    """One running instance: host, port, ca (a file for --tls-ca), log."""

    host = "127.0.0.1"
    end_signal = signal.SIGTERM
    seconds_to_start = 60

    def __init__(self, home):
        self.home = pathlib.Path(home)
        self.log = self.home / "log"
        self.kept = self.home / "kept"
        self.port = free_port()
        self.process = None
        for name in ("certificate", "etc", "kept"):
            (self.home / name).mkdir()
        self.ca = certificate.authority(self.home / "certificate")
        self.certificate, self.key = certificate.server(
            self.home / "certificate")

    @property
    def url(self):
        return f"smtp://{self.host}:{self.port}"

    def options(self):
        """What the program must be told to reach it."""
        return ["-s", self.url, "--tls-ca", self.ca]

    def launch(self, command, environment=None):
        with open(self.home / "stderr", "wb") as errors:
            self.process = subprocess.Popen(
                list(map(str, command)), env=environment or ENVIRONMENT,
                stdin=subprocess.DEVNULL, stdout=errors, stderr=errors,
                cwd="/", start_new_session=True)
        self._wait_until_it_answers()

    def _wait_until_it_answers(self):
        limit = time.monotonic() + self.seconds_to_start
        while time.monotonic() < limit:
            if self.process.poll() is not None:
                break
            try:
                with socket.create_connection((self.host, self.port), 5) as s:
                    if s.recv(512).startswith(b"220 "):
                        s.sendall(b"QUIT\r\n")
                        return
            except OSError:
                pass
            time.sleep(0.05)
        said = (self.home / "stderr").read_text(errors="replace")
        self.stop()
        raise RuntimeError(f"{type(self).__name__} does not answer: "
                           f"{said[-4000:]}{self.log_text()[-4000:]}")

    def stop(self):
        """Ends the server and with it all that it started."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(self.end_signal)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()

    def log_text(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def _files(self):
        new = self.kept / "new"
        return sorted(new.iterdir()) if new.exists() else []

    def letters(self, count, seconds=60):
        """All that was delivered, once it is COUNT of them or time is up.

        Delivery goes on after the 250; a moment more is given for what ought
        not to come."""
        limit = time.monotonic() + seconds
        while len(self._files()) < count and time.monotonic() < limit:
            time.sleep(0.1)
        time.sleep(0.3)
        return [Letter(path.read_bytes()) for path in self._files()]
