/* kill -9 at any moment: what an action said was stored is there, and what it did not say is not half there. */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/actions.h"
#include "app/drafts.h"
#include "db/record_store.h"
#include "tests/app/project.h"
#include "tests/support/suite.h"

enum { RECORDS = 12, KILLS = 200 };

/* What the child says, once the action has returned. */
struct told {
    int record;
    enum record_state state;
};

static unsigned roll(unsigned *seed, unsigned sides)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (*seed >> 8) % sides;
}

/* Decides until it is killed. */
static void decide_for_ever(const struct project *p, int out, unsigned seed)
{
    struct error err = {0};
    struct session *s = session_open(&(struct session_options){.project = p->path, .reviewer = "alice"}, &err);
    if (!s)
        _exit(3);
    int64_t ids[RECORDS];
    for (int i = 0; i < RECORDS; i++)
        ids[i] = project_record(s, i);
    for (;;) {
        struct told told = {.record = (int)roll(&seed, RECORDS)};
        int result;
        switch (roll(&seed, 4)) {
        case 0:
            told.state = STATE_SKIPPED;
            result = action_skip(s, ids[told.record], NULL, &err);
            break;
        case 1:
            told.state = STATE_REJECTED;
            result = action_reject(s, ids[told.record], SLICE("vague"), NULL, &err);
            break;
        case 2:
            told.state = STATE_EDITED;
            result = action_edit(s, ids[told.record],
                                 (struct rule_typed){SLICE("m"), SLICE("Words of my own")}, NULL, &err);
            break;
        default:
            told.state = STATE_ACCEPTED;
            told.record &= ~1; /* those with a candidate */
            result = action_accept(s, ids[told.record], NULL, &err);
            break;
        }
        draft_note(s, ids[told.record], "rule", slice_of(told.state == STATE_EDITED ? "half a rule" : "half"));
        if (result == 0)
            result = draft_store(s, &err);
        if (result != 0)
            _exit(4);
        if (write(out, &told, sizeof told) != sizeof told)
            _exit(5);
    }
}

/* Lets a child work, kills it, and returns what it told. */
static size_t work_and_kill(const struct project *p, unsigned seed, struct told *last, bool *sure)
{
    int ends[2];
    size_t count = 0;
    struct told told;
    CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        decide_for_ever(p, ends[1], seed);
    }
    close(ends[1]);
    struct pollfd first = {.fd = ends[0], .events = POLLIN};
    if (roll(&seed, 4) != 0) /* else it may be killed while it opens the project */
        poll(&first, 1, 5000);
    usleep(roll(&seed, 15000));
    kill(child, SIGKILL);
    int status = 0;
    waitpid(child, &status, 0);
    CU_ASSERT(WIFSIGNALED(status));
    while (read(ends[0], &told, sizeof told) == sizeof told) {
        last[told.record] = told;
        sure[told.record] = true;
        count++;
    }
    close(ends[0]);
    return count;
}

static void test_two_hundred_kills(void)
{
    struct project p;
    struct told last[RECORDS] = {{0, STATE_UNDECIDED}};
    size_t told = 0, wrong = 0;
    project_make(&p, RECORDS);
    for (unsigned i = 0; i < KILLS; i++) {
        bool sure[RECORDS] = {false};
        told += work_and_kill(&p, 1000 + i, last, sure);
        struct session *s = project_open(&p, "alice");
        /* One action may have been stored and not told yet: one record may differ from what was told. */
        size_t differ = 0;
        for (int r = 0; r < RECORDS; r++) {
            struct stored_record now = {0};
            CU_ASSERT_EQUAL(record_store_load(session_store(s), project_record(s, r), &now, NULL), 0);
            differ += now.state != last[r].state;
            last[r] = (struct told){r, now.state};
            stored_record_free(&now);
        }
        wrong += differ > 1;
        session_close(s);
    }
    struct session *s = project_open(&p, "alice");
    struct str report = {0};
    size_t faults = 1;
    CU_ASSERT_EQUAL(store_check(session_store(s), &report, &faults, NULL), 0);
    CU_ASSERT_EQUAL(faults, 0);
    CU_ASSERT_EQUAL(wrong, 0);
    CU_ASSERT(told > KILLS); /* the children did get to work */
    str_free(&report);
    session_close(s);
    project_remove(&p);
}

static const struct test tests[] = {
    {"two hundred kills lose no decision", test_two_hundred_kills},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return suite_run("kill", tests, argc, argv);
}
