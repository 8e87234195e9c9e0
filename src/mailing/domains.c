#include "mailing/domains.h"

#include <inttypes.h>

#include "base/set.h"
#include "mailing/observer.h"
#include "net/lookup.h"

enum {
    UNDER_WAY_MAX = 200, /* what the buffer of a socket holds */
    UNDER_WAY_LOW = 150, /* the list is read on when so many are left */
    SILENCE_MAX = 200,   /* failures in a row, and not one answer between */
};

struct asking {
    struct plan *plan;
    struct loop *loop;
    struct lookups *lookups;
    struct set asked;
    size_t wanted_under_way; /* the loop runs until there are no more */
    uint64_t failed;
    unsigned silence;
};

static const enum domain_verdict verdicts[] = {
    [LOOKUP_NO_DOMAIN] = DOMAIN_ABSENT,
    [LOOKUP_NULL_MX] = DOMAIN_NULL_MX,
    [LOOKUP_NO_HOST] = DOMAIN_NO_HOST,
};

static void answered(void *context, struct span domain,
                     enum lookup_answer answer)
{
    struct asking *a = context;
    if (answer == LOOKUP_FAILED) {
        a->failed++;
        a->silence++;
    } else {
        a->silence = 0;
    }
    if (answer != LOOKUP_FAILED && answer != LOOKUP_MAIL) {
        cleaner_refuse_domain(&a->plan->cleaner, domain, verdicts[answer]);
    }
    if (lookups_under_way(a->lookups) <= a->wanted_under_way) {
        loop_stop(a->loop);
    }
}

static void run_until(struct asking *a, size_t under_way)
{
    a->wanted_under_way = under_way;
    while (lookups_under_way(a->lookups) > under_way) {
        loop_run(a->loop);
    }
}

static void ask(struct asking *a, const struct csv_row *row)
{
    struct span domain;
    if (!cleaner_domain(&a->plan->cleaner, row, &domain)) {
        return;
    }
    struct siphash_print print = siphash(&a->plan->hash_key, domain);
    bool added;
    set_put(&a->asked, &print, row->line, &added);
    if (!added) {
        return;
    }
    lookups_ask(a->lookups, domain);
    if (lookups_under_way(a->lookups) >= UNDER_WAY_MAX) {
        run_until(a, UNDER_WAY_LOW);
    }
}

/* A fault of the list is not named here: the first reading comes to it, and
 * shows what stands before it. */
static bool ask_all(struct asking *a, struct err *err)
{
    struct csv_row row;
    struct err ignored;
    while (a->silence < SILENCE_MAX &&
           csv_reader_next(a->plan->reader, &row, &ignored) == CSV_RESULT_ROW) {
        ask(a, &row);
    }
    if (a->silence < SILENCE_MAX) {
        run_until(a, 0);
    }
    return csv_reader_rewind(a->plan->reader, err);
}

static void tell(const struct asking *a, const struct observer *observer)
{
    if (a->failed == 0) {
        return;
    }
    if (a->silence >= SILENCE_MAX) {
        observer_say(observer, SAY_WARNING,
                     "DNS does not answer: %" PRIu64 " domains could not be "
                     "looked up, and the rest were not",
                     a->failed);
    } else {
        observer_say(observer, SAY_WARNING,
                     "%" PRIu64 " of %" PRIu32 " domains could not be looked "
                     "up: DNS did not say",
                     a->failed, a->asked.count);
    }
}

bool domains_look_up(struct plan *p, const struct observer *observer,
                     struct err *err)
{
    if (!p->settings->check_dns || p->settings->dry_run) {
        return true;
    }
    struct asking a = {.plan = p, .loop = loop_create()};
    set_init(&a.asked);
    a.lookups = lookups_create(a.loop, answered, &a, err);
    bool fine = a.lookups && ask_all(&a, err);
    tell(&a, observer);
    lookups_destroy(a.lookups);
    loop_destroy(a.loop);
    set_release(&a.asked);
    return fine;
}
