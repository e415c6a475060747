/* The tokenizer inside a GGUF file, by the keys llama.cpp writes. */
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "trainer/tokenizer/tokenizer_parts.h"

enum { TYPE_CONTROL = 3, TYPE_USER = 4 }; /* llama_token_type */
enum { TOKEN_BYTES = 1024 };              /* every cut of a token is looked up: no more than so long */

static const struct {
    const char *name;
    const char *patterns[2];
    bool nfc, ignore_merges;
} known[] = {
    {"qwen2", {pretoken_qwen2}, true, false},
    {"llama-bpe", {pretoken_llama3}, false, true},
    {"llama3", {pretoken_llama3}, false, true},
    {"smollm", {pretoken_digit, pretoken_gpt2}, false, false},
    {"gpt-2", {pretoken_gpt2}, false, false},
};

static int read_pre(struct tokenizer *t, struct slice pre, struct error *err)
{
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (!slice_is(pre, known[i].name))
            continue;
        t->nfc = known[i].nfc;
        t->ignore_merges = known[i].ignore_merges;
        for (int p = 0; p < 2 && known[i].patterns[p]; p++) {
            if (pretoken_add(t->pretoken, slice_of(known[i].patterns[p]), err) != 0)
                return -1;
        }
        return 0;
    }
    return error_set(err, ERR_INPUT, "the file's pre-tokenizer is not known here (qwen2, llama-bpe, "
                                     "smollm and gpt-2 are)");
}

static int read_tokens(struct tokenizer *t, const struct gguf *g, struct error *err)
{
    const struct gguf_value *tokens = gguf_get(g, "tokenizer.ggml.tokens");
    const struct gguf_value *types = gguf_get(g, "tokenizer.ggml.token_type");
    if (!tokens || tokens->type != GGUF_ARRAY || tokens->of != GGUF_STRING || !types ||
        types->type != GGUF_ARRAY || types->of != GGUF_I32 || types->count != tokens->count)
        return error_set(err, ERR_INPUT, "the file's tokens and their types do not fit together");
    size_t offset = 0;
    for (uint64_t id = 0; id < tokens->count; id++) {
        struct slice text = gguf_string_next(tokens, &offset);
        int type = (int)gguf_number_at(types, id);
        if (!utf8_valid(text) || text.len > TOKEN_BYTES)
            return error_set(err, ERR_INPUT, "a token is no UTF-8 or too long");
        if ((type == TYPE_CONTROL || type == TYPE_USER) && text.len > 0) {
            struct added_token a = {.text = text, .id = (int)id, .special = type == TYPE_CONTROL};
            if (id > INT32_MAX || tokenizer_add_added(t, a, err) != 0)
                return -1;
            continue;
        }
        str_clear(&t->scratch);
        if (!t->sentencepiece && byte_level_bytes(text, &t->scratch))
            text = str_slice(&t->scratch);
        if (tokenizer_set_text(t, (int64_t)id, text, err) != 0)
            return -1;
        map_put(t->vocab, text, id);
    }
    return 0;
}

static int read_merges(struct tokenizer *t, const struct gguf *g, struct error *err)
{
    const struct gguf_value *merges = gguf_get(g, "tokenizer.ggml.merges");
    if (!merges || merges->type != GGUF_ARRAY || merges->of != GGUF_STRING)
        return error_set(err, ERR_INPUT, "the file has no merges");
    size_t offset = 0;
    for (uint64_t rank = 0; rank < merges->count; rank++) {
        struct slice text = gguf_string_next(merges, &offset);
        const char *blank = text.len ? memchr(text.at + 1, ' ', text.len - 1) : NULL;
        size_t cut = blank ? (size_t)(blank - text.at) : 0;
        uint64_t left, right, both;
        str_clear(&t->scratch);
        bool fits = cut > 0 && byte_level_bytes(slice_sub(text, 0, cut), &t->scratch);
        size_t middle = t->scratch.len;
        fits = fits && byte_level_bytes(slice_sub(text, cut + 1, text.len), &t->scratch);
        struct slice bytes = str_slice(&t->scratch);
        if (!fits || !map_get(t->vocab, slice_sub(bytes, 0, middle), &left) ||
            !map_get(t->vocab, slice_sub(bytes, middle, bytes.len), &right) ||
            !map_get(t->vocab, bytes, &both))
            return error_set(err, ERR_INPUT, "a merge of the file names unknown tokens");
        bpe_add_merge(t->bpe, (int)left, (int)right, (uint32_t)rank, (int)both);
    }
    return 0;
}

/* Scores as ranks: the higher the score the lower the rank, by the order of a float's bits. */
static uint32_t rank_of_score(float score)
{
    uint32_t bits;
    memcpy(&bits, &score, sizeof bits);
    uint32_t ascending = bits & 0x80000000U ? ~bits : bits | 0x80000000U;
    return ~ascending;
}

static int read_scores(struct tokenizer *t, const struct gguf *g, struct error *err)
{
    const struct gguf_value *scores = gguf_get(g, "tokenizer.ggml.scores");
    if (!scores || scores->type != GGUF_ARRAY || scores->of != GGUF_F32 ||
        scores->count < t->texts_count)
        return error_set(err, ERR_INPUT, "the file has no scores for its tokens");
    uint32_t *ranks = mem_zalloc(t->texts_count, sizeof *ranks);
    for (size_t i = 0; i < t->texts_count; i++)
        ranks[i] = rank_of_score((float)gguf_number_at(scores, i));
    tokenizer_merges_from_vocab(t, ranks);
    mem_free(ranks);
    return 0;
}

static int read_all(struct tokenizer *t, const struct gguf *g, struct error *err)
{
    struct slice model = gguf_string(g, "tokenizer.ggml.model");
    t->sentencepiece = slice_is(model, "llama");
    if (!t->sentencepiece && !slice_is(model, "gpt2"))
        return error_set(err, ERR_INPUT, "the file's tokenizer is neither 'gpt2' nor 'llama'");
    if (t->sentencepiece && gguf_number(g, "tokenizer.ggml.add_space_prefix", 1) == 0)
        return error_set(err, ERR_INPUT, "a SentencePiece tokenizer without a blank in front is not "
                                         "known here");
    if (!t->sentencepiece && read_pre(t, gguf_string(g, "tokenizer.ggml.pre"), err) != 0)
        return -1;
    if (read_tokens(t, g, err) != 0)
        return -1;
    double unknown = gguf_number(g, "tokenizer.ggml.unknown_token_id", -1);
    if (!t->sentencepiece && unknown >= 0 && unknown < (double)t->texts_count)
        t->unknown = (int)unknown;
    if ((t->sentencepiece ? read_scores : read_merges)(t, g, err) != 0)
        return -1;
    return tokenizer_finish(t, err);
}

struct tokenizer *tokenizer_from_gguf(const struct gguf *g, struct error *err)
{
    struct tokenizer *t = tokenizer_new();
    if (read_all(t, g, err) == 0)
        return t;
    tokenizer_free(t);
    return NULL;
}
