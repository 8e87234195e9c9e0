#include "sink/guest_parts.h"
#include "sink/script.h"
#include "smtp/steps.h"

/* False: no more is due until the client, or TLS, has its turn. */
static bool play_one(struct guest *g, const struct script_line *line)
{
    switch (line->act) {
    case SCRIPT_SAY:
        guest_say_line(g, line->text);
        return true;
    case SCRIPT_WAIT:
        guest_add_mark(g, line->wait_ms, false);
        return true;
    case SCRIPT_SECURE:
        if (g->secure) {
            return true;
        }
        g->phase = GUEST_WANTS_TLS;
        g->scene++;
        return false;
    case SCRIPT_LOSE:
    case SCRIPT_RESET:
        g->phase = line->act == SCRIPT_LOSE ? GUEST_CUT : GUEST_RESETTING;
        g->house->counts->played++;
        return false;
    case SCRIPT_HEAR:
        g->mode = GUEST_COMMAND;
        return false;
    case SCRIPT_CONTENT:
        content_start(&g->content);
        g->mode = GUEST_CONTENT;
        return false;
    case SCRIPT_CHUNK:
        g->mode = GUEST_CHUNK;
        return g->chunk.left == 0;
    }
    return false;
}

void guest_play(struct guest *g)
{
    const struct script *script = g->house->script;
    while (g->scene < script->count) {
        if (!play_one(g, &script->lines[g->scene])) {
            return;
        }
        g->scene++;
    }
    g->phase = GUEST_FINISHING;
    g->house->counts->played++;
}

/* A command may have other arguments than the script's: names, sizes and
 * paths are the client's own. */
static bool fits(struct span expected, struct span came)
{
    enum step step = step_of_command(expected);
    return step == STEP_NONE ? span_equal(expected, came)
                             : step_of_command(came) == step;
}

void guest_play_line(struct guest *g, struct span came)
{
    const struct guest_house *house = g->house;
    const struct script_line *line = &house->script->lines[g->scene];
    came.len -= span_ends(came, SPAN("\r\n")) ? 2 : 0;
    bool fine = fits(line->text, came);
    if (fine && step_of_command(came) == STEP_BDAT) {
        bool last;
        struct span arguments =
            span_trim(span_rest(came, step_rule(STEP_BDAT)->verb.len));
        fine = guest_read_chunk(arguments, &g->chunk.left, &last);
        g->chunk.swallow = true;
    }
    if (!fine) {
        house->counts->errors++;
        g->phase = GUEST_CUT;
        if (house->astray) {
            const struct guest_astray how = {g->session, line->number,
                                             line->text, came};
            house->astray(house->context, &how);
        }
        return;
    }
    g->scene++;
    guest_play(g);
}

void guest_play_content(struct guest *g)
{
    g->scene++;
    guest_play(g);
}
