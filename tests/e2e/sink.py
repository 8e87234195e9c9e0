"""A rehearsal relay for one test: `mailshot sink`, started and stopped."""

import email
import email.policy
import json
import signal
import time

import program


class Sink:
    """CERT: a file with a certificate and its key, instead of one of the
    sink's own making."""

    running = []  # killed when their test is over, however it ends

    def __init__(self, home, *options, maildir=False, cert=None):
        self.home = home
        home.mkdir(parents=True)
        self.ca = home / "sink.pem"
        self.log_path = home / "sink.log"
        self.maildir = home / "maildir"
        port_file = home / "port"
        more = ["--maildir", self.maildir] if maildir else []
        more += ["--cert", cert] if cert else ["--cert-out", self.ca]
        self.process = program.start(
            "sink", "--listen", "127.0.0.1:0", "--port-file", port_file,
            "--log", self.log_path, *more, *options, cwd=home)
        Sink.running.append(self)
        limit = time.monotonic() + 20
        while not (port_file.exists() and port_file.read_text().strip()):
            if self.process.poll() is not None or time.monotonic() > limit:
                self.process.kill()
                raise RuntimeError(program.finish(self.process).err)
            time.sleep(0.01)
        self.port = int(port_file.read_text().split(":")[-1])
        self.address = f"127.0.0.1:{self.port}"
        self.url = f"smtp://{self.address}"
        self.counts = None

    def stop(self):
        """Ends it; its counts."""
        if self.counts is None:
            self.process.send_signal(signal.SIGTERM)
            done = program.finish(self.process, 20)
            self.counts = json.loads(done.out.splitlines()[-1])
        return self.counts

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()

    def log(self):
        """A dictionary per transaction taken."""
        if not self.log_path.exists():
            return []
        return [json.loads(line)
                for line in self.log_path.read_text("utf-8").splitlines()]

    def recipients(self):
        return [r for line in self.log() for r in line["recipients"]]

    def messages(self):
        """The messages kept, parsed; needs maildir=True."""
        return [email.message_from_bytes(raw, policy=email.policy.default)
                for raw in self.raw_messages()]

    def raw_messages(self):
        return [path.read_bytes()
                for path in sorted((self.maildir / "new").iterdir())]
