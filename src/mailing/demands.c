/* What do the large mailbox providers ask of bulk mail that this letter lacks?
 * From what Google, Yahoo and Microsoft publish for senders of more than 5,000
 * messages a day: DMARC with the domain of From, RFC 8058, valid Message-ID
 * and Date. The first two letters are looked at. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "letter/date.h"
#include "letter/uri.h"
#include "list/address.h"
#include "mailing/finding.h"
#include "mailing/observer.h"

enum {
    LETTERS = 2,
    CLIPPED_FROM = 102 * 1024, /* Gmail shows no more of an HTML part */
    HEADER_BYTES_MAX = 1 << 20,
    DAY_S = 24 * 3600,
};

/* Mailboxes that people have, and whose owners let nobody else send: a letter
 * From there by another relay fails DMARC. */
static const char *const freemail[] = {
    "126.com",     "163.com",        "aol.com",     "fastmail.com",
    "freenet.de",  "gmail.com",      "gmx.com",     "gmx.de",
    "gmx.net",     "googlemail.com", "hotmail.com", "icloud.com",
    "laposte.net", "libero.it",      "live.com",    "mac.com",
    "mail.com",    "mail.ru",        "me.com",      "msn.com",
    "orange.fr",   "outlook.com",    "proton.me",   "protonmail.com",
    "qq.com",      "rocketmail.com", "t-online.de", "web.de",
    "yahoo.co.jp", "yahoo.co.uk",    "yahoo.com",   "yahoo.de",
    "yahoo.fr",    "yandex.com",     "yandex.ru",   "ymail.com",
};

struct demands {
    const struct plan *plan;
    struct arena arena;
    struct letter letters[LETTERS];
    int64_t dates[LETTERS];
    struct span heads[LETTERS]; /* the headers, unfolded */
    unsigned count;
};

static void *begin(const struct plan *plan)
{
    if (!plan->draft) {
        return NULL;
    }
    struct demands *d = mem_alloc_zero(1, sizeof *d);
    d->plan = plan;
    arena_init(&d->arena);
    return d;
}

/* Lines that end in LF alone, and go on where the letter's are folded. */
static struct span unfold(const struct letter *letter, struct arena *arena)
{
    struct buf head;
    buf_init(&head, HEADER_BYTES_MAX);
    struct span text = letter->parts[0];
    for (size_t at = 0; at < text.len;) {
        struct span rest = span_rest(text, at);
        size_t len = span_find(rest, '\r');
        if (len == 0) {
            break;
        }
        bool goes_on = head.len > 0 && ascii_is_blank(rest.data[0]);
        if (goes_on) {
            buf_truncate(&head, head.len - 1);
        }
        buf_append(&head, span_slice(rest, 0, len));
        buf_append_byte(&head, '\n');
        at += len + 2 < rest.len ? len + 2 : rest.len;
    }
    struct span copy = arena_copy(arena, buf_span(&head));
    buf_release(&head);
    return copy;
}

static void look(void *finding, struct plan_row *row)
{
    struct demands *d = finding;
    if (row->verdict.status != CLEAN_OK || d->count == LETTERS) {
        return;
    }
    /* A Date that is the template's own is no later in the second one. */
    int64_t date_s = plan_date(d->plan) + d->count * (int64_t)DAY_S;
    struct letter_values values;
    struct span reason;
    plan_values(d->plan, row, date_s, &d->arena, &values);
    struct letter *letter = &d->letters[d->count];
    if (draft_fill(d->plan->draft, &values, &d->arena, letter, &reason)) {
        d->dates[d->count] = date_s;
        d->heads[d->count++] = unfold(letter, &d->arena);
    }
}

/* NULL data: there is no such header. */
static struct span header(struct span head, struct span name)
{
    while (head.len > 0) {
        size_t len = span_find(head, '\n');
        struct span line = span_slice(head, 0, len);
        size_t colon = span_find(line, ':');
        if (colon < len &&
            span_equal_nocase(span_slice(line, 0, colon), name)) {
            return span_trim(span_rest(line, colon + 1));
        }
        head = span_rest(head, len + 1);
    }
    return (struct span){0};
}

/* Of the last mailbox. */
static struct span domain_of(struct span value)
{
    size_t open = span_find_last(value, '<');
    struct span address = open < value.len ? span_rest(value, open + 1) : value;
    return address_domain(span_slice(address, 0, span_find(address, '>')));
}

static bool beneath(struct span domain, struct span other)
{
    return domain.len > other.len &&
           domain.data[domain.len - other.len - 1] == '.' &&
           span_equal_nocase(span_rest(domain, domain.len - other.len), other);
}

/* RFC 7489 3.1, relaxed; which domain is whose is a guess, by their names. */
static bool aligned(struct span a, struct span b)
{
    return span_equal_nocase(a, b) || beneath(a, b) || beneath(b, a);
}

static bool is_freemail(struct span domain)
{
    for (size_t i = 0; i < sizeof freemail / sizeof freemail[0]; i++) {
        if (span_equal_nocase(domain, span_of(freemail[i]))) {
            return true;
        }
    }
    return false;
}

/* RFC 8058 3.1. */
static bool one_click(struct span head)
{
    struct span post = header(head, SPAN("List-Unsubscribe-Post"));
    struct span list = header(head, SPAN("List-Unsubscribe"));
    struct span uri;
    bool https = false;
    for (size_t at = 0; uri_next(list, &at, &uri);) {
        https = https || uri_is_https(uri);
    }
    return https && span_equal_nocase(post, SPAN("List-Unsubscribe=One-Click"));
}

/* --- what each of them says --- */

static const char *lacks_unsubscribe(const struct demands *d, struct err *line)
{
    (void)line;
    if (one_click(d->heads[0])) {
        return NULL;
    }
    return "no List-Unsubscribe with one click, which Gmail and Yahoo ask of "
           "bulk mail (--unsubscribe-url)";
}

static const char *from_freemail(const struct demands *d, struct err *line)
{
    struct span from = domain_of(header(d->heads[0], SPAN("From")));
    if (!is_freemail(from)) {
        return NULL;
    }
    err_set(line, 0,
            "From is at %.*s: but for its own relays, mail from there fails "
            "DMARC; bulk mail needs a domain of the sender's own",
            (int)from.len, from.data);
    return line->text;
}

static const char *not_aligned(const struct demands *d, struct err *line)
{
    struct span from = domain_of(header(d->heads[0], SPAN("From")));
    struct span sender = domain_of(d->letters[0].sender);
    if (from.len == 0 || sender.len == 0 || aligned(from, sender)) {
        return NULL;
    }
    err_set(line, 0,
            "the envelope sender is at %.*s and From at %.*s: SPF cannot "
            "speak for From, so DKIM has to, with d=%.*s",
            (int)sender.len, sender.data, (int)from.len, from.data,
            (int)from.len, from.data);
    return line->text;
}

static const char *same_id(const struct demands *d, struct err *line)
{
    (void)line;
    bool same = d->count == LETTERS &&
                span_equal(d->letters[0].message_id, d->letters[1].message_id);
    return same ? "all letters have the Message-ID of the template: leave it "
                  "out, and each has its own"
                : NULL;
}

static const char *bad_id(const struct demands *d, struct err *line)
{
    (void)line;
    struct span id = d->letters[0].message_id;
    size_t at = span_find(id, '@');
    bool good = span_starts(id, SPAN("<")) && span_ends(id, SPAN(">")) &&
                at > 1 && at + 2 < id.len && span_find(id, ' ') == id.len;
    return good ? NULL : "the Message-ID is not <name@domain>";
}

static const char *fixed_date(const struct demands *d, struct err *line)
{
    struct buf date;
    buf_init(&date, 64);
    date_append_header(&date, d->dates[0]);
    struct span said = header(d->heads[0], SPAN("Date"));
    bool own = !span_equal(said, buf_span(&date));
    buf_release(&date);
    if (!own) {
        return NULL;
    }
    err_set(line, 0,
            "all letters have the Date of the template (%.*s): leave it out, "
            "and each has that of its sending",
            (int)said.len, said.data);
    return line->text;
}

static const char *no_subject(const struct demands *d, struct err *line)
{
    (void)line;
    return header(d->heads[0], SPAN("Subject")).len == 0 ? "no Subject" : NULL;
}

static const char *clipped(const struct demands *d, struct err *line)
{
    size_t bytes = d->letters[0].html_bytes;
    if (bytes <= CLIPPED_FROM) {
        return NULL;
    }
    err_set(line, 0,
            "an HTML part of %zu bytes: Gmail cuts it off at 102 kB, with the "
            "unsubscribe link that may be at its end",
            bytes);
    return line->text;
}

/* NULL: the letter has what is asked for. */
static const char *(*const looks[])(const struct demands *d,
                                    struct err *line) = {
    lacks_unsubscribe, from_freemail, not_aligned, same_id, bad_id,
    fixed_date,        no_subject,    clipped,
};

static void say(const struct demands *d, const struct observer *observer,
                enum say_level level, const char *what)
{
    observer_say(observer, level, "%s: %s", d->plan->settings->template_path,
                 what);
}

/* We do not sign: what the relay has to do cannot be seen from here. */
static void say_signature(const struct demands *d,
                          const struct observer *observer)
{
    struct span from = domain_of(header(d->heads[0], SPAN("From")));
    struct err line;
    err_set(&line, 0,
            "bulk mail needs a DKIM signature with d=%.*s by the relay, over "
            "From, Message-ID, Date%s too, and a DMARC record at _dmarc.%.*s",
            (int)from.len, from.data,
            one_click(d->heads[0])
                ? ", List-Unsubscribe and List-Unsubscribe-Post"
                : "",
            (int)from.len, from.data);
    say(d, observer, SAY_INFO, line.text);
}

static unsigned tell(void *finding, const struct observer *observer)
{
    const struct demands *d = finding;
    unsigned warnings = 0;
    if (d->count == 0) {
        return 0;
    }
    for (size_t i = 0; i < sizeof looks / sizeof looks[0]; i++) {
        struct err line;
        const char *what = looks[i](d, &line);
        if (what) {
            say(d, observer, SAY_WARNING, what);
            warnings++;
        }
    }
    say_signature(d, observer);
    return warnings;
}

static void end(void *finding)
{
    struct demands *d = finding;
    arena_release(&d->arena);
    free(d);
}

const struct finding_kind finding_demands = {begin, look, tell, end};
