/* What does the process make sure of before anything else? */
#pragma once

/* Descriptors 0 to 2 are open, so that no file of ours becomes one of them; a
 * pipe that closes or a file that grows too large is an error and no death; a
 * failed assertion ends with EX_SOFTWARE; no core is written, which could
 * hold a secret. */
void process_begin(void);

/* Until the run hears signals itself it has begun nothing, and one that asks
 * it to stop ends it at once: EX_TEMPFAIL, in words. One that asks how far it
 * is has no answer yet. */
void process_stops(void);
