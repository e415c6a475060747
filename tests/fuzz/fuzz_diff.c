/* Both layers of the diff on any two texts (the input, cut at its first 0xFE byte): ops cover both in order,
 * kept words are equal, moves lie inside. The same for tokens as for texts. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/utf8.h"
#include "text/diff.h"
#include "text/unicode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static size_t skip_blank(struct slice text, size_t at)
{
    while (at < text.len) {
        uint32_t c;
        size_t len = utf8_decode(text.at + at, text.len - at, &c);
        if (c == UTF8_BAD || !unicode_is_space(c))
            break;
        at += len;
    }
    return at;
}

/* Equal but for blanks, which cannot stand inside a character. */
static void must_match(struct slice a, struct slice b)
{
    size_t i = skip_blank(a, 0), j = skip_blank(b, 0);
    while (i < a.len && j < b.len) {
        uint32_t c, d;
        size_t n = utf8_decode(a.at + i, a.len - i, &c), m = utf8_decode(b.at + j, b.len - j, &d);
        must(n == m && memcmp(a.at + i, b.at + j, n) == 0);
        i = skip_blank(a, i + n);
        j = skip_blank(b, j + m);
    }
    must(i == a.len && j == b.len);
}

static void check(struct slice a, struct slice b, const struct diff *d)
{
    size_t a_at = 0, b_at = 0;
    for (size_t i = 0; i < d->n_ops; i++) {
        const struct diff_op *op = &d->ops[i];
        must(op->a_from == a_at && op->b_from == b_at && op->a_to >= a_at && op->b_to >= b_at);
        must(op->kind != DIFF_DELETE || op->b_to == b_at);
        must(op->kind != DIFF_INSERT || op->a_to == a_at);
        if (op->kind == DIFF_KEEP)
            must_match(slice_sub(a, a_at, op->a_to), slice_sub(b, b_at, op->b_to));
        a_at = op->a_to;
        b_at = op->b_to;
    }
    must(a_at == a.len && b_at == b.len);
    for (size_t i = 0; i < d->n_moves; i++) {
        const struct diff_move *m = &d->moves[i];
        must(m->a_from < m->a_to && m->a_to <= a.len && m->b_from < m->b_to && m->b_to <= b.len);
        must_match(slice_sub(a, m->a_from, m->a_to), slice_sub(b, m->b_from, m->b_to));
    }
}

static bool same_diff(const struct diff *x, const struct diff *y)
{
    if (x->n_ops != y->n_ops)
        return false;
    for (size_t i = 0; i < x->n_ops; i++)
        if (x->ops[i].kind != y->ops[i].kind || x->ops[i].a_to != y->ops[i].a_to ||
            x->ops[i].b_to != y->ops[i].b_to)
            return false;
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *cut = size ? memchr(data, 0xFE, size) : NULL;
    size_t n = cut ? (size_t)(cut - data) : size / 2, skip = cut ? 1 : 0;
    struct slice a = {(const char *)data, n}, b = {(const char *)data + n + skip, size - n - skip};
    struct map *interner = map_new();
    struct tokens ta = {.items = NULL}, tb = {.items = NULL};
    segment(&ta, a, interner);
    segment(&tb, b, interner);
    for (int layer = DIFF_EXACT; layer <= DIFF_READABLE; layer++) {
        struct diff *texts = diff_texts(a, b, (enum diff_layer)layer);
        struct diff *tokens = diff_tokens(&ta, &tb, (enum diff_layer)layer);
        check(a, b, texts);
        must(same_diff(texts, tokens));
        diff_free(texts);
        diff_free(tokens);
    }
    tokens_free(&ta);
    tokens_free(&tb);
    map_free(interner);
    return 0;
}
