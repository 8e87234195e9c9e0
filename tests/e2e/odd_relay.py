"""A relay that does as a test tells it, line by line, in clear.

For runs with `--tls off`. OddRelay(answer): answer(heard) gives the reply to
what was heard as bytes, or None for the usual one; Cut is raised to cut the
connection. heard.verb is "greeting", the verb in capitals, or "content" (the
final dot was read, or the chunk; it is not asked about a content that nobody
is to have); heard.line the line; heard.number the connection's, from
1; heard.send says bytes at once.
"""

import collections
import socket
import threading

EHLO = b"250-odd.test\r\n250-8BITMIME\r\n250 PIPELINING\r\n"
LOCKSTEP = b"250 odd.test\r\n"
STREAM = b"250-odd.test\r\n250-CHUNKING\r\n250 PIPELINING\r\n"
USUAL = {"greeting": b"220 odd.test\r\n", "EHLO": EHLO,
         "DATA": b"354 go on\r\n", "content": b"250 taken\r\n",
         "QUIT": b"221 bye\r\n"}

Heard = collections.namedtuple("Heard", "verb line number send")


class Cut(Exception):
    """The connection ends here."""


class OddRelay:
    def __init__(self, answer):
        self.answer = answer
        self.connections = 0
        self.here = set()  # connections that have not said QUIT, by number
        self.most_open = 0
        self.taken = []   # recipients of each content that was answered 2xx
        self.lines = []   # all that was heard, but for contents
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.listener.getsockname()[1]
        self.options = ["-s", f"smtp://127.0.0.1:{self.port}", "--tls", "off"]
        threading.Thread(target=self._listen, daemon=True).start()

    def stop(self):
        self.listener.close()

    def _listen(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,),
                             daemon=True).start()

    def _serve(self, connection):
        with self.lock:
            self.connections += 1
            number = self.connections
            self.here.add(number)
            self.most_open = max(len(self.here), self.most_open)
        # Nagle would hold each second reply until the first is acknowledged.
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with connection, connection.makefile("rb") as lines:
            try:
                self._talk(connection, lines, number)
            except (OSError, Cut):
                pass
            self._left(number)

    def _left(self, number):
        """Before the client can know: it may be back at once."""
        with self.lock:
            self.here.discard(number)

    def _say(self, connection, verb, line, number, usual):
        heard = Heard(verb, line, number, connection.sendall)
        reply = self.answer(heard)
        if reply is None:
            reply = usual
        connection.sendall(reply)
        return reply

    def _take(self, connection, recipients, number):
        said = self._say(connection, "content", b"", number, USUAL["content"])
        if said[:1] == b"2" and recipients:
            self.taken.append(recipients)

    def _talk(self, connection, lines, number):
        begun, recipients = False, []
        self._say(connection, "greeting", b"", number, USUAL["greeting"])
        for line in lines:
            self.lines.append(line.decode("utf-8").rstrip("\r\n"))
            verb = line.split()[0].decode("ascii").upper()
            if verb == "BDAT":
                lines.read(int(line.split()[1]))
                if not recipients:
                    connection.sendall(b"554 5.5.1 nobody is to have it\r\n")
                    continue
                self._take(connection, recipients, number)
                begun, recipients = False, []
                continue
            if verb == "QUIT":
                self._left(number)
            usual = USUAL.get(verb, b"250 ok\r\n")
            if verb == "RCPT" and not begun:
                usual = b"503 5.5.1 MAIL first\r\n"
            if verb == "DATA" and not recipients:
                usual = b"554 5.5.1 nobody is to have it\r\n"
            said = self._say(connection, verb, line, number, usual)
            if verb in ("MAIL", "RSET"):
                begun, recipients = said[:1] == b"2" and verb == "MAIL", []
            if verb == "RCPT" and said[:1] == b"2":
                address = line.split(b"<")[1].split(b">")[0]
                recipients.append(address.decode())
            if verb == "DATA" and said[:1] == b"3":
                while lines.readline() not in (b".\r\n", b""):
                    pass
                self._take(connection, recipients, number)
                begun, recipients = False, []
            if verb == "QUIT":
                return
