#include "llm/lane.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "llm/retry.h"

enum { LONGEST_REST_MS = 15 * 60 * 1000 }; /* who is asked to wait longer had better look himself */

void question_free(struct question *q)
{
    mem_free(q->label);
    str_free(&q->body);
    mem_free(q);
}

static void list_free(struct question *q)
{
    while (q) {
        struct question *next = q->next;
        question_free(q);
        q = next;
    }
}

void lane_free(struct lane *n)
{
    if (n->own)
        n->ops->close(n);
    list_free(n->first);
    list_free(n->again);
    if (n->record_fd >= 0)
        close(n->record_fd);
    mem_free(n);
}

/* xorshift: it spreads retries and need not be secret. */
static double chance(struct llm *l)
{
    l->chance ^= l->chance << 13;
    l->chance ^= l->chance >> 7;
    l->chance ^= l->chance << 17;
    return (double)(l->chance >> 11) / (double)(1ULL << 53);
}

/* The place of the next question that may go: one whose second try is due, before new ones. */
static struct question **next_due(struct lane *n, int64_t now)
{
    for (struct question **at = &n->again; *at; at = &(*at)->next) {
        if ((*at)->not_before <= now)
            return at;
    }
    return n->first ? &n->first : NULL;
}

static struct question *take(struct lane *n, struct question **at)
{
    struct question *q = *at;
    *at = q->next;
    if (!n->first)
        n->last = &n->first;
    n->queued--;
    q->next = NULL;
    return q;
}

void lane_pump(struct llm *l, struct lane *n, int64_t now)
{
    struct question **at;
    while (!n->paused && n->in_flight < n->most && now >= n->hold_until && (at = next_due(n, now)) != NULL &&
           (!n->ops->accepts || n->ops->accepts(n, *at)) && pace_take(&n->pace, now, (*at)->tokens)) {
        struct question *q = take(n, at);
        n->in_flight++;
        q->in_flight = true;
        q->attempts++;
        n->ops->start(l, n, q);
    }
    if (n->ops->go)
        n->ops->go(l, n);
}

int64_t lane_wake(const struct lane *n, int64_t now)
{
    const struct question *q = n->first;
    int64_t at = q ? now : INT64_MAX;
    for (const struct question *a = n->again; a; a = a->next) {
        if (a->not_before < at) {
            at = a->not_before;
            q = a;
        }
    }
    if (!q || n->paused || n->in_flight >= n->most || (n->ops->accepts && !n->ops->accepts(n, q)))
        return INT64_MAX;
    at = at > n->hold_until ? at : n->hold_until;
    int64_t paced = pace_ready(&n->pace, now, q->tokens);
    return at > paced ? at : paced;
}

static void answer_unsent(struct llm *l, struct lane *n, struct question *q)
{
    struct llm_answer a = {.outcome = q->attempts ? LLM_FAILED : LLM_PAUSED, .error = n->why};
    lane_answer(l, n, q, &a);
}

void lane_queue(struct llm *l, struct lane *n, struct question *q)
{
    if (n->paused) {
        answer_unsent(l, n, q);
        return;
    }
    *n->last = q;
    n->last = &q->next;
    n->queued++;
}

static void flush(struct llm *l, struct lane *n)
{
    struct question *lists[] = {n->first, n->again};
    n->first = n->again = NULL;
    n->last = &n->first;
    n->queued = 0;
    for (size_t i = 0; i < 2; i++) {
        for (struct question *q = lists[i], *next; q; q = next) {
            next = q->next;
            q->next = NULL;
            answer_unsent(l, n, q);
        }
    }
}

static void pause_lane(struct llm *l, struct lane *n, const struct error *last)
{
    if (n->paused)
        return;
    n->paused = true;
    n->why = *last;
    if (n->failures_in_row > 1)
        error_prefix(&n->why, "%s has paused after %d failures in a row, the last: ", n->endpoint->name,
                     n->failures_in_row);
    else
        error_prefix(&n->why, "%s has paused: ", n->endpoint->name);
    flush(l, n);
}

/* What was estimated before is corrected by what it took, for the pace and for the next estimates. */
static void learn_tokens(struct lane *n, const struct question *q, const struct chat_usage *u)
{
    if (u->in < 0 || u->out < 0)
        return;
    n->mean_out += ((double)u->out - n->mean_out) / 16;
    pace_correct(&n->pace, q->tokens, u->in + u->out);
}

void lane_answer(struct llm *l, struct lane *n, struct question *q, struct llm_answer *a)
{
    bool was_in_flight = q->in_flight;
    a->tag = q->tag;
    a->endpoint = n->index;
    a->attempts = q->attempts;
    memcpy(a->hash, q->hash, sizeof a->hash);
    n->in_flight -= was_in_flight;
    if (a->outcome == LLM_OK) {
        n->failures_in_row = 0;
        learn_tokens(n, q, &a->usage);
        a->cost = endpoint_cost(n->endpoint, a->usage.in, a->usage.out, a->usage.cached);
        record_add(n->record_fd, q, a);
    } else {
        a->usage = (struct chat_usage){-1, -1, -1};
        a->cost = -1;
    }
    struct error error = a->error;
    bool failed = a->outcome == LLM_FAILED || a->outcome == LLM_REFUSED;
    struct answer_node *node = mem_zalloc(1, sizeof *node);
    node->answer = *a;
    *l->last = node;
    l->last = &node->next;
    question_free(q);
    if (failed && was_in_flight && ++n->failures_in_row >= n->endpoint->pause_after && n->endpoint->pause_after > 0)
        pause_lane(l, n, &error);
}

static void try_again(struct llm *l, struct lane *n, struct question *q, const struct lane_failure *f)
{
    int64_t now = clock_mono_ms(), wait = retry_backoff(q->attempts, chance(l));
    if (f->wait_ms >= 0) /* as asked, and a little more, so that not all come in the same instant */
        wait = f->wait_ms + (int64_t)(chance(l) * (f->wait_ms < 1000 ? 50 : 250));
    q->not_before = now + wait;
    if (f->rest && q->not_before > n->hold_until)
        n->hold_until = q->not_before;
    q->in_flight = false;
    n->in_flight--;
    q->next = n->again;
    n->again = q;
    n->queued++;
}

void lane_fail(struct llm *l, struct lane *n, struct question *q, const struct lane_failure *f)
{
    bool too_long = f->wait_ms > LONGEST_REST_MS, hopeless = f->hopeless || too_long;
    if (f->heals && !hopeless && !n->paused && q->attempts <= n->endpoint->retries) {
        try_again(l, n, q, f);
        return;
    }
    struct llm_answer a = {.outcome = f->status < 300 || retry_heals(f->status) ? LLM_FAILED : LLM_REFUSED,
                           .status = f->status,
                           .milliseconds = f->milliseconds,
                           .error = f->error};
    str_add_slice(&a.raw, slice_sub(f->raw, 0, RAW_MAX));
    said_hide_key(&a.raw, n->endpoint->key);
    if (too_long)
        error_prefix(&a.error, "asked to wait %" PRId64 " min: ", f->wait_ms / 60000);
    if (q->attempts > 1) {
        size_t len = strlen(a.error.text);
        snprintf(a.error.text + len, sizeof a.error.text - len, " (%d attempts)", q->attempts);
    }
    struct error why = a.error;
    lane_answer(l, n, q, &a);
    if (hopeless)
        pause_lane(l, n, &why);
}
