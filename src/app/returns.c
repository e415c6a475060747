#include "app/returns.h"

#include <string.h>

#include "app/actions_parts.h"
#include "base/json.h"
#include "db/eval_store.h"
#include "db/loop_store.h"

struct returning {
    struct store *store;
    const struct eval *eval;
    struct str model; /* "rgt-1 step 40": the name experts see */
    size_t sent, before, unfit;
    int64_t first;
};

static void add_model(struct str *out, const struct eval *e)
{
    const char *base = e->base_model ? strrchr(e->base_model, '/') : NULL;
    base = base && base[1] ? base + 1 : e->base_model;
    str_adds(out, e->run_name ? e->run_name : base ? base : e->endpoint ? e->endpoint : e->name);
    if (e->run_name && e->step >= 0)
        str_addf(out, " step %lld", (long long)e->step);
    if (e->think)
        str_adds(out, " thinking");
}

/* "rgt-1-step-40/ed-0143": ids have no blanks, and lists show their ends. */
static void add_key(struct str *out, const char *key, struct slice model)
{
    for (size_t i = 0; i < model.len; i++)
        str_addc(out, model.at[i] == ' ' || model.at[i] == '/' ? '-' : model.at[i]);
    str_addf(out, "/%s", key);
}

/* The grader's name when one alone judged. */
static const char *grader_of(const struct json *graders)
{
    const struct json *one = json_first(graders);
    return one && !json_next(one) ? json_string(json_get(one, "name"), "graders") : "graders";
}

static int put_record(struct returning *t, const struct stored_record *from, int64_t *id, struct error *err)
{
    struct str key = {0};
    const struct stored_output *y_star = stored_y_star(from);
    enum record_put what;
    add_key(&key, from->key, str_slice(&t->model));
    struct record r = {.id = (char *)str_z(&key), .task = from->task, .prompt = from->prompt,
                       .y_star = y_star ? y_star->text : NULL, .meta = from->meta};
    int result = record_store_find(t->store, r.id, id, err);
    if (result == 1)
        result = error_set(err, ERR_CONFLICT, "there is a record '%s' already", r.id);
    if (result == 0)
        result = record_store_put(t->store, &r, t->eval->name, 0, &what, id, err);
    str_free(&key);
    return result;
}

static int put_output(struct returning *t, const struct eval_item *item, int64_t id, struct error *err)
{
    struct json *graders = json_parse(slice_of(t->eval->graders), NULL, NULL);
    const struct provenance made = {.model = str_z(&t->model), .endpoint = t->eval->endpoint, .call = item->call,
                                    .tokens_in = item->tokens_in, .tokens_out = item->tokens_out,
                                    .milliseconds = item->milliseconds, .job = t->eval->job};
    const struct new_verdict verdict = {.grader = grader_of(graders), .has_score = true, .score = item->score,
                                        .score_max = item->score_max, .normalised = item->normalised,
                                        .rationale = item->rationale, .spans = item->spans, .n_spans = item->n_spans,
                                        .samples = 1};
    int64_t output, number;
    int result = loop_store_add_output(t->store, id, OUTPUT_Y0, 0, 0, slice_of(item->output), &made, &output, err);
    if (result == 0)
        result = loop_store_add_verdict(t->store, id, output, &verdict, NULL, &number, err);
    json_free(graders);
    return result;
}

static int send_one(struct returning *t, int64_t record, struct error *err)
{
    struct eval_items one = {0};
    struct stored_record from = {0};
    int64_t id = 0;
    int known = eval_store_returned(t->store, t->eval->id, record, &id, err);
    if (known != 0) {
        t->before += known == 1;
        return known < 0 ? -1 : 0;
    }
    int result = eval_store_item(t->store, t->eval->id, record, &one, err);
    const struct eval_item *item = result == 0 ? &one.items[0] : NULL;
    if (item && (!item->has_score || item->normalised >= 1 || !item->output)) {
        t->unfit++;
    } else if (item) {
        result = record_store_load(t->store, record, &from, err);
        if (result == 0)
            result = put_record(t, &from, &id, err);
        if (result == 0)
            result = put_output(t, item, id, err);
        if (result == 0)
            result = eval_store_put_return(t->store, t->eval->id, record, id, err);
        t->sent += result == 0;
        t->first = t->first ? t->first : id;
    }
    stored_record_free(&from);
    eval_items_free(&one);
    return result;
}

static void say(const struct returning *t, struct str *said)
{
    str_addf(said, "%zu record%s by %s in the queue for the experts", t->sent, t->sent == 1 ? "" : "s",
             str_z(&t->model));
    if (t->before)
        str_addf(said, "; %zu went before", t->before);
    if (t->unfit)
        str_addf(said, "; %zu without a fault or an output stay", t->unfit);
}

static int send_all(struct returning *t, const int64_t *records, size_t n, struct error *err)
{
    for (size_t i = 0; i < n; i++)
        if (send_one(t, records[i], err) != 0)
            return -1;
    if (t->sent)
        return 0;
    return error_set(err, ERR_ABSENT, t->before ? "sent before: it is in the queue already"
                                                : "nothing to send: the top score, or no output at all");
}

int returns_send(struct session *s, int64_t eval, const int64_t *records, size_t n, struct outcome *out,
                 struct error *err)
{
    struct evals self = {0};
    if (eval_store_get(session_store(s), eval, &self, err) != 0)
        return -1;
    struct returning t = {.store = session_store(s), .eval = &self.items[0]};
    add_model(&t.model, t.eval);
    int result = act_begin(s, err);
    if (result == 0)
        result = act_finish(s, send_all(&t, records, n, err), err);
    struct str *said = result == 0 ? act_say(out, t.first, 0, t.sent) : NULL;
    if (said)
        say(&t, said);
    str_free(&t.model);
    evals_free(&self);
    return result;
}

int returns_origin(struct store *s, int64_t record, struct str *out, int64_t *eval, int64_t *original,
                   struct error *err)
{
    struct evals self = {0};
    struct stored_record r = {0};
    int known = eval_store_origin(s, record, eval, original, err);
    if (known != 1)
        return known;
    int result = eval_store_get(s, *eval, &self, err);
    if (result == 0)
        result = record_store_load(s, *original, &r, err);
    if (result == 0) {
        add_model(out, &self.items[0]);
        str_addf(out, " on %s", r.key);
    }
    stored_record_free(&r);
    evals_free(&self);
    return result == 0 ? 1 : -1;
}
