"""What can befall a relay: a door before a sink, that a test opens and shuts.

The door listens on a port of its own and carries bytes to the sink behind it,
for as long as the weather is fair. In other weather
  down      nobody listens, and who was connected is cut off
  cut       who was connected is cut off; others may come
  full      a banner of 421, and the door is shut
  mute      connections are taken, and nothing is ever said
  slow      every piece of bytes is late
  impostor  behind the door is a sink with another certificate
"""

import contextlib
import select
import socket
import struct
import threading
import time

KINDS = ("down", "cut", "full", "mute", "slow", "impostor")
LATE_S = 0.05


class Door:
    def __init__(self, sink, impostor):
        self.ports = {True: impostor.port, False: sink.port}
        self.weather = "fair"
        self.lock = threading.Lock()
        self.open = set()
        self.listener = None
        self.closing = False
        self._listen(0)
        self.port = self.listener.getsockname()[1]
        self.address = f"127.0.0.1:{self.port}"

    def change(self, weather):
        self.weather = weather
        if weather in ("down", "cut", "full", "mute", "impostor"):
            self._cut_all()
        if weather == "down":
            self._shut()
        elif self.listener is None and not self.closing:
            self._listen(self.port)

    def stop(self):
        self.closing = True
        self.change("down")

    def _listen(self, port):
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(64)
        self.listener = listener
        threading.Thread(target=self._accept, args=(listener,),
                         daemon=True).start()

    def _shut(self):
        listener, self.listener = self.listener, None
        if listener:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()

    def _cut_all(self):
        with self.lock:
            cut, self.open = self.open, set()
        for one in cut:
            with contextlib.suppress(OSError):
                one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                               struct.pack("ii", 1, 0))
                one.shutdown(socket.SHUT_RDWR)

    def _accept(self, listener):
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,),
                             daemon=True).start()

    def _serve(self, client):
        with client, contextlib.suppress(OSError):
            with self.lock:
                self.open.add(client)
            weather = self.weather
            if weather == "full":
                client.sendall(b"421 4.3.2 too busy\r\n")
            elif weather == "mute":
                while client in self.open:
                    time.sleep(0.02)
            elif weather != "down":
                port = self.ports[weather == "impostor"]
                with socket.create_connection(("127.0.0.1", port)) as server:
                    self._carry(client, server)

    def _carry(self, client, server):
        ends = {client: server, server: client}
        while client in self.open:
            for one in select.select(list(ends), [], [], 0.02)[0]:
                piece = one.recv(65536)
                if self.weather == "slow":
                    time.sleep(LATE_S)
                if not piece or client not in self.open:
                    return
                ends[one].sendall(piece)
