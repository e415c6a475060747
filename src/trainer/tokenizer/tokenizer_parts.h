/* What the tokenizer's files share; for src/trainer/tokenizer alone. */
#ifndef TRAINER_TOKENIZER_TOKENIZER_PARTS_H
#define TRAINER_TOKENIZER_TOKENIZER_PARTS_H

#include "base/arena.h"
#include "base/map.h"
#include "trainer/tokenizer/pretoken.h"
#include "trainer/tokenizer/tokenizer.h"

struct added_token {
    struct slice text;
    int id;
    bool special, lstrip, rstrip;
    bool normalized; /* looked for in normalised text, after those that are not */
};

enum { BYTES = 256 };

struct tokenizer {
    struct arena arena;
    struct slice *texts; /* by id: the bytes a token stands for; empty where there is none */
    size_t texts_count, texts_cap;
    struct map *vocab; /* bytes to id, without added tokens */
    struct bpe *bpe;
    struct pretoken *pretoken;
    int byte_ids[BYTES]; /* one-byte tokens; byte fallback in SentencePiece; -1 for none */
    int unknown;         /* for bytes without a token; -1 for none */
    struct added_token *added; /* longest first */
    size_t added_count, added_cap;
    bool added_start[BYTES]; /* first bytes of added tokens */
    bool sentencepiece, nfc, ignore_merges;
    struct map *cache; /* word to place and count in cached */
    struct ids cached;
    struct str scratch, normal;
};

struct tokenizer *tokenizer_new(void);
/* Sets the bytes of an id; ids may come in any order, up to a bound. */
int tokenizer_set_text(struct tokenizer *t, int64_t id, struct slice text, struct error *err);
int tokenizer_add_added(struct tokenizer *t, struct added_token token, struct error *err);
/* After loading: sorts added tokens, finds one-byte tokens. */
int tokenizer_finish(struct tokenizer *t, struct error *err);
/* A vocabulary string of a byte-level model as the bytes it stands for (GPT-2's byte alphabet);
 * false when it holds a character that stands for none. */
bool byte_level_bytes(struct slice text, struct str *out);
/* Every merge of two tokens into a third, ranked by rank_of (lower first): SentencePiece has no
 * list of merges, any two tokens whose texts together are a token may join. */
void tokenizer_merges_from_vocab(struct tokenizer *t, const uint32_t *rank_of);

#endif
