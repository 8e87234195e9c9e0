#include "record/evidence.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/json.h"
#include "base/mem.h"
#include "record/moment.h"
#include "record/output.h"

enum { SHA256_BYTES = 32 };

struct evidence {
    struct output output;
};

struct evidence *evidence_open(const char *path, bool goes_on, struct err *err)
{
    int fd = output_descriptor(path);
    if (fd == -2) {
        fd = goes_on ? output_continue(path) : output_create(path);
    }
    if (fd < 0) {
        output_not_made(path, err);
        return NULL;
    }
    struct evidence *e = mem_alloc_zero(1, sizeof *e);
    output_init(&e->output, fd, path);
    return e;
}

static void add_words(struct buf *out, const char *name, const char *text)
{
    json_add_text(out, name, span_of(text));
}

static void add_hex(struct buf *out, const char *name, struct span bytes)
{
    char text[2 * SHA256_BYTES];
    assert(bytes.len <= SHA256_BYTES);
    json_add_text(out, name, ascii_hex(bytes.data, bytes.len, text));
}

static void begin(struct buf *out, const char *type, uint64_t session,
                  int64_t time_ms)
{
    char time[40];
    json_open(out);
    add_words(out, "type", type);
    json_add_number(out, "session", session);
    json_add_text(out, "time", moment_text(time_ms, time));
}

static bool end(struct evidence *e, struct err *err)
{
    json_close(&e->output.gathered);
    buf_append_byte(&e->output.gathered, '\n');
    return output_turn(&e->output, err);
}

bool evidence_add_session(struct evidence *e, const struct evidence_session *s,
                          struct err *err)
{
    struct buf *out = &e->output.gathered;
    begin(out, "session", s->number, s->time_ms);
    json_add_text(out, "relay", s->relay);
    add_words(out, "version", s->version);
    add_words(out, "key_exchange", s->key_exchange);
    add_words(out, "cipher", s->cipher);
    add_words(out, "peer", s->peer);
    add_words(out, "verdict", s->verdict);
    add_words(out, "trust", s->trust);
    json_add_bool(out, "pinned", s->pinned);
    json_add_bool(out, "resumed", s->resumed);
    add_hex(out, "certificate_sha256", s->certificate_sha256);
    add_hex(out, "spki_sha256", s->key_sha256);
    if (s->end.len > 0) {
        json_add_text(out, "end", s->end);
    }
    return end(e, err);
}

bool evidence_add_message(struct evidence *e, const struct evidence_message *m,
                          struct err *err)
{
    struct buf *out = &e->output.gathered;
    begin(out, "message", m->session, m->time_ms);
    json_add_number(out, "line", m->line);
    json_add_text(out, "address", m->address);
    json_add_text(out, "message_id", m->message_id);
    json_add_number(out, "code", m->code);
    json_add_text(out, "reply", m->reply);
    return end(e, err);
}

bool evidence_flush(struct evidence *e, struct err *err)
{
    return output_flush(&e->output, err);
}

bool evidence_close(struct evidence *e, struct err *err)
{
    if (!e) {
        return true;
    }
    bool whole = output_finish(&e->output, err);
    free(e);
    return whole;
}
