#include "net/resolver.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "net/errand.h"
#include "net/loop_uv.h"

struct resolver {
    uv_getaddrinfo_t uv;
    void (*answer)(void *context, struct addrinfo *list, const struct err *why);
    void *context;
    struct errand errand; /* where the question could not even be put */
    int result;
    char *host;
};

static void explain(const struct resolver *r, struct err *why)
{
    if (r->result == UV_EAI_NONAME || r->result == UV_EAI_NODATA) {
        err_set(why, EX_NOHOST, "%s: there is no such host", r->host);
    } else {
        err_set(why, EX_UNAVAILABLE, "%s: cannot be looked up: %s", r->host,
                uv_strerror(r->result));
    }
}

static void answered(struct resolver *r, struct addrinfo *list)
{
    struct err why = {0};
    if (!list) {
        explain(r, &why);
    }
    if (r->answer) {
        r->answer(r->context, list, &why);
    } else if (list) {
        freeaddrinfo(list);
    }
    free(r->host);
    free(r);
}

static void looked_up(uv_getaddrinfo_t *uv, int status, struct addrinfo *list)
{
    struct resolver *r = uv->data;
    r->result = status;
    answered(r, status == 0 ? list : NULL);
}

static void could_not_ask(void *context)
{
    answered(context, NULL);
}

struct resolver *resolver_ask(
    struct loop *l, const char *host, const char *port,
    void (*answer)(void *context, struct addrinfo *list, const struct err *why),
    void *context)
{
    struct resolver *r = mem_alloc_zero(1, sizeof *r);
    r->answer = answer;
    r->context = context;
    r->host = mem_copy_text(host, strlen(host));
    r->errand = (struct errand){.run = could_not_ask, .context = r};
    r->uv.data = r;
    /* No AI_ADDRCONFIG: a machine whose only network is loopback would then
     * not find 127.0.0.1. */
    const struct addrinfo hints = {.ai_family = AF_UNSPEC,
                                   .ai_socktype = SOCK_STREAM};
    loop_need_threads();
    r->result =
        uv_getaddrinfo(loop_uv(l), &r->uv, looked_up, host, port, &hints);
    if (r->result != 0) {
        errand_queue(l, &r->errand);
    }
    return r;
}

void resolver_forget(struct resolver *r)
{
    r->answer = NULL;
    /* A thread that has begun cannot be called back; its answer is dropped. */
    uv_cancel((uv_req_t *)&r->uv);
}
