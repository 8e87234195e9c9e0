#include "smtp/steps.h"

#include <assert.h>

#include "base/ascii.h"

/* Time limits are RFC 5321 4.5.3.2's; EHLO, STARTTLS, AUTH and RSET have none
 * there and get that of MAIL. QUIT need not be waited for long. */
static const struct step_rule rules[STEPS] = {
    [STEP_GREETING] = {"greeting", {"", 0}, '2', HITS_SESSION, true, 300},
    [STEP_EHLO] = {"EHLO", SPAN("EHLO"), '2', HITS_SESSION, true, 300},
    [STEP_HELO] = {"HELO", SPAN("HELO"), '2', HITS_SESSION, true, 300},
    [STEP_STARTTLS] = {"STARTTLS", SPAN("STARTTLS"), '2', HITS_SESSION, true,
                       300},
    [STEP_AUTH] = {"AUTH", SPAN("AUTH"), '2', HITS_SESSION, true, 300},
    [STEP_RSET] = {"RSET", SPAN("RSET"), '2', HITS_SESSION, false, 300},
    [STEP_MAIL] = {"MAIL", SPAN("MAIL"), '2', HITS_LETTER, false, 300},
    [STEP_RCPT] = {"RCPT", SPAN("RCPT"), '2', HITS_RECIPIENT, false, 300},
    [STEP_DATA] = {"DATA", SPAN("DATA"), '3', HITS_LETTER, true, 120},
    [STEP_CONTENT] = {"content", {"", 0}, '2', HITS_LETTER, false, 600},
    [STEP_BDAT] = {"BDAT", SPAN("BDAT"), '2', HITS_LETTER, false, 600},
    [STEP_QUIT] = {"QUIT", SPAN("QUIT"), '2', HITS_SESSION, true, 10},
    [STEP_NOOP] = {"NOOP", SPAN("NOOP"), '2', HITS_SESSION, true, 300},
    [STEP_VRFY] = {"VRFY", SPAN("VRFY"), '2', HITS_SESSION, true, 300},
    [STEP_HELP] = {"HELP", SPAN("HELP"), '2', HITS_SESSION, true, 300},
};

const struct step_rule *step_rule(enum step step)
{
    assert(step < STEPS);
    return &rules[step];
}

const char *step_name(enum step step)
{
    return step < STEPS ? rules[step].name : "";
}

enum step step_of_command(struct span line)
{
    for (enum step s = 0; s < STEPS; s++) {
        struct span verb = rules[s].verb;
        if (verb.len > 0 && span_starts_nocase(line, verb) &&
            (line.len == verb.len || line.data[verb.len] == ' ')) {
            return s;
        }
    }
    return STEP_NONE;
}
