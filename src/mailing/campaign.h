/* What happens next? The second reading: the conductor.
 *
 * It pulls: a session that is hungry takes the next row at hand (stock.c reads
 * a little ahead, deal.c says whose turn it is), says its letter, and gives
 * back what became of it (verdict.c). Rows that go again wait in a queue; rows
 * that are settled stand in the ledger and the report at once. When nothing is
 * left, or when the run has to stop, sessions are drained and the loop ends.
 * Rows never taken are closing.c's, the way to the relays is relays.c's. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "mailing/deal.h"
#include "mailing/keeper.h"
#include "mailing/ledger.h"
#include "mailing/line.h"
#include "mailing/mailing.h"
#include "mailing/parcel.h"
#include "mailing/plan.h"
#include "mailing/policy.h"
#include "mailing/rate.h"
#include "mailing/relays.h"
#include "mailing/session.h"
#include "mailing/shares.h"
#include "mailing/stock.h"
#include "mailing/task.h"
#include "net/loop.h"
#include "net/tls.h"
#include "record/evidence.h"
#include "record/failed.h"
#include "record/notes.h"
#include "record/report.h"

enum campaign_course {
    COURSE_GOING,
    COURSE_DRAINING,  /* nothing new; what is under way ends */
    COURSE_LISTENING, /* the same, and what was not begun goes back: what was
                         said is still answered */
    COURSE_STOPPED,   /* sessions are cut */
};

struct campaign {
    const struct settings *settings;
    const struct observer *observer;
    struct plan *plan;
    struct loop *loop;
    struct tls_client *tls; /* of all lines, so that they share what can be
                               resumed; NULL: in clear */

    /* rows */
    struct keeper keeper;
    struct ledger ledger;
    uint64_t sent_before; /* of them, in earlier runs */
    struct arena earlier; /* what the state said of the last one */
    struct report *report;
    struct evidence *evidence; /* NULL: no --tls-evidence */
    struct failed *failed;     /* NULL: no --failed */
    struct notes *notes;       /* the same */
    struct task_pool pool;
    struct parcel_pool parcels;
    struct deal deal;        /* rows at hand */
    struct task_queue queue; /* those that go again, later */
    uint32_t next_contact;   /* of the reading under way */
    uint32_t left_behind;    /* in it, for another reading */
    bool list_done;
    unsigned under_way;      /* tasks that sessions have */
    uint64_t messages_begun; /* for --limit */

    /* the lines to the relays */
    struct line *lines;
    unsigned line_count;
    struct shares shares; /* theirs, in the same order */
    struct bind_addresses binds;
    struct rate rate;      /* over all of them */
    uint64_t rate_when_ms; /* when it lets the next letter begin */
    uint64_t sessions_opened;
    bool proven; /* a session has been ready */
    struct buf probe_sender;

    /* the end */
    enum campaign_course course;
    bool asked_to_stop; /* by a signal */
    uint64_t cut_ms;    /* all is done: then no goodbye is waited for; or 0 */
    struct err why;     /* of a stop; status 0: it ran through */
    struct err unkept;  /* the first file that failed; status 0: none */
    uint64_t begun_ms;
    struct loop_timer *timer, *ticker;
    uint64_t metrics_when_ms;    /* --metrics is written next */
    struct loop_timer *deadline; /* NULL: none */
    uint64_t judged, bounced;    /* rows that a relay settled; of them, for good
                                    and for their recipient */
    struct loop_turn *turn;
    struct loop_signal *interrupt, *terminate, *hang_up, *ask;
};

/* Runs to the end. Rows that were never taken are not settled yet. */
void campaign_run(struct campaign *c);

/* From here on, one that comes while the list is read or the books are closed
 * is heard in the run, and does not end the process. */
void campaign_hear_signals(struct campaign *c);
void campaign_ignore_signals(struct campaign *c);

/* There are rows for another session of that line: those that are setting up
 * will each want one. */
bool campaign_wants_session(struct campaign *c, const struct line *l);

/* Nothing new is begun. The first reason stands. */
void campaign_stop(struct campaign *c, enum campaign_course course, int status,
                   const char *text);

/* A file cannot be written, or read: no letter is begun any more. Those that
 * were have their verdicts, which are kept wherever they can be. */
void campaign_fail(struct campaign *c, const struct err *err);

/* A budget of hours or days is used up; it opens in so many milliseconds. */
void campaign_note_budget(struct campaign *c, const char *what, uint64_t in_ms);

/* --- verdict.c: what becomes of a row --- */

/* The sessions' side of it: verdict, put_back, invalid, intend and may_go. The
 * context is the session's line. */
void campaign_hear_verdicts(struct session_owner *owner);

/* A row that waits is settled as it is; where nothing was said of it, that is
 * why. */
void campaign_give_up(struct campaign *c, struct task *t, const char *why);

/* --- earlier.c: what earlier runs left --- */

/* A contact of the second reading. NULL: it is settled, and stands in
 * ledger and report. */
struct task *campaign_meet(struct campaign *c, const struct plan_row *row,
                           uint32_t contact);

/* It stays as an earlier run left it. */
void campaign_adopt(struct campaign *c, const struct plan_row *row,
                    uint32_t contact, const struct state_row *record);

/* --- closing.c: rows that were never to be mailed, or never taken --- */

/* The third reading. Writes the rest of the report, and --failed; what of them
 * cannot be written is told when they are closed. False: it cannot be read,
 * *err. */
bool campaign_close_books(struct campaign *c, struct err *err);
