/* What does a guest remember? Shared by the files that are the guest: guest.c
 * (lines, session commands) and guest_mail.c (mail transactions); nobody else
 * includes this. */
#pragma once

#include "sink/answers.h"
#include "sink/content.h"
#include "sink/guest.h"
#include "sink/login.h"
#include "sink/path.h"

enum {
    GUEST_PATHS_BYTES_MAX = (GUEST_RECIPIENTS_MAX + 1) * (PATH_BYTES_MAX + 1),
};

struct guest {
    const struct guest_house *house;
    uint64_t session;
    enum guest_phase phase;
    enum { GUEST_COMMAND, GUEST_LOGIN, GUEST_CONTENT, GUEST_CHUNK } mode;
    struct buf out;
    uint64_t said;    /* bytes ever appended to it */
    struct buf marks; /* uint64_t each */
    bool secure;
    bool greeted;  /* EHLO or HELO */
    bool extended; /* EHLO */
    bool logged_in;
    size_t behind; /* bytes that came behind the line under way */
    struct login_server login;
    unsigned taken; /* messages on this connection */

    char line[GUEST_LINE_BYTES_MAX]; /* one cut by the end of what came */
    size_t line_bytes;
    bool line_too_long;

    struct {
        bool open;
        bool smtputf8;
        bool chunked;        /* a BDAT was accepted */
        unsigned tried;      /* RCPTs */
        unsigned accepted;   /* of them */
        struct buf paths;    /* sender, recipients; each ended by an LF */
        size_t sender_bytes; /* with its LF */
        enum fault_end end;
    } mail;
    struct {
        uint64_t left;
        bool last;
        bool swallow;        /* refused, and told so behind it */
        enum answer refusal; /* with these words */
    } chunk;
    struct content content;
};

void guest_say(struct guest *g, enum answer answer);
/* The number stands behind the words. */
void guest_say_number(struct guest *g, enum answer answer, uint64_t number);
void guest_say_words(struct guest *g, const struct answer_words *words);
unsigned guest_offers(const struct guest *g); /* here and now */

/* guest_mail.c: commands, with what stands behind the verb. */
void guest_run_mail(struct guest *g, struct span arguments);
void guest_run_rcpt(struct guest *g, struct span arguments);
void guest_run_data(struct guest *g, struct span arguments);
void guest_run_bdat(struct guest *g, struct span arguments);
void guest_reset(struct guest *g); /* no transaction is open */
/* Take what they want off the front. */
void guest_take_content(struct guest *g, struct span *bytes);
void guest_take_chunk(struct guest *g, struct span *bytes);
