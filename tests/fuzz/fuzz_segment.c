/* Words and sentences of any bytes cover them without gaps, and a word never cuts a cluster. */
#include <stdint.h>
#include <stdlib.h>

#include "base/map.h"
#include "text/segment.h"
#include "text/unicode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void check_words(struct slice text)
{
    struct map *interner = map_new();
    struct tokens t = {.items = NULL};
    segment(&t, text, interner);
    size_t at = 0, cluster = 0;
    for (size_t i = 0; i < t.count; i++) {
        const struct token *token = &t.items[i];
        must(token->from == at && token->to > at && token->class <= TOKEN_BREAK);
        must(slice_eq(map_key(interner, token->id), slice_sub(text, token->from, token->to)));
        must(tokens_find(&t, at) == i);
        at = token->to;
        while (cluster < at)
            cluster += unicode_grapheme(text, cluster);
        must(cluster == at);
    }
    must(at == text.len);
    tokens_free(&t);
    map_free(interner);
}

static void check_sentences(struct slice text)
{
    struct ranges r = {.items = NULL};
    sentences(&r, text);
    size_t at = 0;
    for (size_t i = 0; i < r.count; i++) {
        must(r.items[i].from == at && r.items[i].to > at);
        at = r.items[i].to;
    }
    must(at == text.len);
    ranges_free(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = {(const char *)data, size};
    check_words(text);
    check_sentences(text);
    return 0;
}
