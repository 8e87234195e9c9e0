#include "cli/table.h"

#include "cli/take.h"

#define AT(field) offsetof(struct options, field)

enum {
    SEND = VERB_SEND,
    RELAY = VERB_SEND | VERB_CHECK | OPTION_OF_RELAY,
    LETTER = VERB_SEND | VERB_CHECK | VERB_RENDER, /* reads list and letter */
    ALL = LETTER,
};

enum { SECOND_MS = 1000, DAY_MS = 24 * 3600 * 1000 };

static const struct choice tls_modes[] = {
    {"required", TLS_REQUIRED},
    {"unverified", TLS_UNVERIFIED},
    {"off", TLS_OFF},
    {NULL, 0},
};

/* auto is the best that the relay offers, with a way back. */
static const struct choice tiers[] = {
    {"auto", DIALOG_STREAM},
    {"stream", DIALOG_STREAM},
    {"group", DIALOG_GROUP},
    {"lockstep", DIALOG_LOCKSTEP},
    {NULL, 0},
};

static const struct choice tls_versions[] = {
    {"1.2", TLS_1_2},
    {"1.3", TLS_1_3},
    {NULL, 0},
};

static const struct choice report_formats[] = {
    {"csv", REPORT_CSV},
    {"jsonl", REPORT_JSONL},
    {NULL, 0},
};

static const struct choice summaries[] = {
    {"text", SUMMARY_TEXT},
    {"json", SUMMARY_JSON},
    {"none", SUMMARY_NONE},
    {NULL, 0},
};

static const struct choice unknown_ways[] = {
    {"hold", false},
    {"resend", true},
    {NULL, 0},
};

static const struct choice consents[] = {
    {"ok", true},
    {NULL, 0},
};

static const struct choice progress_modes[] = {
    {"auto", PROGRESS_AUTO},
    {"bar", PROGRESS_BAR},
    {"line", PROGRESS_LINE},
    {"none", PROGRESS_NONE},
    {NULL, 0},
};

static const struct choice check_formats[] = {
    {"text", CHECK_TEXT},
    {"csv", CHECK_CSV},
    {"jsonl", CHECK_JSONL},
    {NULL, 0},
};

/* clang-format off */
const struct option option_table[] = {
    /* the relay */
    {"server", 's', RELAY, "URL", take_server, 0, 0, 0, NULL,
     "the relay: [smtp://]HOST[:PORT] or smtps://HOST[:PORT]"},
    {"bind", 0, RELAY, "ADDR", take_bind, 0, 0, 0, NULL,
     "connect from this address; repeatable"},
    {"config", 'C', RELAY, "FILE", take_text, AT(config), 0, 0, NULL,
     "relay accounts, as msmtp has them"},
    {"account", 'a', RELAY, "NAME", take_line, AT(account), 0, 0, NULL,
     "the account to use (default)"},
    {"user", 'u', RELAY, "NAME", take_line, AT(settings.user), 0, 0, NULL,
     "log in as NAME"},
    {"auth", 0, RELAY, "MECH", take_auth, 0, 0, 0, NULL,
     "how to log in: auto, off, plain, login, ..."},
    {"password-file", 0, RELAY, "FILE", take_password_file, 0, 0, 0, NULL,
     "its first line is the password"},
    {"password-fd", 0, RELAY, "N", take_password_fd, 0, 0, 0, NULL,
     "read the password from descriptor N"},
    {"passwordeval", 0, RELAY, "CMD", take_passwordeval, 0, 0, 0, NULL,
     "a command that prints the password"},
    {"password", 0, ALL, "", take_password, 0, 0, 0, NULL, NULL},
    {"auth-in-clear", 0, RELAY, NULL, take_flag, AT(settings.auth_in_clear),
     0, 0, NULL, "log in without TLS, to loopback alone"},
    {"tls", 0, RELAY, "MODE", take_choice, AT(settings.tls), 0, 0, tls_modes,
     "required, unverified or off (required)"},
    {"tls-ca", 0, RELAY, "FILE", take_text, AT(settings.trust.ca_file), 0, 0,
     NULL, "certificates to trust, instead of the system's"},
    {"tls-pin", 0, RELAY, "PIN", take_pin, 0, 0, 0, NULL,
     "the relay's key, besides the chain; repeatable"},
    {"tls-name", 0, RELAY, "HOST", take_host, AT(settings.tls_name), 0, 0,
     NULL, "the name to verify, where it is not the host's"},
    {"tls-cert", 0, RELAY, "FILE", take_text, AT(settings.trust.cert_file), 0,
     0, NULL, "a certificate of ours, where the relay asks"},
    {"tls-key", 0, RELAY, "FILE", take_text, AT(settings.trust.key_file), 0,
     0, NULL, "its key (in the file of --tls-cert)"},
    {"tls-min", 0, RELAY, "VERSION", take_choice,
     AT(settings.trust.version_min), 0, 0, tls_versions,
     "the oldest TLS, 1.2 or 1.3 (1.2)"},
    {"requiretls", 0, SEND, NULL, take_flag, AT(settings.requiretls), 0, 0,
     NULL, "the relay must keep TLS on every later hop"},
    {"requiretls-column", 0, SEND | VERB_CHECK, "NAME", take_span,
     AT(settings.requiretls_column), 0, 0, NULL,
     "the same, of the rows for which this column says so"},
    {"helo", 0, RELAY, "NAME", take_name, AT(settings.helo), 0, 0, NULL,
     "the EHLO name (this host's)"},

    /* how fast */
    {"sessions", 'j', SEND, "N", take_sessions, 0, 0, 0, NULL,
     "concurrent sessions (auto)"},
    {"max-sessions", 0, SEND, "N", take_number, AT(settings.sessions_max),
     1, 1000, NULL, "the most that auto opens (10)"},
    {"window", 0, SEND, "N", take_number, AT(settings.window), 1,
     DIALOG_WINDOW_MAX, NULL, "the most messages under way on one (16)"},
    {"pipeline", 0, SEND, "MODE", take_choice, AT(settings.tier_max), 0, 0,
     tiers, "auto, stream, group or lockstep (auto)"},
    {"messages-per-session", 0, SEND, "N", take_number,
     AT(settings.messages_per_session), 1, 1000000, NULL,
     "reconnect after N (learned)"},
    {"batch", 0, SEND, "N", take_number, AT(settings.batch), 1, 1000, NULL,
     "rows with the same letter in one transaction (1)"},
    {"dsn-notify", 'N', SEND, "WHEN", take_dsn_notify, 0, 0, 0, NULL,
     "ask for notifications: never, or of success,failure,delay"},
    {"dsn-return", 'R', SEND, "WHAT", take_dsn_return, 0, 0, 0, NULL,
     "what comes back in one: hdrs or full"},
    {"rate", 0, SEND, "RATES", take_rate, 0, 0, 0, NULL,
     "at most so many messages in a time: 14/s,2000/24h"},
    {"domain-rate", 0, SEND, "DOMAIN=RATES", take_domain_rate, 0, 0, 0, NULL,
     "the same for one domain's recipients; repeatable"},
    {"share", 0, SEND, NULL, take_flag, AT(share), 0, 0, NULL,
     "divide rates and sessions by the shards of --shard"},
    {"retry-for", 0, SEND, "DUR", take_duration, AT(settings.retry_for_ms),
     0, 365ull * DAY_MS, NULL, "how long a deferred row is tried again (5m)"},
    {"retry-delay", 0, SEND, "DUR", take_duration,
     AT(settings.retry_delay_ms), 1, DAY_MS, NULL,
     "the first delay, which doubles (5s)"},
    {"connect-timeout", 0, RELAY, "DUR", take_duration,
     AT(settings.connect_timeout_ms), 1, DAY_MS, NULL,
     "for a connection (30s)"},
    {"timeout", 0, RELAY, "DUR", take_duration, AT(settings.timeout_ms), 1,
     DAY_MS, NULL, "for any reply (as RFC 5321 has it)"},

    /* the list */
    {"column", 0, LETTER, "NAME", take_span, AT(settings.column), 0, 0, NULL,
     "the column of the addresses (email)"},
    {"delimiter", 'd', LETTER, "C", take_delimiter, 0, 0, 0, NULL,
     "what stands between fields (detected)"},
    {"no-header", 0, LETTER, NULL, take_no_header, 0, 0, 0, NULL,
     "the first line is a row; columns are 1, 2, ..."},
    {"dedupe", 0, LETTER, "MODE", take_dedupe, 0, 0, 0, NULL,
     "exact, fold, provider or off (fold)"},
    {"suppress", 0, LETTER, "FILE", take_suppress, 0, 0, 0, NULL,
     "addresses never to mail; repeatable"},
    {"shard", 0, LETTER, "K/N", take_shard, 0, 0, 0, NULL,
     "only the rows of shard K of N, by the hash of the address"},
    {"check-dns", 0, VERB_SEND | VERB_CHECK, NULL, take_flag,
     AT(settings.check_dns), 0, 0, NULL,
     "look each domain up; one that takes no mail is invalid"},
    {"max-invalid", 0, LETTER, "PCT", take_percent,
     AT(settings.invalid_max_percent), 0, 100, NULL,
     "do not start above this share of invalid rows (100)"},

    /* the letter */
    {"from", 'f', LETTER, "ADDR", take_template, AT(settings.sender), 0, 0,
     NULL, "the envelope sender, a template (the From header's)"},
    {"header", 'H', LETTER, "'N: V'", take_header, 0, 0, 0, NULL,
     "add or replace a header; repeatable"},
    {"unsubscribe-url", 0, LETTER, "URL", take_unsubscribe_url,
     AT(settings.unsubscribe_url), 0, 0, NULL,
     "List-Unsubscribe with one click, a template (https)"},
    {"unsubscribe-mailto", 0, LETTER, "ADDR", take_template,
     AT(settings.unsubscribe_mailto), 0, 0, NULL,
     "List-Unsubscribe by mail, a template"},
    {"html", 0, LETTER, "FILE", take_html, 0, 0, 0, NULL,
     "the letter as HTML, beside the template's text"},
    {"attach", 0, LETTER, "FILE", take_attach, 0, 0, 0, NULL,
     "a file that goes with it, a template; repeatable"},
    {"attach-dir", 0, LETTER, "DIR", take_text, AT(settings.attach_folder),
     0, 0, NULL, "the folder of these files"},
    {"allow-empty", 0, LETTER, NULL, take_flag, AT(settings.allow_empty), 0,
     0, NULL, "a field that the letter uses may be empty"},

    /* the run */
    {"campaign", 0, LETTER, "ID", take_line, AT(settings.campaign), 0, 0,
     NULL, "remember in a state whom this campaign has reached"},
    {"state", 0, LETTER, "FILE", take_text, AT(settings.state_path), 0, 0,
     NULL, "the state's file (of the campaign main)"},
    {"on-unknown", 0, SEND | VERB_CHECK, "WHAT", take_decision,
     AT(settings.resend_unknown), 0, 0, unknown_ways,
     "rows whose outcome was not learned: hold or resend (hold)"},
    {"template-changed", 0, SEND | VERB_CHECK, "ok", take_decision,
     AT(settings.template_may_change), 0, 0, consents,
     "the rest of the campaign gets another template"},
    {"max-runtime", 0, SEND, "DUR", take_duration,
     AT(settings.runtime_max_ms), 1, 365ull * DAY_MS, NULL,
     "begin nothing new after that long"},
    {"until", 0, SEND, "HH:MM", take_time, AT(settings.until_minute), 0, 0,
     NULL, "begin nothing new after that time of the day"},
    {"max-bounce-rate", 0, SEND, "PCT", take_percent,
     AT(settings.bounces_max_percent), 0, 100, NULL,
     "stop when more addresses than that are refused (100)"},
    {"limit", 0, SEND, "N", take_count, AT(settings.limit), 1, UINT32_MAX,
     NULL, "at most N messages in this run"},
    {"dry-run", 'n', SEND, NULL, take_flag, AT(settings.dry_run), 0, 0, NULL,
     "all but the network"},
    {"report", 'o', SEND, "FILE", take_text, AT(settings.report_path), 0, 0,
     NULL, "a line for each failed row (- is stdout)"},
    {"report-format", 0, SEND, "FORMAT", take_choice,
     AT(settings.report_format), 0, 0, report_formats, "csv or jsonl (csv)"},
    {"report-all", 0, SEND, NULL, take_flag, AT(settings.report_all), 0, 0,
     NULL, "a line for every row"},
    {"failed", 0, SEND, "FILE", take_text, AT(settings.failed_path), 0, 0,
     NULL, "the rows to mail another time, as they stood"},
    {"tls-evidence", 0, SEND, "FILE", take_text, AT(settings.evidence_path), 0,
     0, NULL, "how each session was secured, what the relay promised"},
    {"metrics", 0, SEND, "FILE", take_text, AT(settings.metrics_path), 0, 0,
     NULL, "how the run stands, for Prometheus's node exporter"},
    {"summary", 0, SEND, "FORMAT", take_choice, AT(summary), 0, 0, summaries,
     "the closing line: text, json or none (text)"},
    {"progress", 0, SEND, "MODE", take_choice, AT(progress), 0, 0,
     progress_modes, "auto, bar, line or none (auto)"},

    /* check and render */
    {"format", 0, VERB_CHECK, "FORMAT", take_choice, AT(check.format), 0, 0,
     check_formats, "text, csv or jsonl (text)"},
    {"fields", 0, VERB_CHECK, NULL, take_flag, AT(check.fields), 0, 0, NULL,
     "with the columns of each row"},
    {"clean", 0, VERB_CHECK, "FILE", take_text, AT(check.clean_path), 0, 0,
     NULL, "the rows that would be sent, as they stood"},
    {"dns", 0, VERB_CHECK, NULL, take_dns, 0, 0, 0, NULL,
     "look up what DNS says of the list's domains and of the sender"},
    {"relay", 0, VERB_CHECK, NULL, take_flag, AT(check.relay), 0, 0, NULL,
     "call on the relay: what it offers, and whether it lets us in"},
    {"fail-on", 0, VERB_CHECK, "WHAT", take_fail_on, 0, 0, 0, NULL,
     "what ends with 67: invalid,duplicate,suppressed,warning or none"},
    {"line", 0, VERB_RENDER, "N", take_number, AT(render.line), 1, UINT32_MAX,
     NULL, "the row that begins on line N of LIST"},
    {"output", 0, VERB_RENDER, "DIR", take_text, AT(render.directory), 0, 0,
     NULL, "a file LINE.eml for each row that would be sent"},

    {"quiet", 'q', ALL, NULL, take_loudness, 0, SAY_ERROR, 0, NULL,
     "say nothing but errors"},
    {"verbose", 'v', ALL, NULL, take_loudness, 0, SAY_INFO, 0, NULL,
     "say more"},
    {"debug", 0, ALL, NULL, take_loudness, 0, SAY_DEBUG, 0, NULL,
     "show the dialogue, secrets and content masked"},
};
/* clang-format on */

const size_t option_count = sizeof option_table / sizeof option_table[0];
