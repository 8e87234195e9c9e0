/* Certificates and keys that stand in files. */
#include <errno.h>
#include <fcntl.h>
#include <gnutls/x509.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/descriptor.h"
#include "net/tls.h"
#include "net/tls_parts.h"

enum { FILE_BYTES_MAX = 32 * 1024 * 1024 };

/* As much room as it has bytes, and one to see its end: growing would leave
 * copies of a key behind. */
static bool read_all(int file, struct buf *out)
{
    struct stat facts;
    bool regular = fstat(file, &facts) == 0 && S_ISREG(facts.st_mode);
    bool small = regular && facts.st_size < FILE_BYTES_MAX;
    size_t room = small ? (size_t)facts.st_size + 1 : 4096;
    (void)buf_reserve(out, room);
    return descriptor_read_all(file, out);
}

/* Wipe *out in either case. */
static bool load(const char *path, struct buf *out, struct err *err)
{
    buf_init(out, FILE_BYTES_MAX);
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    bool good = file >= 0 && read_all(file, out);
    if (!good) {
        err_set(err, EX_NOINPUT, "%s: cannot be read: %s", path,
                strerror(errno));
    }
    if (file >= 0) {
        close(file);
    }
    return good;
}

static gnutls_datum_t datum_of(const struct buf *b)
{
    return (gnutls_datum_t){(unsigned char *)b->data, (unsigned)b->len};
}

bool tls_file_trust(gnutls_certificate_credentials_t to, const char *path,
                    struct err *err)
{
    struct buf pem;
    bool good = load(path, &pem, err);
    if (good) {
        gnutls_datum_t datum = datum_of(&pem);
        good = pem.len > 0 && gnutls_certificate_set_x509_trust_mem(
                                  to, &datum, GNUTLS_X509_FMT_PEM) > 0;
        if (!good) {
            err_set(err, EX_CONFIG, "%s: holds no certificate (PEM)", path);
        }
    }
    buf_wipe(&pem);
    return good;
}

static void explain(int code, const char *cert, const char *key,
                    struct err *err)
{
    if (code == GNUTLS_E_CERTIFICATE_KEY_MISMATCH) {
        err_set(err, EX_CONFIG, "%s: is not the key of %s", key, cert);
    } else if (code == GNUTLS_E_DECRYPTION_FAILED) {
        err_set(err, EX_CONFIG,
                "%s: the key has a passphrase, and nobody is asked for one",
                key);
    } else if (cert == key) {
        err_set(err, EX_CONFIG,
                "%s: holds no certificate with its key (PEM): %s", cert,
                gnutls_strerror(code));
    } else {
        err_set(err, EX_CONFIG,
                "%s and %s: no certificate and its key (PEM): %s", cert, key,
                gnutls_strerror(code));
    }
}

bool tls_file_show(gnutls_certificate_credentials_t to, const char *cert,
                   const char *key, struct err *err)
{
    struct buf cert_pem, key_pem = {0};
    key = key ? key : cert;
    bool good = load(cert, &cert_pem, err) && load(key, &key_pem, err);
    if (good) {
        gnutls_datum_t certs = datum_of(&cert_pem);
        gnutls_datum_t keys = datum_of(&key_pem);
        int code = gnutls_certificate_set_x509_key_mem2(
            to, &certs, &keys, GNUTLS_X509_FMT_PEM, NULL, 0);
        good = code >= 0;
        if (!good) {
            explain(code, cert, key, err);
        }
    }
    buf_wipe(&cert_pem);
    buf_wipe(&key_pem);
    return good;
}
