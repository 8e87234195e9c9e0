#include "mailing/secret_line.h"

#include <sysexits.h>

#include "base/mem.h"
#include "base/span.h"

bool secret_keep_line(struct buf *text, size_t from, const char *name,
                      struct err *err)
{
    struct span rest = span_rest(buf_span(text), from);
    size_t len = span_find(rest, '\n');
    if (len > 0 && rest.data[len - 1] == '\r') {
        len--;
    }
    if (len == 0) {
        err_set(err, EX_CONFIG, "%s: no password on its first line", name);
        return false;
    }
    if (span_find(span_slice(rest, 0, len), '\0') < len) {
        err_set(err, EX_CONFIG, "%s: a NUL byte in the password", name);
        return false;
    }
    mem_wipe(text->data + from + len, rest.len - len);
    buf_truncate(text, from + len);
    return true;
}
