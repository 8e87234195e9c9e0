#include "mailing/weigh.h"

#include <stdbool.h>
#include <string.h>

#include "base/ascii.h"

enum { BOUNDARIES_MAX = 16, BOUNDARY_BYTES_MAX = 70 };

struct scale {
    struct weight weight;
    struct span boundaries[BOUNDARIES_MAX];
    size_t boundary_count;
    bool in_headers;
    bool attached; /* of the part under way */
    bool base64;
    size_t letters;  /* of base64 in the part under way */
    size_t encoded;  /* its bytes, line ends included */
    size_t line_end; /* bytes of the last one */
};

/* Index of the text in s, in any case; s.len where it is not there. */
static size_t find_nocase(struct span s, struct span text)
{
    for (size_t i = 0; i + text.len <= s.len; i++) {
        if (span_starts_nocase(span_rest(s, i), text)) {
            return i;
        }
    }
    return s.len;
}

static void keep_boundary(struct scale *s, struct span line)
{
    static const struct span word = {"boundary=", 9};
    size_t at = find_nocase(line, word);
    if (at == line.len || s->boundary_count == BOUNDARIES_MAX) {
        return;
    }
    struct span rest = span_rest(line, at + word.len);
    bool quoted = rest.len > 0 && rest.data[0] == '"';
    rest = span_rest(rest, quoted ? 1 : 0);
    size_t len = span_find(rest, quoted ? '"' : ';');
    if (len > 0 && len <= BOUNDARY_BYTES_MAX) {
        s->boundaries[s->boundary_count++] = span_slice(rest, 0, len);
    }
}

static bool is_boundary(const struct scale *s, struct span line)
{
    if (!span_starts(line, SPAN("--"))) {
        return false;
    }
    struct span rest = span_rest(line, 2);
    for (size_t i = 0; i < s->boundary_count; i++) {
        if (span_starts(rest, s->boundaries[i])) {
            struct span behind = span_rest(rest, s->boundaries[i].len);
            if (behind.len == 0 || span_equal(behind, SPAN("--"))) {
                return true;
            }
        }
    }
    return false;
}

/* Four letters stand for three bytes; padding is not counted among them. The
 * line end before a boundary is the boundary's. */
static void end_part(struct scale *s)
{
    s->encoded -= s->line_end;
    s->weight.attached -= s->attached ? s->line_end : 0;
    if (s->base64) {
        s->weight.base64_added += s->encoded - s->letters * 3 / 4;
    }
    s->base64 = s->attached = false;
    s->letters = s->encoded = s->line_end = 0;
}

static void take_header(struct scale *s, struct span line)
{
    keep_boundary(s, line);
    if (span_starts_nocase(line, SPAN("Content-Transfer-Encoding:"))) {
        s->base64 = find_nocase(line, SPAN("base64")) < line.len;
    } else if (span_starts_nocase(line, SPAN("Content-Disposition:"))) {
        s->attached = find_nocase(line, SPAN("attachment")) < line.len;
    }
}

static void take_body(struct scale *s, struct span line, size_t bytes)
{
    if (s->attached) {
        s->weight.attached += bytes;
    }
    s->encoded += bytes;
    s->line_end = bytes - line.len;
    s->letters += line.len;
    while (s->base64 && line.len > 0 && line.data[line.len - 1] == '=') {
        s->letters--;
        line.len--;
    }
}

struct weight weigh(struct span letter)
{
    struct scale s = {.weight.bytes = letter.len, .in_headers = true};
    for (size_t at = 0; at < letter.len;) {
        struct span rest = span_rest(letter, at);
        size_t len = span_find(rest, '\n');
        size_t bytes = len < rest.len ? len + 1 : len;
        struct span line = span_slice(rest, 0, len);
        if (line.len > 0 && line.data[line.len - 1] == '\r') {
            line.len--;
        }
        at += bytes;
        if (is_boundary(&s, line)) {
            end_part(&s);
            s.in_headers = true;
        } else if (s.in_headers && line.len > 0) {
            take_header(&s, line);
        } else if (s.in_headers) {
            s.in_headers = false;
        } else {
            take_body(&s, line, bytes);
        }
    }
    s.line_end = 0; /* no boundary follows */
    end_part(&s);
    return s.weight;
}
