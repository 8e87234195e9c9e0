"""What does a letter cost before it is said, and what does a large file?

tests/bench/render.c fills in a personal letter of 2 KB, headers, text and
HTML, on one processor. Beside it stands what any client must spend to encrypt
and send those bytes: tests/bench/ceiling.c with one of the letters.
"""

import os
import subprocess

from stage import MAILSHOT, median, pinned, say

LETTER = """\
From: The Notices <notices@example.org>
To: {{name}} <{{email}}>
Reply-To: Service <service+{{id}}@example.org>
Subject: {{name}}, your order {{id}} is on its way to {{town}}
List-Unsubscribe: <https://example.org/u?who={{email.url}}&id={{id}}>
List-Unsubscribe-Post: List-Unsubscribe=One-Click
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary=x

--x
Content-Type: text/plain; charset=utf-8

Dear {{name}},

your order {{id}} left our house today and will be in {{town}} within three
working days. You can follow it at https://example.org/follow?id={{id.url}}
and tell us there when it may come, or to which neighbour it may be given.

If anything is wrong with it, answer this message and leave the number {{id}}
in the subject, so that we find your order at once.

With kind regards,
your Notices

You get this message since {{email}} is on our list. To leave it:
https://example.org/u?who={{email.url}}
--x
Content-Type: text/html; charset=utf-8

<!DOCTYPE html>
<html><head><title>Your order {{id}}</title></head>
<body style="font-family: sans-serif; color: #222">
<p>Dear {{name}},</p>
<p>your order <b>{{id}}</b> left our house today and will be in {{town}} within
three working days. You can <a href="https://example.org/follow?id={{id.url}}">
follow it</a> and tell us there when it may come, or to which neighbour it may
be given.</p>
<p>If anything is wrong with it, answer this message and leave the number
{{id}} in the subject, so that we find your order at once.</p>
<p>With kind regards,<br>your Notices</p>
<p style="font-size: smaller">You get this message since {{email}} is on our
list. <a href="https://example.org/u?who={{email.url}}">Leave it</a></p>
</body></html>
--x--
"""

SESSIONS, WINDOW = 10, 64


def letters(stage):
    """The template, and one letter as it goes out."""
    template, one = stage.home / "order.eml", stage.home / "order-1.eml"
    template.write_text(LETTER)
    rows = stage.home / "order.csv"
    rows.write_text("email,name,town,id\n"
                    "zoe@example.net,Zoë Müller,München,A-22\n", "utf-8")
    with open(one, "wb") as letter:
        subprocess.run([MAILSHOT, "render", "-q", rows, template],
                       stdout=letter, check=True)
    return template, one


def rendered(program, template, count, *how):
    """CPU and bytes of a letter, as the letter room makes it."""
    command = pinned(0, [program, template, str(count), *how])
    out = subprocess.run(list(map(str, command)), check=True,
                         capture_output=True, text=True).stdout.split()
    return {"cpu_us": float(out[0]), "bytes": float(out[1])}


def rendering(stage):
    """letters made a second, beside what it costs to encrypt and send them"""
    template, one = letters(stage)
    count = stage.size(500_000, 50_000)
    program = stage.compiled("render", "gmime-3.0",
                             rooms=("letter", "base"))
    limit = stage.compiled("ceiling", "gnutls")
    found = stage.in_turn({
        "made": lambda: rendered(program, template, count),
        "made, no 8BITMIME": lambda: rendered(program, template, count,
                                              "7bit"),
        "encrypted and sent": lambda: stage.against_sink(
            lambda port, ca: [limit, port, str(SESSIONS), str(WINDOW),
                              str(count), one], count)})
    sent = median(found["encrypted and sent"], "cpu_us")
    for title, runs in found.items():
        cpu = median(runs, "cpu_us")
        say(f"  {title:<20}{cpu:>6.2f} us{1e6 / cpu:>10.0f} letters/s on one "
            f"processor{cpu / sent * 100:>6.0f} % of the last")
    stage.aim("making a letter beside encrypting and sending it",
              median(found["made"], "cpu_us") / sent, most=1)


def attachment(stage):
    """a file of 1 MB with every letter: the memory of 10,000 rows and of one"""
    template = stage.home / "attached.eml"
    template.write_text("From: bench@example.org\nTo: {{email}}\n"
                        "Subject: {{name}}\n\nDear {{name}}\n")
    file = stage.home / "file.bin"
    file.write_bytes(os.urandom(1 << 20))
    many = stage.size(10_000, 500)

    def run(count):
        return stage.against_sink(
            lambda port, ca: [MAILSHOT, "send", "-s",
                              f"smtp://127.0.0.1:{port}", "--tls-ca", ca,
                              "-j", "2", "-q", "--attach", file,
                              stage.rows(count), template], count)
    peaks = {count: median([run(count) for _ in range(3 if count == 1 else 1)],
                           "rss") for count in (1, many)}
    for count, peak in peaks.items():
        say(f"  {count:>6} rows: at most {peak:.1f} MB of memory")
    stage.aim(f"memory that {many - 1} more letters with it take",
              peaks[many] - peaks[1], most=8, unit=" MB")
