/* What does a state know, all in all, and who may settle what is unknown? For
 * whoever reads a state, or several, without mailing. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "record/state.h"

/* The process that is at work with it; 0: none. */
int64_t state_holder(const struct state *s);

struct state_mailing_facts {
    int64_t id;
    struct span campaign;
    int64_t began_ms, resumed_ms;
    struct state_counts list;
    uint64_t by_outcome[OUTCOMES]; /* of rows that were begun */
    uint64_t begun;                /* of the unknown ones: no outcome yet */
};

/* Each calls `tell` in order; its spans live until it returns. False: *err, or
 * `tell` said so. */
bool state_each_mailing(struct state *s,
                        bool (*tell)(void *context,
                                     const struct state_mailing_facts *facts,
                                     struct err *err),
                        void *context, struct err *err);
bool state_each_row(struct state *s, int64_t mailing,
                    bool (*tell)(void *context, const struct state_row *row,
                                 struct err *err),
                    void *context, struct err *err);

/* What a relay has taught the runs; 0: nothing. */
struct state_learned {
    struct span relay;
    uint64_t letters;    /* then it closes a session */
    uint64_t recipients; /* in a transaction, more are refused */
    uint64_t sessions;   /* more are refused */
    bool stream_unfit;   /* it loses step */
    int64_t time_ms;
};

bool state_each_learned(struct state *s,
                        bool (*tell)(void *context,
                                     const struct state_learned *learned,
                                     struct err *err),
                        void *context, struct err *err);

/* Who is never to be mailed, whatever the campaign. */
bool state_each_suppression(struct state *s,
                            bool (*tell)(void *context, struct span address,
                                         struct err *err),
                            void *context, struct err *err);

/* For the runs to come. Where nothing was learned, nothing is kept. */
bool state_learn(struct state *s, const struct state_learned *learned,
                 struct err *err);

/* A person says what became of unknown rows: all of these, or none. Opened
 * with STATE_SETTLE. False: *err. */
bool state_settle(struct state *s, const uint64_t *ids, size_t count,
                  enum outcome outcome, const char *who, struct err *err);
