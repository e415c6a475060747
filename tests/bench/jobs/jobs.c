/*
 * What a job costs a reviewer: the time of a decision (stored and committed) while nobody else writes, beside the same
 * while a worker stores replies at a pace, or as fast as it can. Prints a Markdown table.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "db/call_store.h"
#include "db/decision_store.h"
#include "db/job_store.h"
#include "db/loop_store.h"

enum { RECORDS = 60000, DECISIONS = 400, PAUSE_US = 10000, WORDS = 120 };

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void die(const char *what, const struct error *err)
{
    fprintf(stderr, "%s: %s\n", what, err->text);
    exit(1);
}

static void make(struct store *s, struct error *err)
{
    if (store_begin(s, err) < 0)
        die("begin", err);
    for (int i = 0; i < RECORDS; i++) {
        char line[128];
        struct record r = {0};
        enum record_put what;
        int64_t id;
        snprintf(line, sizeof line, "{\"id\":\"p%d\",\"prompt\":\"Write the note of visit %d.\"}", i, i);
        if (record_parse(&r, slice_of(line), NULL, err) < 0 || record_store_put(s, &r, "made", i, &what, &id, err) < 0)
            die("put", err);
        record_free(&r);
    }
    if (store_commit(s, err) < 0)
        die("commit", err);
}

/* A reply of some 800 bytes that differs from others, as a note does. */
static void words(struct str *out, int seed)
{
    str_clear(out);
    for (int i = 0; i < WORDS; i++)
        str_addf(out, "word%d ", (seed * 31 + i * 17) % 997);
}

/* What a step does for one reply: the reply, what it leads to, and that the record is done. */
static void store_reply(struct store *s, int64_t job, int64_t record, struct str *text, struct error *err)
{
    char hash[32];
    int64_t output;
    words(text, (int)record);
    snprintf(hash, sizeof hash, "hash%lld", (long long)record);
    struct stored_call call = {.hash = hash, .endpoint = "e", .model = "m", .step = "generate", .text = str_z(text),
                               .finish = "stop", .tokens_in = 100, .tokens_out = 200, .tokens_cached = -1, .cost = -1,
                               .milliseconds = 50, .job = job, .record = record, .attempts = 1};
    struct provenance from = {.model = "m", .endpoint = "e", .call = hash, .job = job};
    if (call_store_put(s, &call, err) < 0 ||
        loop_store_add_output(s, record, OUTPUT_Y0, 0, 0, str_slice(text), &from, &output, err) < 0 ||
        job_store_done(s, job, record, err) < 0)
        die("worker", err);
}

struct beside {
    const char *name;
    int rate; /* 0: as fast as it can; negative: nobody */
    bool sync; /* each commit waits for the disk, as a reviewer's does */
};

/* Works from record first on until it is killed, with a beat every three seconds as worker.c has it. */
static void work(const char *path, int64_t job, int64_t first, const struct beside *b)
{
    struct error err = {0};
    struct str text = {0};
    struct store *s = store_open(path, STORE_WRITE, &err);
    if (!s)
        die(path, &err);
    double start = now(), beaten = start;
    store_sync_each(s, b->sync);
    for (int64_t i = 0; first + i <= RECORDS; i++) {
        store_reply(s, job, first + i, &text, &err);
        if (now() - beaten > 3000) {
            store_sync_each(s, true);
            if (job_store_beat(s, job, 1, 3600, NULL, &err) < 0)
                die("beat", &err);
            store_sync_each(s, b->sync);
            beaten = now();
        }
        double ahead = b->rate ? (double)(i + 1) * 1e3 / b->rate - (now() - start) : 0;
        if (ahead > 0)
            usleep((useconds_t)(ahead * 1e3));
    }
    pause();
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void decide(struct store *s, int64_t reviewer, double *ms, struct error *err)
{
    for (int i = 0; i < DECISIONS; i++) {
        struct decision d = {.verb = VERB_SKIP, .reviewer = reviewer, .record = i + 1};
        usleep(PAUSE_US);
        double start = now();
        if (decision_store_append(s, &d, err) < 0)
            die("decide", err);
        ms[i] = now() - start;
    }
    qsort(ms, DECISIONS, sizeof *ms, by_size);
}

static int64_t made(struct store *s, struct error *err)
{
    struct call_sum sum;
    if (call_store_sum(s, 0, &sum, err) < 0)
        die("sum", err);
    return sum.calls;
}

static void measure(struct store *s, const struct beside *b, int64_t reviewer, int64_t job, double idle[2])
{
    struct error err = {0};
    double ms[DECISIONS];
    int64_t before = made(s, &err);
    pid_t worker = 0;
    if (b->rate >= 0 && (worker = fork()) == 0)
        work(store_path(s), job, before + 1, b);
    if (worker)
        usleep(300000);
    double start = now();
    int64_t first = made(s, &err);
    decide(s, reviewer, ms, &err);
    double replies = (double)(made(s, &err) - first) * 1e3 / (now() - start);
    if (worker) {
        kill(worker, SIGKILL);
        waitpid(worker, NULL, 0);
    }
    double p50 = ms[DECISIONS / 2], p99 = ms[DECISIONS * 99 / 100];
    if (!idle[0]) {
        idle[0] = p50;
        idle[1] = p99;
    }
    printf("| %s | %.0f | %.2f | %.2f | %.2f | %.1f | %.1f |\n", b->name, replies, p50, p99, ms[DECISIONS - 1],
           p50 / idle[0], p99 / idle[1]);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    struct error err = {0};
    double idle[2] = {0};
    int64_t reviewer, job;
    size_t busy;
    struct store *s = argc == 2 ? store_open(argv[1], STORE_CREATE, &err) : NULL;
    if (!s)
        die("jobs PROJECT", &err);
    make(s, &err);
    static int64_t ids[RECORDS], taken[RECORDS];
    for (int i = 0; i < RECORDS; i++)
        ids[i] = i + 1;
    if (store_reviewer(s, "bench", &reviewer, &err) < 0 ||
        job_store_add(s, "generate", "{}", reviewer, ids, RECORDS, &job, &busy, &err) < 0 ||
        job_store_lease(s, job, "here", 1, 3600, &err) != 1 ||
        job_store_take(s, job, RECORDS, taken, &busy, &err) < 0)
        die("job", &err);
    printf("| beside the reviewer | replies/s | p50 ms | p99 ms | most ms | p50 / idle | p99 / idle |\n");
    printf("|---|---:|---:|---:|---:|---:|---:|\n");
    fflush(stdout);
    static const struct beside all[] = {{"nobody (idle)", -1, false},
                                        {"a worker, 100 replies/s", 100, false},
                                        {"a worker, 500 replies/s", 500, false},
                                        {"a worker, as fast as it can", 0, false},
                                        {"500 replies/s, each commit synced", 500, true},
                                        {"nobody (idle)", -1, false}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        measure(s, &all[i], reviewer, job, idle);
    store_close(s);
    return 0;
}
