/* base/json: commas where they belong, and no byte that breaks a line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/json.h"

static void writes_objects(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 1000);
    json_open(&out);
    json_add_text(&out, "a", SPAN("x,{[:"));
    json_add_number(&out, "b", UINT64_MAX);
    json_add_bool(&out, "c", true);
    json_name_span(&out, SPAN("d\""));
    json_open(&out);
    json_close(&out);
    json_name(&out, "e");
    json_open(&out);
    json_add_text(&out, "f", SPAN(""));
    json_add_number(&out, "g", 0);
    json_add_bool(&out, "h", false);
    json_close(&out);
    json_close(&out);
    buf_append_byte(&out, '\n');
    json_open(&out);
    json_close(&out);
    assert_true(span_equal(
        buf_span(&out),
        SPAN("{\"a\":\"x,{[:\",\"b\":18446744073709551615,\"c\":true,"
             "\"d\\\"\":{},\"e\":{\"f\":\"\",\"g\":0,\"h\":false}}\n{}")));
    buf_release(&out);
}

static void writes_texts_in_arrays(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 1000);
    json_open(&out);
    json_name(&out, "a");
    buf_append(&out, SPAN("["));
    json_text(&out, SPAN("\""));
    json_text(&out, SPAN("["));
    json_text(&out, SPAN(""));
    buf_append(&out, SPAN("]"));
    json_close(&out);
    assert_true(
        span_equal(buf_span(&out), SPAN("{\"a\":[\"\\\"\",\"[\",\"\"]}")));
    buf_release(&out);
}

static void escapes_texts(void **state)
{
    (void)state;
    const struct {
        struct span text;
        const char *written;
    } cases[] = {
        {SPAN("\"\\/"), "\"\\\"\\\\/\""},
        {SPAN("\0\b\t\n\r\x1f\x7f"),
         "\"\\u0000\\u0008\\u0009\\u000a\\u000d\\u001f\\u007f\""},
        {SPAN("\xc3\xa4\xf0\x9f\x98\x80"), "\"\xc3\xa4\xf0\x9f\x98\x80\""},
        {SPAN("b\xf6"
              "b"),
         "\"b\xef\xbf\xbd"
         "b\""},
        {SPAN("\xe2\x82"), "\"\xef\xbf\xbd\xef\xbf\xbd\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf out;
        buf_init(&out, 1000);
        json_text(&out, cases[i].text);
        assert_true(span_equal(buf_span(&out), span_of(cases[i].written)));
        buf_release(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_objects),
        cmocka_unit_test(writes_texts_in_arrays),
        cmocka_unit_test(escapes_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
