#include "mailing/shares.h"

#include <stddef.h>

/* A whole session but for a little must be owed and owing. */
static const double plain = 0.8;

/* Who is not known yet is taken for an average one. */
static double average(const struct shares *s)
{
    double sum = 0;
    unsigned known = 0;
    for (unsigned i = 0; i < s->count; i++) {
        sum += s->list[i].known ? s->list[i].brings : 0;
        known += s->list[i].known;
    }
    return known > 0 ? sum / known : 1;
}

/* Never nothing, so that there is always a whole to have a part of. */
static double worth(const struct share *one, double average_brings)
{
    double brings = one->known ? one->brings : average_brings;
    return one->able ? one->weight * (brings + 1e-3) : 0;
}

/* How many more it should have; below 0: fewer. */
static double owed(const struct shares *s, unsigned at)
{
    double each = average(s), all = 0;
    for (unsigned i = 0; i < s->count; i++) {
        all += worth(&s->list[i], each);
    }
    const struct share *one = &s->list[at];
    return s->total * worth(one, each) / all - one->now;
}

/* The first of equals. NULL: nobody is able. */
static struct share *most_owed(const struct shares *s, double *owed_out)
{
    struct share *best = NULL;
    for (unsigned i = 0; i < s->count; i++) {
        double its = s->list[i].able ? owed(s, i) : 0;
        if (s->list[i].able && (!best || its > *owed_out)) {
            best = &s->list[i];
            *owed_out = its;
        }
    }
    return best;
}

/* Of those that have more than one. */
static struct share *most_owing(const struct shares *s, double *owed_out)
{
    struct share *best = NULL;
    for (unsigned i = 0; i < s->count; i++) {
        struct share *one = &s->list[i];
        double its = one->able ? owed(s, i) : 0;
        if (one->able && one->now > 1 && (!best || its < *owed_out)) {
            best = one;
            *owed_out = its;
        }
    }
    return best;
}

/* One for each of these; what is left then. */
static unsigned deal_first(struct shares *s, bool doubtful, unsigned left)
{
    for (unsigned i = 0; i < s->count && left > 0; i++) {
        struct share *one = &s->list[i];
        if (one->able && one->doubtful == doubtful) {
            one->now = 1;
            left--;
        }
    }
    return left;
}

static void deal_anew(struct shares *s)
{
    for (unsigned i = 0; i < s->count; i++) {
        struct share *one = &s->list[i];
        one->was_able = one->able;
        one->now = one->able ? 0 : one->kept;
    }
    unsigned left = deal_first(s, false, s->total);
    left = deal_first(s, true, left);
    double its;
    struct share *next;
    while (left > 0 && (next = most_owed(s, &its))) {
        next->now++;
        left--;
    }
}

void shares_deal(struct shares *s, unsigned sessions_max)
{
    unsigned left = sessions_max;
    bool anew = false;
    for (unsigned i = 0; i < s->count; i++) {
        struct share *one = &s->list[i];
        anew |= one->able != one->was_able;
        if (!one->able) {
            one->kept = one->kept < left ? one->kept : left;
            one->now = one->kept;
            left -= one->kept;
        }
    }
    anew |= left != s->total;
    s->total = left;
    if (anew) {
        deal_anew(s);
    }
}

void shares_count(struct share *one, uint64_t answered, unsigned sessions,
                  uint64_t epoch_ms)
{
    uint64_t letters = answered - one->answered;
    double mean = (one->sessions + sessions) / 2.0;
    bool whole = one->sessions > 0 && sessions > 0;
    one->answered = answered;
    one->sessions = sessions;
    if (whole) {
        double brings = (double)letters * 1000 / (double)epoch_ms / mean;
        one->brings = one->known ? (one->brings + brings) / 2 : brings;
        one->known = true;
    }
}

void shares_move(struct shares *s)
{
    double due = 0, debt = 0;
    struct share *to = most_owed(s, &due);
    struct share *from = most_owing(s, &debt);
    if (to && from && due >= plain && debt <= -plain) {
        to->now++;
        from->now--;
    }
}
