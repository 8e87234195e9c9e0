/* What is the body of a draft, with the MIME headers before it? One text as
 * it stands, or what GMime finds in a message that a mail program saved.
 *
 * Other parts than texts pass as they are, encoded anew; so do texts that are
 * attached. Signed and encrypted messages are refused. */
#pragma once

#include <stdbool.h>

#include "letter/body.h"
#include "letter/fields.h"
#include "letter/header.h"

/* `fields` are the draft's, those of options included; the body begins on
 * body_line of the template's file. Adds pieces. EX_DATAERR with file and
 * line (and column, in texts). */
bool mime_compile(struct body *out, const struct fields *fields,
                  struct span body, unsigned body_line,
                  const struct header_context *context);
