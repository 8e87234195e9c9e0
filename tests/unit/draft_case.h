/* A draft, one row to fill it in with, and what comes of it: for the tests of
 * the letter room. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "letter/letter.h"
#include "unit/wire_fault.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static const struct span case_columns[] = {
    {"email", 5}, {"name", 4}, {"id", 2}, {"empty", 5}, {"_status", 7}};

struct draft_case {
    const char *text;
    struct span header; /* -H; empty: none */
    const char *sender; /* -f */
    struct span name;   /* of the row */
    struct span email;
    bool allow_empty;
    bool eight_bit;
};

struct draft_result {
    struct err err;       /* of compiling */
    struct span reason;   /* why the row is refused */
    struct letter letter; /* else the letter, in the arena */
    struct span bytes;    /* the same in one, NUL-terminated */
    struct arena arena;
    struct draft *draft;
};

static struct letter_values case_values(const struct draft_case *c,
                                        const struct span *row)
{
    return (struct letter_values){
        .values = {.columns = row,
                   .builtin = {{"7", 1}, {"spring", 6}, {"", 0}, {"", 0}}},
        .address = c->email,
        .message_id = SPAN("<key@example.org>"),
        .date_s = 1795491000,
        .eight_bit = c->eight_bit,
    };
}

static void gather_bytes(struct draft_result *r)
{
    struct letter *l = &r->letter;
    char *bytes = arena_alloc(&r->arena, l->bytes + 1);
    size_t len = 0;
    for (size_t i = 0; i < l->part_count; i++) {
        memcpy(bytes + len, l->parts[i].data, l->parts[i].len);
        len += l->parts[i].len;
    }
    assert_int_equal(len, l->bytes);
    bytes[len] = '\0';
    r->bytes = span_from(bytes, len);
    assert_null(wire_fault(r->bytes));
}

/* Checking and filling in must agree. */
static void run_case(const struct draft_case *c, struct draft_result *r)
{
    static const struct siphash_key key = {{1, 2, 3}};
    *r = (struct draft_result){0};
    arena_init(&r->arena);
    struct draft_source source = {
        .text = span_of(c->text),
        .origin = {.file = "t.eml", .line = 1},
        .names = {case_columns, COUNT(case_columns)},
        .headers = &c->header,
        .header_count = c->header.len > 0,
        .sender = span_of(c->sender),
        .allow_empty = c->allow_empty,
        .boundary_key = &key,
        .print_key = &key,
    };
    r->draft = draft_compile(&source, &r->err);
    if (!r->draft) {
        assert_true(r->err.status != 0);
        return;
    }
    struct span row[] = {c->email, c->name, SPAN("5"), SPAN(""), SPAN("sent")};
    struct letter_values values = case_values(c, row);
    struct span reason = {0};
    bool checked = draft_check(r->draft, &values, &r->arena, &reason);
    bool filled =
        draft_fill(r->draft, &values, &r->arena, &r->letter, &r->reason);
    assert_int_equal(checked, filled);
    assert_true(span_equal(reason, r->reason));
    assert_int_equal(filled, r->reason.len == 0);
    if (filled) {
        gather_bytes(r);
    }
}

static void release_case(struct draft_result *r)
{
    draft_destroy(r->draft);
    arena_release(&r->arena);
}
