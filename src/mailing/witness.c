#include "mailing/witness.h"

#include "base/clock.h"
#include "mailing/campaign.h"
#include "mailing/observer.h"
#include "mailing/session.h"
#include "record/evidence.h"

static void describe_clear(struct evidence_session *out)
{
    out->version = "none";
    out->key_exchange = "";
    out->cipher = "";
    out->peer = "";
    out->verdict = "clear";
    out->trust = "none";
}

/* What it says is borrowed from *facts. */
static void describe_tls(const struct tls *t, struct tls_facts *facts,
                         struct evidence_session *out)
{
    tls_facts(t, facts);
    bool stands = tls_description(t).len > 0;
    out->version = facts->version;
    out->key_exchange = facts->group;
    out->cipher = facts->cipher;
    out->peer = facts->name;
    out->verdict = !stands        ? "refused"
                   : facts->asked ? "verified"
                                  : "unverified";
    out->trust = facts->asked ? facts->trust : "none";
    out->pinned = facts->pinned && stands;
    out->resumed = facts->resumed;
    if (facts->shown) {
        out->certificate_sha256 = span_from(
            (const char *)facts->certificate_sha256, TLS_SHA256_BYTES);
        out->key_sha256 =
            span_from((const char *)facts->key.sha256, TLS_SHA256_BYTES);
    }
}

/* With --debug. */
static void show(const struct campaign *c, const struct evidence_session *line)
{
    observer_say(c->observer, SAY_DEBUG, "%.*s = %s %s %s, %s (%s)%s%s",
                 (int)line->relay.len, line->relay.data, line->version,
                 line->cipher, line->key_exchange, line->verdict, line->trust,
                 line->pinned ? ", pinned" : "",
                 line->resumed ? ", resumed" : "");
}

/* False: of what never came about there is nothing to tell. */
static bool describe(const struct session *s, const char *why,
                     struct tls_facts *facts, struct evidence_session *out)
{
    const struct tls *t = session_tls(s);
    bool left = why && !*why; /* by us, who no longer needed it */
    bool stands = t ? tls_description(t).len > 0 : !why;
    if (!stands && (!t || left)) {
        return false;
    }
    *out = (struct evidence_session){
        .number = session_number(s),
        .time_ms = clock_wall_ms(),
        .relay = session_relay(s),
        .end = span_of(left ? "it was no longer needed" : why),
    };
    if (t) {
        describe_tls(t, facts, out);
    } else {
        describe_clear(out);
    }
    return true;
}

void witness_session(struct campaign *c, const struct session *s,
                     const char *why)
{
    struct tls_facts facts; /* the line borrows from it */
    struct evidence_session line;
    struct err err = {0};
    if ((!c->evidence && !c->settings->debug) ||
        !describe(s, why, &facts, &line)) {
        return;
    }
    if (c->settings->debug) {
        show(c, &line);
    }
    if (c->evidence && !evidence_add_session(c->evidence, &line, &err)) {
        campaign_fail(c, &err);
    }
}

void witness_sent(struct campaign *c, const struct session *s,
                  const struct task *t)
{
    if (!c->evidence) {
        return;
    }
    const struct evidence_message line = {
        .session = session_number(s),
        .time_ms = clock_wall_ms(),
        .line = t->row.csv.line,
        .address = t->row.verdict.text,
        .message_id = t->letter.message_id,
        .code = t->word.code,
        .reply = t->word.text,
    };
    struct err err = {0};
    if (!evidence_add_message(c->evidence, &line, &err)) {
        campaign_fail(c, &err);
    }
}
