#include "sink/throttle.h"

uint64_t throttle_begin(struct throttle *t)
{
    if (t->number == 0 || t->now_ms >= t->ends_ms) {
        t->number++;
        t->ends_ms = t->now_ms + t->window_ms;
        t->begun = 0;
    }
    if (t->messages_max > 0 && t->begun >= t->messages_max) {
        return 0;
    }
    t->begun++;
    return t->number;
}

void throttle_give_back(struct throttle *t, uint64_t window)
{
    if (window != 0 && window == t->number) {
        t->begun--;
    }
}
