/* What is to be done once, at the end of this turn? For this room alone: the
 * wires send and tell there what they must not do from inside a call by their
 * owner. Errands run after the turn hooks, in the order of queueing; one that
 * is queued again while they run is run in the next turn, which then does not
 * wait. */
#pragma once

#include <stdbool.h>

struct loop;

struct errand {
    void (*run)(void *context); /* may free the errand */
    void *context;
    struct errand *next;
    bool queued;
};

/* Once a turn, however often it is called. */
void errand_queue(struct loop *l, struct errand *e);
