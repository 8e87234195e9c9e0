/* Words that leave no doubt, whatever the codes beside them. Written from
 * what Gmail, Microsoft 365, Outlook.com, Yahoo, iCloud, Amazon SES, SendGrid,
 * Zoho, Mimecast, Proofpoint, Orange, mail.ru, Yandex and QQ publish of their
 * replies, or were seen to say, and from what Postfix, Exim, Sendmail, qmail,
 * Exchange, Dovecot, OpenSMTPD and cPanel say. */
#include "smtp/classify_rules.h"

static const struct classify_rule rules[] = {

    /* --- codes that no words can outdo --- */

    {
        .enhanced = ".7.26 .7.515",
        .class = CLASS_POLICY,
        .touches = TOUCHES_SENDER,
    },
    {
        .codes = "5..",
        .enhanced = ".4.5", /* Gmail's daily limit */
        .class = CLASS_RATELIMIT,
        .touches = TOUCHES_ACCOUNT,
        .quota = true,
    },
    {
        .steps = AT_MAIL,
        .enhanced = ".3.4", /* RFC 1870 6.1: of the SIZE we declared */
        .class = CLASS_TOOBIG,
        .touches = TOUCHES_MESSAGE,
    },

    /* --- how much, how fast --- */

    {
        .enhanced = ".5.3", /* OpenSMTPD, of a session */
        .words = "too many messages sent",
        .class = CLASS_RATELIMIT,
        .touches = TOUCHES_SESSION,
    },
    /* One recipient gets too much: not a matter of who we are. */
    {
        .words = "receiving mail too quickly|receiving email too quickly|"
                 "receiving mail at a rate|receiving email at a rate|"
                 "recipient thread limit|receive limit|receiving limit|"
                 "recipient s per hour|recipient has exceeded their limit|"
                 "deferred due to excessive volume|messages for this recipient|"
                 "recipient rate limit",
        .class = CLASS_RATELIMIT,
        .touches = TOUCHES_RECIPIENT,
    },
    /* What the account may send in a day, an hour, a month is used up. */
    {
        .words = "daily user sending|daily sending|daily message|daily quota|"
                 "daily limit|daily relay|daily smtp relay|daily email|"
                 "daily mail|daily outgoing|daily outbound|daily recipient|"
                 "per day|messages a day|per 24 hour|24 hour limit|"
                 "hourly limit|hourly quota|messages per hour|"
                 "emails per hour|mails per hour|recipients per hour|"
                 "this hour|monthly limit|monthly quota|monthly sending|"
                 "monthly email|exceeded*sending limit|sending limit exceed|"
                 "reached*sending limit|exceeded*sending quota|"
                 "sending quota exceed|exceeded your messaging limit|"
                 "submission quota|submissionquota|message quota|"
                 "relay quota|outbound quota|outgoing quota|sender quota|"
                 "sender s quota|smtp quota|email quota|"
                 "defers and failures|credits exceeded|out of credits|"
                 "no credits|not enough credits|insufficient credits|"
                 "allowed outgoing messages|policy rejection*quota|"
                 "tenant has exceeded|exceeded your*quota",
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
    /* To come again later is all that is asked, and nobody need change
     * anything: a limit, not a policy. */
    {
        .words = "greylist|graylist|grey list|gray list|postgrey|"
                 "come back later|come back in|first time sender",
        .class = CLASS_RATELIMIT,
        .touches = TOUCHES_BY_STEP,
    },

    /* --- the login, which alone speaks at AUTH --- */

    {
        .steps = AT_AUTH,
        .words = "throttl|too many|rate limit|frequen",
        .class = CLASS_RATELIMIT,
        .touches = TOUCHES_ACCOUNT,
    },
    {.steps = AT_AUTH, .class = CLASS_AUTH, .touches = TOUCHES_ACCOUNT},
    {
        .codes = "432", /* RFC 4954 6 */
        .enhanced = ".7.12",
        .class = CLASS_AUTH,
        .touches = TOUCHES_ACCOUNT,
    },
    {
        .codes = "432", /* Exchange Online: too much at once */
        .class = CLASS_RATELIMIT,
        .touches = TOUCHES_ACCOUNT,
    },
    {
        .codes = "525 534 535 538",
        .class = CLASS_AUTH,
        .touches = TOUCHES_ACCOUNT,
    },

    /* SPF, DKIM, DMARC: of the sender's domain, whoever is written to. */
    {
        .words = " dmarc | dkim | spf |unauthenticated email|"
                 "unauthenticated message|sender is unauthenticated|"
                 "required authentication level|sender policy framework|"
                 "sender id |senderid|domainkeys",
        .class = CLASS_POLICY,
        .touches = TOUCHES_SENDER,
    },
    /* Some recipients hear their own organization alone. */
    {
        .words = "sender was not authenticated|sender not authenticated for|"
                 "allowed senders list|members only|non member|"
                 "not subscribed to this|rejected by recipient|"
                 "banned recipient|policy rejection on the target",
        .class = CLASS_POLICY,
        .touches = TOUCHES_RECIPIENT,
    },
    /* The relay will not carry mail for us. */
    {
        .words = "relay access denied|relaying denied|relay denied|"
                 "relay not permitted|relaying not permitted|"
                 "relay not allowed|relaying not allowed|"
                 "relaying is not allowed|relaying prohibited|"
                 "relay prohibited|relay is prohibited|unable to relay|"
                 "permitted to relay|allowed to relay|authorized to relay|"
                 "not relay |no relaying|cannot relay|"
                 "credentials for relay|relaying temporarily|"
                 "relaying to*prohibited|relaying mail|allowed rcpthosts|"
                 "rejected relay|relay attempt|"
                 "authorized to send email directly",
        .class = CLASS_POLICY,
        .touches = TOUCHES_RELAY,
    },
    {
        .words = "authentication required|authentication is required|"
                 "requires authentication|require authentication|"
                 "must authenticate|must be authenticated|"
                 "please authenticate|authenticate first|"
                 "need to authenticate|cannot authenticate|"
                 "client was not authenticated|client not authenticated|"
                 "unauthenticated senders|unauthenticated commands|"
                 "authentication failed|authentication failure|"
                 "authentication unsuccessful|authentication credentials|"
                 "authentication rejected|authentication data|"
                 "auth required|auth first|auth command first|smtp auth|"
                 "username and password|invalid login|login failed|"
                 "login attempts|login denied|log in first|not logged in|"
                 "please log in|application specific password|"
                 "pop before smtp|authentification requise",
        .class = CLASS_AUTH,
        .touches = TOUCHES_ACCOUNT,
    },
    {
        .words = "starttls command first|starttls is required|"
                 "starttls required|tls required|tls is required|"
                 "requires tls|require tls|must use tls|requires encryption|"
                 "to use tls|encryption required|encryption is required|"
                 "secure connection required",
        .class = CLASS_POLICY,
        .touches = TOUCHES_RELAY,
    },
    {
        .codes = "530", /* RFC 4954 6 */
        .class = CLASS_AUTH,
        .touches = TOUCHES_ACCOUNT,
    },
    {
        .words = "tls not available|tls is not available|"
                 "tls currently unavailable|tls negotiation|tls handshake",
        .class = CLASS_NETWORK,
        .touches = TOUCHES_RELAY,
    },
    {
        .words = "your account has been suspended|your account is suspended|"
                 "your account has been disabled|your account is disabled|"
                 "suspended for this account|outgoing mail suspension|"
                 "account is not allowed to send|account not yet activated|"
                 "account is not yet activated|sending paused|"
                 "sending suspended|sending has been suspended|"
                 "sending disabled|mail sending denied|outbounds disabled|"
                 "account under review|account is under review",
        .class = CLASS_SUSPEND,
        .touches = TOUCHES_ACCOUNT,
    },
    {
        .words = "not authorized to perform|account not subscribed",
        .class = CLASS_POLICY,
        .touches = TOUCHES_ACCOUNT,
    },

    /* --- how much and how fast again: connections, then senders --- */

    {
        .words = "messages in this connection|messages per connection|"
                 "message per connection|messages in one connection|"
                 "messages this session|messages in this session|"
                 "messages per session|too many errors|"
                 "too many unrecoverable|too many protocol|"
                 "too many syntax|too many unrecognized|"
                 "too many invalid|too many unknown|too many bad|"
                 "too many nonexist|too many failed|too many nonmail|"
                 "excessive unknown|too many connections|"
                 "too many concurrent|too many sessions|"
                 "too many simultaneous|trop de connexions|"
                 "concurrent connections|concurrent server connections|"
                 "connection limit|connection rate|connection frequency|"
                 "maximum connections|number of connections",
        .class = CLASS_RATELIMIT,
        .touches = TOUCHES_SESSION,
    },
    {
        .words = "too many recipients from",
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
        .words = "throttl|sending rate|rate limit|ratelimit|"
                 "rate exceeded|exceeded*rate |submission rate|"
                 "message rate|unusual rate|too much mail from|"
                 "too many messages|too many mails|too many emails|"
                 "too many requests|too quickly|too fast|slow down|"
                 "slower|thread limit|unexpected volume|unusual volume|"
                 "unusual sending|unusual traffic|excessive volume|"
                 "smtp relay limit|mail flood|frequency limited|"
                 "exceeded permitted limits|too frequent|"
                 "try again later from",
        .class = CLASS_RATELIMIT,
        .touches = TOUCHES_ACCOUNT,
    },

    /* --- the sender's address --- */

    {
        .words = "sender address rejected|sender rejected|sender denied|"
                 "sender address blocked|bad sender|invalid sender|"
                 "sender invalid|unknown sender|emetteur invalide|"
                 "sender verify|sender address is not|sender domain|"
                 "domain of sender|sender s domain|sender s address|"
                 "unroutable sender|from address|from domain|"
                 "not owned by user|does not own|as this sender|sendas|"
                 "send from*address|not allowed to send|"
                 "not permitted to send|not authorized to send|"
                 "not authorised to send|no identity changes|"
                 "address is not verified|domain is not verified|"
                 "domain is unverified|verified sender|sender identity|"
                 "unregistered domain|envelope sender|envelope blocked|"
                 "envelope rejected|blocked senders|return path|"
                 "bounce address|banned sender|outbound sender|"
                 "sender is spammer|anti spoofing|"
                 "sending domain|badmailfrom|bad mail from",
        .class = CLASS_POLICY,
        .touches = TOUCHES_SENDER,
    },

    /* --- the recipient's mailbox --- */

    {
        .steps = AT_ADDRESSED,
        .words = "mailbox*full |mail box*full |full mailbox|inbox is full|"
                 "inbox full|account is full|account full|"
                 "mailfolder is full|mail folder*full |storage is full|"
                 "storage full|user is full|recipient is full|over quota|"
                 "overquota|over the quota|over the allowed quota|"
                 "over their quota|over its quota|over his quota|"
                 "over disk quota|exceeding*quota|quota exceed|"
                 "quotaexceeded|quota*exceeded|exceeded*quota|"
                 "exceeds*quota|exceed*quota|quota full|quota is full|"
                 "quota reached|reached*quota|quota violation|"
                 "beyond*quota|out of quota|disk quota|disc quota|"
                 "storage quota|mailbox quota|mailbox size limit|"
                 "maximum mailbox size|mailbox*exceeded|"
                 "exceeded storage allocation|storage allocation exceeded|"
                 "exceeded*storage limit|exceeds*storage limit|"
                 "exceed maximum allowed storage|out of storage|"
                 "not enough storage|have enough space|"
                 "exceeded*disk space|space has been used up|"
                 "casella piena|postfach*voll |buzon lleno|"
                 "destinataire pleine",
        .class = CLASS_MAILBOXFULL,
        .touches = TOUCHES_RECIPIENT,
    },
    {
        .steps = AT_ADDRESSED,
        .words = "account*disabled|mailbox*disabled|user*disabled|"
                 "recipient*disabled|email address*disabled|"
                 "account*suspended|mailbox*suspended|user*suspended|"
                 "recipient*suspend|mailbox*inactive|account*inactive|"
                 "user*inactive|recipient*inactive|inactive user|"
                 "inactive account|inactive mailbox|inactive recipient|"
                 "inactive email|account*deactivated|"
                 "mailbox*deactivated|user*deactivated|"
                 "deactivated mailbox|account*closed|mailbox*closed|"
                 "account*frozen|"
                 "mailbox*frozen|account*expired|mailbox*expired|"
                 "account*blocked|mailbox*blocked|account isblocked|"
                 "no longer active|not an active|user not active|"
                 "account not active|account is not active|"
                 "mailbox not active|mailbox is not active|discontinued|"
                 "mailbox is no longer|address is no longer|"
                 "is no longer valid|is no longer available|"
                 "no longer in use|no longer accepts|archived recipient|"
                 "not accepting messages|not accepting mail |"
                 "not allowed to receive",
        .class = CLASS_SUSPEND,
        .touches = TOUCHES_RECIPIENT,
    },
    {
        .steps = AT_ADDRESSED,
        .codes = "5..", /* for a while, a mailbox is locked at each delivery */
        .words = "account*locked|mailbox*locked|unavailable or access denied",
        .class = CLASS_SUSPEND,
        .touches = TOUCHES_RECIPIENT,
    },
    {
        .steps = AT_ADDRESSED,
        .words = "host unknown|unknown host|domain not found|"
                 "no such domain|domain does not exist|"
                 "domain doesn t exist|dns domain*does not exist|"
                 "domain must exist|unknown domain|domain unknown|"
                 "unrouteable|unroutable|host not found|no mx |"
                 "mx records|null mx|nullmx|nxdomain|invalid mx|"
                 "host or domain name not found|invalid domain|"
                 "domain invalid|non existent domain|nonexistent domain|"
                 "nonexistentdomain|destination system|"
                 "not accept mail |not accept email |"
                 "domain is not hosted|name or service not known",
        .class = CLASS_HOSTUNKNOWN,
        .touches = TOUCHES_RECIPIENT,
    },
    {
        .steps = AT_ADDRESSED,
        .words = "address verification in progress|unverified address",
        .class = CLASS_OTHER,
        .touches = TOUCHES_RECIPIENT,
    },
    {
        .steps = AT_ADDRESSED,
        .words = "user unknown|unknown user|unknown recipient|"
                 "recipient unknown|no such user|no such recipient|"
                 "no such mailbox|no such address|no such account|"
                 "no such person|no such local|no such email|no such mail|"
                 "unknown address|address unknown|address is unknown|"
                 "unknown email|unknown account|account unknown|"
                 "unknown mailbox|mailbox unknown|unknown local|"
                 "unknown virtual|unknown or illegal|addressee unknown|"
                 "invalid recipient|recipient invalid|invalid mailbox|"
                 "mailbox invalid|invalid user|invalid address|"
                 "address invalid|invalid account|invalid email|"
                 "mailbox name not allowed|marked as invalid|bad destination "
                 "mailbox|"
                 "bad recipient|bad address|badrcptto|illegal recipient|"
                 "destinataire invalide|user not found|user*was not found|"
                 "recipient not found|address not found|"
                 "mailbox not found|account not found|could not be found|"
                 "recipientnotfound|recipnotfound|nosuchuser|"
                 "found by smtp address lookup|not a valid mailbox|"
                 "not a valid user|not a valid recipient|"
                 "not a valid address|not a valid email|isn t a valid|"
                 "does not exist|doesn t exist|not exist |do not exist|"
                 "non existent user|nonexistent user|no mailbox|"
                 "no mail box|not a known|not known |user undefined|"
                 "doesn t have a*account|does not have a*account|"
                 "no account by|account unavailable|account not available|"
                 "account is unavailable|no longer on server|"
                 "undeliverable address|recipient address rejected access|"
                 "no one at this|recipient not ok|"
                 "benutzer unbekannt|empfaenger unbekannt|"
                 "utente sconosciuto|destinatario sconosciuto|"
                 "usuario desconocido|utilisateur inconnu|"
                 "destinataire inconnu|usuario no existe|no existe",
        .class = CLASS_USERUNKNOWN,
        .touches = TOUCHES_RECIPIENT,
    },

    /* --- the message --- */

    {
        .words = "message too large|message is too large|message too big|"
                 "message is too big|message size exceed|size exceeds|"
                 "message size limit|size limit exceeded|"
                 "exceeds*size limit|exceeded*size limit|"
                 "maximum message size|max message size|"
                 "maximum email size|exceeds*maximum size|"
                 "exceeded*maximum size|databytes|larger than|"
                 "mail too large|mail too big|email too large|"
                 "too much data|message length exceed|"
                 "message file too big|limite du message atteinte|"
                 "too large for this",
        .class = CLASS_TOOBIG,
        .touches = TOUCHES_MESSAGE,
    },
    {
        .words = " virus| malware|infected|trojan|banned content|"
                 "unacceptable content|illegal attachment|"
                 "banned attachment|blocked attachment|"
                 "attachment*not allowed|attachment*blocked|"
                 "attachment*rejected|attachments are not|file type|"
                 "file extension|executable|prohibited content|"
                 "content rejected|content not allowed|content denied|"
                 "content presents|content examination|"
                 "missing*header|header*missing|header*invalid|"
                 "invalid header|disallowed header|duplicate header|"
                 "header error|headers are not|malformed|"
                 "corrupt message|message content|encoded word syntax|"
                 "bare lf|bare cr|bare line feed|line too long|"
                 "lines too long|line length|5322 |2822 |"
                 "multiple from|multiple addresses in",
        .class = CLASS_CONTENT,
        .touches = TOUCHES_MESSAGE,
    },

    {
        .steps = AT_CONTENT | AT_UNKNOWN,
        .words = " dbl |surbl|uribl|blacklisted url|url*blacklist",
        .class = CLASS_SPAM, /* what the text links to */
        .touches = TOUCHES_MESSAGE,
    },

    /* --- who we are to them: the address that we connect from --- */

    {
        .words = "blocklist|block list|blacklist|black list|blackhole|"
                 "denylist|whitelist|blocked using| rbl |dnsbl|spamhaus|"
                 "spamcop|barracuda|sorbs|uceprotect|spamrats|abusix|"
                 "banned sending ip|banned ip| ip *banned| ip *blocked|"
                 " ip *listed|client host rejected|client host*blocked|"
                 "traffic not accepted from|accept email over ipv6|"
                 "accepting mail from your ip|permanently deferred|"
                 "reputation|reverse dns|ptr record| ptr |rdns|"
                 "helo command rejected|bad helo|find your hostname|"
                 "your ip |dynamic ip|open proxy|not allowed to connect|"
                 "connections not accepted|not accepting connections|"
                 "connections will not be accepted",
        .class = CLASS_POLICY,
        .touches = TOUCHES_RELAY,
    },
};

const struct classify_table classify_by_words = {
    .rules = rules,
    .count = sizeof rules / sizeof *rules,
};
