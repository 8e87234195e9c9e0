/* What does the user want of this mailing? Every option, environment twin and
 * account line ends up in one field here; the cli fills it, the mailing reads
 * it. Texts are borrowed for the run. Durations in milliseconds. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/span.h"
#include "list/csv.h"
#include "list/key.h"
#include "list/shard.h"
#include "mailing/rate.h"
#include "net/tls_settings.h"
#include "record/report.h"
#include "smtp/dialog.h"

enum tls_mode { TLS_REQUIRED, TLS_UNVERIFIED, TLS_OFF };

struct relay {
    const char *host; /* a name, or an address without brackets */
    const char *port;
    bool implicit_tls; /* smtps:// */
    unsigned weight;   /* its share of the sessions; at least 1 */
};

/* The rate of one domain's recipients, besides that of all. */
struct domain_rate {
    struct span domain; /* in A-labels */
    struct rate_limit limits[RATE_LIMITS_MAX];
    unsigned limit_count;
};

/* Where the secret is. It is fetched anew for each login and wiped after. */
struct secret_source {
    enum {
        SECRET_NONE,
        SECRET_FILE,
        SECRET_FD,
        SECRET_COMMAND,
        SECRET_ACCOUNT,
        SECRET_NETRC,
        SECRET_PROMPT,
    } kind;
    const char *text; /* file or command */
    int descriptor;
};

enum summary_format { SUMMARY_TEXT, SUMMARY_JSON, SUMMARY_NONE };

enum { SESSIONS_AUTO = 0, SETTINGS_NO_TIME = 24 * 60 };

struct settings {
    /* list */
    const char *list_path;
    const char *template_path; /* NULL: check without one */
    struct csv_dialect dialect;
    struct span column; /* empty: find it */
    bool dedupe;
    enum key_mode key_mode;
    struct shard shard; /* the rows outside it are none of this run's */
    const char *const *suppress; /* files */
    size_t suppress_count;
    unsigned invalid_max_percent;
    bool check_dns;
    bool sender_dns; /* what DNS says of the sender is looked at, too */

    /* letter */
    struct span sender; /* -f, a template; empty: From's */
    const struct span *headers;
    size_t header_count;
    bool allow_empty;
    struct span unsubscribe_url; /* templates; empty: none */
    struct span unsubscribe_mailto;
    const char *html_path;     /* NULL: none */
    const struct span *attach; /* FILE, templates */
    size_t attach_count;
    const char *attach_folder; /* NULL: the one we run in */

    /* relay */
    const struct relay *relays; /* none: a dry run */
    size_t relay_count;
    const struct sockaddr_storage *binds; /* our own addresses; none: any */
    size_t bind_count;
    enum tls_mode tls;
    struct tls_client_settings trust; /* but for `verify`, which is of tls */
    const char *tls_name;             /* NULL: the host */
    bool requiretls;                  /* of every row (RFC 8689) */
    struct span requiretls_column;    /* of the rows it says; empty: none */
    const char *helo;                 /* NULL: the host's full name */
    const char *user;                 /* NULL: no login */
    unsigned mechanisms;              /* capabilities_auth bits; 0: auth off */
    struct secret_source secret;
    bool auth_in_clear;
    unsigned sessions; /* SESSIONS_AUTO, or that many */
    unsigned sessions_max;
    unsigned window;
    enum dialog_tier tier_max;
    unsigned batch; /* rows in a transaction at most; at least 1 */
    struct dsn dsn;
    unsigned messages_per_session; /* 0: as the relay takes */
    struct rate_limit rates[RATE_LIMITS_MAX];
    unsigned rate_count;
    const struct domain_rate *domain_rates;
    size_t domain_rate_count;
    uint64_t connect_timeout_ms;
    uint64_t timeout_ms; /* 0: as the step table says */
    uint64_t retry_for_ms;
    uint64_t retry_delay_ms;

    /* run */
    const char *campaign;   /* NULL: stateless */
    const char *state_path; /* of a campaign */
    bool resend_unknown;
    bool template_may_change;
    uint64_t limit;          /* messages; 0: none */
    uint64_t runtime_max_ms; /* 0: none */
    unsigned until_minute;   /* of the day; SETTINGS_NO_TIME: none */
    unsigned bounces_max_percent;
    bool dry_run;
    const char *report_path;
    enum report_format report_format;
    bool report_all;
    const char *failed_path;   /* NULL: none */
    const char *evidence_path; /* NULL: none */
    const char *metrics_path;  /* NULL: none */
    bool debug; /* show the dialogue, secrets and content masked */

    /* SOURCE_DATE_EPOCH, where it is set */
    bool reproducible;
    int64_t epoch_s;
};
