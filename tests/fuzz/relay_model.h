/* What would a plain, honest relay make of what it hears and answers?
 *
 * Reads the client's bytes as they reach it, matches the fuzzer's replies
 * with its commands, and knows whom each letter was delivered to. Knows
 * nothing of the dialog: it is what the dialog's verdicts are held against.
 * Letter N comes from <sN@x>, to <rN.0@x>, <rN.1@x>…; any other sender is the
 * probe's. Aborts on bytes that no client may say. */
#pragma once

#include <stdbool.h>
#include <stdlib.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "smtp/reply.h"
#include "smtp/steps.h"

enum { MODEL_LETTERS = 32, MODEL_RECIPIENTS = 3, MODEL_AWAITED = 1024 };

enum { MODEL_PROBE = MODEL_LETTERS }; /* in place of a letter's number */

struct model_awaited {
    enum step step;
    unsigned letter, recipient;
    bool content_whole; /* as it was given, byte by byte */
};

struct model {
    struct buf heard; /* not yet understood */
    struct model_awaited awaited[MODEL_AWAITED];
    unsigned first, count;
    struct reply_parser parser;

    bool in_data, in_chunk, in_login;
    size_t chunk_bytes;
    unsigned said_letter; /* of the last MAIL */
    bool may_mail;        /* nothing is left of an earlier transaction */
    bool probed;          /* the probe was said, and its RSET not answered */
    bool chunk_run;       /* its chunk was answered as a command, too */

    bool open; /* a transaction, as far as it was answered */
    unsigned letter;
    bool accepted[MODEL_RECIPIENTS];

    bool over; /* the replies make no sense any more, or say goodbye */
    bool heard_whole[MODEL_LETTERS]; /* may be taken, whatever is answered */
    bool delivered[MODEL_LETTERS][MODEL_RECIPIENTS];
    void (*content_of)(unsigned letter, struct buf *out);
};

static inline void must(bool truth)
{
    if (!truth) {
        abort();
    }
}

static inline void model_await(struct model *m, enum step step)
{
    must(m->count < MODEL_AWAITED);
    m->awaited[(m->first + m->count++) % MODEL_AWAITED] =
        (struct model_awaited){.step = step, .letter = m->said_letter};
}

static inline struct model_awaited *model_newest(struct model *m)
{
    return &m->awaited[(m->first + m->count - 1) % MODEL_AWAITED];
}

static inline void model_init(struct model *m)
{
    *m = (struct model){.may_mail = true, .said_letter = MODEL_PROBE};
    buf_init(&m->heard, 1 << 24);
    reply_parser_init(&m->parser);
    model_await(m, STEP_GREETING);
}

static inline void model_release(struct model *m)
{
    buf_release(&m->heard);
    reply_parser_release(&m->parser);
}

/* --- what the client says --- */

static inline unsigned model_number(struct span *rest, char end)
{
    size_t at = span_find(*rest, end);
    uint64_t number;
    must(ascii_parse_number(span_slice(*rest, 0, at), 1 << 30, &number));
    *rest = span_rest(*rest, at);
    return (unsigned)number;
}

static inline void model_hear_mail(struct model *m, struct span line)
{
    must(m->may_mail); /* else the relay may send it from the last sender */
    m->may_mail = false;
    m->said_letter = MODEL_PROBE;
    if (span_starts(line, SPAN("MAIL FROM:<s"))) {
        struct span rest = span_rest(line, 12);
        m->said_letter = model_number(&rest, '@');
        must(m->said_letter < MODEL_LETTERS);
    }
    m->probed |= m->said_letter == MODEL_PROBE;
    model_await(m, STEP_MAIL);
}

static inline void model_hear_rcpt(struct model *m, struct span line)
{
    must(span_starts(line, SPAN("RCPT TO:<r")));
    struct span rest = span_rest(line, 10);
    must(model_number(&rest, '.') == m->said_letter);
    rest = span_rest(rest, 1);
    model_await(m, STEP_RCPT);
    model_newest(m)->recipient = model_number(&rest, '@');
}

static inline void model_hear_line(struct model *m, struct span line)
{
    enum step step = m->in_login ? STEP_AUTH : step_of_command(line);
    m->in_login = false;
    must(step != STEP_NONE && span_find(line, '\r') == line.len);
    m->may_mail |= step == STEP_RSET;
    if (step == STEP_MAIL) {
        model_hear_mail(m, line);
    } else if (step == STEP_RCPT) {
        model_hear_rcpt(m, line);
    } else if (step == STEP_BDAT) {
        struct span rest = span_rest(line, 5);
        m->chunk_bytes = model_number(&rest, ' ');
        must(span_equal(rest, SPAN(" LAST")));
        m->in_chunk = true;
    } else {
        model_await(m, step);
    }
}

static inline void model_take_content(struct model *m, enum step step,
                                      struct span content)
{
    struct buf given;
    buf_init(&given, 1 << 24);
    if (m->said_letter == MODEL_PROBE) {
        buf_append(&given, SPAN("XPROBE\r\n"));
    } else {
        m->content_of(m->said_letter, &given);
        m->heard_whole[m->said_letter] = true;
    }
    model_await(m, step);
    model_newest(m)->content_whole = span_equal(content, buf_span(&given));
    buf_release(&given);
}

/* True once the final dot was found, and the content with its dots undone. */
static inline bool model_unstuff(struct span heard, struct buf *content,
                                 size_t *taken_out)
{
    size_t at = 0;
    while (at < heard.len) {
        struct span rest = span_rest(heard, at);
        size_t end = span_find(rest, '\n');
        if (end == rest.len) {
            return false;
        }
        must(end > 0 && rest.data[end - 1] == '\r');
        at += end + 1;
        struct span line = span_slice(rest, 0, end + 1);
        if (span_equal(line, SPAN(".\r\n"))) {
            *taken_out = at;
            return true;
        }
        buf_append(content, span_rest(line, line.data[0] == '.' ? 1 : 0));
    }
    return false;
}

static inline bool model_hear_data(struct model *m)
{
    struct buf content;
    buf_init(&content, 1 << 24);
    size_t taken = 0;
    bool whole = model_unstuff(buf_span(&m->heard), &content, &taken);
    if (whole) {
        model_take_content(m, STEP_CONTENT, buf_span(&content));
        m->in_data = false;
        buf_drop_front(&m->heard, taken);
    }
    buf_release(&content);
    return whole;
}

static inline bool model_hear_chunk(struct model *m)
{
    if (m->heard.len < m->chunk_bytes) {
        return false;
    }
    model_take_content(m, STEP_BDAT,
                       span_slice(buf_span(&m->heard), 0, m->chunk_bytes));
    m->in_chunk = false;
    buf_drop_front(&m->heard, m->chunk_bytes);
    return true;
}

static inline bool model_hear_command(struct model *m)
{
    struct span heard = buf_span(&m->heard);
    size_t end = span_find(heard, '\n');
    if (end == heard.len) {
        return false;
    }
    must(end > 0 && heard.data[end - 1] == '\r');
    model_hear_line(m, span_slice(heard, 0, end - 1));
    buf_drop_front(&m->heard, end + 1);
    return true;
}

static inline void model_hear(struct model *m, struct span bytes)
{
    buf_append(&m->heard, bytes);
    while (!m->over && m->heard.len > 0 &&
           (m->in_data    ? model_hear_data(m)
            : m->in_chunk ? model_hear_chunk(m)
                          : model_hear_command(m))) {
    }
}

/* --- what is answered --- */

static inline void model_deliver(struct model *m, const struct model_awaited *a)
{
    for (unsigned i = 0; i < MODEL_RECIPIENTS; i++) {
        if (m->open && m->accepted[i] && m->letter != MODEL_PROBE) {
            must(a->letter == m->letter && a->content_whole);
            must(!m->delivered[m->letter][i]); /* nobody gets it twice */
            m->delivered[m->letter][i] = true;
        }
    }
    m->open = false;
    m->may_mail = true; /* lockstep says no RSET behind a success */
}

static inline void model_grant(struct model *m, const struct model_awaited *a)
{
    if (a->step == STEP_RCPT) {
        must(a->recipient < MODEL_RECIPIENTS);
        m->accepted[a->recipient] = true;
    } else if (a->step == STEP_CONTENT || a->step == STEP_BDAT) {
        model_deliver(m, a);
    } else if (a->step == STEP_MAIL || a->step == STEP_RSET ||
               a->step == STEP_EHLO) {
        m->open = a->step == STEP_MAIL;
        m->letter = a->letter;
        for (unsigned i = 0; i < MODEL_RECIPIENTS; i++) {
            m->accepted[i] = false;
        }
    }
}

static inline void model_answer(struct model *m, const struct reply *reply)
{
    if (m->count == 0 || reply->code == 421) {
        m->over = true;
        return;
    }
    struct model_awaited a = m->awaited[m->first];
    if (a.step == STEP_RSET && m->probed) {
        bool of_chunk = reply->code / 100 != 2 && !m->chunk_run;
        m->probed = m->chunk_run = of_chunk;
        if (of_chunk) {
            return;
        }
    }
    m->first = (m->first + 1) % MODEL_AWAITED;
    m->count--;
    if (reply->code / 100 == 2) {
        model_grant(m, &a);
    }
    m->in_login = a.step == STEP_AUTH && reply->code / 100 == 3;
    m->in_data = a.step == STEP_DATA && reply->code / 100 == 3;
    must(!m->in_data || m->heard.len == 0); /* who speaks before the 354? */
    m->over = a.step == STEP_QUIT;
}

static inline void model_say(struct model *m, struct span bytes)
{
    struct reply reply;
    while (!m->over && bytes.len > 0) {
        enum reply_result result = reply_parse(&m->parser, &bytes, &reply);
        if (result == REPLY_PARTIAL) {
            return;
        }
        m->over = result == REPLY_MALFORMED;
        if (result == REPLY_WHOLE) {
            model_answer(m, &reply);
        }
    }
}
