/*
 * Where replies come from: one endpoint as the configuration gives it. Plain data; its strings are borrowed from
 * whoever read the configuration (src/app/config.h) and must outlive the llm that uses them.
 */
#ifndef LLM_ENDPOINT_H
#define LLM_ENDPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum endpoint_kind {
    ENDPOINT_OPENAI,    /* chat completions: OpenAI, vLLM, llama.cpp, Ollama and all that speak it */
    ENDPOINT_ANTHROPIC, /* messages */
    ENDPOINT_GEMINI,    /* generateContent */
    ENDPOINT_LOCAL,     /* hinge-train generate on a model of this machine: no key, no network */
    ENDPOINT_REPLAY,    /* answers from a recorded file */
    ENDPOINT_KINDS
};

/* How far an endpoint holds a reply to a JSON schema, the strictest first. */
enum endpoint_structured {
    STRUCTURED_SCHEMA,        /* the schema is sent and enforced there */
    STRUCTURED_OBJECT_SCHEMA, /* the same, by the OpenAI format's json_object with the schema beside it: llama.cpp's way */
    STRUCTURED_OBJECT,        /* "some JSON object" can be asked for */
    STRUCTURED_NONE    /* only the words of the prompt ask for it */
};

struct endpoint {
    const char *name;     /* the section's name in the configuration */
    enum endpoint_kind kind;
    const char *base_url; /* "https://api.openai.com/v1"; NULL for local and replay */
    const char *model;    /* as the server names it; local: a folder or GGUF */
    const char *key;      /* the secret itself, or NULL; never printed, stored or logged */
    const char *key_from; /* where it came from, for messages: "$OPENAI_API_KEY", a path */
    int parallel;         /* requests in flight, 1..256 */
    double requests_per_minute, tokens_per_minute; /* 0: no limit */
    double connect_seconds; /* to be connected */
    double silence_seconds; /* without a byte (a slow first byte counts) */
    double timeout_seconds; /* for one attempt as a whole */
    double price_in, price_out, price_cached; /* money for a million tokens; negative: not known */
    const char *currency;                     /* "USD" */
    const char *const *headers;               /* "Name: value", ends with NULL; may be NULL */
    const char *ca_file, *proxy;              /* NULL: the system's */
    bool plain_http;       /* http to other machines is allowed */
    size_t max_reply;      /* bytes of one reply's body */
    int retries;           /* attempts after the first */
    int pause_after;       /* failures in a row until the endpoint pauses; 0: never */
    enum endpoint_structured structured;
    const char *replay;    /* replay: the file */
    const char *record_to; /* any other: replies are appended here as replay reads them, or NULL */
    const char *adapter, *trainer; /* local: a LoRA folder, the program (hinge-train); may be NULL */
    const char *chat;              /* local: chat format; NULL: the model's own */
    int context;                   /* local: longest sequence in tokens; 0: the program's */
    /* What a request that does not say so gets. */
    int max_tokens;
    bool has_temperature, has_top_p;
    double temperature, top_p;
    bool has_think;        /* the configuration says whether it may think; else only models known to ask are told */
    bool think;            /* local and servers of thinking models: let it think */
    /* Of evals, never of the configuration: */
    const char *identity;  /* hash of the model's own bytes; stored replies then hang on it, not on where it lies. NULL: none */
    bool with_thought;     /* local: the think block stays before the answer */
};

/* "openai", "anthropic", "gemini", "local", "replay". */
const char *endpoint_kind_name(enum endpoint_kind kind);
/* -1 when there is no such kind. */
int endpoint_kind_parse(const char *name);
/* The values of one that says nothing but its kind: the provider's public base URL, 8 in flight, 3 retries... */
void endpoint_defaults(struct endpoint *e, enum endpoint_kind kind);
/* The provider's own base URL; NULL for local and replay. */
const char *endpoint_public_url(enum endpoint_kind kind);
/* Money for that many tokens; negative where a price is not known. in counts all prompt tokens, cached ones
 * included. */
double endpoint_cost(const struct endpoint *e, int64_t in, int64_t out, int64_t cached);

#endif
