#include "cli/take.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "cli/units.h"
#include "smtp/auth.h"

_Static_assert(sizeof(enum tls_mode) == sizeof(unsigned),
               "take_choice fills enums as unsigned numbers");

bool take_wrong(struct options *o, const char *why, struct err *err)
{
    err_set(err, EX_USAGE, "%s: %s", o->saying, why);
    return false;
}

static void put(struct options *o, size_t at, const void *value, size_t bytes)
{
    memcpy((char *)o + at, value, bytes);
}

bool take_text(struct options *o, const struct option *row, const char *value,
               struct err *err)
{
    if (!*value) {
        return take_wrong(o, "its value is empty", err);
    }
    put(o, row->at, &value, sizeof value);
    return true;
}

bool take_line(struct options *o, const struct option *row, const char *value,
               struct err *err)
{
    for (const char *c = value; *c; c++) {
        if (ascii_is_control(*c)) {
            return take_wrong(o, "a control character in its value", err);
        }
    }
    return take_text(o, row, value, err);
}

bool take_name(struct options *o, const struct option *row, const char *value,
               struct err *err)
{
    if (strchr(value, ' ')) {
        return take_wrong(o, "a blank in a name", err);
    }
    return take_line(o, row, value, err);
}

bool take_span(struct options *o, const struct option *row, const char *value,
               struct err *err)
{
    struct span span = span_of(value);
    if (span.len == 0) {
        return take_wrong(o, "its value is empty", err);
    }
    put(o, row->at, &span, sizeof span);
    return true;
}

static bool flag_value(struct options *o, const char *value, bool *out,
                       struct err *err)
{
    static const struct choice words[] = {
        {"1", true},  {"yes", true}, {"true", true},   {"on", true},
        {"0", false}, {"no", false}, {"false", false}, {"off", false},
    };
    *out = true;
    if (!value) {
        return true;
    }
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (span_equal_nocase(span_of(value), span_of(words[i].name))) {
            *out = words[i].value;
            return true;
        }
    }
    return take_wrong(o, "neither 1 nor 0", err);
}

bool take_flag(struct options *o, const struct option *row, const char *value,
               struct err *err)
{
    bool truth;
    if (!flag_value(o, value, &truth, err)) {
        return false;
    }
    put(o, row->at, &truth, sizeof truth);
    return true;
}

static bool number(struct options *o, const struct option *row,
                   const char *value, uint64_t *out, struct err *err)
{
    if (units_number(value, row->min, row->max, out)) {
        return true;
    }
    err_set(err, EX_USAGE, "%s: %s is no number from %llu to %llu", o->saying,
            value, (unsigned long long)row->min, (unsigned long long)row->max);
    return false;
}

bool take_number(struct options *o, const struct option *row, const char *value,
                 struct err *err)
{
    uint64_t read;
    if (!number(o, row, value, &read, err)) {
        return false;
    }
    unsigned narrow = (unsigned)read;
    put(o, row->at, &narrow, sizeof narrow);
    return true;
}

bool take_count(struct options *o, const struct option *row, const char *value,
                struct err *err)
{
    uint64_t read;
    if (!number(o, row, value, &read, err)) {
        return false;
    }
    put(o, row->at, &read, sizeof read);
    return true;
}

bool take_duration(struct options *o, const struct option *row,
                   const char *value, struct err *err)
{
    uint64_t ms;
    if (!units_duration(value, &ms)) {
        err_set(err, EX_USAGE, "%s: %s is no time such as 250ms, 30s, 5m or 2h",
                o->saying, value);
        return false;
    }
    if (ms < row->min || ms > row->max) {
        err_set(err, EX_USAGE, "%s: %s is too %s", o->saying, value,
                ms < row->min ? "short" : "long");
        return false;
    }
    put(o, row->at, &ms, sizeof ms);
    return true;
}

/* "a, b or c" */
static void append_choices(struct buf *out, const struct choice *choices)
{
    for (size_t i = 0; choices[i].name; i++) {
        bool last = !choices[i + 1].name;
        if (i > 0) {
            buf_append(out, last ? SPAN(" or ") : SPAN(", "));
        }
        buf_append(out, span_of(choices[i].name));
    }
}

static bool choose(struct options *o, const struct choice *choices,
                   const char *value, unsigned *out, struct err *err)
{
    for (size_t i = 0; choices[i].name; i++) {
        if (strcmp(choices[i].name, value) == 0) {
            *out = choices[i].value;
            return true;
        }
    }
    struct buf names;
    buf_init(&names, 1024);
    append_choices(&names, choices);
    err_set(err, EX_USAGE, "%s: %s is not %.*s", o->saying, value,
            (int)names.len, names.data);
    buf_release(&names);
    return false;
}

bool take_choice(struct options *o, const struct option *row, const char *value,
                 struct err *err)
{
    unsigned chosen;
    if (!choose(o, row->choices, value, &chosen, err)) {
        return false;
    }
    put(o, row->at, &chosen, sizeof chosen);
    return true;
}

bool take_decision(struct options *o, const struct option *row,
                   const char *value, struct err *err)
{
    unsigned chosen;
    if (!choose(o, row->choices, value, &chosen, err)) {
        return false;
    }
    bool decision = chosen != 0;
    put(o, row->at, &decision, sizeof decision);
    return true;
}

bool take_mechanism(const char *name, unsigned *bits_out)
{
    struct span word = span_of(name);
    if (span_equal(word, SPAN("off"))) {
        *bits_out = 0;
        return true;
    }
    *bits_out = span_equal(word, SPAN("auto")) ? ~0u : auth_bits(word);
    return *bits_out != 0;
}

bool take_auth(struct options *o, const struct option *row, const char *value,
               struct err *err)
{
    (void)row;
    if (!take_mechanism(value, &o->settings.mechanisms)) {
        err_set(err, EX_USAGE, "%s: %s is no mechanism that is known here",
                o->saying, value);
        return false;
    }
    o->mechanism_said = strcmp(value, "auto") != 0 && strcmp(value, "off") != 0;
    return true;
}

bool take_password(struct options *o, const struct option *row,
                   const char *value, struct err *err)
{
    (void)row;
    (void)value;
    return take_wrong(
        o,
        "a password on a command line or in the environment can be "
        "read by others; --password-file, --password-fd and "
        "--passwordeval take it where it is safe",
        err);
}

static void put_secret(struct options *o, struct secret_source source)
{
    o->settings.secret = source;
    o->secret_said = true;
}

bool take_password_file(struct options *o, const struct option *row,
                        const char *value, struct err *err)
{
    (void)row;
    if (!*value) {
        return take_wrong(o, "its value is empty", err);
    }
    put_secret(o, (struct secret_source){.kind = SECRET_FILE, .text = value});
    return true;
}

bool take_password_fd(struct options *o, const struct option *row,
                      const char *value, struct err *err)
{
    (void)row;
    uint64_t descriptor;
    if (!units_number(value, 0, 1 << 20, &descriptor)) {
        return take_wrong(o, "not the number of a descriptor", err);
    }
    if (fcntl((int)descriptor, F_GETFD) == -1) {
        return take_wrong(o, "this descriptor is not open", err);
    }
    put_secret(o, (struct secret_source){.kind = SECRET_FD,
                                         .descriptor = (int)descriptor});
    return true;
}

bool take_passwordeval(struct options *o, const struct option *row,
                       const char *value, struct err *err)
{
    (void)row;
    if (!*value) {
        return take_wrong(o, "its value is empty", err);
    }
    put_secret(o,
               (struct secret_source){.kind = SECRET_COMMAND, .text = value});
    return true;
}

bool take_sessions(struct options *o, const struct option *row,
                   const char *value, struct err *err)
{
    (void)row;
    uint64_t read = SESSIONS_AUTO;
    if (strcmp(value, "auto") != 0 && !units_number(value, 1, 1000, &read)) {
        err_set(err, EX_USAGE,
                "%s: %s is neither auto nor a number from 1 to 1000", o->saying,
                value);
        return false;
    }
    o->settings.sessions = (unsigned)read;
    return true;
}

bool take_delimiter(struct options *o, const struct option *row,
                    const char *value, struct err *err)
{
    (void)row;
    char c = value[0];
    if (strcmp(value, "\\t") == 0 || strcmp(value, "tab") == 0) {
        c = '\t';
    } else if (!c || value[1]) {
        return take_wrong(o, "a single character is wanted, or tab", err);
    }
    if (c == '"' || c == ' ' || !ascii_is_ascii(c) || ascii_is_alnum(c) ||
        (ascii_is_control(c) && c != '\t')) {
        return take_wrong(o, "this character cannot stand between fields", err);
    }
    o->settings.dialect.delimiter = c;
    return true;
}

bool take_no_header(struct options *o, const struct option *row,
                    const char *value, struct err *err)
{
    (void)row;
    bool without;
    if (!flag_value(o, value, &without, err)) {
        return false;
    }
    o->settings.dialect.header = !without;
    return true;
}

bool take_dedupe(struct options *o, const struct option *row, const char *value,
                 struct err *err)
{
    enum { OFF = KEY_PROVIDER + 1 };
    static const struct choice modes[] = {
        {"exact", KEY_EXACT}, {"fold", KEY_FOLD}, {"provider", KEY_PROVIDER},
        {"off", OFF},         {NULL, 0},
    };
    (void)row;
    unsigned mode = OFF;
    if (!choose(o, modes, value, &mode, err)) {
        return false;
    }
    o->settings.dedupe = mode != OFF;
    o->settings.key_mode = mode == OFF ? KEY_FOLD : (enum key_mode)mode;
    return true;
}

bool take_suppress(struct options *o, const struct option *row,
                   const char *value, struct err *err)
{
    (void)row;
    if (!*value) {
        return take_wrong(o, "its value is empty", err);
    }
    size_t count = o->settings.suppress_count;
    o->suppress = mem_resize(o->suppress, count + 1, sizeof *o->suppress);
    o->suppress[count] = value;
    o->settings.suppress = o->suppress;
    o->settings.suppress_count = count + 1;
    return true;
}

bool take_loudness(struct options *o, const struct option *row,
                   const char *value, struct err *err)
{
    bool wanted;
    if (!flag_value(o, value, &wanted, err)) {
        return false;
    }
    if (wanted) {
        o->loudest = (enum say_level)row->min;
        o->settings.debug = row->min == SAY_DEBUG;
    }
    return true;
}

bool take_percent(struct options *o, const struct option *row,
                  const char *value, struct err *err)
{
    struct span text = span_of(value);
    if (!span_ends(text, SPAN("%"))) {
        return take_number(o, row, value, err);
    }
    char *digits = options_keep(o, mem_copy_text(value, text.len - 1));
    return take_number(o, row, digits, err);
}

/* HH:MM. */
bool take_time(struct options *o, const struct option *row, const char *value,
               struct err *err)
{
    struct span text = span_of(value);
    size_t colon = span_find(text, ':');
    uint64_t hours;
    uint64_t minutes;
    if (text.len != colon + 3 || colon == 0 || colon > 2 ||
        !ascii_parse_number(span_slice(text, 0, colon), 23, &hours) ||
        !ascii_parse_number(span_rest(text, colon + 1), 59, &minutes)) {
        return take_wrong(o, "a time of the day is written HH:MM", err);
    }
    unsigned minute = (unsigned)(hours * 60 + minutes);
    put(o, row->at, &minute, sizeof minute);
    return true;
}
