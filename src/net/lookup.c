#include "net/lookup.h"

#include <assert.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <ares.h>

#include "base/buf.h"
#include "base/mem.h"

enum {
    TIMEOUT_S_MAX = 5, /* of the first try; each other has twice as long */
    TRIES_MAX = 3,
    DOMAIN_BYTES_MAX = 253,
    TEXT_BYTES_MAX = 65535, /* no reply is longer */
    /* RFC 1035 3.2.2 and 3.2.4, RFC 3596 2.1 */
    CLASS_IN = 1,
    TYPE_A = 1,
    TYPE_MX = 15,
    TYPE_TXT = 16,
    TYPE_AAAA = 28,
};

struct watched {
    ares_socket_t descriptor;
    struct loop_watch *watch;
    struct lookups *owner;
    struct watched *next;
};

struct lookups {
    struct loop *loop;
    ares_channel channel;
    struct loop_timer *timer;
    struct watched *watched;
    void (*answer)(void *context, struct span domain,
                   enum lookup_answer answer);
    void *context;
    size_t under_way;
    bool ending;
};

struct question {
    struct lookups *owner;
    void (*text)(void *context, struct span name, struct span text);
    int type;
    bool absent; /* of its MX it was said that there is no such name */
    char domain[DOMAIN_BYTES_MAX + 1];
};

static void check_memory(int status)
{
    if (status == ARES_ENOMEM) {
        mem_exhausted();
    }
}

/* c-ares keeps its own time: it is to be called when the next try is due. */
static void set_timer(struct lookups *l)
{
    struct timeval most = {.tv_sec = 1};
    struct timeval until;
    if (l->under_way == 0) {
        loop_timer_stop(l->timer);
        return;
    }
    const struct timeval *due = ares_timeout(l->channel, &most, &until);
    loop_timer_start(l->timer, (uint64_t)due->tv_sec * 1000 +
                                   (uint64_t)due->tv_usec / 1000 + 1);
}

static void timer_fired(void *context)
{
    struct lookups *l = context;
    ares_process_fd(l->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    set_timer(l);
}

static void socket_ready(void *context, bool readable, bool writable)
{
    const struct watched *w = context;
    struct lookups *l = w->owner;
    ares_socket_t descriptor = w->descriptor;
    ares_process_fd(l->channel, readable ? descriptor : ARES_SOCKET_BAD,
                    writable ? descriptor : ARES_SOCKET_BAD);
    set_timer(l);
}

static struct watched **find_watched(struct lookups *l,
                                     ares_socket_t descriptor)
{
    struct watched **at = &l->watched;
    while (*at && (*at)->descriptor != descriptor) {
        at = &(*at)->next;
    }
    return at;
}

static void unwatch(struct watched **at)
{
    struct watched *gone = *at;
    *at = gone->next;
    loop_watch_destroy(gone->watch);
    free(gone);
}

/* A socket that the system cannot watch gets no answer, which is one. */
static void socket_changed(void *context, ares_socket_t descriptor,
                           int readable, int writable)
{
    struct lookups *l = context;
    struct watched **at = find_watched(l, descriptor);
    if (!readable && !writable) {
        if (*at) {
            unwatch(at);
        }
        return;
    }
    if (!*at) {
        *at = mem_alloc_zero(1, sizeof **at);
        (*at)->descriptor = descriptor;
        (*at)->owner = l;
        (*at)->watch =
            loop_watch_create(l->loop, descriptor, socket_ready, *at);
    }
    if ((*at)->watch) {
        loop_watch_writing((*at)->watch, writable != 0);
    }
}

static void settle(struct question *q, enum lookup_answer answer)
{
    struct lookups *l = q->owner;
    l->under_way--;
    if (!l->ending) {
        l->answer(l->context, span_of(q->domain), answer);
    }
    free(q);
}

static bool in_hosts_file(const struct question *q)
{
    static const int families[] = {AF_INET, AF_INET6};
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++) {
        struct hostent *host = NULL;
        int status = ares_gethostbyname_file(q->owner->channel, q->domain,
                                             families[i], &host);
        check_memory(status);
        if (status == ARES_SUCCESS) {
            ares_free_hostent(host);
            return true;
        }
    }
    return false;
}

static bool only_root(const struct ares_mx_reply *records)
{
    for (; records; records = records->next) {
        if (records->host[0] != '\0') {
            return false;
        }
    }
    return true;
}

static int read_mx(const unsigned char *reply, int bytes, bool *null_out)
{
    struct ares_mx_reply *records = NULL;
    int status = ares_parse_mx_reply(reply, bytes, &records);
    if (status == ARES_SUCCESS && !records) {
        status = ARES_ENODATA;
    }
    *null_out = status == ARES_SUCCESS && only_root(records);
    ares_free_data(records);
    return status;
}

static int read_addresses(int type, const unsigned char *reply, int bytes)
{
    struct hostent *host = NULL;
    int status = type == TYPE_A
                     ? ares_parse_a_reply(reply, bytes, &host, NULL, NULL)
                     : ares_parse_aaaa_reply(reply, bytes, &host, NULL, NULL);
    if (status == ARES_SUCCESS) {
        ares_free_hostent(host);
    }
    return status;
}

static void ask(struct question *q, int type);

/* No MX: an address will do, the one of /etc/hosts first. Some servers say
 * that there is no such name of one that has an address alone, so it takes a
 * second word before it is believed. */
static void go_on(struct question *q, int status)
{
    bool absent = status == ARES_ENOTFOUND;
    if (q->type == TYPE_MX && in_hosts_file(q)) {
        settle(q, LOOKUP_MAIL);
    } else if (q->type == TYPE_MX) {
        q->absent = absent;
        ask(q, TYPE_A);
    } else if (q->absent && absent) {
        settle(q, LOOKUP_NO_DOMAIN);
    } else if (q->type == TYPE_A) {
        ask(q, TYPE_AAAA);
    } else {
        settle(q, LOOKUP_NO_HOST);
    }
}

/* c-ares gives string after string, and says where a record begins. */
static int read_texts(const struct question *q, const unsigned char *reply,
                      int bytes)
{
    struct ares_txt_ext *strings = NULL;
    struct buf record;
    int status = ares_parse_txt_reply_ext(reply, bytes, &strings);
    buf_init(&record, TEXT_BYTES_MAX);
    for (const struct ares_txt_ext *s = strings; s; s = s->next) {
        buf_append(&record, span_from((const char *)s->txt, s->length));
        if (!s->next || s->next->record_start) {
            q->text(q->owner->context, span_of(q->domain), buf_span(&record));
            buf_clear(&record);
        }
    }
    buf_release(&record);
    ares_free_data(strings);
    return status;
}

static void texts_replied(void *context, int status, int timeouts,
                          unsigned char *reply, int bytes)
{
    (void)timeouts;
    struct question *q = context;
    check_memory(status);
    if (status == ARES_SUCCESS && !q->owner->ending) {
        status = read_texts(q, reply, bytes);
        check_memory(status);
    }
    bool said = status == ARES_SUCCESS || status == ARES_ENODATA ||
                status == ARES_ENOTFOUND;
    settle(q, said ? LOOKUP_TEXTS : LOOKUP_FAILED);
}

static void replied(void *context, int status, int timeouts,
                    unsigned char *reply, int bytes)
{
    (void)timeouts;
    struct question *q = context;
    bool null_mx = false;
    check_memory(status);
    if (q->owner->ending) {
        settle(q, LOOKUP_FAILED);
        return;
    }
    if (status == ARES_SUCCESS) {
        status = q->type == TYPE_MX ? read_mx(reply, bytes, &null_mx)
                                    : read_addresses(q->type, reply, bytes);
        check_memory(status);
    }
    if (status == ARES_SUCCESS) {
        settle(q, null_mx ? LOOKUP_NULL_MX : LOOKUP_MAIL);
    } else if (status == ARES_ENODATA || status == ARES_ENOTFOUND) {
        go_on(q, status);
    } else {
        settle(q, LOOKUP_FAILED);
    }
}

static void ask(struct question *q, int type)
{
    q->type = type;
    ares_query(q->owner->channel, q->domain, CLASS_IN, type, replied, q);
}

static int between(int least, int value, int most)
{
    return value < least ? least : value > most ? most : value;
}

/* What `options timeout:N attempts:N` say in resolv.conf, or RES_OPTIONS,
 * c-ares reads only since 1.23; the C library reads both. */
static void read_patience(struct ares_options *options)
{
    struct __res_state system = {.options = 0};
    options->timeout = TIMEOUT_S_MAX * 1000;
    options->tries = TRIES_MAX;
    if (res_ninit(&system) == 0) {
        options->timeout = between(1, system.retrans, TIMEOUT_S_MAX) * 1000;
        options->tries = between(1, system.retry, TRIES_MAX);
        res_nclose(&system);
    }
}

struct lookups *lookups_create(struct loop *loop,
                               void (*answer)(void *context, struct span domain,
                                              enum lookup_answer answer),
                               void *context, struct err *err)
{
    struct lookups *l = mem_alloc_zero(1, sizeof *l);
    l->loop = loop;
    l->answer = answer;
    l->context = context;
    struct ares_options options = {
        .sock_state_cb = socket_changed,
        .sock_state_cb_data = l,
    };
    read_patience(&options);
    int status = ares_library_init(ARES_LIB_INIT_ALL);
    if (status == ARES_SUCCESS) {
        status = ares_init_options(&l->channel, &options,
                                   ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES |
                                       ARES_OPT_SOCK_STATE_CB);
    }
    check_memory(status);
    if (status != ARES_SUCCESS) {
        err_set(err, EX_OSERR, "DNS: %s", ares_strerror(status));
        free(l);
        return NULL;
    }
    l->timer = loop_timer_create(loop, timer_fired, l);
    return l;
}

void lookups_destroy(struct lookups *l)
{
    if (!l) {
        return;
    }
    l->ending = true;
    ares_destroy(l->channel);
    while (l->watched) {
        unwatch(&l->watched);
    }
    loop_timer_destroy(l->timer);
    ares_library_cleanup();
    assert(l->under_way == 0);
    free(l);
}

static struct question *begin(struct lookups *l, struct span name)
{
    assert(name.len <= DOMAIN_BYTES_MAX);
    struct question *q = mem_alloc_zero(1, sizeof *q);
    q->owner = l;
    memcpy(q->domain, name.data, name.len);
    l->under_way++;
    return q;
}

void lookups_ask(struct lookups *l, struct span ascii_domain)
{
    ask(begin(l, ascii_domain), TYPE_MX);
    set_timer(l);
}

void lookups_ask_texts(struct lookups *l, struct span name,
                       void (*text)(void *context, struct span name,
                                    struct span text))
{
    struct question *q = begin(l, name);
    q->text = text;
    ares_query(l->channel, q->domain, CLASS_IN, TYPE_TXT, texts_replied, q);
    set_timer(l);
}

size_t lookups_under_way(const struct lookups *l)
{
    return l->under_way;
}
