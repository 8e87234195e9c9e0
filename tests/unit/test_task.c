/* mailing/task: rows that go again come back in order of their time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mailing/task.h"

/* What the queue made of a task that is not a pool's. */
static void release(struct task *t)
{
    arena_release(&t->row_arena);
}

static void gives_back_by_time(void **state)
{
    (void)state;
    enum { COUNT = 1000 };
    static struct task tasks[COUNT];
    struct task_queue q;
    task_queue_init(&q);
    uint64_t seed = 1;
    for (int i = 0; i < COUNT; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        task_queue_add(&q, &tasks[i], 1 + (seed >> 33) % 5000);
    }
    uint64_t before = 0;
    for (int i = 0; i < COUNT; i++) {
        uint64_t due = task_queue_due_ms(&q);
        assert_true(due >= before);
        assert_null(task_queue_take(&q, due - 1));
        struct task *t = task_queue_take(&q, due);
        assert_non_null(t);
        assert_int_equal(t->due_ms, due);
        before = due;
        release(t);
    }
    assert_int_equal(q.count, 0);
    assert_true(task_queue_due_ms(&q) == UINT64_MAX);
    task_queue_release(&q);
}

static void gives_the_ripe_first_and_in_order(void **state)
{
    (void)state;
    static struct task a, b, c;
    struct task_queue q;
    task_queue_init(&q);
    task_queue_add(&q, &c, 5);
    task_queue_add(&q, &a, 0);
    task_queue_add(&q, &b, 0);
    assert_ptr_equal(task_queue_take(&q, 10), &a);
    assert_ptr_equal(task_queue_take(&q, 10), &b);
    assert_null(task_queue_take(&q, 4));
    assert_ptr_equal(task_queue_drain(&q), &c);
    assert_null(task_queue_drain(&q));
    task_queue_release(&q);
    release(&a);
    release(&b);
    release(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_back_by_time),
        cmocka_unit_test(gives_the_ripe_first_and_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
