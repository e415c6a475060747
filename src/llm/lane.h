/*
 * Inside the room: a lane is one endpoint with its queue, its pace and how it has been doing. How a question gets its
 * answer is a row of functions (struct lane_ops): over HTTP, from a program of this machine, from a recording.
 *
 * A question is in exactly one place: the queue, the list of those that wait to be tried again, or in flight, where
 * its ops hold it. It leaves by lane_answer alone, which makes one answer of it.
 */
#ifndef LLM_LANE_H
#define LLM_LANE_H

#include "llm/llm.h"
#include "llm/pace.h"
#include "llm/transport.h"

enum { RAW_MAX = 64 << 10 };

struct question {
    struct question *next;
    void *tag;
    char hash[SHA256_HEX + 1], asked[SHA256_HEX + 1]; /* of the request, of the question alone */
    char *label;
    struct str body;      /* what is posted, or the line given to hinge-train */
    int64_t not_before;   /* monotonic ms */
    int64_t tokens;       /* estimated for the pace */
    int attempts;
    bool in_flight;
    struct { /* local: what its batch must share */
        int max_tokens;
        double temperature, top_p;
        int64_t seed;
        bool has_seed;
    } with;
};

struct lane;

struct lane_ops {
    int (*open)(struct llm *l, struct lane *n, struct error *err);
    void (*close)(struct lane *n);
    /* Fills body from the question as asked. */
    int (*write)(struct lane *n, const struct chat_request *r, struct question *q, struct error *err);
    bool (*accepts)(const struct lane *n, const struct question *q); /* NULL: whenever there is room */
    void (*start)(struct llm *l, struct lane *n, struct question *q);
    void (*go)(struct llm *l, struct lane *n);       /* all that fit have been started; may be NULL */
    int (*descriptor)(const struct lane *n);         /* to poll for reading, -1 for none; may be NULL */
    void (*ready)(struct llm *l, struct lane *n);    /* the descriptor is */
};
extern const struct lane_ops lane_http, lane_local, lane_replay;

struct lane {
    const struct endpoint *endpoint;
    const struct lane_ops *ops;
    void *own; /* the ops' state */
    int index;
    struct question *first, **last; /* not yet tried */
    struct question *again;         /* to be tried again */
    size_t queued;                  /* in both */
    int in_flight, most;
    struct pace pace;
    double mean_out;      /* tokens of an answer, so far */
    int failures_in_row;
    bool paused;
    struct error why;
    int64_t hold_until;   /* monotonic ms: the server asked for a rest */
    int record_fd;        /* record_to, or -1 */
};

struct answer_node {
    struct answer_node *next;
    struct llm_answer answer;
};

struct llm {
    struct transport *transport; /* opened with the first endpoint that needs it */
    struct lane **lanes;
    size_t count, cap;
    struct answer_node *first, **last;
    uint64_t chance; /* state of the jitter */
};

/* Starts what may start now. */
void lane_pump(struct llm *l, struct lane *n, int64_t now);
/* When it would be worth pumping again, INT64_MAX for not before something happens. */
int64_t lane_wake(const struct lane *n, int64_t now);
void lane_queue(struct llm *l, struct lane *n, struct question *q);
/* q is answered by *a (outcome, text, usage, error and so on set; the rest is filled in) and freed. */
void lane_answer(struct llm *l, struct lane *n, struct question *q, struct llm_answer *a);

struct lane_failure { /* why an attempt came to nothing */
    bool heals;         /* another attempt may succeed */
    bool hopeless;      /* nothing sent to this endpoint can succeed until a person acts: it pauses */
    bool rest;          /* the whole endpoint is to rest, not this question alone */
    int64_t wait_ms;    /* as the server asked, -1: it did not */
    int status;
    int64_t milliseconds;
    struct slice raw;   /* what came but could not be read */
    struct error error;
};
/* Queues q for another attempt, or answers it as refused or failed. */
void lane_fail(struct llm *l, struct lane *n, struct question *q, const struct lane_failure *f);
void lane_free(struct lane *n);
void question_free(struct question *q);

/* A result of the transport belongs to the HTTP lane whose question is its tag. */
void lane_http_result(struct llm *l, struct http_result *r);

/* Appends what a server says, fit for a message: no control or bidi characters, at most some 200 bytes, without the
 * key, and nothing at all when it repeats words of the question. */
void said_add(struct str *out, struct slice message, const char *key, struct slice question);
/* Overwrites each occurrence of the key by stars. */
void said_hide_key(struct str *text, const char *key);

/* Recording: opens record_to (0600, -1 for none asked for, -2 and err on failure), and appends one answer. */
int record_open(const struct endpoint *e, struct error *err);
void record_add(int fd, const struct question *q, const struct llm_answer *a);

#endif
