#include "cli/netrc.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/descriptor.h"
#include "base/mem.h"

enum { FILE_BYTES_MAX = 1024 * 1024, WORD_BYTES_MAX = 16 * 1024 };

enum key {
    KEY_NONE,
    KEY_MACHINE,
    KEY_LOGIN,
    KEY_PASSWORD,
    KEY_ACCOUNT,
    KEY_MACRO,
    KEY_DEFAULT
};

static const struct {
    struct span word;
    enum key key;
} keys[] = {
    {SPAN("machine"), KEY_MACHINE}, {SPAN("login"), KEY_LOGIN},
    {SPAN("user"), KEY_LOGIN},      {SPAN("password"), KEY_PASSWORD},
    {SPAN("passwd"), KEY_PASSWORD}, {SPAN("account"), KEY_ACCOUNT},
    {SPAN("macdef"), KEY_MACRO},    {SPAN("default"), KEY_DEFAULT},
};

struct reading {
    struct span machine, login; /* wanted */
    enum key last;              /* whose value comes next */
    bool open;                  /* an entry is under way */
    bool here;                  /* it is of the machine */
    bool ours;                  /* the login was said, and is the wanted one */
    bool said;                  /* its password was */
    struct buf word;
    struct buf password; /* of the entry under way */
};

static enum key key_of(struct span word)
{
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (span_equal(word, keys[i].word)) {
            return keys[i].key;
        }
    }
    return KEY_NONE;
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool wanted(const struct reading *r)
{
    return r->open && r->here && r->ours;
}

static void begin_entry(struct reading *r)
{
    r->open = true;
    r->here = r->ours = r->said = false;
    buf_clear(&r->password);
}

static void take_value(struct reading *r)
{
    struct span word = buf_span(&r->word);
    if (r->last == KEY_MACHINE) {
        begin_entry(r);
        r->here = span_equal(word, r->machine);
    } else if (r->open && r->last == KEY_LOGIN) {
        r->ours = span_equal(word, r->login);
    } else if (r->open && r->last == KEY_PASSWORD) {
        buf_clear(&r->password);
        buf_append(&r->password, word);
        r->said = true;
    }
}

/* False: what was sought is whole. */
static bool take_word(struct reading *r)
{
    if (r->last != KEY_NONE) {
        bool found = r->last == KEY_MACHINE && wanted(r);
        if (!found) {
            take_value(r);
            r->last = KEY_NONE;
        }
        return !found;
    }
    r->last = key_of(buf_span(&r->word));
    if (r->last == KEY_DEFAULT) {
        if (wanted(r)) {
            return false;
        }
        begin_entry(r);
        r->last = KEY_NONE;
    }
    return true;
}

/* Quotes may stand anywhere in a word, and end with the line. */
static struct span read_word(struct reading *r, struct span line)
{
    char quote = '\0';
    size_t i = 0;
    buf_clear(&r->word);
    for (; i < line.len && (quote || !is_space(line.data[i])); i++) {
        char c = line.data[i];
        if (quote ? c == quote : c == '"' || c == '\'') {
            quote = quote ? '\0' : c;
        } else {
            buf_append_byte(&r->word, c);
        }
    }
    return span_rest(line, i);
}

static bool take_line(struct reading *r, struct span line)
{
    while (r->last != KEY_MACRO) {
        while (line.len > 0 && is_space(line.data[0])) {
            line = span_rest(line, 1);
        }
        if (line.len == 0 || line.data[0] == '#') {
            return true;
        }
        line = read_word(r, line);
        if (!take_word(r)) {
            return false;
        }
    }
    return true;
}

static bool is_empty(struct span line)
{
    for (size_t i = 0; i < line.len; i++) {
        if (!is_space(line.data[i])) {
            return false;
        }
    }
    return true;
}

static bool find(struct span text, struct span machine, struct span login,
                 struct buf *out)
{
    struct reading r = {.machine = machine, .login = login};
    buf_init(&r.word, WORD_BYTES_MAX);
    buf_init(&r.password, WORD_BYTES_MAX);
    /* All at once: growing would leave copies behind. */
    (void)buf_reserve(&r.word, WORD_BYTES_MAX);
    (void)buf_reserve(&r.password, WORD_BYTES_MAX);
    bool going = true;
    while (text.len > 0 && going) {
        size_t end = span_find(text, '\n');
        struct span line = span_slice(text, 0, end);
        text = span_rest(text, end < text.len ? end + 1 : end);
        if (r.last == KEY_MACRO && is_empty(line)) {
            r.last = KEY_NONE;
        }
        going = take_line(&r, line);
    }
    bool found = wanted(&r) && r.said && !r.password.overflowed;
    if (found) {
        buf_append(out, buf_span(&r.password));
    }
    buf_wipe(&r.word);
    buf_wipe(&r.password);
    return found;
}

bool netrc_fetch(const char *path, struct span machine, struct span login,
                 struct buf *out, struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR)) {
        return false;
    }
    struct buf text;
    buf_init(&text, FILE_BYTES_MAX);
    (void)buf_reserve(&text, FILE_BYTES_MAX); /* it holds secrets */
    bool whole = fd >= 0 && descriptor_read_all(fd, &text);
    if (!whole) {
        err_set(err, EX_NOINPUT, "%s: %s", path, strerror(errno));
    }
    if (fd >= 0) {
        close(fd);
    }
    bool found = whole && find(buf_span(&text), machine, login, out);
    buf_wipe(&text);
    return found;
}
