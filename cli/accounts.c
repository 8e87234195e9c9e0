#include "cli/accounts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/mem.h"

enum {
    FILE_BYTES_MAX = 1024 * 1024,
    PASSED_OVER_BYTES_MAX = 64 * 1024,
    ACCOUNTS_MAX = 10000,
};

/* One line, understood so far. */
struct line {
    const char *file;
    unsigned number;
    struct span command;
    struct span argument;
};

/* What becomes of a command. */
enum treatment {
    TREAT_TEXT,
    TREAT_PATH, /* ~ is the home */
    TREAT_SWITCH,
    TREAT_AUTH,
    TREAT_TIMEOUT,
    TREAT_PASS_OVER,
    TREAT_REFUSE,          /* unless it is set to nothing or off */
    TREAT_REFUSE_PROTOCOL, /* unless it is smtp */
};

static const struct command {
    const char *name;
    enum treatment treatment;
    size_t at;       /* in struct account */
    const char *why; /* of a refusal */
} commands[] = {
    {"host", TREAT_TEXT, offsetof(struct account, texts[ACCOUNT_HOST]), 0},
    {"port", TREAT_TEXT, offsetof(struct account, texts[ACCOUNT_PORT]), 0},
    {"from", TREAT_TEXT, offsetof(struct account, texts[ACCOUNT_FROM]), 0},
    {"domain", TREAT_TEXT, offsetof(struct account, texts[ACCOUNT_DOMAIN]), 0},
    {"user", TREAT_TEXT, offsetof(struct account, texts[ACCOUNT_USER]), 0},
    {"password", TREAT_TEXT, offsetof(struct account, texts[ACCOUNT_PASSWORD]),
     0},
    {"passwordeval", TREAT_TEXT,
     offsetof(struct account, texts[ACCOUNT_PASSWORDEVAL]), 0},
    {"tls_trust_file", TREAT_PATH,
     offsetof(struct account, texts[ACCOUNT_TRUST_FILE]), 0},
    {"tls_host_override", TREAT_TEXT,
     offsetof(struct account, texts[ACCOUNT_TLS_NAME]), 0},
    {"tls", TREAT_SWITCH, offsetof(struct account, tls), 0},
    {"tls_starttls", TREAT_SWITCH, offsetof(struct account, starttls), 0},
    {"tls_certcheck", TREAT_SWITCH, offsetof(struct account, certcheck), 0},
    {"auth", TREAT_AUTH, 0, 0},
    {"timeout", TREAT_TIMEOUT, 0, 0},
    {"connect_timeout", TREAT_TIMEOUT, 0, 0},
    {"protocol", TREAT_REFUSE_PROTOCOL, 0, "only SMTP is spoken"},
    {"proxy_host", TREAT_REFUSE, 0, "there is no way through a proxy"},
    {"proxy_port", TREAT_REFUSE, 0, "there is no way through a proxy"},
    {"socket", TREAT_REFUSE, 0, "there is no way through a local socket"},
    {"source_ip", TREAT_REFUSE, 0, "this version has no local address"},
    {"ntlmdomain", TREAT_REFUSE, 0, "NTLM is not spoken"},
    {"eval", TREAT_REFUSE, 0, "this version runs passwordeval alone"},
    {"tls_crl_file", TREAT_REFUSE, 0, "revocation lists are not read"},
    {"tls_fingerprint", TREAT_REFUSE, 0, "this version pins no certificate"},
    {"tls_key_file", TREAT_REFUSE, 0, "this version shows no certificate"},
    {"tls_cert_file", TREAT_REFUSE, 0, "this version shows no certificate"},
    {"tls_priorities", TREAT_REFUSE, 0, "the protocols are TLS 1.2 and 1.3"},
    {"tls_force_sslv3", TREAT_REFUSE, 0, "the protocols are TLS 1.2 and 1.3"},
    {"tls_nocertcheck", TREAT_REFUSE, 0, "say tls_certcheck off"},
    {"auto_from", TREAT_REFUSE, 0, "the sender is --from, or the template's"},
    {"maildomain", TREAT_PASS_OVER, 0, 0},
    {"tls_min_dh_prime_bits", TREAT_PASS_OVER, 0, 0},
    {"allow_from_override", TREAT_PASS_OVER, 0, 0},
    {"set_from_header", TREAT_PASS_OVER, 0, 0},
    {"set_date_header", TREAT_PASS_OVER, 0, 0},
    {"set_msgid_header", TREAT_PASS_OVER, 0, 0},
    {"add_missing_from_header", TREAT_PASS_OVER, 0, 0},
    {"add_missing_date_header", TREAT_PASS_OVER, 0, 0},
    {"from_full_name", TREAT_PASS_OVER, 0, 0},
    {"remove_bcc_headers", TREAT_PASS_OVER, 0, 0},
    {"keepbcc", TREAT_PASS_OVER, 0, 0},
    {"undisclosed_recipients", TREAT_PASS_OVER, 0, 0},
    {"dsn_notify", TREAT_PASS_OVER, 0, 0},
    {"dsn_return", TREAT_PASS_OVER, 0, 0},
    {"logfile", TREAT_PASS_OVER, 0, 0},
    {"logfile_time_format", TREAT_PASS_OVER, 0, 0},
    {"syslog", TREAT_PASS_OVER, 0, 0},
    {"aliases", TREAT_PASS_OVER, 0, 0},
};

static bool wrong(const struct line *line, const char *why, struct err *err)
{
    err_set(err, EX_CONFIG, "%s:%u: %.*s: %s", line->file, line->number,
            (int)(line->command.len > 64 ? 64 : line->command.len),
            line->command.data, why);
    return false;
}

static void **field(struct account *a, size_t at)
{
    return (void **)(void *)((char *)a + at);
}

static void set_text(char **text, struct span value)
{
    if (*text) {
        mem_wipe(*text, strlen(*text));
        free(*text);
    }
    *text = value.len > 0 ? mem_copy_text(value.data, value.len) : NULL;
}

static bool is_off(struct span value)
{
    return span_equal(value, SPAN("off"));
}

static bool treat_path(char **text, const struct line *line)
{
    struct span value = line->argument;
    if (span_equal(value, SPAN("system")) || is_off(value)) {
        value = SPAN("");
    }
    if (value.len == 0 || value.data[0] != '~') {
        set_text(text, value);
        return true;
    }
    struct buf path;
    buf_init(&path, 8192);
    buf_append(&path, span_of(getenv("HOME")));
    buf_append(&path, span_rest(value, 1));
    set_text(text, buf_span(&path));
    buf_release(&path);
    return true;
}

static bool treat_switch(enum account_switch *to, const struct line *line,
                         struct err *err)
{
    struct span value = line->argument;
    if (value.len == 0 || span_equal(value, SPAN("on"))) {
        *to = ACCOUNT_ON;
    } else if (is_off(value)) {
        *to = ACCOUNT_OFF;
    } else {
        return wrong(line, "neither on nor off", err);
    }
    return true;
}

static bool treat_auth(struct account *a, const struct line *line)
{
    struct span value = line->argument;
    a->auth = is_off(value) ? ACCOUNT_OFF : ACCOUNT_ON;
    bool named =
        value.len > 0 && !is_off(value) && !span_equal(value, SPAN("on"));
    set_text(&a->mechanism, named ? value : SPAN(""));
    return true;
}

static bool treat_timeout(struct account *a, const struct line *line,
                          struct err *err)
{
    uint64_t seconds = 0;
    if (!is_off(line->argument) &&
        (!ascii_parse_number(line->argument, 86400, &seconds) ||
         seconds == 0)) {
        return wrong(line, "neither off nor a number of seconds", err);
    }
    a->timeout_ms = seconds * 1000;
    return true;
}

static bool treat_refusal(const struct line *line, const struct command *c,
                          struct err *err)
{
    struct span value = line->argument;
    bool harmless = c->treatment == TREAT_REFUSE_PROTOCOL
                        ? span_equal(value, SPAN("smtp"))
                        : value.len == 0 || is_off(value);
    return harmless || wrong(line, c->why, err);
}

/* Beyond the ceiling they are passed over without a word. */
static void pass_over(struct accounts *all, const struct line *line)
{
    struct buf *out = &all->passed_over;
    size_t before = out->len;
    buf_append_format(out, "%s:%u: %.*s: nothing to a mailing", line->file,
                      line->number, (int)line->command.len, line->command.data);
    buf_append_byte(out, '\0');
    if (out->overflowed) {
        buf_truncate(out, before);
    }
}

static bool treat(struct accounts *all, struct account *a,
                  const struct line *line, const struct command *c,
                  struct err *err)
{
    switch (c->treatment) {
    case TREAT_TEXT:
        set_text((char **)field(a, c->at), line->argument);
        return true;
    case TREAT_PATH:
        return treat_path((char **)field(a, c->at), line);
    case TREAT_SWITCH:
        return treat_switch((enum account_switch *)(void *)field(a, c->at),
                            line, err);
    case TREAT_AUTH:
        return treat_auth(a, line);
    case TREAT_TIMEOUT:
        return treat_timeout(a, line, err);
    case TREAT_PASS_OVER:
        pass_over(all, line);
        return true;
    case TREAT_REFUSE:
    case TREAT_REFUSE_PROTOCOL:
        return treat_refusal(line, c, err);
    }
    return false;
}

static void inherit(struct account *to, const struct account *from)
{
    for (size_t i = 0; i < ACCOUNT_TEXTS; i++) {
        if (from->texts[i]) {
            set_text(&to->texts[i], span_of(from->texts[i]));
        }
    }
    to->tls = from->tls ? from->tls : to->tls;
    to->starttls = from->starttls ? from->starttls : to->starttls;
    to->certcheck = from->certcheck ? from->certcheck : to->certcheck;
    to->timeout_ms = from->timeout_ms ? from->timeout_ms : to->timeout_ms;
    if (from->auth) {
        to->auth = from->auth;
        set_text(&to->mechanism, span_of(from->mechanism));
    }
}

static struct account *find(const struct accounts *all, struct span name)
{
    for (size_t i = 1; i < all->count; i++) {
        if (span_equal(span_of(all->list[i].name), name)) {
            return &all->list[i];
        }
    }
    return NULL;
}

static struct span next_word(struct span *rest, char end)
{
    size_t len = span_find(*rest, end);
    struct span word = span_trim(span_slice(*rest, 0, len));
    *rest = len < rest->len ? span_rest(*rest, len + 1) : SPAN("");
    return word;
}

/* The first of the list is `defaults`, with the empty name. */
static void add(struct accounts *all, struct span name)
{
    all->list = mem_resize(all->list, all->count + 1, sizeof *all->list);
    struct account *a = &all->list[all->count++];
    *a = (struct account){.name = mem_copy_text(name.data, name.len)};
    if (all->count > 1) {
        inherit(a, &all->list[0]);
    }
}

static bool begin_account(struct accounts *all, const struct line *line,
                          struct err *err)
{
    struct span rest = line->argument;
    struct span name = next_word(&rest, ':');
    if (name.len == 0) {
        return wrong(line, "the name is missing", err);
    }
    if (find(all, name)) {
        return wrong(line, "an account of this name stands above", err);
    }
    if (all->count >= ACCOUNTS_MAX) {
        return wrong(line, "too many accounts", err);
    }
    add(all, name);
    while (rest.len > 0) {
        struct span from = next_word(&rest, ',');
        const struct account *other = find(all, from);
        if (!other || other == &all->list[all->count - 1]) {
            return wrong(line, "it builds on an account that is not above",
                         err);
        }
        inherit(&all->list[all->count - 1], other);
    }
    return true;
}

/* defaults: from here on, of all accounts that follow. */
static void begin_defaults(struct accounts *all)
{
    struct account *first = &all->list[0];
    for (size_t i = 0; i < ACCOUNT_TEXTS; i++) {
        set_text(&first->texts[i], SPAN(""));
    }
    set_text(&first->mechanism, SPAN(""));
    char *name = first->name;
    *first = (struct account){.name = name};
}

static const struct command *command_of(struct span name)
{
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (span_equal(name, span_of(commands[i].name))) {
            return &commands[i];
        }
    }
    return NULL;
}

static bool follow(struct accounts *all, size_t *current,
                   const struct line *line, struct err *err)
{
    if (span_equal(line->command, SPAN("defaults"))) {
        begin_defaults(all);
        *current = 0;
        return true;
    }
    if (span_equal(line->command, SPAN("account"))) {
        bool begun = begin_account(all, line, err);
        *current = all->count - 1;
        return begun;
    }
    const struct command *c = command_of(line->command);
    if (!c) {
        return wrong(line, "no such command", err);
    }
    if (*current == SIZE_MAX) {
        return wrong(line, "no account line stands above", err);
    }
    return treat(all, &all->list[*current], line, c, err);
}

static bool split(struct span text, struct line *line, struct err *err)
{
    size_t end = 0;
    while (end < text.len && !ascii_is_blank(text.data[end])) {
        end++;
    }
    line->command = span_slice(text, 0, end);
    line->argument = span_trim(span_rest(text, end));
    if (line->argument.len == 0 || line->argument.data[0] != '"') {
        return true;
    }
    if (line->argument.len < 2 || !span_ends(line->argument, SPAN("\""))) {
        return wrong(line, "the quote does not end", err);
    }
    line->argument = span_slice(line->argument, 1, line->argument.len - 1);
    return true;
}

static bool read_lines(struct accounts *all, const char *path, struct span text,
                       struct err *err)
{
    size_t current = SIZE_MAX;
    struct line line = {.file = path};
    while (text.len > 0) {
        size_t end = span_find(text, '\n');
        struct span one = span_slice(text, 0, end);
        text = end < text.len ? span_rest(text, end + 1) : SPAN("");
        line.number++;
        if (span_ends(one, SPAN("\r"))) {
            one = span_slice(one, 0, one.len - 1);
        }
        one = span_trim(one);
        if (one.len == 0 || one.data[0] == '#') {
            continue;
        }
        if (!split(one, &line, err) || !follow(all, &current, &line, err)) {
            return false;
        }
    }
    return true;
}

static bool read_file(struct accounts *all, const char *path, struct buf *out,
                      struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    struct stat facts;
    ssize_t len = fd >= 0 ? 1 : -1;
    char *to = buf_reserve(out, FILE_BYTES_MAX);
    while (len > 0 && out->len < FILE_BYTES_MAX) {
        len = read(fd, to + out->len, FILE_BYTES_MAX - out->len);
        if (len > 0) {
            buf_commit(out, (size_t)len);
        }
    }
    bool fine = len == 0;
    if (!fine) {
        err_set(err, EX_NOINPUT, "%s: %s", path,
                strerror(len > 0 ? EFBIG : errno));
    } else if (fstat(fd, &facts) == 0) {
        all->readable_by_others = (facts.st_mode & (S_IRGRP | S_IROTH)) != 0;
    }
    if (fd >= 0) {
        close(fd);
    }
    if (fine && span_find(buf_span(out), '\0') < out->len) {
        err_set(err, EX_CONFIG, "%s: a NUL byte", path);
        fine = false;
    }
    return fine;
}

bool accounts_read(struct accounts *a, const char *path, struct err *err)
{
    *a = (struct accounts){0};
    buf_init(&a->passed_over, PASSED_OVER_BYTES_MAX);
    add(a, SPAN(""));
    struct buf text;
    buf_init(&text, FILE_BYTES_MAX);
    bool fine = read_file(a, path, &text, err) &&
                read_lines(a, path, buf_span(&text), err);
    buf_wipe(&text);
    return fine;
}

void accounts_release(struct accounts *a)
{
    for (size_t i = 0; i < a->count; i++) {
        for (size_t j = 0; j < ACCOUNT_TEXTS; j++) {
            set_text(&a->list[i].texts[j], SPAN(""));
        }
        set_text(&a->list[i].mechanism, SPAN(""));
        free(a->list[i].name);
    }
    free(a->list);
    buf_release(&a->passed_over);
    *a = (struct accounts){0};
}

const struct account *accounts_find(const struct accounts *a, const char *name)
{
    return find(a, span_of(name));
}
