/* How is the dialog of a session to be led? By the settings, by what this
 * relay was seen to take, and by the relay's way to TLS. */
#pragma once

#include "mailing/session.h"
#include "smtp/dialog.h"

/* All but the login, the trace and the EHLO name. */
struct dialog_settings opening_of(const struct session_terms *terms);

/* What is said, or heard, on a session: with --debug. */
void opening_show(const struct session_terms *terms, struct span relay,
                  bool ours, struct span line);
