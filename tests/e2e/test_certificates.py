"""Which certificates of a relay does the program take, and what does it say of
the others? Over a socket, each made for the test."""

import os

import certificate
import pytest
from program import OK, PROTOCOL


class World:
    """Authorities: `ca`, trusted; `other`, not; `middle`, issued by ca."""

    def __init__(self, home):
        self.home = home
        certificate.authority(home)
        certificate.authority(home, "other")
        certificate.authority(home, "middle", ca="ca")
        certificate.authority(home, "plain", ca="ca",
                              extensions="basicConstraints=CA:FALSE\n")
        certificate.authority(home, "old", ca="ca", when="-9d")
        certificate.authority(
            home, "narrow", ca="ca", extensions=certificate.AUTHORITY
            + "nameConstraints=critical,permitted;DNS:b.example\n")

    def chain(self, names, *more, **how):
        """A file of the leaf, its key, and what it shows besides."""
        leaf, key = certificate.server(self.home, "leaf", names, **how)
        file = self.home / "chain.pem"
        file.write_bytes(b"".join(
            path.read_bytes() for path in
            (leaf, *(self.home / f"{name}.pem" for name in more), key)))
        os.chmod(file, 0o600)
        return file


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return World(tmp_path_factory.mktemp("world"))


A = "DNS:a.example"
NAMES = "does not name this host"
CERTIFICATES = {  # the chain; the name asked for; None: taken, or the reason
    "right": (dict(names=A), "a.example", None),
    "any case": (dict(names="DNS:A.eXample"), "a.EXAMPLE", None),
    "final dot": (dict(names=A), "a.example.", None),
    "one of many": (dict(names="DNS:b.example,IP:127.0.0.9," + A),
                    "a.example", None),
    "other name": (dict(names="DNS:b.example"), "a.example",
                   NAMES + " but b.example (--tls-name HOST"),
    "suffix": (dict(names="DNS:x.a.example"), "a.example", NAMES),
    "prefix": (dict(names="DNS:a.example.evil"), "a.example", NAMES),
    "common name alone": (dict(names="", common_name="a.example"),
                          "a.example", NAMES),
    "common name beside another": (
        dict(names="DNS:b.example", common_name="a.example"), "a.example",
        NAMES),
    "common name beside a mailbox": (
        dict(names="email:a@a.example", common_name="a.example"),
        "a.example", NAMES),
    "URI": (dict(names="URI:smtp://a.example"), "a.example", NAMES),

    "wildcard": (dict(names="DNS:*.b.example"), "a.b.example", None),
    "wildcard, two labels": (dict(names="DNS:*.b.example"), "x.a.b.example",
                             NAMES),
    "wildcard, no label": (dict(names="DNS:*.b.example"), "b.example", NAMES),
    "wildcard of a top": (dict(names="DNS:*.example"), "a.example", NAMES),
    "wildcard alone": (dict(names="DNS:*"), "a", NAMES),
    "wildcard inside": (dict(names="DNS:a.*.example"), "a.b.example", NAMES),
    "wildcard of a part": (dict(names="DNS:a*.b.example"), "ab.b.example",
                           NAMES),
    "wildcard behind a part": (dict(names="DNS:*a.b.example"), "xa.b.example",
                               NAMES),
    "two wildcards": (dict(names="DNS:*.*.example"), "a.b.example", NAMES),
    "wildcard for an address": (dict(names="DNS:*.0.0.1"), "127.0.0.1", NAMES),

    "address": (dict(names="IP:127.0.0.1"), "127.0.0.1", None),
    "address, IPv6": (dict(names="IP:::1"), "::1", None),
    "other address": (dict(names="IP:127.0.0.2"), "127.0.0.1",
                      NAMES + " but 127.0.0.2"),
    "address as a name": (dict(names="DNS:127.0.0.1"), "127.0.0.1", NAMES),
    "address as a common name": (dict(names="", common_name="127.0.0.1"),
                                 "127.0.0.1", NAMES),

    "IDN": (dict(names="DNS:xn--bcher-kva.example"), "b\u00fccher.example",
            None),
    "IDN, asked in ASCII": (dict(names="DNS:xn--bcher-kva.example"),
                            "xn--bcher-kva.example", None),
    "IDN under a wildcard": (dict(names="DNS:*.b.example"),
                             "b\u00fccher.b.example", None),
    "IDN, another": (dict(names="DNS:xn--bcher-kva.example"),
                     "bucher.example", NAMES),

    "expired": (dict(names=A, when="-9d"), "a.example", "it has expired on 2"),
    "not yet valid": (dict(names=A, when="+9d"), "a.example",
                      "it is not valid before 2"),
    "for clients": (dict(names=A, usage="clientAuth"), "a.example",
                    "it is not for servers"),
    "for mail": (dict(names=A, usage="emailProtection"), "a.example",
                 "it is not for servers"),
    "for both": (dict(names=A, usage="clientAuth,serverAuth"), "a.example",
                 None),
    "for anything": (dict(names=A, usage=""), "a.example", None),
    "self-signed": (dict(names=A, ca=None), "a.example",
                    "it is signed by itself (--tls-ca FILE"),
    "unknown root": (dict(names=A, ca="other"), "a.example",
                     "its issuer is unknown (--tls-ca FILE"),
    "unknown root, shown": (dict(names=A, ca="other", more=["other"]),
                            "a.example", "its issuer is unknown"),
    "intermediate": (dict(names=A, ca="middle", more=["middle"]),
                     "a.example", None),
    "intermediate missing": (dict(names=A, ca="middle"), "a.example",
                             "its issuer is unknown"),
    "intermediate expired": (dict(names=A, ca="old", more=["old"]),
                             "a.example", "it has expired"),
    "intermediate that must not": (dict(names=A, ca="plain", more=["plain"]),
                                   "a.example",
                                   "its issuer must not issue certificates"),
    "intermediate for other names": (dict(names=A, ca="narrow",
                                          more=["narrow"]), "a.example",
                                     "its issuer may not issue for this"),
    "weak key": (dict(names=A, algorithm="rsa:1024"), "a.example",
                 "too weak"),
    "RSA": (dict(names=A, algorithm="rsa:2048"), "a.example", None),
    "SHA-1": (dict(names=A, digest="sha1"), "a.example", "too weak"),
}


@pytest.mark.parametrize("what", CERTIFICATES)
def test_a_certificate(run, sinks, contacts, template, world, what):
    how, name, reason = CERTIFICATES[what]
    how = dict(how)
    chain = world.chain(how.pop("names"), *how.pop("more", []), **how)
    sink = sinks(cert=chain)
    pin = certificate.key_sha256(world.home / "leaf.pem")
    done = run("send", "-s", sink.url, "--tls-ca", world.home / "ca.pem",
               "--tls-name", name, "--retry-for", 0,
               contacts(["ann@example.org"]), template)
    if reason is None:
        assert done.status == OK, done.err
        assert sink.recipients() == ["ann@example.org"]
        return
    assert done.status == PROTOCOL, done.err
    assert done.closing()["pending"] == 1
    assert sink.recipients() == []
    assert reason in done.err, done.err
    assert "is not trusted" in done.err
    assert "--tls-pin sha256//" in done.err
    unverified = run("send", "-s", sink.url, "--tls", "unverified",
                     "--tls-pin", pin.hex(), contacts(["ann@example.org"]),
                     template)
    assert unverified.status == OK, unverified.err


def test_names_of_a_certificate_are_escaped_and_few(run, sinks, contacts,
                                                    template, world):
    names = ",".join(f"DNS:{'x' * 60}.{'y' * 60}.{'z' * 60}.n{i}.example"
                     for i in range(60))
    sink = sinks(cert=world.chain(names))
    done = run("send", "-s", sink.url, "--tls-ca", world.home / "ca.pem",
               "--tls-name", "a.example", contacts(["ann@example.org"]),
               template)
    assert done.status == PROTOCOL
    said = done.err.splitlines()[0]
    assert len(said) < 1100 and "--tls-pin sha256//" in said
