#include "list/address.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/ascii.h"
#include "base/utf8.h"

struct range {
    uint32_t first;
    uint32_t last;
};

/* White space outside ASCII (White_Space of Unicode). */
static const struct range blanks[] = {
    {0x00a0, 0x00a0}, {0x1680, 0x1680}, {0x2000, 0x200a}, {0x2028, 0x2029},
    {0x202f, 0x202f}, {0x205f, 0x205f}, {0x3000, 0x3000},
};

/* What nobody sees, or what makes others be seen in another order, or what
 * stands for no character at all: RFC 6531 would let it pass, but an address
 * that holds it is not the one that it seems to be. The joiners U+200C and
 * U+200D stay: scripts and emoji need them. */
static const struct range unseen[] = {
    {0x00ad, 0x00ad},   /* soft hyphen */
    {0x034f, 0x034f},   /* grapheme joiner */
    {0x061c, 0x061c},   /* Arabic letter mark */
    {0x115f, 0x1160},   /* Hangul fillers */
    {0x17b4, 0x17b5},   /* Khmer inherent vowels */
    {0x180e, 0x180e},   /* Mongolian vowel separator */
    {0x200b, 0x200b},   /* zero width space */
    {0x200e, 0x200f},   /* direction marks */
    {0x202a, 0x202e},   /* embeddings and overrides */
    {0x2060, 0x206f},   /* invisible operators, isolates, old format controls */
    {0x3164, 0x3164},   /* Hangul filler */
    {0xfdd0, 0xfdef},   /* noncharacters */
    {0xfeff, 0xfeff},   /* BOM inside a text */
    {0xffa0, 0xffa0},   /* half-width Hangul filler */
    {0xfff0, 0xfffd},   /* interlinear annotation, lost characters */
    {0x1d173, 0x1d17a}, /* musical format controls */
    {0xe0000, 0xe00ff}, /* tags */
};

static bool in_ranges(uint32_t point, const struct range *ranges, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (point >= ranges[i].first && point <= ranges[i].last) {
            return true;
        }
    }
    return false;
}

/* The last two code points of each plane are noncharacters. */
static enum address_fault point_fault(uint32_t point)
{
    if (in_ranges(point, blanks, sizeof blanks / sizeof *blanks)) {
        return ADDRESS_BLANK;
    }
    if ((point & 0xfffe) == 0xfffe ||
        in_ranges(point, unseen, sizeof unseen / sizeof *unseen)) {
        return ADDRESS_CONTROL;
    }
    return ADDRESS_FINE;
}

/* What no part may hold: bytes that are no UTF-8, controls, and white space
 * outside ASCII. */
static enum address_fault text_fault(struct span text)
{
    struct ascii_facts facts = ascii_look(text);
    if (!facts.control && !facts.high) {
        return ADDRESS_FINE;
    }
    if (!utf8_valid(text)) {
        return ADDRESS_NOT_UTF8;
    }
    enum address_fault fault = ADDRESS_FINE;
    for (size_t i = 0; i < text.len;) {
        uint32_t point = 0;
        i += utf8_next(span_rest(text, i), &point);
        if (point < 0x20 || (point >= 0x7f && point < 0xa0)) {
            return ADDRESS_CONTROL;
        }
        if (point >= 0x80 && point_fault(point) == ADDRESS_BLANK) {
            fault = ADDRESS_BLANK;
        }
    }
    return fault;
}

/* RFC 5322 3.2.3 atext; RFC 6531 3.3 adds all that is not ASCII. */
static bool is_atext(char c)
{
    static const char others[] = "!#$%&'*+-/=?^_`{|}~";
    return ascii_is_alnum(c) || !ascii_is_ascii(c) ||
           memchr(others, c, sizeof others - 1) != NULL;
}

static enum address_fault character_fault(char c)
{
    static const struct {
        char character;
        enum address_fault fault;
    } known[] = {
        {' ', ADDRESS_BLANK},        {'\t', ADDRESS_BLANK},
        {'(', ADDRESS_COMMENT},      {')', ADDRESS_COMMENT},
        {'<', ADDRESS_DISPLAY_NAME}, {'>', ADDRESS_DISPLAY_NAME},
        {'"', ADDRESS_QUOTE_STRAY},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (known[i].character == c) {
            return known[i].fault;
        }
    }
    return ADDRESS_LOCAL_CHARACTER;
}

/* Dot-string = Atom *("." Atom) */
static enum address_fault dot_string_fault(struct span local)
{
    for (size_t i = 0; i < local.len; i++) {
        if (local.data[i] != '.') {
            if (!is_atext(local.data[i])) {
                return character_fault(local.data[i]);
            }
        } else if (i == 0) {
            return ADDRESS_DOT_FIRST;
        } else if (i + 1 == local.len) {
            return ADDRESS_DOT_LAST;
        } else if (local.data[i - 1] == '.') {
            return ADDRESS_TWO_DOTS;
        }
    }
    return ADDRESS_FINE;
}

/* quoted-pairSMTP = "\" and one of ASCII 32 to 126: RFC 6531 widens qtextSMTP
 * alone. Controls have been refused before. */
static enum address_fault quoted_string_fault(struct span local)
{
    for (size_t i = 1; i + 1 < local.len; i++) {
        if (local.data[i] == '\\' && !ascii_is_ascii(local.data[++i])) {
            return ADDRESS_LOCAL_CHARACTER;
        }
    }
    return ADDRESS_FINE;
}

static enum address_fault local_fault(const struct address *a)
{
    if (a->local.len == 0) {
        return ADDRESS_NO_LOCAL;
    }
    enum address_fault fault =
        a->quoted ? quoted_string_fault(a->local) : dot_string_fault(a->local);
    for (size_t i = 0; i < a->local.len && !fault && !a->local_ascii;) {
        uint32_t point = 0;
        i += utf8_next(span_rest(a->local, i), &point);
        fault = point_fault(point);
    }
    return fault;
}

/* Only what is no domain at all; the rest is list/domain's to say. */
static enum address_fault domain_fault(struct span domain)
{
    if (domain.len == 0) {
        return ADDRESS_NO_DOMAIN;
    }
    if (domain.data[0] == '[') {
        return ADDRESS_LITERAL;
    }
    for (size_t i = 0; i < domain.len; i++) {
        char c = domain.data[i];
        if (ascii_is_alnum(c) || c == '.' || c == '-') {
            continue;
        }
        enum address_fault fault = character_fault(c);
        if (fault != ADDRESS_LOCAL_CHARACTER && fault != ADDRESS_QUOTE_STRAY) {
            return fault;
        }
    }
    return ADDRESS_FINE;
}

/* Index behind the closing quote; 0: it never closes. */
static size_t quoted_end(struct span text)
{
    for (size_t i = 1; i < text.len; i++) {
        if (text.data[i] == '\\') {
            i++;
        } else if (text.data[i] == '"') {
            return i + 1;
        }
    }
    return 0;
}

/* Where the @ stands that ends the local part. */
static enum address_fault find_at(struct span text, bool quoted, size_t *at_out)
{
    if (!quoted) {
        *at_out = span_find(text, '@');
        if (*at_out == text.len) {
            return ADDRESS_NO_AT;
        }
        size_t angle = span_find(span_slice(text, 0, *at_out), '<');
        return angle < *at_out ? ADDRESS_DISPLAY_NAME : ADDRESS_FINE;
    }
    size_t end = quoted_end(text);
    if (end == 0) {
        return ADDRESS_QUOTE_OPEN;
    }
    *at_out = end;
    struct span rest = span_rest(text, end);
    if (span_find(rest, '@') == 0 && rest.len > 0) {
        return ADDRESS_FINE;
    }
    if (span_find(rest, '<') < rest.len) {
        return ADDRESS_DISPLAY_NAME;
    }
    return span_find(rest, '@') == rest.len ? ADDRESS_NO_AT
                                            : ADDRESS_QUOTE_STRAY;
}

/* What is sent is the domain in A-labels, which can be shorter than it is in
 * UTF-8: the path of one outside ASCII is measured when they are known. */
static enum address_fault length_fault(struct span text,
                                       const struct address *a)
{
    if (a->local.len > ADDRESS_LOCAL_BYTES_MAX) {
        return ADDRESS_LOCAL_TOO_LONG;
    }
    return text.len > ADDRESS_PATH_BYTES_MAX && ascii_only(a->domain)
               ? ADDRESS_TOO_LONG
               : ADDRESS_FINE;
}

enum address_fault address_parse(struct span text, struct address *out)
{
    *out = (struct address){0};
    text = span_trim(text);
    if (text.len == 0) {
        return ADDRESS_EMPTY;
    }
    enum address_fault fault = text_fault(text);
    if (fault) {
        return fault;
    }
    struct address a = {.quoted = text.data[0] == '"'};
    size_t at = 0;
    fault = find_at(text, a.quoted, &at);
    if (fault) {
        return fault;
    }
    a.local = span_slice(text, 0, at);
    a.domain = span_rest(text, at + 1);
    a.local_ascii = ascii_only(a.local);
    if (a.local.len > 0 && span_find(a.domain, '@') < a.domain.len) {
        return ADDRESS_TWO_ATS;
    }
    fault = local_fault(&a);
    fault = fault ? fault : domain_fault(a.domain);
    fault = fault ? fault : length_fault(text, &a);
    if (!fault) {
        *out = a;
    }
    return fault;
}

struct span address_domain(struct span text)
{
    size_t at = span_find_last(text, '@');
    return span_rest(text, at < text.len ? at + 1 : at);
}

const char *address_fault_text(enum address_fault fault)
{
    static const char *const texts[] = {
        [ADDRESS_FINE] = "",
        [ADDRESS_EMPTY] = "empty address",
        [ADDRESS_NOT_UTF8] = "not UTF-8 (windows-1252? convert with iconv)",
        [ADDRESS_CONTROL] = "control or invisible character",
        [ADDRESS_NO_AT] = "no @",
        [ADDRESS_TWO_ATS] = "two @",
        [ADDRESS_NO_LOCAL] = "nothing before the @",
        [ADDRESS_NO_DOMAIN] = "nothing behind the @",
        [ADDRESS_LOCAL_TOO_LONG] = "local part longer than 64 octets",
        [ADDRESS_TOO_LONG] = "address longer than 254 octets",
        [ADDRESS_DOT_FIRST] = "dot at the start of the local part",
        [ADDRESS_DOT_LAST] = "dot at the end of the local part",
        [ADDRESS_TWO_DOTS] = "two dots in a row in the local part",
        [ADDRESS_BLANK] = "blank inside the address",
        [ADDRESS_LOCAL_CHARACTER] = "character that no local part may hold",
        [ADDRESS_QUOTE_OPEN] = "quote that never closes",
        [ADDRESS_QUOTE_STRAY] = "quote that is not round the whole local part",
        [ADDRESS_COMMENT] = "parenthesis (a comment?)",
        [ADDRESS_DISPLAY_NAME] = "angle bracket (a display name?)",
        [ADDRESS_LITERAL] = "address literal in place of a domain",
    };
    return texts[fault];
}
