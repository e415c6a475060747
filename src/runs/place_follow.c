/* Listening to follow.sh (place_script.c): its parts go into the files of the run here. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "runs/place_away.h"

enum { TURN_MS = 300, SILENCE_MS = 45000, WAIT_FIRST_MS = 1000, WAIT_MOST_MS = 60000, LINE_MOST = 1 << 16 };

enum heard { HEARD_ON, HEARD_END, HEARD_CUT };

struct listening {
    struct away *a;
    const struct place_work *w;
    bool stop_sent;
    int64_t heard_at;
    struct error why; /* of a cut */
};

/* --- what is remembered between keepers --- */

static void remember(const struct away *a)
{
    struct str path = {0}, text = {0};
    struct json *j = json_new_object();
    json_set_string(j, "node", a->node);
    json_set_int(j, "logged", (int64_t)a->logged);
    json_print(&text, j);
    str_addc(&text, '\n');
    json_free(j);
    (void)file_write_atomic(run_path(a->run, "away.json", &path), 0600, str_slice(&text), NULL);
    str_free(&path);
    str_free(&text);
}

/* What is here of the metrics: a write may have been cut short by a full disk. */
static void count_sent(struct away *a)
{
    struct str path = {0};
    struct stat st;
    a->sent = a->node[0] && stat(run_path(a->run, "metrics.jsonl", &path), &st) == 0 ? (uint64_t)st.st_size : 0;
    str_free(&path);
}

static void recall(struct away *a)
{
    struct str path = {0}, text = {0};
    struct json *j = NULL;
    int64_t logged = 0;
    if (file_exists(run_path(a->run, "away.json", &path)) && file_read(path.at, LINE_MOST, &text, NULL) == 0)
        j = json_parse(slice_trim(str_slice(&text)), NULL, NULL);
    const char *node = json_string(json_get(j, "node"), "");
    if (strspn(node, "0123456789") == strlen(node))
        snprintf(a->node, sizeof a->node, "%s", node);
    if (json_int(json_get(j, "logged"), &logged) && logged > 0)
        a->logged = (uint64_t)logged;
    json_free(j);
    str_free(&path);
    str_free(&text);
}

/* --- parts --- */

static int append(const struct away *a, const char *name, struct slice bytes, struct error *err)
{
    struct str path = {0};
    int fd = open(run_path(a->run, name, &path), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600), result = 0;
    if (fd < 0 || write(fd, bytes.at, bytes.len) != (ssize_t)bytes.len)
        result = error_errno(err, "cannot write %s", path.at);
    if (fd >= 0)
        close(fd);
    str_free(&path);
    return result;
}

/* The metrics there are another file: a new one takes the place of what came before. */
static int new_metrics(struct away *a, const char *node, struct error *err)
{
    struct str path = {0};
    if (strspn(node, "0123456789") != strlen(node) || strlen(node) >= sizeof a->node)
        return error_set(err, ERR_INPUT, "%s says what no follow.sh says", a->host);
    snprintf(a->node, sizeof a->node, "%s", node);
    a->sent = 0;
    int result = file_write_atomic(run_path(a->run, "metrics.jsonl", &path), 0600, (struct slice){"", 0}, err);
    str_free(&path);
    remember(a);
    return result == 0 ? away_fetch_config(a, err) : -1;
}

static int take_checkpoints(struct away *a, const char *list, struct error *err)
{
    while (*list) {
        char *end;
        long long step = strncmp(list, "step-", 5) == 0 ? strtoll(list + 5, &end, 10) : 0;
        if (step < 1 || (*end && *end != ' '))
            return error_set(err, ERR_INPUT, "%s says what no follow.sh says", a->host);
        if (away_fetch_checkpoint(a, step, err) != 0)
            return -1;
        list = *end ? end + 1 : end;
    }
    return 0;
}

static void take_end(const struct listening *l, const char *status)
{
    struct run_end *end = l->w->end;
    if (strcmp(status, "lost") == 0) {
        end->exit = 1;
        snprintf(end->said, sizeof end->said, "its processes on %s ended without a word: they were killed, or the machine "
                                              "went down", l->a->host);
        return;
    }
    long code = strtol(status, NULL, 10);
    end->exit = code > 128 ? 0 : (int)code;
    end->signal = code > 128 ? (int)code - 128 : 0;
    if (code == 0 || end->signal) /* a shell's word for the signal says less than hinge's */
        end->said[0] = '\0';
}

/* A line of follow.sh: HEARD_CUT and l->why where it could not be followed. */
static enum heard take_line(struct listening *l, const char *line)
{
    struct away *a = l->a;
    const char *rest = line[0] && line[1] == ' ' ? line + 2 : "";
    int result = 0;
    switch (line[0]) {
    case 'N': result = new_metrics(a, rest, &l->why); break;
    case 'M':
    case 'L':
        a->into = line[0];
        a->bytes = strtoull(rest, NULL, 10);
        break;
    case 'C': result = take_checkpoints(a, rest, &l->why); break;
    case 'S': place_said(l->w->end, slice_of(rest)); break;
    case 'E': take_end(l, rest); return HEARD_END;
    case 'T': break;
    default: result = error_set(&l->why, ERR_INPUT, "%s says what no follow.sh says", a->host);
    }
    return result == 0 ? HEARD_ON : HEARD_CUT;
}

/* Bytes of the metrics or of the log, as many as have come. */
static enum heard take_bytes(struct listening *l, size_t *used)
{
    struct away *a = l->a;
    size_t n = a->buffer.len - *used;
    n = n < a->bytes ? n : (size_t)a->bytes;
    bool log = a->into == 'L';
    struct slice part = slice_sub(str_slice(&a->buffer), *used, *used + n);
    if (append(a, log ? "log.txt" : "metrics.jsonl", part, &l->why) != 0)
        return HEARD_CUT;
    *used += n;
    a->bytes -= n;
    *(log ? &a->logged : &a->sent) += n;
    if (a->bytes == 0)
        a->into = 0;
    if (log)
        remember(a);
    return HEARD_ON;
}

static enum heard take_parts(struct listening *l)
{
    struct away *a = l->a;
    size_t used = 0;
    enum heard heard = HEARD_ON;
    while (heard == HEARD_ON && used < a->buffer.len) {
        if (a->into) {
            heard = take_bytes(l, &used);
            continue;
        }
        char *end = memchr(a->buffer.at + used, '\n', a->buffer.len - used);
        if (!end)
            break;
        *end = '\0';
        heard = take_line(l, a->buffer.at + used);
        used = (size_t)(end - a->buffer.at) + 1;
    }
    str_splice(&a->buffer, 0, used, (struct slice){"", 0});
    if (!a->into && a->buffer.len > LINE_MOST)
        heard = HEARD_CUT;
    return heard;
}

/* --- a connection --- */

static void hear_complaint(struct listening *l)
{
    char bytes[1024];
    ssize_t n = read(l->a->child.err, bytes, sizeof bytes - 1);
    if (n <= 0 && !(n < 0 && (errno == EAGAIN || errno == EINTR))) {
        close(l->a->child.err);
        l->a->child.err = -1;
    }
    if (n > 0) {
        bytes[n] = '\0';
        bytes[strcspn(bytes, "\r\n")] = '\0';
        error_set(&l->why, ERR_IO, "%s", bytes);
    }
}

static enum heard hear(struct listening *l)
{
    char bytes[1 << 14];
    ssize_t n = read(l->a->child.out, bytes, sizeof bytes);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return HEARD_ON;
    if (n <= 0)
        return HEARD_CUT;
    str_add(&l->a->buffer, bytes, (size_t)n);
    enum heard heard = take_parts(l);
    l->heard_at = clock_mono_ms(); /* after what took its time, such as a checkpoint */
    return heard;
}

static void pass_stop_on(struct listening *l)
{
    struct str file = {0};
    if (l->stop_sent || !run_stop_asked(l->a->run->folder))
        return;
    str_addf(&file, "%s/stop", l->a->folder.at);
    l->stop_sent = away_do(l->a, (const char *const[]){"touch", file.at, NULL}, NULL) == 0;
    str_free(&file);
}

static enum heard listen_on(struct listening *l)
{
    struct pollfd p[2] = {{.fd = l->a->child.out, .events = POLLIN}, {.fd = l->a->child.err, .events = POLLIN}};
    pass_stop_on(l);
    l->w->idle(l->w->idle_context);
    if (poll(p, 2, TURN_MS) < 0 && errno != EINTR)
        return HEARD_CUT;
    if (p[1].revents)
        hear_complaint(l);
    if (p[0].revents)
        return hear(l);
    if (clock_mono_ms() - l->heard_at > SILENCE_MS) {
        error_set(&l->why, ERR_IO, "nothing was heard for %d seconds", SILENCE_MS / 1000);
        return HEARD_CUT;
    }
    return HEARD_ON;
}

/* One connection, until the training ended or it was cut. */
static enum heard one_connection(struct listening *l)
{
    struct spawn_end end;
    enum heard heard = HEARD_ON;
    error_clear(&l->why);
    count_sent(l->a);
    if (away_start_following(l->a, &l->why) != 0)
        return HEARD_CUT;
    l->heard_at = clock_mono_ms();
    bool told = false;
    while (heard == HEARD_ON) {
        heard = listen_on(l);
        if (!told && heard == HEARD_ON && l->a->sent) {
            run_keeper_stage(l->w->keeper, "running");
            told = true;
        }
    }
    kill(l->a->child.pid, SIGTERM); /* our own child, not yet waited for */
    spawn_wait(&l->a->child, &end);
    str_clear(&l->a->buffer);
    l->a->into = 0;
    return heard;
}

static void wait_for(const struct listening *l, int64_t ms)
{
    char stage[RUN_STAGE_MAX];
    snprintf(stage, sizeof stage, "running: %.40s is cut off (%.60s)", l->a->host,
             l->why.text[0] ? l->why.text : "the connection ended");
    run_keeper_stage(l->w->keeper, stage);
    l->w->idle(l->w->idle_context);
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

int away_follow(struct away *a, const struct place_work *w, struct error *err)
{
    struct listening l = {.a = a, .w = w};
    int64_t wait = WAIT_FIRST_MS;
    (void)err;
    recall(a);
    run_keeper_stage(w->keeper, "running");
    for (;;) {
        uint64_t before = a->sent;
        if (one_connection(&l) == HEARD_END)
            return 0;
        log_write(w->log, LOG_LEVEL_WARNING, "%s is cut off (%s): connecting again", a->host, l.why.text);
        wait = a->sent != before ? WAIT_FIRST_MS : wait * 2;
        wait = wait > WAIT_MOST_MS ? WAIT_MOST_MS : wait;
        wait_for(&l, wait);
    }
}
