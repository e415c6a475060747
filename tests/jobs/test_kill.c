/*
 * kill -9 of a worker at a hundred random moments, while it takes real steps against a stand-in server that counts what it
 * is paid for: every reply that was paid is in the project, none was paid twice, and the jobs end.
 */
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "db/call_store.h"
#include "db/loop_store.h"
#include "jobs/jobs.h"
#include "tests/db/fixture.h"
#include "tests/servers/server.h"
#include "tests/support/suite.h"
#include "tests/support/tmp.h"

enum { KILLS = 100, RECORDS = 110, MOMENT_US = 90000 };

struct play {
    struct fixture f;
    struct server *server;
    char hinge[PATH_MAX], log[PATH_MAX];
    unsigned seed;
    int kills, at_work; /* at_work: the worker held the job when it was killed */
};

static unsigned roll(unsigned *seed, unsigned sides)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (*seed >> 8) % sides;
}

static void configure(struct play *p)
{
    struct str ini = {0};
    struct error err = {0};
    str_addf(&ini,
             "[endpoint stand]\nkind = openai\nurl = %s\nmodel = m\nkey-env = STAND_KEY\nparallel = 4\nprice-in = 1\n"
             "price-out = 2\n[grader judge]\nkind = llm\nendpoint = stand\nrubric = dental-note\nscale = 0..10\n"
             "[task *]\ngraders = judge\n[step generate]\nendpoint = stand\n[step refine]\nendpoint = stand\nrounds = 2\n"
             "[step distill]\nendpoint = stand\n",
             server_url(p->server));
    CU_ASSERT_EQUAL(file_write_atomic(tmp_join(p->f.dir, "p.ini"), 0600, str_slice(&ini), &err), 0);
    str_free(&ini);
    setenv("STAND_KEY", server_key, 1);
    setenv("XDG_CONFIG_HOME", p->f.dir, 1);
}

static void begin(struct play *p)
{
    struct error err = {0};
    const char *top = getenv("builddir");
    fixture_open(&p->f);
    snprintf(p->log, sizeof p->log, "%s/paid", p->f.dir);
    p->server = server_start("openai", NULL, (const char *[]){"--latency", "20", "--log", p->log, NULL});
    CU_ASSERT_PTR_NOT_NULL_FATAL(p->server);
    CU_ASSERT_PTR_NOT_NULL_FATAL(realpath(top ? tmp_join(top, "hinge") : "hinge", p->hinge));
    configure(p);
    CU_ASSERT_EQUAL(store_begin(p->f.s, &err), 0);
    for (int i = 0; i < RECORDS; i++) {
        char line[160];
        snprintf(line, sizeof line, "{\"id\":\"p%d\",\"task\":\"t\",\"prompt\":\"Write the note of visit number %d, please.\"}",
                 i, i);
        fixture_put(&p->f, line, NULL);
    }
    CU_ASSERT_EQUAL(store_commit(p->f.s, &err), 0);
}

static int64_t add_job(struct play *p, enum loop_step step)
{
    struct error err = {0};
    int64_t *ids, id = 0;
    size_t n, busy;
    CU_ASSERT_EQUAL(loop_store_select(p->f.s, step, false, NULL, 0, 0, &ids, &n, NULL, &err), 0);
    CU_ASSERT(n > 0);
    CU_ASSERT_EQUAL(job_store_add(p->f.s, loop_step_name(step), "{}", p->f.alice, ids, n, &id, &busy, &err), 0);
    mem_free(ids);
    return id;
}

static pid_t start_worker(const struct play *p, int64_t job)
{
    char id[24];
    snprintf(id, sizeof id, "%lld", (long long)job);
    pid_t child = fork();
    if (child != 0)
        return child;
    int null = open("/dev/null", O_RDWR);
    dup2(null, 1);
    dup2(null, 2);
    execl(p->hinge, p->hinge, "work", p->f.path, id, (char *)NULL);
    _exit(127);
}

static enum job_state state_of(struct play *p, int64_t job)
{
    struct jobs row = {0};
    struct error err = {0};
    enum job_state state = JOB_FAILED;
    CU_ASSERT_EQUAL(job_store_get(p->f.s, job, &row, &err), 0);
    if (row.count) {
        state = row.items[0].state;
        if (state == JOB_FAILED || state == JOB_PAUSED)
            fprintf(stderr, "job %lld is %s: %s\n", (long long)job, job_state_name(state), row.items[0].said);
    }
    jobs_free(&row);
    return state;
}

/* Two of three kills hit a worker that holds the job, however slow this machine starts one. */
static void wait_for_work(const struct play *p, int64_t job, pid_t worker)
{
    siginfo_t ended = {0};
    for (int ms = 0; ms < 20000 && !jobs_alive(p->f.path, job); ms++) {
        if (waitid(P_PID, (id_t)worker, &ended, WEXITED | WNOHANG | WNOWAIT) != 0 || ended.si_pid)
            return;
        usleep(1000);
    }
}

/* Works on the job until it has ended, killing the worker as long as kills are left. */
static void work_through(struct play *p, int64_t job)
{
    enum job_state state = JOB_WAITING;
    int status;
    for (int tries = 0; (state == JOB_WAITING || state == JOB_RUNNING) && tries < KILLS + 20; tries++) {
        pid_t worker = start_worker(p, job);
        if (p->kills < KILLS) {
            if (tries % 3)
                wait_for_work(p, job, worker);
            usleep(roll(&p->seed, MOMENT_US));
            p->at_work += jobs_alive(p->f.path, job);
            kill(worker, SIGKILL);
        }
        waitpid(worker, &status, 0);
        p->kills += WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
        state = state_of(p, job);
    }
    CU_ASSERT_EQUAL(state, JOB_DONE);
}

/* Each line of the server's log is the key of a reply it was paid for. */
static int64_t paid_and_stored(struct play *p)
{
    struct str log = {0};
    struct error err = {0};
    struct arena a = {0};
    struct stored_call call;
    int64_t paid = 0;
    CU_ASSERT_EQUAL(file_read(p->log, 1 << 24, &log, &err), 0);
    for (char *at = log.at, *end; at && (end = strchr(at, '\n')); at = end + 1, paid++) {
        *end = '\0';
        CU_ASSERT_EQUAL(call_store_find(p->f.s, at, &call, &a, &err), 1);
    }
    arena_free(&a);
    str_free(&log);
    return paid;
}

static void test_a_hundred_kills(void)
{
    struct play p = {.seed = 11};
    begin(&p);
    for (enum loop_step step = LOOP_GENERATE; step < LOOP_STEPS; step++)
        work_through(&p, add_job(&p, step));
    CU_ASSERT_EQUAL(p.kills, KILLS);
    CU_ASSERT(p.at_work > KILLS / 3);
    int64_t paid = paid_and_stored(&p), calls = fixture_number(p.f.s, "SELECT count(*) FROM call");
    CU_ASSERT(paid > RECORDS * 3);
    CU_ASSERT_EQUAL(paid, calls);
    CU_ASSERT_EQUAL(server_count(p.server, "paid"), calls);
    CU_ASSERT_EQUAL(server_count(p.server, "repeated"), 0);
    CU_ASSERT_EQUAL(server_count(p.server, "refused"), 0);
    CU_ASSERT_EQUAL(fixture_number(p.f.s, "SELECT sum(calls) FROM job"), calls);
    CU_ASSERT_EQUAL(fixture_number(p.f.s, "SELECT count(*) FROM output WHERE kind = 0"), RECORDS);
    CU_ASSERT_EQUAL(fixture_number(p.f.s, "SELECT count(*) FROM verdict WHERE fault IS NOT NULL"), 0);
    CU_ASSERT_EQUAL(fixture_number(p.f.s, "SELECT count(*) FROM (SELECT 1 FROM candidate GROUP BY record HAVING count(*) > "
                                          "1)"),
                    0);
    CU_ASSERT_EQUAL(fixture_faults(p.f.s, NULL), 0);
    fprintf(stderr, "%d kills, %d at work, %lld replies paid\n", p.kills, p.at_work, (long long)paid);
    server_stop(p.server);
    fixture_close(&p.f);
}

static const struct test tests[] = {
    {"a hundred kills lose no reply and pay for none twice", test_a_hundred_kills},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return suite_run("kill", tests, argc, argv);
}
