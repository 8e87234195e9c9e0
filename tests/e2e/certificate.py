"""Who vouches for a test relay? A certificate authority made for one test.

authority(dir) makes NAME.pem and NAME.key, signed by itself or by another;
server(dir) makes NAME.pem and NAME.key signed by it. They need the openssl
program, and take a few milliseconds with P-256.
"""

import hashlib
import ssl
import subprocess

NAMES = "DNS:localhost,IP:127.0.0.1"
P256 = "ec -pkeyopt ec_paramgen_curve:prime256v1"
AUTHORITY = "basicConstraints=critical,CA:TRUE\n" \
            "keyUsage=critical,keyCertSign,cRLSign\n"


def openssl(*arguments, when=None):
    """Runs it; what it says on standard output, in bytes. WHEN: as if it were
    then, such as '-9 days'."""
    then = ["faketime", "-f", when] if when else []
    return subprocess.run([*then, "openssl", *map(str, arguments)], check=True,
                          stdin=subprocess.DEVNULL, capture_output=True).stdout


def key_and_request(directory, name, subject, algorithm=P256):
    key = directory / f"{name}.key"
    request = directory / f"{name}.csr"
    openssl("req", "-new", "-newkey", *algorithm.split(), "-nodes", "-keyout",
            key, "-subj", subject, "-out", request)
    return key, request


def sign(directory, name, request, extensions, ca, days=2, digest="sha256",
         when=None):
    """CA None: by its own key."""
    certificate = directory / f"{name}.pem"
    file = directory / f"{name}.ext"
    file.write_text(extensions)
    by = ["-CA", directory / f"{ca}.pem", "-CAkey", directory / f"{ca}.key"] \
        if ca else ["-signkey", directory / f"{name}.key"]
    openssl("x509", "-req", "-in", request, *by, "-set_serial", "2", "-days",
            days, f"-{digest}", "-extfile", file, "-out", certificate,
            when=when)
    return certificate


def authority(directory, name="ca", ca=None, extensions=AUTHORITY, **how):
    _, request = key_and_request(directory, name, f"/CN=test {name}",
                                 how.pop("algorithm", P256))
    return sign(directory, name, request, extensions, ca, **how)


def server(directory, name="relay", names=NAMES, ca="ca", usage="serverAuth",
           common_name=None, **how):
    """names "": it has no subject alternative name; usage "": no purpose."""
    key, request = key_and_request(directory, name,
                                   f"/CN={common_name or name}",
                                   how.pop("algorithm", P256))
    extensions = "basicConstraints=CA:FALSE\n"
    extensions += f"subjectAltName={names}\n" if names else ""
    extensions += f"extendedKeyUsage={usage}\n" if usage else ""
    return sign(directory, name, request, extensions, ca, **how), key


def key_sha256(certificate):
    """SHA-256 of the certificate's public key (SPKI, DER)."""
    public = openssl("x509", "-in", certificate, "-pubkey", "-noout")
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(
        public.decode().replace("PUBLIC KEY", "CERTIFICATE"))).digest()
