/* When is it enough, though rows are left? --max-runtime, --until,
 * --max-bounce-rate, and budgets that earlier runs have used. */
#pragma once

#include "mailing/campaign.h"

/* Before the first letter: sets the clock, and asks the state. */
void limits_begin(struct campaign *c);
void limits_end(struct campaign *c);

/* A row has been settled, in this run or in an earlier one. */
void limits_judge(struct campaign *c, enum outcome outcome, bool recipient);
