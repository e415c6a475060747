/* Tokenizers against the `tokenizers` library's own ids (tests/golden/make.py). */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/lines.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "tests/support/suite.h"
#include "trainer/tokenizer/tokenizer.h"

enum { FILE_MAX = 1 << 24 };

static struct tokenizer *open_golden(const char *name)
{
    struct error err = {0};
    struct str text = {0};
    char path[512];
    snprintf(path, sizeof path, GOLDEN "/tokenizers/%s.json", name);
    CU_ASSERT_EQUAL_FATAL(file_read(path, FILE_MAX, &text, &err), 0);
    struct tokenizer *t = tokenizer_from_json(str_slice(&text), &err);
    str_free(&text);
    if (!t)
        printf("%s: %s\n", name, err.text);
    CU_ASSERT_PTR_NOT_NULL_FATAL(t);
    return t;
}

static bool ids_match(const struct json *want, const struct ids *got)
{
    size_t i = 0;
    for (const struct json *c = json_first(want); c; c = json_next(c), i++) {
        if (i >= got->count || got->items[i] != (int)json_number(c, -1))
            return false;
    }
    return i == got->count;
}

static void check_line(struct tokenizer *t, const char *name, struct slice line)
{
    struct error err = {0};
    struct json *j = json_parse(line, NULL, &err);
    const char *text = json_string(json_get(j, "text"), "");
    struct ids ids = {0};
    struct str back = {0};
    CU_ASSERT_EQUAL(tokenizer_encode(t, slice_of(text), &ids, &err), 0);
    bool same = ids_match(json_get(j, "ids"), &ids);
    tokenizer_decode(t, ids.items, ids.count, false, &back);
    /* The reference shows bytes that are no UTF-8 as U+FFFD and normalises; text without either must
     * come back as it was. */
    bool round = strcmp(str_z(&back), json_string(json_get(j, "back"), "")) == 0;
    if (!same || !round)
        printf("%s: differs for %s\n", name, text);
    CU_ASSERT(same);
    CU_ASSERT(round);
    ids_free(&ids);
    str_free(&back);
    json_free(j);
}

static void ids_are_the_reference(void)
{
    static const char *const names[] = {"qwen2", "llama3", "smollm", "gpt2", "sentencepiece"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct tokenizer *t = open_golden(names[i]);
        struct error err = {0};
        char path[512];
        snprintf(path, sizeof path, GOLDEN "/tokenizers/%s.vectors.jsonl", names[i]);
        struct lines *l = lines_open(path, 1 << 20, &err);
        CU_ASSERT_PTR_NOT_NULL_FATAL(l);
        struct slice line;
        while (lines_next(l, &line, &err) == LINES_LINE)
            check_line(t, names[i], line);
        CU_ASSERT(lines_number(l) >= 25);
        lines_close(l);
        tokenizer_free(t);
    }
}

static int64_t encode_ms(struct tokenizer *t, size_t len)
{
    struct error err = {0};
    struct ids ids = {0};
    char *word = mem_alloc(len);
    memset(word, 'a', len); /* one word: no blank to cut at */
    int64_t start = clock_mono_ms();
    CU_ASSERT_EQUAL(tokenizer_encode(t, (struct slice){word, len}, &ids, &err), 0);
    int64_t took = clock_mono_ms() - start;
    ids_free(&ids);
    mem_free(word);
    return took;
}

/* A quadratic merge would need hours for the long word, not a moment. */
static void a_long_word_ends(void)
{
    struct tokenizer *t = open_golden("qwen2");
    CU_ASSERT(encode_ms(t, 4 << 20) < 60000);
    tokenizer_free(t);
}

static void added_tokens_are_seen(void)
{
    struct tokenizer *t = open_golden("qwen2");
    CU_ASSERT(tokenizer_holds_added(t, SLICE("a <|im_end|> b"), true));
    CU_ASSERT_FALSE(tokenizer_holds_added(t, SLICE("a </think> b"), true));
    CU_ASSERT(tokenizer_holds_added(t, SLICE("a </think> b"), false));
    CU_ASSERT_FALSE(tokenizer_holds_added(t, SLICE("a < b"), false));
    CU_ASSERT(tokenizer_id(t, "<|im_end|>") >= 0);
    CU_ASSERT_EQUAL(tokenizer_id(t, "<|nobody|>"), -1);
    tokenizer_free(t);
}

/* SmolLM has no token for some bytes: a word may have no token at all, before and after it is cached. */
static void a_byte_without_a_token_is_unknown(void)
{
    static const struct {
        const char *unknown;
        int ids[6];
        size_t count;
    } cases[] = {{"null", {2, 3, 0}, 3}, {"\"b\"", {1, 2, 3, 1, 1, 0}, 6}};
    for (size_t i = 0; i < 2; i++) {
        struct error err = {0};
        struct str json = {0};
        str_addf(&json, "{\"pre_tokenizer\":{\"type\":\"ByteLevel\",\"add_prefix_space\":false},"
                        "\"model\":{\"type\":\"BPE\",\"unk_token\":%s,\"merges\":[\"a b\"],"
                        "\"vocab\":{\"a\":0,\"b\":1,\"ab\":2,\"\xC4\xA0\":3}}}", cases[i].unknown);
        struct tokenizer *t = tokenizer_from_json(str_slice(&json), &err);
        CU_ASSERT_PTR_NOT_NULL_FATAL(t);
        for (int again = 0; again < 2; again++) {
            struct ids ids = {0};
            CU_ASSERT_EQUAL(tokenizer_encode(t, SLICE("zab zza"), &ids, &err), 0);
            CU_ASSERT_EQUAL_FATAL(ids.count, cases[i].count);
            CU_ASSERT_EQUAL(memcmp(ids.items, cases[i].ids, ids.count * sizeof(int)), 0);
            ids_free(&ids);
            CU_ASSERT_EQUAL(tokenizer_encode(t, SLICE("?"), &ids, &err), 0);
            CU_ASSERT_EQUAL(ids.count, i);
            ids_free(&ids);
        }
        tokenizer_free(t);
        str_free(&json);
    }
}

static void what_is_not_known_is_refused(void)
{
    static const char *const bad[] = {
        "{}",
        "[1]",
        "{\"model\":{\"type\":\"Unigram\",\"vocab\":[]}}",
        "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":-1},\"merges\":[]}}",
        "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":99999999999},\"merges\":[]}}",
        "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":[\"a b\"]}}",
        "{\"normalizer\":{\"type\":\"BertNormalizer\"},\"model\":{\"vocab\":{},\"merges\":[]}}",
        "{\"pre_tokenizer\":{\"type\":\"Split\",\"pattern\":{\"Regex\":\"(\"},\"behavior\":\"Isolated\"}}",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct error err = {0};
        CU_ASSERT_PTR_NULL(tokenizer_from_json(slice_of(bad[i]), &err));
        CU_ASSERT(err.text[0] != '\0');
    }
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        {"ids and text are the tokenizers library's", ids_are_the_reference},
        {"a word of four million letters ends", a_long_word_ends},
        {"a byte without a token is unknown", a_byte_without_a_token_is_unknown},
        {"added tokens are seen in text", added_tokens_are_seen},
        {"what is not known is refused", what_is_not_known_is_refused},
        {NULL, NULL},
    };
    return suite_run("trainer: tokenizer", tests, argc, argv);
}
