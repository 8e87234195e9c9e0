/* May one more message begin, or were there enough for now?
 *
 * Pure; time comes in. Windows of equal length, each of which begins with the
 * first message after the one before has ended. A message that was begun and
 * not taken is given back to its window. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "sink/answers.h"

struct throttle {
    uint64_t messages_max; /* in a window; 0: any number */
    uint64_t window_ms;
    enum answer answer; /* to MAIL beyond it */
    uint64_t now_ms;    /* kept by the owner */
    uint64_t ends_ms;   /* of the window */
    uint64_t begun;     /* in it */
    uint64_t number;    /* of the window, from 1 */
};

/* The number of the window that it counts in; 0: no. */
uint64_t throttle_begin(struct throttle *t);
void throttle_give_back(struct throttle *t, uint64_t window);
