/* One question to a model and its answer, whatever the wire format. */
#ifndef LLM_CHAT_H
#define LLM_CHAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/str.h"
#include "llm/endpoint.h"

struct chat_message {
    const char *role; /* system, user, assistant */
    const char *content; /* valid UTF-8 */
};

struct chat_request { /* all borrowed; llm_submit copies */
    const struct chat_message *messages;
    size_t n_messages;
    int max_tokens;          /* 0: the endpoint's */
    bool has_temperature, has_top_p;
    double temperature, top_p;
    bool has_seed;
    int64_t seed;
    const char *schema;      /* JSON schema (text) the reply must fit, or NULL for free text */
    const char *schema_name; /* "verdict" */
    int sample;              /* 0, 1, ...: which of several answers to the same question this is */
    const char *label;       /* "distill ed-0143 1": what a recording is looked up by; never sent, not hashed */
};

/* SHA-256 of all that decides the reply: kind, base URL, model, parameters after defaults, messages, schema,
 * sample. Not the key, not the label. */
void chat_hash(const struct endpoint *e, const struct chat_request *q, char out[SHA256_HEX + 1]);

/* SHA-256 of the question alone (messages, schema, sample): what a recording is looked up by, whoever answered. */
void chat_question_hash(const struct chat_request *q, char out[SHA256_HEX + 1]);

struct chat_usage {
    int64_t in, out, cached; /* tokens; in counts cached ones too; -1: the server did not say */
};

enum chat_finish { CHAT_STOP, CHAT_LENGTH, CHAT_REFUSED, CHAT_OTHER }; /* REFUSED: a safety filter */
const char *chat_finish_name(enum chat_finish f); /* "stop", "length", "refused", "other" */
enum chat_finish chat_finish_parse(const char *name); /* CHAT_OTHER for any other word */

#endif
