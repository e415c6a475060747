/*
 * Asking a model: the project's stored replies first, then the endpoint. A reply that was paid for is committed
 * before it is given out, so that whatever happens after, it is never paid for again; questions that are the same
 * word for word are asked once, also at the same time.
 */
#ifndef PIPELINE_CALLS_H
#define PIPELINE_CALLS_H

#include "db/call_store.h"
#include "db/loop_store.h"
#include "llm/llm.h"
#include "pipeline/step.h"

struct calls; /* calls_close */

/* All borrowed. The budget is the settings', counted over the whole job host->job. */
struct calls *calls_open(struct store *s, const char *step, const struct step_settings *o,
                         const struct step_host *host, struct error *err);
/* Drops what is in flight. NULL is fine. */
void calls_close(struct calls *c);

/* Makes an endpoint ready before anything is asked of it: ERR_USAGE for one that cannot keep a budget in money because
 * its prices are not known. */
int calls_prepare(struct calls *c, const struct endpoint *e, struct error *err);

struct question { /* borrowed for the call */
    const struct endpoint *endpoint;
    struct chat_request request;
    const char *prompt_hash; /* of the template; NULL: none */
    int64_t record;
};
/* 1: asked, its reply comes with calls_next; 0: not asked, because asking has stopped; -1 failed. */
int calls_ask(struct calls *c, const struct question *q, void *owner, struct error *err);
/* 1 when the stored replies hold its answer. */
int calls_known(struct store *s, const struct question *q, struct error *err);

struct reply { /* reply_free */
    void *owner;
    enum llm_outcome outcome;
    bool cached;             /* came from the project, not the endpoint */
    enum chat_finish finish;
    struct stored_call call; /* text and where it came from; strings in the arena. LLM_OK only */
    struct error error;      /* of any other outcome */
    struct arena arena;
};
/* The next reply, stored already: 1, 0 when none is there yet, -1 when the database failed. */
int calls_next(struct calls *c, struct reply *out, struct error *err);
void reply_free(struct reply *r);
/* What a reply's products carry; borrowed from it. */
struct provenance reply_provenance(const struct reply *r, int64_t job);

/* Waits for a reply or one of fds; see llm_wait. Returns at once where a reply is ready or nothing is asked and there
 * are no fds. */
int calls_wait(struct calls *c, int timeout_ms, struct pollfd *fds, size_t n, struct error *err);
size_t calls_pending(const struct calls *c);
/* Forgets all that is asked and not given out, calling gone for each who asked. */
void calls_forget(struct calls *c, void (*gone)(void *owner));

/* From now on nothing more is asked. why NULL: because the host said so. */
void calls_stop(struct calls *c, const char *why);
bool calls_stopped(const struct calls *c);
const char *calls_why(const struct calls *c); /* NULL: the host said so, or it has not stopped */

#endif
