#include "llm/chat.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Each field goes in with its length, so that no two lists of fields read alike. */
static void add_text(struct sha256 *h, const char *text)
{
    char length[32];
    int n = snprintf(length, sizeof length, "%zu:", text ? strlen(text) : 0);
    sha256_add(h, (struct slice){text ? length : "-", text ? (size_t)n : 1});
    sha256_add(h, slice_of(text));
}

static void add_number(struct sha256 *h, bool given, double value)
{
    char text[40];
    snprintf(text, sizeof text, "%a", value); /* every bit, in any locale but for the point */
    char *point = strchr(text, ',');
    if (point)
        *point = '.';
    add_text(h, given ? text : NULL);
}

static void add_question(struct sha256 *h, const struct chat_request *q)
{
    for (size_t i = 0; i < q->n_messages; i++) {
        add_text(h, q->messages[i].role);
        add_text(h, q->messages[i].content);
    }
    add_text(h, "");
    add_text(h, q->schema);
    add_number(h, true, q->sample);
}

void chat_hash(const struct endpoint *e, const struct chat_request *q, char out[SHA256_HEX + 1])
{
    struct sha256 *h = sha256_begin();
    char seed[32];
    add_text(h, endpoint_kind_name(e->kind));
    add_text(h, e->base_url);
    add_text(h, e->identity ? e->identity : e->model);
    add_text(h, e->identity ? NULL : e->adapter);
    add_number(h, true, q->max_tokens ? q->max_tokens : e->max_tokens);
    add_number(h, q->has_temperature || e->has_temperature, q->has_temperature ? q->temperature : e->temperature);
    add_number(h, q->has_top_p || e->has_top_p, q->has_top_p ? q->top_p : e->top_p);
    snprintf(seed, sizeof seed, "%" PRId64, q->seed);
    add_text(h, q->has_seed ? seed : NULL);
    add_text(h, e->think ? "think" : e->has_think ? "no think" : NULL);
    if (e->with_thought)
        add_text(h, "with thought");
    add_number(h, q->schema, e->structured);
    add_question(h, q);
    sha256_end(h, out);
}

void chat_question_hash(const struct chat_request *q, char out[SHA256_HEX + 1])
{
    struct sha256 *h = sha256_begin();
    add_question(h, q);
    sha256_end(h, out);
}

static const char *const finishes[] = {"stop", "length", "refused", "other"};

const char *chat_finish_name(enum chat_finish f)
{
    return finishes[f];
}

enum chat_finish chat_finish_parse(const char *name)
{
    for (int i = CHAT_STOP; i < CHAT_OTHER; i++) {
        if (strcmp(finishes[i], name) == 0)
            return (enum chat_finish)i;
    }
    return CHAT_OTHER;
}
