/*
 * Text to token ids and back: byte-level BPE (Qwen, Llama 3, GPT-2, SmolLM) and SentencePiece BPE
 * with byte fallback (Llama 2), from tokenizer.json or GGUF. Same ids as the `tokenizers` library,
 * without its post-processor: special tokens are part of the chat format (chat.h).
 */
#ifndef TRAINER_TOKENIZER_TOKENIZER_H
#define TRAINER_TOKENIZER_TOKENIZER_H

#include <stdbool.h>

#include "base/error.h"
#include "base/str.h"
#include "trainer/files/gguf.h"
#include "trainer/tokenizer/bpe.h"

struct tokenizer; /* freed with tokenizer_free; not for two threads at once (it keeps a cache) */

/* json is the text of a tokenizer.json. NULL and err where it asks for what is not known. */
struct tokenizer *tokenizer_from_json(struct slice json, struct error *err);
struct tokenizer *tokenizer_from_gguf(const struct gguf *g, struct error *err);
void tokenizer_free(struct tokenizer *t); /* NULL is fine */

/* One more than the highest id. */
int tokenizer_size(const struct tokenizer *t);
/* Appends the ids of text, repaired to UTF-8 where it is none. Added tokens are recognised. */
int tokenizer_encode(struct tokenizer *t, struct slice text, struct ids *out, struct error *err);
/* Appends the text of ids; unknown ids give nothing. Bytes may end inside a character. With
 * skip_special, tokens marked special are left out. */
void tokenizer_decode(const struct tokenizer *t, const int *ids, size_t count, bool skip_special,
                      struct str *out);
/* Id of a token by its exact text, -1 when there is none. */
int tokenizer_id(const struct tokenizer *t, const char *text);
/* Whether text holds the text of an added token (only of a special one when special_only): in a
 * prompt or an answer that would be read as the token itself. */
bool tokenizer_holds_added(const struct tokenizer *t, struct slice text, bool special_only);

#endif
