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
    *look = j->lost ? LOOK_BAD : looks[j->state];
    return loop_job_state(j);
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

/* Only "yes" does; a letter is enough. */
static bool answer_cancel(void *view, struct slice text)
{
    struct job_hand *hand = view;
    struct error err = {0};
    struct store *s = session_store(desk_session(hand->desk));
    text = slice_trim(text);
    if (text.len && text.len <= 3 && strncmp(text.at, "yes", text.len) == 0)
        report(hand->desk, loop_cancel(s, store_path(s), hand->job, &err), &err, "is being cancelled: what it did stays",
               hand->job);
    else
        desk_say(hand->desk, LOOK_TEXT, "job %lld goes on", (long long)hand->job);
    return true;
}

static void ask_cancel(struct job_hand *hand)
{
    struct str label = {0};
    str_addf(&label, "cancel job %lld? yes or no: ", (long long)hand->job);
    desk_ask(hand->desk, &(struct question){.kind = "cancel-job", .label = label.at, .answer = answer_cancel, .view = hand});
    str_free(&label);
}

bool job_act(struct job_hand *hand, int64_t job, const char *command)
{
    bool cancel = strcmp(command, "cancel") == 0, retry = strcmp(command, "retry") == 0;
    if (!cancel && !retry && strcmp(command, "resume") != 0)
        return false;
    if (!job || !may_write(hand->desk))
        return true;
    hand->job = job;
    if (cancel)
        ask_cancel(hand);
    else
        start_again(hand->desk, job, retry);
    return true;
}
