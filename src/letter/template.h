/* What does the template say, filled in with one row?
 *
 * Pure. Mustache over flat strings, compiled once: {{name}}, {{{name}}},
 * {{&name}}, sections and inverted sections on a value being non-empty,
 * {{.}} for the value of the section that it is in, comments, set-delimiters,
 * partials, standalone lines. Values are never parsed again. Names resolve at
 * compile time to a column, or to a built-in `mailshot.…` value; `name.url` is
 * percent-encoded (RFC 3986 unreserved bytes stay), a column of exactly that
 * name comes first. A column whose name has blanks round it is meant by the
 * name without them, too.
 *
 * A column's name beginning with `_` is no name. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

/* The values a template may name, by index: first the columns of the list,
 * then the built-in ones. Borrowed for the template's life. */
struct template_names {
    const struct span *columns;
    size_t column_count;
};

enum template_builtin {
    TEMPLATE_LINE,       /* {{mailshot.line}} */
    TEMPLATE_CAMPAIGN,   /* {{mailshot.campaign}} */
    TEMPLATE_DATE,       /* {{mailshot.date}} */
    TEMPLATE_MESSAGE_ID, /* {{mailshot.message_id}} */
    TEMPLATE_BUILTINS,
};

/* One row's values. */
struct template_values {
    const struct span *columns; /* as many as there are names */
    struct span builtin[TEMPLATE_BUILTINS];
};

/* How a variable of two braces is written: as it is, or HTML-escaped. */
enum template_escape { TEMPLATE_PLAIN, TEMPLATE_HTML };

/* The text of a partial, or why there is none; borrowed for the compilation. */
struct template_partial {
    struct span text;  /* NULL data: there is none */
    struct span file;  /* as messages name it */
    const char *fault; /* why there is none; NULL: no file of that name */
};

/* Where a text comes from, for messages and for {{> name}}. */
struct template_source {
    const char *file; /* as messages name it */
    unsigned line;    /* of that file, on which the text begins; from 1 */
    unsigned column;  /* of that line; from 1, 0 is 1 too */
    bool header;      /* a header's value: line ends are folds and vanish, and
                         no line stands alone */
    /* May be NULL: partials are then an error. */
    struct template_partial (*partial)(void *context, struct span name);
    void *context;
};

enum {
    TEMPLATE_BYTES_MAX = 16 << 20, /* with its partials */
    TEMPLATE_SECTIONS_MAX = 64,    /* one in the other */
    TEMPLATE_PARTIALS_MAX = 16,    /* one in the other */
};

struct template;

/* NULL: EX_DATAERR with file:line:column. A name that is no column: "no
 * column \"nmae\"; did you mean \"name\"?". The text is copied. */
struct template *template_compile(struct span text,
                                  const struct template_source *source,
                                  const struct template_names *names,
                                  enum template_escape escape, struct err *err);
void template_destroy(struct template *t);

/* True where no variable, section or partial is in it. */
bool template_fixed(const struct template *t);

/* How a variable stands in the text. */
enum template_form {
    TEMPLATE_FORM_PLAIN,
    TEMPLATE_FORM_HTML,
    TEMPLATE_FORM_URL,
    TEMPLATE_FORMS,
};

/* A value as it is written, and what is in it: made once for a row, whichever
 * templates name it. They find it by index: columns first, then built-in
 * ones. */
struct template_value {
    struct span written[TEMPLATE_FORMS]; /* plain, and those asked for */
    bool high;                           /* a byte above 0x7f */
    bool control;                        /* other than TAB: C0, DEL, C1 */
    bool nul;
    bool opens; /* it may make a line of its own a command */
};

/* Adds 1 << form to forms[index] of each value that the template names. */
void template_mark(const struct template *t, unsigned *forms);

/* What is not the value itself goes to the arena. */
void template_see(struct span value, unsigned forms, struct arena *arena,
                  struct template_value *out);

/* Appends the text filled in. */
void template_fill(const struct template *t,
                   const struct template_value *values, struct buf *out);

/* What filling it in with this row meets, without doing it. */
struct template_look {
    size_t bytes;   /* of the text */
    size_t empty;   /* the first column used outside a section of its own
                       and without a value; column_count: none */
    size_t control; /* the first one used with a control other than TAB, */
    size_t nul;     /* or with a NUL; TEMPLATE_NO_VALUE: none */
    bool high;      /* a value with a byte above 0x7f, as it is written */
    bool opens;     /* one that may make a line of its own a command */
};
#define TEMPLATE_NO_VALUE ((size_t)-1)

void template_look(const struct template *t,
                   const struct template_value *values,
                   struct template_look *out);

/* True where the template names that built-in value. */
bool template_uses(const struct template *t, enum template_builtin which);

/* True where the text is one variable of a column, as it is, and no more. */
bool template_only_column(const struct template *t, size_t *column_out);

/* The text behind the last variable, section or partial. */
struct span template_tail(const struct template *t);
