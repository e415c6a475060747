/* A budget in money or tokens: what was spent, and what is in flight by estimate. */
#ifndef PIPELINE_SPENDING_H
#define PIPELINE_SPENDING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "llm/chat.h"

struct amount {
    double tokens, money;
};

struct spending {
    struct amount budget; /* 0: none */
    struct amount spent, in_flight;
};

/* One question by the length of its messages (UTF-8 bytes / 4) and the tokens that an answer is thought to have. */
struct amount amount_guess(const struct endpoint *e, const struct chat_request *q, double answer);
/* Tokens of the messages alone, by the same guess. */
double tokens_guess(const struct chat_request *q);
/* What an answer took; the guess stands in for what the server did not say. */
struct amount amount_of(const struct endpoint *e, const struct chat_usage *u, double cost, struct amount guess);

/* True when one more of that size still fits beside what is in flight. */
bool spending_allows(const struct spending *s, struct amount more);
void spending_begin(struct spending *s, struct amount guess);
void spending_end(struct spending *s, struct amount guess, struct amount took);
/* "the budget of 2.00 USD is spent: 1.9931 USD used": appends. */
void spending_text(struct str *out, const struct spending *s, const char *currency);

#endif
