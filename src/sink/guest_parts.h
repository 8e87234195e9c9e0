/* What does a guest remember? Shared by the files that are the guest: guest.c
 * (lines, session commands), guest_login.c (AUTH), guest_mail.c (envelopes),
 * guest_content.c (contents) and guest_script.c (scripts); nobody else includes
 * this. */
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
    struct buf marks; /* struct guest_mark each */
    bool secure;
    bool greeted;  /* EHLO or HELO */
    bool extended; /* EHLO */
    bool logged_in;
    size_t behind; /* bytes that came behind the line under way */
    struct login_server login;
    struct buf unique; /* what the login is bound to */
    struct buf exporter;
    unsigned taken; /* messages on this connection */
    unsigned mails; /* MAIL commands */
    size_t scene;   /* of the script: its next line */

    char line[GUEST_LINE_BYTES_MAX]; /* one cut by the end of what came */
    size_t line_bytes;
    bool line_too_long;

    struct {
        bool open;
        bool smtputf8;
        bool requiretls;
        bool chunked;              /* a BDAT was accepted */
        unsigned tried;            /* RCPTs */
        unsigned accepted;         /* of them */
        struct buf paths;          /* sender, recipients; each ended by an LF */
        size_t sender_bytes;       /* with its LF */
        const struct fault *fault; /* that befalls the content; or NULL */
        uint64_t window;           /* of the throttle; 0: counts in none */
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
/* That stands behind the words. */
void guest_say_with(struct guest *g, enum answer answer, struct span behind);
void guest_say_words(struct guest *g, const struct answer_words *words);
void guest_say_line(struct guest *g, struct span line); /* adds the CRLF */
void guest_add_mark(struct guest *g, uint64_t wait_ms, bool final);
void guest_finish_with(struct guest *g, enum answer answer); /* and close */
unsigned guest_offers(const struct guest *g);                /* here and now */

/* guest_login.c. */
void guest_furnish_login(struct guest *g);
void guest_say_mechanisms(struct guest *g); /* a line of EHLO's reply */
void guest_run_auth(struct guest *g, struct span arguments);
void guest_go_on_logging_in(struct guest *g, struct span line);

/* guest_mail.c: commands, with what stands behind the verb. */
void guest_run_mail(struct guest *g, struct span arguments);
void guest_run_rcpt(struct guest *g, struct span arguments);
void guest_reset(struct guest *g); /* no transaction is open */
void guest_cut(struct guest *g);   /* as a fault asks */
/* The last word on a recipient; `code` is empty where nothing is said. */
void guest_judge(struct guest *g, struct span address, bool at_content,
                 struct span code, bool taken);

/* guest_content.c. */
void guest_run_data(struct guest *g, struct span arguments);
void guest_run_bdat(struct guest *g, struct span arguments);
/* "n" or "n LAST" (RFC 3030 2). */
bool guest_read_chunk(struct span arguments, uint64_t *bytes_out,
                      bool *last_out);
/* Take what they want off the front. */
void guest_take_content(struct guest *g, struct span *bytes);
void guest_take_chunk(struct guest *g, struct span *bytes);

/* guest_script.c: the guest only plays. */
void guest_play(struct guest *g); /* all lines that are due now */
void guest_play_line(struct guest *g, struct span line); /* one came */
void guest_play_content(struct guest *g); /* a content or a chunk came whole */
