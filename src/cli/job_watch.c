#include "cli/job_watch.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "app/loop.h"
#include "base/clock.h"
#include "cli/command.h"
#include "cli/print.h"

enum { LOOK_MS = 250, LINE_MS = 5000, BAR = 24 };

void job_progress_text(struct str *out, const struct job *j)
{
    str_addf(out, "%lld done", (long long)j->done);
    if (j->failed)
        str_addf(out, ", %lld failed", (long long)j->failed);
    int64_t left = j->left + j->running;
    if (left)
        str_addf(out, ", %lld left", (long long)left);
    struct str pace = {0};
    loop_pace_text(&pace, j);
    if (pace.len)
        str_addf(out, ", %s", pace.at);
    str_clear(&pace);
    char currency[LOOP_CURRENCY];
    if (j->cost > 0)
        loop_money_text(&pace, j->cost, loop_job_currency(j, currency));
    if (pace.len)
        str_addf(out, ", %s", pace.at);
    str_free(&pace);
}

struct json *job_json(const struct job *j)
{
    struct json *o = json_new_object();
    json_set_int(o, "job", j->id);
    json_set_string(o, "kind", j->kind);
    json_set_string(o, "state", loop_job_state(j));
    json_set_string(o, "started_by", j->who);
    json_set(o, "options", json_new_raw(slice_of(j->options)));
    json_set_int(o, "created", j->created);
    json_set(o, "started", j->started ? json_new_number((double)j->started) : json_new_null());
    json_set(o, "finished", j->finished ? json_new_number((double)j->finished) : json_new_null());
    json_set_int(o, "done", j->done);
    json_set_int(o, "failed", j->failed);
    json_set_int(o, "left", j->left + j->running);
    json_set_int(o, "calls", j->calls);
    json_set_int(o, "cached_calls", j->cached_calls);
    json_set_int(o, "tokens_in", j->tokens_in);
    json_set_int(o, "tokens_out", j->tokens_out);
    json_set_number(o, "cost", j->cost);
    json_set_number(o, "seconds", j->seconds);
    json_set_string(o, "said", j->said);
    return o;
}

/* How often Ctrl-C was pressed: a signal handler has nowhere else to leave it. */
static volatile sig_atomic_t interrupts; /* NOLINT(cppcoreguidelines-avoid-non-const-global-variables) */

static void interrupted(int signal)
{
    (void)signal;
    interrupts++;
}

static void draw_bar(const struct job *j)
{
    int64_t all = j->done + j->failed + j->left + j->running;
    int full = all ? (int)((j->done + j->failed) * BAR / all) : 0;
    struct str text = {0};
    job_progress_text(&text, j);
    fprintf(stderr, "\r%s [%.*s%*s] %s\033[K", j->kind, full, "########################", BAR - full, "",
            text.at);
    str_free(&text);
}

static void print_line(const struct job *j)
{
    struct str text = {0};
    str_addf(&text, "%s: ", j->kind);
    job_progress_text(&text, j);
    fprintf(stderr, "%s\n", text.at);
    str_free(&text);
}

/* What happens on Ctrl-C: true when the watching is over. */
static int on_interrupt(const struct watch *w, int *seen, struct error *err)
{
    int now = interrupts;
    if (now == *seen)
        return 0;
    *seen = now;
    if (!w->stops || now > 1) {
        fprintf(stderr, "\njob %lld goes on; 'hinge jobs %s show %lld --follow' watches it again, 'cancel' ends it\n",
                (long long)w->id, w->project, (long long)w->id);
        return 1;
    }
    fprintf(stderr, "\nstopping: answers on their way are kept; Ctrl-C again leaves at once\n");
    return loop_cancel(w->store, w->project, w->id, err);
}

static int say_end(const struct watch *w, const struct job *j, struct error *err)
{
    if (w->quiet)
        return 0;
    if (w->json)
        return print_json(job_json(j), err);
    struct str out = {0};
    str_addf(&out, "job %lld %s: ", (long long)j->id, loop_job_state(j));
    job_progress_text(&out, j);
    if (j->said[0]) {
        str_adds(&out, "\n  ");
        print_cell(&out, slice_of(j->said), 0);
    }
    if (j->failed)
        str_addf(&out, "\n  'hinge jobs %s faults %lld' says why records failed, 'retry' tries them again", w->project,
                 (long long)j->id);
    if (j->lost || j->state == JOB_WAITING || j->state == JOB_PAUSED || j->state == JOB_CANCELLED)
        str_addf(&out, "\n  'hinge jobs %s resume %lld' goes on where it stopped", w->project, (long long)j->id);
    str_addc(&out, '\n');
    return print_out(&out, err);
}

/* Looks once: 1 when the job is over, 0 when not. *status is set when it is. */
static int look(const struct watch *w, bool bar, int64_t *said_at, int *status, struct error *err)
{
    struct jobs jobs = {0};
    if (job_store_get(w->store, w->id, &jobs, err) < 0)
        return -1;
    const struct job *j = &jobs.items[0];
    bool nobody = j->state == JOB_WAITING && !loop_job_attended(w->project, w->id);
    int result = nobody || loop_job_over(j);
    if (bar)
        draw_bar(j);
    else if (!result && clock_mono_ms() - *said_at >= LINE_MS) {
        *said_at = clock_mono_ms();
        print_line(j);
    }
    if (result) {
        if (bar)
            fputs("\r\033[K", stderr);
        *status = j->state == JOB_DONE && !j->failed ? EXIT_OK : EXIT_FAILED;
        if (say_end(w, j, err) < 0)
            result = -1;
    }
    jobs_free(&jobs);
    return result;
}

int job_watch(const struct watch *w, struct error *err)
{
    const char *term = getenv("TERM");
    bool bar = isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0;
    struct sigaction was, now = {.sa_handler = interrupted};
    sigemptyset(&now.sa_mask);
    sigaction(SIGINT, &now, &was);
    interrupts = 0;
    int seen = 0, status = EXIT_OK, over;
    int64_t said_at = clock_mono_ms();
    while ((over = look(w, bar, &said_at, &status, err)) == 0) {
        over = on_interrupt(w, &seen, err);
        if (over)
            break;
        nanosleep(&(struct timespec){.tv_nsec = LOOK_MS * 1000000L}, NULL);
    }
    sigaction(SIGINT, &was, NULL);
    return over < 0 ? -1 : status;
}
