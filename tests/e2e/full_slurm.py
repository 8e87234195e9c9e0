"""The Slurm job array of examples/, run by Slurm. `scripts/check --full`."""

import pytest

import program
import slurm
from test_examples import EXAMPLES, all_there, place  # noqa: F401

SHARDS = 3


@pytest.fixture
def cluster(tmp_path_factory):
    one = slurm.Slurm(tmp_path_factory.mktemp("slurm"))
    yield one
    one.stop()


def test_a_job_array_mails_each_row_once(cluster, place, sinks):  # noqa: F811
    sink = sinks()
    words = ["--wait", f"--array=1-{SHARDS}",
             EXAMPLES / "shards-slurm.sh", "contacts.csv", "notice.eml", "-s",
             sink.url, "--tls-ca", sink.ca]
    env = {**cluster.env, **program.environment(place),
           "PATH": f"{place}/bin:/usr/bin:/bin"}
    for _ in range(2):  # the second time there is nothing left to do
        done = cluster.run("sbatch", *words, cwd=place, env=env)
        assert done.returncode == program.REJECTED, done.stderr
        logs = [(place / f"shards-{k}.log").read_text()
                for k in range(1, SHARDS + 1)]
        assert all("sent=" in log for log in logs), logs
    all_there(place, sink, SHARDS)
