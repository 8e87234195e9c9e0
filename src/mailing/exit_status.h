/* Which of two exit statuses is the worse? */
#pragma once

/* In the order that mailshot(1) gives them; a status that is none of it is a
 * bug, 70. */
int exit_status_worse(int a, int b);
