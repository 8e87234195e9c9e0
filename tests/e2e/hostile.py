"""A relay that does exactly what a test says, byte by byte, in clear and under
TLS; and keeps all that it was told in clear.

HostileRelay(play, certificate, key) calls play(talk) for each connection, in a
thread; when play returns, the connection is closed, without close_notify.
"""

import socket
import ssl
import struct
import threading

HELLO = b"250-hostile.test\r\n250-8BITMIME\r\n250 STARTTLS\r\n"
HELLO_SECURE = b"250-hostile.test\r\n250 8BITMIME\r\n"


class Gone(Exception):
    """The client has closed."""


class Talk:
    def __init__(self, relay, connection):
        self.relay, self.connection = relay, connection
        self.tls = None
        self.unread = b""
        self.record_bytes = None  # of what is said under TLS; None: as it is
        self.piece_bytes = None   # of what goes to the wire; None: in one

    # The wire.

    def raw(self, data):
        step = self.piece_bytes or len(data) or 1
        for at in range(0, len(data), step):
            self.connection.sendall(data[at:at + step])

    def _more(self):
        data = self.connection.recv(65536)
        if not data:
            raise Gone
        if self.tls is None:
            self.relay.heard_in_clear += data
            return data
        self.incoming.write(data)
        return b""

    # TLS.

    def secure(self):
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.incoming.write(self.unread)
        self.unread = b""
        self.tls = self.relay.context.wrap_bio(self.incoming, self.outgoing,
                                               server_side=True)
        while True:
            try:
                self.tls.do_handshake()
                self.flush()
                return
            except ssl.SSLWantReadError:
                self.flush()
                self._more()
            except ssl.SSLError as error:
                self.flush()  # the alert
                raise Gone from error

    def flush(self):
        self.raw(self.outgoing.read())

    def sealed(self, data):
        """The records of it, not yet sent."""
        self.outgoing.read()
        step = self.record_bytes or len(data)
        for at in range(0, len(data), step):
            self.tls.write(data[at:at + step])
        return self.outgoing.read()

    # Words.

    def say(self, data):
        self.raw(self.sealed(data) if self.tls else data)

    def _fill(self):
        if self.tls is None:
            self.unread += self._more()
            return
        while True:
            try:
                data = self.tls.read(65536)
                if not data:
                    raise Gone
                self.unread += data
                return
            except ssl.SSLWantReadError:
                self._more()
            except ssl.SSLError as error:
                raise Gone from error

    def line(self):
        while b"\n" not in self.unread:
            self._fill()
        line, self.unread = self.unread.split(b"\n", 1)
        return line + b"\n"

    def content(self):
        data = b""
        while not data.endswith(b"\r\n.\r\n"):
            data += self.line()
        return data

    def answer(self, *replies):
        """Each to one line of the client."""
        for reply in replies:
            self.line()
            self.say(reply)

    def serve(self, taken=b"250 2.0.0 taken\r\n"):
        """An ordinary relay from now on, to the end."""
        while True:
            verb = self.line()[:4].upper()
            if verb == b"EHLO":
                self.say(HELLO_SECURE if self.tls else HELLO)
            elif verb == b"DATA":
                self.say(b"354 go\r\n")
                self.relay.contents.append(self.content())
                self.say(taken)
            elif verb == b"QUIT":
                self.say(b"221 bye\r\n")
                return
            else:
                self.say(b"250 ok\r\n")

    # Ends.

    def reset(self):
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                   struct.pack("ii", 1, 0))
        raise Gone


class HostileRelay:
    def __init__(self, play, certificate=None, key=None, prepare=None):
        self.play = play
        self.heard_in_clear = b""
        self.contents = []
        self.connections = 0
        if certificate:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            if prepare:
                prepare(self.context)
            self.context.load_cert_chain(certificate, key)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.address = f"127.0.0.1:{self.port}"
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,),
                             daemon=True).start()

    def _serve(self, connection):
        connection.settimeout(20)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with connection:
            try:
                self.play(Talk(self, connection))
            except (Gone, OSError):
                pass

    def stop(self):
        # close() alone would leave accept() waiting
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
