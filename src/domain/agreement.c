#include "domain/agreement.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/mem.h"

enum { DRAWS = 1000, LEAST_DRAWS = 100, WORK = 50000000 };

bool agreement_is_vote(enum record_state state)
{
    return state != STATE_UNDECIDED && state != STATE_SKIPPED && state < RECORD_STATES;
}

enum record_state agreement_kept(enum record_state state)
{
    return state == STATE_EDITED ? STATE_ACCEPTED : state;
}

unsigned agreement_votes(const struct agreement_unit *u)
{
    unsigned sum = 0;
    for (int i = 0; i < RECORD_STATES; i++)
        sum += u->votes[i];
    return sum;
}

double agreement_share(const struct agreement_unit *u, enum record_state state)
{
    unsigned all = agreement_votes(u);
    return all ? (double)u->votes[state] / (double)all : 0;
}

bool agreement_disputed(const struct agreement_unit *u)
{
    int different = 0;
    for (int i = 0; i < RECORD_STATES; i++)
        different += u->votes[i] > 0;
    return different > 1;
}

/* ---- alpha ----------------------------------------------------------------------------------- */

/* What a set of records adds up to: the marginals of the coincidence matrix, and the sum of what
 * lies off its diagonal. */
struct sums {
    double votes[RECORD_STATES];
    double apart;
};

/* Ordered pairs of unequal votes on a record. */
static double unequal_pairs(const struct agreement_unit *u)
{
    double all = agreement_votes(u), pairs = all * all;
    for (int i = 0; i < RECORD_STATES; i++)
        pairs -= (double)u->votes[i] * (double)u->votes[i];
    return pairs;
}

static void add_unit(struct sums *s, const struct agreement_unit *u)
{
    for (int i = 0; i < RECORD_STATES; i++)
        s->votes[i] += u->votes[i];
    s->apart += unequal_pairs(u) / (double)(agreement_votes(u) - 1);
}

/* One minus observed over expected disagreement; false where none is to be expected. */
static bool alpha_of(const struct sums *s, double *alpha)
{
    double n = 0, squares = 0;
    for (int i = 0; i < RECORD_STATES; i++) {
        n += s->votes[i];
        squares += s->votes[i] * s->votes[i];
    }
    double expected = n * n - squares;
    if (expected <= 0)
        return false;
    *alpha = 1 - (n - 1) * s->apart / expected;
    return true;
}

/* splitmix64 (Steele, Lea and Flood 2014). */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = (*state += 0x9E3779B97F4A7C15U);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void bootstrap(struct agreement_alpha *out, const struct agreement_unit *units, size_t n)
{
    size_t draws = n > WORK / DRAWS ? WORK / n : DRAWS;
    if (draws < LEAST_DRAWS)
        draws = LEAST_DRAWS;
    double *alphas = mem_alloc(draws * sizeof *alphas);
    uint64_t seed = 1;
    for (size_t d = 0; d < draws; d++) {
        struct sums s = {.apart = 0};
        for (size_t i = 0; i < n; i++)
            add_unit(&s, &units[next_random(&seed) % n]);
        if (!alpha_of(&s, &alphas[d]))
            alphas[d] = 1; /* a draw in which all votes are alike */
    }
    qsort(alphas, draws, sizeof *alphas, by_value);
    out->low = alphas[draws * 25 / 1000];
    out->high = alphas[draws - 1 - draws * 25 / 1000];
    out->interval = true;
    mem_free(alphas);
}

struct agreement_alpha agreement_alpha(const struct agreement_unit *units, size_t n)
{
    struct agreement_alpha out = {.units = 0};
    struct agreement_unit *shared = mem_alloc((n + 1) * sizeof *shared);
    struct sums s = {.apart = 0};
    for (size_t i = 0; i < n; i++) {
        double votes = agreement_votes(&units[i]);
        if (votes < 2)
            continue;
        shared[out.units++] = units[i];
        add_unit(&s, &units[i]);
        out.raw += 1 - unequal_pairs(&units[i]) / (votes * (votes - 1));
    }
    if (out.units)
        out.raw /= (double)out.units;
    out.defined = alpha_of(&s, &out.alpha);
    if (out.defined && out.units > 1)
        bootstrap(&out, shared, out.units);
    mem_free(shared);
    return out;
}

/* ---- kappa ----------------------------------------------------------------------------------- */

struct agreement_kappa agreement_kappa(const struct agreement_table *t)
{
    double first[RECORD_STATES] = {0}, second[RECORD_STATES] = {0}, same = 0, chance = 0;
    struct agreement_kappa out = {.records = 0};
    for (int x = 0; x < RECORD_STATES; x++)
        for (int y = 0; y < RECORD_STATES; y++) {
            out.records += t->votes[x][y];
            first[x] += t->votes[x][y];
            second[y] += t->votes[x][y];
            same += x == y ? t->votes[x][y] : 0;
        }
    if (out.records == 0)
        return out;
    double n = out.records;
    for (int x = 0; x < RECORD_STATES; x++)
        chance += first[x] / n * (second[x] / n);
    out.raw = same / n;
    out.defined = chance < 1;
    if (out.defined)
        out.kappa = (out.raw - chance) / (1 - chance);
    return out;
}
