"""What does TLS cost a mailing, and what does it cost to connect again?"""

from stage import median, say


def tls(stage):
    """the same mailing over TLS and in clear, 10 sessions"""
    count = stage.size(100000, 5000)

    def once(sink_options, *options):
        return lambda: stage.against_sink(
            lambda port, ca: stage.send(port, ca, 10, count, *options), count,
            sink_options)
    found = stage.in_turn({
        "in clear": once(["--tls", "off"], "--tls", "off"),
        "TLS": once([]),
    })
    stage.table(found)
    ratio = median(found["TLS"], "rate") / median(found["in clear"], "rate")
    stage.aim("TLS beside clear, messages/s", ratio, least=0.8)
    ratio = median(found["in clear"], "cpu_us") / median(found["TLS"], "cpu_us")
    stage.aim("TLS beside clear, messages per CPU second", ratio, least=0.8)


def reconnects(stage):
    """a session for each message, resumed or not"""
    count = stage.size(1000, 200)
    found = {}
    for newest in ("1.3", "1.2"):
        for title, options in (("anew", ["--no-tickets"]), ("resumed", [])):
            found[f"TLS {newest} {title}"] = \
                lambda o=["--tls-max", newest, *options]: stage.against_sink(
                    lambda port, ca: stage.send(
                        port, ca, 1, count, "--messages-per-session", "1"),
                    count, o)
    runs = stage.in_turn(found)
    say(f"{'':<20}{'handshakes/s':>13}{'client ms':>11}{'sink ms':>9}")
    for title, these in runs.items():
        say(f"{title:<20}{median(these, 'rate'):>13.0f}"
            f"{median(these, 'cpu_us') / 1000:>11.2f}"
            f"{median(these, 'sink_us') / 1000:>9.2f}")
    for newest in ("1.3", "1.2"):
        both = [median(runs[f"TLS {newest} {how}"], "cpu_us")
                for how in ("resumed", "anew")]
        stage.aim(f"TLS {newest}: a session resumed beside anew, client CPU",
                  both[0] / both[1], most=1)
