/* What is this shard's part of the rates and sessions? */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "cli/options.h"

/* --share: the parts of all shards add up to what was asked for. False:
 * EX_USAGE, where there is too little of it for each to have some. */
bool share_out(struct options *o, struct err *err);
