/* --dns: would receivers believe who sends this, as far as DNS says? The
 * domain of the envelope's sender has to take mail, for the bounces, and to
 * say which hosts send for it (SPF, RFC 7208); that of From, or one above it,
 * has to say what becomes of forgeries (DMARC, RFC 7489). Both are those of
 * the first letter. */
#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "list/address.h"
#include "mailing/finding.h"
#include "mailing/observer.h"
#include "net/lookup.h"

enum { NAME_BYTES_MAX = 253 };

struct sender {
    const struct plan *plan;
    struct arena arena; /* of the domains */
    struct span envelope;
    struct span from;

    struct loop *loop;
    struct lookups *lookups;
    enum lookup_answer answer; /* the last one */
    unsigned found;            /* records of the kind that is looked for */
    struct span kind;
    const struct observer *observer;
    unsigned warnings;
};

static void *begin(const struct plan *plan)
{
    if (!plan->draft || !plan->settings->sender_dns) {
        return NULL;
    }
    struct sender *s = mem_alloc_zero(1, sizeof *s);
    s->plan = plan;
    arena_init(&s->arena);
    return s;
}

static void look(void *finding, struct plan_row *row)
{
    struct sender *s = finding;
    struct letter_values values;
    struct letter letter;
    struct span reason;
    if (row->verdict.status != CLEAN_OK || s->from.len > 0) {
        return;
    }
    struct arena arena;
    arena_init(&arena);
    plan_values(s->plan, row, plan_date(s->plan), &arena, &values);
    if (draft_fill(s->plan->draft, &values, &arena, &letter, &reason)) {
        s->envelope = arena_copy(&s->arena, address_domain(letter.sender));
        struct span from = draft_sender_domain(s->plan->draft, &values, &arena);
        s->from = from.len > 0 ? arena_copy(&s->arena, from) : s->envelope;
    }
    arena_release(&arena);
}

static void say(struct sender *s, enum say_level level, struct span domain,
                const char *words)
{
    observer_say(s->observer, level, "DNS: %.*s %s", (int)domain.len,
                 domain.data, words);
    s->warnings += level == SAY_WARNING;
}

static void answered(void *context, struct span domain,
                     enum lookup_answer answer)
{
    (void)domain;
    struct sender *s = context;
    s->answer = answer;
    loop_stop(s->loop);
}

static void take_text(void *context, struct span name, struct span text)
{
    (void)name;
    struct sender *s = context;
    bool whole = span_starts_nocase(text, s->kind) &&
                 (text.len == s->kind.len ||
                  span_find(SPAN(" ;\t"), text.data[s->kind.len]) < 3);
    s->found += whole ? 1 : 0;
}

static void wait_for_answer(struct sender *s)
{
    while (lookups_under_way(s->lookups) > 0) {
        loop_run(s->loop);
    }
}

/* How many records of that kind; false: DNS did not say. */
static bool count_texts(struct sender *s, struct span name, struct span kind)
{
    s->kind = kind;
    s->found = 0;
    lookups_ask_texts(s->lookups, name, take_text);
    wait_for_answer(s);
    return s->answer == LOOKUP_TEXTS;
}

static void check_bounces(struct sender *s)
{
    static const char *const words[] = {
        [LOOKUP_MAIL] = "takes mail: bounces can come back",
        [LOOKUP_NO_DOMAIN] = "is not there: no bounce can come back, and many "
                             "will refuse its mail",
        [LOOKUP_NULL_MX] = "takes no mail (null MX): no bounce can come back",
        [LOOKUP_NO_HOST] = "has neither mail server nor address: no bounce "
                           "can come back",
        [LOOKUP_FAILED] = "could not be looked up",
    };
    lookups_ask(s->lookups, s->envelope);
    wait_for_answer(s);
    say(s, s->answer == LOOKUP_MAIL ? SAY_INFO : SAY_WARNING, s->envelope,
        words[s->answer]);
}

static void check_spf(struct sender *s)
{
    if (!count_texts(s, s->envelope, SPAN("v=spf1"))) {
        say(s, SAY_WARNING, s->envelope, "did not say whether it has SPF");
    } else if (s->found == 0) {
        say(s, SAY_WARNING, s->envelope,
            "has no SPF record: it does not say which hosts send for it");
    } else if (s->found > 1) {
        say(s, SAY_WARNING, s->envelope,
            "has more than one SPF record, and so none that counts");
    } else {
        say(s, SAY_INFO, s->envelope, "has an SPF record");
    }
}

/* False: the domain, and what lies above it, need not be asked any more. */
static bool lacks_dmarc(struct sender *s, struct span domain)
{
    struct buf name;
    buf_init(&name, NAME_BYTES_MAX);
    buf_append(&name, SPAN("_dmarc."));
    buf_append(&name, domain);
    bool said =
        name.overflowed || count_texts(s, buf_span(&name), SPAN("v=DMARC1"));
    buf_release(&name);
    if (!said) {
        say(s, SAY_WARNING, domain, "did not say whether it has DMARC");
    } else if (s->found > 0) {
        say(s, SAY_INFO, domain, "has a DMARC record");
    }
    return said && s->found == 0;
}

/* The domain, then each above it that has two labels or more. */
static void check_dmarc(struct sender *s)
{
    struct span domain = s->from;
    size_t dot = span_find(domain, '.');
    s->found = 0;
    while (dot < domain.len) {
        if (!lacks_dmarc(s, domain)) {
            return;
        }
        domain = span_rest(domain, dot + 1);
        dot = span_find(domain, '.');
    }
    say(s, SAY_WARNING, s->from,
        "has no DMARC record, which large providers ask of bulk mail");
}

static void check_all(struct sender *s)
{
    if (s->envelope.len > 0) { /* else it is <>, and there are no bounces */
        check_bounces(s);
        check_spf(s);
    }
    check_dmarc(s);
}

static unsigned tell(void *finding, const struct observer *observer)
{
    struct sender *s = finding;
    struct err err = {0};
    if (s->from.len == 0) {
        return 0;
    }
    s->observer = observer;
    s->loop = loop_create();
    s->lookups = lookups_create(s->loop, answered, s, &err);
    if (s->lookups) {
        check_all(s);
    } else {
        say(s, SAY_WARNING, s->from, err.text);
    }
    lookups_destroy(s->lookups);
    loop_destroy(s->loop);
    return s->warnings;
}

static void end(void *finding)
{
    struct sender *s = finding;
    arena_release(&s->arena);
    free(s);
}

const struct finding_kind finding_sender = {begin, look, tell, end};
