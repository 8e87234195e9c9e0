"""How does a test get programs of Debian packages that are not installed?

Fetched and unpacked once a machine, under the cache: a user's own mail server
stays as it is. unpacked(name, packages, proof) gives the tree; it skips the
test with words where there is no apt or nothing to fetch from.
"""

import os
import shutil
import subprocess

import pytest

import cache


def installed(package):
    query = subprocess.run(["dpkg-query", "-W", "-f", "${Status}", package],
                           capture_output=True, text=True)
    return query.stdout == "install ok installed"


def fetch(packages, into):
    """apt-get download, with a fresh index where the first try fails."""
    command = ["apt-get", "-qq", "-o", "APT::Sandbox::User=root", "download",
               *packages]
    for attempt in range(2):
        got = subprocess.run(command, cwd=into, stdin=subprocess.DEVNULL,
                             capture_output=True, text=True)
        if got.returncode == 0:
            return
        if attempt == 0:
            subprocess.run(["apt-get", "-qq", "update"], capture_output=True,
                           stdin=subprocess.DEVNULL)
    pytest.skip(f"apt-get cannot download {' '.join(packages)}: "
                f"{got.stderr.strip().splitlines()[-1:]}")


def unpacked(name, packages, libraries, proof):
    """The tree of PACKAGES and of those LIBRARIES that the system lacks.

    It is whole where the file PROOF is in it."""
    if not shutil.which("dpkg-deb") or not shutil.which("apt-get"):
        pytest.skip(f"{name} is taken from Debian's package: no apt here")
    store = cache.directory(name)
    tree = store / "tree"
    with cache.one_at_a_time():
        if not (tree / proof).exists():
            fill(store, tree, [*packages, *(one for one in libraries
                                            if not installed(one))])
    return tree


def fill(store, tree, packages):
    half = store / f"half.{os.getpid()}"
    half.mkdir()
    try:
        fetch(packages, half)
        for package in half.glob("*.deb"):
            subprocess.run(["dpkg-deb", "-x", package, half / "tree"],
                           check=True)
        shutil.rmtree(tree, ignore_errors=True)
        (half / "tree").rename(tree)
    finally:
        shutil.rmtree(half, ignore_errors=True)


def library_path(tree):
    return ":".join([*map(str, tree.glob("usr/lib/*-linux-gnu*")),
                     *map(str, tree.glob("lib/*-linux-gnu*"))])
