#include "app/likeness.h"

#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "base/hash.h"
#include "base/map.h"
#include "base/mem.h"
#include "text/segment.h"

enum { WORD_MAX = 48 };

/* What a word is besides itself. Keys are stems (see stem), in strcmp order for bsearch. */
struct sense {
    const char *stem;
    const char *means; /* "": carries nothing of its own; NULL: itself */
    int sign;
};
static const struct sense senses[] = {
    {"a", "", 1},           {"abbreviat", "expand", -1}, {"absent", "present", -1}, {"add", "includ", 1},
    {"after", "befor", -1}, {"all", "", 1},              {"alway", "", 1},          {"an", "", 1},
    {"and", "", 1},         {"any", "", 1},              {"are", "", 1},            {"as", "", 1},
    {"assum", "stat", -1},  {"at", "", 1},               {"avoid", "", -1},         {"be", "", 1},
    {"brief", "detail", -1}, {"by", "", 1},              {"cannot", "", -1},        {"can't", "", -1},
    {"chang", "keep", -1},  {"delet", "includ", -1},     {"do", "", 1},             {"doe", "", 1}, {"doesn't", "", -1},
    {"don't", "", -1},      {"drop", "includ", -1},      {"exact", "exact", 1},     {"exclud", "includ", -1},
    {"explicit", "stat", 1}, {"for", "", 1},             {"from", "", 1},           {"guess", "stat", -1},
    {"if", "", 1},          {"implicit", "stat", -1},    {"impli", "stat", -1},   {"in", "", 1},
    {"infer", "stat", -1},  {"inferr", "stat", -1},      {"is", "", 1},             {"it", "", 1},
    {"just", "", 1},        {"last", "first", -1},       {"list", "includ", 1},     {"mention", "stat", 1},
    {"must", "", 1},        {"never", "", -1},           {"no", "", -1},            {"none", "", -1},
    {"nor", "", -1},        {"not", "", -1},             {"of", "", 1},             {"omit", "includ", -1},
    {"omitt", "includ", -1}, {"on", "", 1},              {"only", "", 1},           {"or", "", 1},
    {"remov", "includ", -1}, {"round", "exact", -1},     {"should", "", 1},         {"skip", "includ", -1},
    {"that", "", 1},        {"the", "", 1},              {"thi", "", 1},           {"to", "", 1},
    {"unless", "", 1},      {"was", "", 1},              {"were", "", 1},           {"what", "", 1},
    {"when", "", 1},        {"which", "", 1},            {"with", "", 1},           {"without", "", -1},
};

static int compare_sense(const void *key, const void *row)
{
    return strcmp(key, ((const struct sense *)row)->stem);
}

static const struct sense *find_sense(const char *word)
{
    return bsearch(word, senses, sizeof senses / sizeof *senses, sizeof *senses, compare_sense);
}

/* Strips one English ending, so that "doses" meets "dose" and "stated" meets "state". */
static void stem(char *word)
{
    static const char *const endings[] = {"ations", "ation", "ings", "ing", "edly", "ely", "ies", "ly",
                                          "ed",     "es",    "is",   "e",   "s",    NULL};
    size_t len = strlen(word);
    for (const char *const *e = endings; *e; e++) {
        size_t cut = strlen(*e);
        if (len >= cut + 3 && strcmp(word + len - cut, *e) == 0) {
            bool doubled_s = strcmp(*e, "s") == 0 && word[len - 2] == 's';
            if (!doubled_s)
                word[len - cut] = '\0';
            return;
        }
    }
}

/* Copies a token in lower case (ASCII; other letters as they are); false when it is no word or too long. */
static bool fold(char out[WORD_MAX], const struct tokens *t, const struct token *token)
{
    size_t len = token->to - token->from;
    if ((token->class != TOKEN_WORD && token->class != TOKEN_NUMBER) || len >= WORD_MAX)
        return false;
    for (size_t i = 0; i < len; i++) {
        char c = t->text.at[token->from + i];
        out[i] = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
    }
    out[len] = '\0';
    return true;
}

static int compare_hash(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void sort_and_unite(struct word_set *set)
{
    if (set->count == 0)
        return;
    qsort(set->items, set->count, sizeof *set->items, compare_hash);
    size_t kept = 1;
    for (size_t i = 1; i < set->count; i++)
        if (set->items[i] != set->items[kept - 1])
            set->items[kept++] = set->items[i];
    set->count = kept;
}

static void add_word(struct word_set *set, char *word)
{
    stem(word);
    const struct sense *s = find_sense(word);
    if (s)
        set->sign *= s->sign;
    const char *means = s && s->means ? s->means : word;
    if (!means[0])
        return;
    set->items = array_reserve(set->items, &set->cap, set->count + 1, sizeof *set->items);
    set->items[set->count++] = hash64(slice_of(means));
}

void word_set_read(struct word_set *set, struct slice text)
{
    struct map *interner = map_new();
    struct tokens tokens = {0};
    segment(&tokens, text, interner);
    set->count = 0;
    set->sign = 1;
    for (size_t i = 0; i < tokens.count; i++) {
        char word[WORD_MAX];
        if (fold(word, &tokens, &tokens.items[i]))
            add_word(set, word);
    }
    sort_and_unite(set);
    tokens_free(&tokens);
    map_free(interner);
}

void word_set_free(struct word_set *set)
{
    mem_free(set->items);
    *set = (struct word_set){0};
}

static size_t shared(const struct word_set *a, const struct word_set *b)
{
    size_t count = 0;
    for (size_t i = 0, j = 0; i < a->count && j < b->count;) {
        count += a->items[i] == b->items[j];
        bool step_a = a->items[i] <= b->items[j], step_b = b->items[j] <= a->items[i];
        i += step_a;
        j += step_b;
    }
    return count;
}

double word_set_overlap(const struct word_set *a, const struct word_set *b)
{
    if (a->count == 0 || b->count == 0)
        return 0;
    return 2.0 * (double)shared(a, b) / (double)(a->count + b->count);
}

double word_set_covered(const struct word_set *a, const struct word_set *b)
{
    return a->count ? (double)shared(a, b) / (double)a->count : 0;
}

void rule_words_read(struct rule_words *r, struct slice mistake, struct slice guardrail)
{
    word_set_read(&r->mistake, mistake);
    word_set_read(&r->guardrail, guardrail);
}

void rule_words_free(struct rule_words *r)
{
    word_set_free(&r->mistake);
    word_set_free(&r->guardrail);
}

double rule_likeness(const struct rule_words *a, const struct rule_words *b)
{
    double guardrails = word_set_overlap(&a->guardrail, &b->guardrail);
    if (a->mistake.count == 0 || b->mistake.count == 0)
        return guardrails;
    return 0.7 * guardrails + 0.3 * word_set_overlap(&a->mistake, &b->mistake);
}

bool rule_contradicts(const struct rule_words *a, const struct rule_words *b)
{
    return a->guardrail.sign != b->guardrail.sign &&
           word_set_overlap(&a->guardrail, &b->guardrail) >= 0.6;
}

static int longer_first(const void *a, const void *b)
{
    size_t x = strlen(a), y = strlen(b);
    return x != y ? (x < y) - (x > y) : strcmp(a, b);
}

static bool tells(const char *word)
{
    char stemmed[WORD_MAX];
    snprintf(stemmed, sizeof stemmed, "%s", word);
    stem(stemmed);
    const struct sense *s = find_sense(stemmed);
    return !(s && s->means && !s->means[0]);
}

void telling_words(struct str *out, struct slice text, size_t max)
{
    struct map *interner = map_new();
    struct tokens tokens = {0};
    segment(&tokens, text, interner);
    char(*words)[WORD_MAX] = mem_zalloc(tokens.count + 1, sizeof *words);
    size_t count = 0;
    for (size_t i = 0; i < tokens.count; i++)
        if (fold(words[count], &tokens, &tokens.items[i]) && tells(words[count]))
            count++;
    qsort(words, count, sizeof *words, longer_first);
    size_t given = 0;
    for (size_t i = 0; i < count && given < max; i++) {
        if (i > 0 && strcmp(words[i], words[i - 1]) == 0)
            continue;
        str_addf(out, "%s%s", given++ ? " " : "", words[i]);
    }
    mem_free(words);
    tokens_free(&tokens);
    map_free(interner);
}
