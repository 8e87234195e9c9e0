/* What does the value of an option mean, and which field does it fill?
 *
 * Each takes one value, as struct option says; EX_USAGE where it is none. */
#pragma once

#include "cli/table.h"

#define TAKER(name)                                                            \
    bool name(struct options *o, const struct option *row, const char *value,  \
              struct err *err)

/* By the field that they fill. */
TAKER(take_text);     /* const char * */
TAKER(take_line);     /* const char *, without controls */
TAKER(take_name);     /* const char *, without controls or blanks */
TAKER(take_span);     /* struct span, not empty */
TAKER(take_flag);     /* bool */
TAKER(take_number);   /* unsigned, from row->min to row->max */
TAKER(take_count);    /* uint64_t, likewise */
TAKER(take_duration); /* uint64_t, milliseconds, likewise */
TAKER(take_choice);   /* an enum, by row->choices */
TAKER(take_decision); /* bool, likewise */

/* Those with a rule of their own. */
TAKER(take_host); /* const char *, a name in ASCII or an address */
TAKER(take_pin);
TAKER(take_server);
TAKER(take_bind);
TAKER(take_auth);
TAKER(take_password);
TAKER(take_password_file);
TAKER(take_password_fd);
TAKER(take_passwordeval);
TAKER(take_sessions);
TAKER(take_rate);
TAKER(take_domain_rate);
TAKER(take_dsn_notify);
TAKER(take_dsn_return);
TAKER(take_delimiter);
TAKER(take_no_header);
TAKER(take_dedupe);
TAKER(take_suppress);
TAKER(take_shard);
TAKER(take_header);
TAKER(take_html);
TAKER(take_unsubscribe_url);
TAKER(take_template); /* struct span: one line of UTF-8 */
TAKER(take_attach);
TAKER(take_loudness);
TAKER(take_percent);
TAKER(take_time); /* unsigned, minute of the day */
TAKER(take_fail_on);
TAKER(take_dns);

#undef TAKER

/* Why this is no template within a line of a letter; NULL: it is one. */
const char *take_template_fault(struct span text);

/* What is wrong with the value, which is not shown: it could be a secret that
 * took a wrong turn. Gives back false. */
bool take_wrong(struct options *o, const char *why, struct err *err);

/* A mechanism of --auth; false where it is none. */
bool take_mechanism(const char *name, unsigned *bits_out);
