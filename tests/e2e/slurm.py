"""A Slurm cluster of one node, from Debian's packages, unpacked.

It has no munge and no accounting, and listens where the test says. One that
cannot start here skips the test, with its own words.
"""

import os
import pwd
import socket
import subprocess
import time

import pytest

import debian

PACKAGES = ["slurmctld", "slurmd", "slurm-client", "slurm-wlm-basic-plugins"]
LIBRARIES = ["libhwloc15", "libmunge2", "libnuma1"]
START_S = 20


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Slurm:
    def __init__(self, home):
        self.home = home
        self.tree = debian.unpacked("slurm", PACKAGES, LIBRARIES,
                                    "usr/sbin/slurmctld-wlm")
        self.plugins = next(self.tree.glob("usr/lib/*/slurm-wlm"))
        self.env = {**os.environ, "SLURM_CONF": str(home / "slurm.conf"),
                    "LD_LIBRARY_PATH": ":".join([
                        debian.library_path(self.tree), str(self.plugins)])}
        self.daemons = []
        self._configure()
        self._start()

    def _configure(self):
        user = pwd.getpwuid(os.geteuid()).pw_name
        host = socket.gethostname().split(".")[0]
        for name in ("state", "spool"):
            (self.home / name).mkdir()
        (self.home / "slurm.conf").write_text(f"""\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={free_port()}
SlurmdPort={free_port()}
AuthType=auth/none
CredType=cred/none
SlurmUser={user}
SlurmdUser={user}
StateSaveLocation={self.home}/state
SlurmdSpoolDir={self.home}/spool
SlurmctldPidFile={self.home}/ctld.pid
SlurmdPidFile={self.home}/d.pid
PluginDir={self.plugins}
ProctrackType=proctrack/pgid
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
ReturnToService=2
SlurmdParameters=config_overrides
NodeName={host} NodeAddr=127.0.0.1 CPUs=4 State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
""")

    def _daemon(self, name, *options):
        with open(self.home / f"{name}.log", "w") as log:
            self.daemons.append(subprocess.Popen(
                [self.tree / f"usr/sbin/{name}-wlm", "-D", *options],
                env=self.env, stdin=subprocess.DEVNULL, stdout=log,
                stderr=subprocess.STDOUT))

    def _start(self):
        self._daemon("slurmctld")
        self._daemon("slurmd", "-d", self.tree / "usr/sbin/slurmstepd-wlm")
        limit = time.monotonic() + START_S
        while "idle" not in self.run("sinfo", "-h", "-o", "%T").stdout:
            if time.monotonic() > limit or any(d.poll() is not None
                                               for d in self.daemons):
                words = [(self.home / f"{name}.log").read_text().splitlines()
                         for name in ("slurmctld", "slurmd")]
                self.stop()
                pytest.skip(f"Slurm does not start here: {words[0][-1:]} "
                            f"{words[1][-1:]}")
            time.sleep(0.2)

    def run(self, command, *arguments, **how):
        return subprocess.run(
            [self.tree / "usr/bin" / command, *map(str, arguments)],
            **{"env": self.env, "capture_output": True, "text": True,
               "timeout": 120, "stdin": subprocess.DEVNULL, **how})

    def stop(self):
        for one in reversed(self.daemons):
            one.terminate()
        for one in self.daemons:
            try:
                one.wait(10)
            except subprocess.TimeoutExpired:
                one.kill()
                one.wait()
