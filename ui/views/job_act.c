/* What can be done with a job from any view, and how its state is said. */
#include <string.h>

#include "app/loop.h"
#include "ui/views/jobs.h"

const char *job_words(const struct job *j, enum look *look)
{
    static const enum look looks[JOB_STATES] = {
        [JOB_WAITING] = LOOK_DIM, [JOB_RUNNING] = LOOK_STRONG, [JOB_PAUSED] = LOOK_WARN,
        [JOB_DONE] = LOOK_GOOD,   [JOB_FAILED] = LOOK_BAD,     [JOB_CANCELLED] = LOOK_DIM,
    };
    bool unfinished = j->state == JOB_RUNNING || j->state == JOB_WAITING;
    *look = j->lost ? LOOK_BAD : looks[j->state];
    if (j->lost)
        return "lost";
    if (j->cancelling && unfinished)
        return "stopping";
    return job_state_name(j->state);
}

void job_bar(struct str *out, const struct job *j, int width, bool ascii)
{
    int64_t total = j->left + j->running + j->done + j->failed;
    int64_t done = total ? j->done * width / total : 0;
    int64_t failed = total ? (j->failed * width + total - 1) / total : 0; /* one that failed is always seen */
    if (done + failed > width)
        done = width - failed;
    for (int64_t i = 0; i < width; i++)
        str_adds(out, i < done ? (ascii ? "#" : "█") : i < done + failed ? "x" : ascii ? "." : "░");
}

static void report(struct desk *d, int result, const struct error *err, const char *done, int64_t job)
{
    if (result < 0)
        desk_fault(d, err);
    else
        desk_say(d, LOOK_GOOD, "job %lld %s", (long long)job, done);
    desk_changed(d);
}

static bool may_write(struct desk *d)
{
    if (session_read_only(desk_session(d)))
        desk_say(d, LOOK_BAD, "the project is open for reading only: jobs cannot be changed");
    return !session_read_only(desk_session(d));
}

static void start_again(struct desk *d, int64_t job, bool retry)
{
    struct error err = {0};
    struct store *s = session_store(desk_session(d));
    int result = loop_resume(s, store_path(s), job, retry, &err);
    report(d, result, &err, retry ? "tries its failed records again" : "goes on where it stopped", job);
}

/* The line that asks holds the number of the job that was under the cursor then. */
static bool answer_cancel(void *view, struct slice text)
{
    struct desk *d = view;
    int64_t job = 0;
    struct error err = {0};
    struct store *s = session_store(desk_session(d));
    for (size_t i = 0; i < text.len && text.at[i] >= '0' && text.at[i] <= '9' && job < INT64_MAX / 100; i++)
        job = job * 10 + (text.at[i] - '0');
    report(d, loop_cancel(s, store_path(s), job, &err), &err, "is being cancelled: what it did stays", job);
    return true;
}

static void ask_cancel(struct desk *d, int64_t job)
{
    struct str number = {0};
    str_addf(&number, "%lld", (long long)job);
    desk_ask(d, &(struct question){.kind = "cancel-job",
                                   .label = "cancel this job? Enter does, Esc does not: ",
                                   .initial = str_slice(&number),
                                   .answer = answer_cancel,
                                   .view = d});
    str_free(&number);
}

bool job_act(struct desk *d, int64_t job, const char *command)
{
    bool cancel = strcmp(command, "cancel") == 0, retry = strcmp(command, "retry") == 0;
    if (!cancel && !retry && strcmp(command, "resume") != 0)
        return false;
    if (!job || !may_write(d))
        return true;
    if (cancel)
        ask_cancel(d, job);
    else
        start_again(d, job, retry);
    return true;
}
