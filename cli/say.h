/* What is said to the person at stderr, and how loudly?
 *
 * One line a message, `mailshot: text`, made printable: what came from a
 * server or a list cannot steer a terminal. A live line of progress is wiped
 * first. */
#pragma once

#include <stdbool.h>

#include "base/span.h"
#include "mailing/mailing.h"

struct say {
    enum say_level loudest;
    bool live_line; /* progress stands on the last line of the terminal */
};

void say_text(struct say *s, enum say_level level, const char *text);

/* A line of ours, as it is, at any loudness. The line end is added. */
void say_plain(struct say *s, struct span line);

void say_wipe(struct say *s); /* the live line, where there is one */

/* The bytes to stderr, whole where that is possible. */
void say_write(struct span bytes);
