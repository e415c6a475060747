/* What stands below the diff: what graders said, the rules it breaks, what others made of the record, the prompt. */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "db/rule_store.h"
#include "ui/views/answer_state.h"

enum { OTHERS = 12, RULES = 8 };

void answer_blocks_clear(struct answer_view *v)
{
    for (size_t i = 0; i < v->n_blocks; i++) {
        str_free(&v->blocks[i].text);
        flow_free(&v->blocks[i].flow);
    }
    memset(v->blocks, 0, sizeof v->blocks);
    v->n_blocks = 0;
    v->width = 0;
}

static struct answer_block *add(struct answer_view *v, enum answer_block_kind kind, const char *head)
{
    struct answer_block *b = &v->blocks[v->n_blocks < ANSWER_BLOCKS ? v->n_blocks++ : ANSWER_BLOCKS - 1];
    b->kind = kind;
    snprintf(b->head, sizeof b->head, "%s", head);
    b->flow.ascii = desk_ascii(v->desk);
    return b;
}

/* A block of text, which is emptied; none where there is none. */
static void add_text(struct answer_view *v, const char *head, struct str *text)
{
    if (text->len) {
        struct answer_block *b = add(v, BLOCK_TEXT, head);
        str_add_slice(&b->text, str_slice(text));
        flow_plain(&b->flow, str_slice(&b->text));
    }
    str_clear(text);
}

static void add_parts(struct answer_view *v, struct str *text)
{
    const char *parts = v->item.items[0].parts;
    struct json *list = parts ? json_parse(slice_of(parts), NULL, NULL) : NULL;
    size_t n = 0;
    for (const struct json *m = json_first(list); m; m = json_next(m), n++) {
        double score = json_number(json_get(m, "score"), -1), most = json_number(json_get(m, "score_max"), 0);
        const char *fault = json_string(json_get(m, "fault"), NULL);
        str_addf(text, "%s%s", n ? "\n" : "", json_string(json_get(m, "grader"), "?"));
        if (fault)
            str_addf(text, " failed: %s", fault);
        else if (score >= 0 && most > 0)
            str_addf(text, " %g/%g", score, most);
        str_addf(text, "  %s", json_string(json_get(m, "rationale"), ""));
    }
    json_free(list);
    if (n < 2)
        str_clear(text);
    add_text(v, "grader by grader", text);
}

struct broken {
    struct store *store;
    struct str *text;
    int n;
};

static int add_broken(void *context, const struct rule_mark *m)
{
    struct broken *b = context;
    struct rules rules = {0};
    if (rule_store_get(b->store, m->rule, &rules, NULL) == 0 && rules.count)
        str_addf(b->text, "%s#%lld %s", b->n ? "\n" : "", (long long)m->rule, rules.items[0].guardrail);
    rules_free(&rules);
    return ++b->n >= RULES;
}

static void add_rules(struct answer_view *v, struct str *text)
{
    struct broken b = {session_store(desk_session(v->desk)), text, 0};
    eval_store_marks(b.store, v->eval, 0, v->records[v->at], add_broken, &b, NULL);
    add_text(v, "rules it still breaks: H leads to who taught them", text);
}

static void add_others(struct answer_view *v, struct str *text)
{
    struct store *s = session_store(desk_session(v->desk));
    struct eval_items all = {0};
    int n = 0;
    if (eval_store_of_record(s, v->records[v->at], &all, NULL) != 0)
        return;
    for (size_t i = 0; i < all.count && n < OTHERS; i++) {
        struct evals e = {0};
        const struct eval_item *item = &all.items[i];
        if (item->eval == v->eval || eval_store_get(s, item->eval, &e, NULL) != 0)
            continue;
        str_adds(text, n++ ? "\n" : "");
        str_addf(text, item->has_score ? "%.2f  " : "failed  ", item->normalised);
        eval_say_name(text, &e.items[0]);
        evals_free(&e);
    }
    eval_items_free(&all);
    add_text(v, "what others made of it", text);
}

static void add_diff(struct answer_view *v)
{
    struct str head = {0};
    const struct eval *e = &v->self.items[0];
    if (v->with == WITH_OTHER) {
        eval_say_name(&head, &v->against.items[0]);
        str_adds(&head, desk_ascii(v->desk) ? " -> " : " → ");
    }
    eval_say_name(&head, e);
    if (v->with == WITH_YSTAR)
        str_addf(&head, "%s", desk_ascii(v->desk) ? " -> y*" : " → y*");
    add(v, BLOCK_DIFF, str_z(&head));
    str_free(&head);
}

void answer_blocks_fill(struct answer_view *v)
{
    const struct eval_item *item = &v->item.items[0];
    struct str text = {0};
    answer_blocks_clear(v);
    if (item->output)
        add_diff(v);
    if (v->with != WITH_OTHER && v->m.rationale_flow.n_runs) {
        add(v, BLOCK_RATIONALE, "what the grader says");
    } else {
        str_adds(&text, item->rationale ? item->rationale : "");
        add_text(v, "what the grader says", &text);
    }
    str_adds(&text, item->fault ? item->fault : "");
    add_text(v, "it failed", &text);
    if (v->with == WITH_NOTHING)
        str_addf(&text, "%s", v->y_star ? v->y_star : "");
    add_text(v, "y*", &text);
    if (v->with == WITH_OTHER && v->its.count)
        str_adds(&text, v->its.items[0].rationale ? v->its.items[0].rationale : "");
    add_text(v, "what the grader says of the other", &text);
    add_parts(v, &text);
    add_rules(v, &text);
    add_others(v, &text);
    str_adds(&text, item->thought ? item->thought : "");
    add_text(v, "what it thought first", &text);
    prompt_text(&text, &v->m.record.prompt);
    add_text(v, "prompt", &text);
    str_free(&text);
}
