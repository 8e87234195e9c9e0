#include "cli/verbs.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "cli/options.h"
#include "cli/process.h"
#include "cli/progress.h"
#include "cli/say.h"
#include "cli/summary.h"
#include "cli/usual.h"
#include "mailing/exit_status.h"

enum { LINE_BYTES_MAX = 4096 };

/* A run: what its observer needs. */
struct run {
    struct options options;
    struct say say;
    struct progress progress;
};

static void observe_say(void *context, enum say_level level, const char *text)
{
    struct run *r = context;
    say_text(&r->say, level, text);
}

static void observe_progress(void *context, const struct tally *tally,
                             bool asked)
{
    struct run *r = context;
    progress_show(&r->progress, tally, asked);
}

static bool observe_secret(void *context, const struct secret_source *source,
                           struct buf *out, struct err *err)
{
    struct run *r = context;
    return secrets_fetch(&r->options.secrets, source, out, err);
}

static struct observer observer_of(struct run *r)
{
    return (struct observer){
        .say = observe_say,
        .progress = observe_progress,
        .secret = observe_secret,
        .context = r,
    };
}

/* What is odd, yet no error. */
static void warn(struct run *r)
{
    const struct options *o = &r->options;
    struct err line;
    size_t at = 0;
    for (const char *stranger; (stranger = options_stranger(&at));) {
        size_t len = span_find(span_of(stranger), '=');
        err_set(&line, 0, "%.*s: no option of send has this name", (int)len,
                stranger);
        say_text(&r->say, SAY_WARNING, line.text);
    }
    struct span notes = buf_span(&o->accounts.passed_over);
    while (notes.len > 0) {
        size_t len = span_find(notes, '\0');
        say_text(&r->say, SAY_INFO, notes.data);
        notes = span_rest(notes, len < notes.len ? len + 1 : len);
    }
    if (o->accounts.readable_by_others &&
        o->settings.secret.kind == SECRET_ACCOUNT) {
        err_set(&line, 0, "%s: holds a password and others can read it",
                o->config);
        say_text(&r->say, SAY_WARNING, line.text);
    }
    if (o->verb == VERB_SEND && o->settings.tls == TLS_UNVERIFIED) {
        say_text(&r->say, SAY_WARNING,
                 o->settings.trust.pin_count > 0
                     ? "TLS unverified: the relay is known by --tls-pin alone"
                     : "TLS unverified: whoever sits in between can read "
                       "along");
    }
    if (o->verb == VERB_SEND && o->settings.tls == TLS_OFF) {
        say_text(&r->say, SAY_WARNING,
                 "TLS off: whoever sits in between can read along");
    }
}

/* Without a line for it TLS is required, and not put off as with msmtp. */
static void say_tls_unsaid(struct run *r, int status)
{
    const struct options *o = &r->options;
    struct err line;
    if (status == EX_PROTOCOL && o->adopted &&
        !o->adopted->texts[ACCOUNT_TLS] && !options_said(o, "tls")) {
        err_set(&line, 0,
                "%s: account %s has no tls line, and TLS is required: tls off "
                "there would send in clear",
                o->config, o->adopted->name);
        say_text(&r->say, SAY_ERROR, line.text);
    }
}

/* Closing line to stderr or stdout. With -q a run without failures says
 * nothing. False: *err. */
static bool close_books(struct run *r, const struct tally *tally, int status,
                        struct err *err)
{
    enum summary_format format = r->options.summary;
    struct buf line;
    buf_init(&line, LINE_BYTES_MAX);
    bool fine = true;
    if (format == SUMMARY_JSON) {
        summary_append_json(&line, tally);
        printf("%.*s\n", (int)line.len, line.data);
        fine = usual_finish_stdout(err);
    } else if (format == SUMMARY_TEXT &&
               (r->say.loudest > SAY_ERROR || status != EX_OK)) {
        summary_append_text(&line, tally);
        say_plain(&r->say, buf_span(&line));
    }
    buf_release(&line);
    return fine;
}

/* Without a state nothing remembers who has a letter. */
static void word_rest(const struct options *o, struct err *line)
{
    if (o->settings.campaign) {
        err_set(line, 0,
                "rows remain: run the same command again, and it goes on");
    } else if (o->settings.failed_path) {
        err_set(line, 0,
                "rows remain: mail those of %s; the same command again would "
                "mail everybody",
                o->settings.failed_path);
    } else {
        err_set(line, 0,
                "rows remain: mail those that the report names (--failed FILE "
                "writes them as a list); the same command again would mail "
                "everybody");
    }
}

static void word_doubt(const struct options *o, const struct tally *tally,
                       struct err *line)
{
    if (tally->by_outcome[OUTCOME_UNKNOWN] == 0) {
        err_set(line, 0, "look at the refusals before anything is run again");
    } else if (o->settings.campaign) {
        err_set(line, 0,
                "rows are unknown: look whether they were taken; mailshot "
                "status %s --settle sent (or pending) says so, and "
                "--on-unknown resend sends them again",
                o->settings.state_path);
    } else {
        err_set(line, 0,
                "rows are unknown: look whether they were taken before "
                "anything is run again");
    }
}

/* Some have a letter, and the run ended for another reason than the rest:
 * without a state whoever mends that must not run the same command again. */
static bool mailed_in_part(const struct options *o, int status,
                           const struct tally *tally)
{
    static const int reasons[] = {EX_DATAERR,     EX_IOERR,    EX_NOHOST,
                                  EX_UNAVAILABLE, EX_PROTOCOL, EX_NOPERM};
    const uint64_t *rows = tally->by_outcome;
    bool part = !o->settings.campaign && rows[OUTCOME_SENT] > 0 &&
                rows[OUTCOME_PENDING] + rows[OUTCOME_DEFERRED] > 0;
    for (size_t i = 0; part && i < sizeof reasons / sizeof reasons[0]; i++) {
        if (status == reasons[i]) {
            return true;
        }
    }
    return false;
}

/* What a person has to do now: the last line, where there is something. */
static void say_what_remains(struct run *r, int status,
                             const struct tally *tally)
{
    struct err line = {.status = 0};
    bool in_part = mailed_in_part(&r->options, status, tally);
    /* The list, or what was written of it, is not to be had. */
    bool untold = status == EX_DATAERR || status == EX_IOERR;
    if (in_part && untold) {
        err_set(&line, 0,
                "rows remain; the same command again would mail everybody");
    } else if (in_part || status == EX_TEMPFAIL) {
        word_rest(&r->options, &line);
    } else if (status == 1) {
        word_doubt(&r->options, tally, &line);
    } else {
        return;
    }
    say_text(&r->say, SAY_ERROR, line.text);
}

static void say_error(struct run *r, int status, const struct err *err)
{
    if (status != EX_OK && err->text[0]) {
        say_text(&r->say, SAY_ERROR, err->text);
    }
}

/* A relay is called on. */
static bool calls(const struct options *o)
{
    return o->verb == VERB_SEND ? !o->settings.dry_run : o->check.relay;
}

static bool secret_at_hand(struct run *r, struct err *err)
{
    struct options *o = &r->options;
    if (!o->settings.user || !calls(o) ||
        secrets_prepare(&o->secrets, &o->settings.secret, err)) {
        return true;
    }
    say_error(r, err->status, err);
    return false;
}

static int run_send(struct run *r, const struct observer *observer)
{
    struct options *o = &r->options;
    struct tally tally = {0};
    struct err err = {0};
    if (!secret_at_hand(r, &err)) {
        return err.status;
    }
    int status = mailing_send(&o->settings, observer, &tally, &err);
    progress_end(&r->progress);
    say_error(r, status, &err);
    say_tls_unsaid(r, status);
    if (tally.rows == 0 && status != EX_OK) {
        return status;
    }
    struct err late = {0};
    if (!close_books(r, &tally, status, &late)) {
        say_error(r, late.status, &late);
        status = exit_status_worse(status, late.status);
    }
    say_what_remains(r, status, &tally);
    return status;
}

static int run_check(struct run *r, const struct observer *observer)
{
    struct options *o = &r->options;
    struct tally tally = {0};
    struct err err = {0};
    if (!secret_at_hand(r, &err)) {
        return err.status;
    }
    int status = mailing_check(&o->settings, &o->check, observer, &tally, &err);
    say_error(r, status, &err);
    return status;
}

static int run_render(struct run *r, const struct observer *observer)
{
    struct options *o = &r->options;
    struct err err = {0};
    int status = mailing_render(&o->settings, &o->render, observer, &err);
    say_error(r, status, &err);
    return status;
}

static int run_verb(enum verb verb, int argc, const char **argv,
                    int (*run)(struct run *, const struct observer *))
{
    struct run r = {.say = {.loudest = SAY_WARNING}};
    struct err err = {0};
    options_init(&r.options, verb);
    enum options_result result = options_read(&r.options, argc, argv, &err);
    int status = err.status;
    if (result == OPTIONS_WRONG) {
        say_text(&r.say, SAY_ERROR, err.text);
        if (status == EX_USAGE) {
            err_set(&err, 0, "mailshot %s --help shows the options",
                    verb_name(verb));
            say_text(&r.say, SAY_ERROR, err.text);
        }
    } else if (result == OPTIONS_RUN) {
        const struct observer observer = observer_of(&r);
        r.say.loudest = r.options.loudest;
        progress_init(&r.progress, &r.say,
                      r.say.loudest == SAY_ERROR &&
                              r.options.progress == PROGRESS_AUTO
                          ? PROGRESS_NONE
                          : r.options.progress);
        warn(&r);
        status = run(&r, &observer);
    }
    options_release(&r.options);
    return status;
}

int verb_send(int argc, const char **argv)
{
    process_stops();
    return run_verb(VERB_SEND, argc, argv, run_send);
}

int verb_check(int argc, const char **argv)
{
    return run_verb(VERB_CHECK, argc, argv, run_check);
}

int verb_render(int argc, const char **argv)
{
    return run_verb(VERB_RENDER, argc, argv, run_render);
}
