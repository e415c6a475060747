/*
 * One question of a flow to a model, with what is done until its answer can be used: a reply that does not fit its
 * schema gets one repair request. Where everything that could not be read came out of the project's stored replies,
 * as when a failed record is retried, it is asked anew as another sample instead of failing the same way again.
 */
#ifndef PIPELINE_INQUIRY_H
#define PIPELINE_INQUIRY_H

#include "base/json.h"
#include "pipeline/step_parts.h"

struct inquiry;

struct inquiry_result { /* borrowed for the call */
    const struct json *value;  /* that fits the schema; NULL without a schema or with a fault */
    struct slice text;         /* the reply's words */
    const struct reply *reply; /* the last one */
    const char *fault;         /* why it could not be used, or NULL; never holds the reply's words */
    bool cached;               /* every reply came from the project */
};

struct inquiry_spec { /* copied, but for schema and the functions */
    const struct endpoint *endpoint;
    const struct chat_message *messages;
    size_t n_messages;
    const char *prompt_hash, *label;
    const char *schema, *schema_name; /* NULL: free text, of which only emptiness and cuts are faults */
    int sample;
    bool any_text;                    /* free text: an empty or cut one is an answer too */
    void *owner;
    size_t index;
    /* What the schema cannot say: -1 and why makes the answer a fault too. May be NULL. */
    int (*check)(void *owner, size_t index, const struct json *value, struct error *why);
    int (*answered)(struct flow *f, void *owner, size_t index, const struct inquiry_result *r, struct error *err);
    void (*gone)(void *owner); /* called once, last of all, whatever came of it; may be NULL */
};

/* Asks; when asking has stopped, the flow is dropped. A question that never gets an answer fails its flow. */
int inquiry_start(struct flow *f, const struct inquiry_spec *spec, struct error *err);
/* For the run: a reply whose owner is an inquiry. Frees it when it is answered. */
int inquiry_reply(struct inquiry *q, const struct reply *r, struct error *err);
struct flow *inquiry_flow(const struct inquiry *q);
void inquiry_free(struct inquiry *q);

/* The question as it is sent first: words that ask for the schema are added where the endpoint does not enforce it. */
void inquiry_question(struct question *out, const struct inquiry_spec *spec, const struct step_settings *o,
                      struct chat_message *messages /* n_messages of them */, struct str *last, int64_t record);

#endif
