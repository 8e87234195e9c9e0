/* `mailshot classify`: what do these replies mean? One a line on stdin, a
 * verdict for each on stdout, as JSON. */
#pragma once

/* argv[0] is "mailshot classify". */
int verb_classify(int argc, const char **argv);
