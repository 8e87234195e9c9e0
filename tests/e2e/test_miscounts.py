"""Is anybody called `sent` because a relay answered one command twice?

Replies are counted (RFC 2920 3.1). From a reply too many on, each is taken for
that of the command behind; the contents that the relay refuses are then
granted by the word for something else.
"""

import itertools

import pytest

import odd_relay
from program import by_status
from test_odd_relays import send  # noqa: F401 (a fixture)

LETTERS = 12
ONE_FOR_ALL = {"RSET": b"250 ok\r\n", "MAIL": b"250 ok\r\n",
               "RCPT": b"250 ok\r\n", "content": b"250 ok\r\n"}
LIKE_POSTFIX = {"RSET": b"250 2.0.0 Ok\r\n", "MAIL": b"250 2.1.0 Ok\r\n",
                "RCPT": b"250 2.1.5 Ok\r\n",
                "content": b"250 2.0.0 Ok: 9 bytes queued as 4ZJ1\r\n"}
LIKE_EXIM = {"RSET": b"250 Reset OK\r\n", "MAIL": b"250 OK\r\n",
             "RCPT": b"250 Accepted\r\n",
             "content": b"250- 9 byte chunk, total 9\r\n250 OK id=1aaaaa\r\n"}
WORDS = {"one for all": ONE_FOR_ALL, "Postfix": LIKE_POSTFIX,
         "Exim": LIKE_EXIM}
REFUSED = [b"550 5.7.1 spam\r\n", b"451 4.7.1 later\r\n"]


class Miscounter:
    """Answers the verb's Nth time twice, and refuses contents from then on:
    every one, or the first."""

    def __init__(self, words, verb, number, refusal, lasting):
        self.words, self.verb, self.number = words, verb, number
        self.refusal, self.lasting = refusal, lasting
        self.heard = 0
        self.refuses = False

    def __call__(self, heard):
        if heard.verb == "EHLO":
            return odd_relay.STREAM
        usual = self.words.get(heard.verb)
        if heard.verb == "content" and self.refuses:
            self.refuses = self.lasting
            return self.refusal
        if heard.verb == self.verb:
            self.heard += 1
            if self.heard == self.number:
                self.refuses = True
                return usual * 2
        return usual


@pytest.mark.parametrize("words", WORDS)
@pytest.mark.parametrize("verb", ["RSET", "MAIL", "RCPT", "content"])
def test_one_reply_too_many_credits_nobody(odd, send, words, verb):
    # The probe's MAIL and RSET are the first; it has no recipient.
    first = 2 if verb in ("RSET", "MAIL") else 1
    for number, refusal, lasting in itertools.product(
            (first, first + 1, first + 5), REFUSED, (True, False)):
        relay = odd(Miscounter(WORDS[words], verb, number, refusal, lasting))
        done, rows = send(relay, LETTERS, "--retry-for", "0s")
        taken = [address for letter in relay.taken for address in letter]
        sent = by_status(rows).get("sent", [])
        assert set(sent) <= set(taken), (number, refusal, lasting)
        assert len(taken) == len(set(taken)), (number, refusal, lasting)
        assert relay.answer.heard >= number
