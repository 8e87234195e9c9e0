/* `mailshot sink`: from the words of the command line to a rehearsal relay,
 * and to the exit status. */
#pragma once

/* argv[0] is "mailshot sink". */
int verb_sink(int argc, const char **argv);
