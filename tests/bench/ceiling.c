/* How fast could any client be that says these letters to this relay?
 *
 *   ceiling PORT SESSIONS WINDOW MESSAGES LETTER
 *
 * Streams one fixed letter, MESSAGES times over all sessions: no list, no
 * template, no verdicts, no report, no verified certificate. What is left is
 * what every client must do: say RSET MAIL RCPT BDAT and the content, seal it
 * in records of 16 KiB, hand it to the kernel, and count the replies. The
 * same bytes are sealed again and again where they lie. Status 0 if every
 * reply was 2xx.
 */
#include <errno.h>
#include <fcntl.h>
#include <gnutls/gnutls.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    SESSIONS_MAX = 64,
    RECORD_BYTES = 16384,
    IN_BYTES = 65536,
    LETTER_BYTES_MAX = 1 << 20,
    REPLIES = 4, /* a letter: RSET MAIL RCPT BDAT */
};

/* The letter with its commands, and behind it as much again of the same as a
 * record can hold: a record that begins anywhere in it lies in one piece. */
struct tape {
    char *data;
    size_t turn; /* bytes of one letter with its commands */
};

struct session {
    int fd;
    gnutls_session_t tls;
    bool waits; /* pull may wait: the opening dialogue */
    char *in;   /* from the kernel, sealed */
    size_t in_at, in_len;
    char *out; /* for the kernel, sealed */
    size_t out_at, out_len, out_cap;
    uint64_t said; /* bytes of the tape, sealed */
    uint64_t goal; /* bytes of the tape, all in all */
    uint64_t replies;
    bool in_line; /* a reply's line has begun and not ended */
};

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "ceiling: %s\n", what);
    exit(1);
}

static void need(bool good, const char *what)
{
    if (!good) {
        fail(what);
    }
}

/* --- sealed bytes, in and out --- */

static ssize_t push(gnutls_transport_ptr_t p, const void *data, size_t bytes)
{
    struct session *s = p;
    if (s->out_len + bytes > s->out_cap) {
        s->out_cap = (s->out_len + bytes) * 2;
        s->out = realloc(s->out, s->out_cap);
        need(s->out, "no memory");
    }
    memcpy(s->out + s->out_len, data, bytes);
    s->out_len += bytes;
    return (ssize_t)bytes;
}

static void flush(struct session *s)
{
    while (s->out_at < s->out_len) {
        ssize_t sent = send(s->fd, s->out + s->out_at, s->out_len - s->out_at,
                            MSG_NOSIGNAL);
        if (sent < 0 && errno == EAGAIN) {
            return;
        }
        need(sent > 0, "the sink has gone (send)");
        s->out_at += (size_t)sent;
    }
    s->out_at = s->out_len = 0;
}

static bool receive(struct session *s)
{
    ssize_t got = recv(s->fd, s->in, IN_BYTES, 0);
    if (got < 0 && errno == EAGAIN) {
        return false;
    }
    need(got > 0, "the sink has gone (recv)");
    s->in_at = 0;
    s->in_len = (size_t)got;
    return true;
}

static ssize_t pull(gnutls_transport_ptr_t p, void *data, size_t bytes)
{
    struct session *s = p;
    if (s->in_at == s->in_len && s->waits) {
        flush(s);
        receive(s);
    }
    size_t left = s->in_len - s->in_at;
    if (left == 0) {
        gnutls_transport_set_errno(s->tls, EAGAIN);
        return -1;
    }
    size_t some = left < bytes ? left : bytes;
    memcpy(data, s->in + s->in_at, some);
    s->in_at += some;
    return (ssize_t)some;
}

static int pull_timeout(gnutls_transport_ptr_t p, unsigned ms)
{
    (void)p;
    (void)ms;
    return 1;
}

/* --- the opening: one after the other, waiting --- */

static void expect_plain(struct session *s, const char *say, const char *code)
{
    char text[4096];
    size_t len = strlen(say);
    need(len == 0 || send(s->fd, say, len, MSG_NOSIGNAL) == (ssize_t)len,
         "cannot say a command");
    ssize_t got = recv(s->fd, text, sizeof text, 0);
    need(got > 3 && memcmp(text, code, 3) == 0, "an unexpected reply");
}

static void greet_again(struct session *s)
{
    static const char ehlo[] = "EHLO ceiling.test\r\n";
    char text[4096];
    size_t len = 0;
    need(gnutls_record_send(s->tls, ehlo, sizeof ehlo - 1) > 0, "EHLO");
    do {
        ssize_t got =
            gnutls_record_recv(s->tls, text + len, sizeof text - 1 - len);
        need(got > 0 || got == GNUTLS_E_AGAIN, "the second EHLO");
        len += got > 0 ? (size_t)got : 0;
        text[len] = '\0';
    } while (!strstr(text, "\r\n250 ") && strncmp(text, "250 ", 4) != 0);
    need(strstr(text, "CHUNKING"), "no CHUNKING is offered");
}

static void connect_to(struct session *s, uint16_t port)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    s->fd = socket(AF_INET, SOCK_STREAM, 0);
    need(s->fd >= 0 && connect(s->fd, (struct sockaddr *)&to, sizeof to) == 0,
         "cannot connect");
    setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
}

static void open_session(struct session *s, uint16_t port,
                         gnutls_certificate_credentials_t trust)
{
    connect_to(s, port);
    s->in = malloc(IN_BYTES);
    need(s->in, "no memory");
    expect_plain(s, "", "220");
    expect_plain(s, "EHLO ceiling.test\r\n", "250");
    expect_plain(s, "STARTTLS\r\n", "220");
    gnutls_init(&s->tls, GNUTLS_CLIENT | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL);
    gnutls_set_default_priority(s->tls);
    gnutls_credentials_set(s->tls, GNUTLS_CRD_CERTIFICATE, trust);
    gnutls_transport_set_ptr(s->tls, s);
    gnutls_transport_set_push_function(s->tls, push);
    gnutls_transport_set_pull_function(s->tls, pull);
    gnutls_transport_set_pull_timeout_function(s->tls, pull_timeout);
    s->waits = true;
    int done;
    do {
        done = gnutls_handshake(s->tls);
    } while (done < 0 && !gnutls_error_is_fatal(done));
    need(done == 0, "the TLS handshake fails");
    flush(s);
    greet_again(s);
    s->waits = false;
    fcntl(s->fd, F_SETFL, fcntl(s->fd, F_GETFL) | O_NONBLOCK);
}

/* --- the streaming --- */

static void say_letters(struct session *s, const struct tape *tape,
                        uint64_t window)
{
    uint64_t may = (s->replies / REPLIES + window) * tape->turn;
    may = may < s->goal ? may : s->goal;
    while (s->said < may) {
        uint64_t left = may - s->said;
        size_t some = left < RECORD_BYTES ? (size_t)left : RECORD_BYTES;
        need(gnutls_record_send(s->tls, tape->data + s->said % tape->turn,
                                some) == (ssize_t)some,
             "a record is not sealed");
        s->said += some;
    }
}

static void count_replies(struct session *s, const char *text, size_t len)
{
    const char *end = text + len;
    while (text < end) {
        need(s->in_line || *text == '2', "a refusal");
        const char *lf = memchr(text, '\n', (size_t)(end - text));
        s->in_line = !lf;
        s->replies += lf ? 1 : 0;
        text = lf ? lf + 1 : end;
    }
}

/* Not every E_AGAIN means that nothing is left: a ticket is one, too. */
static void take_replies(struct session *s)
{
    char text[RECORD_BYTES];
    while (receive(s)) {
        ssize_t got;
        do {
            got = gnutls_record_recv(s->tls, text, sizeof text);
            need(got > 0 || got == GNUTLS_E_AGAIN, "a record is not opened");
            count_replies(s, text, got > 0 ? (size_t)got : 0);
        } while (got > 0 || s->in_at < s->in_len);
        if (s->in_len < IN_BYTES) {
            return;
        }
    }
}

static bool unfinished(const struct session *s, const struct tape *tape)
{
    return s->replies < s->goal / tape->turn * REPLIES;
}

static void stream(struct session *sessions, size_t count,
                   const struct tape *tape, uint64_t window)
{
    struct pollfd polled[SESSIONS_MAX];
    size_t busy = 1;
    while (busy > 0) {
        busy = 0;
        for (size_t i = 0; i < count; i++) {
            struct session *s = &sessions[i];
            say_letters(s, tape, window);
            flush(s);
            bool open = unfinished(s, tape);
            busy += open ? 1 : 0;
            short events = s->out_len > 0 ? POLLIN | POLLOUT : POLLIN;
            polled[i] =
                (struct pollfd){.fd = open ? s->fd : -1, .events = events};
        }
        need(busy == 0 || poll(polled, count, 60000) > 0, "a minute's silence");
        for (size_t i = 0; i < count && busy > 0; i++) {
            if (polled[i].fd >= 0 && polled[i].revents != 0 &&
                (polled[i].revents & ~POLLOUT) != 0) {
                take_replies(&sessions[i]);
            }
        }
    }
}

/* --- --- */

static struct tape record(const char *path)
{
    char *letter = malloc(LETTER_BYTES_MAX);
    FILE *from = fopen(path, "rb");
    need(letter && from, "the letter cannot be read");
    size_t len = fread(letter, 1, LETTER_BYTES_MAX, from);
    fclose(from);
    need(len > 0 && len < LETTER_BYTES_MAX, "the letter cannot be read");
    char head[512];
    int head_len = snprintf(head, sizeof head,
                            "RSET\r\nMAIL FROM:<bench@example.org>\r\n"
                            "RCPT TO:<user100000@example.org>\r\n"
                            "BDAT %zu LAST\r\n",
                            len);
    struct tape tape = {.turn = (size_t)head_len + len};
    size_t bytes = tape.turn + RECORD_BYTES;
    tape.data = malloc(bytes);
    need(tape.data, "no memory");
    memcpy(tape.data, head, (size_t)head_len);
    memcpy(tape.data + head_len, letter, len);
    for (size_t i = tape.turn; i < bytes; i++) {
        tape.data[i] = tape.data[i - tape.turn];
    }
    free(letter);
    return tape;
}

int main(int argc, char **argv)
{
    static struct session sessions[SESSIONS_MAX];
    need(argc == 6, "PORT SESSIONS WINDOW MESSAGES LETTER");
    uint16_t port = (uint16_t)strtoul(argv[1], NULL, 10);
    size_t count = strtoul(argv[2], NULL, 10);
    uint64_t window = strtoull(argv[3], NULL, 10);
    uint64_t messages = strtoull(argv[4], NULL, 10);
    need(count >= 1 && count <= SESSIONS_MAX && window > 0, "1 to 64 sessions");
    struct tape tape = record(argv[5]);
    gnutls_certificate_credentials_t trust;
    gnutls_certificate_allocate_credentials(&trust);
    for (size_t i = 0; i < count; i++) {
        open_session(&sessions[i], port, trust);
        uint64_t share = messages / count + (i < messages % count ? 1 : 0);
        sessions[i].goal = share * tape.turn;
    }
    stream(sessions, count, &tape, window);
    for (size_t i = 0; i < count; i++) {
        gnutls_bye(sessions[i].tls, GNUTLS_SHUT_WR);
        flush(&sessions[i]);
        close(sessions[i].fd);
    }
    return 0;
}
