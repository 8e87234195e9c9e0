"""A relay that takes its time: for what cannot be seen with a fast one.

Speaks SMTP in clear on loopback, for runs with `--tls off`. Answers each
content only after `delay` seconds (None: never), and keeps what it took.
"""

import socket
import threading

REPLIES = {b"EHLO": b"250-slow.test\r\n250-8BITMIME\r\n250 PIPELINING\r\n",
           b"DATA": b"354 go on\r\n", b"QUIT": b"221 bye\r\n"}


class SlowRelay:
    def __init__(self, delay):
        self.delay = delay
        self.taken = []    # recipients whose content was answered 250
        self.begun = threading.Semaphore(0)  # released per whole content
        self.closing = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"smtp://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self._listen, daemon=True).start()

    def stop(self):
        self.closing.set()
        self.listener.close()

    def _listen(self):
        while not self.closing.is_set():
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,),
                             daemon=True).start()

    def _serve(self, connection):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with connection, connection.makefile("rb") as lines:
            try:
                connection.sendall(b"220 slow.test\r\n")
                self._talk(connection, lines)
            except OSError:
                pass

    def _talk(self, connection, lines):
        recipients = []
        for line in lines:
            verb = line[:4].upper()
            if verb == b"RCPT":
                recipients.append(line.split(b"<")[1].split(b">")[0].decode())
            connection.sendall(REPLIES.get(verb, b"250 ok\r\n"))
            if verb == b"QUIT":
                return
            if verb == b"DATA":
                while lines.readline() not in (b".\r\n", b""):
                    pass
                self.begun.release()
                if self.closing.wait(self.delay):
                    return
                connection.sendall(b"250 taken\r\n")
                self.taken += recipients
                recipients = []
