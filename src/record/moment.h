/* How is a time written down? As RFC 3339 has it, in UTC. */
#pragma once

#include <stdint.h>

#include "base/span.h"

/* "2026-11-24T09:30:00.250Z"; empty for 0, and after the year 9999. */
struct span moment_text(int64_t time_ms, char text[static 40]);
