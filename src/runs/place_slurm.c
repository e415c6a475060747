/*
 * slurm. The run's folder is on a disk that the nodes see under the same name. A job of sbatch trains in it; what it is doing is
 * asked of squeue, how it ended is in a file that the job's script writes, else asked of scontrol and sacct.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "runs/place_parts.h"

enum { WORDS_MAX = 64, ANSWER_MAX = 1 << 16, POLL_MS = 1000, POLL_MOST_MS = 10000, LATE_MS = 15000, JOB_MAX = 24, STATE_MAX = 64 };

static const char *const default_launch[] = {"srun", "--mpi=pmix", NULL};
static const char *const default_one[] = {"srun", NULL};

static size_t add_words(const char **to, size_t n, const char *const *words)
{
    for (size_t i = 0; words && words[i] && n + 1 < WORDS_MAX; i++)
        to[n++] = words[i];
    to[n] = NULL;
    return n;
}

/* --- the job --- */

static int write_job(const struct place_work *w, struct error *err)
{
    struct str text = {0};
    const char *first[WORDS_MAX], *trainer = w->settings.program ? w->settings.program : w->trainer;
    bool many = place_processes(w->run) > 1;
    size_t n = add_words(first, 0, w->settings.launch ? w->settings.launch : many ? default_launch : default_one);
    add_words(first, n, (const char *const[]){trainer, "fit", NULL});
    const char **words = place_words(w->run, first, err);
    if (!words)
        return -1;
    /* The shell outlives a signal to the job, to write how the training took it. */
    str_adds(&text, "#!/bin/sh\n# Written by hinge: trains in this folder as a job of slurm.\numask 077\ntrap '' TERM\ncd ");
    place_quote(&text, w->run->folder);
    str_adds(&text, " || exit 1\n");
    place_quote_all(&text, words);
    str_adds(&text, " </dev/null >/dev/null 2>errors.txt\necho $? >ended.new && mv ended.new ended\n");
    int result = place_write_script(w->run, "slurm.sh", &text, err);
    mem_free(words);
    str_free(&text);
    return result;
}

static int submit(const struct place_work *w, char job[JOB_MAX], struct error *err)
{
    struct str answer = {0}, script = {0}, output = {0}, chdir = {0}, name = {0};
    char tasks[40], nodes[40], gpus[40];
    const char *words[WORDS_MAX] = {"sbatch", "--parsable", NULL};
    str_addf(&chdir, "--chdir=%s", w->run->folder);
    str_addf(&output, "--output=%s", run_path(w->run, "slurm.txt", &script));
    str_addf(&name, "--job-name=hinge-%s", w->run->name);
    run_path(w->run, "slurm.sh", &script);
    snprintf(tasks, sizeof tasks, "--ntasks=%d", place_processes(w->run));
    snprintf(nodes, sizeof nodes, "--nodes=%d", w->settings.nodes);
    snprintf(gpus, sizeof gpus, "--gpus-per-node=%d", w->settings.gpus);
    size_t n = add_words(words, 2, (const char *const[]){chdir.at, output.at, name.at, tasks, NULL});
    if (w->settings.nodes > 0)
        n = add_words(words, n, (const char *const[]){nodes, NULL});
    if (w->settings.gpus > 0)
        n = add_words(words, n, (const char *const[]){gpus, NULL});
    n = add_words(words, n, w->settings.sbatch);
    add_words(words, n, (const char *const[]){"--", script.at, NULL});
    int result = spawn_ask(&(struct spawn){.argv = words}, "sbatch", &answer, ANSWER_MAX, err);
    size_t digits = result == 0 ? strspn(str_z(&answer), "0123456789") : 0;
    if (result == 0 && (!digits || digits >= JOB_MAX))
        result = error_set(err, ERR_IO, "sbatch did not say the number of the job: '%.60s'", str_z(&answer));
    snprintf(job, JOB_MAX, "%.*s", (int)digits, str_z(&answer));
    str_free(&answer);
    str_free(&script);
    str_free(&output);
    str_free(&chdir);
    str_free(&name);
    return result;
}

static void remember(const struct run *r, const char *job)
{
    struct str path = {0}, text = {0};
    str_addf(&text, "{\"job\":\"%s\"}\n", job);
    (void)file_write_atomic(run_path(r, "slurm.json", &path), 0600, str_slice(&text), NULL);
    str_free(&path);
    str_free(&text);
}

/* The job a keeper before this one made. */
static bool recall(const struct run *r, char job[JOB_MAX])
{
    struct str path = {0}, text = {0};
    bool there = file_exists(run_path(r, "slurm.json", &path)) && file_read(path.at, ANSWER_MAX, &text, NULL) == 0;
    struct json *j = there ? json_parse(slice_trim(str_slice(&text)), NULL, NULL) : NULL;
    const char *said = json_string(json_get(j, "job"), "");
    size_t digits = strspn(said, "0123456789");
    bool fine = digits && !said[digits] && digits < JOB_MAX;
    snprintf(job, JOB_MAX, "%.*s", fine ? (int)digits : 0, said);
    json_free(j);
    str_free(&path);
    str_free(&text);
    return fine;
}

/* --- what it is doing --- */

enum standing { JOB_GONE, JOB_THERE, JOB_UNKNOWN };

/* state: "PENDING Resources". A controller that does not answer is no news of the job. */
static enum standing ask_queue(const char *job, char state[STATE_MAX])
{
    struct str answer = {0};
    struct error why = {0};
    const char *const words[] = {"squeue", "--noheader", "--jobs", job, "--format=%T %r", NULL};
    int result = spawn_ask(&(struct spawn){.argv = words}, "squeue", &answer, ANSWER_MAX, &why);
    struct slice line = slice_trim(str_slice(&answer));
    snprintf(state, STATE_MAX, "%.*s", line.len < STATE_MAX ? (int)line.len : STATE_MAX - 1, line.len ? line.at : "");
    state[strcspn(state, "\n")] = '\0';
    str_free(&answer);
    if (result != 0)
        return strstr(why.text, "Invalid job id") ? JOB_GONE : JOB_UNKNOWN;
    return state[0] ? JOB_THERE : JOB_GONE;
}

static bool is_state(const char *state, const char *word)
{
    size_t len = strlen(word);
    return strncmp(state, word, len) == 0 && (!state[len] || state[len] == ' ');
}

/* squeue shows what is over for a while. */
static bool is_over(const char *state)
{
    static const char *const going[] = {"PENDING", "CONFIGURING", "RUNNING", "COMPLETING", "SUSPENDED", "STOPPED", "REQUEUED",
                                        "REQUEUE_HOLD", "RESIZING", "SIGNALING", "STAGE_OUT", "SPECIAL_EXIT"};
    for (size_t i = 0; i < sizeof going / sizeof *going; i++) {
        if (is_state(state, going[i]))
            return false;
    }
    return true;
}

static bool waits(const char *state)
{
    return is_state(state, "PENDING") || is_state(state, "CONFIGURING") || is_state(state, "REQUEUED");
}

/* --- how it ended --- */

static bool script_said(const struct place_work *w)
{
    struct str path = {0}, text = {0}, said = {0};
    bool there = file_exists(run_path(w->run, "ended", &path)) && file_read(path.at, ANSWER_MAX, &text, NULL) == 0;
    if (there && run_tail(run_path(w->run, "errors.txt", &path), RUN_SAID_MAX, &said, NULL) == 0) {
        struct slice all = slice_trim(str_slice(&said));
        for (size_t from = 0, i = 0; i <= all.len; i++) {
            if (i == all.len || all.at[i] == '\n') {
                place_said(w->end, slice_sub(all, from, i));
                from = i + 1;
            }
        }
    }
    long code = there ? strtol(text.at, NULL, 10) : 0;
    w->end->exit = code > 128 ? 0 : (int)code;
    w->end->signal = code > 128 ? (int)code - 128 : 0;
    if (there && (code == 0 || w->end->signal))
        w->end->said[0] = '\0';
    str_free(&path);
    str_free(&text);
    str_free(&said);
    return there;
}

/* The last state that slurm knows of: of the controller, which forgets soon, else of its accounting. */
static void ask_end(const char *job, char state[STATE_MAX])
{
    struct str answer = {0};
    const char *const control[] = {"scontrol", "show", "job", "--oneliner", job, NULL};
    const char *const account[] = {"sacct", "--noheader", "--allocations", "--parsable2", "--format=State", "--jobs", job, NULL};
    state[0] = '\0';
    if (spawn_ask(&(struct spawn){.argv = control}, "scontrol", &answer, ANSWER_MAX, NULL) == 0) {
        const char *at = strstr(str_z(&answer), "JobState=");
        size_t len = at ? strcspn(at + 9, " \n") : 0;
        snprintf(state, STATE_MAX, "%.*s", len < STATE_MAX ? (int)len : STATE_MAX - 1, at ? at + 9 : "");
    }
    str_clear(&answer);
    if (!state[0] && spawn_ask(&(struct spawn){.argv = account}, "sacct", &answer, ANSWER_MAX, NULL) == 0)
        snprintf(state, STATE_MAX, "%.*s", (int)strcspn(str_z(&answer), " \n"), str_z(&answer));
    str_free(&answer);
}

static void tell_end(const struct place_work *w, const char *job, bool cancelled)
{
    char state[STATE_MAX];
    for (int64_t late = clock_mono_ms() + LATE_MS; !script_said(w);) { /* the disk may show it later than the queue */
        if (cancelled || clock_mono_ms() > late) {
            ask_end(job, state);
            bool asked = cancelled && strncmp(state, "CANCELLED", 9) == 0;
            w->end->exit = asked ? 0 : 1;
            if (!asked)
                snprintf(w->end->said, sizeof w->end->said, "job %s of slurm ended without a word: %s", job,
                         state[0] ? state : "slurm knows no more of it");
            return;
        }
        nanosleep(&(struct timespec){.tv_nsec = 200 * 1000000L}, NULL);
    }
}

/* --- together --- */

static void cancel(const char *job)
{
    struct str answer = {0};
    const char *const words[] = {"scancel", job, NULL};
    (void)spawn_ask(&(struct spawn){.argv = words}, "scancel", &answer, ANSWER_MAX, NULL);
    str_free(&answer);
}

static void say_stage(const struct place_work *w, const char *job, const char *state)
{
    char stage[RUN_STAGE_MAX];
    if (waits(state))
        snprintf(stage, sizeof stage, "waiting: job %s is %.60s", job, state);
    else
        snprintf(stage, sizeof stage, "running: job %s is %.60s", job, state);
    run_keeper_stage(w->keeper, stage);
}

static void follow(const struct place_work *w, const char *job)
{
    char state[STATE_MAX] = "";
    int64_t pause = POLL_MS;
    bool cancelled = false;
    for (;;) {
        enum standing s = ask_queue(job, state);
        if (s == JOB_GONE || (s == JOB_THERE && is_over(state)))
            break;
        w->idle(w->idle_context);
        say_stage(w, job, s == JOB_UNKNOWN ? "not known: slurm does not answer" : state);
        if (s == JOB_THERE && waits(state) && run_stop_asked(w->run->folder) && !cancelled) {
            cancel(job);
            cancelled = true;
        }
        nanosleep(&(struct timespec){.tv_sec = pause / 1000, .tv_nsec = pause % 1000 * 1000000}, NULL);
        if (pause < POLL_MOST_MS && !run_stop_asked(w->run->folder))
            pause += POLL_MS / 4;
        else
            pause = run_stop_asked(w->run->folder) ? POLL_MS : pause;
    }
    tell_end(w, job, cancelled);
}

int place_slurm(const struct place_work *w, struct error *err)
{
    char job[JOB_MAX], state[STATE_MAX];
    struct str path = {0};
    int result = 0;
    bool goes_on = recall(w->run, job) && ask_queue(job, state) != JOB_GONE && !is_over(state);
    if (!goes_on) {
        run_keeper_stage(w->keeper, "starting: a job of slurm is made");
        unlink(run_path(w->run, "ended", &path));
        unlink(run_path(w->run, "errors.txt", &path));
        result = write_job(w, err) == 0 ? submit(w, job, err) : -1;
    }
    str_free(&path);
    if (result != 0)
        return -1;
    remember(w->run, job);
    log_write(w->log, LOG_LEVEL_INFO, "job %s of slurm", job);
    follow(w, job);
    return 0;
}

int place_slurm_cancel(const struct run *r, const struct place_settings *settings, struct error *err)
{
    char job[JOB_MAX], state[STATE_MAX];
    (void)settings, (void)err;
    if (recall(r, job) && ask_queue(job, state) == JOB_THERE && !is_over(state))
        cancel(job);
    return 0;
}
