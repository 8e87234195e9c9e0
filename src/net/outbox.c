#include "net/outbox.h"

#include <assert.h>

#include "net/tls.h"

enum {
    /* Unsent bytes, handshake messages, and answers to what a hostile peer
     * asks while it does not read. */
    READY_MAX = 1024 * 1024,
    COMPACT_FROM = 16 * 1024,
    /* As much again may be sealed already and not yet moved away. */
    SAID_MAX = OUTBOX_BYTES_MAX * 2 + COMPACT_FROM,
};

void outbox_init(struct outbox *o)
{
    *o = (struct outbox){0};
    buf_init(&o->said, SAID_MAX);
    buf_init(&o->ready, READY_MAX);
}

void outbox_release(struct outbox *o)
{
    buf_release(&o->said);
    buf_release(&o->ready);
}

void outbox_secure(struct outbox *o)
{
    o->secure = true;
    o->sealed = 0;
    o->handed = 0;
}

void outbox_open(struct outbox *o, struct tls *tls)
{
    o->tls = tls;
}

/* A cursor moves over the bytes. */
static void advance(struct buf *b, size_t *from, size_t bytes)
{
    *from += bytes;
    assert(*from <= b->len);
    if (*from == b->len) {
        buf_clear(b);
        *from = 0;
    }
}

/* Before more come: they are moved themselves only where that frees more than
 * it costs. */
static void make_room(struct buf *b, size_t *from)
{
    if (*from >= COMPACT_FROM && *from >= b->len / 2) {
        buf_drop_front(b, *from);
        *from = 0;
    }
}

static size_t backlog(const struct outbox *o)
{
    return o->said.len - o->said_from + o->ready.len - o->ready_from;
}

size_t outbox_room(const struct outbox *o)
{
    size_t bytes = backlog(o);
    return bytes < OUTBOX_BYTES_MAX ? OUTBOX_BYTES_MAX - bytes : 0;
}

bool outbox_unsealed(const struct outbox *o)
{
    return o->said.len > o->said_from;
}

static void note_record(struct outbox *o)
{
    unsigned at = (o->first + o->count) % OUTBOX_RECORDS;
    o->records[at] = (struct outbox_record){
        .plain_end = o->sealed,
        .sealed_end = o->sent + o->ready.len - o->ready_from,
    };
    o->count++;
}

/* While there are that many bytes of it. */
static bool seal(struct outbox *o, size_t least)
{
    make_room(&o->ready, &o->ready_from);
    while (o->tls && o->said.len - o->said_from >= least &&
           o->count < OUTBOX_RECORDS &&
           o->ready.len - o->ready_from < OUTBOX_SEALED_MAX) {
        struct err why; /* a write that failed: what was read tells more */
        size_t taken;
        struct span rest = span_rest(buf_span(&o->said), o->said_from);
        if (!tls_write(o->tls, rest, &taken, &why)) {
            return false;
        }
        o->sealed += taken;
        advance(&o->said, &o->said_from, taken);
        note_record(o);
    }
    return true;
}

bool outbox_seal(struct outbox *o)
{
    return seal(o, 1);
}

bool outbox_say(struct outbox *o, struct buf *plain)
{
    size_t room = outbox_room(o);
    size_t bytes = plain->len < room ? plain->len : room;
    struct buf *to = o->secure ? &o->said : &o->ready;
    if (to->len == 0 && bytes == plain->len) {
        buf_swap(to, plain);
    } else {
        make_room(to, o->secure ? &o->said_from : &o->ready_from);
        buf_append(to, span_from(plain->data, bytes));
        assert(!to->overflowed);
        buf_drop_front(plain, bytes);
    }
    return seal(o, TLS_RECORD_BYTES);
}

struct span outbox_ready(const struct outbox *o)
{
    return span_rest(buf_span(&o->ready), o->ready_from);
}

void outbox_sent(struct outbox *o, size_t bytes)
{
    o->sent += bytes;
    advance(&o->ready, &o->ready_from, bytes);
    if (!o->secure) {
        o->handed += bytes;
    }
    while (o->count > 0 && o->records[o->first].sealed_end <= o->sent) {
        o->handed = o->records[o->first].plain_end;
        o->first = (o->first + 1) % OUTBOX_RECORDS;
        o->count--;
    }
}

void outbox_discard(struct outbox *o)
{
    buf_clear(&o->said);
    buf_clear(&o->ready);
    o->said_from = 0;
    o->ready_from = 0;
    o->count = 0;
}

uint64_t outbox_handed(const struct outbox *o)
{
    return o->handed;
}
