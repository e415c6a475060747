#include "llm/endpoint.h"

#include <string.h>

static const char *const names[ENDPOINT_KINDS] = {"openai", "anthropic", "gemini", "local", "replay"};

const char *endpoint_kind_name(enum endpoint_kind kind)
{
    return names[kind];
}

int endpoint_kind_parse(const char *name)
{
    for (int i = 0; i < ENDPOINT_KINDS; i++) {
        if (strcmp(names[i], name) == 0)
            return i;
    }
    return -1;
}

const char *endpoint_public_url(enum endpoint_kind kind)
{
    static const char *const urls[ENDPOINT_KINDS] = {
        "https://api.openai.com/v1", "https://api.anthropic.com/v1",
        "https://generativelanguage.googleapis.com/v1beta", NULL, NULL};
    return urls[kind];
}

void endpoint_defaults(struct endpoint *e, enum endpoint_kind kind)
{
    bool free_of_charge = kind == ENDPOINT_LOCAL || kind == ENDPOINT_REPLAY;
    double price = free_of_charge ? 0 : -1;
    *e = (struct endpoint){
        .kind = kind,
        .base_url = endpoint_public_url(kind),
        .parallel = kind == ENDPOINT_LOCAL ? 16 : 8,
        .connect_seconds = 15,
        .silence_seconds = 180, /* a thinking model says nothing for minutes */
        .timeout_seconds = 600,
        .price_in = price,
        .price_out = price,
        .price_cached = price,
        .currency = "USD",
        .max_reply = (size_t)8 << 20,
        .retries = 3,
        .pause_after = 10,
        .structured = free_of_charge ? STRUCTURED_NONE : STRUCTURED_SCHEMA,
        /* Gemini's thoughts count as output. */
        .max_tokens = kind == ENDPOINT_GEMINI ? 16384 : kind == ENDPOINT_LOCAL ? 1024 : 4096,
    };
}

double endpoint_cost(const struct endpoint *e, int64_t in, int64_t out, int64_t cached)
{
    if (e->price_in == 0 && e->price_out == 0)
        return 0; /* whatever it took */
    if (e->price_in < 0 || e->price_out < 0 || in < 0 || out < 0)
        return -1;
    double fresh = (double)in, again = 0;
    if (cached > 0 && cached <= in && e->price_cached >= 0) {
        fresh = (double)(in - cached);
        again = (double)cached;
    }
    return (fresh * e->price_in + again * (again > 0 ? e->price_cached : 0) + (double)out * e->price_out) / 1e6;
}
