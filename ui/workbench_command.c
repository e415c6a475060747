#include <stdlib.h>
#include <string.h>

#include "db/record_store.h"
#include "ui/keys/keymap.h"
#include "ui/views/earnings.h"
#include "ui/views/eval_start.h"
#include "ui/views/evals.h"
#include "ui/views/help.h"
#include "ui/views/history.h"
#include "ui/views/jobs.h"
#include "ui/views/job_start.h"
#include "ui/views/report.h"
#include "ui/views/review.h"
#include "ui/views/review_screen.h"
#include "ui/views/rules.h"
#include "ui/views/training.h"
#include "ui/workbench_state.h"

static const struct binding shared_bindings[] = {
    {"", ":", "command", "a command by its name; Tab completes"},
    {"", "?", "help", "this help"},
    {"", "R", "rules", "the rule library"},
    {"", "J", "jobs", "the jobs: what models are doing"},
    {"", "E", "evals", "the evals: what trained models make of held-out records"},
    {"", "T", "training", "the runs: start, watch and compare trainings"},
    {"", "P", "report", "the report: methods compared in four figures"},
    {"", "Ctrl-l", "redraw", "paint the screen anew"},
    {"", "Ctrl-z", "suspend", "back to the shell; fg comes back"},
    {NULL, NULL, NULL, NULL},
};

const struct binding *workbench_binding(size_t i)
{
    const struct binding *const tables[] = {queue_bindings, review_bindings(), rules_bindings,
                                            history_bindings, jobs_bindings, job_bindings, start_bindings,
                                            evals_bindings, eval_bindings, answer_bindings, curve_bindings,
                                            taught_bindings, training_bindings, run_bindings, run_log_bindings,
                                            compare_bindings, train_form_bindings, preview_bindings,
                                            eval_start_bindings, report_bindings, earnings_bindings,
                                            help_bindings, ask_bindings, shared_bindings};
    for (size_t t = 0; t < sizeof tables / sizeof *tables; t++)
        for (const struct binding *b = tables[t]; b->command; b++)
            if (i-- == 0)
                return b;
    return NULL;
}

const struct binding *desk_binding(const struct desk *d, size_t i)
{
    return d->keys ? keymap_row(d->keys, i) : workbench_binding(i);
}

static void show_help(struct desk *d)
{
    struct screen *top = desk_top(d);
    if (top->ops == &help_view_ops)
        return;
    const char *mode = top->ops->mode_now ? top->ops->mode_now(top->view) : top->ops->mode;
    desk_push(d, &help_view_ops, help_view_new(d, mode));
}

static void show_rules(struct desk *d)
{
    struct error err = {0};
    if (desk_top(d)->ops == &rules_view_ops)
        return;
    struct rules_view *view = rules_view_new(d, &err);
    if (view)
        desk_push(d, &rules_view_ops, view);
    else
        desk_fault(d, &err);
}

static void show_jobs(struct desk *d)
{
    struct error err = {0};
    if (desk_top(d)->ops == &jobs_view_ops)
        return;
    struct jobs_view *view = jobs_view_new(d, &err);
    if (view)
        desk_push(d, &jobs_view_ops, view);
    else
        desk_fault(d, &err);
}

static void show_evals(struct desk *d)
{
    desk_open_evals(d, NULL);
}

static void show_report(struct desk *d)
{
    if (desk_top(d)->ops != &report_view_ops)
        desk_push(d, &report_view_ops, report_view_new(d));
}

static void show_training(struct desk *d)
{
    struct error err = {0};
    if (desk_top(d)->ops == &training_view_ops)
        return;
    struct training_view *view = training_view_new(d, &err);
    if (view)
        desk_push(d, &training_view_ops, view);
    else
        desk_fault(d, &err);
}

static void show_prompts(struct desk *d)
{
    struct error err = {0};
    if (desk_top(d)->ops == &earnings_view_ops)
        return;
    struct earnings_view *view = earnings_view_new(d, &err);
    if (view)
        desk_push(d, &earnings_view_ops, view);
    else
        desk_fault(d, &err);
}

static void leave(struct desk *d)
{
    d->done = true;
}

static void goto_record(struct desk *d, const char *key)
{
    int64_t id = 0;
    struct error err = {0};
    int found = record_store_find(session_store(d->session), key, &id, &err);
    if (found == 1) {
        queue_view_go(desk_queue(d), id);
        desk_open_record(d, id);
    } else if (found == 0) {
        desk_say(d, LOOK_BAD, "there is no record '%.60s'", key);
    } else {
        desk_fault(d, &err);
    }
}

/* Runs a command and gives the rest of the line to the question it asks: ":reject vague". */
static bool run_with(struct desk *d, const char *name, struct slice rest)
{
    d->running = name;
    if (!desk_command(d, name))
        return false;
    struct screen *top = desk_top(d);
    if (rest.len == 0)
        return true;
    if (d->ask.open) {
        ask_set(&d->ask, rest);
        ask_command(&d->ask, "enter");
    } else if (top->ops->typing && top->ops->typing(top->view)) {
        top->ops->type(top->view, rest);
        top->ops->command(top->view, "enter");
    }
    return true;
}

static bool answer_command(void *view, struct slice text)
{
    struct desk *d = view;
    text = slice_trim(text);
    size_t end = 0;
    while (end < text.len && text.at[end] != ' ')
        end++;
    struct str name = {0}, rest = {0};
    str_add_slice(&name, slice_sub(text, 0, end));
    str_add_slice(&rest, slice_trim(slice_sub(text, end, text.len)));
    bool known = true;
    if (name.len == 0)
        ;
    else if (strcmp(str_z(&name), "goto") == 0)
        goto_record(d, str_z(&rest));
    else
        known = run_with(d, str_z(&name), str_slice(&rest));
    if (!known)
        desk_say(d, LOOK_BAD, "there is no command '%.40s' here: Tab lists them", str_z(&name));
    str_free(&name);
    str_free(&rest);
    return known;
}

static void complete_command(void *view, struct limit_choices *out, struct slice text, size_t cursor)
{
    struct desk *d = view;
    const char *words[128];
    size_t n = 0;
    struct screen *top = desk_top(d);
    const char *mode = top->ops->mode_now ? top->ops->mode_now(top->view) : top->ops->mode;
    const struct binding *b;
    words[n++] = "goto";
    words[n++] = "prompts";
    words[n++] = "quit";
    for (size_t i = 0; (b = desk_binding(d, i)) != NULL && n < 128; i++)
        if ((strcmp(b->mode, mode) == 0 || b->mode[0] == '\0') && strcmp(b->command, "quit") != 0 &&
            strcmp(b->command, "prompts") != 0)
            words[n++] = b->command;
    words_complete(out, words, n, text, cursor);
}

static void ask_for_command(struct desk *d)
{
    desk_ask(d, &(struct question){.kind = "command",
                                   .label = ":",
                                   .answer = answer_command,
                                   .complete = complete_command,
                                   .view = d});
}

static void nothing(struct desk *d)
{
    (void)d; /* the loop did it */
}

bool desk_command(struct desk *d, const char *name)
{
    static const struct {
        const char *name;
        void (*run)(struct desk *d);
    } shared[] = {
        {"help", show_help}, {"rules", show_rules}, {"jobs", show_jobs}, {"prompts", show_prompts},
        {"training", show_training}, {"evals", show_evals}, {"report", show_report}, {"command", ask_for_command},
        {"quit", leave},
        {"redraw", nothing}, {"suspend", nothing},
    };
    struct screen *top = desk_top(d);
    if (top->ops->command(top->view, name))
        return true;
    if (strcmp(name, "back") == 0) {
        desk_close(d);
        return true;
    }
    for (size_t i = 0; i < sizeof shared / sizeof *shared; i++) {
        if (strcmp(shared[i].name, name) == 0) {
            shared[i].run(d);
            return true;
        }
    }
    return false;
}
