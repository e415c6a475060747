#include "pipeline/example.h"
#include "pipeline/strategy.h"

static void push_message(struct json *list, const char *role, const char *content)
{
    struct json *message = json_new_object();
    json_set_string(message, "role", role);
    json_set_string(message, "content", content);
    json_push(list, message);
}

static struct json *prompt_messages(const struct example *e)
{
    struct json *list = json_new_array();
    const struct prompt *p = &e->record->prompt;
    for (size_t i = 0; i < p->count; i++)
        push_message(list, p->messages[i].role, p->messages[i].content);
    return list;
}

static void push_branch(struct json *list, const char *kind, const char *think, const char *text)
{
    struct json *branch = json_new_object();
    json_set_string(branch, "kind", kind);
    json_set_string(branch, "think", think); /* NULL gives null */
    json_set_string(branch, "text", text);
    json_push(list, branch);
}

static struct json *begin(const struct example *e, struct json **branches)
{
    struct json *line = json_new_object();
    json_set_string(line, "id", e->record->id);
    json_set(line, "prompt", prompt_messages(e));
    *branches = json_new_array();
    json_set(line, "branches", *branches);
    return line;
}

struct json *example_sft(const struct example *e)
{
    struct json *branches, *line = begin(e, &branches);
    push_branch(branches, "A", NULL, e->record->y0);
    return line;
}

struct json *example_isft(const struct example *e)
{
    struct json *branches, *line = begin(e, &branches);
    push_branch(branches, "A", NULL, e->y_star);
    return line;
}

struct json *example_rgt(const struct example *e)
{
    struct str strategy = {0};
    struct json *branches, *line = begin(e, &branches);
    strategy_print(&strategy, e->rules, e->n_rules);
    push_branch(branches, "A", "", e->y_star);
    if (strategy.len)
        push_branch(branches, "B", str_z(&strategy), e->y_star);
    str_free(&strategy);
    return line;
}

struct json *example_messages(const struct example *e)
{
    struct json *line = json_new_object(), *list = prompt_messages(e);
    push_message(list, "assistant", e->y_star);
    json_set_string(line, "id", e->record->id);
    json_set(line, "messages", list);
    return line;
}

struct json *example_completion(const struct example *e)
{
    struct json *line = json_new_object(), *answer = json_new_array();
    push_message(answer, "assistant", e->y_star);
    json_set_string(line, "id", e->record->id);
    json_set(line, "prompt", prompt_messages(e));
    json_set(line, "completion", answer);
    return line;
}
