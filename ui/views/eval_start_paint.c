/* How the form that starts an eval looks. */
#include "ui/views/columns.h"
#include "ui/views/eval_text.h"
#include "ui/views/eval_start_state.h"
#include "ui/views/form.h"

enum { ROWS_SHOWN = 6 };

static void add_of(const struct eval_start_view *v, struct str *out)
{
    const struct run *run = eval_start_run(v);
    const struct train_model *model = eval_start_model(v);
    if (run)
        str_addf(out, "run %s: %s of %s, %s", run->name, run->method, path_end(run->model), run_state_name(run->state));
    else if (model)
        str_addf(out, "model %s%s%s", model->name, *model->family ? ", " : "", model->family);
    else
        str_addf(out, "endpoint %s", eval_start_endpoint(v));
    str_addf(out, "  (%zu of %zu)", v->of + 1, eval_start_choices(v));
}

static void add_step(const struct eval_start_view *v, struct str *out)
{
    static const char *const words[] = {"the last", "every one, and those to come: a learning curve",
                                        "none: the model it began with"};
    const struct run *run = eval_start_run(v);
    if (!run)
        str_adds(out, "none: as it is");
    else if (v->step < 3)
        str_adds(out, words[v->step]);
    else
        str_addf(out, "step %lld", (long long)run->checkpoints[v->step - 3].step);
    if (run && v->step == 0 && run->n_checkpoints)
        str_addf(out, ": step %lld", (long long)run->checkpoints[run->n_checkpoints - 1].step);
}

static void value(const void *view, int field, struct str *out)
{
    const struct eval_start_view *v = view;
    switch (field) {
    case EVAL_OF: add_of(v, out); break;
    case EVAL_STEP: add_step(v, out); break;
    case EVAL_WHAT:
        str_adds(out, v->weigh ? "what each rule is worth: nats it saves on y*" : "answers, scored by the tasks' graders");
        break;
    case EVAL_SPLIT: str_adds(out, eval_splits[v->split]); break;
    case EVAL_THINK: str_adds(out, v->weigh ? "each rule by itself" : eval_thinks[v->think]); break;
    case EVAL_GRADERS:
        str_adds(out, v->weigh ? "none: no answer is scored" : v->graders.len ? v->graders.at : "the tasks' own");
        break;
    case EVAL_WHERE: str_adds(out, v->where.len ? v->where.at : "all of the split"); break;
    case EVAL_LIMIT:
    case EVAL_TOKENS:
        if (field == EVAL_LIMIT ? v->limit : v->tokens)
            add_count(out, field == EVAL_LIMIT ? v->limit : v->tokens);
        else if (field == EVAL_LIMIT || !v->weigh)
            str_adds(out, field == EVAL_LIMIT ? "all" : "512, or the endpoint's");
        else
            str_adds(out, "none are written");
        break;
    default: str_adds(out, "Enter starts the eval"); break;
    }
}

static void add_left_out(struct str *out, int64_t n, const char *why)
{
    if (!n)
        return;
    str_adds(out, out->len ? ", " : "");
    add_count(out, n);
    str_addf(out, " %s", why);
}

/* Who was refused and why, with the nearest training example of the first. */
static int paint_refused(const struct eval_plan *o, const struct paint *p, int row)
{
    struct str text = {0};
    if (o->unchecked) {
        str_adds(&text, "not checked: no training set is known, so none was left out");
        form_figure(p, row, "refused", &text, LOOK_WARN);
    } else if (!o->n_refused) {
        str_adds(&text, "none: training on ");
        add_count(&text, o->trained);
        str_adds(&text, " examples has seen none of them");
        form_figure(p, row, "refused", &text, LOOK_GOOD);
    } else {
        add_count(&text, (long long)o->n_refused);
        str_addf(&text, " that training has seen: %s is %s %s", o->refused[0].key,
                 o->refused[0].likeness >= 1 ? "the same as" : "nearly", o->refused[0].twin);
        form_figure(p, row, "refused", &text, LOOK_WARN);
    }
    str_free(&text);
    return row + 1;
}

static void paint_rows(const struct eval_plan *o, const struct paint *p, int row)
{
    struct str text = {0};
    for (size_t i = 0; i < o->count && i < ROWS_SHOWN; i++) {
        str_adds(&text, o->rows[i].name);
        if (o->rows[i].have) {
            str_adds(&text, ": ");
            add_count(&text, o->rows[i].have);
            str_adds(&text, " done already");
        }
        form_figure(p, row++, i ? "" : "evals", &text, LOOK_TEXT);
    }
    if (o->count > ROWS_SHOWN) {
        str_addf(&text, "and %zu more", o->count - ROWS_SHOWN);
        form_figure(p, row, "", &text, LOOK_DIM);
    }
    str_free(&text);
}

static void paint_plan(const struct eval_start_view *v, const struct paint *p, int row)
{
    const struct eval_plan *o = &v->plan;
    struct str text = {0};
    paint_fill(p, row, 0, p->cols, " ", LOOK_HEAD);
    paint_z(p, row, 1, p->cols - 1, v->stale ? "what it would take: being counted" : "what it would take", LOOK_HEAD);
    if (v->stale)
        return;
    if (v->fault.code) {
        form_text(p, row + 1, "not possible", v->fault.text, LOOK_BAD);
        return;
    }
    add_count(&text, o->records);
    if (o->count > 1)
        str_addf(&text, " in each of %zu evals", o->count);
    form_figure(p, row + 1, "records", &text, o->records ? LOOK_STRONG : LOOK_WARN);
    row = v->weigh ? row + 2 : paint_refused(o, p, row + 2);
    add_left_out(&text, o->without, "of tasks without a grader");
    add_left_out(&text, o->no_prompt, "without a prompt");
    add_left_out(&text, o->over, "over the number asked for");
    if (text.len)
        form_figure(p, row++, "left out", &text, LOOK_TEXT);
    paint_rows(o, p, row);
    str_free(&text);
}

void eval_start_paint(void *view, const struct paint *p)
{
    static const char *const labels[EVAL_FIELDS] = {"evaluate", "checkpoint", "measure", "split", "thinking", "graders",
                                                    "records",  "at most",    "tokens",  "start"};
    struct eval_start_view *v = view;
    const struct form form = {.labels = labels, .n = EVAL_FIELDS, .at = v->field, .context = v, .value = value};
    for (int row = 0; row < p->rows; row++)
        paint_fill(p, row, 0, p->cols, " ", row ? LOOK_TEXT : LOOK_TITLE);
    paint_z(p, 0, 0, p->cols, " Start an eval", LOOK_TITLE);
    form_paint(&form, p, 1);
    paint_plan(v, p, 1 + EVAL_FIELDS);
}
