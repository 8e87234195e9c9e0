/* What happens when a mailing is rehearsed? A relay on loopback takes it,
 * delivers nothing, and tells what it saw.
 *
 * The door of this house: settings in, exit status out. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"
#include "net/tls_settings.h"
#include "sink/limits.h"
#include "sink/login.h"
#include "sink/offers.h"
#include "sink/service.h"
#include "sink/throttle.h"

enum sink_tls { SINK_TLS_STARTTLS, SINK_TLS_IMPLICIT, SINK_TLS_OFF };

struct sink_settings {
    const char *listen;    /* "127.0.0.1:2525"; port 0: any */
    const char *port_file; /* gets the port, whole, once it listens; or NULL */
    const char *cert_file; /* gets the certificate; or NULL */
    const char *hostname;
    enum sink_tls tls;
    struct tls_server_settings identity; /* its names are set here */
    unsigned offers;    /* offer bits: what is not switched off. STARTTLS, SIZE
                           and AUTH are offered where they can be, too */
    uint64_t bytes_max; /* of a message; 0: SIZE is not offered */
    struct span user;   /* of AUTH; empty: not offered */
    struct span secret;
    unsigned mechanisms;     /* login_bit */
    uint64_t logins_put_off; /* so many get a 454 first */
    bool auth_required;      /* before MAIL */
    bool auth_in_clear;
    const char *maildir;   /* or NULL */
    const char *log_file;  /* or NULL */
    unsigned messages_max; /* per connection, then 421; 0: no limit */
    const char
        *verdicts_file; /* or NULL: a line for each word on a recipient */
    struct limits limits;
    uint64_t connections_max; /* then it listens no more; 0: no limit */
    uint64_t sessions_max;    /* at a time, then 421; 0: no limit */
    uint64_t idle_ms;         /* of silence, then 421; 0: no limit */
    struct service service;   /* its first four fields */
    struct throttle throttle; /* its first three */
    const char *script;       /* to be played, or NULL */
    bool random;              /* faults come by chance, too */
    uint64_t seed;            /* of it */
    uint64_t exit_after;      /* messages; 0: run until a signal */
    /* Said once each: the address that is listened on; at the end the counts,
     * one JSON object. */
    void (*listening)(void *context, struct span address);
    void (*counted)(void *context, struct span json);
    /* Whenever a client does not say what the script has there. */
    void (*astray)(void *context, const char *text);
    void *context;
};

/* Runs until SIGINT, SIGTERM or exit_after. 0, or the exit status that *err
 * has too: 64 for an address that is none or not loopback, and for a script
 * that begins TLS where there is none to begin, 65 and 66 for a script that
 * cannot be used, 71, 73 for what cannot be created, 74 for a log that cannot
 * be written. */
int sink_run(const struct sink_settings *settings, struct err *err);
