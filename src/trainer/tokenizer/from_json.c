/* tokenizer.json of the `tokenizers` library: what is known is read, the rest refused by name. */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "trainer/tokenizer/compose.h"
#include "trainer/tokenizer/tokenizer_parts.h"

static const char low_line[] = "\xE2\x96\x81"; /* U+2581, SentencePiece's blank */

static const char *type_of(const struct json *j)
{
    return json_string(json_get(j, "type"), "");
}

static int refuse(struct error *err, const char *what, const struct json *j)
{
    return error_set(err, ERR_INPUT, "the tokenizer's %s '%.40s' is not known here", what, type_of(j));
}

static bool null_or_empty(const struct json *j)
{
    return json_type(j) == JSON_NULL || (json_type(j) == JSON_STRING && !*json_string(j, ""));
}

/* SentencePiece models normalise by Prepend and Replace; byte-level ones by NFC or not at all. */
static int read_normalizer(struct tokenizer *t, const struct json *j, struct error *err)
{
    const char *type = type_of(j);
    if (json_type(j) == JSON_NULL)
        return 0;
    if (strcmp(type, "Sequence") == 0) {
        const struct json *list = json_get(j, "normalizers");
        for (const struct json *c = json_first(list); c; c = json_next(c)) {
            if (read_normalizer(t, c, err) != 0)
                return -1;
        }
        return 0;
    }
    if (strcmp(type, "NFC") == 0) {
        t->nfc = true;
        return 0;
    }
    bool prepend = strcmp(type, "Prepend") == 0 &&
                   strcmp(json_string(json_get(j, "prepend"), ""), low_line) == 0;
    bool replace = strcmp(type, "Replace") == 0 &&
                   strcmp(json_string(json_get(j, "content"), ""), low_line) == 0 &&
                   strcmp(json_string(json_get(json_get(j, "pattern"), "String"), ""), " ") == 0;
    if (prepend || replace) {
        t->sentencepiece = true;
        return 0;
    }
    return refuse(err, "normalizer", j);
}

static int read_split(struct tokenizer *t, const struct json *j, struct error *err)
{
    const char *behaviour = json_string(json_get(j, "behavior"), "");
    const char *regex = json_string(json_get(json_get(j, "pattern"), "Regex"), NULL);
    if (!regex || strcmp(behaviour, "Isolated") != 0 || json_bool(json_get(j, "invert"), false))
        return error_set(err, ERR_INPUT, "the tokenizer splits in a way that is not known here");
    return pretoken_add(t->pretoken, slice_of(regex), err);
}

static int read_byte_level(struct tokenizer *t, const struct json *j, struct error *err)
{
    if (json_bool(json_get(j, "add_prefix_space"), true))
        return error_set(err, ERR_INPUT, "a tokenizer that puts a blank in front is not known here");
    if (!json_bool(json_get(j, "use_regex"), true))
        return 0;
    return pretoken_add(t->pretoken, slice_of(pretoken_gpt2), err);
}

static int read_pretokenizer(struct tokenizer *t, const struct json *j, struct error *err)
{
    const char *type = type_of(j);
    if (json_type(j) == JSON_NULL)
        return 0;
    if (strcmp(type, "Sequence") == 0) {
        const struct json *list = json_get(j, "pretokenizers");
        for (const struct json *c = json_first(list); c; c = json_next(c)) {
            if (read_pretokenizer(t, c, err) != 0)
                return -1;
        }
        return 0;
    }
    if (strcmp(type, "Split") == 0)
        return read_split(t, j, err);
    if (strcmp(type, "ByteLevel") == 0)
        return read_byte_level(t, j, err);
    if (strcmp(type, "Digits") == 0) {
        bool one = json_bool(json_get(j, "individual_digits"), false);
        return pretoken_add(t->pretoken, slice_of(one ? pretoken_digit : pretoken_digits), err);
    }
    return refuse(err, "pre-tokenizer", j);
}

static int read_vocab(struct tokenizer *t, const struct json *vocab, struct error *err)
{
    if (json_type(vocab) != JSON_OBJECT)
        return error_set(err, ERR_INPUT, "the tokenizer has no vocabulary");
    for (const struct json *c = json_first(vocab); c; c = json_next(c)) {
        struct slice text = slice_of(json_name(c));
        int64_t id;
        if (!json_int(c, &id))
            return error_set(err, ERR_INPUT, "a token's id is no whole number");
        str_clear(&t->scratch);
        if (!t->sentencepiece && byte_level_bytes(text, &t->scratch))
            text = str_slice(&t->scratch);
        if (tokenizer_set_text(t, id, text, err) != 0)
            return -1;
        map_put(t->vocab, text, (uint64_t)id);
    }
    return 0;
}

/* A merge is ["a","b"], or "a b" in older files. */
static bool merge_halves(const struct json *j, struct slice *left, struct slice *right)
{
    if (json_type(j) == JSON_ARRAY && json_size(j) == 2) {
        *left = slice_of(json_string(json_at(j, 0), ""));
        *right = slice_of(json_string(json_at(j, 1), ""));
        return true;
    }
    const char *text = json_string(j, ""), *blank = strchr(text, ' ');
    if (!blank)
        return false;
    *left = (struct slice){text, (size_t)(blank - text)};
    *right = slice_of(blank + 1);
    return true;
}

static bool token_bytes(const struct tokenizer *t, struct slice text, struct str *out, uint64_t *id)
{
    size_t start = out->len;
    if (t->sentencepiece || !byte_level_bytes(text, out)) {
        str_cut(out, start);
        str_add_slice(out, text);
    }
    return map_get(t->vocab, slice_sub(str_slice(out), start, out->len), id);
}

static int read_merges(struct tokenizer *t, const struct json *merges, struct error *err)
{
    uint32_t rank = 0;
    for (const struct json *c = json_first(merges); c; c = json_next(c), rank++) {
        struct slice left, right;
        uint64_t a, b, both;
        str_clear(&t->scratch);
        if (!merge_halves(c, &left, &right) || !token_bytes(t, left, &t->scratch, &a) ||
            !token_bytes(t, right, &t->scratch, &b) ||
            !map_get(t->vocab, str_slice(&t->scratch), &both))
            return error_set(err, ERR_INPUT, "merge %u of the tokenizer names unknown tokens", rank);
        bpe_add_merge(t->bpe, (int)a, (int)b, rank, (int)both);
    }
    return 0;
}

static int read_model(struct tokenizer *t, const struct json *j, struct error *err)
{
    const struct json *type = json_get(j, "type");
    if (type && strcmp(json_string(type, ""), "BPE") != 0)
        return refuse(err, "model", j);
    if (json_number(json_get(j, "dropout"), 0) != 0 ||
        !null_or_empty(json_get(j, "continuing_subword_prefix")) ||
        !null_or_empty(json_get(j, "end_of_word_suffix")))
        return error_set(err, ERR_INPUT, "the tokenizer's BPE asks for what is not known here "
                                         "(dropout, prefixes or suffixes)");
    if (json_bool(json_get(j, "byte_fallback"), false) != t->sentencepiece)
        return error_set(err, ERR_INPUT, "the tokenizer is neither byte-level BPE nor "
                                         "SentencePiece BPE with byte fallback");
    t->ignore_merges = json_bool(json_get(j, "ignore_merges"), false);
    if (read_vocab(t, json_get(j, "vocab"), err) != 0)
        return -1;
    const char *unknown = json_string(json_get(j, "unk_token"), NULL);
    if (unknown && !t->sentencepiece)
        t->unknown = tokenizer_id(t, unknown);
    return read_merges(t, json_get(j, "merges"), err);
}

static int read_added(struct tokenizer *t, const struct json *list, struct error *err)
{
    for (const struct json *c = json_first(list); c; c = json_next(c)) {
        int64_t id;
        if (!json_int(json_get(c, "id"), &id) || id < 0 || id > INT32_MAX)
            return error_set(err, ERR_INPUT, "an added token has no id");
        if (json_bool(json_get(c, "single_word"), false))
            return error_set(err, ERR_INPUT, "added tokens that match whole words only are not known "
                                             "here");
        struct added_token a = {
            .text = slice_of(json_string(json_get(c, "content"), "")),
            .id = (int)id,
            .special = json_bool(json_get(c, "special"), false),
            .lstrip = json_bool(json_get(c, "lstrip"), false),
            .rstrip = json_bool(json_get(c, "rstrip"), false),
            .normalized = json_bool(json_get(c, "normalized"), false) && !t->sentencepiece,
        };
        str_clear(&t->scratch);
        if (a.normalized && t->nfc) {
            if (compose_nfc(&t->scratch, a.text, err) != 0)
                return -1;
            a.text = str_slice(&t->scratch);
        }
        if (tokenizer_add_added(t, a, err) != 0)
            return -1;
    }
    return 0;
}

static int read_all(struct tokenizer *t, const struct json *j, struct error *err)
{
    if (read_normalizer(t, json_get(j, "normalizer"), err) != 0 ||
        read_pretokenizer(t, json_get(j, "pre_tokenizer"), err) != 0 ||
        read_model(t, json_get(j, "model"), err) != 0 ||
        read_added(t, json_get(j, "added_tokens"), err) != 0)
        return -1;
    return tokenizer_finish(t, err);
}

struct tokenizer *tokenizer_from_json(struct slice text, struct error *err)
{
    struct json *j = json_parse(text, NULL, err);
    if (!j)
        return NULL;
    struct tokenizer *t = tokenizer_new();
    int result = read_all(t, j, err);
    json_free(j);
    if (result == 0)
        return t;
    tokenizer_free(t);
    return NULL;
}
