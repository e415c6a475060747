#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "pipeline/example.h"

static bool is_state(const struct example *e, const char *state)
{
    return strcmp(e->state, state) == 0;
}

static bool undecided(const struct example *e)
{
    return is_state(e, "undecided") || !e->reviewer;
}

static bool has_rule(const struct example *e)
{
    return (is_state(e, "accepted") || is_state(e, "edited")) && e->n_rules > 0;
}

static void set_text(struct json *object, const char *name, const char *text)
{
    if (text)
        json_set_string(object, name, text);
}

static void set_raw(struct json *object, const char *name, const char *text)
{
    if (text)
        json_set(object, name, json_new_raw(slice_of(text)));
}

/* A chat stays a list of messages, a plain prompt a text. */
static void set_prompt(struct json *object, const struct prompt *p)
{
    if (!p->count)
        return;
    if (!p->chat) {
        json_set_string(object, "prompt", p->messages[0].content);
        return;
    }
    struct json *list = json_new_array();
    for (size_t i = 0; i < p->count; i++) {
        struct json *message = json_new_object();
        json_set_string(message, "role", p->messages[i].role);
        json_set_string(message, "content", p->messages[i].content);
        json_push(list, message);
    }
    json_set(object, "prompt", list);
}

static void set_scalars(struct json *object, const struct record *r)
{
    set_text(object, "task", r->task);
    if (r->has_score)
        json_set_number(object, "score", r->score);
    if (r->has_score_max)
        json_set_number(object, "score_max", r->score_max);
    set_text(object, "split", r->split);
}

static void set_rounds(struct json *object, const struct record *r)
{
    if (!r->n_rounds)
        return;
    struct json *list = json_new_array();
    for (size_t i = 0; i < r->n_rounds; i++) {
        struct json *round = json_new_object();
        json_set_string(round, "output", r->rounds[i].output);
        if (r->rounds[i].has_score)
            json_set_number(round, "score", r->rounds[i].score);
        set_text(round, "rationale", r->rounds[i].rationale);
        json_push(list, round);
    }
    json_set(object, "rounds", list);
}

static void set_spans(struct json *object, const struct record *r)
{
    if (!r->n_spans)
        return;
    struct json *list = json_new_array();
    for (size_t i = 0; i < r->n_spans; i++) {
        struct json *span = json_new_object();
        json_set_int(span, "start", (int64_t)r->spans[i].start);
        json_set_int(span, "end", (int64_t)r->spans[i].end);
        set_text(span, "label", r->spans[i].label);
        json_push(list, span);
    }
    json_set(object, "spans", list);
}

/* All of the record but its rule, under hinge's names. */
static void set_record(struct json *object, const struct example *e)
{
    const struct record *r = e->record;
    set_prompt(object, &r->prompt);
    set_text(object, "y0", r->y0);
    set_rounds(object, r);
    set_text(object, "y_star", e->y_star);
    set_scalars(object, r);
    set_text(object, "rationale", r->rationale);
}

/* --- Argilla --------------------------------------------------------------------------------- */

/* Argilla knows its users by UUID: one made from the name, the same each time. */
static void print_user(const char *name, char out[37])
{
    char hex[SHA256_HEX + 1];
    sha256_hex(slice_of(name), hex);
    snprintf(out, 37, "%.8s-%.4s-5%.3s-8%.3s-%.12s", hex, hex + 8, hex + 12, hex + 15, hex + 18);
}

static void suggest(struct json *suggestions, const char *question, const char *text)
{
    if (!text)
        return;
    struct json *value = json_new_object();
    json_set_string(value, "value", text);
    json_set_string(value, "agent", "hinge");
    json_set(suggestions, question, value);
}

static void respond(struct json *responses, const char *question, const char *text,
                    const char *user)
{
    if (!text)
        return;
    struct json *value = json_new_object(), *list = json_new_array();
    json_set_string(value, "value", text);
    json_set_string(value, "user_id", user);
    json_push(list, value);
    json_set(responses, question, list);
}

static struct json *argilla_responses(const struct example *e)
{
    struct json *responses = json_new_object();
    char user[37];
    if (undecided(e))
        return responses;
    print_user(e->reviewer, user);
    respond(responses, "verdict", e->state, user);
    if (has_rule(e)) {
        respond(responses, "mistake", e->rules[0].mistake, user);
        respond(responses, "guardrail", e->rules[0].guardrail, user);
    }
    return responses;
}

struct json *example_argilla(const struct example *e)
{
    struct json *o = json_new_object(), *fields = json_new_object();
    struct json *metadata = json_new_object(), *suggestions = json_new_object();
    set_prompt(fields, &e->record->prompt);
    set_text(fields, "y0", e->record->y0);
    set_text(fields, "y_star", e->y_star);
    set_text(fields, "rationale", e->record->rationale);
    set_scalars(metadata, e->record);
    json_set_string(metadata, "hinge_state", e->state);
    set_text(metadata, "hinge_reviewer", e->reviewer);
    suggest(suggestions, "mistake", e->record->rule.mistake);
    suggest(suggestions, "guardrail", e->record->rule.guardrail);
    json_set_string(o, "id", e->record->id);
    json_set(o, "fields", fields);
    json_set(o, "metadata", metadata);
    json_set(o, "suggestions", suggestions);
    json_set(o, "responses", argilla_responses(e));
    json_set(o, "vectors", json_new_object());
    return o;
}

/* --- Label Studio ---------------------------------------------------------------------------- */

/* One result of a control over y0; values is "text" or "choices". */
static void push_result(struct json *results, const char *name, const char *type,
                        const char *values, const char *text, const char *origin)
{
    if (!text)
        return;
    struct json *result = json_new_object(), *value = json_new_object(), *list = json_new_array();
    json_push(list, json_new_string(text));
    json_set(value, values, list);
    json_set_string(result, "id", name);
    json_set_string(result, "from_name", name);
    json_set_string(result, "to_name", "y0");
    json_set_string(result, "type", type);
    set_text(result, "origin", origin);
    json_set(result, "value", value);
    json_push(results, result);
}

static const char *origin_of(const char *text, const char *candidate)
{
    if (!candidate)
        return "manual";
    return text && strcmp(text, candidate) == 0 ? "prediction" : "prediction-changed";
}

static struct json *labelstudio_annotation(const struct example *e)
{
    struct json *annotation = json_new_object(), *results = json_new_array();
    struct json *who = json_new_object();
    const struct rule_text *candidate = &e->record->rule;
    char at[CLOCK_ISO_MAX];
    push_result(results, "verdict", "choices", "choices", e->state, "manual");
    if (has_rule(e)) {
        push_result(results, "mistake", "textarea", "text", e->rules[0].mistake,
                    origin_of(e->rules[0].mistake, candidate->mistake));
        push_result(results, "guardrail", "textarea", "text", e->rules[0].guardrail,
                    origin_of(e->rules[0].guardrail, candidate->guardrail));
    }
    json_set_string(who, "email", e->reviewer);
    json_set_int(annotation, "id", e->number);
    json_set(annotation, "completed_by", who);
    json_set_bool(annotation, "was_cancelled", is_state(e, "skipped"));
    json_set_bool(annotation, "ground_truth", false);
    json_set_string(annotation, "created_at", clock_iso(e->when_ms, at));
    json_set(annotation, "result", results);
    return annotation;
}

static struct json *labelstudio_prediction(const struct rule_text *rule)
{
    struct json *prediction = json_new_object(), *results = json_new_array();
    push_result(results, "mistake", "textarea", "text", rule->mistake, NULL);
    push_result(results, "guardrail", "textarea", "text", rule->guardrail, NULL);
    json_set_string(prediction, "model_version", "hinge");
    json_set(prediction, "result", results);
    return prediction;
}

struct json *example_labelstudio(const struct example *e)
{
    struct json *task = json_new_object(), *data = json_new_object();
    struct json *predictions = json_new_array(), *annotations = json_new_array();
    json_set_string(data, "id", e->record->id);
    set_record(data, e);
    set_spans(data, e->record);
    set_raw(data, "meta", e->record->meta);
    if (e->record->rule.mistake || e->record->rule.guardrail)
        json_push(predictions, labelstudio_prediction(&e->record->rule));
    if (!undecided(e))
        json_push(annotations, labelstudio_annotation(e));
    json_set_int(task, "id", e->number);
    json_set(task, "data", data);
    json_set(task, "predictions", predictions);
    json_set(task, "annotations", annotations);
    return task;
}

/* --- Prodigy --------------------------------------------------------------------------------- */

/* 31 bits of a hash, as Prodigy's own are numbers of that size. */
static int64_t short_hash(struct slice text)
{
    char hex[SHA256_HEX + 1];
    unsigned value = 0;
    sha256_hex(text, hex);
    hex[8] = '\0';
    sscanf(hex, "%x", &value);
    return value & 0x7FFFFFFF;
}

static void set_hashes(struct json *task, const struct example *e, const char *text)
{
    struct str key = {0};
    json_set_int(task, "_input_hash", short_hash(slice_of(text)));
    str_addf(&key, "%s\n%s", e->record->id, text);
    json_set_int(task, "_task_hash", short_hash(str_slice(&key)));
    str_free(&key);
}

static void set_answer(struct json *task, const struct example *e)
{
    bool ignore = is_state(e, "skipped") || is_state(e, "flagged");
    json_set_string(task, "answer", ignore                     ? "ignore"
                                    : is_state(e, "rejected") ? "reject"
                                                               : "accept");
    json_set_string(task, "_annotator_id", e->reviewer);
    json_set_string(task, "_session_id", e->reviewer);
    json_set_int(task, "_timestamp", e->when_ms / 1000);
}

struct json *example_prodigy(const struct example *e)
{
    struct json *task = json_new_object(), *meta = json_new_object();
    struct str prompt = {0};
    const struct rule_text *rule = has_rule(e) ? &e->rules[0] : &e->record->rule;
    prompt_text(&prompt, &e->record->prompt);
    json_set_string(task, "text", e->record->y0 ? e->record->y0 : str_z(&prompt));
    if (e->record->y0)
        set_prompt(task, &e->record->prompt);
    set_text(task, "y_star", e->y_star);
    set_rounds(task, e->record);
    set_scalars(task, e->record);
    set_text(task, "rationale", e->record->rationale);
    set_spans(task, e->record);
    set_text(task, "mistake", rule->mistake);
    set_text(task, "guardrail", rule->guardrail);
    json_set_string(meta, "id", e->record->id);
    json_set(task, "meta", meta);
    set_hashes(task, e, e->record->y0 ? e->record->y0 : str_z(&prompt));
    json_set_string(task, "_view_id", "text");
    if (!undecided(e))
        set_answer(task, e);
    str_free(&prompt);
    return task;
}
