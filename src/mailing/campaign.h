/* What happens next? The second reading: the conductor.
 *
 * It pulls: a session that is hungry takes the next row (campaign_take), says
 * its letter, and gives back what became of it (campaign_verdict). Rows that
 * go again wait in a queue; rows that are settled stand in the ledger and the
 * report at once. When nothing is left, or when the run has to stop, sessions
 * are drained and the loop ends. Rows never taken are closing.c's. */
#pragma once

#include <netdb.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "mailing/ledger.h"
#include "mailing/mailing.h"
#include "mailing/pace.h"
#include "mailing/parcel.h"
#include "mailing/plan.h"
#include "mailing/policy.h"
#include "mailing/session.h"
#include "mailing/task.h"
#include "net/loop.h"
#include "net/tls.h"
#include "record/failed.h"
#include "record/notes.h"
#include "record/report.h"

struct resolver;

enum campaign_course {
    COURSE_GOING,
    COURSE_DRAINING, /* nothing new; what is under way ends */
    COURSE_STOPPED,  /* sessions are cut */
};

struct campaign {
    const struct settings *settings;
    const struct observer *observer;
    struct plan *plan;
    struct loop *loop;
    struct tls_client *tls; /* NULL: in clear */
    struct session_terms terms;
    struct learned learned;

    /* rows */
    struct ledger ledger;
    struct report *report;
    struct failed *failed; /* NULL: no --failed */
    struct notes *notes;   /* the same */
    struct task_pool pool;
    struct parcel_pool parcels;
    struct task_queue queue;
    uint32_t next_contact; /* the first that was never taken */
    bool list_done;
    unsigned under_way;      /* tasks that sessions have */
    uint64_t messages_begun; /* for --limit */

    /* the line to the relay */
    struct session **sessions; /* the youngest last */
    unsigned session_count, session_cap;
    unsigned ready_count;
    struct pace pace;
    uint64_t pace_when_ms; /* when it lets the next letter begin */
    bool proven;           /* one has been ready */
    struct buf probe_sender;
    struct resolver *question; /* while it is not answered */
    struct addrinfo *addresses, *next_address;
    uint64_t trouble_since_ms; /* 0: none */
    uint64_t pause_ms;         /* the last back-off */
    uint64_t resume_ms;        /* no connection, no row before */
    unsigned sender_refusals;  /* in a row */

    /* the end */
    enum campaign_course course;
    struct err why; /* of a stop; status 0: it ran through */
    uint64_t begun_ms;
    struct loop_timer *timer, *ticker;
    struct loop_turn *turn;
    struct loop_signal *interrupt, *terminate, *ask;
};

/* Runs to the end. Rows that were never taken are not settled yet. */
void campaign_run(struct campaign *c);

bool campaign_has_rows(const struct campaign *c); /* now, but for the pace */
uint64_t campaign_rows_left(const struct campaign *c); /* not under way */

/* Nothing new is begun. The first reason stands. */
void campaign_stop(struct campaign *c, enum campaign_course course, int status,
                   const char *text);

/* --- verdict.c: what becomes of a row --- */

/* The sessions' side of it: verdict, put_back and invalid. */
void campaign_hear_verdicts(struct campaign *c, struct session_owner *owner);

/* A row that waits to go again is settled as it is: the run is over. */
void campaign_give_up(struct campaign *c, struct task *t);

/* --- line.c: how the relay is reached --- */

enum { CAMPAIGN_PAUSE_MS = 1000 }; /* the first back-off; it doubles */

/* Something goes wrong on the line: nothing new for a while, and a stop with
 * that status when it has gone wrong for --retry-for without a row settled. */
void campaign_trouble(struct campaign *c, int status, const char *text);
void campaign_trouble_over(struct campaign *c);

/* The sessions' side of it: ready and over. */
void campaign_hear_sessions(struct campaign *c, struct session_owner *owner);

/* As many as may be, and as there are rows for. */
void campaign_open_sessions(struct campaign *c);
void campaign_each_session(struct campaign *c, void (*act)(struct session *));
void campaign_release_line(struct campaign *c);

/* --- closing.c: rows that were never to be mailed, or never taken --- */

/* The third reading. Writes the rest of the report, and --failed. False:
 * *err. */
bool campaign_close_books(struct campaign *c, struct err *err);
