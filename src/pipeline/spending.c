#include "pipeline/spending.h"

#include <string.h>

double tokens_guess(const struct chat_request *q)
{
    size_t bytes = 0;
    for (size_t i = 0; i < q->n_messages; i++)
        bytes += strlen(q->messages[i].content) + 16; /* a role and its markers are about four tokens */
    return (double)bytes / 4;
}

static double money(const struct endpoint *e, double in, double out)
{
    double cost = endpoint_cost(e, (int64_t)in, (int64_t)out, 0);
    return cost < 0 ? 0 : cost;
}

struct amount amount_guess(const struct endpoint *e, const struct chat_request *q, double answer)
{
    double in = tokens_guess(q);
    return (struct amount){in + answer, money(e, in, answer)};
}

struct amount amount_of(const struct endpoint *e, const struct chat_usage *u, double cost, struct amount guess)
{
    if (u->in < 0 || u->out < 0)
        return guess;
    double paid = cost < 0 ? money(e, (double)u->in, (double)u->out) : cost;
    return (struct amount){(double)u->in + (double)u->out, paid};
}

bool spending_allows(const struct spending *s, struct amount more)
{
    if (s->budget.tokens > 0 && s->spent.tokens + s->in_flight.tokens + more.tokens > s->budget.tokens)
        return false;
    return !(s->budget.money > 0 && s->spent.money + s->in_flight.money + more.money > s->budget.money);
}

void spending_begin(struct spending *s, struct amount guess)
{
    s->in_flight.tokens += guess.tokens;
    s->in_flight.money += guess.money;
}

void spending_end(struct spending *s, struct amount guess, struct amount took)
{
    s->in_flight.tokens -= guess.tokens;
    s->in_flight.money -= guess.money;
    s->spent.tokens += took.tokens;
    s->spent.money += took.money;
}

void spending_text(struct str *out, const struct spending *s, const char *currency)
{
    str_adds(out, "the budget ends here: ");
    if (s->budget.money > 0)
        str_addf(out, "%.4f of %.2f %s used", s->spent.money, s->budget.money, currency ? currency : "");
    if (s->budget.tokens > 0)
        str_addf(out, "%s%.0f of %.0f tokens used", s->budget.money > 0 ? ", " : "", s->spent.tokens,
                 s->budget.tokens);
}
