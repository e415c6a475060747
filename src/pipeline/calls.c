#include "pipeline/calls.h"

#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "pipeline/spending.h"

enum { ANSWER_TOKENS = 400 }; /* what an answer is thought to have before the project knows better */

struct known_endpoint {
    const struct endpoint *endpoint;
    int number;      /* of the llm */
    double answer;   /* mean tokens of its answers */
};

/* A question in flight, and all who asked it. */
struct pending {
    char hash[SHA256_HEX + 1];
    const struct endpoint *endpoint;
    char *prompt_hash, *parameters;
    int64_t record;
    struct amount guess;
    void **owners;
    size_t n_owners, cap_owners;
};

struct calls {
    struct store *store;
    const char *step;
    const struct step_settings *settings;
    const struct step_host *host;
    struct llm *llm;
    struct known_endpoint *endpoints;
    size_t n_endpoints, cap_endpoints;
    struct pending **pending;
    size_t n_pending, cap_pending;
    struct reply *ready; /* of these the first `given` are out */
    size_t n_ready, cap_ready, given;
    struct spending spending;
    bool stopped;
    struct str why;
};

static int count_job(struct calls *c, struct error *err)
{
    struct call_sum sum = {0};
    if (c->host->job == 0)
        return 0;
    if (call_store_sum(c->store, c->host->job, &sum, err) != 0)
        return -1;
    c->spending.spent = (struct amount){(double)sum.tokens_in + (double)sum.tokens_out, sum.cost};
    return 0;
}

struct calls *calls_open(struct store *s, const char *step, const struct step_settings *o,
                         const struct step_host *host, struct error *err)
{
    struct calls *c = mem_zalloc(1, sizeof *c);
    c->store = s;
    c->step = step;
    c->settings = o;
    c->host = host;
    c->spending.budget = (struct amount){(double)o->budget_tokens, o->budget_money};
    c->llm = llm_open(err);
    if (c->llm && count_job(c, err) == 0)
        return c;
    calls_close(c);
    return NULL;
}

static void free_pending(struct pending *p)
{
    mem_free(p->prompt_hash);
    mem_free(p->parameters);
    mem_free(p->owners);
    mem_free(p);
}

static void ignore_owner(void *owner)
{
    (void)owner;
}

void calls_forget(struct calls *c, void (*gone)(void *owner))
{
    llm_close(c->llm); /* its answers name what is freed here */
    c->llm = NULL;
    calls_stop(c, NULL);
    for (size_t i = 0; i < c->n_pending; i++) {
        for (size_t j = 0; j < c->pending[i]->n_owners; j++)
            gone(c->pending[i]->owners[j]);
        free_pending(c->pending[i]);
    }
    for (size_t i = c->given; i < c->n_ready; i++) {
        gone(c->ready[i].owner);
        reply_free(&c->ready[i]);
    }
    c->n_pending = c->n_ready = c->given = 0;
}

void calls_close(struct calls *c)
{
    if (!c)
        return;
    calls_forget(c, ignore_owner);
    mem_free(c->pending);
    mem_free(c->ready);
    mem_free(c->endpoints);
    str_free(&c->why);
    mem_free(c);
}

void reply_free(struct reply *r)
{
    arena_free(&r->arena);
    *r = (struct reply){0};
}

struct provenance reply_provenance(const struct reply *r, int64_t job)
{
    const struct stored_call *k = &r->call;
    return (struct provenance){.model = k->model,
                               .endpoint = k->endpoint,
                               .prompt_hash = k->prompt_hash,
                               .parameters = k->parameters,
                               .call = k->hash,
                               .tokens_in = k->tokens_in > 0 ? k->tokens_in : 0,
                               .tokens_out = k->tokens_out > 0 ? k->tokens_out : 0,
                               .milliseconds = k->milliseconds,
                               .job = job};
}

static struct known_endpoint *find_endpoint(struct calls *c, const struct endpoint *e)
{
    for (size_t i = 0; i < c->n_endpoints; i++)
        if (c->endpoints[i].endpoint == e)
            return &c->endpoints[i];
    return NULL;
}

int calls_prepare(struct calls *c, const struct endpoint *e, struct error *err)
{
    struct call_sum mean = {0};
    if (find_endpoint(c, e))
        return 0;
    if (c->settings->budget_money > 0 && endpoint_cost(e, 1, 1, 0) < 0)
        return error_set(err, ERR_USAGE, "endpoint %s has no prices, so a budget in money cannot be kept: give price_in "
                         "and price_out in the configuration, or a budget in tokens", e->name);
    int number = llm_add(c->llm, e, err);
    if (number < 0 || call_store_mean(c->store, c->step, e->name, &mean, err) != 0)
        return -1;
    c->endpoints = array_reserve(c->endpoints, &c->cap_endpoints, c->n_endpoints + 1, sizeof *c->endpoints);
    double answer = mean.calls > 0 && mean.tokens_out > 0 ? (double)mean.tokens_out : ANSWER_TOKENS;
    c->endpoints[c->n_endpoints++] = (struct known_endpoint){e, number, answer};
    return 0;
}

static struct reply *add_ready(struct calls *c)
{
    if (c->given == c->n_ready)
        c->given = c->n_ready = 0;
    c->ready = array_reserve(c->ready, &c->cap_ready, c->n_ready + 1, sizeof *c->ready);
    c->ready[c->n_ready] = (struct reply){0};
    return &c->ready[c->n_ready++];
}

/* What decides a reply besides its words, as it is kept with what is made of it. */
static char *parameters_text(const struct endpoint *e, const struct chat_request *q)
{
    struct json *j = json_new_object();
    struct str out = {0};
    bool temperature = q->has_temperature || e->has_temperature, top_p = q->has_top_p || e->has_top_p;
    json_set_int(j, "max_tokens", q->max_tokens ? q->max_tokens : e->max_tokens);
    if (temperature)
        json_set_number(j, "temperature", q->has_temperature ? q->temperature : e->temperature);
    if (top_p)
        json_set_number(j, "top_p", q->has_top_p ? q->top_p : e->top_p);
    if (q->sample)
        json_set_int(j, "sample", q->sample);
    json_print(&out, j);
    json_free(j);
    return str_take(&out);
}

/* 1 and a ready reply when the project holds the answer. */
static int take_stored(struct calls *c, const char *hash, void *owner, struct error *err)
{
    struct reply r = {.owner = owner, .outcome = LLM_OK, .cached = true};
    int found = call_store_find(c->store, hash, &r.call, &r.arena, err);
    if (found == 1) {
        r.finish = chat_finish_parse(r.call.finish ? r.call.finish : "");
        c->host->count(c->host->context, &r.call, true);
        *add_ready(c) = r;
    } else {
        reply_free(&r);
    }
    return found;
}

int calls_known(struct store *s, const struct question *q, struct error *err)
{
    char hash[SHA256_HEX + 1];
    struct stored_call call = {0};
    struct arena arena = {0};
    chat_hash(q->endpoint, &q->request, hash);
    int found = call_store_find(s, hash, &call, &arena, err);
    arena_free(&arena);
    return found;
}

static void add_owner(struct pending *p, void *owner)
{
    p->owners = array_reserve(p->owners, &p->cap_owners, p->n_owners + 1, sizeof *p->owners);
    p->owners[p->n_owners++] = owner;
}

static bool join_pending(struct calls *c, const char *hash, void *owner)
{
    for (size_t i = 0; i < c->n_pending; i++)
        if (strcmp(c->pending[i]->hash, hash) == 0) {
            add_owner(c->pending[i], owner);
            return true;
        }
    return false;
}

static int submit(struct calls *c, const struct question *q, const char *hash, void *owner, struct error *err)
{
    const struct known_endpoint *e = find_endpoint(c, q->endpoint);
    struct pending *p = mem_zalloc(1, sizeof *p);
    memcpy(p->hash, hash, sizeof p->hash);
    p->endpoint = q->endpoint;
    p->prompt_hash = mem_strdup(q->prompt_hash);
    p->parameters = parameters_text(q->endpoint, &q->request);
    p->record = q->record;
    p->guess = amount_guess(q->endpoint, &q->request, e->answer);
    add_owner(p, owner);
    if (!spending_allows(&c->spending, p->guess)) {
        struct str why = {0};
        spending_text(&why, &c->spending, q->endpoint->currency);
        calls_stop(c, why.at);
        str_free(&why);
        free_pending(p);
        return 0;
    }
    if (llm_submit(c->llm, e->number, &q->request, p, err) != 0) {
        free_pending(p);
        return -1;
    }
    spending_begin(&c->spending, p->guess);
    c->pending = array_reserve(c->pending, &c->cap_pending, c->n_pending + 1, sizeof(struct pending *));
    c->pending[c->n_pending++] = p;
    return 1;
}

int calls_ask(struct calls *c, const struct question *q, void *owner, struct error *err)
{
    char hash[SHA256_HEX + 1];
    if (calls_prepare(c, q->endpoint, err) != 0)
        return -1;
    chat_hash(q->endpoint, &q->request, hash);
    if (join_pending(c, hash, owner))
        return 1;
    int found = take_stored(c, hash, owner, err);
    if (found != 0)
        return found;
    return c->stopped ? 0 : submit(c, q, hash, owner, err);
}

static void drop_pending(struct calls *c, struct pending *p)
{
    for (size_t i = 0; i < c->n_pending; i++)
        if (c->pending[i] == p) {
            c->pending[i] = c->pending[--c->n_pending];
            break;
        }
    free_pending(p);
}

static int store_answer(struct calls *c, const struct pending *p, const struct llm_answer *a, struct error *err)
{
    struct stored_call call = {.hash = p->hash,
                               .endpoint = p->endpoint->name,
                               .model = a->model[0] ? a->model : p->endpoint->model,
                               .step = c->step,
                               .prompt_hash = p->prompt_hash,
                               .parameters = p->parameters,
                               .text = str_z(&a->text),
                               .finish = chat_finish_name(a->finish),
                               .tokens_in = a->usage.in,
                               .tokens_out = a->usage.out,
                               .tokens_cached = a->usage.cached,
                               .cost = a->cost,
                               .milliseconds = a->milliseconds,
                               .created = clock_now_ms(),
                               .job = c->host->job,
                               .record = p->record,
                               .attempts = a->attempts};
    if (call_store_put(c->store, &call, err) != 0)
        return -1;
    c->host->count(c->host->context, &call, false);
    return 0;
}

/* A key that is refused is refused for all: the job waits for a new one instead of failing record by record. */
static bool is_pause(const struct llm_answer *a)
{
    return a->outcome == LLM_PAUSED || (a->outcome == LLM_REFUSED && (a->status == 401 || a->status == 403));
}

/* Everyone who asked gets the answer, read back as it was stored. */
static int give_out(struct calls *c, const struct pending *p, const struct llm_answer *a, struct error *err)
{
    for (size_t i = 0; i < p->n_owners; i++) {
        struct reply r = {.owner = p->owners[i], .outcome = a->outcome, .finish = a->finish, .error = a->error};
        if (is_pause(a))
            r.outcome = LLM_PAUSED;
        if (a->outcome == LLM_OK && call_store_find(c->store, p->hash, &r.call, &r.arena, err) != 1) {
            reply_free(&r);
            return -1;
        }
        *add_ready(c) = r;
    }
    return 0;
}

static int take_answer(struct calls *c, struct llm_answer *a, struct error *err)
{
    struct pending *p = a->tag;
    struct amount took = {0};
    int result = 0;
    if (a->outcome == LLM_OK) {
        took = amount_of(p->endpoint, &a->usage, a->cost, p->guess);
        result = store_answer(c, p, a, err);
    } else if (is_pause(a)) {
        calls_stop(c, a->error.text);
    }
    spending_end(&c->spending, p->guess, took);
    if (result == 0)
        result = give_out(c, p, a, err);
    drop_pending(c, p);
    return result;
}

int calls_next(struct calls *c, struct reply *out, struct error *err)
{
    struct llm_answer a = {0};
    while (c->given == c->n_ready && llm_next(c->llm, &a)) {
        int result = take_answer(c, &a, err);
        llm_answer_free(&a);
        if (result != 0)
            return -1;
    }
    if (c->given == c->n_ready)
        return 0;
    *out = c->ready[c->given++];
    return 1;
}

int calls_wait(struct calls *c, int timeout_ms, struct pollfd *fds, size_t n, struct error *err)
{
    if (c->given < c->n_ready)
        timeout_ms = 0;
    if (c->n_pending == 0 && n == 0)
        return 0;
    return llm_wait(c->llm, timeout_ms, fds, n, err);
}

size_t calls_pending(const struct calls *c)
{
    return c->n_pending + (c->n_ready - c->given);
}

void calls_stop(struct calls *c, const char *why)
{
    if (c->stopped)
        return;
    c->stopped = true;
    if (why)
        str_adds(&c->why, why);
}

bool calls_stopped(const struct calls *c)
{
    return c->stopped;
}

const char *calls_why(const struct calls *c)
{
    return c->why.len ? c->why.at : NULL;
}
