/*
 * distill: the rationales of all rounds, the difference and its hinges become one general rule. A candidate that may
 * not be shown is sent back with the reason, at most twice. Where every answer of such a chain was a stored one, as
 * when a failed record is retried, the chain is asked anew as another sample.
 */
#include "base/mem.h"
#include "pipeline/candidate.h"
#include "pipeline/distill_fields.h"

enum { ATTEMPTS = 3, CHAINS_MAX = 50, SAMPLES_APART = 100000 };

struct distilling {
    struct distill_matter matter;
    struct distill_refusal before;
    struct leak_prompt *prompt;
    int attempt, chain;
    bool cached; /* every answer of this chain */
};

static int ask(struct flow *f, struct error *err);

static void forget_refusal(struct distill_refusal *r)
{
    str_clear(&r->mistake);
    str_clear(&r->guardrail);
    str_clear(&r->why);
}

static void free_state(struct flow *f)
{
    struct distilling *d = f->state;
    distill_matter_free(&d->matter);
    str_free(&d->before.mistake);
    str_free(&d->before.guardrail);
    str_free(&d->before.why);
    leak_prompt_free(d->prompt);
    mem_free(d);
}

static int store_candidate(struct flow *f, const struct candidate *c, const struct inquiry_result *r,
                           struct error *err)
{
    struct store *s = f->run->store;
    struct provenance from = reply_provenance(r->reply, f->run->host->job);
    int64_t id;
    if (store_begin(s, err) != 0)
        return -1;
    int result = loop_store_add_candidate(s, f->record.id, str_slice(&c->mistake), str_slice(&c->guardrail), c->rule,
                                          &from, &id, err);
    if (result == 0)
        result = flow_done(f, err);
    return store_end(s, result, err);
}

/* Asks again with the reason, or anew, or gives the record up. */
static int refuse(struct flow *f, const struct candidate *c, const struct str *why, const struct error *reason,
                  struct error *err)
{
    struct distilling *d = f->state;
    struct error said = {0};
    forget_refusal(&d->before);
    if (++d->attempt < ATTEMPTS) {
        str_add_slice(&d->before.mistake, str_slice(&c->mistake));
        str_add_slice(&d->before.guardrail, str_slice(&c->guardrail));
        str_add_slice(&d->before.why, str_slice(why));
        return ask(f, err);
    }
    if (d->cached && d->chain < CHAINS_MAX) {
        d->chain++;
        d->attempt = 0;
        return ask(f, err);
    }
    error_set(&said, ERR_INPUT, "no candidate of %d could be taken; the last: %s", ATTEMPTS, reason->text);
    return flow_failed(f, &said, err);
}

static int answered(struct flow *f, void *owner, size_t index, const struct inquiry_result *r, struct error *err)
{
    (void)index;
    struct distilling *d = owner;
    struct candidate c = {0};
    struct str why = {0};
    struct error reason = {0};
    d->cached = d->cached && r->cached;
    if (r->fault) {
        error_set(&reason, ERR_INPUT, "%s", r->fault);
        return flow_failed(f, &reason, err);
    }
    candidate_read(&c, r->value);
    int judged = candidate_judge(&c, f->run->store, d->prompt, &why, &reason, err);
    int result = judged;
    if (judged == CANDIDATE_FINE)
        result = store_candidate(f, &c, r, err);
    else if (judged == CANDIDATE_REFUSED)
        result = refuse(f, &c, &why, &reason, err);
    candidate_free(&c);
    str_free(&why);
    return result;
}

static int ask(struct flow *f, struct error *err)
{
    struct distilling *d = f->state;
    struct distill_words words = {0};
    struct inquiry_spec spec;
    if (d->attempt == 0)
        d->cached = true;
    int result = distill_question(&spec, &words, &f->run->prompts, f->run->settings->model, &f->record, &d->matter,
                                  &d->before, d->attempt, err);
    if (result == 0) {
        spec.sample = d->chain * SAMPLES_APART;
        spec.owner = d;
        spec.answered = answered;
        result = inquiry_start(f, &spec, err);
    }
    distill_words_free(&words);
    return result;
}

int distill_begin(struct flow *f, struct error *err)
{
    struct distilling *d = mem_zalloc(1, sizeof *d);
    struct error why = {0};
    f->state = d;
    f->free_state = free_state;
    if (f->record.has_candidate && !f->run->settings->again)
        return flow_done(f, err);
    if (distill_matter_read(&d->matter, f->run->store, &f->record, &why) != 0)
        return why.code == ERR_ABSENT ? flow_failed(f, &why, err) : error_set(err, why.code, "%s", why.text);
    d->prompt = leak_prompt_new(str_slice(&d->matter.prompt));
    return ask(f, err);
}
