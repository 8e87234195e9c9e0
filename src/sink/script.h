/* What does a scripted relay say, and when?
 *
 * A file of the kind of tests/dialogs, of which these lines count:
 *   S: text      the relay says this line, once all before it has come
 *   C: text      the client must say this: a command by its verb, anything
 *                else to the letter
 *   C: {N dot}   a content comes, up to its final dot
 *   C: …         behind a BDAT: its chunk comes, as long as the client says
 *   secured      TLS begins
 *   wait MS      what follows happens so much later
 *   lost         the connection is cut; `lost reset`: with a RST
 * The other words of that format are passed over, empty lines and those that
 * begin with # too. At its end the connection is closed. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

enum {
    SCRIPT_BYTES_MAX = 1 << 20,
    SCRIPT_WAIT_MS_MAX = 3600 * 1000,
};

enum script_act {
    SCRIPT_SAY,
    SCRIPT_HEAR,    /* a line */
    SCRIPT_CONTENT, /* with dots */
    SCRIPT_CHUNK,
    SCRIPT_SECURE,
    SCRIPT_WAIT,
    SCRIPT_LOSE,
    SCRIPT_RESET,
};

struct script_line {
    enum script_act act;
    struct span text; /* of SAY and HEAR; into the script */
    uint64_t wait_ms;
    unsigned number; /* in the file, from 1 */
};

struct script {
    struct buf text;
    struct script_line *lines;
    size_t count;
};

/* False: EX_DATAERR (65), a line that is none, with its number; EX_NOINPUT
 * (66), it cannot be read. `name` is for the error. script_release is due in
 * any case. */
bool script_parse(struct script *s, const char *name, struct span text,
                  struct err *err);
bool script_read(struct script *s, const char *path, struct err *err);
void script_release(struct script *s);
