/* Whatever the lines: keywords in any case say the same, and a value is there
 * only where its keyword is. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "smtp/capabilities.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool truth)
{
    if (!truth) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct capabilities a, b;
    memset(&a, 0, sizeof a);
    memset(&b, 0, sizeof b);
    capabilities_read(span_from((const char *)data, size), &a);
    must(a.size || a.bytes_max == 0);
    must(a.auth || a.mechanisms == 0);
    must(a.limits || (a.mail_max == 0 && a.recipients_max == 0));
    char *lower = mem_copy_text((const char *)data, size);
    for (size_t i = 0; i < size; i++) {
        lower[i] = ascii_lower(lower[i]);
    }
    capabilities_read(span_from(lower, size), &b);
    free(lower);
    must(a.starttls == b.starttls && a.pipelining == b.pipelining &&
         a.chunking == b.chunking && a.bytes_max == b.bytes_max &&
         a.mechanisms == b.mechanisms && a.mail_max == b.mail_max &&
         a.recipients_max == b.recipients_max);
    return 0;
}
