/* Sessions that were, and can be resumed.
 *
 * The newest of each name and place, of those that one client's credentials
 * had: what was verified by one set of rules is never resumed under another.
 * Which certificates it was verified by is part of it, and it is not offered
 * beyond their validity: the relay may long have others. */
#include <gnutls/x509.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "net/tls.h"
#include "net/tls_parts.h"

struct tls_ticket {
    struct tls_ticket *next;
    char *name;
    char *where;
    gnutls_datum_t data;
    time_t end; /* of the validity of what was shown */
};

static void wipe(gnutls_datum_t *data)
{
    if (data->data) {
        mem_wipe(data->data, data->size);
        gnutls_free(data->data);
        *data = (gnutls_datum_t){NULL, 0};
    }
}

void tls_tickets_drop(struct tls_client *c)
{
    while (c->tickets) {
        struct tls_ticket *ticket = c->tickets;
        c->tickets = ticket->next;
        wipe(&ticket->data);
        free(ticket->name);
        free(ticket->where);
        free(ticket);
    }
}

/* where NULL: any that can be offered. */
static struct tls_ticket *find(const struct tls_client *c, const char *name,
                               const char *where)
{
    struct tls_ticket *ticket = c->tickets;
    while (ticket && (strcmp(ticket->name, name) != 0 ||
                      (where ? strcmp(ticket->where, where) != 0
                             : ticket->data.data == NULL))) {
        ticket = ticket->next;
    }
    return ticket;
}

/* Hosts of one name may share what they seal tickets with, or not: then the
 * offer costs nothing but its bytes. */
void tls_ticket_offer(struct tls *t)
{
    struct tls_ticket *ticket = find(t->client, t->name, t->where);
    if (!ticket) {
        ticket = find(t->client, t->name, NULL);
    }
    if (ticket && ticket->data.data && time(NULL) < ticket->end &&
        gnutls_session_set_data(t->session, ticket->data.data,
                                ticket->data.size) == 0) {
        t->offered = ticket;
        t->offered_until = ticket->end;
    }
}

void tls_ticket_forget(struct tls *t)
{
    wipe(&t->offered->data);
}

static time_t end_of_validity(const struct tls *t)
{
    unsigned count = 0;
    const gnutls_datum_t *shown =
        gnutls_certificate_get_peers(t->session, &count);
    time_t end = 0;
    for (unsigned i = 0; shown && i < count; i++) {
        gnutls_x509_crt_t one;
        if (gnutls_x509_crt_init(&one) < 0) {
            return 0;
        }
        time_t its = -1;
        if (gnutls_x509_crt_import(one, &shown[i], GNUTLS_X509_FMT_DER) == 0) {
            its = gnutls_x509_crt_get_expiration_time(one);
        }
        gnutls_x509_crt_deinit(one);
        end = i == 0 || its < end ? its : end;
    }
    return end;
}

/* Under TLS 1.3 there is none before the server has sent a ticket, and GnuTLS
 * would hand out an empty one; under 1.2 it came with the handshake. */
static bool has_come(const struct tls *t)
{
    return gnutls_protocol_get_version(t->session) != GNUTLS_TLS1_3 ||
           (gnutls_session_get_flags(t->session) &
            GNUTLS_SFLAGS_SESSION_TICKET) != 0;
}

void tls_ticket_keep(struct tls *t)
{
    gnutls_datum_t data;
    if (!t->client || t->kept || !has_come(t)) {
        return;
    }
    t->kept = true;
    if (gnutls_session_get_data2(t->session, &data) != 0) {
        return;
    }
    struct tls_ticket *ticket = find(t->client, t->name, t->where);
    if (!ticket) {
        ticket = mem_alloc_zero(1, sizeof *ticket);
        ticket->name = mem_copy_text(t->name, strlen(t->name));
        ticket->where = mem_copy_text(t->where, strlen(t->where));
        ticket->next = t->client->tickets;
        t->client->tickets = ticket;
    }
    wipe(&ticket->data);
    ticket->data = data;
    ticket->end = gnutls_session_is_resumed(t->session) ? t->offered_until
                                                        : end_of_validity(t);
}
