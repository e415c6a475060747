/* What a run is doing, told by its locks, its checkpoints and how the last process ended: never by a pid. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "runs/run_read.h"

enum { REASON_MAX = 400, LOG_BYTES = 1 << 14, STAMP = 21 /* "2026-11-26T15:00:00Z " */ };

void run_say(struct run *r, const char *text)
{
    size_t len = strcspn(text, "\r\n");
    if (len > REASON_MAX) {
        len = REASON_MAX;
        while (len > 0 && ((unsigned char)text[len] & 0xC0) == 0x80) /* on a character's border */
            len--;
    }
    char *line = mem_strndup(text, len);
    mem_free(r->reason);
    r->reason = line;
}

/* The last line of the log in parts; false where there is none. level and text are cut out of out. */
static bool last_word(const struct run *r, struct str *out, const char **level, const char **text)
{
    if (run_log_tail(r, 1, out, NULL) != 0 || out->len <= STAMP)
        return false;
    out->at[strcspn(out->at, "\n")] = '\0';
    char *words = out->at + STAMP, *blank = strchr(words, ' ');
    if (!blank)
        return false;
    *blank = '\0';
    *level = words;
    *text = blank + 1;
    return true;
}

static int64_t last_change(const struct run *r)
{
    static const char *const files[] = {"log.txt", "metrics.jsonl", "run.json"};
    struct str path = {0};
    struct stat st;
    int64_t last = 0;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        if (stat(run_path(r, files[i], &path), &st) == 0 && (int64_t)st.st_mtime * 1000 > last)
            last = (int64_t)st.st_mtime * 1000;
    }
    str_free(&path);
    return last;
}

static bool has_last_checkpoint(const struct run *r)
{
    int64_t steps = 0;
    return json_int(json_get(r->config, "steps"), &steps) && r->n_checkpoints &&
           r->checkpoints[r->n_checkpoints - 1].step >= steps;
}

static void say_lost(struct run *r, const char *how)
{
    struct str text = {0};
    str_adds(&text, how);
    if (r->n_checkpoints)
        str_addf(&text, "; resume goes on from step %lld", (long long)r->checkpoints[r->n_checkpoints - 1].step);
    else
        str_adds(&text, "; there is no checkpoint yet, resume begins anew");
    run_say(r, text.at);
    str_free(&text);
}

static const char *signal_words(int number)
{
    switch (number) {
    case 9: return "its process was killed (signal 9: by hand, or by the system for want of memory)";
    case 11: return "its process crashed (signal 11)";
    default: return NULL;
    }
}

static void tell_ended(struct run *r, const struct run_end *end)
{
    char text[64];
    if (!end->signal && end->exit == 0) {
        r->state = RUN_STOPPED;
        run_say(r, "");
        return;
    }
    r->state = RUN_FAILED;
    const char *words = signal_words(end->signal);
    snprintf(text, sizeof text, end->signal ? "its process ended by signal %d" : "its process ended with status %d",
             end->signal ? end->signal : end->exit);
    if (end->said[0])
        run_say(r, end->said);
    else
        say_lost(r, words ? words : text);
}

/* On another machine it may go on: only from there can be told. */
static void tell_away(struct run *r)
{
    struct str text = {0};
    r->state = RUN_FAILED;
    str_addf(&text, "nobody here follows it any more; %s may still train it: resume connects to it again", r->place);
    run_say(r, text.at);
    str_free(&text);
}

/* Nobody wrote how the process ended: the last line of its log knows, or it says no more than it did. */
static void tell_by_log(struct run *r, bool was_started)
{
    struct str line = {0};
    const char *level = "", *text = "";
    bool said = last_word(r, &line, &level, &text);
    if (said && strncmp(text, "stopped ", 8) == 0) {
        r->state = RUN_STOPPED;
        run_say(r, "");
    } else if (said && strcmp(level, "error") == 0) {
        r->state = RUN_FAILED;
        run_say(r, text);
    } else if (said || was_started) {
        r->state = RUN_FAILED;
        say_lost(r, "its processes ended without a word: they were killed, or the machine went down");
    } else {
        r->state = RUN_STOPPED;
        run_say(r, "not started yet");
    }
    str_free(&line);
}

void run_tell_state(struct run *r)
{
    char stage[RUN_STAGE_MAX];
    struct run_end end;
    bool ended = run_end_read(r->folder, &end);
    bool kept = run_keeper_read(r->folder, stage), held = run_held(r->folder, "lock");
    r->started = end.started;
    r->ended = 0;
    if (held || (kept && strncmp(stage, "running", 7) == 0)) {
        bool more = kept && strncmp(stage, "running: ", 9) == 0;
        r->state = RUN_RUNNING;
        run_say(r, more ? stage + 9 : run_stop_asked(r->folder) ? "stopping after the step at hand" : "");
        return;
    }
    if (kept) {
        r->state = strncmp(stage, "waiting", 7) == 0 ? RUN_WAITING : RUN_STARTING;
        run_say(r, stage);
        return;
    }
    r->ended = end.ended ? end.ended : last_change(r);
    if (has_last_checkpoint(r)) {
        r->state = RUN_FINISHED;
        run_say(r, "");
    } else if (ended && end.ended) {
        tell_ended(r, &end);
    } else if (ended && strcmp(r->place, "local") != 0 && r->place[0]) {
        tell_away(r);
    } else {
        tell_by_log(r, ended);
    }
}
