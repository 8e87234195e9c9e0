/* What do the options that name the relay's identity mean? */
#include <string.h>
#include <sysexits.h>

#include "base/mem.h"
#include "cli/pin.h"
#include "cli/take.h"
#include "cli/units.h"

bool take_host(struct options *o, const struct option *row, const char *value,
               struct err *err)
{
    char *host;
    const char *fault = units_host(span_of(value), &host);
    if (fault) {
        return take_wrong(o, fault, err);
    }
    const char *kept = options_keep(o, host);
    memcpy((char *)o + row->at, &kept, sizeof kept);
    return true;
}

bool take_pin(struct options *o, const struct option *row, const char *value,
              struct err *err)
{
    (void)row;
    struct tls_pin pin;
    if (!pin_read(value, &pin)) {
        err_set(err, EX_USAGE,
                "%s: %s is neither 64 hex digits nor sha256//BASE64 of a "
                "public key's SHA-256",
                o->saying, value);
        return false;
    }
    struct tls_client_settings *trust = &o->settings.trust;
    size_t count = trust->pin_count;
    o->pins = mem_resize(o->pins, count + 1, sizeof *o->pins);
    o->pins[count] = pin;
    trust->pins = o->pins;
    trust->pin_count = count + 1;
    return true;
}
