#include "tests/jobs/kinds.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "db/loop_store.h"

static void nap(int64_t ms)
{
    usleep((useconds_t)(ms * 1000));
}

struct making {
    int64_t ms, fail;
};

static struct making options_of(struct worker *w)
{
    struct making m = {0};
    struct json *options = json_parse(slice_of(worker_job(w)->options), NULL, NULL);
    json_int(json_get(options, "ms"), &m.ms);
    json_int(json_get(options, "fail"), &m.fail);
    json_free(options);
    return m;
}

/* What is there already was made by a worker that died before it said so. */
static int make_y0(struct worker *w, int64_t record, struct error *err)
{
    struct error why = {0};
    int64_t output;
    if (loop_store_add_output(worker_store(w), record, OUTPUT_Y0, 0, 0, SLICE("made"), NULL, &output, &why) < 0 &&
        why.code != ERR_CONFLICT)
        return error_set(err, why.code, "%s", why.text);
    worker_count(w, &(struct job_progress){.calls = 1, .tokens_out = 2, .cost = 0.25});
    return 0;
}

static int make_one(struct worker *w, const struct making *m, int64_t record, struct error *err)
{
    if (m->fail && record % m->fail == 0) {
        struct error why = {0};
        error_set(&why, ERR_INPUT, "the server said no");
        return worker_failed(w, record, &why, err);
    }
    if (make_y0(w, record, err) < 0)
        return -1;
    nap(m->ms);
    return worker_done(w, record, err);
}

static int run_make(struct worker *w, void *context, struct str *said, struct error *err)
{
    struct making m = options_of(w);
    int64_t records[4];
    size_t n;
    (void)context;
    while (worker_tick(w)) {
        if (worker_take(w, 4, records, &n, err) < 0)
            return -1;
        if (n == 0) {
            str_adds(said, "all tried");
            return JOB_DONE;
        }
        for (size_t i = 0; i < n && worker_tick(w); i++)
            if (make_one(w, &m, records[i], err) < 0)
                return -1;
    }
    return JOB_PAUSED;
}

static int run_stuck(struct worker *w, void *context, struct str *said, struct error *err)
{
    (void)context;
    (void)said;
    (void)err;
    while (worker_tick(w))
        nap(20);
    return JOB_PAUSED;
}

static int run_broken(struct worker *w, void *context, struct str *said, struct error *err)
{
    (void)w;
    (void)context;
    (void)said;
    return error_set(err, ERR_INPUT, "the template is broken");
}

const struct job_kind test_kinds[] = {
    {"make", run_make}, {"stuck", run_stuck}, {"broken", run_broken}, {NULL, NULL}};

int kinds_main(int argc, char **argv)
{
    struct error err = {0};
    if (argc != 4 || strcmp(argv[1], "work") != 0)
        return -1;
    int status = worker_main(argv[2], strtoll(argv[3], NULL, 10), test_kinds, NULL, &err);
    if (status)
        fprintf(stderr, "%s\n", err.text);
    return status;
}
