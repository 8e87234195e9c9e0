#include "list/domain.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <idn2.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "list/bidi.h"

/* RFC 1035 2.3.4: 255 octets on the wire are 253 in text. */
enum { DOMAIN_BYTES_MAX = 253, LABEL_BYTES_MAX = 63 };

/* Even of four bytes a character: the library is given no more to do. */
enum { WRITTEN_BYTES_MAX = 4 * DOMAIN_BYTES_MAX };

static const char too_long[] = "domain longer than 253 octets";
static const char label_too_long[] = "label longer than 63 octets";
static const char edge_hyphen[] = "hyphen at the edge of a label";
static const char odd_character[] =
    "character in the domain that is no letter, digit or hyphen";

static const char *label_fault(struct span label)
{
    if (label.len == 0) {
        return "two dots in a row in the domain";
    }
    if (label.len > LABEL_BYTES_MAX) {
        return label_too_long;
    }
    for (size_t i = 0; i < label.len; i++) {
        if (!ascii_is_alnum(label.data[i]) && label.data[i] != '-') {
            return odd_character;
        }
    }
    bool edge = label.data[0] == '-' || label.data[label.len - 1] == '-';
    return edge ? edge_hyphen : NULL;
}

/* RFC 1123 2.1 and RFC 3696 2: no top-level domain is all digits, so what ends
 * in such a label is an IPv4 address, whole or mangled, and no domain. */
static bool all_digits(struct span label)
{
    for (size_t i = 0; i < label.len; i++) {
        if (!ascii_is_digit(label.data[i])) {
            return false;
        }
    }
    return true;
}

static const char *labels_fault(struct span domain)
{
    if (domain.len == 0) {
        return "no domain";
    }
    if (domain.len > DOMAIN_BYTES_MAX) {
        return too_long;
    }
    if (domain.data[0] == '.') {
        return "dot at the start of the domain";
    }
    if (domain.data[domain.len - 1] == '.') {
        return "dot at the end of the domain";
    }
    struct span label = {0};
    size_t labels = 0;
    for (size_t from = 0; from <= domain.len; from += label.len + 1) {
        struct span rest = span_rest(domain, from);
        label = span_slice(rest, 0, span_find(rest, '.'));
        const char *fault = label_fault(label);
        if (fault) {
            return fault;
        }
        labels++;
    }
    if (labels < 2) {
        return "domain of one label only";
    }
    return all_digits(label) ? "domain that ends in a number" : NULL;
}

/* Two hyphens: perhaps an A-label, perhaps one that IDNA2008 reserves. */
static bool plain(struct span domain)
{
    for (size_t i = 1; i < domain.len; i++) {
        if (domain.data[i] == '-' && domain.data[i - 1] == '-') {
            return false;
        }
    }
    return ascii_only(domain);
}

static const char *library_fault(int code)
{
    static const struct {
        int code;
        const char *text;
    } known[] = {
        {IDN2_TOO_BIG_DOMAIN, too_long},
        {IDN2_TOO_BIG_LABEL, label_too_long},
        {IDN2_HYPHEN_STARTEND, edge_hyphen},
        {IDN2_2HYPHEN, "hyphens at the third and fourth place of a label"},
        {IDN2_PUNYCODE_BAD_INPUT, "malformed A-label (xn--)"},
        {IDN2_PUNYCODE_BIG_OUTPUT, label_too_long},
        {IDN2_PUNYCODE_OVERFLOW, "malformed A-label (xn--)"},
        {IDN2_INVALID_ALABEL, "malformed A-label (xn--)"},
        {IDN2_UALABEL_MISMATCH, "malformed A-label (xn--)"},
        {IDN2_INVALID_NONTRANSITIONAL, "malformed A-label (xn--)"},
        {IDN2_LEADING_COMBINING, "label that begins with a combining mark"},
        {IDN2_DISALLOWED, "character that IDNA2008 does not allow"},
        {IDN2_UNASSIGNED, "character that IDNA2008 does not know"},
        {IDN2_CONTEXTJ, "joiner where IDNA2008 does not allow it"},
        {IDN2_CONTEXTO, "character where IDNA2008 does not allow it"},
        {IDN2_BIDI, "domain that breaks the Bidi rule (right-to-left)"},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (known[i].code == code) {
            return known[i].text;
        }
    }
    return "domain that IDNA2008 does not allow";
}

/* IDNA2008 disallows these three (RFC 5892 2.6: they are symbols); the library
 * lets them pass, since UTS-46 calls them valid. Each is one of ASCII's with a
 * stroke through it. */
static bool struck_sign(uint32_t point)
{
    return point == 0x2260 || point == 0x226e || point == 0x226f;
}

/* What the library lets pass: it looks at each label by itself. */
static const char *whole_fault(struct span text)
{
    for (size_t i = 0; i < text.len;) {
        uint32_t point = 0;
        i += utf8_next(span_rest(text, i), &point);
        if (struck_sign(point)) {
            return library_fault(IDN2_DISALLOWED);
        }
    }
    return bidi_holds(text) ? NULL : library_fault(IDN2_BIDI);
}

/* As a person would read it: what is wrong may hide in an A-label. */
static const char *read_back_fault(const char *found)
{
    char *shown = NULL;
    int code = idn2_to_unicode_8z8z(found, &shown, 0);
    if (code == IDN2_MALLOC) {
        mem_exhausted();
    }
    const char *fault =
        code == IDN2_OK ? whole_fault(span_of(shown)) : library_fault(code);
    idn2_free(shown);
    return fault;
}

/* As it was written, NUL-terminated; but the capital sharp s becomes the small
 * one, as in UTS-46 since Unicode 15.1. The tables of the library are older:
 * to them it is "ss", which is another domain. */
static void copy_written(char *to, struct span domain)
{
    static const struct span capital = {"\xe1\xba\x9e", 3};
    for (size_t i = 0; i < domain.len;) {
        if (span_starts(span_rest(domain, i), capital)) {
            memcpy(to, "\xc3\x9f", 2);
            to += 2;
            i += capital.len;
        } else {
            *to++ = domain.data[i++];
        }
    }
    *to = '\0';
}

/* The library decodes A-labels, tests them and encodes them again. */
static const char *append_through_library(struct buf *out, struct span domain)
{
    char written[WRITTEN_BYTES_MAX + 1];
    copy_written(written, domain);

    uint8_t *found = NULL;
    int code = idn2_lookup_u8((const uint8_t *)written, &found,
                              IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
    if (code == IDN2_MALLOC) {
        mem_exhausted();
    }
    if (code != IDN2_OK) {
        return library_fault(code);
    }
    const char *fault = read_back_fault((const char *)found);
    buf_append(out, span_of((const char *)found));
    idn2_free(found);
    return fault;
}

static void append_lower(struct buf *out, struct span domain)
{
    char *to = domain.len > 0 ? buf_reserve(out, domain.len) : NULL;
    if (!to) {
        return;
    }
    for (size_t i = 0; i < domain.len; i++) {
        to[i] = ascii_lower(domain.data[i]);
    }
    buf_commit(out, domain.len);
}

const char *domain_append_ascii(struct buf *out, struct span domain)
{
    size_t start = out->len;
    const char *fault = NULL;
    if (domain.len > WRITTEN_BYTES_MAX) {
        return too_long;
    }
    if (plain(domain)) {
        append_lower(out, domain);
    } else if (span_find(domain, '\0') < domain.len) {
        fault = odd_character;
    } else if (!utf8_valid(domain)) {
        fault = "domain that is not UTF-8";
    } else {
        fault = append_through_library(out, domain);
    }
    if (!fault) {
        fault = labels_fault(span_rest(buf_span(out), start));
    }
    if (fault) {
        buf_truncate(out, start);
    }
    return fault;
}

const char *domain_verdict_text(enum domain_verdict verdict)
{
    static const char *const texts[] = {
        [DOMAIN_ABSENT] = "no such domain",
        [DOMAIN_NULL_MX] = "domain that takes no mail (null MX)",
        [DOMAIN_NO_HOST] = "domain with neither mail server nor address",
    };
    return texts[verdict];
}
