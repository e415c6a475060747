/*
 * A wire format: how a question is written for one kind of server and its answer read. Pure: no network, no clock.
 * Sources: the public API references of OpenAI (chat completions), Anthropic (messages) and Gemini (generateContent),
 * and vLLM's and llama.cpp's pages on what they add to the first.
 */
#ifndef LLM_WIRE_H
#define LLM_WIRE_H

#include "base/json.h"
#include "llm/chat.h"

struct wire_reply { /* wire_reply_free */
    struct str text;
    enum chat_finish finish;
    struct chat_usage usage;
    char model[128];
};
void wire_reply_free(struct wire_reply *r);

struct wire {
    const char *header;   /* "Name: value" that every request carries, or NULL */
    const char *key_line; /* what stands before the key in its header: "x-api-key: " */
    bool idempotent;      /* an Idempotency-Key is understood */
    /* Appends the URL a question to this endpoint is posted to. */
    void (*url)(const struct endpoint *e, struct str *out);
    /* The request's body; the caller frees. NULL and err when the question cannot be put (no messages...). */
    struct json *(*write)(const struct endpoint *e, const struct chat_request *q, struct error *err);
    /* Reads a body that came with status 200; -1 and err when it is not an answer. out is zeroed before. */
    int (*read)(const struct json *body, struct wire_reply *out, struct error *err);
};

/* NULL for kinds that are not spoken to over HTTP. */
const struct wire *wire_of(enum endpoint_kind kind);

/* What a body of any of them says went wrong: the message for people, the code for programs ("insufficient_quota"),
 * and in how many ms to come again (-1: not said). Empty where it says nothing. Appends. */
struct wire_fault {
    struct str message, code;
    int64_t retry_ms;
    int status; /* named inside the body, 0: none */
};
void wire_read_fault(const struct json *body, struct wire_fault *out);
void wire_fault_free(struct wire_fault *f);

/* Text of a reply as it came: repaired, parsed, read. On failure err says what was wrong without its text. */
int wire_read_text(const struct wire *w, struct slice body, struct wire_reply *out, struct error *err);

/* For the writers: parameters after defaults. */
int wire_max_tokens(const struct endpoint *e, const struct chat_request *q);
void wire_sampling(struct json *object, const struct endpoint *e, const struct chat_request *q,
                   const char *temperature, const char *top_p);
/* All system messages joined by empty lines; false when there are none. */
bool wire_system(const struct chat_request *q, struct str *out);
/* A copy of the schema without the keywords named in drop (ends with NULL); NULL and err when it is no JSON object. */
struct json *wire_schema(const char *schema, const char *const *drop, struct error *err);
/* For the readers: a whole number or -1. */
int64_t wire_count(const struct json *object, const char *name);
void wire_model(struct wire_reply *out, const struct json *name);

extern const struct wire wire_openai, wire_anthropic, wire_gemini;

#endif
