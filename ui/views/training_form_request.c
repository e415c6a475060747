/* What the form asks for, and what that would take. */
#include <string.h>

#include "base/mem.h"
#include "ui/views/training_form.h"

const struct train_choice train_choices[] = {
    {{"rgt"}, 1, "y* alone (A), and y* after its rule (B)"},
    {{"isft"}, 1, "y* alone, without rules"},
    {{"sft"}, 1, "y0, what the model wrote"},
    {{"sft", "isft", "rgt"}, 3, "all three, as one comparison"},
    {{"isft", "rgt"}, 2, "y* without and with rules, as one comparison"},
    {{"sft", "rgt"}, 2, "y0 and rationale-guided, as one comparison"},
};
const char *const train_devices[] = {"auto", "cpu", "cuda"};

size_t train_choices_count(void)
{
    return sizeof train_choices / sizeof *train_choices;
}

const struct train_choice *train_form_choice(const struct train_form_view *v)
{
    return &train_choices[v->methods];
}

bool train_form_branches(const struct train_form_view *v)
{
    return v->parent.folder != NULL;
}

const char *train_form_model(const struct train_form_view *v)
{
    if (train_form_branches(v))
        return v->parent.model;
    if (v->typed_model.len)
        return str_z(&v->typed_model);
    return v->model < v->models.count ? v->models.items[v->model].path : NULL;
}

const struct json *train_form_snapshot(const struct train_form_view *v)
{
    return v->snapshot ? json_at(v->snapshots, v->snapshot - 1) : NULL;
}

/* ---- settings ---- */

static size_t change_of(const struct train_form_view *v, const struct train_setting_row *row)
{
    size_t i = 0;
    while (i < v->n_changes && v->changes[i].row != row)
        i++;
    return i;
}

bool train_form_changed(const struct train_form_view *v, const struct train_setting_row *row)
{
    return change_of(v, row) < v->n_changes;
}

const char *train_form_setting(const struct train_form_view *v, const struct train_setting_row *row)
{
    size_t i = change_of(v, row);
    const char *was = train_form_branches(v) ? run_option(&v->parent, row->name) : NULL;
    return i < v->n_changes ? v->changes[i].value : was ? was : row->initial;
}

void train_form_set(struct train_form_view *v, const struct train_setting_row *row, struct slice text)
{
    size_t i = change_of(v, row);
    if (i < v->n_changes) {
        mem_free(v->changes[i].value);
        v->changes[i] = v->changes[--v->n_changes];
    }
    const char *now = train_form_setting(v, row);
    bool same = now && slice_is(text, now);
    if (text.len && !same && v->n_changes < TRAIN_CHANGES)
        v->changes[v->n_changes++] = (struct train_change){row, mem_strndup(text.at, text.len)};
    train_form_stale(v);
}

size_t train_settings_count(void)
{
    size_t n = 0;
    while (train_settings[n].name)
        n++;
    return n;
}

/* ---- the request ---- */

static const char *given(const struct str *s)
{
    return s->len ? str_z(s) : NULL;
}

struct train_request train_form_request(const struct train_form_view *v, struct train_setting *settings)
{
    const struct train_choice *c = train_form_choice(v);
    const struct json *old = train_form_snapshot(v);
    for (size_t i = 0; i < v->n_changes; i++)
        settings[i] = (struct train_setting){v->changes[i].row->name, v->changes[i].value};
    return (struct train_request){
        .project = training_project(v->desk),
        .methods = c->methods,
        .n_methods = c->n,
        .model = train_form_model(v),
        .split = given(&v->split),
        .since = given(&v->since),
        .reviewer = given(&v->reviewer),
        .min_agreement = given(&v->agreement),
        .snapshot = old ? json_string(json_get(old, "hash"), NULL) : NULL,
        .valid = given(&v->valid),
        .settings = settings,
        .n_settings = v->n_changes,
        .device = train_devices[v->device],
        .place = v->place.len ? str_z(&v->place) : "local",
        .name = c->n == 1 || train_form_branches(v) ? given(&v->name) : NULL,
        .notes = given(&v->notes),
        .processes = v->processes,
        .together = v->together,
    };
}

/* ---- what it would take ---- */

void train_form_stale(struct train_form_view *v)
{
    v->stage = 0;
}

static void find_data(struct train_form_view *v, const struct train_request *q, size_t i)
{
    train_data_free(&v->data[i]);
    error_clear(&v->data_fault[i]);
    if (train_data(q, q->methods[i], &v->data[i], &v->data_fault[i]) != 0 && !v->data_fault[i].code)
        error_set(&v->data_fault[i], ERR_INTERNAL, "what it would train on could not be found out");
}

static void find_plan(struct train_form_view *v, const struct train_request *q)
{
    v->plan = (struct train_plan){0};
    error_clear(&v->plan_fault);
    if (!q->model)
        error_set(&v->plan_fault, ERR_ABSENT,
                  "no base model was found: Enter on model takes the path of one");
    else if (train_plan(q, &v->plan, &v->plan_fault) != 0 && !v->plan_fault.code)
        error_set(&v->plan_fault, ERR_INTERNAL, "what it would take could not be found out");
}

bool train_form_find_out(struct train_form_view *v)
{
    struct train_setting settings[TRAIN_CHANGES];
    struct train_request q = train_form_request(v, settings);
    bool branches = train_form_branches(v);
    if (v->stage == STAGE_DONE)
        return false;
    if (!branches && !q.snapshot && (size_t)v->stage < q.n_methods) {
        find_data(v, &q, (size_t)v->stage++);
        return true;
    }
    if (!branches) /* the plan is of the same model and settings */
        find_plan(v, &q);
    v->stage = STAGE_DONE;
    return true;
}
