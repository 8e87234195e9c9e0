#include "sink/faults.h"

static const struct fault table[] = {
    {SPAN("bad"),
     {SPAN("550"), SPAN("5.1.1"), SPAN("No such user here")},
     false,
     FAULT_END_NONE},
    {SPAN("grey"),
     {SPAN("451"), SPAN("4.7.1"), SPAN("Greylisted, try again")},
     true,
     FAULT_END_NONE},
    {SPAN("full"),
     {SPAN("452"), SPAN("4.2.2"), SPAN("Mailbox full")},
     false,
     FAULT_END_NONE},
    {SPAN("drop"), {{"", 0}, {"", 0}, {"", 0}}, false, FAULT_END_DROP},
    {SPAN("lost"), {{"", 0}, {"", 0}, {"", 0}}, false, FAULT_END_LOSE},
};

void faults_init(struct faults *f)
{
    set_init(&f->met);
    /* No secret: nobody but the person who rehearses chooses addresses. */
    f->key = (struct siphash_key){{'s', 'i', 'n', 'k'}};
}

void faults_release(struct faults *f)
{
    set_release(&f->met);
}

static bool met_first_time(struct faults *f, struct span address)
{
    struct siphash_print print = siphash(&f->key, address);
    bool added;
    set_put(&f->met, &print, 0, &added);
    return added;
}

const struct fault *faults_find(struct faults *f, struct span address,
                                struct span local)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const struct fault *fault = &table[i];
        if (span_starts_nocase(local, fault->prefix)) {
            return fault->once && !met_first_time(f, address) ? NULL : fault;
        }
    }
    return NULL;
}
