"""The worked examples of several machines do what they say."""

import collections
import copy
import csv
import re
import shutil
import subprocess

import pytest
import yaml

import debian
import job_schema
import program
from program import OK, REJECTED

EXAMPLES = program.TOP / "examples"
LETTER = """\
From: notices@example.org
To: {{email}}
Subject: Hello

Dear reader.
"""


@pytest.fixture
def place(tmp_path):
    """A directory with a list and a letter, and mailshot on the path."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/mailshot").symlink_to(program.BINARY)
    (tmp_path / "notice.eml").write_text(LETTER)
    with open(tmp_path / "contacts.csv", "w") as out:
        out.write("email,name\n")
        out.writelines(f"{'bad' if i % 50 == 7 else 'u'}{i}@d{i % 5}.example,"
                       f"N\n" for i in range(400))
    return tmp_path


def run_in(place, command, path="", **env):
    return subprocess.run(
        [str(word) for word in command], cwd=place, capture_output=True,
        text=True, timeout=120, stdin=subprocess.DEVNULL,
        env=program.environment(place, PATH=f"{place}/bin:{path}/usr/bin:/bin",
                                **env))


def all_there(place, sink, shards=4):
    """Each row is in the report of one shard, and was mailed once."""
    failed, taken = [], sink.recipients()
    for k in range(1, shards + 1):
        failed += program.report_file(place / f"shards/{k}.csv")
    with open(place / "contacts.csv", newline="") as rows:
        addresses = [row["email"] for row in csv.DictReader(rows)]
    bad = [a for a in addresses if a.startswith("bad")]
    assert sorted(row["address"] for row in failed) == sorted(bad)
    assert collections.Counter(taken) == \
        collections.Counter(set(addresses) - set(bad))
    states = [place / f"shards/{k}.db" for k in range(1, shards + 1)]
    told = program.run("status", *states, cwd=place).out
    sent = [int(n) for n in re.findall(r"\bsent=(\d+)", told)]
    assert sum(sent[:shards]) == 400 - len(bad)


@pytest.fixture(scope="module")
def parallel():
    found = shutil.which("parallel")
    if found and b"GNU" in subprocess.run([found, "--version"],
                                          capture_output=True).stdout:
        return ""
    tree = debian.unpacked("parallel", ["parallel"], [], "usr/bin/parallel")
    return f"{tree}/usr/bin:"


def test_gnu_parallel(place, sinks, parallel):
    sink = sinks()
    words = [EXAMPLES / "shards-parallel.sh", 4, "contacts.csv", "notice.eml",
             "-s", sink.url, "--tls-ca", sink.ca, "--header",
             "X-Words: a 'quoted' $HOME \"thing\""]
    done = run_in(place, words, parallel)
    assert done.returncode == REJECTED, done.stderr
    all_there(place, sink)
    taken = len(sink.recipients())
    again = run_in(place, words, parallel)
    assert again.returncode == REJECTED, again.stderr
    assert len(sink.recipients()) == taken


def test_gnu_parallel_tells_the_worst(place, sinks, parallel):
    sink = sinks()
    done = run_in(place, [EXAMPLES / "shards-parallel.sh", 2, "contacts.csv",
                          "notice.eml", "-s", "127.0.0.1:1", "--retry-for",
                          "0s"], parallel)
    assert done.returncode == 69, done.stderr


def test_a_slurm_job_array(place, sinks):
    """Its tasks, as Slurm begins them: by their numbers in the environment."""
    sink = sinks()
    for task in range(1, 5):
        done = run_in(place, ["sh", EXAMPLES / "shards-slurm.sh",
                              "contacts.csv", "notice.eml", "-s", sink.url,
                              "--tls-ca", sink.ca],
                      SLURM_ARRAY_TASK_ID=str(task), SLURM_ARRAY_TASK_COUNT="4")
        assert done.returncode in (OK, REJECTED), done.stderr
    all_there(place, sink)


# --- Kubernetes ---

def job():
    with open(EXAMPLES / "shards-kubernetes.yaml") as text:
        return yaml.safe_load(text)


def container(document):
    return document["spec"]["template"]["spec"]["containers"][0]


def test_the_job_keeps_to_its_schema():
    assert job_schema.faults(job()) == []


@pytest.mark.parametrize("spoil", [
    lambda j: j.update(apiVersion="batch/v1beta1"),
    lambda j: j.update(sepc={}),
    lambda j: j["metadata"].update(name="Mailing"),
    lambda j: j["spec"].update(completionMode="indexed"),
    lambda j: j["spec"].pop("completions"),
    lambda j: j["spec"].update(completions="4"),
    lambda j: j["spec"]["template"]["spec"].update(restartPolicy="Always"),
    lambda j: j["spec"]["template"]["spec"].update(restartPolicy="OnFailure"),
    lambda j: j["spec"]["podFailurePolicy"]["rules"][0]["onExitCodes"].update(
        operator="In"),
    lambda j: j["spec"]["podFailurePolicy"]["rules"][0]["onExitCodes"].update(
        values=[75, 0]),
    lambda j: j["spec"]["podFailurePolicy"]["rules"][0]["onExitCodes"].update(
        containerName="other"),
    lambda j: container(j)["env"][0].update(value=4),
    lambda j: container(j)["volumeMounts"][0].update(name="elsewhere"),
    lambda j: container(j).pop("image"),
])
def test_the_schema_finds_slips(spoil):
    spoiled = copy.deepcopy(job())
    spoil(spoiled)
    assert job_schema.faults(spoiled)


def test_the_jobs_pods(place, sinks):
    """What each pod would run, with the paths of its volumes in our place."""
    document = job()
    sink = sinks()
    pod = container(document)
    env = {one["name"]: one["value"] for one in pod["env"]}
    mounts = {one["mountPath"] for one in pod["volumeMounts"]}
    assert mounts == {"/mailing", "/credentials", "/shards"}
    assert int(env["SHARDS"]) == document["spec"]["completions"]
    (place / "shards").mkdir()
    (place / "credentials").mkdir()
    (place / "credentials" / env["MAILSHOT_USER"]).write_text("secret\n")
    words = [word.replace(" /mailing/", f" {place}/")
             .replace("/shards/", f"{place}/shards/")
             for word in [*pod["command"], *pod["args"]]]
    relay = {"MAILSHOT_SERVER": sink.url, "MAILSHOT_TLS_CA": str(sink.ca),
             "CREDENTIALS_DIRECTORY": str(place / "credentials")}
    env.pop("MAILSHOT_USER")
    for index in range(document["spec"]["completions"]):
        done = run_in(place, words, JOB_COMPLETION_INDEX=str(index),
                      **{**env, **relay})
        assert done.returncode == OK, done.stderr
    all_there(place, sink)
