#include "mailing/limits.h"

#include <inttypes.h>
#include <time.h>

#include "base/clock.h"
#include "mailing/observer.h"

enum { BOUNCES_JUDGED_MIN = 100, MINUTES_A_DAY = 24 * 60 };

/* --- the clock --- */

/* To that time of the day on the wall: today, or tomorrow. */
static uint64_t until_in_ms(unsigned minute)
{
    int64_t now_ms = clock_wall_ms();
    time_t now = (time_t)(now_ms / 1000);
    struct tm then;
    localtime_r(&now, &then);
    then.tm_hour = (int)minute / 60;
    then.tm_min = (int)minute % 60;
    then.tm_sec = 0;
    then.tm_isdst = -1;
    struct tm tomorrow = then;
    time_t at = mktime(&then);
    if (at <= now) {
        tomorrow.tm_mday++;
        at = mktime(&tomorrow);
    }
    return at > now ? (uint64_t)((int64_t)at * 1000 - now_ms) : 0;
}

static void time_is_over(void *context)
{
    struct campaign *c = context;
    campaign_stop(c, COURSE_DRAINING, EX_TEMPFAIL,
                  "the time that the run was given is over");
}

static void set_clock(struct campaign *c)
{
    const struct settings *s = c->settings;
    uint64_t in_ms = s->runtime_max_ms > 0 ? s->runtime_max_ms : UINT64_MAX;
    if (s->until_minute < MINUTES_A_DAY) {
        uint64_t until_ms = until_in_ms(s->until_minute);
        in_ms = until_ms < in_ms ? until_ms : in_ms;
    }
    if (in_ms != UINT64_MAX) {
        c->deadline = loop_timer_create(c->loop, time_is_over, c);
        loop_timer_start(c->deadline, in_ms);
    }
}

/* --- budgets --- */

static void ask_state(struct campaign *c)
{
    uint64_t now = loop_now_ms(c->loop);
    struct err err = {0};
    if (c->rate.budget_count == 0) {
        return;
    }
    if (!c->keeper.state) {
        observer_say(c->observer, SAY_WARNING,
                     "--rate: without a state, hours and days are counted "
                     "over this run alone");
    } else if (!keeper_remember(&c->keeper, &c->rate, now, &err)) {
        campaign_stop(c, COURSE_STOPPED, err.status, err.text);
    } else if (rate_when_ms(&c->rate, now) == UINT64_MAX) {
        campaign_note_budget(c, "--rate", rate_opens_ms(&c->rate, now) - now);
        campaign_stop(c, COURSE_DRAINING, c->why.status, c->why.text);
    }
}

void limits_begin(struct campaign *c)
{
    ask_state(c);
    set_clock(c);
}

void limits_end(struct campaign *c)
{
    loop_timer_destroy(c->deadline);
}

/* --- bounces --- */

void limits_judge(struct campaign *c, enum outcome outcome, bool recipient)
{
    unsigned most = c->settings->bounces_max_percent;
    if (outcome != OUTCOME_SENT && outcome != OUTCOME_REJECTED) {
        return;
    }
    c->judged++;
    c->bounced += outcome == OUTCOME_REJECTED && recipient ? 1 : 0;
    if (most < 100 && c->judged >= BOUNCES_JUDGED_MIN &&
        c->bounced * 100 > c->judged * most) {
        struct err why;
        err_set(&why, 1,
                "%" PRIu64 " of %" PRIu64 " addresses were refused for good, "
                "more than --max-bounce-rate %u allows",
                c->bounced, c->judged, most);
        campaign_stop(c, COURSE_DRAINING, why.status, why.text);
    }
}
