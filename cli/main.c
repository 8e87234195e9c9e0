#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "cli/classify.h"
#include "cli/process.h"
#include "cli/say.h"
#include "cli/sink.h"
#include "cli/status.h"
#include "cli/usual.h"
#include "cli/verbs.h"

static const struct {
    const char *name;
    const char *title; /* of its help, as argv[0] */
    int (*run)(int argc, const char **argv);
    const char *help;
} verbs[] = {
    {"send", "mailshot send", verb_send,
     "LIST TEMPLATE    send the mailing, write the report"},
    {"check", "mailshot check", verb_check,
     "LIST [TEMPLATE]  say all that send could find out before it sends"},
    {"render", "mailshot render", verb_render,
     "LIST TEMPLATE    the exact bytes that would go out"},
    {"status", "mailshot status", verb_status,
     "STATE...         what state files know"},
    {"classify", "mailshot classify", verb_classify,
     "                 SMTP replies on stdin, one verdict each on stdout"},
    {"sink", "mailshot sink", verb_sink,
     "                 a relay on loopback that delivers nowhere"},
};

enum { VERBS = sizeof verbs / sizeof verbs[0] };

static void show_usage(FILE *to)
{
    fputs("Usage: mailshot VERB [OPTION...] [ARGUMENT...]\n", to);
}

static void show_help(FILE *to)
{
    show_usage(to);
    fputs("\nMails a message to everyone on a list, through your relay.\n\n",
          to);
    for (size_t i = 0; i < VERBS; i++) {
        fprintf(to, "  mailshot %-8s [OPTION...] %s\n", verbs[i].name,
                verbs[i].help);
    }
    fputs("\nmailshot VERB --help shows the options of a verb.\n", to);
}

static void show_version(FILE *to)
{
    fputs("mailshot " MAILSHOT_VERSION "\n", to);
}

/* EX_OK, once it is written. */
static int show(void (*text)(FILE *to))
{
    struct say say = {.loudest = SAY_ERROR};
    struct err err = {0};
    text(stdout);
    if (!usual_finish_stdout(&err)) {
        say_text(&say, SAY_ERROR, err.text);
    }
    return err.status;
}

static int refuse(const char *word)
{
    struct say say = {.loudest = SAY_ERROR};
    struct err err;
    err_set(&err, EX_USAGE, "%s: no such verb; mailshot --help shows them",
            word);
    say_text(&say, SAY_ERROR, err.text);
    return EX_USAGE;
}

static int run(int argc, const char **argv)
{
    static const struct {
        const char *word;
        void (*text)(FILE *to);
    } shown[] = {
        {"--help", show_help},
        {"-?", show_help},
        {"--usage", show_usage},
        {"--version", show_version},
    };
    if (argc < 2) {
        show_help(stderr);
        return EX_USAGE;
    }
    for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++) {
        if (strcmp(argv[1], shown[i].word) == 0) {
            return show(shown[i].text);
        }
    }
    for (size_t i = 0; i < VERBS; i++) {
        if (strcmp(argv[1], verbs[i].name) == 0) {
            argv[1] = verbs[i].title;
            return verbs[i].run(argc - 1, argv + 1);
        }
    }
    return refuse(argv[1]);
}

int main(int argc, char **argv)
{
    process_begin();
    return run(argc, (const char **)(void *)argv);
}
