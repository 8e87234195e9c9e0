"""How does a server run whose paths and accounts are compiled in?

In name spaces of its own: an unpacked package lies over /usr as if it were
installed, accounts are added, and directories of the test stand where the
server writes. Nothing of it is seen from outside but its listening port, and
all that it started ends with it: its processes are the only ones of their
name space.
"""

import os
import shlex
import signal
import socket
import subprocess
import time

import pytest

import relay

UNSHARE = ("unshare", "--mount", "--pid", "--fork", "--kill-child",
           "--mount-proc", "--propagation", "private")
FIRST_ID = 61180


def need(name):
    """Skips the test where such a place cannot be made."""
    if os.geteuid() != 0:
        pytest.skip(f"{name} runs for root alone")
    tried = subprocess.run([*UNSHARE, "mount", "-t", "overlay", "-o",
                            "ro,lowerdir=/etc:/usr", "none", "/usr"],
                           capture_output=True, text=True)
    if tried.returncode != 0:
        pytest.skip(f"{name} needs a name space of its own: "
                    f"{tried.stderr.strip()}")


def accounts(etc, names):
    """In ETC, files like /etc/passwd and /etc/group that know NAMES, too."""
    for kind, more in (("passwd", "::/:/bin/false"), ("group", "")):
        with open(f"/etc/{kind}") as system:
            known = [line for line in system
                     if line.split(":")[0] not in names]
        for number, name in enumerate(names, FIRST_ID):
            ids = f"{number}:{number}" if kind == "passwd" else f"{number}:"
            known.append(f"{name}:x:{ids}{more}\n")
        (etc / kind).write_text("".join(known))
        (etc / kind).chmod(0o644)


def command(tree, etc, binds, argv):
    """The command that runs ARGV with TREE over /usr and ETC over /etc.

    BINDS: what of the test stands where ({path: place})."""
    lines = ["set -e"]
    for upper, place in ((tree / "usr", "/usr"), (etc, "/etc")):
        lines.append("mount -t overlay -o "
                     f"ro,lowerdir={shlex.quote(str(upper))}:{place} "
                     f"none {place}")
    lines += [f"mount --bind {shlex.quote(str(path))} {shlex.quote(place)}"
              for path, place in binds.items()]
    # The shell stays, as the first of the name space: what is set-user-id, as
    # Exim is, would not be told that unshare died.
    lines += [shlex.join(map(str, argv)), "exit $?"]
    return [*UNSHARE, "sh", "-c", "\n".join(lines)]


class Relay(relay.Relay):
    """One in name spaces of its own; subclasses say what is laid over."""

    # unshare waits and hears nothing else; its child dies with it, and with
    # that one, the first of its name space, all others.
    end_signal = signal.SIGKILL
    accounts = ()

    def launch_private(self, tree, argv, binds=None):
        accounts(self.home / "etc", self.accounts)
        self.launch(command(tree, self.home / "etc", binds or {}, argv))

    def identity(self, name):
        return FIRST_ID + self.accounts.index(name)

    def stop(self):
        """Returns when the last one that listens is gone."""
        super().stop()
        limit = time.monotonic() + 10
        while time.monotonic() < limit:
            try:
                socket.create_connection((self.host, self.port), 1).close()
            except OSError:
                return
            time.sleep(0.02)
