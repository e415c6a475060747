#include "trainer/tokenizer/chat.h"

#include <stdbool.h>
#include <string.h>

#include "base/utf8.h"

typedef void render_fn(const struct chat_format *f, const struct chat_message *m, size_t count,
                       struct str *out);

enum { MARKS = 3 };

struct chat_format {
    const char *name, *end;
    render_fn *render;
    const char *default_system;      /* put in front when the first message is no system message */
    const char *must[MARKS], *never; /* of the template's text; must[0] NULL: by name alone */
};

static bool role_is(const struct chat_message *m, const char *role)
{
    return slice_is(m->role, role);
}

static void chatml_turn(struct str *out, struct slice role, struct slice content)
{
    str_adds(out, "<|im_start|>");
    str_add_slice(out, role);
    str_addc(out, '\n');
    str_add_slice(out, content);
    str_adds(out, "<|im_end|>\n");
}

static void render_chatml(const struct chat_format *f, const struct chat_message *m, size_t count,
                          struct str *out)
{
    if (f->default_system && (count == 0 || !role_is(&m[0], "system")))
        chatml_turn(out, SLICE("system"), slice_of(f->default_system));
    for (size_t i = 0; i < count; i++)
        chatml_turn(out, m[i].role, m[i].content);
    str_adds(out, "<|im_start|>assistant\n");
}

static struct slice without_newlines(struct slice s, bool front, bool back)
{
    while (front && s.len && s.at[0] == '\n') {
        s.at++;
        s.len--;
    }
    while (back && s.len && s.at[s.len - 1] == '\n')
        s.len--;
    return s;
}

/* Last place of needle in s, or s.len. */
static size_t find_last(struct slice s, const char *needle)
{
    size_t n = strlen(needle);
    for (size_t at = s.len; s.len >= n && at-- > 0;) {
        if (at + n <= s.len && memcmp(s.at + at, needle, n) == 0)
            return at;
    }
    return s.len;
}

static size_t find_first(struct slice s, const char *needle)
{
    size_t n = strlen(needle);
    for (size_t at = 0; at + n <= s.len; at++) {
        if (memcmp(s.at + at, needle, n) == 0)
            return at;
    }
    return s.len;
}

/* What Python's str.strip, and so Jinja's trim, takes for a blank. */
static bool is_blank(uint32_t cp)
{
    return (cp >= 0x09 && cp <= 0x0D) || (cp >= 0x1C && cp <= 0x20) || cp == 0x85 || cp == 0xA0 || cp == 0x1680 ||
           (cp >= 0x2000 && cp <= 0x200A) || cp == 0x2028 || cp == 0x2029 || cp == 0x202F || cp == 0x205F ||
           cp == 0x3000;
}

static struct slice trimmed(struct slice s)
{
    size_t start = 0, end = 0;
    bool any = false;
    for (size_t at = 0; at < s.len;) {
        uint32_t cp;
        size_t n = utf8_decode(s.at + at, s.len - at, &cp);
        if (!is_blank(cp)) {
            start = any ? start : at;
            end = at + n;
            any = true;
        }
        at += n;
    }
    return slice_sub(s, start, end);
}

/* A user's message that Qwen3's template takes for a tool's answer, not for a question. */
static bool is_tool_response(struct slice s)
{
    static const char open[] = "<tool_response>", close[] = "</tool_response>";
    size_t o = sizeof open - 1, c = sizeof close - 1;
    return s.len >= o && s.len >= c && memcmp(s.at, open, o) == 0 && memcmp(s.at + s.len - c, close, c) == 0;
}

/* An assistant's turn in Qwen3's history: thoughts are kept after the last question only. */
static void qwen3_assistant(struct str *out, struct slice content, bool after_question, bool last)
{
    struct slice thought = {"", 0};
    size_t close = find_last(content, "</think>");
    if (close < content.len) {
        struct slice before = slice_sub(content, 0, find_first(content, "</think>"));
        before = without_newlines(before, false, true);
        size_t open = find_last(before, "<think>");
        thought = open < before.len ? slice_sub(before, open + strlen("<think>"), before.len) : before;
        thought = without_newlines(thought, true, false);
        content = without_newlines(slice_sub(content, close + strlen("</think>"), content.len), true,
                                   false);
    }
    str_adds(out, "<|im_start|>assistant\n");
    if (after_question && (last || thought.len)) {
        str_adds(out, "<think>\n");
        str_add_slice(out, without_newlines(thought, true, true));
        str_adds(out, "\n</think>\n\n");
        content = without_newlines(content, true, false);
    }
    str_add_slice(out, content);
    str_adds(out, "<|im_end|>\n");
}

static void render_qwen3(const struct chat_format *f, const struct chat_message *m, size_t count,
                         struct str *out)
{
    size_t question = count; /* index of the last user message; none: the last message */
    (void)f;
    for (size_t i = count; i-- > 0 && question == count;) {
        if (role_is(&m[i], "user") && !is_tool_response(m[i].content))
            question = i;
    }
    question = question == count && count ? count - 1 : question;
    for (size_t i = 0; i < count; i++) {
        if (role_is(&m[i], "assistant"))
            qwen3_assistant(out, m[i].content, i > question, i + 1 == count);
        else
            chatml_turn(out, m[i].role, m[i].content);
    }
    str_adds(out, "<|im_start|>assistant\n");
}

static void llama3_turn(struct str *out, struct slice role, struct slice content)
{
    str_adds(out, "<|start_header_id|>");
    str_add_slice(out, role);
    str_adds(out, "<|end_header_id|>\n\n");
    str_add_slice(out, trimmed(content));
    str_adds(out, "<|eot_id|>");
}

static void render_llama3(const struct chat_format *f, const struct chat_message *m, size_t count,
                          struct str *out)
{
    (void)f;
    str_adds(out, "<|begin_of_text|>");
    for (size_t i = 0; i < count; i++)
        llama3_turn(out, m[i].role, m[i].content);
    str_adds(out, "<|start_header_id|>assistant<|end_header_id|>\n\n");
}

/* Llama 3.1 always opens with a system turn that holds two dates (its template's own defaults). */
static void render_llama31(const struct chat_format *f, const struct chat_message *m, size_t count,
                           struct str *out)
{
    bool own = count > 0 && role_is(&m[0], "system");
    (void)f;
    str_adds(out, "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\n"
                  "Cutting Knowledge Date: December 2023\nToday Date: 26 Jul 2024\n\n");
    if (own)
        str_add_slice(out, trimmed(m[0].content));
    str_adds(out, "<|eot_id|>");
    for (size_t i = own; i < count; i++)
        llama3_turn(out, m[i].role, m[i].content);
    str_adds(out, "<|start_header_id|>assistant<|end_header_id|>\n\n");
}

static const struct chat_format formats[] = {
    {"chatml", "<|im_end|>", render_chatml, NULL, {NULL}, NULL},
    {"qwen3", "<|im_end|>", render_qwen3, NULL,
     {"<|im_start|>", "enable_thinking is defined and enable_thinking is false", "</think>"},
     "vision_start"},
    {"qwen2.5", "<|im_end|>", render_chatml,
     "You are Qwen, created by Alibaba Cloud. You are a helpful assistant.",
     {"<|im_start|>", "You are Qwen, created by Alibaba Cloud. You are a helpful assistant."},
     "enable_thinking"},
    {"smollm2", "<|im_end|>", render_chatml,
     "You are a helpful AI assistant named SmolLM, trained by Hugging Face",
     {"<|im_start|>", "You are a helpful AI assistant named SmolLM, trained by Hugging Face"},
     "enable_thinking"},
    {"llama3.1", "<|eot_id|>", render_llama31, NULL,
     {"<|start_header_id|>", "Cutting Knowledge Date: December 2023", "26 Jul 2024"}, "strftime_now"},
    {"llama3", "<|eot_id|>", render_llama3, NULL, {"<|start_header_id|>", "<|eot_id|>"},
     "Cutting Knowledge"},
};

enum { FORMATS = sizeof formats / sizeof *formats };

const struct chat_format *chat_find(const char *name, struct error *err)
{
    for (size_t i = 0; i < FORMATS; i++) {
        if (strcmp(formats[i].name, name) == 0)
            return &formats[i];
    }
    error_set(err, ERR_USAGE, "the chat format '%.40s' is not known (chatml, qwen3, qwen2.5, smollm2, "
                              "llama3, llama3.1)", name);
    return NULL;
}

static bool fits(const struct chat_format *f, struct slice template)
{
    if (!f->must[0] || find_first(template, f->never) < template.len)
        return false;
    for (int i = 0; i < MARKS && f->must[i]; i++) {
        if (find_first(template, f->must[i]) == template.len)
            return false;
    }
    return true;
}

const struct chat_format *chat_detect(struct slice template, struct error *err)
{
    for (size_t i = 0; i < FORMATS; i++) {
        if (fits(&formats[i], template))
            return &formats[i];
    }
    error_set(err, ERR_INPUT,
              "the model's chat template is %s; name the format it was trained on with --chat (chatml, "
              "qwen3, qwen2.5, smollm2, llama3, llama3.1)",
              template.len ? "not one known here" : "missing");
    return NULL;
}

const char *chat_name(const struct chat_format *f)
{
    return f->name;
}

const char *chat_end(const struct chat_format *f)
{
    return f->end;
}

int chat_render(const struct chat_format *f, const struct chat_message *messages, size_t count,
                struct str *out, struct error *err)
{
    for (size_t i = 0; i < count; i++) {
        const struct chat_message *m = &messages[i];
        if (!role_is(m, "system") && !role_is(m, "user") && !role_is(m, "assistant"))
            return error_set(err, ERR_INPUT, "message %zu has a role other than system, user or assistant",
                             i + 1);
    }
    f->render(f, messages, count, out);
    return 0;
}
