#include "mailing/appetite.h"

#include "smtp/classify.h"

void appetite_verdict(struct appetite *a, enum session_news news, bool last)
{
    if (news == SESSION_LEAVES) {
        a->full = true;
        a->counts = true;
    } else if (news == SESSION_LAPSED) {
        a->full = true;
        a->lapsed = true;
    } else if (news == SESSION_DEALT && last && !a->full) {
        a->letters++;
    }
}

/* A 421 that nothing asked for is of who was silent for too long. */
void appetite_end(struct appetite *a, const struct dialog *d)
{
    enum step step = dialog_end_step(d);
    if (dialog_end(d) == DIALOG_END_CLOSING && step != STEP_NONE) {
        struct finding f = classify(step, dialog_end_reply(d));
        a->full = true;
        a->counts |= f.class == CLASS_RATELIMIT;
    }
}

/* One that closes for a reason of its own is not taken to count, unless it
 * closes after as many again. */
void appetite_learn(struct appetite_learned *learned, const struct appetite *a)
{
    if (!a->full || a->lapsed || a->letters == 0) {
        return;
    }
    bool counts = a->counts || a->letters == learned->closed_after;
    learned->closed_after = a->letters;
    if (counts && (learned->letters == 0 || a->letters < learned->letters)) {
        learned->letters = a->letters;
    }
}

unsigned appetite_limit(const struct appetite_learned *learned, unsigned asked)
{
    unsigned seen = learned->letters;
    return asked == 0 || (seen > 0 && seen < asked) ? seen : asked;
}
