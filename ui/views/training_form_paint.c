/* How the form that starts a run looks: its lines, and below them what it would train on and take. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "ui/views/columns.h"
#include "ui/views/training_form.h"
#include "ui/widgets/plot.h"

static const char *const labels[TRAIN_FIELDS] = {
    [TRAIN_METHODS] = "method",     [TRAIN_TOGETHER] = "in turn", [TRAIN_MODEL] = "model",
    [TRAIN_DATA] = "data",          [TRAIN_FILTERS] = "filters",  [TRAIN_VALID] = "held out",
    [TRAIN_SETTINGS] = "settings",  [TRAIN_DEVICE] = "device",    [TRAIN_PLACE] = "where",
    [TRAIN_PROCESSES] = "processes", [TRAIN_NAME] = "name",       [TRAIN_NOTES] = "notes",
    [TRAIN_START] = "start"};

static const char *dot(const struct train_form_view *v)
{
    return desk_ascii(v->desk) ? " - " : " · ";
}

/* ---- lines ---- */

static void add_method(const struct train_form_view *v, struct str *out)
{
    const struct train_choice *c = train_form_choice(v);
    for (size_t i = 0; i < c->n; i++)
        str_addf(out, "%s%s", i ? " + " : "", c->methods[i]);
    str_addf(out, ": %s", c->says);
}

static void add_model(const struct train_form_view *v, struct str *out)
{
    if (v->typed_model.len) {
        str_add_slice(out, str_slice(&v->typed_model));
    } else if (v->model < v->models.count) {
        const struct train_model *m = &v->models.items[v->model];
        str_addf(out, "%s%s%s%s%s", m->name, m->family[0] || m->gguf ? dot(v) : "", m->family,
                 m->gguf ? " GGUF" : "", dot(v));
        add_bytes(out, (double)m->bytes);
        str_addf(out, "%s%zu of %zu, from the %s", dot(v), v->model + 1, v->models.count, m->from);
    } else {
        str_adds(out, "none found: Enter takes the path of one");
    }
}

static void add_data(const struct train_form_view *v, struct str *out)
{
    const struct json *old = train_form_snapshot(v);
    int64_t examples = 0, created = 0;
    if (!old) {
        str_adds(out, "a new snapshot of what is accepted now");
        return;
    }
    json_int(json_get(old, "examples"), &examples);
    json_int(json_get(old, "created"), &created);
    str_addf(out, "snapshot %.12s, ", json_string(json_get(old, "hash"), ""));
    add_count(out, examples);
    str_adds(out, " examples, ");
    add_age(out, created, clock_now_ms());
    str_adds(out, json_bool(json_get(old, "there"), false) ? " ago" : " ago, its file is gone");
}

static void add_filters(const struct train_form_view *v, struct str *out)
{
    const struct {
        const char *name;
        const struct str *text;
    } words[] = {{"split:", &v->split},
                 {"since:", &v->since},
                 {"reviewer:", &v->reviewer},
                 {"agreement:", &v->agreement}};
    size_t from = out->len;
    for (size_t i = 0; i < 4; i++)
        if (words[i].text->len)
            str_addf(out, "%s%s%s", out->len > from ? " " : "", words[i].name, str_z(words[i].text));
    if (out->len == from)
        str_adds(out, "none: the split train, and records without a split");
}

static bool is_first(const char *name)
{
    static const char *const first[] = {"rank", "alpha", "lr", "schedule", "epochs", "batch"};
    for (size_t i = 0; i < sizeof first / sizeof *first; i++)
        if (strcmp(name, first[i]) == 0)
            return true;
    return false;
}

/* What was changed, marked; then what people look at first. */
static void add_settings(const struct train_form_view *v, struct str *out)
{
    size_t from = out->len;
    for (int turn = 0; turn < 2; turn++)
        for (const struct train_setting_row *row = train_settings; row->name; row++) {
            bool changed = train_form_changed(v, row);
            const char *value = train_form_setting(v, row);
            if (value && (turn == 0 ? changed : !changed && is_first(row->name)))
                str_addf(out, "%s%s %s%s", out->len > from ? dot(v) : "", row->name, value,
                         changed ? "*" : "");
        }
}

static void add_or(struct str *out, const struct str *text, const char *otherwise)
{
    if (text->len)
        str_add_slice(out, str_slice(text));
    else
        str_adds(out, otherwise);
}

static void value_text(const void *view, int line, struct str *out)
{
    const struct train_form_view *v = view;
    enum train_field fields[TRAIN_FIELDS];
    train_form_fields(v, fields);
    switch (fields[line]) {
    case TRAIN_METHODS: add_method(v, out); break;
    case TRAIN_MODEL: add_model(v, out); break;
    case TRAIN_DATA: add_data(v, out); break;
    case TRAIN_FILTERS: add_filters(v, out); break;
    case TRAIN_VALID: add_or(out, &v->valid, "the split valid, where it has records"); break;
    case TRAIN_SETTINGS: add_settings(v, out); break;
    case TRAIN_DEVICE: str_adds(out, train_devices[v->device]); break;
    case TRAIN_PLACE: add_or(out, &v->place, "local"); break;
    case TRAIN_TOGETHER:
        str_adds(out, v->together ? "all at once" : "one after the other");
        break;
    case TRAIN_PROCESSES:
        if (v->processes)
            add_count(out, v->processes);
        else
            str_adds(out, "one");
        break;
    case TRAIN_NAME: add_or(out, &v->name, "the method and a number"); break;
    case TRAIN_NOTES: add_or(out, &v->notes, "none"); break;
    default: str_adds(out, "Enter starts the training"); break;
    }
}

/* ---- what it takes ---- */

static double setting_number(const struct train_form_view *v, const char *name, double fallback)
{
    for (const struct train_setting_row *row = train_settings; row->name; row++) {
        const char *value = strcmp(row->name, name) == 0 ? train_form_setting(v, row) : NULL;
        if (value)
            return strtod(value, NULL);
    }
    return fallback;
}

static void add_steps(const struct train_form_view *v, int64_t examples, struct str *out)
{
    double batch = setting_number(v, "batch", 8), epochs = setting_number(v, "epochs", 1);
    if (batch >= 1 && examples > 0) {
        str_adds(out, ", ");
        long long steps = (long long)(ceil((double)examples / batch) * epochs);
        add_count(out, steps);
        str_adds(out, steps == 1 ? " step" : " steps");
    }
}

/* A row a method: how many examples, branches, what is left out. */
static int paint_data(const struct train_form_view *v, const struct paint *p, int row, size_t i)
{
    const struct train_data *d = &v->data[i];
    struct str text = {0};
    const char *method = train_form_choice(v)->methods[i];
    if (v->data_fault[i].code)
        return form_text(p, row, method, v->data_fault[i].text, LOOK_BAD);
    add_count(&text, d->examples);
    str_adds(&text, " examples");
    if (d->branches_a || d->branches_b) {
        str_adds(&text, " (A ");
        add_count(&text, d->branches_a);
        str_adds(&text, ", B ");
        add_count(&text, d->branches_b);
        str_addc(&text, ')');
    }
    add_steps(v, d->examples, &text);
    if (d->valid_examples) {
        str_adds(&text, ", ");
        add_count(&text, d->valid_examples);
        str_adds(&text, " held out");
    }
    str_addf(&text, ", snapshot %.8s", d->hash);
    form_figure(p, row, method, &text, d->examples ? LOOK_STRONG : LOOK_WARN);
    row++;
    if (d->left_out && d->left_out[0] && strcmp(d->left_out, "nothing") != 0) {
        str_addf(&text, "without %s", d->left_out);
        row = form_text(p, row, "", text.at, LOOK_DIM);
    }
    str_free(&text);
    return row;
}

static int paint_old_data(const struct train_form_view *v, const struct paint *p, int row)
{
    const struct json *old = train_form_snapshot(v);
    struct str text = {0};
    int64_t examples = 0;
    if (train_form_branches(v)) {
        str_addf(&text, "the same examples, from its checkpoint at step %lld on", (long long)v->parent_step);
    } else {
        json_int(json_get(old, "examples"), &examples);
        add_count(&text, examples);
        str_adds(&text, " examples");
        add_steps(v, examples, &text);
    }
    form_figure(p, row, train_form_branches(v) ? v->parent.method : train_form_choice(v)->methods[0], &text,
                LOOK_STRONG);
    str_free(&text);
    return row + 1;
}

static void paint_memory(const struct train_form_view *v, const struct paint *p, int row)
{
    const struct train_plan *plan = &v->plan;
    static const char *const words[] = {[TRAIN_FITS] = "fits",
                                        [TRAIN_FITS_TWICE] = "fits, computing activations twice",
                                        [TRAIN_TOO_LARGE] = "too large for what is free"};
    static const enum look looks[] = {
        [TRAIN_FITS] = LOOK_GOOD, [TRAIN_FITS_TWICE] = LOOK_WARN, [TRAIN_TOO_LARGE] = LOOK_BAD};
    struct str text = {0};
    add_bytes(&text, plan->fits == TRAIN_FITS ? plan->keeping : plan->twice);
    if (plan->available > 0) {
        str_adds(&text, " of ");
        add_bytes(&text, plan->available);
        str_adds(&text, " free");
    }
    str_addf(&text, ": %s", words[plan->fits]);
    form_figure(p, row, "memory", &text, looks[plan->fits]);
    str_free(&text);
}

static void paint_plan(const struct train_form_view *v, const struct paint *p, int row)
{
    const struct train_plan *plan = &v->plan;
    struct str text = {0};
    char number[PLOT_NUMBER];
    if (v->plan_fault.code) {
        form_text(p, row, "memory", v->plan_fault.text, LOOK_BAD);
        return;
    }
    paint_memory(v, p, row);
    plot_number(number, plan->trained, 0);
    str_addf(&text, "%s of ", number);
    plot_number(number, plan->weights, 0);
    str_addf(&text, "%s weights", number);
    if (plan->weights > 0)
        str_addf(&text, plan->trained > plan->weights / 10 ? " (%.0f%%)" : " (%.2g%%)",
                 100 * plan->trained / plan->weights);
    if (plan->checkpoint_bytes > 0) {
        str_addf(&text, "%sa checkpoint takes ", dot(v));
        add_bytes(&text, (double)plan->checkpoint_bytes);
    }
    form_figure(p, row + 1, "trains", &text, LOOK_TEXT);
    str_free(&text);
}

static void paint_takes(const struct train_form_view *v, const struct paint *p, int row)
{
    const struct train_choice *c = train_form_choice(v);
    bool branches = train_form_branches(v);
    paint_fill(p, row, 0, p->cols, " ", LOOK_HEAD);
    paint_z(p, row, 1, p->cols - 1,
            v->stage == STAGE_DONE ? "what it takes" : "what it takes: being found out", LOOK_HEAD);
    row++;
    if (branches || train_form_snapshot(v))
        row = paint_old_data(v, p, row);
    for (size_t i = 0; !branches && !train_form_snapshot(v) && i < c->n; i++)
        if ((size_t)v->stage > i)
            row = paint_data(v, p, row, i);
    if (v->stage == STAGE_DONE && !branches)
        paint_plan(v, p, row);
}

/* ---- settings ---- */

enum { COL_NAME, COL_VALUE, COL_HELP, COLS };
static const struct column columns[COLS] = {[COL_NAME] = {"setting", 14, 16, 0, false},
                                            [COL_VALUE] = {"value", 12, 18, 0, false},
                                            [COL_HELP] = {"", 20, 0, 0, false}};

static enum look cell(const void *context, size_t row, int column, bool ascii, struct str *out)
{
    const struct train_form_view *v = context;
    const struct train_setting_row *r = &train_settings[row];
    const char *value = train_form_setting(v, r);
    (void)ascii;
    if (column == COL_NAME) {
        str_adds(out, r->name);
        return LOOK_TEXT;
    }
    if (column == COL_VALUE) {
        str_adds(out, value ? value : r->arg ? "-" : "no");
        return train_form_changed(v, r) ? LOOK_WARN : LOOK_STRONG;
    }
    str_adds(out, r->help);
    if (r->arg && strchr(r->arg, '|'))
        str_addf(out, ": %s", r->arg);
    return LOOK_DIM;
}

static void paint_settings(struct train_form_view *v, const struct paint *p)
{
    const struct table table = {.columns = columns, .n_columns = COLS, .cursor_columns = 1,
                                .count = train_settings_count(), .context = v, .cell = cell};
    const struct train_setting_row *row = &train_settings[v->list.cursor];
    struct str text = {0};
    paint_z(p, 0, 0, p->cols, " Settings of the run", LOOK_TITLE);
    listing_show(&v->list, p->rows - 4);
    table_paint(&table, p, 1, &v->list);
    str_addf(&text, "%s: %s", row->name, row->help);
    if (row->arg && strchr(row->arg, '|'))
        str_addf(&text, " (%s)", row->arg);
    paint_fill(p, p->rows - 2, 0, p->cols, " ", LOOK_HEAD);
    paint_text(p, p->rows - 2, 1, p->cols - 1, str_slice(&text), LOOK_HEAD);
    str_clear(&text);
    str_addf(&text, "a new run has %s", row->initial ? row->initial : "none");
    paint_text(p, p->rows - 1, 2, p->cols - 2, str_slice(&text), LOOK_DIM);
    str_free(&text);
}

void train_form_paint(void *view, const struct paint *p)
{
    struct train_form_view *v = view;
    enum train_field fields[TRAIN_FIELDS];
    const char *names[TRAIN_FIELDS];
    int n = train_form_fields(v, fields);
    struct str title = {0};
    for (int row = 0; row < p->rows; row++)
        paint_fill(p, row, 0, p->cols, " ", row ? LOOK_TEXT : LOOK_TITLE);
    if (v->settings) {
        paint_settings(v, p);
        return;
    }
    if (train_form_branches(v))
        str_addf(&title, " Branch from %s, step %lld", v->parent.name, (long long)v->parent_step);
    else
        str_adds(&title, " Start a training");
    paint_text(p, 0, 0, p->cols, str_slice(&title), LOOK_TITLE);
    for (int i = 0; i < n; i++)
        names[i] = labels[fields[i]];
    const struct form form = {
        .labels = names, .n = n, .at = v->field < n ? v->field : n - 1, .context = v, .value = value_text};
    form_paint(&form, p, 1);
    paint_takes(v, p, 1 + n);
    str_free(&title);
}
