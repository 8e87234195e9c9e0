"""A relay in clear whose SCRAM is not what it should be, and which repeats what
it hears. With the lie "none" it is honest."""

import base64
import hashlib
import hmac
import socket
import threading

LIES = ["none", "wrong-signature", "no-signature", "signature-of-nothing",
        "another-nonce", "iterations-without-end", "iterations-0",
        "welcome-at-once", "asks-on", "garbage", "no-base64", "error",
        "signature-and-refusal"]


def encoded(text):
    return base64.b64encode(text if isinstance(text, bytes) else text.encode())


class Closed(Exception):
    pass


class Relay:
    def __init__(self, secret, lie="none"):
        self.secret, self.lie = secret, lie
        self.mails = self.logins = 0
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.socket.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def stop(self):
        self.socket.close()

    def _serve(self):
        while True:
            try:
                client, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=Visit, args=(self, client),
                             daemon=True).start()


class Visit:
    def __init__(self, relay, client):
        self.relay, self.secret, self.lie = relay, relay.secret, relay.lie
        with client, client.makefile("rwb") as self.file:
            try:
                self._talk()
            except (Closed, OSError):
                pass

    def _say(self, line):
        self.file.write((line if isinstance(line, bytes) else line.encode())
                        + b"\r\n")
        self.file.flush()

    def _hear(self):
        line = self.file.readline()
        if not line:
            raise Closed
        return line.rstrip(b"\r\n")

    def _ask(self, text):
        self._say(b"334 " + encoded(text))
        return base64.b64decode(self._hear())

    def _talk(self):
        self._say("220 relay ESMTP")
        while True:
            line = self._hear()
            verb = line[:4].upper()
            if verb == b"EHLO":
                self._say("250-relay\r\n250 AUTH SCRAM-SHA-256 PLAIN")
            elif verb == b"AUTH":
                self.relay.logins += 1
                self._log_in(line)
            elif verb == b"DATA":
                self._say("354 go on")
                while self._hear() != b".":
                    pass
                self._say("250 2.0.0 taken")
            elif verb == b"QUIT":
                self._say("221 bye")
                raise Closed
            else:
                self.relay.mails += verb == b"MAIL"
                self._say("250 fine")

    def _log_in(self, line):
        if self.lie == "repeats-base64":
            self._say(b"500 5.5.2 unknown: " + line)
        elif self.lie == "repeats-plain":
            self._say(b"535 5.7.8 not '" + self.secret + b"'")
        elif self.lie == "welcome-at-once":
            self._say("235 welcome")
        elif self.lie == "garbage":
            self._ask("abracadabra")
        elif line.startswith(b"AUTH PLAIN "):
            right = encoded(b"\0ann\0" + self.secret) == line[11:]
            self._say("235 welcome" if right else "535 5.7.8 no")
        elif self.lie == "no-base64":
            self._say("334 ?????")
            self._hear()
        else:
            self._scram(base64.b64decode(line.split()[2]))

    def _scram(self, first):
        bare = first.split(b",", 2)[2]
        nonce = bare.split(b"r=")[1] + b"relay"
        if self.lie == "another-nonce":
            nonce = b"another" + nonce
        count = {"iterations-without-end": 4000000000,
                 "iterations-0": 0}.get(self.lie, 4096)
        challenge = b"r=%s,s=%s,i=%d" % (nonce, encoded("salt"), count)
        final = self._ask(challenge)
        without_proof = final.rsplit(b",p=", 1)[0]
        salted = hashlib.pbkdf2_hmac("sha256", self.secret, b"salt", count)
        key = hmac.digest(salted, b"Server Key", "sha256")
        proof = hmac.digest(key, b",".join([bare, challenge, without_proof]),
                            "sha256")
        self._prove(proof)

    def _prove(self, proof):
        if self.lie == "no-signature":
            self._say("235 welcome")
            return
        words = {
            "wrong-signature": b"v=" + encoded(bytes(32)),
            "signature-of-nothing": b"v=",
            "error": b"e=other-error",
        }.get(self.lie, b"v=" + encoded(proof))
        self._ask(words)
        if self.lie == "asks-on":
            self._ask(words)
        self._say("535 5.7.8 no" if self.lie == "signature-and-refusal"
                  else "235 welcome")
