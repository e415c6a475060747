/* generate: y0 for records without one; several samples of it, of which the first is the one that is reviewed. */
#include <string.h>

#include "base/mem.h"
#include "pipeline/step_generate.h"

struct generating {
    int left; /* samples not stored yet */
};

static void free_state(struct flow *f)
{
    mem_free(f->state);
}

int generate_first_sample(const struct loop_record *r, bool again)
{
    int next = 0;
    for (size_t i = 0; i < r->n_outputs; i++)
        if (r->outputs[i].kind == OUTPUT_Y0 && r->outputs[i].sample >= next)
            next = r->outputs[i].sample + 1;
    return again ? next : 0;
}

bool generate_has_sample(const struct loop_record *r, int sample)
{
    for (size_t i = 0; i < r->n_outputs; i++)
        if (r->outputs[i].kind == OUTPUT_Y0 && r->outputs[i].sample == sample)
            return true;
    return false;
}

static bool brings_system(const struct prompt *p)
{
    return p->count > 0 && strcmp(p->messages[0].role, "system") == 0;
}

int generate_question(struct inquiry_spec *spec, struct generate_words *w, const struct prompts *p,
                      const struct endpoint *model, const struct loop_record *r, int sample, struct error *err)
{
    const struct template_field fields[] = {{"task", slice_of(r->task)}};
    bool own = p->generate && !brings_system(&r->prompt);
    size_t n = 0;
    if (own && template_fill(p->generate, fields, 1, &w->system, &w->user, err) != 0)
        return -1;
    w->messages = mem_zalloc(r->prompt.count + 1, sizeof *w->messages);
    if (w->system.len)
        w->messages[n++] = (struct chat_message){"system", w->system.at};
    for (size_t i = 0; i < r->prompt.count; i++)
        w->messages[n++] = (struct chat_message){r->prompt.messages[i].role, r->prompt.messages[i].content};
    str_addf(&w->label, "generate %s %d", r->key, sample);
    *spec = (struct inquiry_spec){.endpoint = model,
                                  .messages = w->messages,
                                  .n_messages = n,
                                  .prompt_hash = own ? template_hash(p->generate) : NULL,
                                  .label = w->label.at,
                                  .sample = sample};
    return 0;
}

void generate_words_free(struct generate_words *w)
{
    str_free(&w->system);
    str_free(&w->user);
    str_free(&w->label);
    mem_free(w->messages);
}

static int store_sample(struct flow *f, int sample, const struct inquiry_result *r, struct error *err)
{
    struct provenance from = reply_provenance(r->reply, f->run->host->job);
    int64_t id;
    return loop_store_add_output(f->run->store, f->record.id, OUTPUT_Y0, 0, sample, r->text, &from, &id, err);
}

static int answered(struct flow *f, void *owner, size_t index, const struct inquiry_result *r, struct error *err)
{
    struct generating *g = owner;
    struct error why = {0};
    struct store *s = f->run->store;
    if (r->fault) {
        error_set(&why, ERR_INPUT, "sample %zu: %s", index + 1, r->fault);
        return flow_failed(f, &why, err);
    }
    if (store_begin(s, err) != 0)
        return -1;
    int result = store_sample(f, (int)index, r, &why);
    if (result != 0 && why.code == ERR_CONFLICT) { /* somebody imported or made it meanwhile */
        result = flow_failed(f, &why, err);
    } else if (result != 0) {
        error_set(err, why.code, "%s", why.text);
    } else if (--g->left == 0) {
        result = flow_done(f, err);
    }
    return store_end(s, result, err);
}

static int ask_sample(struct flow *f, int sample, struct error *err)
{
    struct generate_words words = {0};
    struct inquiry_spec spec;
    int result = generate_question(&spec, &words, &f->run->prompts, f->run->settings->model, &f->record, sample, err);
    spec.owner = f->state;
    spec.index = (size_t)sample;
    spec.answered = answered;
    if (result == 0)
        result = inquiry_start(f, &spec, err);
    generate_words_free(&words);
    return result;
}

int generate_begin(struct flow *f, struct error *err)
{
    struct generating *g = mem_zalloc(1, sizeof *g);
    const struct step_settings *o = f->run->settings;
    int first = generate_first_sample(&f->record, o->again), n = o->samples > 0 ? o->samples : 1;
    struct error why = {0};
    f->state = g;
    f->free_state = free_state;
    if (f->record.prompt.count == 0) {
        error_set(&why, ERR_INPUT, "the record has no prompt");
        return flow_failed(f, &why, err);
    }
    for (int i = first; i < first + n; i++)
        g->left += !generate_has_sample(&f->record, i);
    if (g->left == 0)
        return flow_done(f, err);
    int result = 0;
    for (int i = first; i < first + n && result == 0 && !f->over; i++)
        if (!generate_has_sample(&f->record, i))
            result = ask_sample(f, i, err);
    return result;
}
