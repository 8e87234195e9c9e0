/* list/slip: what is meant by a domain that is nearly a big provider's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "list/slip.h"
#include "unit/edge.h"

static const struct {
    const char *domain;
    const char *meant; /* "": nothing is said */
} cases[] = {
    /* swapped, left out, put in, changed */
    {"gmial.com", "gmail.com"},
    {"gamil.com", "gmail.com"},
    {"gmai.com", "gmail.com"},
    {"gmal.com", "gmail.com"},
    {"gmaill.com", "gmail.com"},
    {"gnail.com", "gmail.com"},
    {"hmail.com", "gmail.com"},
    {"hotmial.com", "hotmail.com"},
    {"hotmal.com", "hotmail.com"},
    {"hotnail.com", "hotmail.com"},
    {"hotmail.co.ukk", "hotmail.co.uk"},
    {"yaho.com", "yahoo.com"},
    {"yahooo.com", "yahoo.com"},
    {"yhaoo.com", "yahoo.com"},
    {"outlok.com", "outlook.com"},
    {"outllok.com", "outlook.com"},
    {"iclud.com", "icloud.com"},
    {"t-onlin.de", "t-online.de"},
    {"tonline.de", "t-online.de"},
    {"protonmial.com", "protonmail.com"},
    {"gogglemail.com", "googlemail.com"},
    /* behind the last dot */
    {"gmail.con", "gmail.com"},
    {"gmail.cmo", "gmail.com"},
    {"gmail.co", "gmail.com"},
    {"gmail.cm", "gmail.com"},
    {"gmail.comm", "gmail.com"},
    {"gmx.nett", "gmx.net"},
    {"gmx.ner", "gmx.net"},
    {"msn.con", "msn.com"},
    /* the dot itself */
    {"gmailcom", "gmail.com"},
    {"gmail.c.om", "gmail.com"},
    {"gmai.lcom", "gmail.com"},
    /* short names: only where two letters are swapped */
    {"gxm.de", "gmx.de"},
    {"wbe.de", "web.de"},
    {"ilve.com", "live.com"},
    {"gmz.de", ""},
    {"weg.de", ""},
    {"aon.com", ""},
    {"love.com", ""},
    {"line.com", ""},
    {"mai.ru", ""},
    /* providers themselves, and their neighbours */
    {"gmail.com", ""},
    {"ymail.com", ""},
    {"mail.com", ""},
    {"email.com", ""},
    {"cloud.com", ""},
    {"gmx.net", ""},
    {"gmx.com", ""},
    {"gmx.at", ""},
    {"gmx.ch", ""},
    {"mail.ru", ""},
    {"bk.ru", ""},
    {"me.com", ""},
    {"mac.com", ""},
    {"rocketmail.com", ""},
    {"fastmail.fm", ""},
    {"pm.me", ""},
    /* the same name in another country */
    {"hotmail.it", ""},
    {"hotmail.be", ""},
    {"hotmail.se", ""},
    {"yahoo.dk", ""},
    {"yahoo.be", ""},
    {"yahoo.ca", ""},
    {"yahoo.com.br", ""},
    {"yahoo.co.in", ""},
    {"yahoo.co.id", ""},
    {"outlook.fr", ""},
    {"live.de", ""},
    {"web.dk", ""},
    {"orange.es", ""},
    {"yandex.ua", ""},
    /* two slips, and what is nothing like them */
    {"gmaail.con", ""},
    {"gmil.co", ""},
    {"example.org", ""},
    {"a.b", ""},
    {"", ""},
    {"mail.gmail.com", ""},
    {"gmail.com.example", ""},
};

static void means_the_provider_one_slip_away(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct edge e = edge_copy(span_of(cases[i].domain));
        struct span meant = slip_meant(e.span);
        if (!span_equal(meant, span_of(cases[i].meant))) {
            print_error("%s: \"%.*s\"\n", cases[i].domain, (int)meant.len,
                        meant.len > 0 ? meant.data : "");
        }
        assert_true(span_equal(meant, span_of(cases[i].meant)));
        edge_release(&e);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(means_the_provider_one_slip_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
