/* Chat formats: what their templates in transformers print, by hand. */
#include <string.h>

#include "tests/support/suite.h"
#include "trainer/tokenizer/chat.h"

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
        {"templates are recognised or refused", templates_are_recognised_or_refused},
        {"other roles are refused", other_roles_are_refused},
        {NULL, NULL},
    };
    return suite_run("trainer: chat", tests, argc, argv);
}
