/*
 * The door of the room: questions go in, answers come out, in any order, for any number of endpoints at once. One
 * thread, one libcurl multi loop; retries, rates, pauses and connection reuse happen inside. An answer that was paid
 * for is given out exactly once; storing it is the caller's business, and the caller stores it before it acts on it.
 */
#ifndef LLM_LLM_H
#define LLM_LLM_H

#include "llm/chat.h"

struct llm; /* llm_close frees */

struct llm *llm_open(struct error *err);
/* Stops what is in flight without an answer. NULL is fine. */
void llm_close(struct llm *l);

/* Adds an endpoint (borrowed until llm_close); returns its number, or -1 and err when it cannot be used: no key, plain
 * http to another machine, a replay file that cannot be read, no hinge-train. */
int llm_add(struct llm *l, const struct endpoint *e, struct error *err);

/* Queues a question (copied). tag comes back with its answer. -1 and err only for a request that cannot be
 * written; what goes wrong on the way is an answer. */
int llm_submit(struct llm *l, int endpoint, const struct chat_request *q, void *tag, struct error *err);

enum llm_outcome {
    LLM_OK,
    LLM_REFUSED, /* the server will never answer this one: 400, 401, 403, 404, 413, 422 ... */
    LLM_FAILED,  /* every attempt failed: the same question may succeed later */
    LLM_PAUSED   /* never sent: the endpoint has paused */
};

struct llm_answer { /* owned by the receiver: llm_answer_free */
    void *tag;
    int endpoint;
    enum llm_outcome outcome;
    struct str text;         /* the reply's words, repaired UTF-8 without NUL; LLM_OK only */
    enum chat_finish finish;
    struct chat_usage usage;
    double cost;             /* negative: not known */
    char model[128];         /* as the server reports it, "" when it does not */
    char hash[SHA256_HEX + 1];
    int attempts, status;    /* HTTP status of the last attempt, 0 for none */
    int64_t milliseconds;    /* from the first byte sent to the last received, last attempt */
    struct str raw;          /* what was received but could not be read (at most 64 KiB), else empty */
    struct error error;      /* for the person: what happened, what to do; never holds a key or prompt text */
};
void llm_answer_free(struct llm_answer *a);

/* Works until an answer is ready, one of the caller's descriptors is, or the time is over (ms; -1: no limit).
 * fds may be NULL; their revents are set. -1 and err only when the loop itself broke. */
struct pollfd;
int llm_wait(struct llm *l, int timeout_ms, struct pollfd *fds, size_t n_fds, struct error *err);
/* The next answer that is ready, if any. */
bool llm_next(struct llm *l, struct llm_answer *out);

/* How an endpoint does, for progress and the jobs view. */
struct llm_state {
    size_t queued, in_flight;
    int failures_in_row;
    bool paused;
    struct error why; /* of the pause: the last failure */
    int64_t retry_at; /* ms clock when a rate limit or Retry-After lets the next one go; 0: now */
};
void llm_state(const struct llm *l, int endpoint, struct llm_state *out);

#endif
