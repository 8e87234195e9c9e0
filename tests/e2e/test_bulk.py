"""The headers of bulk mail, and what check says where they lack."""

import pytest

import program
from program import DATAERR, OK, REJECTED, USAGE

DRAFT = "From: a@example.org\nTo: {{email}}\nSubject: x\n\nDear {{name}}\n"
LIST = ("email,name,id\nann+x@example.org,Ann <&>,1\n"
        "bob@example.org,Bob & Co,2\n")


@pytest.fixture
def draft(tmp_path):
    (tmp_path / "draft.eml").write_text(DRAFT)
    (tmp_path / "list.csv").write_text(LIST, "utf-8")
    return tmp_path / "draft.eml"


@pytest.fixture
def headers(run, draft):
    """headers(option…): those of the first letter, unfolded."""
    def headers_here(*options):
        done = run("render", *options, "list.csv", "draft.eml")
        assert done.status == OK, done.err
        head = done.out.replace("\r\n", "\n").split("\n\n")[0]
        head = head.replace("\n ", " ")
        return dict(line.split(": ", 1) for line in head.splitlines())
    return headers_here


def test_one_click(headers):
    seen = headers("--unsubscribe-url",
                   "https://example.org/u/{{id}}?who={{email.url}}")
    assert seen["List-Unsubscribe"] == \
        "<https://example.org/u/1?who=ann%2Bx%40example.org>"
    assert seen["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_by_mail(headers):
    seen = headers("--unsubscribe-mailto", "u+{{id}}@example.org?subject=bye")
    assert seen["List-Unsubscribe"] == \
        "<mailto:u+1@example.org?subject=bye>"
    assert "List-Unsubscribe-Post" not in seen


def test_both_and_what_can_be_clicked_first(headers):
    seen = headers("--unsubscribe-mailto", "mailto:u@example.org",
                   "--unsubscribe-url", "https://example.org/{{id}}",
                   "-H", "List-Id: The list <news.example.org>",
                   "-H", "Feedback-ID: {{id}}:news:example",
                   "-H", "Precedence: bulk",
                   "-H", "Auto-Submitted: auto-generated")
    assert seen["List-Unsubscribe"] == \
        "<https://example.org/1>, <mailto:u@example.org>"
    assert seen["List-Id"] == "The list <news.example.org>"
    assert seen["Feedback-ID"] == "1:news:example"
    assert seen["Precedence"] == "bulk"
    assert seen["Auto-Submitted"] == "auto-generated"


def test_nothing_is_added_unasked(headers):
    assert sorted(headers()) == [
        "Content-Transfer-Encoding", "Content-Type", "Date", "From",
        "MIME-Version", "Message-ID", "Subject", "To"]


def test_they_replace_those_of_the_template(headers, draft):
    draft.write_text("List-Unsubscribe: <https://old.example/>\n"
                     "List-Unsubscribe-Post: List-Unsubscribe=One-Click\n"
                     + DRAFT)
    seen = headers("--unsubscribe-url", "https://example.org/{{id}}")
    assert seen["List-Unsubscribe"] == "<https://example.org/1>"


def test_a_whole_url_from_the_list(headers, tmp_path, draft):
    (tmp_path / "list.csv").write_text(
        "email,name,u\na@example.org,Ann,https://example.org/a?b=c&d#e\n")
    assert headers("--unsubscribe-url", "{{u}}")["List-Unsubscribe"] == \
        "<https://example.org/a?b=c&d#e>"


def test_a_long_url_stays_in_one_piece(headers):
    url = "https://example.org/" + "a" * 800
    assert headers("--unsubscribe-url", url)["List-Unsubscribe"] == f"<{url}>"


@pytest.mark.parametrize("option, value, why", [
    ("url", "https://example.org/{{name}}", "percent-encoded"),
    ("url", "https://example.org/%{{name}}", "two hex digits"),
    ("url", "https://example.org/%4{{id}}%", "two hex digits"),
    ("url", "{{id}}", "no scheme"),
    ("url", "{{scheme}}://example.org/", "not https"),
    ("url", "https://{{empty}}/x", "no host"),
    ("url", "https://x@:25/{{id}}", "no host"),
    ("url", "https://example.org/\u00fc{{id}}", "not ASCII"),
    ("mailto", "{{id}}", "not one address"),
    ("mailto", "u+{{email}}@example.org", "not one address"),
    ("mailto", "a@example.org,b@example.org{{id}}", "not one address"),
    ("mailto", "u@example.org?subject={{name}}", "percent-encoded"),
    ("mailto", "u@example.org>, <https://evil.example/{{name}}",
     "percent-encoded"),
])
def test_values_that_break_a_uri(run, draft, tmp_path, option, value, why):
    (tmp_path / "list.csv").write_text(
        "email,name,id,scheme,empty\n"
        "ann@example.org,Ann <&>,1,http,\n", "utf-8")
    done = run("check", "--allow-empty", f"--unsubscribe-{option}", value,
               "list.csv", "draft.eml")
    assert done.status == REJECTED, done.err
    assert why in done.out


def test_a_value_breaks_no_uri_of_the_template(run, draft):
    draft.write_text("List-Unsubscribe: <https://x.example/{{name}}>\n"
                     + DRAFT)
    done = run("check", "list.csv", "draft.eml")
    assert done.status == REJECTED
    assert done.out.count("percent-encoded") == 2
    draft.write_text("List-Help: <https://x.example/ü>\n" + DRAFT, "utf-8")
    assert run("check", "list.csv", "draft.eml").status == DATAERR
    draft.write_text("List-Post: NO\nList-Help: < https://x.example/a >\n"
                     + DRAFT)
    assert run("check", "list.csv", "draft.eml").status == OK


@pytest.mark.parametrize("value, status", [
    ("http://example.org/", USAGE), ("example.org", USAGE), ("", USAGE),
    ("https://example.org/{{nmae}}", DATAERR),
    ("https://example.org/{{", DATAERR), ("https://", DATAERR),
    ("https://example.org/\n", USAGE), ("https://example.org/a b", DATAERR),
])
def test_options_that_are_wrong(run, draft, value, status):
    done = run("send", "-n", "--unsubscribe-url", value, "list.csv",
               "draft.eml")
    assert done.status == status
    assert "--unsubscribe-url" in done.err and done.out == ""


def lacks(done):
    """What check says of the template, but for the note on DKIM."""
    return [line for line in done.err.splitlines()
            if line.startswith("mailshot: draft.eml: ")
            and "needs a DKIM signature" not in line]


GOOD = ["--unsubscribe-url", "https://example.org/{{id}}"]


def test_a_letter_that_lacks_nothing(run, draft):
    done = run("check", *GOOD, "list.csv", "draft.eml")
    assert lacks(done) == []
    assert "draft.eml: bulk mail needs a DKIM signature with d=example.org " \
        "by the relay, over From, Message-ID, Date, List-Unsubscribe and " \
        "List-Unsubscribe-Post too" in done.err


@pytest.mark.parametrize("options, said", [
    ([], "no List-Unsubscribe with one click"),
    (["--unsubscribe-mailto", "u@example.org"],
     "no List-Unsubscribe with one click"),
    ([*GOOD, "-H", "From: Ann <ann@GMail.com>"],
     "From is at GMail.com: but for its own relays"),
    ([*GOOD, "-f", "bounce@example.net"],
     "the envelope sender is at example.net and From at example.org"),
    ([*GOOD, "-H", "Message-ID: <one@example.org>"],
     "all letters have the Message-ID of the template"),
    ([*GOOD, "-H", "Message-ID: {{id}}@example.org"],
     "the Message-ID is not <name@domain>"),
    ([*GOOD, "-H", "Date: Tue, 24 Nov 2020 03:29:00 +0000"],
     "all letters have the Date of the template (Tue, 24 Nov 2020"),
    ([*GOOD, "-H", "Subject: {{#none}}{{/none}}"], "no Subject"),
    ([*GOOD, "--html", "page.html"], "Gmail cuts it off at 102 kB"),
])
def test_what_a_letter_lacks(run, draft, tmp_path, options, said):
    (tmp_path / "page.html").write_text("<p>" + "line\n" * 25000)
    (tmp_path / "list.csv").write_text(
        "email,name,id,none\nann@example.org,Ann,1,\nbob@example.org,B,2,\n")
    done = run("check", *options, "list.csv", "draft.eml")
    assert done.status == OK, done.err
    assert len(lacks(done)) == 1 and said in lacks(done)[0]
    assert run("check", "--fail-on", "warning", *options, "list.csv",
               "draft.eml").status == REJECTED
    assert run("check", "-q", *options, "list.csv", "draft.eml").err == ""


def test_a_sender_beneath_from_is_aligned(run, draft):
    done = run("check", *GOOD, "-f", "b+{{id}}@bounce.example.org",
               "list.csv", "draft.eml")
    assert lacks(done) == []
