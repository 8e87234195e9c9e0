/* What does GMime read in these letters? One JSON object for each file of the
 * command line: its name, and what the tests compare. */
#include <gmime/gmime.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/json.h"

static void add_text(struct buf *out, const char *name, const char *text)
{
    json_add_text(out, name, span_of(text));
}

/* The one mailbox of a header, or what is wrong with it. */
static void add_mailbox(struct buf *out, const char *name,
                        InternetAddressList *list)
{
    struct buf key;
    buf_init(&key, 100);
    bool one = list && internet_address_list_length(list) == 1;
    InternetAddress *box =
        one ? internet_address_list_get_address(list, 0) : NULL;
    bool mailbox = box && INTERNET_ADDRESS_IS_MAILBOX(box);
    buf_append_format(&key, "%s_name%c", name, 0);
    add_text(out, key.data, mailbox ? internet_address_get_name(box) : NULL);
    buf_clear(&key);
    buf_append_format(&key, "%s_address%c", name, 0);
    add_text(out, key.data,
             mailbox ? internet_address_mailbox_get_addr(
                           (InternetAddressMailbox *)box)
                     : "not one mailbox");
    buf_release(&key);
}

/* Name and bytes of the file of that number. */
static void add_file(struct buf *out, GMimePart *part, unsigned number)
{
    GMimeStream *stream = g_mime_stream_mem_new();
    g_mime_data_wrapper_write_to_stream(g_mime_part_get_content(part), stream);
    GByteArray *bytes =
        g_mime_stream_mem_get_byte_array((GMimeStreamMem *)stream);
    char *base64 = g_base64_encode(bytes->data, bytes->len);
    char *name = g_strdup_printf("file%u", number);
    add_text(out, name, g_mime_part_get_filename(part));
    g_free(name);
    name = g_strdup_printf("bytes%u", number);
    add_text(out, name, base64);
    g_free(name);
    g_free(base64);
    g_object_unref(stream);
}

static void add_part(GMimeObject *parent, GMimeObject *part, gpointer data)
{
    static unsigned files;
    struct buf *out = data;
    (void)parent;
    if (GMIME_IS_PART(part) && g_mime_part_get_filename((GMimePart *)part)) {
        add_file(out, (GMimePart *)part, files++);
        return;
    }
    if (!GMIME_IS_TEXT_PART(part)) {
        return;
    }
    GMimeContentType *type = g_mime_object_get_content_type(part);
    bool html = g_mime_content_type_is_type(type, "text", "html");
    char *text = g_mime_text_part_get_text((GMimeTextPart *)part);
    add_text(out, html ? "html" : "text", text);
    g_free(text);
}

static void read_letter(const char *path, struct buf *out)
{
    GMimeStream *stream = g_mime_stream_file_open(path, "r", NULL);
    GMimeParser *parser = g_mime_parser_new_with_stream(stream);
    GMimeMessage *message = g_mime_parser_construct_message(parser, NULL);
    json_open(out);
    add_text(out, "path", path);
    add_text(out, "subject", g_mime_message_get_subject(message));
    add_mailbox(out, "to", g_mime_message_get_to(message));
    add_mailbox(out, "reply_to", g_mime_message_get_reply_to(message));
    g_mime_message_foreach(message, add_part, out);
    json_close(out);
    g_object_unref(message);
    g_object_unref(parser);
    g_object_unref(stream);
}

int main(int argc, char **argv)
{
    g_mime_init();
    for (int i = 1; i < argc; i++) {
        struct buf out;
        buf_init(&out, 1 << 26);
        read_letter(argv[i], &out);
        printf("%.*s\n", (int)out.len, out.data);
        buf_release(&out);
    }
    g_mime_shutdown();
    return 0;
}
