#include "cli/eval_print.h"

#include <stdio.h>

#include "cli/command.h"
#include "cli/print.h"
#include "db/rule_store.h"

enum { NAME_CELLS = 28, TASK_CELLS = 14, KEY_CELLS = 24, SOME = 20 };

static void add_score(struct str *out, const struct eval *e)
{
    struct str mean = {0};
    eval_mean_text(&mean, e->n, e->mean, e->spread);
    print_cell(out, mean.len ? str_slice(&mean) : SLICE("-"), 15);
    str_free(&mean);
}

static void add_row(struct str *out, const struct eval *e)
{
    if (e->kind == EVAL_NATS) {
        str_addf(out, "%5lld  ", (long long)e->id);
        print_cell(out, slice_of(e->name), NAME_CELLS);
        str_addf(out, "  rules weighed on %lld records%s%s; 'hinge rules DB --sort worth' lists them\n", (long long)e->planned,
                 e->state == EVAL_DONE ? "" : ", ", e->state == EVAL_DONE ? "" : eval_state_name(e->state));
        return;
    }
    str_addf(out, "%5lld  ", (long long)e->id);
    print_cell(out, slice_of(e->name), NAME_CELLS);
    str_adds(out, "  ");
    print_cell(out, slice_of(e->split), 5);
    str_addc(out, ' ');
    add_score(out, e);
    str_addf(out, " %6lld of %lld", (long long)e->n, (long long)e->planned);
    if (e->failed)
        str_addf(out, ", %lld failed", (long long)e->failed);
    if (e->refused)
        str_addf(out, ", %lld refused", (long long)e->refused);
    if (e->state != EVAL_DONE)
        str_addf(out, ", %s", eval_state_name(e->state));
    str_addc(out, '\n');
}

int eval_print_list(struct eval_print *p, const struct eval_filter *f)
{
    struct evals list = {0};
    if (eval_store_list(p->store, f, &list, &p->err) < 0)
        return -1;
    struct str out = {0};
    struct json *array = p->json ? json_new_array() : NULL;
    for (size_t i = 0; i < list.count && (!p->limit || i < p->limit); i++) {
        if (array)
            json_push(array, eval_json(&list.items[i]));
        else
            add_row(&out, &list.items[i]);
    }
    if (!list.count && !array)
        str_adds(&out, "no evals yet\n");
    evals_free(&list);
    return array ? print_json(array, &p->err) : print_out(&out, &p->err);
}

/* --- one --- */

struct one {
    struct str *out;
    struct json *array;
};

static int add_mean(void *context, const struct eval_mean *m)
{
    struct one *o = context;
    struct str mean = {0};
    eval_mean_text(&mean, m->n, m->mean, m->spread);
    if (o->array) {
        struct json *j = json_new_object();
        json_set_string(j, "task", m->task);
        json_set_int(j, "n", m->n);
        json_set_int(j, "failed", m->failed);
        json_set_int(j, "perfect", m->perfect);
        json_set(j, "mean", m->n ? json_new_number(m->mean) : json_new_null());
        json_set(j, "half_width", m->n > 1 ? json_new_number(eval_half_width(m->n, m->spread)) : json_new_null());
        json_push(o->array, j);
    } else {
        print_cell(o->out, slice_of(!m->task ? "all" : *m->task ? m->task : "(no task)"), TASK_CELLS);
        str_addf(o->out, "  %s, n %lld, %lld at the top score", str_z(&mean), (long long)m->n, (long long)m->perfect);
        if (m->failed)
            str_addf(o->out, ", %lld failed", (long long)m->failed);
        str_addc(o->out, '\n');
    }
    str_free(&mean);
    return 0;
}

static struct json *item_json(const struct eval_item *i)
{
    struct json *j = json_new_object();
    json_set_string(j, "id", i->key);
    json_set_string(j, "task", i->task);
    json_set(j, "score", i->has_score ? json_new_number(i->score) : json_new_null());
    json_set(j, "score_max", i->has_score ? json_new_number(i->score_max) : json_new_null());
    json_set(j, "normalised", i->has_score ? json_new_number(i->normalised) : json_new_null());
    json_set_string(j, "fault", i->fault);
    json_set_int(j, "tokens_in", i->tokens_in);
    json_set_int(j, "tokens_out", i->tokens_out);
    return j;
}

static void add_item(struct str *out, const struct eval_item *i)
{
    str_adds(out, "  ");
    print_cell(out, slice_of(i->key), KEY_CELLS);
    if (i->has_score)
        str_addf(out, "  %g of %g", i->score, i->score_max);
    else
        str_adds(out, "  no score: ");
    print_cell(out, slice_of(i->fault), 0);
    str_addc(out, '\n');
}

static int add_worst(struct eval_print *p, int64_t eval, struct one *o)
{
    struct eval_items items = {0};
    struct eval_page page = {.order = EVAL_BY_SCORE, .failures = !o->array, .limit = p->limit};
    int64_t total = 0;
    if (!o->array && !page.limit)
        page.limit = SOME;
    if (eval_store_items(p->store, eval, &page, &items, &total, &p->err) < 0)
        return -1;
    if (!o->array && items.count)
        str_addf(o->out, "below the top score: %lld\n", (long long)total);
    for (size_t i = 0; i < items.count; i++) {
        if (o->array)
            json_push(o->array, item_json(&items.items[i]));
        else
            add_item(o->out, &items.items[i]);
    }
    if (!o->array && (size_t)total > items.count)
        str_addf(o->out, "  and %lld more\n", (long long)total - (long long)items.count);
    eval_items_free(&items);
    return 0;
}

static int print_one_json(struct eval_print *p, const struct eval *e)
{
    struct json *root = eval_json(e);
    struct one tasks = {.array = json_new_array()}, items = {.array = json_new_array()};
    int result = eval_store_means(p->store, e->id, add_mean, &tasks, &p->err);
    json_set(root, "by_task", tasks.array);
    if (result == 0)
        result = add_worst(p, e->id, &items);
    json_set(root, "records", items.array);
    if (result == 0)
        return print_json(root, &p->err);
    json_free(root);
    return -1;
}

static void add_about(struct str *out, const struct eval *e)
{
    str_addf(out, "eval %lld: ", (long long)e->id);
    print_cell(out, slice_of(e->name), 0);
    str_addf(out, ", split %s, %s\n", e->split ? e->split : "any", eval_state_name(e->state));
    str_adds(out, "model  ");
    print_cell(out, slice_of(e->endpoint ? e->endpoint : e->base_model), 0);
    if (e->examples >= 0)
        str_addf(out, ", %lld examples seen", (long long)e->examples);
    str_addf(out, "; thinking %s, at most %lld tokens\n", e->think ? "on" : "off", (long long)e->max_tokens);
    if (e->refused)
        str_addf(out, "refused %lld records that training has seen: 'hinge eval DB refused %lld' lists them\n",
                 (long long)e->refused, (long long)e->id);
}

int eval_print_one(struct eval_print *p, int64_t eval)
{
    struct evals list = {0};
    struct str out = {0};
    struct one o = {.out = &out};
    int result = eval_store_get(p->store, eval, &list, &p->err);
    if (result == 0 && p->json) {
        result = print_one_json(p, &list.items[0]);
    } else if (result == 0) {
        add_about(&out, &list.items[0]);
        result = eval_store_means(p->store, eval, add_mean, &o, &p->err);
        if (result == 0)
            result = add_worst(p, eval, &o);
        if (result == 0)
            result = print_out(&out, &p->err);
    }
    evals_free(&list);
    str_free(&out);
    return result;
}

/* --- one record --- */

static void add_part(struct str *out, const char *title, const char *text)
{
    if (!text)
        return;
    str_addf(out, "--- %s\n", title);
    print_text(out, slice_of(text));
}

int eval_print_record(struct eval_print *p, int64_t eval, const char *key)
{
    struct eval_items items = {0};
    struct str out = {0};
    int64_t record = 0;
    int found = record_store_find(p->store, key, &record, &p->err);
    if (found == 0)
        error_set(&p->err, ERR_ABSENT, "there is no record %.100s", key);
    int result = found == 1 ? eval_store_item(p->store, eval, record, &items, &p->err) : -1;
    const struct eval_item *i = items.items;
    if (result == 0 && p->json) {
        struct json *j = item_json(i);
        json_set_string(j, "output", i->output);
        json_set_string(j, "thought", i->thought);
        json_set_string(j, "rationale", i->rationale);
        json_set(j, "parts", i->parts ? json_new_raw(slice_of(i->parts)) : json_new_null());
        result = print_json(j, &p->err);
    } else if (result == 0) {
        add_item(&out, i);
        add_part(&out, "thought", i->thought);
        add_part(&out, "answer", i->output);
        add_part(&out, "rationale", i->rationale);
        result = print_out(&out, &p->err);
    }
    eval_items_free(&items);
    return result;
}

/* --- two --- */

static int add_pair(void *context, const struct eval_pair *pair)
{
    struct one *o = context;
    if (o->array) {
        struct json *j = json_new_object();
        json_set_string(j, "id", pair->key);
        json_set_string(j, "task", pair->task);
        json_set_string(j, "change", eval_change_name(pair->change));
        json_set_number(j, "a", pair->a);
        json_set_number(j, "b", pair->b);
        json_push(o->array, j);
        return 0;
    }
    str_addf(o->out, "%-9s  ", eval_change_name(pair->change));
    print_cell(o->out, slice_of(pair->key), KEY_CELLS);
    str_addf(o->out, "  %.3f -> %.3f\n", pair->a, pair->b);
    return 0;
}

static struct json *comparison_json(const struct eval_comparison *c)
{
    struct json *j = json_new_object();
    json_set_int(j, "pairs", c->pairs);
    for (int i = 0; i < EVAL_CHANGES; i++)
        json_set_int(j, eval_change_name((enum eval_change)i), c->by_change[i]);
    json_set_int(j, "only_a", c->only_a);
    json_set_int(j, "only_b", c->only_b);
    json_set_number(j, "mean_a", c->mean_a);
    json_set_number(j, "mean_b", c->mean_b);
    json_set_number(j, "difference", c->difference);
    json_set_number(j, "half_width", eval_half_width(c->pairs, c->spread));
    return j;
}

static void add_comparison(struct str *out, const struct eval_comparison *c)
{
    str_addf(out, "%lld records in both: %.3f -> %.3f, %+.3f ± %.3f; %lld regressed, %lld fixed, %lld the same\n",
             (long long)c->pairs, c->mean_a, c->mean_b, c->difference, eval_half_width(c->pairs, c->spread),
             (long long)c->by_change[EVAL_REGRESSED], (long long)c->by_change[EVAL_FIXED],
             (long long)c->by_change[EVAL_SAME]);
    if (c->only_a || c->only_b)
        str_addf(out, "%lld more have a score in the first alone, %lld in the second alone\n", (long long)c->only_a,
                 (long long)c->only_b);
}

int eval_print_compare(struct eval_print *p, int64_t a, int64_t b)
{
    struct eval_comparison c;
    struct evals unused = {0};
    struct str out = {0};
    int found = eval_store_get(p->store, a, &unused, &p->err) == 0 && eval_store_get(p->store, b, &unused, &p->err) == 0;
    evals_free(&unused);
    if (!found || eval_store_compare(p->store, a, b, &c, &p->err) < 0)
        return -1;
    struct json *root = p->json ? comparison_json(&c) : NULL;
    struct one o = {.out = &out, .array = p->json ? json_new_array() : NULL};
    if (!root)
        add_comparison(&out, &c);
    int result = eval_store_pairs(p->store, a, b, 1u << EVAL_REGRESSED | 1u << EVAL_FIXED, add_pair, &o, &p->err);
    if (root)
        json_set(root, "changed", o.array);
    if (result == 0)
        return root ? print_json(root, &p->err) : print_out(&out, &p->err);
    json_free(root);
    str_free(&out);
    return -1;
}

/* --- refused records, and what would be done --- */

static int add_refusal(void *context, const struct eval_refusal *r)
{
    struct one *o = context;
    if (o->array) {
        struct json *j = json_new_object();
        json_set_string(j, "id", r->key);
        json_set_string(j, "training_example", r->twin);
        json_set_number(j, "likeness", r->likeness);
        json_push(o->array, j);
        return 0;
    }
    str_adds(o->out, "  ");
    print_cell(o->out, slice_of(r->key), KEY_CELLS);
    str_adds(o->out, r->likeness >= 1 ? "  the same as " : "  much like ");
    print_cell(o->out, slice_of(r->twin), 0);
    str_addf(o->out, r->likeness >= 1 ? "\n" : " (%.0f%% of it)\n", r->likeness * 100);
    return 0;
}

int eval_print_refused(struct eval_print *p, int64_t eval)
{
    struct evals one = {0};
    struct str out = {0};
    struct one o = {.out = &out, .array = p->json ? json_new_array() : NULL};
    int result = eval_store_get(p->store, eval, &one, &p->err);
    if (result == 0)
        result = eval_store_refused(p->store, eval, add_refusal, &o, &p->err);
    if (result == 0 && !o.array && !out.len)
        str_addf(&out, "no record was refused%s\n",
                 one.items[0].run_uuid ? ": training has seen none of them" : "");
    evals_free(&one);
    if (result == 0)
        return o.array ? print_json(o.array, &p->err) : print_out(&out, &p->err);
    json_free(o.array);
    str_free(&out);
    return -1;
}

static int print_plan_json(struct eval_print *p, const struct eval_plan *plan)
{
    struct json *root = json_new_object();
    struct one evals = {.array = json_new_array()}, refused = {.array = json_new_array()};
    for (size_t i = 0; i < plan->count; i++) {
        struct json *j = json_new_object();
        json_set_string(j, "name", plan->rows[i].name);
        json_set(j, "eval", plan->rows[i].eval ? json_new_number((double)plan->rows[i].eval) : json_new_null());
        json_set_int(j, "have", plan->rows[i].have);
        json_push(evals.array, j);
    }
    for (size_t i = 0; i < plan->n_refused; i++)
        add_refusal(&refused, &plan->refused[i]);
    json_set_int(root, "records", plan->records);
    json_set_int(root, "without_grader", plan->without);
    json_set_int(root, "without_prompt", plan->no_prompt);
    json_set_int(root, "over_limit", plan->over);
    json_set_bool(root, "checked", !plan->unchecked);
    json_set_int(root, "training_examples", plan->trained);
    json_set(root, "refused", refused.array);
    json_set(root, "evals", evals.array);
    return print_json(root, &p->err);
}

static void add_left_out(struct str *out, int64_t n, const char *why)
{
    if (n)
        str_addf(out, "%lld left out: %s\n", (long long)n, why);
}

int eval_print_plan(struct eval_print *p, const struct eval_plan *plan)
{
    struct str out = {0};
    struct one o = {.out = &out};
    if (p->json)
        return print_plan_json(p, plan);
    str_addf(&out, "%lld records, %zu %s\n", (long long)plan->records, plan->count, plan->count == 1 ? "eval" : "evals");
    for (size_t i = 0; i < plan->count; i++) {
        str_adds(&out, "  ");
        print_cell(&out, slice_of(plan->rows[i].name), NAME_CELLS);
        str_addf(&out, "  %lld to do", (long long)(plan->records - plan->rows[i].have));
        if (plan->rows[i].have)
            str_addf(&out, ", %lld have a score already", (long long)plan->rows[i].have);
        str_addc(&out, '\n');
    }
    add_left_out(&out, plan->without, "their task has no grader");
    add_left_out(&out, plan->no_prompt, "they have no prompt");
    add_left_out(&out, plan->over, "more than the limit");
    if (plan->unchecked)
        str_adds(&out, "what this model was trained on is not known: no record could be refused; --held-out-from FILE says\n");
    else
        str_addf(&out, "%zu refused: training has seen them (%lld examples looked at)\n", plan->n_refused,
                 (long long)plan->trained);
    for (size_t i = 0; i < plan->n_refused && i < SOME; i++)
        add_refusal(&o, &plan->refused[i]);
    if (plan->n_refused > SOME)
        str_addf(&out, "  and %zu more\n", plan->n_refused - SOME);
    return print_out(&out, &p->err);
}

/* --- rules still broken --- */

struct breaking {
    struct eval_print *print;
    struct one one;
    int failed;
};

static void put_broken(struct breaking *b, const struct rule_broken *r, const struct rule *rule)
{
    if (b->one.array) {
        struct json *j = json_new_object();
        json_set_int(j, "rule", r->rule);
        json_set_string(j, "mistake", rule->mistake);
        json_set_int(j, "broken", r->broken);
        json_set_int(j, "of", r->of);
        json_push(b->one.array, j);
        return;
    }
    str_addf(b->one.out, "%6lld  %lld of %lld  ", (long long)r->rule, (long long)r->broken, (long long)r->of);
    print_cell(b->one.out, slice_of(rule->mistake), 0);
    str_addc(b->one.out, '\n');
}

static int add_broken(void *context, const struct rule_broken *r)
{
    struct breaking *b = context;
    struct rules rules = {0};
    b->failed = rule_store_get(b->print->store, r->rule, &rules, &b->print->err);
    if (b->failed == 0)
        put_broken(b, r, &rules.items[0]);
    rules_free(&rules);
    return b->failed;
}

int eval_print_broken(struct eval_print *p, int64_t eval)
{
    struct str out = {0};
    struct breaking b = {.print = p, .one = {.out = &out, .array = p->json ? json_new_array() : NULL}};
    int result = eval_store_broken(p->store, 0, eval, add_broken, &b, &p->err);
    if (result == 0 && !p->json && !out.len)
        str_adds(&out, "no grader named the mistake of a rule\n");
    if (result == 0)
        return p->json ? print_json(b.one.array, &p->err) : print_out(&out, &p->err);
    json_free(b.one.array);
    str_free(&out);
    return -1;
}
