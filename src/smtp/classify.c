#include "smtp/classify.h"

#include <string.h>

#include "base/ascii.h"
#include "smtp/classify_rules.h"

/* What a reply is about stands near its start; the rest is not looked at, so
 * that no relay can make us search for long. */
enum { READ_BYTES_MAX = 4096, GAP_BYTES_MAX = 40 };

/* --- the words of a reply --- */

/* Words in lower case, each with one blank before it and behind it, without
 * addresses: whose mailbox it is tells nothing, and may say anything. */
struct words {
    char text[READ_BYTES_MAX + 2];
    size_t len;
};

static bool of_word(char c)
{
    return ascii_is_alnum(c) || !ascii_is_ascii(c);
}

static void add_byte(struct words *w, char c)
{
    if (of_word(c)) {
        w->text[w->len++] = ascii_lower(c);
    } else if (w->text[w->len - 1] != ' ') {
        w->text[w->len++] = ' ';
    }
}

/* The length of what stands at the start and goes together: a path in angle
 * brackets, or all up to the next blank. */
static size_t token_length(struct span s)
{
    bool path = s.data[0] == '<';
    bool quoted = false;
    size_t at = 0;
    while (at < s.len) {
        char c = s.data[at++];
        if (path && c == '"') {
            quoted = !quoted;
        } else if (!quoted && (ascii_is_blank(c) || (path && c == '>'))) {
            break;
        }
    }
    return at;
}

static void read_words(struct span text, struct words *w)
{
    text = span_slice(text, 0,
                      text.len < READ_BYTES_MAX ? text.len : READ_BYTES_MAX);
    w->text[0] = ' ';
    w->len = 1;
    while (text.len > 0) {
        struct span token = span_slice(text, 0, token_length(text));
        text = span_rest(text, token.len);
        bool address = span_find(token, '@') < token.len;
        for (size_t i = 0; i < token.len && !address; i++) {
            add_byte(w, token.data[i]);
        }
        add_byte(w, ' ');
    }
}

/* Where the part ends, looked for from `from` up to `to`; 0: nowhere. */
static size_t find_part(const struct words *w, struct span part, size_t from,
                        size_t to)
{
    const char *at = memmem(w->text + from, to - from, part.data, part.len);
    return at ? (size_t)(at - w->text) + part.len : 0;
}

static bool find_behind(const struct words *w, struct span rest, size_t from)
{
    while (rest.len > 0) {
        size_t star = span_find(rest, '*');
        struct span part = span_slice(rest, 0, star);
        size_t to = from + GAP_BYTES_MAX + part.len;
        from = find_part(w, part, from, to < w->len ? to : w->len);
        if (from == 0) {
            return false;
        }
        rest = span_rest(rest, star < rest.len ? star + 1 : star);
    }
    return true;
}

static bool says(const struct words *w, struct span phrase)
{
    size_t star = span_find(phrase, '*');
    struct span first = span_slice(phrase, 0, star);
    struct span rest = span_rest(phrase, star < phrase.len ? star + 1 : star);
    size_t from = 0;
    while ((from = find_part(w, first, from, w->len)) > 0) {
        if (find_behind(w, rest, from)) {
            return true;
        }
    }
    return false;
}

static bool says_any(const struct words *w, const char *phrases)
{
    struct span rest = span_of(phrases);
    while (rest.len > 0) {
        size_t end = span_find(rest, '|');
        if (says(w, span_slice(rest, 0, end))) {
            return true;
        }
        rest = span_rest(rest, end < rest.len ? end + 1 : end);
    }
    return false;
}

/* --- codes --- */

static struct span next_code(struct span *rest)
{
    size_t end = span_find(*rest, ' ');
    struct span code = span_slice(*rest, 0, end);
    *rest = span_rest(*rest, end < rest->len ? end + 1 : end);
    return code;
}

static bool fits_code(const char *codes, unsigned code)
{
    const char digits[3] = {
        (char)('0' + code / 100 % 10),
        (char)('0' + code / 10 % 10),
        (char)('0' + code % 10),
    };
    struct span rest = span_of(codes);
    while (rest.len > 0) {
        struct span wanted = next_code(&rest);
        bool fits = true;
        for (size_t i = 0; i < 3; i++) {
            fits &= wanted.data[i] == '.' || wanted.data[i] == digits[i];
        }
        if (fits) {
            return true;
        }
    }
    return false;
}

/* A wanted ".7." fits any detail of its subject, ".7.1" that one alone. */
static bool fits_enhanced(const char *wanted, struct span enhanced)
{
    struct span have = span_rest(enhanced, enhanced.len > 0 ? 1 : 0);
    struct span rest = span_of(wanted);
    while (rest.len > 0) {
        struct span one = next_code(&rest);
        if (span_equal(have, one) ||
            (span_ends(one, SPAN(".")) && span_starts(have, one))) {
            return true;
        }
    }
    return false;
}

/* Many servers set it off with marks that RFC 2034 does not know: "#5.1.1",
 * "(#5.1.1)", "5.1.1:". Good enough to understand them by. */
static struct span loose_enhanced(const struct reply *reply)
{
    struct span text = reply->text;
    size_t most = text.len < READ_BYTES_MAX ? text.len : READ_BYTES_MAX;
    for (size_t at = 0; at + 5 <= most; at++) {
        bool set_off = at == 0 || text.data[at - 1] == '#' ||
                       text.data[at - 1] == '(' || text.data[at - 1] == '[';
        size_t len = 0;
        while (set_off && at + len < most &&
               (ascii_is_digit(text.data[at + len]) ||
                text.data[at + len] == '.')) {
            len++;
        }
        struct span code =
            reply_enhanced(reply->code, span_slice(text, at, at + len));
        if (code.len > 0) {
            return code;
        }
    }
    return span_slice(text, 0, 0);
}

/* An enhanced code in front that is of another class. */
static bool contradicts_itself(const struct reply *reply)
{
    static const unsigned classes[] = {2, 4, 5}; /* RFC 3463 2 */
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
        if (classes[i] != reply->code / 100 && reply->code / 100 != 3 &&
            reply_enhanced(classes[i] * 100, reply->text).len > 0) {
            return true;
        }
    }
    return false;
}

static enum severity severity_of(const struct reply *reply)
{
    static const enum severity by_digit[] = {
        [0] = SEVERITY_PROTOCOL,  [1] = SEVERITY_PROTOCOL,
        [2] = SEVERITY_SUCCESS,   [3] = SEVERITY_SUCCESS,
        [4] = SEVERITY_TRANSIENT, [5] = SEVERITY_PERMANENT,
    };
    return reply->code > 599 || contradicts_itself(reply)
               ? SEVERITY_PROTOCOL
               : by_digit[reply->code / 100];
}

/* --- the table --- */

static const struct classify_rule *find_rule(const struct classify_table *table,
                                             enum step step,
                                             const struct reply *reply,
                                             const struct words *words)
{
    struct span enhanced =
        reply->enhanced.len > 0 ? reply->enhanced : loose_enhanced(reply);
    for (size_t i = 0; i < table->count; i++) {
        const struct classify_rule *r = &table->rules[i];
        if ((r->steps == 0 || r->steps & 1u << step) &&
            (!r->codes || fits_code(r->codes, reply->code)) &&
            (!r->enhanced || fits_enhanced(r->enhanced, enhanced)) &&
            (!r->words || says_any(words, r->words))) {
            return r;
        }
    }
    return NULL;
}

static const struct classify_rule *first_match(enum step step,
                                               const struct reply *reply)
{
    struct words words;
    read_words(reply->text, &words);
    const struct classify_rule *rule =
        find_rule(&classify_by_words, step, reply, &words);
    return rule ? rule : find_rule(&classify_by_codes, step, reply, &words);
}

/* Whom a reply touches that says no more than at which step it came; of an
 * unknown step the code tells (RFC 5321 4.2.3). */
static enum scope scope_of_step(enum step step, unsigned code)
{
    static const enum scope by_step[STEPS] = {
        [STEP_AUTH] = SCOPE_ACCOUNT,   [STEP_MAIL] = SCOPE_SENDER,
        [STEP_RCPT] = SCOPE_RECIPIENT, [STEP_DATA] = SCOPE_MESSAGE,
        [STEP_BDAT] = SCOPE_MESSAGE,   [STEP_CONTENT] = SCOPE_MESSAGE,
    };
    if (step == STEP_NONE) {
        return fits_code("450 550 551 553 556", code)   ? SCOPE_RECIPIENT
               : fits_code("421 500 502 503 504", code) ? SCOPE_SESSION
                                                        : SCOPE_MESSAGE;
    }
    if (step == STEP_MAIL && code / 100 == 4) {
        return SCOPE_RELAY; /* it cannot now: nothing against the sender */
    }
    if ((AT_SETUP & 1u << step) != 0) {
        return code / 100 == 5 ? SCOPE_RELAY : SCOPE_SESSION;
    }
    return by_step[step];
}

/* Steps at which a reply can speak of such a thing at all: before RCPT no
 * recipient was named, and before MAIL there is no message. */
static bool can_touch(enum touches touches, enum step step)
{
    if (touches == TOUCHES_RECIPIENT) {
        return (AT_ADDRESSED & 1u << step) != 0;
    }
    return touches != TOUCHES_MESSAGE || (AT_SETUP & 1u << step) == 0;
}

static enum scope scope_of(const struct classify_rule *rule, enum step step,
                           unsigned code)
{
    static const enum scope by_touch[] = {
        [TOUCHES_RECIPIENT] = SCOPE_RECIPIENT,
        [TOUCHES_MESSAGE] = SCOPE_MESSAGE,
        [TOUCHES_SESSION] = SCOPE_SESSION,
        [TOUCHES_ACCOUNT] = SCOPE_ACCOUNT,
        [TOUCHES_SENDER] = SCOPE_SENDER,
        [TOUCHES_RELAY] = SCOPE_RELAY,
    };
    /* The server closes: whatever its reason, it judged nothing else. */
    if (code == 421 && !(rule && rule->quota)) {
        return SCOPE_SESSION;
    }
    return rule && rule->touches != TOUCHES_BY_STEP &&
                   can_touch(rule->touches, step)
               ? by_touch[rule->touches]
               : scope_of_step(step, code);
}

/* RFC 5321 4.5.3.1.10: 552 to a RCPT is to be taken as if it were 452. */
static bool is_552_of_recipient(const struct finding *f, enum step step,
                                unsigned code)
{
    return code == 552 && f->scope == SCOPE_RECIPIENT &&
           (step == STEP_RCPT || step == STEP_NONE);
}

/* Not said by a server, but found by us before we asked. */
static struct finding classify_local(enum step step, const struct reply *reply)
{
    const struct classify_rule *rule = first_match(step, reply);
    return (struct finding){
        .severity = reply->enhanced.data[0] == '4' ? SEVERITY_TRANSIENT
                                                   : SEVERITY_PERMANENT,
        .scope = SCOPE_LOCAL,
        .class = rule ? rule->class : CLASS_OTHER,
        .retry = reply->enhanced.data[0] == '4',
    };
}

struct finding classify(enum step step, const struct reply *reply)
{
    if (reply->code == 0 && reply->enhanced.len > 0) {
        return classify_local(step, reply);
    }
    struct finding f = {
        .severity = severity_of(reply),
        .scope = scope_of_step(step, reply->code),
        .class = CLASS_OTHER,
    };
    if (reply->code < 200 || reply->code > 599) {
        f.scope = SCOPE_SESSION; /* a server that speaks so has lost step */
        return f;
    }
    if (reply->code < 400) {
        return f;
    }
    const struct classify_rule *rule = first_match(step, reply);
    f.scope = scope_of(rule, step, reply->code);
    f.class = rule ? rule->class : CLASS_OTHER;
    f.quota = rule && rule->quota;
    f.retry = f.severity != SEVERITY_PROTOCOL &&
              (f.severity == SEVERITY_TRANSIENT || f.quota ||
               f.class == CLASS_RATELIMIT ||
               is_552_of_recipient(&f, step, reply->code));
    return f;
}

/* --- names --- */

const char *scope_name(enum scope s)
{
    static const char *const names[] = {
        [SCOPE_RECIPIENT] = "recipient", [SCOPE_MESSAGE] = "message",
        [SCOPE_SESSION] = "session",     [SCOPE_ACCOUNT] = "account",
        [SCOPE_SENDER] = "sender",       [SCOPE_RELAY] = "relay",
        [SCOPE_LOCAL] = "local",
    };
    return names[s];
}

enum scope scope_named(struct span name)
{
    enum scope s = SCOPE_RECIPIENT;
    while (s < SCOPE_LOCAL && !span_equal(name, span_of(scope_name(s)))) {
        s++;
    }
    return s;
}

const char *severity_name(enum severity s)
{
    static const char *const names[] = {
        [SEVERITY_SUCCESS] = "success",
        [SEVERITY_TRANSIENT] = "transient",
        [SEVERITY_PERMANENT] = "permanent",
        [SEVERITY_PROTOCOL] = "protocol",
    };
    return names[s];
}

const char *failure_class_name(enum failure_class c)
{
    static const char *const names[] = {
        [CLASS_USERUNKNOWN] = "userunknown",
        [CLASS_MAILBOXFULL] = "mailboxfull",
        [CLASS_SUSPEND] = "suspend",
        [CLASS_HOSTUNKNOWN] = "hostunknown",
        [CLASS_POLICY] = "policy",
        [CLASS_SPAM] = "spam",
        [CLASS_CONTENT] = "content",
        [CLASS_TOOBIG] = "toobig",
        [CLASS_RATELIMIT] = "ratelimit",
        [CLASS_AUTH] = "auth",
        [CLASS_NETWORK] = "network",
        [CLASS_OTHER] = "other",
    };
    return names[c];
}
