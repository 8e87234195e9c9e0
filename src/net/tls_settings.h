/* Whom do we take for the relay, and as whom do we come?
 *
 * With `verify` a chain of certificates leads to the trust, and the leaf
 * names the host, for servers. A fingerprint replaces chain and name. Pins
 * come on top of either; without `verify` they alone decide, and without any
 * of these whoever answers is taken. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum { TLS_SHA256_BYTES = 32 };

/* Of a public key: SHA-256 of its SubjectPublicKeyInfo (RFC 7469 2.4). */
struct tls_pin {
    unsigned char sha256[TLS_SHA256_BYTES];
};

/* Of a certificate: SHA-256, or as msmtp also takes them SHA-1 and MD5. */
struct tls_fingerprint {
    unsigned char bytes[TLS_SHA256_BYTES];
    size_t size; /* 32, 20 or 16; 0: none */
};

enum tls_version { TLS_1_2, TLS_1_3 };

/* Texts and pins are borrowed by tls_client_create alone. */
struct tls_client_settings {
    bool verify;
    const char *ca_file; /* NULL: the system's trust */
    struct tls_fingerprint fingerprint;
    const struct tls_pin *pins;
    size_t pin_count;
    const char *cert_file; /* of ours, where the relay asks; NULL: none */
    const char *key_file;  /* NULL: the key is in cert_file */
    enum tls_version version_min;
};

struct tls_server_settings {
    const char *const *names; /* DNS names and IP addresses of the certificate
                                 that is made */
    size_t name_count;
    const char *cert_file;      /* is shown instead; NULL: none */
    const char *key_file;       /* NULL: the key is in cert_file */
    const char *client_ca_file; /* a client has to have one from there; NULL:
                                   it is not asked */
    enum tls_version version_max;
    bool resumes; /* what was, by tickets */
};
