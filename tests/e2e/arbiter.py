"""Who says which recipients a real relay refuses?

One arbiter, asked by all of them, each in its own tongue: Postfix by its
policy protocol, the others with a line that holds the address and perhaps the
step. It goes by the beginning of the local part:
    bad…     550 5.1.1 at RCPT
    grey…    451 4.7.1 at the first RCPT of this address, then accepted
    full…    452 4.2.2 at RCPT, always
    spam…    accepted at RCPT, 554 5.7.1 after the content
and remembers how often it was asked for whom.
"""

import collections
import re
import socketserver
import threading

SAID = {
    ("bad", "rcpt"): "550 5.1.1 nobody here",
    ("grey", "rcpt"): "451 4.7.1 come back later",
    ("full", "rcpt"): "452 4.2.2 no room",
    ("spam", "content"): "554 5.7.1 not such a content",
}


class Arbiter(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Asked)
        self.port = self.server_address[1]
        self.asked = collections.Counter()
        self.lock = threading.Lock()
        threading.Thread(target=self.serve_forever, args=(0.05,),
                         daemon=True).start()

    def verdict(self, address, step="rcpt"):
        address = address.strip("<> ").lower()
        with self.lock:
            self.asked[address, step] += 1
            times = self.asked[address, step]
        kind = re.match("[a-z]*", address)[0]
        if kind == "grey" and times > 1:
            return "OK"
        return SAID.get((kind, step), "OK")

    def times(self, address, step="rcpt"):
        return self.asked[address, step]

    def stop(self):
        self.shutdown()
        self.server_close()


class Asked(socketserver.StreamRequestHandler):
    def handle(self):
        asked = {}
        for line in self.rfile:
            line = line.decode("utf-8", "replace").strip()
            if "=" in line and "@" not in line.split("=")[0]:
                name, _, value = line.partition("=")
                asked[name] = value
            elif line == "" and asked:
                self.say(f"action={self.policy(asked)}\n\n")
                asked = {}
            elif line:
                self.say(self.server.verdict(*line.split()) + "\n")
                return

    def policy(self, asked):
        at_end = asked.get("protocol_state") == "END-OF-MESSAGE"
        said = self.server.verdict(asked.get("recipient", ""),
                                   "content" if at_end else "rcpt")
        return "DUNNO" if said == "OK" else said

    def say(self, text):
        self.wfile.write(text.encode())
        self.wfile.flush()
