/* What time is it for people? */
#pragma once

#include <stdint.h>

int64_t clock_wall_ms(void); /* since 1970; may be set back */
