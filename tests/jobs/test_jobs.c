/* Workers as real processes: launched, killed, stopped, racing, and a reviewer beside them. */
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "db/decision_store.h"
#include "db/loop_store.h"
#include "tests/db/fixture.h"
#include "tests/jobs/kinds.h"
#include "tests/support/suite.h"

static char program[PATH_MAX]; /* this one, for jobs_launch */

/* --- helpers --- */

static void records(struct fixture *f, int n)
{
    struct error err = {0};
    CU_ASSERT_EQUAL(store_begin(f->s, &err), 0);
    for (int i = 0; i < n; i++) {
        char line[64];
        snprintf(line, sizeof line, "{\"id\":\"p%d\",\"prompt\":\"ask\"}", i);
        fixture_put(f, line, NULL);
    }
    CU_ASSERT_EQUAL(store_commit(f->s, &err), 0);
}

static int64_t add_job(struct fixture *f, const char *kind, const char *options, size_t want)
{
    struct error err = {0};
    int64_t *ids, id = 0;
    size_t n, busy;
    CU_ASSERT_EQUAL(loop_store_select(f->s, LOOP_GENERATE, false, NULL, 0, 0, &ids, &n, NULL, &err), 0);
    CU_ASSERT_EQUAL(job_store_add(f->s, kind, options, f->alice, ids, n, &id, &busy, &err), 0);
    CU_ASSERT_EQUAL(n - busy, want);
    mem_free(ids);
    return id;
}

/* The row now; strings live until the next call. */
static struct job row(struct fixture *f, int64_t id)
{
    static struct jobs now;
    struct error err = {0};
    jobs_free(&now);
    CU_ASSERT_EQUAL_FATAL(job_store_get(f->s, id, &now, &err), 0);
    return now.items[0];
}

static bool reaches(struct fixture *f, int64_t id, enum job_state state, int seconds)
{
    int64_t until = clock_mono_ms() + seconds * 1000;
    while (row(f, id).state != state && clock_mono_ms() < until)
        usleep(10000);
    return row(f, id).state == state;
}

static void launches(struct fixture *f, int64_t id)
{
    struct error err = {0};
    int got = jobs_launch(program, f->path, id, &err);
    CU_ASSERT_EQUAL(got, 0);
    if (got)
        fprintf(stderr, "launch: %s\n", err.text);
}

static void refuses(struct fixture *f, const char *with, int64_t id, enum error_code code, const char *words)
{
    struct error err = {0};
    CU_ASSERT_EQUAL(jobs_launch(with, f->path, id, &err), -1);
    CU_ASSERT_EQUAL(err.code, code);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, words));
    if (err.code != code || !strstr(err.text, words))
        fprintf(stderr, "launch said: %d %s\n", (int)err.code, err.text);
}

static mode_t mode_of(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 ? st.st_mode & 0777 : 0;
}

static void ends_whole(struct fixture *f, int n)
{
    CU_ASSERT_EQUAL(fixture_number(f->s, "SELECT count(*) FROM output WHERE kind = 0"), n);
    CU_ASSERT_EQUAL(fixture_faults(f->s, NULL), 0);
    fixture_close(f);
}

/* --- a job's life --- */

static void does_its_records(void)
{
    struct fixture f;
    struct error err = {0};
    struct str path = {0}, log = {0};
    fixture_open(&f);
    records(&f, 9);
    int64_t id = add_job(&f, "make", "{\"fail\":4}", 9);
    launches(&f, id);
    CU_ASSERT(reaches(&f, id, JOB_DONE, 10));
    struct job j = row(&f, id);
    CU_ASSERT(j.done == 7 && j.failed == 2 && j.left == 0 && j.running == 0 && j.calls == 7 && j.tokens_out == 14);
    CU_ASSERT(j.cost == 7 * 0.25 && j.seconds >= 0 && j.started && j.finished && !j.lost && !j.worker);
    CU_ASSERT_STRING_EQUAL(j.said, "all tried");
    CU_ASSERT_STRING_EQUAL(j.who, "alice");
    CU_ASSERT_EQUAL(jobs_log_path(f.path, id, &path, &err), 0);
    CU_ASSERT_EQUAL(mode_of(str_z(&path)), 0600);
    CU_ASSERT_EQUAL(file_read(str_z(&path), 1 << 20, &log, &err), 0);
    CU_ASSERT(strstr(str_z(&log), "record number 4 failed: the server said no") && !strstr(str_z(&log), "ask"));
    str_clear(&path);
    CU_ASSERT_EQUAL(jobs_folder(f.path, &path, &err), 0);
    CU_ASSERT_EQUAL(mode_of(str_z(&path)), 0700);
    int64_t again = 0;
    CU_ASSERT_EQUAL(jobs_resume(f.s, f.path, id, true, &again, &err), 0);
    CU_ASSERT_EQUAL(again, 2);
    CU_ASSERT(row(&f, id).state == JOB_WAITING && row(&f, id).left == 2);
    str_free(&path);
    str_free(&log);
    ends_whole(&f, 7);
}

static void says_why_it_cannot_start(void)
{
    struct fixture f;
    struct error err = {0};
    fixture_open(&f);
    records(&f, 2);
    int64_t id = add_job(&f, "stuck", NULL, 2);
    refuses(&f, "/nonexistent/hinge", id, ERR_ABSENT, "cannot run /nonexistent/hinge");
    refuses(&f, "/bin/true", id, ERR_IO, "see ");
    refuses(&f, program, 77, ERR_ABSENT, "there is no job 77");
    int64_t odd = add_job(&f, "odd", NULL, 2);
    refuses(&f, program, odd, ERR_NEWER, "of the kind 'odd'");
    CU_ASSERT_EQUAL(row(&f, odd).state, JOB_WAITING);
    launches(&f, id);
    refuses(&f, program, id, ERR_BUSY, "already");
    CU_ASSERT(jobs_alive(f.path, id));
    CU_ASSERT_EQUAL(jobs_cancel(f.s, f.path, id, &err), 0);
    CU_ASSERT(reaches(&f, id, JOB_CANCELLED, 5));
    refuses(&f, program, id, ERR_CONFLICT, "cancelled");
    int64_t broken = add_job(&f, "broken", NULL, 2);
    launches(&f, broken);
    CU_ASSERT(reaches(&f, broken, JOB_FAILED, 5));
    CU_ASSERT_STRING_EQUAL(row(&f, broken).said, "the template is broken");
    ends_whole(&f, 0);
}

static void cancel_is_seen_at_once(void)
{
    struct fixture f;
    struct error err = {0};
    fixture_open(&f);
    records(&f, 40);
    int64_t id = add_job(&f, "make", "{\"ms\":100}", 40), jobs, done, total;
    CU_ASSERT_EQUAL(job_store_active(f.s, &jobs, &done, &total, &err), 0);
    CU_ASSERT(jobs == 1 && done == 0 && total == 40);
    launches(&f, id);
    usleep(300000);
    CU_ASSERT_EQUAL(jobs_cancel(f.s, f.path, id, &err), 0);
    CU_ASSERT(row(&f, id).cancelling);
    CU_ASSERT(reaches(&f, id, JOB_CANCELLED, 2));
    struct job j = row(&f, id);
    CU_ASSERT(j.done > 0 && j.left > 0 && j.running == 0 && j.left + j.done == 40 && !j.cancelling);
    CU_ASSERT_EQUAL(jobs_cancel(f.s, f.path, id, &err), -1);
    CU_ASSERT_EQUAL(err.code, ERR_CONFLICT);
    /* what another job has taken since is not the cancelled one's any more */
    int64_t other = add_job(&f, "make", "{}", 40 - (size_t)fixture_number(f.s, "SELECT count(*) FROM output")), again;
    int got = jobs_resume(f.s, f.path, id, false, &again, &err);
    bool in_hand = got == 0 && row(&f, id).left <= 4; /* those that had their y0 */
    CU_ASSERT(in_hand || (got < 0 && err.code == ERR_CONFLICT && row(&f, id).state == JOB_CANCELLED));
    launches(&f, other);
    CU_ASSERT(reaches(&f, other, JOB_DONE, 10));
    ends_whole(&f, 40);
}

static void sigterm_pauses_and_hangup_does_not(void)
{
    struct fixture f;
    struct error err = {0};
    int64_t again;
    fixture_open(&f);
    records(&f, 30);
    int64_t id = add_job(&f, "make", "{\"ms\":20}", 30);
    launches(&f, id);
    kill((pid_t)row(&f, id).worker, SIGHUP);
    usleep(150000);
    CU_ASSERT(jobs_alive(f.path, id) && row(&f, id).state == JOB_RUNNING);
    kill((pid_t)row(&f, id).worker, SIGTERM);
    CU_ASSERT(reaches(&f, id, JOB_PAUSED, 3));
    CU_ASSERT_STRING_EQUAL(row(&f, id).said, "stopped");
    CU_ASSERT_EQUAL(row(&f, id).running, 0);
    CU_ASSERT_EQUAL(jobs_resume(f.s, f.path, id, false, &again, &err), 0);
    launches(&f, id);
    CU_ASSERT(reaches(&f, id, JOB_DONE, 10));
    ends_whole(&f, 30);
}

static unsigned roll(unsigned *seed, unsigned sides)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (*seed >> 8) % sides;
}

static bool dies(const char *project, int64_t id)
{
    for (int i = 0; i < 300 && jobs_alive(project, id); i++)
        usleep(5000);
    return !jobs_alive(project, id);
}

static void goes_on_after_kills(void)
{
    enum { KILLS = 40, RECORDS = 200 };
    struct fixture f;
    unsigned seed = 7;
    int kills = 0;
    fixture_open(&f);
    records(&f, RECORDS);
    int64_t id = add_job(&f, "make", "{\"ms\":2}", RECORDS);
    for (int i = 0; i < KILLS && row(&f, id).state != JOB_DONE; i++) {
        launches(&f, id);
        struct job j = row(&f, id);
        usleep(roll(&seed, 30000));
        if (j.worker)
            kills += kill((pid_t)j.worker, SIGKILL) == 0;
        CU_ASSERT(dies(f.path, id));
    }
    CU_ASSERT(kills > KILLS / 4);
    if (row(&f, id).state != JOB_DONE)
        launches(&f, id);
    CU_ASSERT(reaches(&f, id, JOB_DONE, 10));
    CU_ASSERT(row(&f, id).done == RECORDS && row(&f, id).failed == 0);
    ends_whole(&f, RECORDS);
}

/* A dead worker's job is cancelled at once, and can go on at once. */
static void a_dead_worker_keeps_nobody_waiting(void)
{
    struct fixture f;
    struct error err = {0};
    int64_t again;
    fixture_open(&f);
    records(&f, 8);
    int64_t id = add_job(&f, "stuck", NULL, 8);
    launches(&f, id);
    kill((pid_t)row(&f, id).worker, SIGKILL);
    CU_ASSERT(dies(f.path, id));
    CU_ASSERT_EQUAL(row(&f, id).state, JOB_RUNNING);
    CU_ASSERT_EQUAL(jobs_resume(f.s, f.path, id, false, &again, &err), 0);
    CU_ASSERT_EQUAL(row(&f, id).state, JOB_WAITING);
    launches(&f, id);
    kill((pid_t)row(&f, id).worker, SIGKILL);
    CU_ASSERT(dies(f.path, id));
    CU_ASSERT_EQUAL(jobs_cancel(f.s, f.path, id, &err), 0);
    CU_ASSERT_EQUAL(row(&f, id).state, JOB_CANCELLED);
    ends_whole(&f, 0);
}

/* --- who has the lease --- */

static void a_lease_elsewhere_must_run_out(void)
{
    struct fixture f;
    struct error err = {0};
    fixture_open(&f);
    records(&f, 4);
    int64_t id = add_job(&f, "make", NULL, 4), taken[4];
    size_t n;
    CU_ASSERT_EQUAL(job_store_lease(f.s, id, "elsewhere", 1, 15, &err), 1);
    CU_ASSERT_EQUAL(job_store_take(f.s, id, 3, taken, &n, &err), 0);
    CU_ASSERT(n == 3 && row(&f, id).running == 3);
    refuses(&f, program, id, ERR_BUSY, "on elsewhere");
    CU_ASSERT_EQUAL(job_store_beat(f.s, id, 1, -1, NULL, &err), 1); /* and now it has run out */
    CU_ASSERT(row(&f, id).lost);
    launches(&f, id);
    CU_ASSERT(reaches(&f, id, JOB_DONE, 5));
    CU_ASSERT_EQUAL(job_store_beat(f.s, id, 1, 15, NULL, &err), 0);
    CU_ASSERT_EQUAL(row(&f, id).done, 4);
    ends_whole(&f, 4);
}

static void a_worker_that_lost_its_lease_leaves(void)
{
    struct fixture f;
    fixture_open(&f);
    records(&f, 4);
    int64_t id = add_job(&f, "stuck", NULL, 4);
    launches(&f, id);
    CU_ASSERT_EQUAL(fixture_sql(f.s, "UPDATE job SET worker = 1, host = 'elsewhere', said = 'theirs'"), 0);
    CU_ASSERT(dies(f.path, id));
    CU_ASSERT(row(&f, id).state == JOB_RUNNING && row(&f, id).worker == 1);
    CU_ASSERT_STRING_EQUAL(row(&f, id).said, "theirs");
    fixture_close(&f);
}

/* Runs child n times at once; how many exit with 0. */
static int at_once(int n, int (*child)(const struct fixture *f, int64_t id), const struct fixture *f, int64_t id)
{
    int gate[2], good = 0, status;
    char go;
    CU_ASSERT_EQUAL_FATAL(pipe(gate), 0);
    fflush(NULL);
    for (int i = 0; i < n; i++)
        if (fork() == 0) {
            close(gate[1]);
            if (read(gate[0], &go, 1) < 0)
                _exit(9);
            _exit(child(f, id));
        }
    close(gate[0]);
    close(gate[1]); /* the start */
    while (wait(&status) > 0)
        good += WIFEXITED(status) && WEXITSTATUS(status) == 0;
    return good;
}

static int work_on(const struct fixture *f, int64_t id)
{
    struct error err = {0};
    return worker_main(f->path, id, test_kinds, NULL, &err);
}

static void one_worker_wins(void)
{
    struct fixture f;
    fixture_open(&f);
    records(&f, 60);
    for (int i = 0; i < 5; i++) {
        int64_t id = add_job(&f, "make", "{\"ms\":80}", 60 - (size_t)i * 12);
        CU_ASSERT_EQUAL(fixture_sql(f.s, "DELETE FROM job_item WHERE state = 0 AND record > (SELECT min(record) + 11 "
                                         "FROM job_item WHERE state = 0); UPDATE job SET waiting = (SELECT count(*) "
                                         "FROM job_item WHERE job = job.id AND state = 0)"),
                        0);
        CU_ASSERT_EQUAL(at_once(2, work_on, &f, id), 1);
        CU_ASSERT(row(&f, id).state == JOB_DONE && row(&f, id).done == 12 && row(&f, id).calls == 12);
    }
    ends_whole(&f, 60);
}

static int add_all(const struct fixture *f, int64_t unused)
{
    struct error err = {0};
    int64_t ids[50], id;
    size_t busy;
    (void)unused;
    struct store *s = store_open(f->path, STORE_WRITE, &err);
    for (int i = 0; i < 50; i++)
        ids[i] = i + 1;
    int got = s ? job_store_add(s, "make", "{}", 1, ids, 50, &id, &busy, &err) : -1;
    store_close(s);
    return got == 0 ? 0 : 1;
}

static void no_record_is_in_two_jobs(void)
{
    struct fixture f;
    fixture_open(&f);
    records(&f, 50);
    CU_ASSERT_EQUAL(at_once(6, add_all, &f, 0), 6);
    CU_ASSERT_EQUAL(fixture_number(f.s, "SELECT count(*) FROM job"), 6);
    CU_ASSERT_EQUAL(fixture_number(f.s, "SELECT count(*) FROM job_item"), 50);
    CU_ASSERT_EQUAL(fixture_faults(f.s, NULL), 0);
    /* the check would see one */
    struct str report = {0};
    CU_ASSERT_EQUAL(fixture_sql(f.s, "INSERT INTO job_item (job, record) SELECT id, 1 FROM job WHERE waiting = 0; UPDATE "
                                     "job SET waiting = 1 WHERE waiting = 0"),
                    0);
    CU_ASSERT(fixture_faults(f.s, &report) > 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(str_z(&report), "two unfinished jobs"));
    str_free(&report);
    fixture_close(&f);
}

/* --- beside a reviewer, and on a full disk --- */

static void reviewing_goes_on(void)
{
    struct fixture f;
    struct error err = {0};
    int failed = 0, decided = 0;
    fixture_open(&f);
    records(&f, 3000);
    int64_t id = add_job(&f, "make", "{}", 3000);
    launches(&f, id);
    for (int i = 0; row(&f, id).state == JOB_RUNNING && i < 3000; i++) {
        struct decision d = {.verb = VERB_SKIP, .reviewer = f.bob, .record = i % 3000 + 1};
        failed += decision_store_append(f.s, &d, &err) != 0;
        decided++;
        usleep(2000);
    }
    CU_ASSERT(decided > 10);
    CU_ASSERT_EQUAL(failed, 0);
    if (failed)
        fprintf(stderr, "a decision failed: %s\n", err.text);
    CU_ASSERT(reaches(&f, id, JOB_DONE, 20));
    CU_ASSERT_EQUAL(fixture_number(f.s, "SELECT count(*) FROM decision"), decided);
    ends_whole(&f, 3000);
}

/* The limit stands for a full disk: SQLite is told that the file may not grow. */
static int work_on_a_full_disk(const struct fixture *f, int64_t id)
{
    struct rlimit limit = {500000, 500000}; /* of the -wal file */
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &limit);
    return work_on(f, id);
}

static void a_full_disk_loses_nothing(void)
{
    struct fixture f;
    struct error err = {0};
    int64_t again;
    fixture_open(&f);
    records(&f, 100);
    int64_t id = add_job(&f, "make", "{}", 100);
    CU_ASSERT_EQUAL(fixture_sql(f.s, "PRAGMA wal_checkpoint(TRUNCATE)"), 0);
    CU_ASSERT_EQUAL(at_once(1, work_on_a_full_disk, &f, id), 1);
    CU_ASSERT_NOT_EQUAL(row(&f, id).state, JOB_DONE);
    int64_t made = fixture_number(f.s, "SELECT count(*) FROM output");
    CU_ASSERT(made > 0 && made < 100);
    CU_ASSERT_EQUAL(jobs_resume(f.s, f.path, id, false, &again, &err), 0);
    launches(&f, id);
    CU_ASSERT(reaches(&f, id, JOB_DONE, 10));
    ends_whole(&f, 100);
}

static const struct test tests[] = {
    {"a job does its records", does_its_records},
    {"a launch says why it cannot start", says_why_it_cannot_start},
    {"cancel is seen at once", cancel_is_seen_at_once},
    {"SIGTERM pauses, SIGHUP does not", sigterm_pauses_and_hangup_does_not},
    {"a job goes on after kill -9", goes_on_after_kills},
    {"a dead worker keeps nobody waiting", a_dead_worker_keeps_nobody_waiting},
    {"a lease elsewhere must run out", a_lease_elsewhere_must_run_out},
    {"a worker that lost its lease leaves", a_worker_that_lost_its_lease_leaves},
    {"of two workers one wins", one_worker_wins},
    {"no record is in two jobs", no_record_is_in_two_jobs},
    {"reviewing goes on beside a worker", reviewing_goes_on},
    {"a full disk loses nothing", a_full_disk_loses_nothing},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    int status = kinds_main(argc, argv);
    if (status >= 0)
        return status;
    if (!realpath(argv[0], program))
        return 2;
    return suite_run("jobs", tests, argc, argv);
}
