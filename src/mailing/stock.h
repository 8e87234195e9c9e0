/* Which rows are at hand? The list, read a little ahead of the sessions.
 *
 * Rows whose domain has a rate of its own (--domain-rate), and no room to
 * wait, are left for another reading of the list: it begins when there is
 * room again. */
#pragma once

#include <stdbool.h>

struct campaign;

/* Fills up what deal.h deals from: rows of the list, and those that are ripe
 * to go again. Not all at once: more where stock_wants_more. */
void stock_fill(struct campaign *c);
bool stock_wants_more(const struct campaign *c);

/* The next row that a session may take now which lacks that (of enum
 * task_need), if there is one. Rows that need it are passed over while another
 * relay might offer it. */
bool stock_ready(struct campaign *c, unsigned lacks);

struct task;
struct task *stock_take(struct campaign *c, unsigned lacks); /* or NULL */

/* Nothing is at hand any more, and nothing will be. */
bool stock_empty(const struct campaign *c);

/* Rows at hand are given up: those that were tried are settled as they are,
 * the others are as if they had never been read. */
void stock_clear(struct campaign *c);
