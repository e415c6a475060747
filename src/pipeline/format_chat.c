/*
 * Chats as trainers have them: {"messages": [...]} (TRL, OpenAI), {"conversations": [{"from",
 * "value"}]} (ShareGPT), {"prompt", "completion"} and preferences {"prompt", "chosen", "rejected"}.
 * The last assistant turn is y0 and what stands before it the prompt; of a preference, rejected is
 * y0 and chosen y*.
 */
#include "base/json.h"
#include "base/json_raw.h"
#include "base/json_text.h"
#include "pipeline/draft.h"
#include "pipeline/format.h"

static bool is_list(struct slice value)
{
    return value.len && value.at[0] == '[';
}

/* A message's role in OpenAI's words, with its quotes; ShareGPT says human and gpt. */
static struct slice role_of(struct slice message)
{
    struct slice role = member_of(message, "role");
    if (!role.len)
        role = member_of(message, "from");
    if (slice_is(role, "\"human\""))
        return SLICE("\"user\"");
    return slice_is(role, "\"gpt\"") ? SLICE("\"assistant\"") : role;
}

static struct slice content_of(struct slice message)
{
    struct slice content = member_of(message, "content");
    return content.len ? content : member_of(message, "value");
}

static bool from_assistant(struct slice message)
{
    return slice_is(role_of(message), "\"assistant\"");
}

/* Appends the messages but the last skip ones as a JSON list; last becomes the final message. */
static void split_list(struct str *head, struct slice list, struct slice *last)
{
    size_t at = 0;
    struct slice key, each, before = {"", 0};
    str_addc(head, '[');
    *last = before;
    while (json_raw_next(list, &at, &key, &each)) {
        if (last->len) {
            str_adds(head, before.len ? "," : "");
            json_compact(head, *last, false);
            before = *last;
        }
        *last = each;
    }
    str_addc(head, ']');
}

/* ShareGPT's words for role and content made OpenAI's; other messages stay as they are. */
static void rename_messages(struct str *out, struct slice list)
{
    size_t at = 0;
    struct slice key, each;
    str_addc(out, '[');
    while (json_raw_next(list, &at, &key, &each)) {
        str_adds(out, out->at[out->len - 1] == '[' ? "" : ",");
        if (member_of(each, "from").len)
            str_addf(out, "{\"role\":%.*s,\"content\":%.*s}", (int)role_of(each).len,
                     role_of(each).at, (int)content_of(each).len, content_of(each).at);
        else
            json_compact(out, each, false);
    }
    str_addc(out, ']');
}

/* Text of a completion: a text itself, or the last message of a list. */
static void set_completion(struct draft *d, enum draft_field field, struct slice value)
{
    struct str head = {0};
    struct slice last;
    if (is_list(value)) {
        split_list(&head, value, &last);
        value = content_of(last);
    }
    if (value.len && value.at[0] == '"')
        draft_set(d, field, value);
    str_free(&head);
}

/* A whole conversation: the last assistant turn is field, the rest the prompt. */
static void set_conversation(struct draft *d, enum draft_field field, struct slice list)
{
    struct str renamed = {0}, head = {0};
    struct slice last;
    rename_messages(&renamed, list);
    split_list(&head, str_slice(&renamed), &last);
    if (last.len && from_assistant(last) && content_of(last).at[0] == '"') {
        draft_set(d, field, content_of(last));
        if (head.len > 2)
            draft_set(d, DRAFT_PROMPT, str_slice(&head));
    } else if (renamed.len > 2) {
        draft_set(d, DRAFT_PROMPT, str_slice(&renamed));
    }
    str_free(&renamed);
    str_free(&head);
}

/* Without a prompt of its own a preference carries it in both conversations. */
static void set_preference(struct draft *d, struct slice object, enum draft_field field,
                           const char *name)
{
    struct slice value = member_of(object, name);
    if (is_list(value) && !member_of(object, "prompt").len)
        set_conversation(d, field, value);
    else
        set_completion(d, field, value);
}

static bool is_read(struct slice key)
{
    static const char *const names[] = {"\"messages\"", "\"conversations\"", "\"completion\"",
                                        "\"chosen\"", "\"rejected\""};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (slice_is(key, names[i]))
            return true;
    return false;
}

int chat_convert(struct str *line, struct answers *answers, struct slice object,
                 struct error *err)
{
    (void)answers, (void)err;
    struct draft d = {0};
    struct slice list = member_of(object, "messages"), key, value;
    if (!is_list(list))
        list = member_of(object, "conversations");
    if (is_list(list))
        set_conversation(&d, DRAFT_Y0, list);
    set_completion(&d, DRAFT_Y0, member_of(object, "completion"));
    set_preference(&d, object, DRAFT_Y0, "rejected");
    set_preference(&d, object, DRAFT_Y_STAR, "chosen");
    size_t at = 0;
    while (json_raw_next(object, &at, &key, &value))
        if (!is_read(key))
            draft_take(&d, key, value);
    draft_print(line, &d, "chat");
    draft_free(&d);
    return 0;
}
