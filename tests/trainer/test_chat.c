/* Chat formats against what transformers' apply_chat_template prints with the models' own templates
 * (tests/golden/chat.jsonl, written by make.py there). */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/lines.h"
#include "base/mem.h"
#include "tests/support/suite.h"
#include "trainer/tokenizer/chat.h"
#include "trainer/tokenizer/tokenizer.h"

static const char empty_think[] = "<think>\n\n</think>\n\n";

static const struct chat_message talk[] = {
    {{"user", 4}, {"Hi", 2}},
    {{"assistant", 9}, {"<think>\nwell\n</think>\n\nHello", 28}},
    {{"user", 4}, {" Bye \n", 6}},
};

static void check(const char *format, const struct chat_message *m, size_t count, const char *want)
{
    struct error err = {0};
    struct str out = {0};
    const struct chat_format *f = chat_find(format, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    CU_ASSERT_EQUAL(chat_render(f, m, count, &out, &err), 0);
    CU_ASSERT_STRING_EQUAL(str_z(&out), want);
    str_free(&out);
}

static void conversations_are_rendered(void)
{
    check("chatml", talk, 1, "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n");
    /* Qwen3 forgets thoughts before the last question */
    check("qwen3", talk, 3,
          "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nHello<|im_end|>\n"
          "<|im_start|>user\n Bye \n<|im_end|>\n<|im_start|>assistant\n");
    /* and keeps them after it */
    check("qwen3", talk, 2,
          "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n<think>\nwell\n</think>\n\nHello<|im_end|>\n"
          "<|im_start|>assistant\n");
    check("qwen2.5", talk, 1,
          "<|im_start|>system\nYou are Qwen, created by Alibaba Cloud. You are a helpful assistant.<|im_end|>\n"
          "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n");
    check("smollm2", talk, 1,
          "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n"
          "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n");
    check("llama3", talk + 2, 1,
          "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\nBye<|eot_id|>"
          "<|start_header_id|>assistant<|end_header_id|>\n\n");
}

static void check_line(const struct json *j)
{
    const char *name = json_string(json_get(j, "format"), ""), *want = json_string(json_get(j, "text"), NULL);
    const struct json *list = json_get(j, "messages");
    struct chat_message *m = mem_zalloc(json_size(list) + 1, sizeof *m);
    struct error err = {0};
    struct str out = {0};
    size_t count = 0;
    for (const struct json *c = json_first(list); c; c = json_next(c))
        m[count++] = (struct chat_message){slice_of(json_string(json_get(c, "role"), "")),
                                           slice_of(json_string(json_get(c, "content"), ""))};
    const struct chat_format *f = chat_find(name, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    CU_ASSERT_EQUAL(chat_render(f, m, count, &out, &err), 0);
    if (json_type(json_get(j, "thinking")) == JSON_BOOL && !json_bool(json_get(j, "thinking"), true))
        str_adds(&out, empty_think); /* enable_thinking=False: what is given before an answer here */
    bool same = want && strcmp(str_z(&out), want) == 0;
    if (!same)
        printf("%s: rendered\n%s\nnot\n%s\n", name, str_z(&out), want ? want : "(nothing)");
    CU_ASSERT(same);
    str_free(&out);
    mem_free(m);
}

static void conversations_are_transformers(void)
{
    struct error err = {0};
    struct lines *l = lines_open(GOLDEN "/chat.jsonl", 1 << 20, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(l);
    struct slice line;
    while (lines_next(l, &line, &err) == LINES_LINE) {
        struct json *j = json_parse(line, NULL, &err);
        CU_ASSERT_PTR_NOT_NULL_FATAL(j);
        check_line(j);
        json_free(j);
    }
    CU_ASSERT(lines_number(l) >= 140);
    lines_close(l);
}

/* Qwen3's own ids for what enable_thinking=False gives. Its vocabulary is not in this tree; these are the
 * few of its tokens that take part, under its ids: two newlines as one merged token are 271 (so in
 * Qwen's tiktoken file), <think> and </think> are the added tokens 151667 and 151668. */
static void the_empty_think_block_has_qwen3_ids(void)
{
    static const char json[] =
        "{\"pre_tokenizer\":{\"type\":\"Sequence\",\"pretokenizers\":[{\"type\":\"Split\",\"behavior\":\"Isolated\","
        "\"invert\":false,\"pattern\":{\"Regex\":\"[^\\\\s]+|\\\\s*[\\\\r\\\\n]+|\\\\s+\"}},"
        "{\"type\":\"ByteLevel\",\"add_prefix_space\":false,\"use_regex\":false}]},"
        "\"model\":{\"type\":\"BPE\",\"vocab\":{\"\xC4\x8A\":198,\"\xC4\x8A\xC4\x8A\":271},"
        "\"merges\":[\"\xC4\x8A \xC4\x8A\"]},"
        "\"added_tokens\":[{\"id\":151667,\"content\":\"<think>\",\"special\":false},"
        "{\"id\":151668,\"content\":\"</think>\",\"special\":false}]}";
    static const int want[] = {151667, 271, 151668, 271};
    struct error err = {0};
    struct ids ids = {0};
    struct tokenizer *t = tokenizer_from_json(slice_of(json), &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(t);
    CU_ASSERT_EQUAL(tokenizer_encode(t, slice_of(empty_think), &ids, &err), 0);
    CU_ASSERT_EQUAL_FATAL(ids.count, 4);
    CU_ASSERT_EQUAL(memcmp(ids.items, want, sizeof want), 0);
    ids_free(&ids);
    tokenizer_free(t);
}

static void templates_are_recognised_or_refused(void)
{
    static const struct {
        const char *template, *name;
    } list[] = {
        {"x <|im_start|> You are Qwen, created by Alibaba Cloud. You are a helpful assistant. y", "qwen2.5"},
        {"<|im_start|> enable_thinking is defined and enable_thinking is false </think>", "qwen3"},
        {"<|start_header_id|> <|eot_id|>", "llama3"},
        {"<|start_header_id|> <|eot_id|> Cutting Knowledge Date: December 2023 26 Jul 2024", "llama3.1"},
        {"<|start_header_id|> <|eot_id|> Cutting Knowledge Date: December 2023 26 Jul 2024 strftime_now", NULL},
        {"<|im_start|> enable_thinking is defined and enable_thinking is false </think> vision_start", NULL},
        {"<|im_start|>", NULL},
        {"{{ messages }}", NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
        struct error err = {0};
        const struct chat_format *f = chat_detect(slice_of(list[i].template), &err);
        CU_ASSERT_EQUAL(f != NULL, list[i].name != NULL);
        if (f) {
            CU_ASSERT_STRING_EQUAL(chat_name(f), list[i].name);
        } else {
            CU_ASSERT(strstr(err.text, "--chat") != NULL);
        }
    }
}

static void other_roles_are_refused(void)
{
    struct error err = {0};
    struct str out = {0};
    const struct chat_message tool = {{"tool", 4}, {"{}", 2}};
    CU_ASSERT_EQUAL(chat_render(chat_find("qwen3", &err), &tool, 1, &out, &err), -1);
    CU_ASSERT_PTR_NULL(chat_find("klingon", &err));
    str_free(&out);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        {"conversations are rendered", conversations_are_rendered},
        {"conversations are transformers'", conversations_are_transformers},
        {"the empty think block has Qwen3's ids", the_empty_think_block_has_qwen3_ids},
        {"templates are recognised or refused", templates_are_recognised_or_refused},
        {"other roles are refused", other_roles_are_refused},
        {NULL, NULL},
    };
    return suite_run("trainer: chat", tests, argc, argv);
}
