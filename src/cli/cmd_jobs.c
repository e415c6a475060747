#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/loop.h"
#include "app/project.h"
#include "base/clock.h"
#include "base/lines.h"
#include "cli/commands.h"
#include "cli/job_watch.h"
#include "cli/print.h"

enum { LIST = 50, LOG_LINE = 1 << 16, FOLLOW_MS = 300 };

struct jobs_call {
    struct invocation *inv;
    struct store *store;
    const char *project;
    int64_t id;
    struct error err;
    bool json;
};

static int list(struct jobs_call *c)
{
    struct jobs jobs = {0};
    bool ok = true;
    long most = inv_number(c->inv, "limit", LIST, 1, 1000000, &ok);
    if (!ok)
        return EXIT_USAGE;
    if (job_store_list(c->store, (size_t)most, &jobs, &c->err) < 0)
        return -1;
    struct str out = {0};
    struct json *array = c->json ? json_new_array() : NULL;
    for (size_t i = 0; i < jobs.count; i++) {
        const struct job *j = &jobs.items[i];
        if (array) {
            json_push(array, job_json(j));
            continue;
        }
        str_addf(&out, "%5lld  %-9s %-9s ", (long long)j->id, j->kind, loop_job_state(j));
        job_progress_text(&out, j);
        if (j->said[0]) {
            str_adds(&out, ": ");
            print_cell(&out, slice_of(j->said), 0);
        }
        str_addc(&out, '\n');
    }
    if (!array && !jobs.count)
        str_adds(&out, "no jobs yet\n");
    jobs_free(&jobs);
    return array ? print_json(array, &c->err) : print_out(&out, &c->err);
}

static void add_when(struct str *out, const char *name, int64_t ms)
{
    char when[CLOCK_ISO_MAX];
    if (ms)
        str_addf(out, "%-9s %s\n", name, clock_iso(ms, when));
}

static int show_people(struct jobs_call *c, const struct job *j)
{
    struct str out = {0};
    str_addf(&out, "job       %lld, %s, %s\n", (long long)j->id, j->kind, loop_job_state(j));
    str_adds(&out, "progress  ");
    job_progress_text(&out, j);
    str_addf(&out, "\ncalls     %lld, and %lld answered from the project\ntokens    %lld in, %lld out\n",
             (long long)j->calls, (long long)j->cached_calls, (long long)j->tokens_in, (long long)j->tokens_out);
    add_when(&out, "made", j->created);
    add_when(&out, "started", j->started);
    add_when(&out, "ended", j->finished);
    str_adds(&out, "by        ");
    print_cell(&out, slice_of(j->who), 0);
    str_adds(&out, "\noptions   ");
    print_cell(&out, slice_of(j->options), 0);
    str_adds(&out, "\nsays      ");
    print_cell(&out, slice_of(j->said), 0);
    str_addc(&out, '\n');
    return print_out(&out, &c->err);
}

static int show(struct jobs_call *c)
{
    if (inv_flag(c->inv, "follow"))
        return job_watch(&(struct watch){.store = c->store, .project = c->project, .id = c->id, .json = c->json},
                         &c->err);
    struct jobs jobs = {0};
    int result = job_store_get(c->store, c->id, &jobs, &c->err);
    if (result == 0)
        result = c->json ? print_json(job_json(&jobs.items[0]), &c->err) : show_people(c, &jobs.items[0]);
    jobs_free(&jobs);
    return result;
}

/* After a change: the job as it stands now. */
static int say_now(struct jobs_call *c, int result)
{
    if (result < 0)
        return -1;
    struct jobs jobs = {0};
    result = job_store_get(c->store, c->id, &jobs, &c->err);
    if (result == 0 && c->json) {
        result = print_json(job_json(&jobs.items[0]), &c->err);
    } else if (result == 0) {
        struct str out = {0};
        str_addf(&out, "job %lld %s: ", (long long)c->id, loop_job_state(&jobs.items[0]));
        job_progress_text(&out, &jobs.items[0]);
        str_addc(&out, '\n');
        result = print_out(&out, &c->err);
    }
    jobs_free(&jobs);
    return result;
}

static int cancel(struct jobs_call *c)
{
    return say_now(c, loop_cancel(c->store, c->project, c->id, &c->err));
}

/* A job that was started again is watched, unless it is to be left alone. */
static int again(struct jobs_call *c, bool retry)
{
    if (loop_resume(c->store, c->project, c->id, retry, &c->err) < 0)
        return -1;
    if (inv_flag(c->inv, "detach"))
        return say_now(c, 0);
    return job_watch(&(struct watch){.store = c->store, .project = c->project, .id = c->id, .json = c->json,
                                     .stops = true}, &c->err);
}

static int resume(struct jobs_call *c)
{
    return again(c, false);
}

static int retry(struct jobs_call *c)
{
    return again(c, true);
}

/* Prints what the log holds past the lines already printed; *printed counts them. */
static int print_log(const char *path, uint64_t *printed, struct error *err)
{
    struct lines *l = lines_open(path, LOG_LINE, err);
    if (!l)
        return -1;
    struct slice line;
    struct str out = {0};
    enum lines_result got;
    while ((got = lines_next(l, &line, err)) == LINES_LINE || got == LINES_TOO_LONG) {
        if (lines_number(l) <= *printed || got == LINES_TOO_LONG)
            continue;
        *printed = lines_number(l);
        print_cell(&out, line, 0);
        str_addc(&out, '\n');
    }
    lines_close(l);
    int result = print_out(&out, err);
    fflush(stdout);
    return got == LINES_FAILED ? -1 : result;
}

static int job_is_over(struct jobs_call *c)
{
    struct jobs jobs = {0};
    if (job_store_get(c->store, c->id, &jobs, &c->err) < 0)
        return -1;
    const struct job *j = &jobs.items[0];
    int over = loop_job_over(j);
    jobs_free(&jobs);
    return over;
}

static int show_log(struct jobs_call *c)
{
    struct str path = {0};
    uint64_t printed = 0;
    int result = job_is_over(c) < 0 ? -1 : loop_log_path(c->project, c->id, &path, &c->err);
    while (result == 0) {
        int over = inv_flag(c->inv, "follow") ? job_is_over(c) : 1; /* asked first: the last lines are not missed */
        if (over < 0 || print_log(path.at, &printed, &c->err) < 0)
            result = -1;
        if (over)
            break;
        nanosleep(&(struct timespec){.tv_nsec = FOLLOW_MS * 1000000L}, NULL);
    }
    str_free(&path);
    return result;
}

struct fault_list {
    struct str *out;
    struct json *array;
};

static int add_fault(void *context, int64_t record, const char *key, const char *why)
{
    (void)record;
    struct fault_list *to = context;
    if (to->array) {
        struct json *j = json_new_object();
        json_set_string(j, "record", key);
        json_set_string(j, "why", why);
        json_push(to->array, j);
        return 0;
    }
    print_cell(to->out, slice_of(key), 0);
    str_adds(to->out, ": ");
    print_cell(to->out, slice_of(why), 0);
    str_addc(to->out, '\n');
    return 0;
}

static int faults(struct jobs_call *c)
{
    struct str out = {0};
    struct fault_list to = {.out = &out, .array = c->json ? json_new_array() : NULL};
    int result = job_is_over(c) < 0 ? -1 : job_store_faults(c->store, c->id, add_fault, &to, &c->err);
    if (result == 0)
        return to.array ? print_json(to.array, &c->err) : print_out(&out, &c->err);
    json_free(to.array);
    str_free(&out);
    return -1;
}

static const struct verb_row {
    const char *name;
    bool writes;
    int (*run)(struct jobs_call *c);
} verbs[] = {
    {"show", false, show},   {"log", false, show_log},  {"faults", false, faults},
    {"cancel", true, cancel}, {"resume", true, resume}, {"retry", true, retry},
};

static const struct verb_row *verb_find(const char *name)
{
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (strcmp(verbs[i].name, name) == 0)
            return &verbs[i];
    return NULL;
}

static int64_t job_number(const char *word)
{
    char *end;
    errno = 0;
    long long n = strtoll(word, &end, 10);
    return *word >= '0' && *word <= '9' && !*end && !errno ? (int64_t)n : 0;
}

int cmd_jobs(struct invocation *inv)
{
    struct jobs_call c = {.inv = inv, .project = inv_arg(inv, 0), .json = inv_flag(inv, "json")};
    const char *word = inv_arg(inv, 1), *number = inv_arg(inv, 2);
    const struct verb_row *verb = NULL;
    if (word && strcmp(word, "list") != 0) {
        verb = verb_find(word);
        if (!verb)
            return inv_usage(inv, "'%s' is none of list, show, log, faults, cancel, resume, retry", word);
        if (!number || !(c.id = job_number(number)))
            return inv_usage(inv, "%s takes the number of a job, not '%s'", word, number ? number : "nothing");
    } else if (number) {
        return inv_usage(inv, "list takes no number");
    }
    c.store = project_open(c.project, verb && verb->writes ? STORE_WRITE : STORE_OPEN, &c.err);
    if (!c.store)
        return inv_fail(inv, &c.err);
    int status = verb ? verb->run(&c) : list(&c);
    store_close(c.store);
    return status < 0 ? inv_fail(inv, &c.err) : status;
}
