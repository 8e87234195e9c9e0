#include "sink/params.h"

#include "base/ascii.h"
#include "sink/offers.h"

static bool read_size(struct span value, struct params *out)
{
    /* RFC 1870 3: up to 20 digits, which is more than 64 bits hold. */
    return value.len <= 20 && ascii_parse_number(value, UINT64_MAX, &out->size);
}

static bool read_body(struct span value, struct params *out)
{
    out->eight_bit = span_equal_nocase(value, SPAN("8BITMIME"));
    return out->eight_bit || span_equal_nocase(value, SPAN("7BIT"));
}

static bool read_smtputf8(struct span value, struct params *out)
{
    out->smtputf8 = value.data == NULL; /* it takes none */
    return out->smtputf8;
}

static bool read_requiretls(struct span value, struct params *out)
{
    out->requiretls = value.data == NULL;
    return out->requiretls;
}

/* RFC 3461 4: printable but + and =, and + with two upper hex digits. */
static bool is_xtext(struct span s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.data[i];
        if (c < '!' || c > '~' || c == '=') {
            return false;
        }
        if (c != '+') {
            continue;
        }
        if (s.len - i < 3 || ascii_hex_value(s.data[i + 1]) < 0 ||
            ascii_hex_value(s.data[i + 2]) < 0) {
            return false;
        }
        i += 2;
    }
    return s.len > 0;
}

static bool read_xtext(struct span value, struct params *out)
{
    (void)out;
    return is_xtext(value);
}

static bool read_envid(struct span value, struct params *out)
{
    (void)out;
    return value.len <= 100 && is_xtext(value);
}

static bool read_ret(struct span value, struct params *out)
{
    (void)out;
    return span_equal_nocase(value, SPAN("FULL")) ||
           span_equal_nocase(value, SPAN("HDRS"));
}

static bool read_notify(struct span value, struct params *out)
{
    (void)out;
    if (span_equal_nocase(value, SPAN("NEVER"))) {
        return true;
    }
    for (;;) {
        size_t end = span_find(value, ',');
        struct span word = span_slice(value, 0, end);
        if (!span_equal_nocase(word, SPAN("SUCCESS")) &&
            !span_equal_nocase(word, SPAN("FAILURE")) &&
            !span_equal_nocase(word, SPAN("DELAY"))) {
            return false;
        }
        if (end == value.len) {
            return true;
        }
        value = span_rest(value, end + 1);
    }
}

/* RFC 3461 4.2, and RFC 6533 3, whose utf-8 addresses are no plain xtext. */
static bool read_orcpt(struct span value, struct params *out)
{
    (void)out;
    size_t type = span_find(value, ';');
    if (type == 0 || type >= value.len - 1 || value.len > 500) {
        return false;
    }
    return span_equal_nocase(span_slice(value, 0, type), SPAN("utf-8")) ||
           is_xtext(span_rest(value, type + 1));
}

static const struct {
    struct span name;
    enum params_of of;
    enum offer offer;
    bool (*read)(struct span value, struct params *out);
} table[] = {
    {SPAN("SIZE"), PARAMS_OF_MAIL, OFFER_SIZE, read_size},
    {SPAN("BODY"), PARAMS_OF_MAIL, OFFER_8BITMIME, read_body},
    {SPAN("SMTPUTF8"), PARAMS_OF_MAIL, OFFER_SMTPUTF8, read_smtputf8},
    {SPAN("REQUIRETLS"), PARAMS_OF_MAIL, OFFER_REQUIRETLS, read_requiretls},
    {SPAN("AUTH"), PARAMS_OF_MAIL, OFFER_AUTH, read_xtext},
    {SPAN("RET"), PARAMS_OF_MAIL, OFFER_DSN, read_ret},
    {SPAN("ENVID"), PARAMS_OF_MAIL, OFFER_DSN, read_envid},
    {SPAN("NOTIFY"), PARAMS_OF_RCPT, OFFER_DSN, read_notify},
    {SPAN("ORCPT"), PARAMS_OF_RCPT, OFFER_DSN, read_orcpt},
};

enum { ROWS = sizeof table / sizeof *table };

static size_t find_row(struct span name, enum params_of of, unsigned offers)
{
    for (size_t i = 0; i < ROWS; i++) {
        if (table[i].of == of && (offers & table[i].offer) &&
            span_equal_nocase(table[i].name, name)) {
            return i;
        }
    }
    return ROWS;
}

enum params_result params_read(struct span text, enum params_of of,
                               unsigned offers, struct params *out)
{
    *out = (struct params){0};
    unsigned seen = 0;
    for (text = span_trim(text); text.len > 0; text = span_trim(text)) {
        struct span word = span_slice(text, 0, span_find(text, ' '));
        text = span_rest(text, word.len);
        size_t equals = span_find(word, '=');
        struct span value = equals < word.len ? span_rest(word, equals + 1)
                                              : span_from(NULL, 0);
        size_t row = find_row(span_slice(word, 0, equals), of, offers);
        if (row == ROWS) {
            return PARAMS_NOT_OFFERED;
        }
        if ((seen & 1u << row) || !table[row].read(value, out)) {
            return PARAMS_MALFORMED;
        }
        seen |= 1u << row;
    }
    return PARAMS_FINE;
}
