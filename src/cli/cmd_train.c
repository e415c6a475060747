#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/train.h"
#include "base/clock.h"
#include "base/mem.h"
#include "cli/cmd_train_parts.h"
#include "cli/commands.h"
#include "cli/print.h"
#include "cli/run_watch.h"

enum { METHODS_MAX = 16, SETTINGS_MAX = 64, LOG_LINES = 200 };

/* --- the request --- */

struct typed { /* what a request borrows from */
    char *methods;
    const char *method_list[METHODS_MAX];
    struct train_setting settings[SETTINGS_MAX];
};

/* "sft,rgt" in words. */
static void read_methods(struct typed *t, struct train_request *q, const char *text)
{
    t->methods = mem_strdup(text);
    char *rest = t->methods;
    while (rest && q->n_methods < METHODS_MAX) {
        char *comma = strchr(rest, ',');
        if (comma)
            *comma = '\0';
        t->method_list[q->n_methods++] = rest;
        rest = comma ? comma + 1 : NULL;
    }
    q->methods = t->method_list;
}

static void read_settings(struct invocation *inv, struct typed *t, struct train_request *q)
{
    for (const struct train_setting_row *r = train_settings; r->name && q->n_settings < SETTINGS_MAX; r++) {
        const char *value = inv_option(inv, r->name, NULL);
        if (value || inv_flag(inv, r->name))
            t->settings[q->n_settings++] = (struct train_setting){r->name, r->arg ? value : "yes"};
    }
    q->settings = t->settings;
}

static bool read_request(struct invocation *inv, struct typed *t, struct train_request *q)
{
    bool ok = true;
    const char *methods = inv_option(inv, "method", NULL);
    *t = (struct typed){.methods = NULL};
    *q = (struct train_request){.project = inv_arg(inv, 0),
                                .model = inv_option(inv, "model", NULL),
                                .adapter = inv_option(inv, "adapter", NULL),
                                .split = inv_option(inv, "split", NULL),
                                .since = inv_option(inv, "since", NULL),
                                .reviewer = inv_option(inv, "reviewer", NULL),
                                .min_agreement = inv_option(inv, "min-agreement", NULL),
                                .snapshot = inv_option(inv, "snapshot", NULL),
                                .valid = inv_option(inv, "valid", NULL),
                                .device = inv_option(inv, "device", NULL),
                                .place = inv_option(inv, "place", NULL),
                                .name = inv_option(inv, "name", NULL),
                                .notes = inv_option(inv, "notes", NULL),
                                .processes = (int)inv_number(inv, "processes", 0, 1, 65536, &ok),
                                .together = inv_flag(inv, "together")};
    if (methods)
        read_methods(t, q, methods);
    read_settings(inv, t, q);
    return ok;
}

/* Watched to the end, or told of and left alone. */
static int started(struct train_call *c, const struct train_names *names)
{
    struct run_watch w = {.project = c->project, .names = (const char *const *)names->items, .n = names->count,
                          .json = c->json, .stops = true};
    if (!inv_flag(c->inv, "detach"))
        return run_watch(&w, &c->err);
    struct str out = {0};
    struct json *list = json_new_array();
    int result = 0;
    for (size_t i = 0; i < names->count && result == 0; i++) {
        struct run r;
        result = train_find(c->project, names->items[i], &r, &c->err);
        if (result != 0)
            break;
        json_push(list, train_run_json(&r));
        str_addf(&out, "run %s started; 'hinge train %s watch %s' watches it\n", r.name, c->project, r.name);
        run_free(&r);
    }
    if (result == 0 && c->json) {
        str_clear(&out);
        json_print(&out, names->count == 1 ? json_at(list, 0) : list);
        str_addc(&out, '\n');
    }
    json_free(list);
    if (result == 0)
        return print_out(&out, &c->err);
    str_free(&out);
    return -1;
}

static int start(struct train_call *c)
{
    struct typed typed;
    struct train_request q;
    struct train_names names = {0};
    if (c->name)
        return inv_usage(c->inv, "start takes no name behind it: --name gives the run one");
    int result = -1, status = EXIT_USAGE;
    if (read_request(c->inv, &typed, &q)) {
        result = train_start(&q, &names, &c->err);
        status = result == 0 ? started(c, &names) : -1;
    }
    train_names_free(&names);
    mem_free(typed.methods);
    return status;
}

static int branch(struct train_call *c)
{
    struct typed typed;
    struct train_request q;
    struct train_names names = {0};
    bool ok = true;
    long step = inv_number(c->inv, "step", -1, 1, INT32_MAX, &ok);
    int status = EXIT_USAGE;
    if (ok && read_request(c->inv, &typed, &q)) {
        int result = train_branch(c->project, c->name, step, &q, &names, &c->err);
        status = result == 0 ? started(c, &names) : -1;
        mem_free(typed.methods);
    }
    train_names_free(&names);
    return status;
}

static int preview(struct train_call *c)
{
    struct typed typed;
    struct train_request q;
    bool ok = true;
    long n = inv_number(c->inv, "limit", 3, 0, 100000, &ok);
    int status = EXIT_USAGE;
    if (ok && read_request(c->inv, &typed, &q)) {
        status = q.n_methods ? train_say_preview(c, &q, (size_t)n)
                             : inv_usage(c->inv, "preview needs --method");
        mem_free(typed.methods);
    }
    return status;
}

static int models(struct train_call *c)
{
    struct typed typed;
    struct train_request q;
    if (!read_request(c->inv, &typed, &q))
        return EXIT_USAGE;
    int status = train_say_models(c, &q);
    mem_free(typed.methods);
    return status;
}

/* --- runs --- */

static int list(struct train_call *c)
{
    struct runs runs;
    struct str out = {0};
    if (train_list(c->project, &runs, &c->err) != 0)
        return -1;
    struct json *array = c->json ? json_new_array() : NULL;
    for (size_t i = 0; i < runs.count; i++) {
        if (array)
            json_push(array, train_run_json(&runs.items[i]));
        else
            run_line(&out, &runs.items[i]);
    }
    if (!array && !runs.count)
        str_adds(&out, "no runs yet\n");
    runs_free(&runs);
    return array ? print_json(array, &c->err) : print_out(&out, &c->err);
}

static int show(struct train_call *c)
{
    struct run r;
    if (train_find(c->project, c->name, &r, &c->err) != 0)
        return -1;
    int status = c->json ? print_json(train_run_json(&r), &c->err) : train_say_run(c, &r);
    run_free(&r);
    return status;
}

static int watch(struct train_call *c)
{
    return run_watch(&(struct run_watch){.project = c->project, .names = &c->name, .n = 1, .json = c->json}, &c->err);
}

static int show_log(struct train_call *c)
{
    struct run r;
    struct str text = {0}, out = {0};
    bool ok = true;
    long lines = inv_number(c->inv, "limit", LOG_LINES, 1, 1000000, &ok);
    if (!ok)
        return EXIT_USAGE;
    if (train_find(c->project, c->name, &r, &c->err) != 0)
        return -1;
    int result = run_log_tail(&r, (size_t)lines, &text, &c->err);
    print_text(&out, str_slice(&text));
    str_free(&text);
    run_free(&r);
    if (result == 0)
        return print_out(&out, &c->err);
    str_free(&out);
    return -1;
}

/* After a change: the run as it stands now. */
static int say_now(struct train_call *c)
{
    struct run r;
    struct str out = {0};
    if (train_find(c->project, c->name, &r, &c->err) != 0)
        return -1;
    struct json *j = c->json ? train_run_json(&r) : NULL;
    run_line(&out, &r);
    run_free(&r);
    if (!j)
        return print_out(&out, &c->err);
    str_free(&out);
    return print_json(j, &c->err);
}

static int stop(struct train_call *c)
{
    if (train_stop(c->project, c->name, &c->err) != 0)
        return -1;
    if (inv_flag(c->inv, "detach"))
        return say_now(c);
    struct run_watch w = {.project = c->project, .names = &c->name, .n = 1, .json = c->json};
    return run_watch(&w, &c->err) < 0 ? -1 : EXIT_OK; /* that it is not finished was wanted */
}

static int resume(struct train_call *c)
{
    if (train_resume(c->project, c->name, &c->err) != 0)
        return -1;
    if (inv_flag(c->inv, "detach"))
        return say_now(c);
    struct run_watch w = {.project = c->project, .names = &c->name, .n = 1, .json = c->json, .stops = true};
    return run_watch(&w, &c->err);
}

static int delete(struct train_call *c)
{
    if (train_delete(c->project, c->name, &c->err) != 0)
        return -1;
    struct str out = {0};
    if (c->json) {
        struct json *j = json_new_object();
        json_set_string(j, "deleted", c->name);
        return print_json(j, &c->err);
    }
    str_adds(&out, "run ");
    print_cell(&out, slice_of(c->name), 0);
    str_adds(&out, " deleted\n");
    return print_out(&out, &c->err);
}

static int compare(struct train_call *c)
{
    const char *other = inv_arg(c->inv, 3);
    struct run a, b;
    if (!other)
        return inv_usage(c->inv, "compare takes the names of two runs");
    if (train_find(c->project, c->name, &a, &c->err) != 0)
        return -1;
    int status = -1;
    if (train_find(c->project, other, &b, &c->err) == 0) {
        status = train_say_comparison(c, &a, &b);
        run_free(&b);
    }
    run_free(&a);
    return status;
}

/* --- the command --- */

static const struct verb_row {
    const char *name;
    bool named; /* takes the name of a run */
    int (*run)(struct train_call *c);
} verbs[] = {
    {"start", false, start},    {"list", false, list},     {"models", false, models}, {"preview", false, preview},
    {"show", true, show},       {"watch", true, watch},    {"log", true, show_log},   {"stop", true, stop},
    {"resume", true, resume},   {"branch", true, branch},  {"compare", true, compare}, {"delete", true, delete},
};

int cmd_train(struct invocation *inv)
{
    struct train_call c = {.inv = inv, .project = inv_arg(inv, 0), .name = inv_arg(inv, 2), .json = inv_flag(inv, "json")};
    const char *word = inv_arg(inv, 1);
    const struct verb_row *verb = NULL;
    if (!word)
        word = inv_option(inv, "method", NULL) ? "start" : "list";
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        if (strcmp(verbs[i].name, word) == 0)
            verb = &verbs[i];
    }
    if (!verb)
        return inv_usage(inv, "'%s' is none of start, list, models, preview, show, watch, log, stop, resume, branch, compare, "
                              "delete", word);
    if (verb->named && !c.name)
        return inv_usage(inv, "%s takes the name of a run", word);
    if (!verb->named && c.name)
        return inv_usage(inv, "%s takes no name", word);
    int status = verb->run(&c);
    return status < 0 ? inv_fail(inv, &c.err) : status;
}
