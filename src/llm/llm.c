#include "llm/llm.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/mem.h"
#include "llm/lane.h"

enum { FIRST_MEAN_OUT = 512, REPLAY_AT_ONCE = 1 << 20, LANES_MAX = 64 };

struct llm *llm_open(struct error *err)
{
    (void)err;
    struct llm *l = mem_zalloc(1, sizeof *l);
    l->last = &l->first;
    l->chance = (uint64_t)clock_now_ms() * 0x9E3779B97F4A7C15u | 1;
    return l;
}

void llm_close(struct llm *l)
{
    if (!l)
        return;
    struct llm_answer a;
    while (llm_next(l, &a))
        llm_answer_free(&a);
    transport_close(l->transport); /* first: what it sends is the lanes' */
    for (size_t i = 0; i < l->count; i++)
        lane_free(l->lanes[i]);
    mem_free(l->lanes);
    mem_free(l);
}

static const struct lane_ops *ops_of(enum endpoint_kind kind)
{
    if (kind == ENDPOINT_LOCAL)
        return &lane_local;
    return kind == ENDPOINT_REPLAY ? &lane_replay : &lane_http;
}

int llm_add(struct llm *l, const struct endpoint *e, struct error *err)
{
    struct lane *n = mem_zalloc(1, sizeof *n);
    n->endpoint = e;
    n->ops = ops_of(e->kind);
    n->index = (int)l->count;
    n->last = &n->first;
    n->most = e->parallel < 1 ? 1 : e->parallel > 256 ? 256 : e->parallel;
    n->mean_out = e->max_tokens > 0 && e->max_tokens < FIRST_MEAN_OUT ? e->max_tokens : FIRST_MEAN_OUT;
    pace_init(&n->pace, e->requests_per_minute, e->tokens_per_minute, clock_mono_ms());
    n->record_fd = record_open(e, err);
    if (n->record_fd == -2 || l->count == LANES_MAX || n->ops->open(l, n, err) != 0) {
        lane_free(n);
        return error_prefix(err, "endpoint %s: ", e->name);
    }
    l->lanes = array_reserve(l->lanes, &l->cap, l->count + 1, sizeof *l->lanes);
    l->lanes[l->count++] = n;
    return n->index;
}

int llm_submit(struct llm *l, int endpoint, const struct chat_request *r, void *tag, struct error *err)
{
    struct lane *n = l->lanes[endpoint];
    struct question *q = mem_zalloc(1, sizeof *q);
    q->tag = tag;
    q->label = mem_strdup(r->label ? r->label : "");
    chat_hash(n->endpoint, r, q->hash);
    if (n->record_fd >= 0 || n->endpoint->kind == ENDPOINT_REPLAY)
        chat_question_hash(r, q->asked);
    if (n->ops->write(n, r, q, err) != 0) {
        question_free(q);
        return error_prefix(err, "%s: ", n->endpoint->name);
    }
    lane_queue(l, n, q);
    return 0;
}

void llm_answer_free(struct llm_answer *a)
{
    str_free(&a->text);
    str_free(&a->raw);
}

bool llm_next(struct llm *l, struct llm_answer *out)
{
    struct answer_node *node = l->first;
    if (!node)
        return false;
    l->first = node->next;
    if (!l->first)
        l->last = &l->first;
    *out = node->answer;
    mem_free(node);
    return true;
}

void llm_state(const struct llm *l, int endpoint, struct llm_state *out)
{
    const struct lane *n = l->lanes[endpoint];
    int64_t now = clock_mono_ms(), wake = n->queued ? lane_wake(n, now) : INT64_MAX;
    *out = (struct llm_state){.queued = n->queued,
                              .in_flight = (size_t)n->in_flight,
                              .failures_in_row = n->failures_in_row,
                              .paused = n->paused,
                              .why = n->why};
    if (wake != INT64_MAX && wake > now)
        out->retry_at = clock_now_ms() + (wake - now);
}

/* Starts what may start; returns when the next one may. *busy: something is queued or in flight. */
static int64_t pump(struct llm *l, int64_t now, bool *busy)
{
    int64_t wake = INT64_MAX;
    *busy = false;
    for (size_t i = 0; i < l->count; i++) {
        struct lane *n = l->lanes[i];
        lane_pump(l, n, now);
        int64_t at = lane_wake(n, now);
        wake = at < wake ? at : wake;
        *busy = *busy || n->queued || n->in_flight;
    }
    return wake;
}

static int poll_alone(struct pollfd *fds, size_t n, int timeout_ms, struct error *err)
{
    int ready = poll(fds, (nfds_t)n, timeout_ms);
    if (ready < 0 && errno != EINTR && errno != EAGAIN)
        return error_errno(err, "waiting");
    for (size_t i = 0; ready <= 0 && i < n; i++)
        fds[i].revents = 0;
    return 0;
}

/* The caller's descriptors and those of the lanes that have one, in one poll. */
static int wait_once(struct llm *l, int timeout_ms, struct pollfd *fds, size_t n_fds, struct error *err)
{
    struct pollfd *all = mem_zalloc(n_fds + l->count + 1, sizeof *all);
    struct lane *who[LANES_MAX];
    size_t own = 0;
    for (size_t i = 0; i < n_fds; i++)
        all[i] = fds[i];
    for (size_t i = 0; i < l->count; i++) {
        struct lane *n = l->lanes[i];
        int fd = n->ops->descriptor ? n->ops->descriptor(n) : -1;
        if (fd < 0)
            continue;
        who[own] = n;
        all[n_fds + own++] = (struct pollfd){.fd = fd, .events = POLLIN};
    }
    int result = l->transport ? transport_wait(l->transport, timeout_ms, all, n_fds + own, err)
                              : poll_alone(all, n_fds + own, timeout_ms, err);
    for (size_t i = 0; i < n_fds; i++)
        fds[i].revents = all[i].revents;
    for (size_t i = 0; result == 0 && i < own; i++) {
        if (all[n_fds + i].revents)
            who[i]->ops->ready(l, who[i]);
    }
    mem_free(all);
    return result;
}

static void take_results(struct llm *l)
{
    struct http_result r;
    while (l->transport && transport_next(l->transport, &r)) {
        lane_http_result(l, &r);
        http_result_free(&r);
    }
}

static bool any_ready(const struct pollfd *fds, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (fds[i].revents)
            return true;
    }
    return false;
}

int llm_wait(struct llm *l, int timeout_ms, struct pollfd *fds, size_t n_fds, struct error *err)
{
    int64_t now = clock_mono_ms(), until = timeout_ms < 0 ? INT64_MAX : now + timeout_ms;
    for (;;) {
        bool busy;
        int64_t wake = pump(l, now, &busy);
        if (!busy && !l->first && n_fds == 0)
            return 0; /* nothing can come */
        if (until < wake)
            wake = until;
        if (l->first)
            wake = now;
        int64_t ms = wake == INT64_MAX ? -1 : wake > now ? wake - now : 0;
        if (wait_once(l, ms > 1 << 30 ? 1 << 30 : (int)ms, fds, n_fds, err) != 0)
            return -1;
        take_results(l);
        now = clock_mono_ms();
        if (l->first || any_ready(fds, n_fds) || now >= until)
            break;
    }
    pump(l, now, &(bool){false}); /* what a finished one left room for goes before the caller is busy with it */
    return 0;
}
