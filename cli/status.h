/* mailshot status: what do state files know? */
#pragma once

int verb_status(int argc, const char **argv);
