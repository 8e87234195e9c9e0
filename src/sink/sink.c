#include "sink/sink.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/buf.h"
#include "net/loop.h"
#include "net/tls.h"
#include "sink/journal.h"
#include "sink/listener.h"
#include "sink/maildir.h"
#include "sink/port_file.h"
#include "sink/script.h"
#include "sink/visit.h"

enum {
    ADDRESS_BYTES_MAX = 128,
    COUNTS_BYTES_MAX = 4096,
    GRACE_MS = 1000, /* for clients to say QUIT behind the last message */
};

struct sink {
    const struct sink_settings *settings;
    struct loop *loop;
    struct tls_server *tls;
    struct listener *listener;
    struct loop_signal *interrupted;
    struct loop_signal *terminated;
    struct loop_timer *grace;
    struct loop_timer *enough; /* have come */
    struct counts counts;
    struct faults faults;
    struct maildir maildir;
    struct journal journal;
    struct journal verdicts;
    struct service service;
    struct throttle throttle;
    struct script script;
    struct guest_house guest;
    struct visit_house visits;
    struct err failure; /* status 0: none */
};

/* What guests and visits call back. */

static bool take(void *context, const struct guest_letter *letter)
{
    struct sink *s = context;
    if (s->failure.status != 0 ||
        !maildir_store(&s->maildir, letter->number, letter->content) ||
        !journal_add(&s->journal, letter, &s->failure)) {
        return false;
    }
    uint64_t enough = s->settings->exit_after;
    if (enough > 0 && letter->number >= enough) {
        s->guest.closing = true;
    }
    return true;
}

static void judge(void *context, const struct guest_verdict *verdict)
{
    struct sink *s = context;
    if (s->failure.status == 0) {
        journal_add_verdict(&s->verdicts, verdict, &s->failure);
    }
}

static void astray(void *context, const struct guest_astray *how)
{
    const struct sink *s = context;
    struct err text;
    err_set(&text, 0, "%s:%u: session %llu: not %.*s, but %.*s came",
            s->settings->script, how->line, (unsigned long long)how->session,
            (int)how->expected.len, how->expected.data,
            (int)(how->came.len < 200 ? how->came.len : 200), how->came.data);
    s->settings->astray(s->settings->context, text.text);
}

static void stop_listening(struct sink *s)
{
    listener_destroy(s->listener);
    s->listener = NULL;
}

static bool settle(void *context)
{
    struct sink *s = context;
    if (s->failure.status != 0 || !journal_flush(&s->journal, &s->failure) ||
        !journal_flush(&s->verdicts, &s->failure)) {
        loop_stop(s->loop);
        return false;
    }
    if (s->guest.closing && s->listener) {
        stop_listening(s);
        loop_timer_start(s->grace, GRACE_MS);
    }
    return true;
}

static void left(void *context)
{
    struct sink *s = context;
    if (s->guest.closing && !s->visits.first) {
        loop_stop(s->loop);
    }
}

/* The door cannot be shut while somebody comes in through it. */
static void came(void *context, int descriptor)
{
    struct sink *s = context;
    uint64_t max = s->settings->connections_max;
    if (max > 0 && s->counts.connections >= max) {
        close(descriptor);
        return;
    }
    visit_start(&s->visits, descriptor, s->counts.connections + 1);
    if (max > 0 && s->counts.connections == max) {
        loop_timer_start(s->enough, 0);
    }
}

static void shut(void *context)
{
    stop_listening(context);
}

static void stop(void *context)
{
    struct sink *s = context;
    loop_stop(s->loop);
}

static void signalled(void *context, int number)
{
    (void)number;
    stop(context);
}

/* Opening. */

static unsigned real_offers(const struct sink_settings *settings)
{
    unsigned offers = settings->offers;
    if (settings->tls != SINK_TLS_STARTTLS) {
        offers &= ~(unsigned)OFFER_STARTTLS;
    }
    if (settings->bytes_max == 0) {
        offers &= ~(unsigned)OFFER_SIZE;
    }
    if (settings->user.len == 0) {
        offers &= ~(unsigned)OFFER_AUTH;
    }
    return offers;
}

static void furnish_guest(struct sink *s)
{
    const struct sink_settings *settings = s->settings;
    s->guest = (struct guest_house){
        .hostname = span_of(settings->hostname),
        .offers = real_offers(settings),
        .bytes_max = settings->bytes_max,
        .messages_max = settings->messages_max,
        .user = settings->user,
        .secret = settings->secret,
        .mechanisms = settings->mechanisms,
        .logins_put_off = settings->logins_put_off,
        .auth_required = settings->auth_required,
        .auth_in_clear = settings->auth_in_clear,
        .keep = settings->maildir != NULL,
        .limits = settings->limits,
        .mark = service_takes_time(&s->service),
        .counts = &s->counts,
        .faults = &s->faults,
        .throttle = s->throttle.messages_max > 0 ? &s->throttle : NULL,
        .script = settings->script ? &s->script : NULL,
        .take = take,
        .judge = settings->verdicts_file ? judge : NULL,
        .astray = astray,
        .context = s,
    };
}

static void furnish(struct sink *s)
{
    const struct sink_settings *settings = s->settings;
    faults_init(&s->faults);
    s->faults.counting = settings->verdicts_file != NULL;
    s->faults.random = settings->random;
    s->faults.seed = settings->seed;
    s->service = settings->service;
    service_init(&s->service);
    s->throttle = settings->throttle;
    furnish_guest(s);
    s->visits = (struct visit_house){
        .loop = s->loop,
        .guest = &s->guest,
        .tls = s->tls,
        .implicit_tls = settings->tls == SINK_TLS_IMPLICIT,
        .service = &s->service,
        .idle_ms = settings->idle_ms,
        .sessions_max = settings->sessions_max,
        .settle = settle,
        .left = left,
        .context = s,
    };
}

static bool open_tls(struct sink *s, struct err *err)
{
    const struct sink_settings *settings = s->settings;
    const char *const names[] = {"localhost", "127.0.0.1", "::1",
                                 settings->hostname};
    size_t count = sizeof names / sizeof *names;
    if (strcmp(settings->hostname, "localhost") == 0) {
        count--;
    }
    if (settings->tls == SINK_TLS_OFF) {
        return true;
    }
    struct tls_server_settings identity = settings->identity;
    identity.names = names;
    identity.name_count = count;
    s->tls = tls_server_create(&identity, err);
    return s->tls &&
           (!settings->cert_file ||
            tls_server_write_certificate(s->tls, settings->cert_file, err));
}

static bool open_script(struct sink *s, struct err *err)
{
    const struct sink_settings *settings = s->settings;
    if (!settings->script) {
        return true;
    }
    if (!script_read(&s->script, settings->script, err)) {
        return false;
    }
    for (size_t i = 0; i < s->script.count; i++) {
        if (s->script.lines[i].act == SCRIPT_SECURE &&
            settings->tls != SINK_TLS_STARTTLS) {
            err_set(err, EX_USAGE, "%s:%u: TLS begins here, without STARTTLS",
                    settings->script, s->script.lines[i].number);
            return false;
        }
    }
    return true;
}

static bool open_all(struct sink *s, struct err *err)
{
    const struct sink_settings *settings = s->settings;
    if (!open_script(s, err)) {
        return false;
    }
    s->listener = listener_create(s->loop, settings->listen, came, s, err);
    if (!s->listener || !open_tls(s, err) ||
        !maildir_open(&s->maildir, settings->maildir, err) ||
        !journal_open(&s->journal, settings->log_file, err) ||
        !journal_open(&s->verdicts, settings->verdicts_file, err)) {
        return false;
    }
    s->interrupted = loop_signal_create(s->loop, SIGINT, signalled, s);
    s->terminated = loop_signal_create(s->loop, SIGTERM, signalled, s);
    s->grace = loop_timer_create(s->loop, stop, s);
    s->enough = loop_timer_create(s->loop, shut, s);
    furnish(s);
    return !settings->port_file ||
           port_file_write(settings->port_file, listener_port(s->listener),
                           err);
}

/* Closing. */

static void close_all(struct sink *s)
{
    while (s->visits.first) {
        visit_end(s->visits.first);
    }
    listener_destroy(s->listener);
    loop_signal_destroy(s->interrupted);
    loop_signal_destroy(s->terminated);
    loop_timer_destroy(s->grace);
    loop_timer_destroy(s->enough);
    loop_destroy(s->loop);
    if (s->tls) {
        tls_server_destroy(s->tls);
    }
    maildir_close(&s->maildir);
    journal_close(&s->journal);
    journal_close(&s->verdicts);
    service_release(&s->service);
    script_release(&s->script);
    faults_release(&s->faults);
}

static uint64_t milliseconds(struct timeval t)
{
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_usec / 1000;
}

static void say_counts(const struct sink *s)
{
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    struct buf json;
    buf_init(&json, COUNTS_BYTES_MAX);
    counts_write(&s->counts,
                 milliseconds(used.ru_utime) + milliseconds(used.ru_stime),
                 &json);
    s->settings->counted(s->settings->context, buf_span(&json));
    buf_release(&json);
}

static void say_listening(const struct sink *s)
{
    struct buf address;
    buf_init(&address, ADDRESS_BYTES_MAX);
    listener_append_address(s->listener, &address);
    s->settings->listening(s->settings->context, buf_span(&address));
    buf_release(&address);
}

int sink_run(const struct sink_settings *settings, struct err *err)
{
    struct sink s = {
        .settings = settings,
        .maildir = {.tmp = -1, .new = -1},
        .journal = {.descriptor = -1},
        .verdicts = {.descriptor = -1},
    };
    s.loop = loop_create();
    bool opened = open_all(&s, err);
    if (opened) {
        say_listening(&s);
        loop_run(s.loop);
        say_counts(&s);
        if (s.failure.status != 0) {
            *err = s.failure;
            opened = false;
        }
    }
    close_all(&s);
    return opened ? 0 : err->status;
}
