/* How does a reader leave the list? By the headers that --unsubscribe-url and
 * --unsubscribe-mailto ask for. */
#pragma once

#include <stdbool.h>

#include "letter/fields.h"
#include "letter/letter.h"

/* Adds List-Unsubscribe, and List-Unsubscribe-Post where it can be done with
 * one click; nothing where neither is asked for. EX_DATAERR by the option. */
bool unsubscribe_add(struct fields *fields, const struct draft_source *source,
                     struct arena *arena, struct err *err);
