/*
 * eval: the model answers a record's prompt as training gave it (no template is put before it), and all graders of the
 * task score the answer. An answer that is empty or was cut counts as what it is: leaving it out would flatter the model.
 */
#include <string.h>

#include "base/mem.h"
#include "db/eval_store.h"
#include "pipeline/grading.h"

struct evaluating {
    struct str output, thought;
    bool thinks;
    char *call;
    int64_t tokens_in, tokens_out, milliseconds;
};

static void free_state(struct flow *f)
{
    struct evaluating *e = f->state;
    str_free(&e->output);
    str_free(&e->thought);
    mem_free(e->call);
    mem_free(e);
}

/* A think block at the start is the thought, also one that was begun in the prompt; the rest is the answer. */
static void take_text(struct evaluating *e, struct slice text)
{
    static const char open[] = "<think>", close[] = "</think>";
    struct slice all = slice_trim(text);
    bool begun = slice_starts(all, open);
    const char *end = all.len ? memmem(all.at, all.len, close, sizeof close - 1) : NULL;
    if (!end) {
        str_add_slice(&e->output, text);
        return;
    }
    size_t at = (size_t)(end - all.at);
    e->thinks = true;
    str_add_slice(&e->thought, slice_trim(slice_sub(all, begun ? sizeof open - 1 : 0, at)));
    str_add_slice(&e->output, slice_trim(slice_sub(all, at + sizeof close - 1, all.len)));
}

static struct json *part_json(const struct graded_part *p)
{
    const struct verdict *v = p->verdict;
    struct json *j = json_new_object();
    json_set_string(j, "grader", p->grader);
    if (v->has_score) {
        json_set_number(j, "score", v->score);
        json_set_number(j, "score_max", v->scale_max);
        json_set_number(j, "normalised", v->normalised);
    }
    if (v->samples > 1) {
        json_set_int(j, "samples", v->samples);
        json_set_number(j, "spread", v->spread);
    }
    if (v->rationale.len)
        json_set(j, "rationale", json_new_slice(str_slice(&v->rationale)));
    if (v->fault.len)
        json_set(j, "fault", json_new_slice(str_slice(&v->fault)));
    return j;
}

static void print_parts(struct str *out, const struct graded_part *parts, size_t n)
{
    struct json *list = json_new_array();
    for (size_t i = 0; i < n; i++)
        json_push(list, part_json(&parts[i]));
    json_print(out, list);
    json_free(list);
}

static struct eval_item item_of(const struct flow *f)
{
    const struct evaluating *e = f->state;
    return (struct eval_item){.eval = f->run->settings->eval,
                              .record = f->record.id,
                              .revision = f->record.revision,
                              .output = str_z(&e->output),
                              .thought = e->thinks ? str_z(&e->thought) : NULL,
                              .call = e->call,
                              .tokens_in = e->tokens_in,
                              .tokens_out = e->tokens_out,
                              .milliseconds = e->milliseconds};
}

/* The item and the record's end, in one transaction. */
static int kept(struct flow *f, const struct verdict *total, const char *fault, const struct graded_part *parts, size_t n,
                struct error *err)
{
    struct store *s = f->run->store;
    struct str said = {0};
    struct error why = {0};
    struct eval_item item = item_of(f);
    print_parts(&said, parts, n);
    item.parts = said.at;
    item.fault = fault;
    if (total) {
        item.has_score = true;
        item.score = total->score;
        item.score_max = total->scale_max;
        item.normalised = total->normalised;
        item.rationale = total->rationale.len ? total->rationale.at : NULL;
        item.spans = total->spans;
        item.n_spans = total->n_spans;
    }
    error_set(&why, ERR_INPUT, "the answer has no verdict: %s", fault ? fault : "");
    int result = store_begin(s, err);
    if (result == 0) {
        result = eval_store_put_item(s, &item, err);
        if (result == 0)
            result = total ? flow_done(f, err) : flow_failed(f, &why, err);
        result = store_end(s, result, err);
    }
    str_free(&said);
    return result;
}

static int answered(struct flow *f, void *owner, size_t index, const struct inquiry_result *r, struct error *err)
{
    struct evaluating *e = owner;
    struct error why = {0};
    (void)index;
    if (r->fault) {
        error_set(&why, ERR_INPUT, "no answer: %s", r->fault);
        return flow_failed(f, &why, err);
    }
    const struct stored_call *c = &r->reply->call;
    take_text(e, r->text);
    e->call = mem_strdup(c->hash);
    e->tokens_in = c->tokens_in > 0 ? c->tokens_in : 0;
    e->tokens_out = c->tokens_out > 0 ? c->tokens_out : 0;
    e->milliseconds = c->milliseconds;
    struct grading_spec spec = {.text = str_z(&e->output), .name = "answer", .kept = kept};
    return grading_start(f, &spec, err);
}

int eval_begin(struct flow *f, struct error *err)
{
    struct evaluating *e = mem_zalloc(1, sizeof *e);
    const struct prompt *p = &f->record.prompt;
    struct error why = {0};
    f->state = e;
    f->free_state = free_state;
    if (p->count == 0) {
        error_set(&why, ERR_INPUT, "the record has no prompt");
        return flow_failed(f, &why, err);
    }
    if (!grading_of(f->run->settings, &f->record, &why))
        return flow_failed(f, &why, err); /* before an answer is paid for */
    struct chat_message *messages = mem_zalloc(p->count, sizeof *messages);
    struct str label = {0};
    for (size_t i = 0; i < p->count; i++)
        messages[i] = (struct chat_message){p->messages[i].role, p->messages[i].content};
    str_addf(&label, "eval %s", f->record.key);
    struct inquiry_spec spec = {.endpoint = f->run->settings->model,
                                .messages = messages,
                                .n_messages = p->count,
                                .label = label.at,
                                .any_text = true,
                                .owner = e,
                                .answered = answered};
    int result = inquiry_start(f, &spec, err);
    mem_free(messages);
    str_free(&label);
    return result;
}
