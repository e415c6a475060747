#include "pipeline/inquiry.h"

#include <string.h>

#include "base/mem.h"
#include "llm/structured.h"

enum {
    SAMPLES_APART = 1000, /* samples asked anew are numbered from here on, away from those asked for */
    ANEW_MAX = 50,        /* times that a stored chain of faults is gone past */
    REPAIR_MESSAGES = 2
};

struct inquiry {
    struct flow *flow;
    struct inquiry_spec spec;
    struct arena arena; /* of what the spec borrows */
    struct chat_message *messages; /* room for the repair's too */
    bool repairing, cached;
    int anew;
};

static const char *keep(struct arena *a, const char *text)
{
    return text ? arena_strndup(a, text, strlen(text)) : NULL;
}

static bool must_ask(const struct inquiry_spec *spec)
{
    return spec->schema && spec->endpoint->structured > STRUCTURED_OBJECT_SCHEMA;
}

void inquiry_question(struct question *out, const struct inquiry_spec *spec, const struct step_settings *o,
                      struct chat_message *messages, struct str *last, int64_t record)
{
    for (size_t i = 0; i < spec->n_messages; i++)
        messages[i] = spec->messages[i];
    if (must_ask(spec) && spec->n_messages) {
        str_addf(last, "%s\n\n", messages[spec->n_messages - 1].content);
        structured_ask(last, spec->schema);
        messages[spec->n_messages - 1].content = last->at;
    }
    *out = (struct question){.endpoint = spec->endpoint,
                             .request = {.messages = messages,
                                         .n_messages = spec->n_messages,
                                         .has_temperature = o->has_temperature,
                                         .temperature = o->temperature,
                                         .schema = spec->schema,
                                         .schema_name = spec->schema_name,
                                         .sample = spec->sample,
                                         .label = spec->label},
                             .prompt_hash = spec->prompt_hash,
                             .record = record};
}

/* The temperature of the form is for the model that writes, not for graders. */
static const struct step_settings *settings_for(const struct flow *f, const struct inquiry_spec *spec)
{
    static const struct step_settings none = {0};
    return spec->endpoint == f->run->settings->model ? f->run->settings : &none;
}

static int ask(struct inquiry *q, struct error *err)
{
    struct question question;
    struct flow *f = q->flow;
    struct inquiry_spec spec = q->spec;
    size_t extra = q->repairing ? REPAIR_MESSAGES : 0;
    struct chat_message *messages = mem_zalloc(spec.n_messages + extra + 1, sizeof *messages);
    struct str last = {0}, label = {0};
    inquiry_question(&question, &spec, settings_for(f, &spec), messages, &last, f->record.id);
    for (size_t i = 0; i < extra; i++)
        messages[spec.n_messages + i] = q->messages[spec.n_messages + i];
    question.request.n_messages += extra;
    question.request.sample += q->anew * SAMPLES_APART;
    str_addf(&label, "%s%s", spec.label, q->repairing ? " repair" : "");
    question.request.label = label.at;
    int asked = calls_ask(f->run->calls, &question, q, err);
    str_free(&last);
    str_free(&label);
    mem_free(messages);
    if (asked == 1)
        f->waiting++;
    if (asked == 0)
        flow_drop(f);
    if (asked != 1)
        inquiry_free(q);
    return asked < 0 ? -1 : 0;
}

int inquiry_start(struct flow *f, const struct inquiry_spec *spec, struct error *err)
{
    struct inquiry *q = mem_zalloc(1, sizeof *q);
    q->flow = f;
    q->spec = *spec;
    if (f->over) {
        inquiry_free(q);
        return 0;
    }
    q->cached = true;
    q->messages = arena_zalloc(&q->arena, spec->n_messages + REPAIR_MESSAGES, sizeof *q->messages);
    for (size_t i = 0; i < spec->n_messages; i++)
        q->messages[i] = (struct chat_message){.role = keep(&q->arena, spec->messages[i].role),
                                               .content = keep(&q->arena, spec->messages[i].content)};
    q->spec.messages = q->messages;
    q->spec.prompt_hash = keep(&q->arena, spec->prompt_hash);
    q->spec.label = keep(&q->arena, spec->label);
    return ask(q, err);
}

struct flow *inquiry_flow(const struct inquiry *q)
{
    return q->flow;
}

void inquiry_free(struct inquiry *q)
{
    if (!q)
        return;
    if (q->spec.gone)
        q->spec.gone(q->spec.owner);
    arena_free(&q->arena);
    mem_free(q);
}

/* Free text: what stands there, unless there is nothing or it was cut. */
static int check_text(const struct inquiry *q, const struct reply *r, struct error *why)
{
    if (q->spec.any_text)
        return 0;
    if (slice_trim(slice_of(r->call.text)).len == 0)
        return error_set(why, ERR_INPUT, "the reply is empty");
    if (r->finish == CHAT_LENGTH)
        return error_set(why, ERR_LIMIT, "the reply was cut at the most tokens allowed: raise max_tokens of endpoint %s",
                         q->spec.endpoint->name);
    return 0;
}

static struct json *read_value(const struct inquiry *q, const struct reply *r, struct error *why)
{
    struct json *value = structured_read(slice_of(r->call.text), q->spec.schema, why);
    if (value && q->spec.check && q->spec.check(q->spec.owner, q->spec.index, value, why) != 0) {
        json_free(value);
        value = NULL;
    }
    if (!value && r->finish == CHAT_LENGTH)
        error_set(why, ERR_LIMIT, "the reply was cut at the most tokens allowed: raise max_tokens of endpoint %s",
                  q->spec.endpoint->name);
    return value;
}

static int ask_repair(struct inquiry *q, const struct reply *r, const struct error *fault, struct error *err)
{
    struct str words = {0};
    structured_repair(&words, q->spec.schema, fault);
    const char *said = slice_trim(slice_of(r->call.text)).len ? r->call.text : "(nothing)";
    q->messages[q->spec.n_messages] = (struct chat_message){"assistant", keep(&q->arena, said)};
    q->messages[q->spec.n_messages + 1] = (struct chat_message){"user", keep(&q->arena, str_z(&words))};
    str_free(&words);
    q->repairing = true;
    return ask(q, err);
}

static int answer(struct inquiry *q, const struct reply *r, const struct json *value, const char *fault,
                  struct error *err)
{
    struct inquiry_result result = {.value = value,
                                    .text = slice_of(r->call.text),
                                    .reply = r,
                                    .fault = fault,
                                    .cached = q->cached};
    int done = q->spec.answered(q->flow, q->spec.owner, q->spec.index, &result, err);
    inquiry_free(q);
    return done;
}

static int read_reply(struct inquiry *q, const struct reply *r, struct error *err)
{
    struct error why = {0};
    struct json *value = NULL;
    bool fine = false;
    if (r->finish == CHAT_REFUSED) {
        error_set(&why, ERR_INPUT, "the model declined to answer");
    } else if (q->spec.schema) {
        value = read_value(q, r, &why);
        fine = value != NULL;
    } else {
        fine = check_text(q, r, &why) == 0;
    }
    int result;
    if (!fine && q->spec.schema && !q->repairing && r->finish != CHAT_REFUSED) {
        result = ask_repair(q, r, &why, err);
    } else if (!fine && q->cached && q->anew < ANEW_MAX) {
        q->anew++;
        q->repairing = false;
        result = ask(q, err);
    } else {
        result = answer(q, r, value, fine ? NULL : why.text, err);
    }
    json_free(value);
    return result;
}

int inquiry_reply(struct inquiry *q, const struct reply *r, struct error *err)
{
    struct flow *f = q->flow;
    f->waiting--;
    q->cached = q->cached && r->cached;
    if (!f->over && r->outcome == LLM_OK)
        return read_reply(q, r, err);
    int result = 0;
    if (r->outcome == LLM_PAUSED)
        flow_drop(f);
    else if (!f->over)
        result = flow_failed(f, &r->error, err);
    inquiry_free(q);
    return result;
}
