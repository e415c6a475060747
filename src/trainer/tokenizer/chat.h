/*
 * Chat formats: a list of messages as the text a model was trained on, equal to what its template in
 * transformers gives. A format is recognised by what its template must and must not hold; a template
 * that fits none is refused.
 */
#ifndef TRAINER_TOKENIZER_CHAT_H
#define TRAINER_TOKENIZER_CHAT_H

#include "base/error.h"
#include "base/str.h"

struct chat_message {
    struct slice role, content; /* role: system, user or assistant */
};

struct chat_format;

/* By name: chatml, qwen3, qwen2.5, smollm2, llama3, llama3.1. Static; NULL and err when unknown. */
const struct chat_format *chat_find(const char *name, struct error *err);
/* By the text of a Jinja template. */
const struct chat_format *chat_detect(struct slice template, struct error *err);
const char *chat_name(const struct chat_format *f);
/* The token that ends a turn. */
const char *chat_end(const struct chat_format *f);
/* Appends the messages and the opening of the assistant's turn. */
int chat_render(const struct chat_format *f, const struct chat_message *messages, size_t count,
                struct str *out, struct error *err);

#endif
