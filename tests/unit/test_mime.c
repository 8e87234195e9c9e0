/* letter/mime: drafts that mail programs saved. GMime reads the letters back,
 * whose decoders are not ours. */
#include "unit/draft_case.h"

#include <gmime/gmime.h>

#include "base/ascii.h"
#include "letter/encode.h"

#define TOP                                                                    \
    "From: a@b.example\r\nTo: {{name}} <{{email}}>\r\nSubject: Hi "            \
    "{{name}}\r\nMIME-Version: 1.0\r\n"

/* What there is in a letter: its leaf parts, one line each. */
static void describe(GMimeObject *parent, GMimeObject *object, gpointer data)
{
    struct buf *out = data;
    (void)parent;
    GMimeContentType *type = g_mime_object_get_content_type(object);
    char *mime_type = g_mime_content_type_get_mime_type(type);
    buf_append_format(out, "%s", mime_type);
    g_free(mime_type);
    const char *flowed = g_mime_content_type_get_parameter(type, "format");
    buf_append_format(out, "%s%s", flowed ? " " : "", flowed ? flowed : "");
    const char *id = g_mime_object_get_content_id(object);
    buf_append_format(out, "%s%s", id ? " id=" : "", id ? id : "");
    if (GMIME_IS_PART(object)) {
        const char *name = g_mime_part_get_filename((GMimePart *)object);
        buf_append_format(out, "%s%s", name ? " file=" : "", name ? name : "");
        buf_append(out, SPAN(": "));
        GMimeStream *stream = g_mime_stream_mem_new();
        g_mime_data_wrapper_write_to_stream(
            g_mime_part_get_content((GMimePart *)object), stream);
        GByteArray *bytes =
            g_mime_stream_mem_get_byte_array((GMimeStreamMem *)stream);
        buf_append(out, span_from((const char *)bytes->data, bytes->len));
        g_object_unref(stream);
    }
    buf_append_byte(out, '\n');
    if (GMIME_IS_MESSAGE_PART(object)) {
        g_mime_message_foreach(
            g_mime_message_part_get_message((GMimeMessagePart *)object),
            describe, data);
    }
}

static void read_back(struct span letter, struct buf *out)
{
    GMimeStream *stream =
        g_mime_stream_mem_new_with_buffer(letter.data, letter.len);
    GMimeParser *parser = g_mime_parser_new_with_stream(stream);
    GMimeMessage *message = g_mime_parser_construct_message(parser, NULL);
    assert_non_null(message);
    buf_append_format(out, "%s\n", g_mime_message_get_subject(message));
    InternetAddressList *to = g_mime_message_get_to(message);
    assert_int_equal(internet_address_list_length(to), 1);
    buf_append_format(
        out, "%s\n",
        internet_address_get_name(internet_address_list_get_address(to, 0)));
    g_mime_message_foreach(message, describe, out);
    buf_append_byte(out, '\0');
    g_object_unref(message);
    g_object_unref(parser);
    g_object_unref(stream);
}

#define NAME "J\xc3\xb6 <\"&\">"
#define HTML_NAME "J\xc3\xb6 &lt;&quot;&amp;&quot;&gt;"
#define HEAD "Hi " NAME "\n" NAME "\n"

static const struct {
    const char *text;
    const char *seen;
} drafts[] = {
    /* one text, encoded in ways of old */
    {TOP "Content-Type: text/plain; charset=iso-8859-1; format=flowed\r\n"
         "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
         "Gr=FC=DFe, {{na=\r\nme}} =80\r\n",
     HEAD "text/plain flowed: Gr\xc3\xbc\xc3\x9f"
          "e, " NAME " \xe2\x82\xac\r\n\n"},
    {TOP "Content-Type: text/html; charset=\"windows-1252\"\r\n"
         "Content-Transfer-Encoding: base64\r\n\r\n"
         "PGI+e3tuYW1lfX08L2I+IJN7e3tuYW1lfX19lA0K\r\n",
     HEAD "text/html: <b>" HTML_NAME "</b> \xe2\x80\x9c" NAME
          "\xe2\x80\x9d\r\n\n"},
    {TOP "Content-Type: text/plain; charset=us-ascii\r\n"
         "Content-Transfer-Encoding: 7bit\r\n\r\nDATA\r\n",
     HEAD "text/plain: DATA\r\n\n"},
    /* links as editors write them; what is no tag stays */
    {TOP
     "Content-Type: text/html; charset=utf-8\r\n\r\n"
     "<a href=\"https://x/?i=%7B%7Bid%7D%7D&amp;n=%7b%7b%7bname.url%7d%7d%7d"
     "\">100%</a> %7B%7Bid\" %7D%7D %7B%7B%00%7D%7D %7B %41 %7B%7Bid%\r\n",
     HEAD "text/html: <a href=\"https://x/?i=5&amp;n=J%C3%B6%20%3C%22%26%22%3E"
          "\">100%</a> %7B%7Bid\" %7D%7D %7B%7B%00%7D%7D %7B %41 "
          "%7B%7Bid%\r\n\n"},
    {TOP "Content-Type: text/plain\r\n\r\nhttps://x/%7B%7Bid%7D%7D\r\n",
     HEAD "text/plain: https://x/%7B%7Bid%7D%7D\r\n\n"},
    {TOP "Content-Type: multipart/alternative; boundary=x\r\n\r\n--x\r\n"
         "\r\n<https://x/%7B%7Bid%7D%7D>\r\n--x--\r\n",
     HEAD "multipart/alternative\ntext/plain: <https://x/5>\n"},
    /* base64 as some programs have it: blanks, empty lines, no padding */
    {TOP "Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n"
         "\r\n \tSGVs \r\n\r\nbG8KSGk \r\n\r\n",
     HEAD "text/plain: Hello\r\nHi\r\n\n"},
    {TOP "Content-Type: text/plain; charset=ISO-8859-1 (of old)\r\n"
         "Content-Transfer-Encoding: quoted-printable\r\n\r\n=FC\r\n",
     HEAD "text/plain: \xc3\xbc\r\n\n"},
    {TOP "Content-Type:\r\n\r\n{{name}}\r\n",
     HEAD "text/plain: " NAME "\r\n\n"},
    /* alternatives, an inline image, attachments of all kinds */
    {TOP "Content-Type: multipart/mixed; boundary=out\r\n\r\n"
         "preamble {{no}}\r\n--out\r\n"
         "Content-Type: multipart/alternative; boundary=in\r\n\r\n"
         "--in\r\nContent-Type: text/plain\r\n\r\nDear {{name}}\r\n"
         "--in\r\nContent-Type: multipart/related; boundary=rel\r\n\r\n"
         "--rel\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
         "<img src=\"cid:i@x\">{{name}}\r\n"
         "--rel\r\nContent-Type: image/png\r\nContent-ID: <i@x>\r\n"
         "Content-Transfer-Encoding: base64\r\n\r\niVBORw==\r\n--rel--\r\n"
         "--in--\r\n"
         "--out\r\nContent-Type: application/pdf; name=\"=?utf-8?q?=C3=BC?="
         ".pdf\"\r\nContent-Disposition: attachment;\r\n"
         " filename*=iso-8859-1''%FC%20{{no}}.pdf\r\n"
         "Content-Transfer-Encoding: base64\r\n\r\nAAEC\r\n"
         "--out\r\nContent-Type: text/plain\r\n"
         "Content-Disposition: attachment; filename=a.txt\r\n\r\n"
         "as {{it}} is\r\n"
         "--out\r\nContent-Type: message/rfc822\r\n\r\n"
         "From: x@y.example\r\nSubject: within\r\n\r\nMAIL FROM\r\n"
         "--out--\r\n",
     HEAD "multipart/mixed\nmultipart/alternative\n"
          "text/plain: Dear " NAME "\nmultipart/related\n"
          "text/html: <img src=\"cid:i@x\">" HTML_NAME "\n"
          "image/png id=i@x: \x89PNG\n"
          "application/pdf file=\xc3\xbc {{no}}.pdf: "},
};

static void fills_saved_drafts(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(drafts) * 2; i++) {
        struct draft_case c = {
            .text = drafts[i / 2].text,
            .name = SPAN(NAME),
            .email = SPAN("jo@example.net"),
            .eight_bit = i % 2 == 1,
        };
        struct draft_result r;
        run_case(&c, &r);
        if (!r.draft || r.reason.len > 0) {
            fail_msg("draft %zu: %s%.*s", i, r.err.text, (int)r.reason.len,
                     r.reason.data);
        }
        assert_true(c.eight_bit || ascii_only(r.bytes));
        assert_int_equal(r.letter.has_eight_bit, !ascii_only(r.bytes));
        assert_false(encode_verb_first(r.bytes));
        struct buf seen;
        buf_init(&seen, 1 << 16);
        read_back(r.bytes, &seen);
        size_t len = strlen(drafts[i / 2].seen);
        if (strncmp(seen.data, drafts[i / 2].seen, len) != 0) {
            fail_msg("%s\n---\n%s", seen.data, r.bytes.data);
        }
        buf_release(&seen);
        release_case(&r);
    }
}

/* What the table above stops at: a NUL is in it. */
static void passes_attachments(void **state)
{
    (void)state;
    struct draft_case c = {.text = drafts[COUNT(drafts) - 1].text,
                           .name = SPAN("Jo"),
                           .email = SPAN("jo@example.net")};
    struct draft_result r;
    run_case(&c, &r);
    struct buf seen;
    buf_init(&seen, 1 << 16);
    read_back(r.bytes, &seen);
    static const char tail[] = "\0\x01\x02\ntext/plain file=a.txt: as {{it}} "
                               "is\nmessage/rfc822\ntext/plain: MAIL FROM\n";
    struct span want = span_from(tail, sizeof tail);
    assert_true(span_ends(buf_span(&seen), want));
    assert_null(strstr(r.bytes.data, "MAIL FROM"));
    assert_null(strstr(r.bytes.data, "preamble"));
    buf_release(&seen);
    release_case(&r);
}

static void boundaries_depend_on_key_and_text(void **state)
{
    (void)state;
    struct draft_case c = {.text = drafts[COUNT(drafts) - 1].text,
                           .name = SPAN("Jo"),
                           .email = SPAN("jo@example.net")};
    struct draft_result one;
    struct draft_result two;
    run_case(&c, &one);
    run_case(&c, &two);
    assert_true(span_equal(one.bytes, two.bytes));
    assert_non_null(strstr(one.bytes.data, "boundary=\"=_"));
    release_case(&one);
    release_case(&two);
}

/* A value cannot end a part: what begins as a boundary does is encoded. */
static void values_end_no_part(void **state)
{
    (void)state;
    struct draft_case c = {.text = drafts[COUNT(drafts) - 1].text,
                           .name = SPAN("Jo"),
                           .email = SPAN("jo@example.net")};
    struct draft_result r;
    run_case(&c, &r);
    const char *at = strstr(r.bytes.data, "boundary=\"=_");
    char name[64] = "Jo";
    c.text = "From: a@b.example\nContent-Type: multipart/mixed; boundary=x\n\n"
             "--x\n\na\n--=_{{name}}\n--x--\n";
    memcpy(name, at + strlen("boundary=\"=_"), 32);
    c.name = span_from(name, 32);
    release_case(&r);
    run_case(&c, &r);
    assert_non_null(strstr(r.bytes.data, "quoted-printable"));
    assert_null(strstr(r.bytes.data, "\n--=_2e"));
    assert_non_null(strstr(r.bytes.data, "\n--=3D_"));
    release_case(&r);
}

/* A large attachment is encoded once and never copied: all letters point at
 * the same bytes. */
static void shares_attachments(void **state)
{
    (void)state;
    struct buf text;
    buf_init(&text, 1 << 20);
    buf_append(&text, SPAN("From: a@b.example\nContent-Type: multipart/mixed; "
                           "boundary=x\n\n--x\n\n{{name}}\n--x\nContent-Type: "
                           "image/png\n\n"));
    for (int i = 0; i < 10000; i++) {
        buf_append(&text, SPAN("0123456789"));
    }
    buf_append(&text, SPAN("\n--x--\n\0"));
    struct draft_case c = {
        .text = text.data, .name = SPAN("Jo"), .email = SPAN("jo@example.net")};
    struct draft_result r;
    run_case(&c, &r);
    assert_int_equal(r.letter.part_count, 2);
    const char *shared = r.letter.parts[1].data;
    struct span row[] = {c.email, SPAN("Ann"), SPAN("6"), SPAN(""), SPAN("")};
    struct letter_values values = case_values(&c, row);
    struct letter other;
    assert_true(draft_fill(r.draft, &values, &r.arena, &other, &r.reason));
    assert_ptr_equal(other.parts[1].data, shared);
    assert_int_equal(other.bytes, r.letter.bytes + 1);
    release_case(&r);
    buf_release(&text);
}

#define NO_BASE64                                                              \
    "this part is said to be base64, and here it is not; is its text cut "     \
    "off, "                                                                    \
    "or was it never encoded?"

static const struct {
    const char *text;
    const char *message;
} wrong[] = {
    {"From: a@b.example\nContent-Type: multipart/mixed; boundary=x\n\n"
     "--x\n\none\n{{nmae}}\n--x--\n",
     "t.eml:7:1: no column \"nmae\"; did you mean \"name\"?"},
    {"From: a@b.example\nContent-Type: multipart/mixed; boundary=x\n\nnone\n",
     "t.eml:4: a multipart without parts"},
    {"From: a@b.example\nContent-Type: text/plain; charset=no-such\n\nx\n",
     "t.eml:4: this part is no text in no-such"},
    {"From: a@b.example\nContent-Type: text/html\n\n<a "
     "href=%7B%7Bnmae%7D%7D>\n",
     "t.eml:4:9: no column \"nmae\"; did you mean \"name\"?"},
    {"From: a@b.example\nContent-Type: text/plain; charset=utf-8\n"
     "Content-Transfer-Encoding: quoted-printable\n\n=FC\n",
     "t.eml:5: this part is no text in utf-8"},
    {"From: a@b.example\nContent-Type: text/plain\n"
     "Content-Transfer-Encoding: base64\n\nAAAA\n",
     "t.eml:5:1: a control character (0x00)"},
    /* base64 that is none: never encoded, cut off, added to, in a file */
    {"From: a@b.example\nContent-Type: text/plain\n"
     "Content-Transfer-Encoding: base64\n\n{{{}}}\n",
     "t.eml:5: " NO_BASE64},
    {"From: a@b.example\nContent-Type: text/plain; charset=utf-8\n"
     "Content-Transfer-Encoding: base64\n\nSGVsbG8K\nDear {{name}},\n",
     "t.eml:6: " NO_BASE64},
    {"From: a@b.example\nContent-Type: text/plain\n"
     "Content-Transfer-Encoding: BASE64\n\nSGVs\nbG8KS\n\n",
     "t.eml:6: " NO_BASE64},
    {"From: a@b.example\nContent-Type: text/plain\n"
     "Content-Transfer-Encoding: base64\n\nSGVsbA==\nSGVsbG8K\n",
     "t.eml:6: " NO_BASE64},
    {"From: a@b.example\nContent-Type: text/plain\n"
     "Content-Transfer-Encoding: base64\n\n=\n",
     "t.eml:5: " NO_BASE64},
    {"From: a@b.example\nContent-Type: multipart/mixed; boundary=x\n\n--x\n\n"
     "a\n--x\nContent-Type: image/png; name=a.png\n"
     "Content-Transfer-Encoding: base64\n\niVBORw==\n\x01\n--x--\n",
     "t.eml:12: " NO_BASE64},
    /* what is none, and would go unfilled */
    {"From: a@b.example\nContent-Type: html\n\n{{name}}\n",
     "t.eml:4: what this is, \"html\" does not say: a Content-Type is "
     "text/plain, text/html or the like"},
    {"From: a@b.example\nContent-Type: multipart/mixed; boundary=x\n\n"
     "--x\nContent-Type: text/\n\n{{name}}\n--x--\n",
     "t.eml:7: what this is, \"text/\" does not say: a Content-Type is "
     "text/plain, text/html or the like"},
    {"From: a@b.example\nContent-Type: multipart/signed; boundary=x;\n"
     " protocol=\"application/pgp-signature\"; micalg=pgp-sha256\n\n"
     "--x\n\na\n--x\nContent-Type: application/pgp-signature\n\nb\n--x--\n",
     "t.eml:5: a signed or encrypted message is no template: what is filled "
     "in would break it"},
};

static void says_what_is_wrong(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(wrong); i++) {
        struct draft_case c = {.text = wrong[i].text};
        struct draft_result r;
        run_case(&c, &r);
        if (r.draft) {
            fail_msg("compiled: %s", wrong[i].text);
        }
        assert_string_equal(r.err.text, wrong[i].message);
        release_case(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fills_saved_drafts),
        cmocka_unit_test(passes_attachments),
        cmocka_unit_test(boundaries_depend_on_key_and_text),
        cmocka_unit_test(values_end_no_part),
        cmocka_unit_test(shares_attachments),
        cmocka_unit_test(says_what_is_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
