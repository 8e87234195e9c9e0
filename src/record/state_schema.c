/* What stands in a state file? mailshot.5 says it to people. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/descriptor.h"
#include "base/mem.h"
#include "record/folder.h"
#include "record/nameless.h"
#include "record/state_parts.h"

#define NUMBER_TEXT(number) #number
#define PRAGMA(name, number) "PRAGMA " name " = " NUMBER_TEXT(number) ";"

/* Times are milliseconds since 1970. No index stands on the rows: they are
 * only ever appended while letters leave, so that a commit touches few pages;
 * a run that goes on makes one for itself, in its temporary database. */
/* clang-format off */
const char state_schema[] =
    PRAGMA("application_id", 0x6d736874)
    PRAGMA("user_version", 1)
    "CREATE TABLE mailing("
    " id INTEGER PRIMARY KEY,"
    " campaign TEXT NOT NULL UNIQUE,"
    " message_id_key BLOB NOT NULL,"
    " template TEXT NOT NULL,"
    " options TEXT NOT NULL,"
    " rows INTEGER NOT NULL DEFAULT 0,"
    " invalid INTEGER NOT NULL DEFAULT 0,"
    " duplicate INTEGER NOT NULL DEFAULT 0,"
    " suppressed INTEGER NOT NULL DEFAULT 0,"
    " began INTEGER NOT NULL,"
    " resumed INTEGER NOT NULL,"
    " checksum INTEGER NOT NULL) STRICT;"
    "CREATE TABLE delivery("
    " id INTEGER PRIMARY KEY,"
    " mailing INTEGER NOT NULL REFERENCES mailing,"
    " key TEXT NOT NULL,"
    " ordinal INTEGER NOT NULL,"
    " line INTEGER NOT NULL,"
    " address TEXT NOT NULL,"
    " status TEXT NOT NULL,"
    " code INTEGER NOT NULL,"
    " enhanced TEXT NOT NULL,"
    " scope TEXT NOT NULL,"
    " reply TEXT NOT NULL,"
    " attempts INTEGER NOT NULL,"
    " message_id TEXT NOT NULL,"
    " relay TEXT NOT NULL,"
    " tls TEXT NOT NULL,"
    " time INTEGER NOT NULL,"
    " checksum INTEGER NOT NULL) STRICT;"
    "CREATE TABLE attempt("
    " id INTEGER PRIMARY KEY,"
    " delivery INTEGER NOT NULL REFERENCES delivery,"
    " status TEXT NOT NULL,"
    " code INTEGER NOT NULL,"
    " enhanced TEXT NOT NULL,"
    " scope TEXT NOT NULL,"
    " reply TEXT NOT NULL,"
    " relay TEXT NOT NULL,"
    " time INTEGER NOT NULL) STRICT;"
    "CREATE TABLE settlement("
    " id INTEGER PRIMARY KEY,"
    " delivery INTEGER NOT NULL REFERENCES delivery,"
    " status TEXT NOT NULL,"
    " who TEXT NOT NULL,"
    " time INTEGER NOT NULL) STRICT;"
    "CREATE TABLE suppression("
    " key TEXT PRIMARY KEY,"
    " address TEXT NOT NULL,"
    " reason TEXT NOT NULL,"
    " source TEXT NOT NULL,"
    " time INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE learned("
    " relay TEXT PRIMARY KEY,"
    " letters INTEGER NOT NULL,"
    " recipients INTEGER NOT NULL,"
    " sessions INTEGER NOT NULL,"
    " stream_unfit INTEGER NOT NULL,"
    " time INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE begun("
    " minute INTEGER NOT NULL,"
    " ahead INTEGER NOT NULL,"
    " seen INTEGER NOT NULL DEFAULT 0,"
    " messages INTEGER NOT NULL,"
    " PRIMARY KEY(minute, ahead)) STRICT, WITHOUT ROWID;";
/* clang-format on */

/* The bytes of an empty state. */
static unsigned char *make_image(const char *path, size_t *bytes_out,
                                 struct err *err)
{
    sqlite3 *db = NULL;
    sqlite3_int64 bytes = 0;
    unsigned char *image = NULL;
    if (sqlite3_open(":memory:", &db) == SQLITE_OK &&
        state_do(db, path, state_schema, err)) {
        image = sqlite3_serialize(db, "main", &bytes, 0);
    } else if (err->status == 0) {
        state_fault(db, path, err);
    }
    if (!image && err->status == 0) {
        mem_exhausted();
    }
    sqlite3_close(db);
    *bytes_out = (size_t)bytes;
    return image;
}

static bool create_from(struct span image, const char *path)
{
    char *temporary;
    int fd = nameless_create(path, &temporary);
    bool fine = fd >= 0 && descriptor_write(fd, image) && fsync(fd) == 0 &&
                nameless_appear(fd, path, &temporary) && folder_sync(path);
    int error = errno;
    if (fd >= 0) {
        close(fd);
    }
    if (temporary) {
        (void)unlink(temporary);
    }
    free(temporary);
    errno = error;
    return fine;
}

bool state_create(const char *path, struct err *err)
{
    size_t bytes;
    unsigned char *image = make_image(path, &bytes, err);
    if (!image) {
        return false;
    }
    bool fine = create_from(span_from((const char *)image, bytes), path);
    if (!fine) {
        err_set(err, EX_CANTCREAT, "%s: cannot be made: %s", path,
                strerror(errno));
    }
    sqlite3_free(image);
    return fine;
}
