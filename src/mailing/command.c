#include "mailing/command.h"

#include "net/child.h"

static void over(void *context, const struct err *why)
{
    struct err *err = context;
    *err = *why;
}

bool command_read(const char *text, const char *name, uint64_t timeout_ms,
                  struct buf *out, struct err *err)
{
    const struct child_command command = {text, name, timeout_ms};
    struct loop *loop = loop_create();
    bool begun = child_start(loop, &command, out, over, err, err) != NULL;
    loop_run(loop); /* nothing else is watched */
    loop_destroy(loop);
    return begun && err->status == 0;
}
