/* Going to the views of evals. */
#include "ui/views/eval_start.h"
#include "ui/views/evals.h"
#include "ui/views/rules.h"
#include "ui/workbench_state.h"

static void push_or_say(struct desk *d, const struct view_ops *ops, void *view, const struct error *err)
{
    if (view)
        desk_push(d, ops, view);
    else
        desk_fault(d, err);
}

void desk_open_evals(struct desk *d, const char *run)
{
    struct error err = {0};
    if (desk_top(d)->ops != &evals_view_ops)
        push_or_say(d, &evals_view_ops, evals_view_new(d, run, &err), &err);
}

void desk_open_eval(struct desk *d, int64_t eval, int64_t other)
{
    struct error err = {0};
    push_or_say(d, &eval_view_ops, eval_view_new(d, eval, other, &err), &err);
}

void desk_open_answer(struct desk *d, int64_t eval, int64_t other, const struct answer_list *walk)
{
    struct error err = {0};
    push_or_say(d, &answer_view_ops, answer_view_new(d, eval, other, walk, &err), &err);
}

void desk_open_curve(struct desk *d, const char *run)
{
    struct error err = {0};
    push_or_say(d, &curve_view_ops, curve_view_new(d, run, &err), &err);
}

void desk_open_eval_start(struct desk *d, const char *run)
{
    struct error err = {0};
    push_or_say(d, &eval_start_view_ops, eval_start_view_new(d, run, &err), &err);
}

void desk_open_taught(struct desk *d, int64_t eval, int64_t record)
{
    struct error err = {0};
    push_or_say(d, &taught_view_ops, taught_view_new(d, eval, record, &err), &err);
}

void desk_open_worth(struct desk *d, int64_t eval)
{
    struct error err = {0};
    push_or_say(d, &rules_view_ops, rules_view_new_by_worth(d, eval, &err), &err);
}

void desk_open_broken(struct desk *d, int64_t eval, int64_t rule)
{
    struct error err = {0};
    struct eval_view *view = eval_view_new(d, eval, 0, &err);
    push_or_say(d, &eval_view_ops, view, &err);
    if (view)
        eval_view_broken(view, rule);
}
