#include "mailing/stock.h"

#include <stdio.h>

#include "list/address.h"
#include "mailing/campaign.h"

enum { READ_AT_ONCE = 2000 }; /* rows; then the loop turns */

/* --- reading --- */

static void list_changed(struct campaign *c)
{
    struct err why;
    err_set(&why, EX_DATAERR, "%s: the list has changed while it was sent",
            c->settings->list_path);
    campaign_stop(c, COURSE_DRAINING, why.status, why.text);
}

/* The next row of this reading that is to be mailed. */
static bool next_contact(struct campaign *c, struct plan_row *row)
{
    struct err err = {0};
    enum csv_result result;
    do {
        result = plan_next(c->plan, row, &err);
    } while (result == CSV_RESULT_ROW && row->verdict.status != CLEAN_OK);
    if (result == CSV_RESULT_ERROR) {
        /* It was read whole before: it has changed. */
        campaign_stop(c, COURSE_DRAINING, EX_DATAERR, err.text);
    }
    return result == CSV_RESULT_ROW;
}

static bool all_read(const struct campaign *c)
{
    return c->next_contact == c->plan->by_status[CLEAN_OK];
}

/* A row goes to where it is dealt from, or is left for another reading. */
static void put(struct campaign *c, const struct plan_row *row,
                uint32_t contact)
{
    struct task *t = NULL;
    if (!ledger_untouched(&c->ledger, contact)) {
        return; /* had in an earlier reading */
    }
    switch (deal_room(&c->deal, address_domain(row->address))) {
    case DEAL_ROOM:
        t = campaign_meet(c, row, contact);
        break;
    case DEAL_FULL:
        c->left_behind++;
        break;
    case DEAL_CLOSED:
        break; /* pending, in the end */
    }
    if (t) {
        ledger_take(&c->ledger, contact);
        deal_add(&c->deal, t);
    }
}

/* Behind the last contact the list is read to its end at once: no session is
 * opened for rows that do not come. */
static void read_row(struct campaign *c)
{
    struct plan_row row;
    if (next_contact(c, &row)) {
        put(c, &row, c->next_contact++);
    } else {
        c->list_done = true;
    }
    if (all_read(c) && !c->list_done) {
        c->list_done = true;
        if (next_contact(c, &row)) {
            list_changed(c);
        }
    } else if (c->list_done && !all_read(c)) {
        list_changed(c);
    }
}

static void read_again(struct campaign *c)
{
    struct err err = {0};
    if (!plan_rewind(c->plan, &err)) {
        campaign_stop(c, COURSE_DRAINING, err.status, err.text);
        return;
    }
    c->next_contact = 0;
    c->left_behind = 0;
    c->list_done = false;
}

/* --- budgets of domains --- */

/* As if it had never been read: pending, in the end. */
static void put_away(struct campaign *c, struct task *t)
{
    if (t->first_try_ms != 0) {
        campaign_give_up(c, t, c->why.text);
        return;
    }
    ledger_untake(&c->ledger, t->contact);
    task_give_back(&c->pool, t);
}

static void put_away_closed(struct campaign *c, uint64_t now)
{
    struct task *t;
    struct span domain;
    uint64_t opens_ms;
    while ((t = deal_take_closed(&c->deal, now, &domain, &opens_ms))) {
        char what[320];
        snprintf(what, sizeof what, "--domain-rate %.*s", (int)domain.len,
                 domain.data);
        campaign_note_budget(c, what, opens_ms - now);
        put_away(c, t);
    }
}

/* --- needs --- */

/* Rows that a relay might have taken which this run has lost. */
static void put_away_stranded(struct campaign *c)
{
    for (unsigned needs = 1; needs < 1u << TASK_NEEDS && c->deal.choosy > 0;
         needs++) {
        struct err why;
        if (relays_reach(c, needs, &why) != REACH_LOST) {
            continue;
        }
        struct task *t;
        while ((t = deal_take_any(&c->deal, ~(1u << needs)))) {
            campaign_give_up(c, t, why.text);
        }
    }
}

/* --- what is at hand --- */

static bool fresh_wanted(const struct campaign *c)
{
    return c->settings->limit == 0 || c->messages_begun < c->settings->limit;
}

/* Read, and not settled: each of them may have to wait for a retry. */
static unsigned rows_at_hand(const struct campaign *c)
{
    return c->queue.count + c->deal.returned + c->deal.ahead + c->deal.waiting +
           c->under_way;
}

static bool reads_on(const struct campaign *c)
{
    return !c->list_done && c->course == COURSE_GOING && fresh_wanted(c) &&
           deal_hungry(&c->deal) && rows_at_hand(c) < TASK_QUEUE_MAX;
}

void stock_fill(struct campaign *c)
{
    uint64_t now = loop_now_ms(c->loop);
    struct task *t;
    while ((t = task_queue_take(&c->queue, now))) {
        deal_return(&c->deal, t);
    }
    put_away_closed(c, now);
    put_away_stranded(c);
    if (c->list_done && c->left_behind > 0 && deal_roomy(&c->deal)) {
        read_again(c);
    }
    for (unsigned i = 0; i < READ_AT_ONCE && reads_on(c); i++) {
        read_row(c);
    }
}

bool stock_wants_more(const struct campaign *c)
{
    return reads_on(c);
}

static struct deal_wish wish(struct campaign *c, unsigned lacks)
{
    return (struct deal_wish){
        .fresh = fresh_wanted(c),
        .unfit = c->deal.choosy > 0 ? relays_unfit(c, lacks) : 0,
    };
}

bool stock_ready(struct campaign *c, unsigned lacks)
{
    return deal_ready(&c->deal, loop_now_ms(c->loop), wish(c, lacks));
}

bool stock_empty(const struct campaign *c)
{
    bool no_more = c->list_done && c->left_behind == 0 &&
                   c->deal.ahead + c->deal.waiting == 0;
    return c->queue.count + c->deal.returned == 0 &&
           (no_more || !fresh_wanted(c));
}

struct task *stock_take(struct campaign *c, unsigned lacks)
{
    struct task *t = deal_take(&c->deal, loop_now_ms(c->loop), wish(c, lacks));
    c->messages_begun += t && t->first_try_ms == 0;
    return t;
}

void stock_clear(struct campaign *c)
{
    struct task *t;
    while ((t = task_queue_drain(&c->queue))) {
        campaign_give_up(c, t, c->why.text);
    }
    while ((t = deal_take_any(&c->deal, 0))) {
        put_away(c, t);
    }
}
