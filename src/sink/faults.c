#include "sink/faults.h"

#include <stdlib.h>

#include "base/mem.h"
#include "sink/chance.h"

#define WORDS(code, enhanced, text)                                            \
    {                                                                          \
        SPAN(code), SPAN(enhanced), SPAN(text)                                 \
    }
#define NO_WORDS WORDS("", "", "")

static const struct {
    struct span prefix; /* of the local part */
    bool once;          /* per address */
    struct fault fault;
} table[] = {
    {SPAN("bad"),
     false,
     {FAULT_REFUSE, WORDS("550", "5.1.1", "No such user here")}},
    {SPAN("grey"),
     true,
     {FAULT_REFUSE, WORDS("451", "4.7.1", "Greylisted, try again")}},
    {SPAN("full"),
     false,
     {FAULT_REFUSE, WORDS("452", "4.2.2", "Mailbox full")}},
    {SPAN("busy"),
     false,
     {FAULT_CLOSE, WORDS("421", "4.3.2", "Too busy, closing")}},
    {SPAN("spam"),
     false,
     {FAULT_REFUSE_CONTENT, WORDS("550", "5.7.1", "This looks like spam")}},
    {SPAN("later"),
     false,
     {FAULT_REFUSE_CONTENT, WORDS("451", "4.3.0", "Not now, try again")}},
    {SPAN("slow"), false, {FAULT_SLOW, NO_WORDS}},
    {SPAN("mute"), false, {FAULT_MUTE, NO_WORDS}},
    {SPAN("drop"), false, {FAULT_DROP, NO_WORDS}},
    {SPAN("lost"), false, {FAULT_LOSE, NO_WORDS}},
};

enum { ROWS = sizeof table / sizeof *table };

void faults_init(struct faults *f)
{
    *f = (struct faults){0};
    set_init(&f->met);
    /* No secret: nobody but the person who rehearses chooses addresses. */
    f->key = (struct siphash_key){{'s', 'i', 'n', 'k'}};
}

void faults_release(struct faults *f)
{
    set_release(&f->met);
    free(f->attempts);
    f->attempts = NULL;
}

static unsigned count_attempt(struct faults *f, struct span address)
{
    struct siphash_print print = siphash(&f->key, address);
    bool added;
    uint32_t index = set_put(&f->met, &print, 0, &added);
    if (index >= f->attempts_max) {
        f->attempts_max = f->attempts_max ? f->attempts_max * 2 : 64;
        f->attempts =
            mem_resize(f->attempts, f->attempts_max, sizeof *f->attempts);
    }
    f->attempts[index] = added ? 1 : f->attempts[index] + 1;
    return f->attempts[index];
}

unsigned faults_attempts(const struct faults *f, struct span address)
{
    struct siphash_print print = siphash(&f->key, address);
    uint32_t index;
    return set_find(&f->met, &print, &index) ? f->attempts[index] : 0;
}

static size_t find_row(struct span local)
{
    size_t row = 0;
    while (row < ROWS && !span_starts_nocase(local, table[row].prefix)) {
        row++;
    }
    return row;
}

const struct fault *faults_find(struct faults *f, struct span address,
                                struct span local)
{
    size_t row = find_row(local);
    bool once = row < ROWS && table[row].once;
    unsigned attempt = 0;
    if (f->counting || f->random || once) {
        attempt = count_attempt(f, address);
    }
    if (row < ROWS) {
        return once && attempt > 1 ? NULL : &table[row].fault;
    }
    return f->random ? chance_draw(f->seed, address, attempt) : NULL;
}
