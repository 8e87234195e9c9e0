/* How do gathered lines reach a file, and what if they cannot?
 *
 * Of this room alone. Bytes gather in memory and are written when 64 KiB are
 * full or at a flush; what a full disk or a closed pipe kept from being
 * written is an error that names the file, and stays one: after the first
 * failure nothing more is written.
 *
 * "-" and /dev/stdout are standard output, /dev/fd/N is that descriptor:
 * written to as they are, whatever stands behind them. A reader who is slow
 * does not hold up the run until 1 MiB waits for him. */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

struct output {
    int fd;
    char *name; /* for messages */
    struct buf gathered;
    bool standard; /* it is standard output */
    bool synced;   /* at its end: a file of the disk, unless its owner can
                      write it again */
    bool terminal;
    bool waits;             /* somebody reads it, and may be slow; its owner
                               can put that off, where no run is held up */
    unsigned interruptions; /* signals that came while he was waited for */
    int error;              /* the first that writing met; 0: none */
};

/* An open descriptor that PATH stands for, duplicated; -1 with errno, where it
 * is closed; -2 where PATH names none. */
int output_descriptor(const char *path);

/* A descriptor of the file; -1 with errno. A file of the disk is emptied and
 * made private; a FIFO, a terminal or /dev/null is left as it is. A FIFO is
 * waited for until somebody reads it: EINTR, where a signal came first. */
int output_create(const char *path);

/* The same, but a file of the disk goes on behind its last whole line. */
int output_continue(const char *path);

/* Why there is no descriptor, by errno: EX_CANTCREAT, or EX_TEMPFAIL where a
 * signal ended the waiting. */
void output_not_made(const char *name, struct err *err);

/* Takes fd over. */
void output_init(struct output *o, int fd, const char *name);

/* Writes all there is, but for what waits for its reader. False: EX_IOERR. */
bool output_flush(struct output *o, struct err *err);

/* The same, once 64 KiB have gathered. */
bool output_turn(struct output *o, struct err *err);

/* All of it is written, and on the disk. False as above. */
bool output_sync(struct output *o, struct err *err);

/* Syncs and closes; false as above. The buffer and the name are given back in
 * either case. */
bool output_finish(struct output *o, struct err *err);
void output_release(struct output *o); /* closes; writes nothing */
