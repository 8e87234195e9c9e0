"""An OpenSMTPD filter: may this recipient, may this content come in?

The arbiter on the port given knows. smtpd says what happens on stdin and waits
for each answer on stdout, by session and token (smtpd-filters, version 0.x).
"""

import socket
import sys


def ask(port, address, step):
    with socket.create_connection(("127.0.0.1", port), 10) as server:
        server.sendall(f"{address} {step}\n".encode())
        return server.makefile("r").readline().strip()


def main():
    port = int(sys.argv[1])
    recipients = {}
    for line in sys.stdin:
        fields = line.rstrip("\n").split("|")
        if fields == ["config", "ready"]:
            print("register|filter|smtp-in|rcpt-to\n"
                  "register|filter|smtp-in|commit\n"
                  "register|ready", flush=True)
        if fields[0] != "filter":
            continue
        step, session, token = fields[4:7]
        if step == "rcpt-to":
            recipients[session] = fields[7]
        said = ask(port, recipients[session],
                   "rcpt" if step == "rcpt-to" else "content")
        decision = "proceed" if said == "OK" else f"reject|{said}"
        print(f"filter-result|{session}|{token}|{decision}", flush=True)


main()
