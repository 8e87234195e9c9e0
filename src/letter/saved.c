#include "letter/saved.h"

static const struct {
    const char *name; /* or what it begins with, before a * */
    bool mark;        /* of a draft */
} dropped[] = {
    /* Outlook: with it a recipient's own opens the letter to be written on */
    {"X-Unsent", true},
    /* Thunderbird */
    {"X-Mozilla-*", true},
    {"X-Identity-Key", true},
    {"X-Account-Key", true},
    {"FCC", true},
    /* Apple Mail */
    {"X-Apple-*", true},
    {"X-Uniform-Type-Identifier", true},
    {"X-Universally-Unique-Identifier", true},
    /* Evolution, KMail, Claws Mail */
    {"X-Evolution-*", true},
    {"X-KMail-*", true},
    {"X-Claws-*", true},
    /* Gmail */
    {"X-Gm-*", false},
    {"X-Google-*", false},
    {"X-Received", false},
    /* mailboxes */
    {"Status", false},
    {"X-Status", false},
    {"X-Keywords", false},
    {"X-UID", false},
    {"X-UIDL", false},
    {"X-IMAP", false},
    {"X-IMAPbase", false},
    /* what happened to a message that was sent before */
    {"Received", false},
    {"Received-SPF", false},
    {"Delivered-To", false},
    {"X-Original-To", false},
    {"Authentication-Results", false},
    {"ARC-*", false},
    {"DKIM-Signature", false},
    {"X-MS-Exchange-*", false},
};

static bool named(struct span name, struct span pattern)
{
    if (!span_ends(pattern, SPAN("*"))) {
        return span_equal_nocase(name, pattern);
    }
    return span_starts_nocase(name, span_slice(pattern, 0, pattern.len - 1));
}

/* Gmail marks its drafts by nothing else. */
static bool is_gmails(const struct field *field)
{
    return span_equal_nocase(field->name, SPAN("Message-ID")) &&
           span_ends(field->value, SPAN("@mail.gmail.com>"));
}

static bool is_dropped(const struct field *field, bool *mark)
{
    for (size_t i = 0; i < sizeof dropped / sizeof dropped[0]; i++) {
        if (named(field->name, span_of(dropped[i].name))) {
            *mark = *mark || dropped[i].mark;
            return true;
        }
    }
    *mark = *mark || is_gmails(field);
    return false;
}

/* Not what was filled in on purpose. */
static bool is_drafts_own(const struct field *field)
{
    bool one = span_equal_nocase(field->name, SPAN("Date")) ||
               span_equal_nocase(field->name, SPAN("Message-ID"));
    size_t brace = span_find(field->value, '{');
    return one && brace == field->value.len;
}

void saved_drop(struct fields *f)
{
    bool mark = false;
    size_t kept = 0;
    for (size_t i = 0; i < f->count; i++) {
        if (!is_dropped(&f->list[i], &mark)) {
            f->list[kept++] = f->list[i];
        }
    }
    f->count = kept;
    for (size_t i = kept = 0; mark && i < f->count; i++) {
        if (!is_drafts_own(&f->list[i])) {
            f->list[kept++] = f->list[i];
        }
    }
    f->count = mark ? kept : f->count;
}
