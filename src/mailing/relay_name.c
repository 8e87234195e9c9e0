#include "mailing/relay_name.h"

#include <string.h>

void relay_name_append(struct buf *out, const struct relay *relay)
{
    bool address_v6 = strchr(relay->host, ':') != NULL;
    buf_append_format(out, address_v6 ? "[%s]:%s" : "%s:%s", relay->host,
                      relay->port);
}
