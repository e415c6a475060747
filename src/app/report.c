#include "app/report.h"

#include <math.h>
#include <string.h>

#include "app/report_parts.h"
#include "base/array.h"
#include "base/clock.h"
#include "base/mem.h"

void report_request_defaults(struct report_request *q)
{
    *q = (struct report_request){.gain = 0.25, .target = NAN, .reach = 10, .resamples = 2000, .permutations = 20000,
                                 .level = 0.95, .seed = 1};
}

void report_patterns(struct report_request *q, const char *text, char **copy)
{
    *copy = mem_strdup(text ? text : "");
    const char **list = mem_zalloc(strlen(*copy) + 1, sizeof *list);
    char *rest = NULL;
    q->n_runs = 0;
    for (char *word = strtok_r(*copy, ", ", &rest); word; word = strtok_r(NULL, ", ", &rest))
        list[q->n_runs++] = word;
    q->runs = list;
}

void report_patterns_free(struct report_request *q, char *copy)
{
    mem_free((void *)(size_t)q->runs);
    mem_free(copy);
    q->runs = NULL;
    q->n_runs = 0;
}

void report_note(struct report *r, const char *fmt, ...)
{
    struct str text = {0};
    va_list args;
    va_start(args, fmt);
    str_vaddf(&text, fmt, args);
    va_end(args);
    r->notes = array_reserve(r->notes, &r->cap_notes, r->n_notes + 1, sizeof *r->notes);
    r->notes[r->n_notes++] = arena_strndup(&r->arena, text.at, text.len);
    str_free(&text);
}

static void choose_think(struct report *r)
{
    size_t off = 0;
    for (size_t i = 0; i < r->n_used; i++)
        off += !r->used[i]->think && r->used[i]->run_uuid;
    for (size_t i = 0; i < r->n_used && off == 0; i++)
        off += !r->used[i]->think;
    if (r->asked.think == REPORT_THINK_AUTO)
        r->asked.think = off || r->n_used == 0 ? REPORT_THINK_OFF : REPORT_THINK_ON;
    r->think = r->asked.think == REPORT_THINK_ON;
}

static bool both_settings(const struct report *r)
{
    size_t on = 0;
    for (size_t i = 0; i < r->n_used; i++)
        on += r->used[i]->think;
    return on > 0 && on < r->n_used;
}

static void say_seeds(struct report *r)
{
    for (size_t m = 0; m < r->n_methods; m++)
        if (!r->methods[m].base && !r->methods[m].endpoint && r->methods[m].runs < 2)
            report_note(r, "%s has one run: its intervals say what other records would do, not what another seed would.",
                        r->methods[m].name);
}

static const char *project_name(struct report *r, const char *path)
{
    const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    size_t len = strlen(name);
    if (len > 3 && strcmp(name + len - 3, ".db") == 0)
        len -= 3;
    return arena_strndup(&r->arena, name, len);
}

static const char *kept(struct report *r, const char *text)
{
    return text ? arena_strndup(&r->arena, text, strlen(text)) : NULL;
}

/* What was asked is kept: the caller's strings may go. */
static void keep_request(struct report *r, const struct report_request *q)
{
    const char **runs = arena_zalloc(&r->arena, q->n_runs + 1, sizeof *runs);
    for (size_t i = 0; i < q->n_runs; i++)
        runs[i] = kept(r, q->runs[i]);
    r->asked = *q;
    r->asked.runs = runs;
    r->asked.split = kept(r, q->split);
    r->asked.base_model = kept(r, q->base_model);
}

static void say_nothing_there(struct report *r)
{
    if (r->n_used == 0)
        report_note(r, r->evals.count ? "No finished eval fits what was asked for: 'hinge eval' lists those there are."
                                      : "This project has no evals yet: 'hinge eval' makes one of a run or a model.");
}

int report_make(struct store *s, const struct report_request *q, struct report *out, struct error *err)
{
    struct report_gathering g;
    keep_request(out, q);
    out->project = project_name(out, store_path(s));
    out->made = clock_now_ms();
    out->target = NAN;
    int result = store_begin_read(s, err);
    if (result != 0)
        return -1;
    result = store_end(s, report_gather(s, out, &g, err), err);
    if (result == 0) {
        choose_think(out);
        say_nothing_there(out);
        report_keep_common(out, &g, out->think ? 2 : 1);
        report_finals(out, &g);
        report_curves(out, &g);
        report_pairs(out, &g);
        if (out->n_used && both_settings(out))
            report_keep_common(out, &g, 3);
        report_think_pairs(out, &g);
        say_seeds(out);
    }
    report_gathering_free(&g);
    return result;
}

void report_free(struct report *r)
{
    evals_free(&r->evals);
    mem_free(r->notes);
    arena_free(&r->arena);
    *r = (struct report){0};
}
