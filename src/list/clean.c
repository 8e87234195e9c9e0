#include "list/clean.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/reserved.h"
#include "base/utf8.h"
#include "list/domain.h"

/* Room for a domain as written and two keys, had at once: what lies in the
 * scratch never moves while a row is judged. Folding makes at most three
 * times as many bytes of a local part. */
enum { SCRATCH_BYTES_MAX = 4096 };

const char *clean_status_name(enum clean_status status)
{
    static const char *const names[] = {
        [CLEAN_OK] = "ok",
        [CLEAN_INVALID] = "invalid",
        [CLEAN_DUPLICATE] = "duplicate",
        [CLEAN_SUPPRESSED] = "suppressed",
    };
    return names[status];
}

void cleaner_init(struct cleaner *c, const struct siphash_key *hash_key)
{
    *c = (struct cleaner){
        .dedupe = true, .mode = KEY_FOLD, .hash_key = *hash_key};
    set_init(&c->seen);
    set_init(&c->suppressed);
    set_init(&c->refused);
    buf_init(&c->scratch, SCRATCH_BYTES_MAX);
}

void cleaner_release(struct cleaner *c)
{
    set_release(&c->seen);
    set_release(&c->suppressed);
    set_release(&c->refused);
    free(c->times_seen);
    buf_release(&c->scratch);
    *c = (struct cleaner){0};
}

void cleaner_rewind(struct cleaner *c)
{
    set_rewind(&c->seen);
    if (c->times_seen_cap > 0) {
        memset(c->times_seen, 0, c->times_seen_cap * sizeof *c->times_seen);
    }
}

static struct siphash_print print_of(const struct cleaner *c, struct span bytes)
{
    return siphash(&c->hash_key, bytes);
}

static void clear_scratch(struct cleaner *c)
{
    buf_clear(&c->scratch);
    buf_reserve(&c->scratch, SCRATCH_BYTES_MAX);
}

static struct span append_key(struct cleaner *c, enum key_mode mode,
                              const struct address *address,
                              struct span ascii_domain)
{
    size_t start = c->scratch.len;
    key_append(&c->scratch, mode, address, ascii_domain);
    assert(!c->scratch.overflowed);
    return span_rest(buf_span(&c->scratch), start);
}

/* NULL: fine. Appends to the scratch; the spans live as long as it does. */
static const char *address_reason(struct cleaner *c, struct span text,
                                  struct address *address_out,
                                  struct span *ascii_domain_out)
{
    enum address_fault fault = address_parse(text, address_out);
    if (fault) {
        return address_fault_text(fault);
    }
    size_t start = c->scratch.len;
    const char *reason =
        known_append_ascii(&c->known, &c->scratch, address_out->domain);
    assert(!c->scratch.overflowed);
    if (reason) {
        return reason;
    }
    *ascii_domain_out = span_rest(buf_span(&c->scratch), start);
    size_t path = address_out->local.len + 1 + ascii_domain_out->len;
    return path > ADDRESS_PATH_BYTES_MAX ? address_fault_text(ADDRESS_TOO_LONG)
                                         : NULL;
}

/* What a suppression is compared by: the key of fold, or of a wider mode. */
static enum key_mode suppression_mode(const struct cleaner *c)
{
    return c->dedupe && c->mode > KEY_FOLD ? c->mode : KEY_FOLD;
}

/* An entry for a whole domain is the domain's part of a key: no address has a
 * key without an @. */
static struct siphash_print domain_print(struct cleaner *c,
                                         struct span ascii_domain)
{
    struct address nobody = {.local_ascii = true};
    struct span key = append_key(c, suppression_mode(c), &nobody, ascii_domain);
    return print_of(c, span_rest(key, 1));
}

static struct span wider_key(struct cleaner *c, const struct clean_verdict *v)
{
    enum key_mode mode = suppression_mode(c);
    return mode == KEY_FOLD ? v->key
                            : append_key(c, mode, &v->address, v->ascii_domain);
}

static bool suppressed(struct cleaner *c, const struct clean_verdict *v)
{
    if (c->suppressed.count == 0) {
        return false;
    }
    struct siphash_print of_address = print_of(c, wider_key(c, v));
    struct siphash_print of_domain = domain_print(c, v->ascii_domain);
    uint32_t index;
    return set_find(&c->suppressed, &of_address, &index) ||
           set_find(&c->suppressed, &of_domain, &index);
}

/* How often the member was seen before in this reading. */
static uint32_t count_up(struct cleaner *c, uint32_t index)
{
    if (index >= c->times_seen_cap) {
        uint32_t old = c->times_seen_cap;
        uint32_t cap = old < 1024             ? 1024
                       : old > UINT32_MAX / 2 ? UINT32_MAX
                                              : old * 2;
        c->times_seen = mem_resize(c->times_seen, cap, sizeof *c->times_seen);
        memset(c->times_seen + old, 0, (cap - old) * sizeof *c->times_seen);
        c->times_seen_cap = cap;
    }
    return c->times_seen[index]++;
}

/* No two rows begin on one line: the line says whose the key is, in every
 * reading. */
static void look_for_first(struct cleaner *c, uint32_t line,
                           struct clean_verdict *v)
{
    struct span key = v->key;
    if (c->dedupe && c->mode != KEY_FOLD) {
        key = append_key(c, c->mode, &v->address, v->ascii_domain);
    }
    struct siphash_print print = print_of(c, key);
    bool added;
    uint32_t index = set_put(&c->seen, &print, line, &added);
    if (!c->dedupe) {
        v->ordinal = count_up(c, index);
    } else if (set_line(&c->seen, index) != line) {
        v->status = CLEAN_DUPLICATE;
        v->first_line = set_line(&c->seen, index);
    }
}

static bool ignored(const struct cleaner *c, size_t column)
{
    return c->names && reserved(c->names[column]);
}

/* NULL: every field is UTF-8. */
static const char *field_reason(const struct cleaner *c,
                                const struct csv_row *row, size_t *column_out)
{
    for (size_t i = 0; i < c->columns; i++) {
        if (!utf8_valid(row->fields[i]) && !ignored(c, i)) {
            *column_out = i;
            return address_fault_text(ADDRESS_NOT_UTF8);
        }
    }
    return NULL;
}

static bool elsewhere(struct cleaner *c, const struct clean_verdict *v)
{
    return c->shard.count > 0 &&
           !shard_holds(&c->shard, v->key.len > 0 ? wider_key(c, v) : v->text);
}

/* NULL: DNS has said nothing against it. */
static const char *domain_reason(const struct cleaner *c,
                                 struct span ascii_domain)
{
    if (c->refused.count == 0) {
        return NULL;
    }
    struct siphash_print print = print_of(c, ascii_domain);
    uint32_t index;
    if (!set_find(&c->refused, &print, &index)) {
        return NULL;
    }
    return domain_verdict_text(
        (enum domain_verdict)set_line(&c->refused, index));
}

bool cleaner_domain(struct cleaner *c, const struct csv_row *row,
                    struct span *ascii_domain_out)
{
    clear_scratch(c);
    struct clean_verdict v = {.text =
                                  span_trim(row->fields[c->address_column])};
    if (address_reason(c, v.text, &v.address, &v.ascii_domain)) {
        return false;
    }
    v.key = append_key(c, KEY_FOLD, &v.address, v.ascii_domain);
    *ascii_domain_out = v.ascii_domain;
    return !elsewhere(c, &v);
}

void cleaner_refuse_domain(struct cleaner *c, struct span ascii_domain,
                           enum domain_verdict verdict)
{
    struct siphash_print print = print_of(c, ascii_domain);
    bool added;
    set_put(&c->refused, &print, (uint32_t)verdict, &added);
}

bool cleaner_judge(struct cleaner *c, const struct csv_row *row,
                   struct clean_verdict *out)
{
    assert(c->address_column < c->columns);
    clear_scratch(c);
    *out = (struct clean_verdict){.reason_column = c->address_column};
    out->text = span_trim(row->fields[c->address_column]);
    out->reason =
        address_reason(c, out->text, &out->address, &out->ascii_domain);
    if (!out->reason) {
        out->key = append_key(c, KEY_FOLD, &out->address, out->ascii_domain);
        out->reason = field_reason(c, row, &out->reason_column);
    }
    if (elsewhere(c, out)) {
        return false;
    }
    if (!out->reason) {
        out->reason = domain_reason(c, out->ascii_domain);
    }
    if (out->reason) {
        out->status = CLEAN_INVALID;
    } else if (suppressed(c, out)) {
        out->status = CLEAN_SUPPRESSED;
    } else {
        look_for_first(c, row->line, out);
    }
    return true;
}

bool cleaner_suppress(struct cleaner *c, struct span text)
{
    clear_scratch(c);
    text = span_trim(text);
    struct siphash_print print;
    if (text.len > 0 && text.data[0] == '@') {
        struct span domain = span_rest(text, 1);
        if (domain_append_ascii(&c->scratch, domain)) {
            return false;
        }
        print = domain_print(c, buf_span(&c->scratch));
    } else {
        struct address address;
        struct span domain;
        if (address_reason(c, text, &address, &domain)) {
            return false;
        }
        print =
            print_of(c, append_key(c, suppression_mode(c), &address, domain));
    }
    bool added;
    set_put(&c->suppressed, &print, 0, &added);
    return true;
}
