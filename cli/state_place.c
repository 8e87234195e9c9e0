#include "cli/state_place.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "base/utf8.h"

enum { NAME_BYTES_MAX = 128, PATH_BYTES_MAX = 4096 };

/* It becomes the name of a file, a word of reports, and perhaps of a header. */
static bool names_campaign(struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (ascii_is_control(text.data[i]) || text.data[i] == '/') {
            return false;
        }
    }
    return text.len > 0 && text.len <= NAME_BYTES_MAX && text.data[0] != '.' &&
           utf8_valid(text);
}

/* Each folder of the path up to its last slash. */
static bool make_folders(char *path)
{
    for (char *slash = path + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        bool there = mkdir(path, 0700) == 0 || errno == EEXIST;
        *slash = '/';
        if (!there) {
            return false;
        }
    }
    return true;
}

/* https://specifications.freedesktop.org/basedir-spec/: one that is no
 * absolute path is passed over. */
static bool append_folder(struct buf *out)
{
    const char *state = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");
    if (state && state[0] == '/') {
        buf_append(out, span_of(state));
        return true;
    }
    buf_append(out, span_of(home));
    buf_append(out, SPAN("/.local/state"));
    return home && home[0] == '/';
}

static bool place_by_name(struct options *o, struct err *err)
{
    struct settings *s = &o->settings;
    struct buf path;
    buf_init(&path, PATH_BYTES_MAX);
    bool housed = append_folder(&path);
    buf_append(&path, SPAN("/mailshot/"));
    buf_append(&path, span_of(s->campaign));
    buf_append(&path, SPAN(".db"));
    buf_append_byte(&path, '\0');
    if (!housed || path.overflowed) {
        err_set(err, EX_USAGE,
                "--campaign: there is no home for its state; --state names a "
                "file");
    } else {
        s->state_path = options_keep(o, mem_copy_text(path.data, path.len - 1));
        if (o->verb == VERB_SEND && !s->dry_run && !make_folders(path.data)) {
            err_set(err, EX_CANTCREAT, "%s: its folder cannot be made: %s",
                    s->state_path, strerror(errno));
        }
    }
    buf_release(&path);
    return err->status == 0;
}

/* A state knows rows by the key of fold: two that differ in nothing but case
 * are one to it. */
static void fold_keys(struct settings *s)
{
    if (s->dedupe && s->key_mode == KEY_EXACT) {
        s->key_mode = KEY_FOLD;
    }
}

static bool find_place(struct options *o, struct err *err)
{
    struct settings *s = &o->settings;
    if (s->campaign && !names_campaign(span_of(s->campaign))) {
        err_set(err, EX_USAGE,
                "--campaign: a name is at most %d bytes of UTF-8 without a "
                "slash or a control character, and begins with no dot",
                NAME_BYTES_MAX);
        return false;
    }
    if (s->state_path) {
        s->campaign = s->campaign ? s->campaign : "main";
        return true;
    }
    return !s->campaign || place_by_name(o, err);
}

bool state_place_settle(struct options *o, struct err *err)
{
    if (!find_place(o, err)) {
        return false;
    }
    if (o->settings.campaign) {
        fold_keys(&o->settings);
    }
    return true;
}
