#include "sink/counts.h"

#include <assert.h>
#include <stddef.h>

#include "base/json.h"

static const struct {
    const char *name;
    size_t at;
} said[] = {
    {"connections", offsetof(struct counts, connections)},
    {"tls_sessions", offsetof(struct counts, tls_sessions)},
    {"tls_resumed", offsetof(struct counts, tls_resumed)},
    {"messages", offsetof(struct counts, messages)},
    {"recipients", offsetof(struct counts, recipients)},
    {"bytes", offsetof(struct counts, bytes)},
    {"refused", offsetof(struct counts, refused)},
    {"deferred", offsetof(struct counts, deferred)},
    {"throttled", offsetof(struct counts, throttled)},
    {"dropped", offsetof(struct counts, dropped)},
    {"turned_away", offsetof(struct counts, turned_away)},
    {"idle", offsetof(struct counts, idle)},
    {"played", offsetof(struct counts, played)},
    {"errors", offsetof(struct counts, errors)},
    {"auth_ok", offsetof(struct counts, auth_ok)},
    {"auth_failed", offsetof(struct counts, auth_failed)},
    {"auth_busy", offsetof(struct counts, auth_busy)},
    {"bdat", offsetof(struct counts, bdat)},
    {"data", offsetof(struct counts, data)},
    {"max_concurrent", offsetof(struct counts, max_concurrent)},
};

void counts_opened(struct counts *c)
{
    c->connections++;
    c->open++;
    if (c->open > c->max_concurrent) {
        c->max_concurrent = c->open;
    }
}

void counts_turned_away(struct counts *c)
{
    c->connections++;
    c->turned_away++;
}

void counts_closed(struct counts *c)
{
    assert(c->open > 0);
    c->open--;
}

void counts_write(const struct counts *c, uint64_t cpu_ms, struct buf *out)
{
    json_open(out);
    for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
        const char *field = (const char *)c + said[i].at;
        json_add_number(out, said[i].name, *(const uint64_t *)field);
    }
    json_name(out, "cpu_seconds");
    buf_append_format(out, "%llu.%03llu", (unsigned long long)(cpu_ms / 1000),
                      (unsigned long long)(cpu_ms % 1000));
    json_close(out);
}
