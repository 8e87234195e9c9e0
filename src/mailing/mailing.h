/* What can be done with a list and a template? Sent, checked, rendered.
 *
 * The door of the upstairs: the cli calls these with settings and prints what
 * they give back. They write the report and the files that were asked for;
 * messages go through the observer. Each returns the exit status of the
 * contract; where it is of an error, *err has its text. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "mailing/settings.h"
#include "record/outcome.h"

/* How the run stands: rows by what became of them, so far. */
struct tally {
    uint64_t rows; /* in the list */
    uint64_t by_outcome[OUTCOMES];
    uint64_t sent_before; /* of them, in earlier runs */
    uint64_t elapsed_ms;  /* since the first connection was begun */
    unsigned sessions;    /* open now */
};

enum say_level { SAY_ERROR, SAY_WARNING, SAY_INFO, SAY_DEBUG };

struct observer {
    /* One line for stderr, not yet made printable; INFO is of -v, DEBUG of
     * --debug. */
    void (*say)(void *context, enum say_level level, const char *text);
    /* Called about ten times a second while sending, and at SIGUSR1 with
     * asked = true. */
    void (*progress)(void *context, const struct tally *tally, bool asked);
    /* The secret for one login, where no command has it; it is wiped by the
     * caller. False: *err. */
    bool (*secret)(void *context, const struct secret_source *source,
                   struct buf *out, struct err *err);
    void *context;
};

/* *tally_out is whole also after an error, where a mailing was begun
 * (tally_out->rows > 0, and all of them have an outcome). */
int mailing_send(const struct settings *settings,
                 const struct observer *observer, struct tally *tally_out,
                 struct err *err);

enum check_format { CHECK_TEXT, CHECK_CSV, CHECK_JSONL };

/* What makes check end with EX_NOUSER (67). */
enum check_fail {
    CHECK_FAIL_INVALID = 1 << 0,
    CHECK_FAIL_DUPLICATE = 1 << 1,
    CHECK_FAIL_SUPPRESSED = 1 << 2,
    CHECK_FAIL_WARNING = 1 << 3,
};

struct check_options {
    enum check_format format;
    bool fields;
    const char *clean_path; /* NULL: none */
    bool clean_to_stdout;   /* then verdicts go to stderr, as text */
    unsigned fail_on;       /* bits of enum check_fail */
    bool relay;             /* call on the relays, too */
};

/* Verdicts to stdout, findings and the closing tally through the observer. */
int mailing_check(const struct settings *settings,
                  const struct check_options *options,
                  const struct observer *observer, struct tally *tally_out,
                  struct err *err);

struct status_options {
    const char *const *states;
    size_t state_count;
    const char *campaign;    /* NULL: all of a state */
    const char *report_path; /* NULL: none */
    enum report_format report_format;
    bool report_all;
    bool settle;
    enum outcome settle_as;       /* sent or pending */
    const char *const *addresses; /* of the rows; none: all that are unknown */
    size_t address_count;
};

/* Appends what state files know to out, as lines for people; writes the report
 * from them; settles rows that are unknown. */
int mailing_status(const struct status_options *options, struct buf *out,
                   struct err *err);

struct render_options {
    uint32_t line;         /* of LIST; 0: all */
    const char *directory; /* NULL: stdout */
};

int mailing_render(const struct settings *settings,
                   const struct render_options *options,
                   const struct observer *observer, struct err *err);
