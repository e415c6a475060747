/*
 * Answers from a model of this machine: hinge-train generate on what is queued, in batches, as a child process. A batch is
 * what the program reads (a JSONL of prompts) and writes (a JSONL of answers) in a folder of its own (0700); the
 * model is loaded once a batch, so a batch takes all that waits and has the same parameters.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include "base/clock.h"
#include "base/file.h"
#include "base/lines.h"
#include "base/mem.h"
#include "llm/lane.h"
#include "llm/wire.h"

enum { BATCH_MAX = 256, LINE_BYTES = 1 << 26, SAID_MAX = 4096, ARGS_MAX = 32 };

extern char **environ;

struct batch {
    struct question *items[BATCH_MAX]; /* NULL once answered */
    int count;
    bool running;
    pid_t child;
    int pipe;          /* what the program says; its end is the program's */
    int64_t started;
    struct str folder, said;
};

static int open_lane(struct llm *l, struct lane *n, struct error *err)
{
    (void)l;
    const struct endpoint *e = n->endpoint;
    if (!e->model || !e->model[0])
        return error_set(err, ERR_INPUT, "no model is set: a folder or a GGUF file");
    if (!file_exists(e->model))
        return error_set(err, ERR_ABSENT, "there is no model at %.200s", e->model);
    if (e->adapter && !file_exists(e->adapter))
        return error_set(err, ERR_ABSENT, "there is no adapter at %.200s", e->adapter);
    if (!e->trainer || access(e->trainer, X_OK) != 0)
        return error_set(err, ERR_ABSENT, "hinge-train was not found beside hinge or in PATH");
    n->most = BATCH_MAX;
    n->own = mem_zalloc(1, sizeof(struct batch));
    return 0;
}

static void remove_folder(struct str *folder)
{
    DIR *d = folder->len ? opendir(str_z(folder)) : NULL;
    for (struct dirent *entry; d && (entry = readdir(d)) != NULL;) {
        struct str path = {0};
        str_addf(&path, "%s/%s", str_z(folder), entry->d_name);
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            unlink(str_z(&path));
        str_free(&path);
    }
    if (d)
        closedir(d);
    if (folder->len)
        rmdir(str_z(folder));
    str_free(folder);
}

static void close_lane(struct lane *n)
{
    struct batch *b = n->own;
    if (b->running) {
        kill(b->child, SIGKILL);
        while (waitpid(b->child, NULL, 0) < 0 && errno == EINTR)
            continue;
        close(b->pipe);
    }
    for (int i = 0; i < b->count; i++) {
        if (b->items[i])
            question_free(b->items[i]);
    }
    remove_folder(&b->folder);
    str_free(&b->said);
    mem_free(b);
}

static int write_question(struct lane *n, const struct chat_request *r, struct question *q, struct error *err)
{
    const struct endpoint *e = n->endpoint;
    if (r->n_messages == 0)
        return error_set(err, ERR_INTERNAL, "a question without messages");
    struct json *list = json_new_array();
    for (size_t i = 0; i < r->n_messages; i++) {
        struct json *m = json_new_object();
        json_set_string(m, "role", r->messages[i].role);
        json_set_string(m, "content", r->messages[i].content);
        json_push(list, m);
    }
    json_print(&q->body, list);
    json_free(list);
    q->with.max_tokens = wire_max_tokens(e, r);
    q->with.temperature = r->has_temperature ? r->temperature : e->has_temperature ? e->temperature : 0;
    q->with.top_p = r->has_top_p ? r->top_p : e->has_top_p ? e->top_p : 1;
    q->with.has_seed = r->has_seed;
    q->with.seed = r->seed + r->sample; /* another sample draws otherwise */
    return 0;
}

/* Without a seed each question's own hash gives one, the batch's first for all of it: each prompt has its own stream. */
static int64_t seed_of(const struct question *q)
{
    char eight[8];
    memcpy(eight, q->hash, 7);
    eight[7] = '\0';
    return q->with.has_seed ? q->with.seed & 0x3FFFFFFF : (int64_t)strtoul(eight, NULL, 16);
}

static bool accepts(const struct lane *n, const struct question *q)
{
    const struct batch *b = n->own;
    if (b->running || b->count >= BATCH_MAX)
        return false;
    const struct question *first = b->count ? b->items[0] : q;
    return q->with.max_tokens == first->with.max_tokens && q->with.temperature == first->with.temperature &&
           q->with.top_p == first->with.top_p && q->with.has_seed == first->with.has_seed &&
           (!q->with.has_seed || q->with.seed == first->with.seed);
}

static void start(struct llm *l, struct lane *n, struct question *q)
{
    (void)l;
    struct batch *b = n->own;
    b->items[b->count++] = q;
}

static int write_prompts(const struct batch *b, const char *path, struct error *err)
{
    struct str text = {0};
    for (int i = 0; i < b->count; i++)
        str_addf(&text, "{\"id\":\"%d\",\"prompt\":%s}\n", i, str_z(&b->items[i]->body));
    int result = file_write_atomic(path, 0600, str_slice(&text), err);
    str_free(&text);
    return result;
}

/* What the program needs of the environment, and nothing that may be a key. */
static bool passes(const char *set)
{
    static const char *const names[] = {"PATH=", "HOME=", "LANG=", "LC_", "TMPDIR=", "OMP_", "OPENBLAS_", "CUDA_",
                                        "LD_LIBRARY_PATH=", "DYLD_", "HINGE_TRAIN_", "ASAN_OPTIONS=", "UBSAN_OPTIONS="};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strncmp(set, names[i], strlen(names[i])) == 0)
            return true;
    }
    return false;
}

struct command {
    char *args[ARGS_MAX];
    int count;
    char **env;
};

static void command_add(struct command *c, const char *name, const char *value)
{
    c->args[c->count++] = mem_strdup(name);
    if (value)
        c->args[c->count++] = mem_strdup(value);
}

static void command_number(struct command *c, const char *name, double value)
{
    char text[40];
    snprintf(text, sizeof text, "%.9g", value);
    command_add(c, name, text);
}

static void command_make(struct command *c, const struct lane *n, const char *prompts, const char *out)
{
    const struct endpoint *e = n->endpoint;
    const struct batch *b = n->own;
    const struct question *first = b->items[0];
    command_add(c, e->trainer, "generate");
    command_add(c, "--model", e->model);
    if (e->adapter)
        command_add(c, "--adapter", e->adapter);
    if (e->chat)
        command_add(c, "--chat", e->chat);
    if (e->context)
        command_number(c, "--max-tokens", e->context);
    command_add(c, "--prompts", prompts);
    command_add(c, "--out", out);
    command_add(c, "--think", e->think ? "on" : "off");
    command_number(c, "--batch", e->parallel < 1 ? 1 : e->parallel > 256 ? 256 : e->parallel);
    command_number(c, "--max-new", first->with.max_tokens);
    command_number(c, "--temperature", first->with.temperature);
    command_number(c, "--top-p", first->with.top_p);
    command_number(c, "--seed", (double)seed_of(first));
    size_t count = 0, kept = 0;
    while (environ[count])
        count++;
    c->env = mem_zalloc(count + 1, sizeof *c->env);
    for (size_t i = 0; i < count; i++) {
        if (passes(environ[i]))
            c->env[kept++] = environ[i];
    }
}

static void command_free(struct command *c)
{
    for (int i = 0; i < c->count; i++)
        mem_free(c->args[i]);
    mem_free(c->env);
}

/* In the child: nothing but calls that are safe after fork. */
static void be_program(const struct command *c, int out)
{
#ifdef __linux__
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* a killed hinge leaves no model running */
#endif
    int null = open("/dev/null", O_RDONLY);
    if (null >= 0)
        dup2(null, 0);
    dup2(out, 1);
    dup2(out, 2);
    execve(c->args[0], c->args, c->env);
    _exit(127);
}

static int launch(struct lane *n, struct error *err)
{
    struct batch *b = n->own;
    struct str prompts = {0}, out = {0};
    struct command c = {0};
    int ends[2] = {-1, -1}, result = file_make_temp_dir("generate", &b->folder, err);
    str_addf(&prompts, "%s/prompts.jsonl", str_z(&b->folder));
    str_addf(&out, "%s/out.jsonl", str_z(&b->folder));
    if (result == 0)
        result = write_prompts(b, str_z(&prompts), err);
    if (result == 0 && pipe(ends) != 0)
        result = error_errno(err, "cannot start hinge-train");
    if (result == 0) {
        fcntl(ends[0], F_SETFD, FD_CLOEXEC);
        fcntl(ends[1], F_SETFD, FD_CLOEXEC);
        fcntl(ends[0], F_SETFL, O_NONBLOCK);
        command_make(&c, n, str_z(&prompts), str_z(&out));
        b->child = fork();
        if (b->child == 0)
            be_program(&c, ends[1]);
        if (b->child < 0)
            result = error_errno(err, "cannot start hinge-train");
        close(ends[1]);
        command_free(&c);
    }
    str_free(&prompts);
    str_free(&out);
    b->running = result == 0;
    b->pipe = ends[0];
    b->started = clock_mono_ms();
    if (result != 0 && ends[0] >= 0)
        close(ends[0]);
    return result;
}

static void take_answer(struct llm *l, struct lane *n, const struct json *j)
{
    struct batch *b = n->own;
    char *end = NULL;
    const char *id = json_string(json_get(j, "id"), "");
    long i = strtol(id, &end, 10);
    const char *text = json_string(json_get(j, "text"), NULL);
    if (end == id || i < 0 || i >= b->count || !b->items[i] || !text)
        return;
    struct llm_answer a = {.outcome = LLM_OK, .milliseconds = clock_mono_ms() - b->started};
    const char *thought = json_string(json_get(j, "think"), NULL);
    if (thought && n->endpoint->with_thought)
        str_addf(&a.text, "<think>\n%s\n</think>\n\n", thought);
    str_adds(&a.text, text);
    a.finish = strcmp(json_string(json_get(j, "stop"), ""), "length") == 0 ? CHAT_LENGTH : CHAT_STOP;
    a.usage = (struct chat_usage){wire_count(j, "prompt_tokens"), wire_count(j, "tokens"), -1};
    const char *slash = strrchr(n->endpoint->model, '/');
    snprintf(a.model, sizeof a.model, "%s", slash && slash[1] ? slash + 1 : n->endpoint->model);
    struct question *q = b->items[i];
    b->items[i] = NULL;
    lane_answer(l, n, q, &a);
}

static void read_answers(struct llm *l, struct lane *n)
{
    const struct batch *b = n->own;
    struct str path = {0};
    struct slice line;
    str_addf(&path, "%s/out.jsonl", str_z(&b->folder));
    struct lines *in = lines_open(str_z(&path), LINE_BYTES, NULL);
    while (in && lines_next(in, &line, NULL) == LINES_LINE) {
        struct json *j = json_parse(line, NULL, NULL);
        if (json_type(j) == JSON_OBJECT)
            take_answer(l, n, j);
        json_free(j);
    }
    lines_close(in);
    str_free(&path);
}

/* The last line of what it said, without the path of the prompts' file. */
static struct slice last_words(const struct batch *b)
{
    struct slice all = slice_trim(str_slice(&b->said));
    size_t from = all.len;
    while (from > 0 && all.at[from - 1] != '\n')
        from--;
    struct slice line = slice_sub(all, from, all.len);
    static const char own[] = "hinge-train generate: ";
    if (slice_starts(line, own))
        line = slice_sub(line, sizeof own - 1, line.len);
    const char *path = line.len ? memmem(line.at, line.len, "prompts.jsonl: ", 15) : NULL;
    return path ? slice_sub(line, (size_t)(path - line.at) + 15, line.len) : line;
}

/* A prompt that does not fit stops the whole batch: its line is named. Those beside it are asked again. */
static int named_line(struct slice words)
{
    int line = 0;
    char text[40];
    snprintf(text, sizeof text, "%.*s", (int)(words.len < 39 ? words.len : 39), words.at ? words.at : "");
    return sscanf(text, "line %9d: ", &line) == 1 ? line - 1 : -1;
}

static void fail_rest(struct llm *l, struct lane *n, int status)
{
    struct batch *b = n->own;
    struct slice words = last_words(b);
    int guilty = named_line(words);
    struct lane_failure f = {.wait_ms = -1};
    struct str said = {0};
    said_add(&said, words, NULL, SLICE("{}"));
    if (WIFSIGNALED(status))
        error_set(&f.error, ERR_IO, "%s: hinge-train was ended by signal %d (out of memory?)", n->endpoint->name,
                  WTERMSIG(status));
    else
        error_set(&f.error, ERR_IO, "%s: hinge-train: %s", n->endpoint->name,
                  said.len ? str_z(&said) : "it ended without answers");
    for (int i = 0; i < b->count; i++) {
        struct question *q = b->items[i];
        b->items[i] = NULL;
        if (!q)
            continue;
        struct lane_failure own = f;
        own.heals = guilty >= 0 && guilty < b->count && i != guilty;
        own.wait_ms = 0;
        own.status = i == guilty ? 400 : 0;
        if (own.heals)
            q->attempts = 0; /* it was not its fault */
        lane_fail(l, n, q, &own);
    }
    str_free(&said);
}

static void end_batch(struct llm *l, struct lane *n, int status)
{
    struct batch *b = n->own;
    b->running = false;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        read_answers(l, n);
    fail_rest(l, n, status);
    b->count = 0;
    remove_folder(&b->folder);
    str_clear(&b->said);
}

static void go(struct llm *l, struct lane *n)
{
    struct batch *b = n->own;
    struct lane_failure f = {.wait_ms = -1};
    if (b->running || b->count == 0 || launch(n, &f.error) == 0)
        return;
    error_prefix(&f.error, "%s: ", n->endpoint->name);
    int count = b->count;
    b->count = 0;
    for (int i = 0; i < count; i++)
        lane_fail(l, n, b->items[i], &f);
    remove_folder(&b->folder);
}

static int descriptor(const struct lane *n)
{
    const struct batch *b = n->own;
    return b->running ? b->pipe : -1;
}

static void ready(struct llm *l, struct lane *n)
{
    struct batch *b = n->own;
    char bytes[4096];
    ssize_t got;
    while ((got = read(b->pipe, bytes, sizeof bytes)) > 0) {
        str_add(&b->said, bytes, (size_t)got);
        if (b->said.len > 2 * SAID_MAX) /* only its last words matter */
            str_splice(&b->said, 0, b->said.len - SAID_MAX, SLICE(""));
    }
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    int status = 0;
    close(b->pipe);
    while (waitpid(b->child, &status, 0) < 0 && errno == EINTR)
        continue;
    end_batch(l, n, status);
}

const struct lane_ops lane_local = {.open = open_lane,
                                    .close = close_lane,
                                    .write = write_question,
                                    .accepts = accepts,
                                    .start = start,
                                    .go = go,
                                    .descriptor = descriptor,
                                    .ready = ready};
