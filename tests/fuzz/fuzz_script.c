/* Any script, and any bytes to the sink that plays it: what it says, and where
 * it ends, does not depend on how the bytes are cut. The first byte says how
 * long the pieces are, a NUL ends the script. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "sink/guest.h"
#include "sink/offers.h"
#include "sink/script.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct outcome {
    struct buf said;
    enum guest_phase phase;
    unsigned astray;
};

static void note_astray(void *context, const struct guest_astray *how)
{
    struct outcome *out = context;
    out->astray = how->line;
    buf_append(&out->said, how->expected);
    buf_append(&out->said, how->came);
}

static void play(const struct script *script, struct span heard, size_t step,
                 struct outcome *out)
{
    struct counts counts = {0};
    struct faults faults;
    faults_init(&faults);
    *out = (struct outcome){.astray = 0};
    buf_init(&out->said, 64 << 20);
    const struct guest_house house = {
        .offers = OFFER_ALL,
        .counts = &counts,
        .faults = &faults,
        .script = script,
        .astray = note_astray,
        .context = out,
    };
    struct guest *g = guest_create(&house, 1, true);
    for (size_t at = 0; at < heard.len; at += step) {
        size_t end = heard.len - at < step ? heard.len : at + step;
        guest_receive(g, span_slice(heard, at, end));
    }
    out->phase = guest_phase(g);
    buf_append(&out->said, buf_span(guest_outbox(g)));
    guest_destroy(g);
    faults_release(&faults);
}

static void compare(const struct script *script, struct span heard, size_t step)
{
    struct outcome whole;
    struct outcome pieces;
    play(script, heard, heard.len + 1, &whole);
    play(script, heard, step, &pieces);
    if (whole.phase != pieces.phase || whole.astray != pieces.astray ||
        !span_equal(buf_span(&whole.said), buf_span(&pieces.said))) {
        abort();
    }
    buf_release(&whole.said);
    buf_release(&pieces.said);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1) {
        return 0;
    }
    struct span all = span_from((const char *)data + 1, size - 1);
    size_t end = span_find(all, '\0');
    struct span heard = span_rest(all, end < all.len ? end + 1 : end);
    struct script script;
    struct err err = {0};
    if (script_parse(&script, "script", span_slice(all, 0, end), &err)) {
        compare(&script, heard, (size_t)data[0] + 1);
    }
    script_release(&script);
    return 0;
}
