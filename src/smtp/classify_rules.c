/* Sources: RFC 5321 4.2.2, 4.2.3 (codes), RFC 4954 and 3207 (of AUTH and
 * STARTTLS), RFC 7504 (521, 556); RFC 3463 and the registry of enhanced status
 * codes that RFC 5248 began, with what RFC 7293, 7372, 7505, 8616 and 8689
 * added; what Gmail, Microsoft 365, Outlook.com, Yahoo, iCloud, Amazon SES,
 * SendGrid and others publish of their replies; the texts in Postfix, Exim,
 * Sendmail, qmail, Exchange, Dovecot, Courier and cPanel. */
#include "smtp/classify_rules.h"

enum {
    AT_ENVELOPE = AT_MAIL | AT_RCPT,
    AT_ANY_LETTER = AT_ENVELOPE | AT_CONTENT
};

const struct classify_rule classify_rules[] = {

    /* --- words that leave no doubt --- */

    /* A recipient that gets too much: nothing to do with who we are. */
    {
        .words = "receiving mail too quickly|receiving email too quickly|"
                 "receiving mail at a rate|receiving email at a rate|"
                 "recipient thread limit|receive limit|"
                 "recipient s per hour|too many messages for this recipient|"
                 "recipient*rate limit|mailbox is being accessed too",
        .class = CLASS_RATELIMIT,
        .touches = TOUCHES_RECIPIENT,
    },
    /* What the account may send in a day, an hour, a month, is used up. */
    {
        .words =
            "daily user sending|daily sending|daily message|daily quota|"
            "daily limit|daily relay|daily smtp relay|daily email|daily mail|"
            "daily outgoing|daily outbound|daily rate|daily recipient|"
            "messages per day|recipients per day|emails per day|"
            "mails per day|messages a day|per 24 hours|24 hour limit|"
            "hourly limit|hourly quota|hourly rate|messages per hour|"
            "emails per hour|mails per hour|recipients per hour|"
            "monthly limit|monthly quota|monthly sending|monthly email|"
            "sending quota|sending limit|send quota|send limit|"
            "messaging limit|submission quota|submissionquota|message quota|"
            "relay quota|outbound quota|outgoing quota|sender quota|"
            "sender s quota|smtp quota|email quota|mail quota reached|"
            "defers and failures|credits exceeded|credit limit|"
            "out of credits|no credits|not enough credits|"
            "insufficient credits|allowed outgoing messages|"
            "policy rejection*quota|tenant has exceeded|"
            "exceeded your quota|exceeded your daily|exceeded your hourly",
        .class = CLASS_RATELIMIT,
        .touches = TOUCHES_ACCOUNT,
        .quota = true,
    },
    {
        .steps = AT_AUTH | AT_MAIL,
        .words = " quota ",
        .class = CLASS_RATELIMIT,
        .touches = TOUCHES_ACCOUNT,
        .quota = true,
    },
    /* Waiting cures it, and nobody need change anything: so not policy. */
    {
        .words = "greylist|graylist|grey list|gray list|greyed|postgrey|"
                 "gls 0|temporarily deferred by grey|first time sender",
        .class = CLASS_RATELIMIT,
        .touches = TOUCHES_BY_STEP,
    },
    /* Only the login speaks there. */
    {
        .steps = AT_AUTH,
        .words = "throttl|too many|rate limit|try again later*rate",
        .class = CLASS_RATELIMIT,
        .touches = TOUCHES_ACCOUNT,
    },
    {.steps = AT_AUTH, .class = CLASS_AUTH, .touches = TOUCHES_ACCOUNT},

    /* SPF, DKIM, DMARC: of the sender's domain, whoever is written to. */
    {
        .words = " dmarc | dkim | spf |dmarcbis|unauthenticated email|"
                 "unauthenticated message|required authentication level|"
                 "sender id check|senderid|domainkeys",
        .class = CLASS_POLICY,
        .touches = TOUCHES_SENDER,
    },

    /* The relay will not carry mail for us. */
    {
        .words = "relay access denied|relaying denied|relay denied|"
                 "relay not permitted|relaying not permitted|"
                 "relay not allowed|relaying not allowed|"
                 "relaying is not allowed|relaying prohibited|"
                 "relay prohibited|relay is prohibited|unable to relay|"
                 "not permitted to relay|not allowed to relay|"
                 "not authorized to relay|we do not relay|does not relay|"
                 "will not relay|no relaying|not a relay|not an open relay|"
                 "cannot relay|relay operation|relaying temporarily|"
                 "relaying to*prohibited|relaying mail|allowed rcpthosts|"
                 "rejected relay|relay attempt|relay restrict",
        .class = CLASS_POLICY,
        .touches = TOUCHES_RELAY,
    },
    {
        .words = "authentication required|authentication is required|"
                 "requires authentication|require authentication|"
                 "must authenticate|must be authenticated|"
                 "please authenticate|authenticate first|need to authenticate|"
                 "client was not authenticated|client not authenticated|"
                 "authentication failed|authentication failure|"
                 "authentication unsuccessful|authentication credentials|"
                 "authentication rejected|auth required|auth first|"
                 "smtp auth|username and password|invalid login|"
                 "login failed|log in first|not logged in|"
                 "application specific password|pop before smtp",
        .class = CLASS_AUTH,
        .touches = TOUCHES_ACCOUNT,
    },
    {
        .words = "starttls command first|must issue a starttls|"
                 "starttls is required|starttls required|tls required|"
                 "tls is required|requires tls|require tls|must use tls|"
                 "encryption required|encryption is required|"
                 "encrypted connection required|secure connection required",
        .class = CLASS_POLICY,
        .touches = TOUCHES_RELAY,
    },
    {
        .words = "tls not available|tls is not available|tls currently|"
                 "tls negotiation|tls handshake",
        .class = CLASS_NETWORK,
        .touches = TOUCHES_RELAY,
    },
    {
        .words = "your account has been suspended|your account is suspended|"
                 "your account has been disabled|your account is disabled|"
                 "account is not allowed to send|account not yet activated|"
                 "account is not yet activated|sending paused|"
                 "sending suspended|sending has been suspended|"
                 "sending disabled|account under review",
        .class = CLASS_SUSPEND,
        .touches = TOUCHES_ACCOUNT,
    },

    /* So much on one connection, from one client. */
    {
        .words = "messages in this connection|messages per connection|"
                 "message per connection|messages this session|"
                 "messages in this session|messages per session|"
                 "this connection*limit|too many errors|"
                 "too many unrecoverable errors|too many protocol errors|"
                 "too many syntax|too many invalid recipient|"
                 "too many unknown|too many bad|too many nonexist|"
                 "too many failed recipient|excessive unknown|"
                 "too many nonmail commands",
        .class = CLASS_RATELIMIT,
        .touches = TOUCHES_SESSION,
    },
    {
        .words = "too many connections|too many concurrent|"
                 "too many sessions|too many simultaneous|"
                 "concurrent connections|connection limit|connection rate|"
                 "maximum connections|too many smtp",
        .class = CLASS_RATELIMIT,
        .touches = TOUCHES_SESSION,
    },
    {
        .words = "too many recipients this|too many recipients from",
        .class = CLASS_RATELIMIT,
        .touches = TOUCHES_ACCOUNT,
    },
    {
        .words = "too many recipients|recipient limit|recipients limit|"
                 "maximum number of recipients|size per transaction|"
                 "multiple destination domains",
        .class = CLASS_RATELIMIT,
        .touches = TOUCHES_RECIPIENT,
    },
    {
        .words = "throttl|maximum sending rate|sending rate|rate limit|"
                 "ratelimit|rate limited|rate exceeded|exceeded*rate|"
                 "message rate|mail rate|unusual rate|too much mail|"
                 "too many messages|too many mails|too many emails|"
                 "too many requests|too quickly|too fast|slow down|"
                 "sender thread limit|unexpected volume|unusual volume|"
                 "unusual sending|excessive volume|submission rate|"
                 "mail flood|policy*too frequent|sending too",
        .class = CLASS_RATELIMIT,
        .touches = TOUCHES_ACCOUNT,
    },

    /* The sender's address. */
    {
        .words = "sender address rejected|sender rejected|sender denied|"
                 "bad sender|invalid sender|sender verify|"
                 "sender address is not|sender is not|sender not|"
                 "sender domain|domain of sender|sender s domain|"
                 "sender s address|from address|not owned by user|"
                 "does not own|send as this sender|sendas|"
                 "not allowed to send from|not allowed to send as|"
                 "not permitted to send as|not authorized to send from|"
                 "not authorized to send as|not authorised to send|"
                 "email address is not verified|domain is not verified|"
                 "domain is unverified|sender identity|not a verified|"
                 "unverified address|unregistered domain|"
                 "envelope sender|return path|mail from domain|"
                 "bounce address|banned sender|bad outbound sender|"
                 "mail from your domain|sending domain",
        .class = CLASS_POLICY,
        .touches = TOUCHES_SENDER,
    },

    /* The recipient's mailbox. */
    {
        .words =
            "mailbox*full |mail box*full |inbox is full|inbox full|"
            "account is full|account full|mailfolder is full|"
            "mail folder*full |storage is full|storage full|"
            "user is full|recipient is full|over quota|overquota|"
            "over the quota|over their quota|over its quota|over his quota|"
            "over disk quota|quota exceed|quotaexceeded|quota*exceeded|"
            "exceeded*quota|exceeds*quota|exceed*quota|quota full|"
            "quota is full|quota reached|quota violation|"
            "beyond*quota|out of quota|disk quota|storage quota|"
            "mailbox quota|mailbox size limit|maximum mailbox size|"
            "mailbox has exceeded|mailbox*exceeded|"
            "exceeded storage allocation|exceeded its storage|"
            "exceeded*storage limit|exceeds*storage limit|"
            "out of storage|not enough storage|"
            "insufficient*in mailbox|not enough space in|"
            "casella piena|postfach*voll |buzon lleno|boite pleine",
        .class = CLASS_MAILBOXFULL,
        .touches = TOUCHES_RECIPIENT,
    },
    {
        .words = "account*disabled|mailbox*disabled|user*disabled|"
                 "recipient*disabled|address*disabled|account*suspended|"
                 "mailbox*suspended|user*suspended|recipient*suspended|"
                 "mailbox*inactive|account*inactive|user*inactive|"
                 "recipient*inactive|inactive user|inactive account|"
                 "inactive mailbox|inactive recipient|account*deactivated|"
                 "mailbox*deactivated|user*deactivated|account*closed|"
                 "mailbox*closed|account*locked|mailbox*locked|"
                 "account*frozen|mailbox*frozen|account*expired|"
                 "mailbox*expired|account*blocked|mailbox*blocked|"
                 "no longer active|not active|not currently active|"
                 "has been discontinued|no longer available|"
                 "no longer in use|no longer valid|no longer accepts|"
                 "not accepting messages|not accepting mail|"
                 "not accepting email|user is not allowed to receive",
        .class = CLASS_SUSPEND,
        .touches = TOUCHES_RECIPIENT,
    },
    {
        .words = "host unknown|unknown host|domain not found|no such domain|"
                 "domain does not exist|domain doesn t exist|unknown domain|"
                 "domain unknown|unrouteable mail domain|unrouteable domain|"
                 "unroutable domain|host not found|no mx |mx record|nullmx|"
                 "null mx|nxdomain|all relevant mx|"
                 "host or domain name not found|invalid domain|"
                 "domain invalid|non existent domain|nonexistent domain|"
                 "bad destination system|illegal host domain|"
                 "does not accept mail|domain*not accept mail|"
                 "domain is not hosted|no route to domain",
        .class = CLASS_HOSTUNKNOWN,
        .touches = TOUCHES_RECIPIENT,
    },
    {
        .words = "user unknown|unknown user|users unknown|unknown recipient|"
                 "recipient unknown|no such user|no such recipient|"
                 "no such mailbox|no such address|no such account|"
                 "no such person|no such local|no such email|no such mail|"
                 "unknown address|address unknown|address is unknown|"
                 "unknown email|unknown account|account unknown|"
                 "unknown mailbox|mailbox unknown|unknown local|"
                 "unknown virtual|unknown or illegal|unknown destination|"
                 "addressee unknown|invalid recipient|recipient invalid|"
                 "invalid mailbox|mailbox invalid|invalid user|"
                 "invalid address|address invalid|invalid account|"
                 "invalid email|invalid destination|bad destination mailbox|"
                 "bad recipient|bad address|illegal recipient|"
                 "user not found|recipient not found|address not found|"
                 "mailbox not found|account not found|email not found|"
                 "recipientnotfound|addressnotfound|nosuchuser|"
                 "not found in directory|smtp address lookup|"
                 "not a valid mailbox|not a valid user|"
                 "not a valid recipient|not a valid address|"
                 "not a valid email|isn t a valid|is not valid here|"
                 "tried to reach does not exist|does not exist|"
                 "doesn t exist|do not exist|not exist |non existent|"
                 "nonexistent|no mailbox here|no mail box|no mailbox by|"
                 "no mailbox for|no valid recipient|not a known|"
                 "not known |is unknown|unknown to |user undefined|"
                 "not our customer|doesn t have a*account|"
                 "does not have a*account|doesn t handle mail for|"
                 "not have an account|no account by|unrouteable address|"
                 "unroutable address|undeliverable address|"
                 "address undeliverable|user*has left|"
                 "benutzer unbekannt|empfaenger unbekannt|"
                 "utente sconosciuto|destinatario sconosciuto|"
                 "usuario desconocido|utilisateur inconnu|"
                 "destinataire inconnu|usuario no existe|"
                 "destinatario no existe",
        .class = CLASS_USERUNKNOWN,
        .touches = TOUCHES_RECIPIENT,
    },

    /* The message. */
    {
        .words = "message too large|message is too large|message too big|"
                 "message is too big|message size exceed|size exceeds|"
                 "message size limit|exceeds size limit|exceeded*size limit|"
                 "exceeds*size limit|maximum message size|max message size|"
                 "exceeds*maximum size|exceeded*maximum size|"
                 "exceeds fixed maximum|exceeds*size|larger than|"
                 "mail too large|mail too big|email too large|too much data|"
                 "message length exceed|message file too big|"
                 "attachment*too large",
        .class = CLASS_TOOBIG,
        .touches = TOUCHES_MESSAGE,
    },
    {
        .words = " virus| malware|infected|trojan|worm |banned attachment|"
                 "attachment*not allowed|attachment*blocked|"
                 "attachment*rejected|blocked attachment|file type|"
                 "file extension|executable|prohibited content|"
                 "content rejected|content not allowed|content denied|"
                 "rejected by content|content presents|"
                 "header*missing|missing*header|header*invalid|"
                 "invalid header|malformed message|malformed header|"
                 "malformed mime|bare lf|bare cr|line too long|"
                 "lines too long|line length|rfc 5322|rfc 2822|"
                 "not rfc*compliant|multiple from|duplicate header|"
                 "syntax error in header|8bit|8 bit|bad mime",
        .class = CLASS_CONTENT,
        .touches = TOUCHES_MESSAGE,
    },

    /* Who we are to them: the address that we connect from. */
    {
        .words = "blocklist|block list|blacklist|black list|blackhole|"
                 "denylist|blocked using|blocked by rbl| rbl |dnsbl|"
                 "spamhaus|spamcop|barracuda|sorbs|senderscore|uceprotect|"
                 "spamrats|invaluement|abusix|banned sending ip|banned ip|"
                 "ip*banned|ip*blocked|ip*listed|client host rejected|"
                 "client host*blocked|traffic not accepted from|"
                 "poor reputation|bad reputation|low reputation|"
                 "reputation|reverse dns|ptr record| ptr |rdns|"
                 "helo command rejected|cannot find your hostname|"
                 "your ip |dynamic ip|generic hostname",
        .class = CLASS_POLICY,
        .touches = TOUCHES_RELAY,
    },

    /* --- enhanced codes that say one thing --- */

    {
        .enhanced = ".4.1",
        .words = "recipient address rejected", /* Exchange's directory */
        .class = CLASS_USERUNKNOWN,
        .touches = TOUCHES_RECIPIENT,
    },
    {
        .enhanced = ".1.1 .1.3 .1.4 .1.6 .7.17",
        .class = CLASS_USERUNKNOWN,
        .touches = TOUCHES_RECIPIENT,
    },
    {
        .enhanced = ".1.2 .1.10 .7.18",
        .class = CLASS_HOSTUNKNOWN,
        .touches = TOUCHES_RECIPIENT,
    },
    {
        .enhanced = ".1.7 .1.8 .7.20 .7.21 .7.22 .7.23 .7.24 .7.26 .7.27 "
                    ".7.29 .7.60 .7.501 .7.502 .7.503 .7.509 .7.510 .7.511 "
                    ".7.513 .7.515 .7.520 .7.750",
        .class = CLASS_POLICY,
        .touches = TOUCHES_SENDER,
    },
    {
        .enhanced = ".1.90 .7.232 .7.233 .7.705",
        .class = CLASS_RATELIMIT,
        .touches = TOUCHES_ACCOUNT,
        .quota = true,
    },
    {
        .codes = "5..",
        .enhanced = ".4.5", /* Gmail's daily limit */
        .class = CLASS_RATELIMIT,
        .touches = TOUCHES_ACCOUNT,
        .quota = true,
    },
    {
        .enhanced = ".2.1",
        .class = CLASS_SUSPEND,
        .touches = TOUCHES_RECIPIENT,
    },
    {
        .enhanced = ".2.2",
        .class = CLASS_MAILBOXFULL,
        .touches = TOUCHES_RECIPIENT,
    },
    {
        .enhanced = ".2.121 .2.122 .5.3",
        .class = CLASS_RATELIMIT,
        .touches = TOUCHES_RECIPIENT,
    },
    {
        .enhanced = ".2.3 .3.4 .7.16",
        .class = CLASS_TOOBIG,
        .touches = TOUCHES_MESSAGE,
    },
    {
        .enhanced = ".6.7", /* RFC 6531: of the address */
        .class = CLASS_CONTENT,
        .touches = TOUCHES_RECIPIENT,
    },
    {
        .enhanced = ".6. .7.512",
        .class = CLASS_CONTENT,
        .touches = TOUCHES_MESSAGE,
    },
    {
        .enhanced = ".7.28",
        .class = CLASS_RATELIMIT,
        .touches = TOUCHES_ACCOUNT,
    },
    {
        .enhanced = ".7.10 .7.25 .7.54 .7.64 .7.606 .7.708",
        .class = CLASS_POLICY,
        .touches = TOUCHES_RELAY,
    },
    {
        .enhanced = ".7.2 .7.124 .7.133 .7.134 .7.136",
        .class = CLASS_POLICY,
        .touches = TOUCHES_RECIPIENT,
    },
    {
        .enhanced = ".7.3 .7.4 .7.5 .7.6 .7.7 .7.30",
        .class = CLASS_POLICY,
        .touches = TOUCHES_MESSAGE,
    },
    {
        .enhanced = ".7.8 .7.11 .7.12 .7.13 .7.14 .7.57",
        .class = CLASS_AUTH,
        .touches = TOUCHES_ACCOUNT,
    },
    /* RFC 4954. */
    {
        .codes = "525 530 534 535 538",
        .class = CLASS_AUTH,
        .touches = TOUCHES_ACCOUNT,
    },
    {
        .steps = AT_UNKNOWN,
        .codes = "454",
        .class = CLASS_AUTH,
        .touches = TOUCHES_ACCOUNT,
    },
    {
        .steps = AT_ANY_LETTER,
        .codes = "454",
        .class = CLASS_RATELIMIT,
        .touches = TOUCHES_ACCOUNT,
    },
    {
        .codes = "432",
        .class = CLASS_RATELIMIT,
        .touches = TOUCHES_ACCOUNT,
    },
    /* RFC 7504. */
    {
        .steps = AT_RCPT | AT_UNKNOWN,
        .codes = "521 556",
        .class = CLASS_HOSTUNKNOWN,
        .touches = TOUCHES_RECIPIENT,
    },

    /* --- words that hint --- */

    {
        .steps = AT_CONTENT | AT_UNKNOWN,
        .words = " spam|junk mail|junk email|unsolicited|bulk mail|"
                 "bulk email|phish|high probability of spam|spamassassin",
        .class = CLASS_SPAM,
        .touches = TOUCHES_MESSAGE,
    },
    {
        .words = " spam|unsolicited| abuse|complaint|suspicious|"
                 "blocked|banned|prohibited|policy|policies|access denied|"
                 "not authorized|not authorised|not permitted|not allowed|"
                 "local policy|administrative|administratively|security",
        .class = CLASS_POLICY,
        .touches = TOUCHES_BY_STEP,
    },
    {
        .codes = "5..",
        .words = "mailbox unavailable|mailbox not available|"
                 "address rejected|recipient rejected|"
                 "mailbox name not allowed|user not local|"
                 "account is unavailable|not our user|"
                 "not deliverable|undeliverable",
        .class = CLASS_USERUNKNOWN,
        .touches = TOUCHES_RECIPIENT,
    },
    {
        .words = "timed out|timeout|time out|connection refused|"
                 "connection failed|connection reset|lost connection|"
                 "could not connect|unable to connect|not reachable|"
                 "unreachable|name service|dns |lookup fail|"
                 "temporary lookup|resolve|network",
        .class = CLASS_NETWORK,
        .touches = TOUCHES_BY_STEP,
    },
    {
        .steps = AT_SETUP | AT_MAIL | AT_CONTENT | AT_UNKNOWN,
        .words = "system storage|disk space|no space left|space shortage|"
                 "system resources|system full|system load|overloaded|"
                 "server busy|server is busy|too busy",
        .class = CLASS_OTHER,
        .touches = TOUCHES_RELAY,
    },

    /* --- enhanced codes that say little, and bare codes --- */

    {
        .enhanced = ".1.",
        .class = CLASS_USERUNKNOWN,
        .touches = TOUCHES_RECIPIENT,
    },
    {
        .enhanced = ".2.",
        .class = CLASS_OTHER,
        .touches = TOUCHES_RECIPIENT,
    },
    {
        .steps = AT_SETUP | AT_MAIL | AT_UNKNOWN,
        .enhanced = ".3.",
        .class = CLASS_OTHER,
        .touches = TOUCHES_RELAY,
    },
    {
        .steps = AT_RCPT | AT_CONTENT | AT_UNKNOWN,
        .enhanced = ".4.4",
        .class = CLASS_HOSTUNKNOWN,
        .touches = TOUCHES_RECIPIENT,
    },
    {
        .steps = AT_RCPT | AT_CONTENT | AT_UNKNOWN,
        .enhanced = ".4.1 .4.3 .4.6 .4.7",
        .class = CLASS_NETWORK,
        .touches = TOUCHES_RECIPIENT,
    },
    {.enhanced = ".4.", .class = CLASS_NETWORK, .touches = TOUCHES_BY_STEP},
    {.enhanced = ".5.", .class = CLASS_OTHER, .touches = TOUCHES_BY_STEP},
    {.enhanced = ".7.", .class = CLASS_POLICY, .touches = TOUCHES_BY_STEP},
    {
        .steps = AT_MAIL | AT_CONTENT,
        .codes = "552",
        .class = CLASS_TOOBIG,
        .touches = TOUCHES_MESSAGE,
    },
    {
        .codes = "552",
        .class = CLASS_MAILBOXFULL,
        .touches = TOUCHES_RECIPIENT,
    },
    {
        .codes = "551 553",
        .class = CLASS_USERUNKNOWN,
        .touches = TOUCHES_RECIPIENT,
    },
    {
        .steps = AT_MAIL, /* nothing is wrong with the sender */
        .codes = "4..",
        .class = CLASS_OTHER,
        .touches = TOUCHES_RELAY,
    },
};

const size_t classify_rule_count =
    sizeof classify_rules / sizeof *classify_rules;
