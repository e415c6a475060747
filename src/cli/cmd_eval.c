/* eval: a model on held-out records, and what came of evals. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "app/broken.h"
#include "app/eval.h"
#include "app/project.h"
#include "app/returns.h"
#include "base/mem.h"
#include "cli/commands.h"
#include "cli/eval_print.h"
#include "cli/job_watch.h"
#include "cli/print.h"

struct eval_call {
    struct invocation *inv;
    const char *project;
    struct eval_print print;
};

static int64_t number_of(const char *word)
{
    char *end;
    errno = 0;
    long long n = word ? strtoll(word, &end, 10) : 0;
    return word && end != word && !*end && !errno && n > 0 ? (int64_t)n : 0;
}

/* --- starting --- */

static unsigned think_of(const char *word)
{
    return strcmp(word, "both") == 0 ? EVAL_THINK_OFF | EVAL_THINK_ON : strcmp(word, "on") == 0 ? EVAL_THINK_ON
                                                                                                : EVAL_THINK_OFF;
}

static bool read_temperature(struct invocation *inv, struct eval_request *q)
{
    const char *text = inv_option(inv, "temperature", NULL);
    char *end;
    if (!text)
        return true;
    errno = 0;
    q->temperature = strtod(text, &end);
    q->has_temperature = true;
    if (end != text && !*end && !errno && q->temperature >= 0 && q->temperature <= 100)
        return true;
    inv_usage(inv, "--temperature takes a number from 0 to 100, not '%s'", text);
    return false;
}

static bool read_step(struct invocation *inv, struct eval_request *q)
{
    bool ok = true;
    long step = inv_number(inv, "step", -1, 0, 1000000000, &ok);
    q->step = step < 0 ? EVAL_LAST_STEP : step == 0 ? EVAL_BASE : step;
    q->every = inv_flag(inv, "every-checkpoint");
    if (ok && q->every && step >= 0) {
        inv_usage(inv, "--step or --every-checkpoint, not both");
        return false;
    }
    return ok;
}

static bool read_request(struct invocation *inv, struct eval_request *q)
{
    bool ok = true;
    *q = (struct eval_request){
        .project = inv_arg(inv, 0),
        .reviewer = inv_option(inv, "reviewer", NULL),
        .run = inv_option(inv, "run", NULL),
        .model = inv_option(inv, "model", NULL),
        .adapter = inv_option(inv, "adapter", NULL),
        .endpoint = inv_option(inv, "endpoint", NULL),
        .served = inv_option(inv, "served", NULL),
        .chat = inv_option(inv, "chat", NULL),
        .think = think_of(inv_option(inv, "think", "off")),
        .split = inv_option(inv, "split", NULL),
        .where = inv_option(inv, "where", NULL),
        .held_out_from = inv_option(inv, "held-out-from", NULL),
        .graders = inv_option(inv, "graders", NULL),
        .limit = (size_t)inv_number(inv, "limit", 0, 1, 1000000000, &ok),
        .max_tokens = (int)inv_number(inv, "max-tokens", 0, 1, 1 << 24, &ok),
    };
    return ok && read_step(inv, q) && read_temperature(inv, q);
}

static int dry_run(struct eval_call *c, const struct eval_request *q)
{
    struct eval_plan plan = {0};
    int result = eval_preview(c->print.store, q, &plan, &c->print.err);
    if (result == 0)
        result = eval_print_plan(&c->print, &plan);
    eval_plan_free(&plan);
    return result;
}

static int say_started(struct eval_call *c, int64_t job)
{
    struct str out = {0};
    if (c->print.json)
        return eval_print_list(&c->print, &(struct eval_filter){.any_kind = true, .job = job});
    str_addf(&out, "job %lld started; 'hinge jobs %s show %lld --follow' watches it\n", (long long)job, c->project,
             (long long)job);
    return print_out(&out, &c->print.err);
}

/* Watches the job, then shows its evals. */
static int watch(struct eval_call *c, int64_t job, bool stops)
{
    struct watch w = {.store = c->print.store, .project = c->project, .id = job, .quiet = c->print.json, .stops = stops};
    int status = job_watch(&w, &c->print.err);
    if (status < 0)
        return -1;
    return eval_print_list(&c->print, &(struct eval_filter){.any_kind = true, .job = job}) < 0 ? -1 : status;
}

static int start(struct eval_call *c, bool weigh)
{
    struct eval_request q;
    int64_t job = 0;
    if (!read_request(c->inv, &q))
        return EXIT_USAGE;
    q.weigh = weigh;
    if (inv_flag(c->inv, "dry-run"))
        return dry_run(c, &q);
    if (eval_start(c->print.store, &q, &job, &c->print.err) < 0)
        return -1;
    return inv_flag(c->inv, "detach") ? say_started(c, job) : watch(c, job, true);
}

/* --- looking --- */

static int list(struct eval_call *c)
{
    return eval_print_list(&c->print, &(struct eval_filter){.any_kind = true, .split = inv_option(c->inv, "split", NULL)});
}

/* The job that works on an eval is watched first. */
static int follow(struct eval_call *c, int64_t eval)
{
    struct evals e = {0};
    int result = eval_store_get(c->print.store, eval, &e, &c->print.err);
    int64_t job = result == 0 && e.items[0].state != EVAL_DONE ? e.items[0].job : 0;
    evals_free(&e);
    if (result < 0 || !job)
        return result;
    struct watch w = {.store = c->print.store, .project = c->project, .id = job, .quiet = true};
    return job_watch(&w, &c->print.err) < 0 ? -1 : 0;
}

static int show(struct eval_call *c, int64_t eval)
{
    const char *key = inv_arg(c->inv, 3);
    if (key)
        return eval_print_record(&c->print, eval, key);
    if (inv_flag(c->inv, "follow") && follow(c, eval) < 0)
        return -1;
    return eval_print_one(&c->print, eval);
}

static int compare(struct eval_call *c, int64_t a)
{
    int64_t b = number_of(inv_arg(c->inv, 3));
    if (!b)
        return inv_usage(c->inv, "compare takes the numbers of two evals");
    return eval_print_compare(&c->print, a, b);
}

static int refused(struct eval_call *c, int64_t eval)
{
    return eval_print_refused(&c->print, eval);
}

static int delete(struct eval_call *c, int64_t eval)
{
    struct evals e = {0};
    int result = eval_store_get(c->print.store, eval, &e, &c->print.err);
    evals_free(&e);
    return result == 0 ? eval_store_delete(c->print.store, eval, &c->print.err) : -1;
}

/* Looks the eval through again, as the rules are now, and lists what was found. */
static int broken(struct eval_call *c, int64_t eval)
{
    struct evals e = {0};
    int result = eval_store_get(c->print.store, eval, &e, &c->print.err);
    evals_free(&e);
    struct broken *b = result == 0 ? broken_learn(c->print.store, &c->print.err) : NULL;
    result = b ? broken_mark(b, c->print.store, eval, NULL, &c->print.err) : -1;
    broken_free(b);
    return result == 0 ? eval_print_broken(&c->print, eval) : -1;
}

/* The ids given, or all that failed and did not go back yet. */
static int wanted_records(struct eval_call *c, int64_t eval, struct eval_items *items)
{
    struct eval_page page = {.order = EVAL_BY_SCORE, .failures = true, .limit = c->print.limit};
    int n = inv_count(c->inv);
    if (n <= 3)
        return eval_store_items(c->print.store, eval, &page, items, NULL, &c->print.err);
    items->items = arena_zalloc(&items->arena, (size_t)n, sizeof *items->items);
    for (int i = 3; i < n; i++) {
        int found = record_store_find(c->print.store, inv_arg(c->inv, i), &items->items[items->count++].record, &c->print.err);
        if (found == 0)
            error_set(&c->print.err, ERR_ABSENT, "there is no record %.100s", inv_arg(c->inv, i));
        if (found != 1)
            return -1;
    }
    return 0;
}

static int send(struct eval_call *c, int64_t eval, const int64_t *records, size_t n)
{
    struct session_options options = {.project = c->project, .reviewer = inv_option(c->inv, "reviewer", NULL)};
    struct session *session = session_open(&options, &c->print.err);
    struct outcome out = {0};
    int result = session ? returns_send(session, eval, records, n, &out, &c->print.err) : -1;
    session_close(session);
    if (result < 0)
        return -1;
    if (c->print.json) {
        struct json *j = json_new_object();
        json_set_int(j, "eval", eval);
        json_set_int(j, "records", (int64_t)out.records);
        json_set_string(j, "said", str_z(&out.said));
        outcome_free(&out);
        return print_json(j, &c->print.err);
    }
    struct str text = {0};
    print_cell(&text, str_slice(&out.said), 0);
    str_addc(&text, '\n');
    outcome_free(&out);
    return print_out(&text, &c->print.err);
}

static int send_back(struct eval_call *c, int64_t eval)
{
    struct evals e = {0};
    struct eval_items items = {0};
    int result = eval_store_get(c->print.store, eval, &e, &c->print.err);
    evals_free(&e);
    if (result == 0)
        result = wanted_records(c, eval, &items);
    int64_t *ids = mem_zalloc(items.count + 1, sizeof *ids);
    for (size_t i = 0; i < items.count; i++)
        ids[i] = items.items[i].record;
    if (result == 0)
        result = send(c, eval, ids, items.count);
    mem_free(ids);
    eval_items_free(&items);
    return result;
}

static const struct {
    const char *word;
    int (*run)(struct eval_call *c, int64_t eval);
    bool writes;
} words[] = {
    {"show", show, false}, {"compare", compare, false}, {"refused", refused, false}, {"delete", delete, true},
    {"broken", broken, true}, {"return", send_back, true},
};

enum { WORDS = sizeof words / sizeof *words };

static int find_word(const char *word)
{
    for (int i = 0; i < WORDS; i++)
        if (strcmp(words[i].word, word) == 0)
            return i;
    return -1;
}

static bool asks_for_one(struct invocation *inv)
{
    return inv_option(inv, "run", NULL) || inv_option(inv, "model", NULL) || inv_option(inv, "endpoint", NULL);
}

static int run_word(struct eval_call *c, const char *word)
{
    if (!word)
        return asks_for_one(c->inv) ? start(c, false) : list(c);
    if (strcmp(word, "weigh") == 0)
        return start(c, true);
    if (strcmp(word, "list") == 0)
        return list(c);
    int i = find_word(word);
    int64_t eval = number_of(inv_arg(c->inv, 2));
    if (!eval)
        return inv_usage(c->inv, "%s takes the number of an eval; 'hinge eval %s' lists them", word, c->project);
    return words[i].run(c, eval);
}

int cmd_eval(struct invocation *inv)
{
    struct eval_call c = {.inv = inv, .project = inv_arg(inv, 0), .print = {.json = inv_flag(inv, "json")}};
    const char *word = inv_arg(inv, 1);
    bool ok = true;
    bool weigh = word && strcmp(word, "weigh") == 0;
    if (word && !weigh && strcmp(word, "list") != 0 && find_word(word) < 0)
        return inv_usage(inv, "'%s' is none of list, show, compare, refused, broken, return, delete, weigh", word);
    c.print.limit = (size_t)inv_number(inv, "limit", 0, 1, 1000000000, &ok);
    if (!ok)
        return EXIT_USAGE;
    bool writes = weigh || !word ? asks_for_one(inv) && !inv_flag(inv, "dry-run")
                                 : find_word(word) >= 0 && words[find_word(word)].writes;
    c.print.store = project_open(c.project, writes ? STORE_WRITE : STORE_OPEN, &c.print.err);
    if (!c.print.store)
        return inv_fail(inv, &c.print.err);
    int status = run_word(&c, word);
    store_close(c.print.store);
    return status < 0 ? inv_fail(inv, &c.print.err) : status;
}
