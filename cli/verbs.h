/* What does each verb do? Settings in, exit status out; argv[0] is
 * "mailshot VERB". */
#pragma once

int verb_send(int argc, const char **argv);
int verb_check(int argc, const char **argv);
int verb_render(int argc, const char **argv);
