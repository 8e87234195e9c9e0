/* letter/letter: drafts filled in, byte by byte. */
#include "unit/draft_case.h"

#include "base/ascii.h"

#define JO .name = {"Jo", 2}, .email = {"jo@example.net", 14}
#define TAIL                                                                   \
    "Date: Tue, 24 Nov 2026 03:30:00 +0000\r\n"                                \
    "Message-ID: <key@example.org>\r\n"                                        \
    "MIME-Version: 1.0\r\n"                                                    \
    "Content-Type: text/plain; charset=utf-8\r\n"                              \
    "Content-Transfer-Encoding: "

static const struct {
    struct draft_case c;
    const char *letter;
} letters[] = {
    /* what is missing is added behind */
    {{.text =
          "From: news@example.org\nSubject: Hello {{name}}\n\nDear {{name}},\n",
      JO},
     "From: news@example.org\r\nSubject: Hello Jo\r\n"
     "To: jo@example.net\r\n" TAIL "7bit\r\n\r\nDear Jo,\r\n"},
    /* CRLF, a BOM, no line end at the end, an mbox's first line, a comment */
    {{.text = "\xef\xbb\xbf"
              "From - Tue Nov 24\r\n{{! for May }}\r\nFrom: a@b.example\r\nTo: "
              "c@d.example\r\n\r\nx",
      JO},
     "From: a@b.example\r\nTo: c@d.example\r\n" TAIL "7bit\r\n\r\nx\r\n"},
    /* no body */
    {{.text = "From: a@b.example\nTo: c@d.example\n", JO},
     "From: a@b.example\r\nTo: c@d.example\r\n" TAIL "7bit\r\n\r\n"},
    /* Bcc and Return-Path are dropped, MIME headers are ours */
    {{.text =
          "Return-Path: <x@y.example>\nFrom: a@b.example\nBcc: s@b.example\n"
          "MIME-Version: 1.0\nTo: c@d.example\nContent-Type: text/plain\n\nx\n",
      JO},
     "From: a@b.example\r\nTo: c@d.example\r\n" TAIL "7bit\r\n\r\nx\r\n"},
    /* a display name is one, whatever it holds */
    {{.text = "From: a@b.example\nTo: {{name}} <{{email}}>\n\nx\n",
      .name = {"\"x\" <evil@x.example>, y", 23},
      .email = {"jo@example.net", 14}},
     "From: a@b.example\r\n"
     "To: \"\\\"x\\\" <evil@x.example>, y\" <jo@example.net>\r\n" TAIL
     "7bit\r\n\r\nx\r\n"},
    {{.text =
          "From: a@b.example\nTo: \"{{name}}\" <{{email}}>, z@z.example\n\nx\n",
      .name = {"J\xc3\xb6, A", 6},
      .email = {"jo@example.net", 14}},
     "From: a@b.example\r\n"
     "To: =?utf-8?b?SsO2LCBB?= <jo@example.net>, z@z.example\r\n" TAIL
     "7bit\r\n\r\nx\r\n"},
    /* blanks of a value stay, those of the draft do not */
    {{.text = "From: a@b.example\nTo: {{name}} <{{email}}>\n"
              "Cc: {{#name}}{{name}} {{/name}}<c@d.example>\n\nx\n",
      .name = {"Jo ", 3},
      .email = {"jo@example.net", 14}},
     "From: a@b.example\r\nTo: \"Jo \" <jo@example.net>\r\n"
     "Cc: Jo <c@d.example>\r\n" TAIL "7bit\r\n\r\nx\r\n"},
    /* what a section leaves empty is no mailbox, and no header */
    {{.text =
          "From: a@b.example\nTo: {{email}}\nCc: {{#empty}}{{empty}}@x.example"
          "{{/empty}}, {{#empty}}Jo{{/empty}}\nX-A: "
          "{{#empty}}a{{/empty}}\n\nx\n",
      JO},
     "From: a@b.example\r\nTo: jo@example.net\r\n" TAIL "7bit\r\n\r\nx\r\n"},
    /* the same of one round a whole mailbox, its name and its address */
    {{.text = "From: a@b.example\nTo: {{email}}\n"
              "Cc: {{#empty}}{{name}} <{{empty}}>{{/empty}}, "
              "{{#name}}{{^empty}}\"x {{name}}\" <{{id}}@c.example>{{/empty}}"
              "{{/name}}\nReply-To: {{^name}}N <n@c.example>{{/name}}\n\nx\n",
      JO},
     "From: a@b.example\r\nTo: jo@example.net\r\nCc: x Jo "
     "<5@c.example>\r\n" TAIL "7bit\r\n\r\nx\r\n"},
    /* the template's own Date and Message-ID */
    {{.text = "From: a@b.example\nTo: c@d.example\nDate: today\nMessage-ID: "
              "<{{id}}@x>\n\n{{mailshot.message_id}} {{mailshot.date}}\n",
      JO},
     "From: a@b.example\r\nTo: c@d.example\r\nDate: today\r\n"
     "Message-ID: <5@x>\r\nMIME-Version: 1.0\r\n"
     "Content-Type: text/plain; charset=utf-8\r\n"
     "Content-Transfer-Encoding: 7bit\r\n\r\n<5@x> 2026-11-24\r\n"},
    /* -H replaces and adds */
    {{.text = "From: a@b.example\nTo: c@d.example\nX-A: 1\nx-a: 2\nSubject: "
              "s\n\nx\n",
      .header = {"X-A: {{id}}", 11},
      JO},
     "From: a@b.example\r\nTo: c@d.example\r\nSubject: s\r\nX-A: 5\r\n" TAIL
     "7bit\r\n\r\nx\r\n"},
    /* 8bit to who takes it */
    {{.text = "From: a@b.example\nTo: c@d.example\n\n\xc3\xbc {{name}}\n",
      .eight_bit = true,
      JO},
     "From: a@b.example\r\nTo: c@d.example\r\n" TAIL
     "8bit\r\n\r\n\xc3\xbc Jo\r\n"},
    {{.text =
          "From: a@b.example\nTo: c@d.example\n\n\xc3\xbc {{name}} and more\n",
      JO},
     "From: a@b.example\r\nTo: c@d.example\r\n" TAIL
     "quoted-printable\r\n\r\n=C3=BC Jo and more\r\n"},
    {{.text = "From: a@b.example\nTo: c@d.example\n\n\xc3\xbc\xc3\xbc\xc3\xbc"
              "{{name}}\n",
      JO},
     "From: a@b.example\r\nTo: c@d.example\r\n" TAIL
     "base64\r\n\r\nw7zDvMO8Sm8NCg==\r\n"},
    /* a verb is never sent as it is, and fixed texts are no exception */
    {{.text =
          "From: a@b.example\nTo: c@d.example\n\nDATA\n.\nQUIT\nmore of it\n",
      JO},
     "From: a@b.example\r\nTo: c@d.example\r\n" TAIL
     "quoted-printable\r\n\r\n=44ATA\r\n=2E\r\n=51UIT\r\nmore of it\r\n"},
    {{.text = "From: a@b.example\nTo: c@d.example\n\n{{name}}\n",
      .name = {"a\nRSET\rb", 8},
      .email = {"jo@example.net", 14}},
     "From: a@b.example\r\nTo: c@d.example\r\n" TAIL
     "quoted-printable\r\n\r\na\r\n=52SET\r\nb\r\n"},
    /* a TAB in a header is a blank; encoded-words in values stay text */
    {{.text = "From: a@b.example\nTo: c@d.example\nSubject: {{name}}\n\nx\n",
      .name = {"a\tb =?utf-8?q?x?=", 17},
      .email = {"jo@example.net", 14}},
     "From: a@b.example\r\nTo: c@d.example\r\n"
     "Subject: a b =?utf-8?b?PT91dGYtOD9xP3g/PQ==?=\r\n" TAIL
     "7bit\r\n\r\nx\r\n"},
    /* encoded-words of the draft are text, too, and may name columns */
    {{.text = "From: =?iso-8859-1?q?J=F6=2C?= <a@b.example>\nTo: c@d.example\n"
              "Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe_=7B=7Bname=7D=7D?=\n "
              "=?utf-8?q?!?=\n"
              "\nx\n",
      JO},
     "From: =?utf-8?b?SsO2LA==?= <a@b.example>\r\nTo: c@d.example\r\n"
     "Subject: =?utf-8?b?R3LDvMOfZQ==?= Jo!\r\n" TAIL "7bit\r\n\r\nx\r\n"},
    /* folded as it came, and folded anew */
    {{.text = "From: a@b.example\nTo: c@d.example\nSubject: one\n "
              "two\n\tthree\n\nx\n",
      JO},
     "From: a@b.example\r\nTo: c@d.example\r\nSubject: one two three\r\n" TAIL
     "7bit\r\n\r\nx\r\n"},
    /* text/html escapes what is filled in */
    {{.text = "From: a@b.example\nTo: c@d.example\nSubject: {{name}}\n"
              "Content-Type: text/html; charset=UTF-8; x=y\n\n<b>{{name}}\n",
      .name = {"<&>", 3},
      .email = {"jo@example.net", 14}},
     "From: a@b.example\r\nTo: c@d.example\r\nSubject: <&>\r\n"
     "Date: Tue, 24 Nov 2026 03:30:00 +0000\r\n"
     "Message-ID: <key@example.org>\r\nMIME-Version: 1.0\r\n"
     "Content-Type: text/html; charset=utf-8; x=\"y\"\r\n"
     "Content-Transfer-Encoding: 7bit\r\n\r\n<b>&lt;&amp;&gt;\r\n"},
    /* IDN, quoted local parts */
    {{.text = "From: a@b\xc3\xbc"
              "cher.example\nTo: \"a b\"@x.example\n\nx\n",
      JO},
     "From: a@xn--bcher-kva.example\r\nTo: \"a b\"@x.example\r\n" TAIL
     "7bit\r\n\r\nx\r\n"},
};

static void fills_letters(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(letters); i++) {
        struct draft_result r;
        run_case(&letters[i].c, &r);
        if (!r.draft || r.reason.len > 0) {
            fail_msg("letter %zu: %s%.*s", i, r.err.text, (int)r.reason.len,
                     r.reason.data);
        }
        assert_string_equal(r.bytes.data, letters[i].letter);
        assert_false(r.letter.needs_smtputf8);
        assert_int_equal(r.letter.has_eight_bit, !ascii_only(r.bytes));
        release_case(&r);
    }
}

#define FROM "From: a@b.example\n"

static const struct {
    struct draft_case c;
    int status;
    const char *message;
} wrong[] = {
    {{.text = "Subject: x\n\n"},
     65,
     "t.eml:1: no From header (give it in the template, or with -H 'From: "
     "…')"},
    {{.text = "\xff\xfe" FROM},
     65,
     "t.eml:1: this is UTF-16: save it as UTF-8, or iconv -f UTF-16 -t UTF-8"},
    {{.text = FROM "Subject: {{nmae}}\n\nx"},
     65,
     "t.eml:2:10: no column \"nmae\"; did you mean \"name\"?"},
    {{.text = FROM "Subject: a\n  b {{nmae}}\n\nx"},
     65,
     "t.eml:3:5: no column \"nmae\"; did you mean \"name\"?"},
    {{.text = FROM "To: {{name}}\n <{{emial}}>\n\nx"},
     65,
     "t.eml:3:3: no column \"emial\"; did you mean \"email\"?"},
    {{.text = FROM "\nDear {{nmae}},\n"},
     65,
     "t.eml:3:6: no column \"nmae\"; did you mean \"name\"?"},
    {{.text = FROM "\nDear {{_status}},\n"},
     65,
     "t.eml:3:6: no column \"_status\""},
    {{.text = FROM "\n{{#name}}\n"},
     65,
     "t.eml:3:1: no end of the section \"name\""},
    {{.text = FROM "Subject: a\nSubject: b\n\n"},
     65,
     "t.eml:3: a second Subject header"},
    {{.text = FROM "from: x@y.example\n\n"},
     65,
     "t.eml:2: a second from header"},
    {{.text = FROM "Dear all,\n\n"},
     65,
     "t.eml:2: this is no header, and no empty line came before it: a "
     "template begins with headers, then an empty line"},
    {{.text = FROM "Sub ject: x\n\n"},
     65,
     "t.eml:2: this is no header, and no empty line came before it: a "
     "template begins with headers, then an empty line"},
    {{.text = FROM "{{#name}}X: y\n\n"},
     65,
     "t.eml:2: a tag may stand in a header's value alone: what is empty then "
     "is left out, so write Cc: {{#x}}{{x}}{{/x}}"},
    {{.text = FROM "Subject: a\x01\n\n"},
     65,
     "t.eml:2:11: a control character (0x01)"},
    {{.text = FROM "\nab\n\xc3\xbc\x1b\n"},
     65,
     "t.eml:4:2: a control character (0x1b)"},
    {{.text = FROM "\nab\n\xfc\n"},
     65,
     "t.eml:4:1: bytes that are no UTF-8 (0xfc)"},
    {{.text = "From: a@b.example, c@d.example\n\n"},
     65,
     "t.eml:1: From has more than one address: a Sender header has to say "
     "whose letter it is (RFC 5322 3.6.2)"},
    {{.text = FROM "Sender: c@d.example,\n {{email}}\n\n"},
     65,
     "t.eml:2: Sender has more than one address: a letter has one sender"},
    {{.text = FROM "Cc: {{#name}}{{empty}} <{{emial}}>{{/name}}\n\n"},
     65,
     "t.eml:2:25: no column \"emial\"; did you mean \"email\"?"},
    {{.text = FROM "To: a b\n\n"}, 65, "t.eml:2: no address in To"},
    {{.text = FROM "To: all: a@b.example;\n\n"},
     65,
     "t.eml:2: a group, not mailboxes"},
    {{.text = FROM "To: a@b@c.example\n\n"}, 65, "t.eml:2: no address in To"},
    {{.text = FROM "Cc: {{# name }}{{name}}, {{/name}}a@b.example\n\n"},
     65,
     "t.eml:2: a section cannot hold the comma between mailboxes: one that is "
     "empty is left out, so write {{#x}}{{x}}{{/x}}, y@example.org"},
    {{.text = FROM "List-Id: \xc3\xbc\n\n"},
     65,
     "t.eml:2: List-Id is not ASCII, or has a word too long for a line"},
    {{.text = FROM "Subject: =?utf-8?q?a=0C?=\n\n"},
     65,
     "t.eml:2:2: a control character (0x0c)"},
    {{.text = FROM "To: =?utf-8?q?a=01b?= <a@b.example>\n\n=?"},
     65,
     "t.eml:2:2: a control character (0x01)"},
    {{.text = FROM "\n", .header = {"X", 1}},
     64,
     "--header: \"X\" is not \"Name: value\""},
    {{.text = FROM "\n", .header = {"X: a\nY: b", 9}},
     64,
     "--header: \"X: a\nY: b\" is not \"Name: value\""},
    {{.text = FROM "\n", .header = {"X: {{nmae}}", 11}},
     65,
     "--header:1:4: no column \"nmae\"; did you mean \"name\"?"},
    {{.text = FROM "\n", .sender = "x <a@b.example>"},
     64,
     "--from: \"x <a@b.example>\" is not one address"},
    {{.text = FROM "\n", .sender = "a b@b.example"}, 65, "--from: no address"},
    {{.text = FROM "\n",
      .sender = "0123456789012345678901234567890123456789012345678901234567890"
                "1234@b.example"},
     65,
     "--from: a local part of more than 64 octets"},
    {{.text = FROM "\n", .sender = "bounce+{{idd}}@b.example"},
     65,
     "--from:1:8: no column \"idd\"; did you mean \"id\"?"},
    {{.text = FROM "Message-ID: {{mailshot.message_id}}\n\n"},
     65,
     "t.eml:2: the Message-ID is made of itself"},
};

static void says_what_is_wrong(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(wrong); i++) {
        struct draft_result r;
        run_case(&wrong[i].c, &r);
        if (r.draft) {
            fail_msg("compiled: %s", wrong[i].c.text);
        }
        assert_string_equal(r.err.text, wrong[i].message);
        assert_int_equal(r.err.status, wrong[i].status);
        release_case(&r);
    }
}

#define EMAIL .email = {"jo@example.net", 14}

static const struct {
    struct draft_case c;
    const char *reason; /* "": it is a letter */
} rows[] = {
    {{.text = FROM "Subject: {{name}}\n\n", .name = {"a\nBcc: x@y", 10}, EMAIL},
     "column \"name\" has a control character, which may not enter Subject"},
    {{.text = FROM "Subject: {{name}}\n\n", .name = {"a\0b", 3}, EMAIL},
     "column \"name\" has a control character, which may not enter Subject"},
    {{.text = FROM "Subject: {{name}}\n\n", .name = {"a\x7f", 2}, EMAIL},
     "column \"name\" has a control character, which may not enter Subject"},
    {{.text = FROM "Subject: {{name.url}}\n\n", .name = {"a\n", 2}, EMAIL}, ""},
    {{.text = FROM "To: {{name}} <{{email}}>\n\n", .name = {"a\rb", 3}, EMAIL},
     "column \"name\" has a control character, which may not enter To"},
    {{.text = FROM "\n{{name}}", .name = {"a\0b", 3}, EMAIL},
     "column \"name\" has a NUL byte"},
    {{.text = FROM "\n{{name}}", .name = {"a\x01\x7f\n", 4}, EMAIL}, ""},
    {{.text = FROM "\n{{empty}}", .name = {"a", 1}, EMAIL},
     "column \"empty\" is empty"},
    {{.text = FROM "Subject: {{empty}}\n\n", .name = {"a", 1}, EMAIL},
     "column \"empty\" is empty"},
    {{.text = FROM "\n{{empty}}", .allow_empty = true, .name = {"a", 1}, EMAIL},
     ""},
    {{.text = FROM "\n{{#empty}}{{empty}}{{/empty}}", .name = {"a", 1}, EMAIL},
     ""},
    {{.text = FROM "Reply-To: {{name}}\n\n", .name = {"a", 1}, EMAIL},
     "no address in Reply-To"},
    {{.text = FROM "Reply-To: {{name}}\n\n", .name = {"a@b, c@d", 8}, EMAIL},
     "no address in Reply-To"},
    {{.text = FROM "To: {{name}} {{email}}\n\n", .name = {"Jo", 2}, EMAIL},
     "no address in To (a name goes before it: Name <address>)"},
    {{.text = FROM "Reply-To: <{{name}}>\n\n", .name = {"a@b> <c@d", 9}, EMAIL},
     "no address in Reply-To"},
    {{.text = FROM "Reply-To: {{name}}\n\n",
      .name = {" a@b.example ", 13},
      EMAIL},
     ""},
    {{.text = "From: {{name}}\n\n", .allow_empty = true, EMAIL},
     "From is empty"},
    {{.text = FROM "References: {{name}}\n\n", .name = {"\xc3\xbc", 2}, EMAIL},
     "References is not ASCII, or has a word too long for a line"},
    {{.text = FROM "\n", .sender = "{{mailshot.date}}@b.example", EMAIL}, ""},
    {{.text = FROM "\n",
      .sender = "x+{{name}}@b.example",
      .name = {"a b", 3},
      EMAIL},
     "no address in the sender"},
    {{.text = FROM "\n",
      .sender = "x+{{name}}@b.example",
      .name = {"a\n", 2},
      EMAIL},
     "column \"name\" has a control character, which may not enter the "
     "sender"},
};

/* However much a row brings, it is a letter or it is refused. */
static void has_a_ceiling(void **state)
{
    (void)state;
    static const char *const headers[] = {"Subject", "To: {{email}}, x", "X-A",
                                          "References"};
    struct buf name;
    buf_init(&name, 1 << 20);
    while (!name.overflowed) {
        buf_append(&name, SPAN("\xc3\xbc b "));
    }
    for (size_t i = 0; i < COUNT(headers); i++) {
        struct buf text;
        buf_init(&text, 1 << 20);
        buf_append(&text, SPAN(FROM));
        for (int n = 0; n < 200; n++) {
            buf_append_format(&text, "X-%d: {{name}}\n", n);
        }
        buf_append_format(&text, "%s: {{name}} <{{email}}>\n\n{{name}}%c",
                          headers[i], 0);
        struct draft_case c = {
            .text = text.data, .name = buf_span(&name), EMAIL};
        struct draft_result r;
        run_case(&c, &r);
        assert_true(r.draft == NULL ||
                    span_ends(r.reason, SPAN(" is too long")));
        release_case(&r);
        buf_release(&text);
    }
    buf_release(&name);
}

static void judges_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct draft_result r;
        run_case(&rows[i].c, &r);
        if (!r.draft) {
            fail_msg("row %zu: %s", i, r.err.text);
        }
        struct span reason = span_of(rows[i].reason);
        if (!span_equal(r.reason, reason)) {
            fail_msg("row %zu: \"%.*s\"", i, (int)r.reason.len, r.reason.data);
        }
        release_case(&r);
    }
}

static const struct {
    struct draft_case c;
    const char *sender;
    const char *domain;
    const char *message_id;
    bool utf8;
} envelopes[] = {
    {{.text = "From: N <n@x.example>, m@y.example\n"
              "Sender: m@y.example\n\n",
      JO},
     "n@x.example",
     "x.example",
     "<key@example.org>",
     false},
    {{.text = "From: n@x.example\n\n", .sender = "b+{{id}}@y.example", JO},
     "b+5@y.example",
     "x.example",
     "<key@example.org>",
     false},
    {{.text = "From: n@x.example\n\n", .sender = " <b@y.example> ", JO},
     "b@y.example",
     "x.example",
     "<key@example.org>",
     false},
    {{.text = "From: n@x.example\n\n", .sender = "<>", JO},
     "",
     "x.example",
     "<key@example.org>",
     false},
    {{.text = "From: {{name}} <{{id}}@b\xc3\xbc"
              "cher.example>\n\n",
      JO},
     "5@xn--bcher-kva.example",
     "xn--bcher-kva.example",
     "<key@example.org>",
     false},
    {{.text = "From: {{email}}\n\n", JO},
     "jo@example.net",
     "example.net",
     "<key@example.org>",
     false},
    {{.text = "From: \xc3\xbc@x.example\nMessage-ID:\n  <{{name}}@z>\n\n", JO},
     "\xc3\xbc@x.example",
     "x.example",
     "<Jo@z>",
     true},
    {{.text = "From: x@x.example\n\n",
      .name = {"Jo", 2},
      .email = {"\xc3\xbc@x.example", 12}},
     "x@x.example",
     "x.example",
     "<key@example.org>",
     true},
};

static void knows_the_envelope(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(envelopes); i++) {
        struct draft_result r;
        run_case(&envelopes[i].c, &r);
        assert_non_null(r.draft);
        assert_int_equal(r.reason.len, 0);
        const struct draft_case *c = &envelopes[i].c;
        struct span row[] = {c->email, c->name, SPAN("5"), SPAN(""), SPAN("")};
        struct letter_values values = case_values(c, row);
        struct span domain = draft_sender_domain(r.draft, &values, &r.arena);
        assert_true(span_equal(r.letter.sender, span_of(envelopes[i].sender)));
        assert_true(span_equal(domain, span_of(envelopes[i].domain)));
        assert_true(
            span_equal(r.letter.message_id, span_of(envelopes[i].message_id)));
        assert_int_equal(r.letter.needs_smtputf8, envelopes[i].utf8);
        release_case(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fills_letters),
        cmocka_unit_test(says_what_is_wrong),
        cmocka_unit_test(judges_rows),
        cmocka_unit_test(has_a_ceiling),
        cmocka_unit_test(knows_the_envelope),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
