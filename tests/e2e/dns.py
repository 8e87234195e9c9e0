"""How does a test say what DNS says?

In name spaces of its own a program finds other name servers: a network with
nothing but loopback, a resolv.conf and a hosts file of the test, and dnsmasq
(Debian's, unpacked) at 127.0.0.1. At 127.0.0.3 sits a server that never
answers, at 127.0.0.4 one that fails. All ends with the program.
"""

import fcntl
import os
import pathlib
import socket
import struct
import subprocess
import sys
import threading

LIBRARIES = ["libnetfilter-conntrack3", "libnftables1", "libnfnetlink0",
             "libnftnl11", "libxtables12", "libjansson4", "libedit2",
             "libdbus-1-3", "libidn2-0"]
UNSHARE = ("unshare", "--mount", "--net", "--pid", "--fork", "--kill-child",
           "--mount-proc", "--propagation", "private")
SILENT, FAILING = "127.0.0.3", "127.0.0.4"

DNSMASQ = """\
no-resolv
no-hosts
listen-address=127.0.0.1
bind-interfaces
pid-file=
user=root
cache-size=0
local=/example/
"""


def tree():
    import pytest
    import debian
    if os.geteuid() != 0:
        pytest.skip("name spaces are made by root alone")
    tried = subprocess.run([*UNSHARE, "true"], capture_output=True, text=True)
    if tried.returncode != 0:
        pytest.skip(f"no name space of its own: {tried.stderr.strip()}")
    return debian.unpacked("dnsmasq", ["dnsmasq-base"], LIBRARIES,
                           "usr/sbin/dnsmasq")


def command(home, records, argv, servers=("127.0.0.1",), hosts="",
            options=""):
    """The command that runs ARGV where DNS says RECORDS."""
    import debian
    unpacked = tree()
    (home / "dnsmasq.conf").write_text(DNSMASQ + records)
    (home / "resolv.conf").write_text(
        "".join(f"nameserver {server}\n" for server in servers) + options)
    (home / "hosts").write_text("127.0.0.1 localhost\n" + hosts)
    return [*UNSHARE, sys.executable, __file__, str(home),
            str(unpacked / "usr/sbin/dnsmasq"),
            debian.library_path(unpacked), *map(str, argv)]


def raise_loopback():
    SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        ask = struct.pack("16sH14s", b"lo", 0, b"")
        flags = struct.unpack("16sH14s", fcntl.ioctl(any_socket, SIOCGIFFLAGS,
                                                     ask))[1]
        fcntl.ioctl(any_socket, SIOCSIFFLAGS,
                    struct.pack("16sH14s", b"lo", flags | IFF_UP, b""))


def fail(server):
    """SERVFAIL to every question."""
    while True:
        question, whence = server.recvfrom(4096)
        server.sendto(question[:2] + b"\x81\x82" + question[4:6] + bytes(6)
                      + question[12:], whence)


def server_at(address):
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind((address, 53))
    return server


def main(home, dnsmasq, libraries, *argv):
    """Within the name spaces."""
    raise_loopback()
    for name in ("resolv.conf", "hosts"):
        subprocess.run(["mount", "--bind", pathlib.Path(home) / name,
                        f"/etc/{name}"], check=True)
    subprocess.run([dnsmasq, f"--conf-file={home}/dnsmasq.conf"], check=True,
                   env={**os.environ, "LD_LIBRARY_PATH": libraries})
    silent = server_at(SILENT)
    threading.Thread(target=fail, args=[server_at(FAILING)],
                     daemon=True).start()
    status = subprocess.run(argv).returncode
    silent.close()
    return status


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
