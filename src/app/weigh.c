/* The job that weighs rules: records in chunks through hinge-train score, then means and intervals by rule. */
#include "app/weigh.h"

#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/loop_settings.h"
#include "base/array.h"
#include "base/file.h"
#include "base/lines.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/student.h"
#include "pipeline/programs.h"
#include "pipeline/step.h"

enum { CHUNK = 64, LINE_BYTES = 1 << 28, TICK_MS = 200, NATS_MAX = 64, DAY = 86400 };

struct weighing {
    struct worker *w;
    struct store *s;
    const struct eval_request *request;
    struct eval_settings settings;
    const struct endpoint *model;
    int64_t eval;
    size_t all, done;
    struct weighed chunk[CHUNK];
    bool ended[CHUNK];    /* scored, or failed */
    size_t n;
    struct str folder;
};

/* --- one chunk through hinge-train --- */

static int fail_one(struct weighing *g, size_t i, const struct error *why, struct error *err)
{
    int64_t id = g->chunk[i].record.id;
    g->ended[i] = true;
    g->done++;
    return worker_failed(g->w, id, why, err);
}

static void path_in(const struct weighing *g, const char *name, struct str *out)
{
    str_clear(out);
    str_addf(out, "%s/%s", g->folder.at, name);
}

/* Records that have ended are left out; *left says how many are in it. */
static int write_lines(const struct weighing *g, size_t *left, struct error *err)
{
    struct str text = {0}, path = {0};
    *left = 0;
    for (size_t i = 0; i < g->n; i++) {
        if (g->ended[i])
            continue;
        weighed_line(&text, &g->chunk[i]);
        ++*left;
    }
    path_in(g, "data.jsonl", &path);
    int result = file_write_atomic(path.at, 0600, str_slice(&text), err);
    str_free(&text);
    str_free(&path);
    return result;
}

/* Runs it to its end while the job's heart beats: 1 fine, 0 it failed (why says how), -1 the work must stop. */
static int run_score(struct weighing *g, struct error *why)
{
    struct str data = {0}, out = {0};
    const char *argv[24];
    size_t n = 0;
    path_in(g, "data.jsonl", &data);
    path_in(g, "out.jsonl", &out);
    const char *const fixed[] = {g->model->trainer, "score", "--model", g->model->model, "--data", data.at, "--out", out.at,
                                 "--too-long", "skip"};
    for (; n < sizeof fixed / sizeof *fixed; n++)
        argv[n] = fixed[n];
    if (g->model->adapter) {
        argv[n++] = "--adapter";
        argv[n++] = g->model->adapter;
    }
    if (g->model->chat) {
        argv[n++] = "--chat";
        argv[n++] = g->model->chat;
    }
    argv[n] = NULL;
    struct program what = {.argv = argv, .seconds = DAY};
    struct programs *p = programs_open(1);
    struct program_end end = {0};
    int result = -1;
    programs_start(p, &what, SLICE(""), g);
    while (result < 0 && worker_tick(g->w)) {
        struct pollfd fds[8];
        size_t count = programs_fds_max(p) <= 8 ? programs_fds(p, fds) : 0;
        (void)poll(fds, (nfds_t)count, TICK_MS);
        programs_step(p);
        if (programs_next(p, &end)) {
            result = end.fine;
            if (!end.fine)
                error_set(why, ERR_IO, "hinge-train score: %s", end.said.len ? end.said.at : end.error.text);
            program_end_free(&end);
        }
    }
    programs_close(p);
    str_free(&data);
    str_free(&out);
    return result;
}

/* "data.jsonl: line 3: ...": the index in the chunk of the record at fault; -1 when it is of no record. */
static int at_fault(const struct weighing *g, const struct error *why)
{
    const char *words = strstr(why->text, "data.jsonl: line ");
    long line = words ? strtol(words + sizeof "data.jsonl: line " - 1, NULL, 10) : 0;
    for (size_t i = 0; i < g->n; i++)
        if (!g->ended[i] && line-- == 1)
            return (int)i;
    return -1;
}

static int index_of(const struct weighing *g, int64_t id)
{
    for (size_t i = 0; i < g->n; i++)
        if (!g->ended[i] && g->chunk[i].record.id == id)
            return (int)i;
    return -1;
}

static int take_answer(struct weighing *g, const struct json *answer, struct error *err)
{
    int i = index_of(g, strtoll(json_string(json_get(answer, "id"), "0"), NULL, 10));
    struct eval_nats list[NATS_MAX];
    struct arena arena = {0};
    struct error why = {0};
    size_t n = 0;
    if (i < 0)
        return 0;
    int result;
    if (weighed_read(&g->chunk[i], g->eval, answer, list, &n, &arena, &why) < 0) {
        result = fail_one(g, (size_t)i, &why, err);
    } else {
        result = eval_store_put_nats(g->s, list, n, err);
        if (result == 0)
            result = worker_done(g->w, g->chunk[i].record.id, err);
        g->ended[i] = true;
        g->done++;
    }
    arena_free(&arena);
    return result;
}

static int read_answers(struct weighing *g, struct error *err)
{
    struct str path = {0};
    struct slice line;
    int result = 0;
    path_in(g, "out.jsonl", &path);
    struct lines *in = lines_open(path.at, LINE_BYTES, err);
    while (in && result == 0 && lines_next(in, &line, NULL) == LINES_LINE) {
        struct json *j = json_parse(line, NULL, NULL);
        result = j ? take_answer(g, j, err) : 0;
        json_free(j);
    }
    str_free(&path);
    if (!in)
        return -1;
    lines_close(in);
    return result;
}

/* What has no answer was too long. */
static int fail_rest(struct weighing *g, struct error *err)
{
    struct error why = {0};
    error_set(&why, ERR_LIMIT, "it is longer than the model takes");
    for (size_t i = 0; i < g->n; i++)
        if (!g->ended[i] && fail_one(g, i, &why, err) < 0)
            return -1;
    return 0;
}

/* A record that hinge-train refuses stops all of its chunk: it is taken out, and the rest is scored without it. */
static int score_chunk(struct weighing *g, struct error *err)
{
    size_t left = 0;
    for (;;) {
        struct error why = {0};
        if (write_lines(g, &left, err) < 0)
            return -1;
        if (!left)
            return STEP_FINISHED;
        int got = run_score(g, &why);
        if (got < 0)
            return STEP_STOPPED;
        int guilty = got == 0 ? at_fault(g, &why) : -1;
        if (got == 0 && guilty < 0)
            return error_set(err, why.code, "%s", why.text);
        if (got == 1)
            return read_answers(g, err) < 0 || fail_rest(g, err) < 0 ? -1 : STEP_FINISHED;
        error_set(&why, ERR_INPUT, "hinge-train refuses it: it holds the text of a special token, or a part is empty");
        if (fail_one(g, (size_t)guilty, &why, err) < 0)
            return -1;
    }
}

/* --- all records --- */

static int load_chunk(struct weighing *g, const int64_t *ids, size_t n, struct error *err)
{
    g->n = 0;
    for (size_t i = 0; i < n; i++) {
        struct error why = {0};
        size_t left = 1;
        int64_t id = ids[i];
        if (eval_store_unscored(g->s, g->eval, &id, &left, err) < 0)
            return -1;
        if (left == 0) {
            if (worker_done(g->w, ids[i], err) < 0)
                return -1;
            continue;
        }
        struct weighed *w = &g->chunk[g->n];
        int loaded = weighed_load(w, g->s, ids[i], &why);
        if (loaded == 0 && w->record.n_rules + 2 > NATS_MAX)
            loaded = error_set(&why, ERR_LIMIT, "it cites more rules than can be weighed");
        if (loaded < 0) {
            weighed_free(w);
            if (worker_failed(g->w, ids[i], &why, err) < 0)
                return -1;
            continue;
        }
        g->ended[g->n++] = false;
    }
    return 0;
}

static void free_chunk(struct weighing *g)
{
    for (size_t i = 0; i < g->n; i++)
        weighed_free(&g->chunk[i]);
    g->n = 0;
}

static void say(struct weighing *g, const char *name)
{
    struct str text = {0};
    str_addf(&text, "weighing rules with %s: %zu of %zu", name, g->done, g->all);
    worker_count(g->w, &(struct job_progress){.said = text.at});
    str_free(&text);
}

static int weigh_records(struct weighing *g, const char *name, struct error *err)
{
    int64_t ids[CHUNK];
    size_t n = 0;
    g->all = (size_t)worker_job(g->w)->left;
    for (;;) {
        say(g, name);
        if (worker_take(g->w, CHUNK, ids, &n, err) < 0)
            return -1;
        if (n == 0)
            return worker_tick(g->w) ? STEP_FINISHED : STEP_STOPPED;
        int end = load_chunk(g, ids, n, err);
        if (end == 0)
            end = score_chunk(g, err);
        free_chunk(g);
        if (end != STEP_FINISHED)
            return end;
    }
}

/* --- worth --- */

struct sums {
    struct rule_worth *items;
    size_t count, cap;
    double squares;
};

static void settle(struct sums *s)
{
    if (!s->count)
        return;
    struct rule_worth *w = &s->items[s->count - 1];
    double n = (double)w->records, rest = s->squares - w->total * w->total / n;
    w->spread = w->records > 1 && rest > 0 ? sqrt(rest / (n - 1)) : 0;
    w->total /= n;
    w->at_hinges /= n;
    w->elsewhere = w->total - w->at_hinges;
    double half = w->records < WORTH_RECORDS ? WORTH_WIDE : student_half_width(w->records, w->spread);
    w->low = w->total - half;
    w->high = w->total + half;
}

static int add_saved(void *context, const struct nats_saved *n)
{
    struct sums *s = context;
    if (!s->count || s->items[s->count - 1].rule != n->rule) {
        settle(s);
        s->items = array_reserve(s->items, &s->cap, s->count + 1, sizeof *s->items);
        s->items[s->count++] = (struct rule_worth){.rule = n->rule};
        s->squares = 0;
    }
    struct rule_worth *w = &s->items[s->count - 1];
    w->records++;
    w->total += n->total;
    w->at_hinges += n->at_hinges;
    s->squares += n->total * n->total;
    return 0;
}

static int store_worth(struct store *s, int64_t eval, size_t *rules, struct error *err)
{
    struct sums sums = {0};
    int result = eval_store_saved(s, eval, add_saved, &sums, err);
    if (result == 0) {
        settle(&sums);
        result = eval_store_put_worth(s, eval, sums.items, sums.count, err);
    }
    *rules = sums.count;
    mem_free(sums.items);
    return result;
}

/* --- the job --- */

static void remove_folder(struct weighing *g)
{
    static const char *const files[] = {"data.jsonl", "out.jsonl"};
    struct str path = {0};
    for (size_t i = 0; g->folder.len && i < sizeof files / sizeof *files; i++) {
        path_in(g, files[i], &path);
        (void)unlink(path.at);
    }
    if (g->folder.len)
        (void)rmdir(g->folder.at);
    str_free(&path);
    str_free(&g->folder);
}

static int weigh_with(struct weighing *g, const struct eval_target *t, struct str *said, struct error *err)
{
    struct eval_plan none = {.records = worker_job(g->w)->left + worker_job(g->w)->done};
    size_t rules = 0;
    g->model = &t->endpoint;
    if (eval_make(g->s, g->request, t, worker_job(g->w)->id, &none, &g->eval, err) < 0)
        return -1;
    int end = weigh_records(g, t->row.name, err);
    if (end != STEP_FINISHED)
        return end;
    if (store_worth(g->s, g->eval, &rules, err) < 0 || eval_store_finish(g->s, g->eval, err) < 0)
        return -1;
    str_addf(said, "%zu %s weighed with %s", rules, rules == 1 ? "rule" : "rules", t->row.name);
    return STEP_FINISHED;
}

int weigh_run(struct worker *w, const struct eval_request *q, struct str *said, struct error *err)
{
    struct weighing *g = mem_zalloc(1, sizeof *g);
    struct eval_target *list = NULL;
    size_t n = 0;
    g->w = w;
    g->s = worker_store(w);
    g->request = q;
    int end = eval_settings_make(&g->settings, q, err);
    if (end == 0)
        end = eval_targets(&g->settings, q, &list, &n, err);
    if (end == 0)
        end = file_make_temp_dir("weigh", &g->folder, err);
    if (end == 0)
        end = weigh_with(g, &list[0], said, err);
    remove_folder(g);
    eval_settings_free(&g->settings);
    mem_free(g);
    return end;
}
