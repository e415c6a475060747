#include "experiments/rouge.h"

#include <ctype.h>
#include <string.h>

#include "base/array.h"
#include "base/json.h"
#include "base/map.h"
#include "base/mem.h"

struct words {
    uint64_t *items; /* the same number for the same word */
    size_t count, cap;
};

static bool is_word(char c)
{
    unsigned char u = (unsigned char)c;
    return u < 0x80 && isalnum(u);
}

static void read_words(struct words *w, struct map *known, struct slice text)
{
    struct str word = {0};
    for (size_t i = 0; i <= text.len; i++) {
        if (i < text.len && is_word(text.at[i])) {
            str_addc(&word, (char)tolower((unsigned char)text.at[i]));
            continue;
        }
        if (word.len) {
            w->items = array_reserve(w->items, &w->cap, w->count + 1, sizeof *w->items);
            w->items[w->count++] = map_intern(known, str_slice(&word));
        }
        str_clear(&word);
    }
    str_free(&word);
}

/* Length of the longest common subsequence, row by row. */
static size_t common_words(const struct words *a, const struct words *b)
{
    size_t *row = mem_zalloc(b->count + 1, sizeof *row);
    for (size_t i = 0; i < a->count; i++) {
        size_t left_above = 0;
        for (size_t k = 0; k < b->count; k++) {
            size_t above = row[k + 1];
            if (a->items[i] == b->items[k])
                row[k + 1] = left_above + 1;
            else if (row[k] > above)
                row[k + 1] = row[k];
            left_above = above;
        }
    }
    size_t longest = row[b->count];
    mem_free(row);
    return longest;
}

struct rouge rouge_l(struct slice text, struct slice reference)
{
    struct words a = {0}, b = {0};
    struct map *known = map_new();
    read_words(&a, known, text);
    read_words(&b, known, reference);
    struct rouge r = {.words = a.count, .reference_words = b.count, .common = common_words(&a, &b)};
    if (r.common)
        r.f1 = 2.0 * (double)r.common / (double)(a.count + b.count);
    map_free(known);
    mem_free(a.items);
    mem_free(b.items);
    return r;
}

int rouge_answer(struct str *out, struct slice question, struct error *err)
{
    struct json *j = json_parse(question, NULL, err);
    if (!j)
        return error_prefix(err, "the question is no JSON: ");
    const struct json *output = json_get(j, "output"), *reference = json_get(json_get(j, "meta"), "reference");
    int result = 0;
    if (json_type(output) != JSON_STRING)
        result = error_set(err, ERR_INPUT, "the question has no text \"output\"");
    else if (json_type(reference) != JSON_STRING)
        result = error_set(err, ERR_INPUT, "the record's meta has no text \"reference\" to compare with");
    if (result == 0) {
        struct rouge r = rouge_l(slice_of(json_string(output, "")), slice_of(json_string(reference, "")));
        struct json *answer = json_new_object();
        struct str rationale = {0};
        str_addf(&rationale, "%zu words in the reference's order, of %zu written and %zu wanted.", r.common, r.words,
                 r.reference_words);
        json_set_number(answer, "score", r.f1);
        json_set_string(answer, "rationale", rationale.at);
        json_print(out, answer);
        str_addc(out, '\n');
        json_free(answer);
        str_free(&rationale);
    }
    json_free(j);
    return result;
}
