"""Who vouches for a test relay? A certificate authority made for one test.

authority(dir) makes ca.pem; server(dir) makes NAME.pem and NAME.key signed by
it. Both need the openssl program, and take a few milliseconds with P-256.
"""

import hashlib
import ssl
import subprocess

NAMES = "DNS:localhost,IP:127.0.0.1"


def openssl(*arguments):
    """Runs it; what it says on standard output, in bytes."""
    return subprocess.run(["openssl", *map(str, arguments)], check=True,
                          stdin=subprocess.DEVNULL, capture_output=True).stdout


def key_and_request(directory, name, subject):
    key = directory / f"{name}.key"
    request = directory / f"{name}.csr"
    openssl("req", "-new", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key,
            "-subj", subject, "-out", request)
    return key, request


def authority(directory, name="ca"):
    certificate = directory / f"{name}.pem"
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:prime256v1", "-nodes",
            "-keyout", directory / f"{name}.key", "-subj", f"/CN=test {name}",
            "-days", "2", "-addext", "basicConstraints=critical,CA:TRUE",
            "-addext", "keyUsage=critical,keyCertSign,cRLSign",
            "-out", certificate)
    return certificate


def server(directory, name="relay", names=NAMES, ca="ca", usage="serverAuth",
           days=2):
    key, request = key_and_request(directory, name, f"/CN={name}")
    certificate = directory / f"{name}.pem"
    extensions = directory / f"{name}.ext"
    extensions.write_text(f"subjectAltName={names}\n"
                          f"extendedKeyUsage={usage}\n"
                          "basicConstraints=CA:FALSE\n")
    openssl("x509", "-req", "-in", request, "-CA", directory / f"{ca}.pem",
            "-CAkey", directory / f"{ca}.key", "-set_serial", "2",
            "-days", days, "-extfile", extensions, "-out", certificate)
    return certificate, key


def key_sha256(certificate):
    """SHA-256 of the certificate's public key (SPKI, DER)."""
    public = openssl("x509", "-in", certificate, "-pubkey", "-noout")
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(
        public.decode().replace("PUBLIC KEY", "CERTIFICATE"))).digest()
