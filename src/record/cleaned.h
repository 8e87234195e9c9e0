/* Which rows of LIST would be mailed? Those of check --clean: as they stood,
 * byte for byte, in their order, behind what stood in front of them. The file
 * takes its name when it is closed whole. */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "base/span.h"
#include "record/failed.h"

struct cleaned;

/* NULL: EX_CANTCREAT. */
struct cleaned *cleaned_open(const char *path, const struct failed_list *list,
                             struct err *err);
bool cleaned_write(struct cleaned *c, struct span raw,
                   struct err *err);                    /* false: EX_IOERR */
bool cleaned_close(struct cleaned *c, struct err *err); /* NULL is fine */
void cleaned_abandon(struct cleaned *c); /* nothing takes PATH; NULL is fine */
