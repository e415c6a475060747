#include "experiments/scribe_corpus.h"

#include "experiments/scribe_parts.h"
#include "pipeline/strategy.h"

void corpus_strategy(struct str *out, rule_set rules, struct draw *d)
{
    struct rule_text texts[RULES];
    size_t count = 0;
    for (int r = 0; r < RULES; r++) {
        size_t which = draw_below(d, RULE_WORDINGS);
        if (rules & BIT(r))
            texts[count++] = (struct rule_text){(char *)rule_mistake((enum scribe_rule)r, which),
                                                (char *)rule_guardrail((enum scribe_rule)r, which)};
    }
    strategy_print(out, texts, count);
}

/* At most count of them. */
static rule_set some_rules(rule_set from, size_t count, struct draw *d)
{
    rule_set chosen = 0;
    for (size_t n = 0; n < count && (from & ~chosen);) {
        rule_set bit = BIT(draw_below(d, RULES)) & from & ~chosen;
        chosen |= bit;
        n += bit != 0;
    }
    return chosen;
}

static void add_branch(struct json *branches, const char *kind, const char *think, const struct str *text)
{
    struct json *b = json_new_object();
    json_set_string(b, "kind", kind);
    json_set_string(b, "think", think);
    json_set_string(b, "text", str_z(text));
    json_push(branches, b);
}

static void note_branch(struct json *branches, const char *kind, const char *think, const struct visit *v,
                        rule_set kept, struct draw *d)
{
    struct str note = {0};
    note_print(&note, v, writer_breaks(WRITER_CORPUS, visit_rules(v), d) & ~kept);
    add_branch(branches, kind, think, &note);
    str_free(&note);
}

static struct json *corpus_branches(const struct visit *v, struct draw *d)
{
    struct json *branches = json_new_array();
    note_branch(branches, "A", NULL, v, 0, d);
    note_branch(branches, "A", "", v, 0, d);
    if (draw_chance(d, 0.5)) {
        struct str strategy = {0};
        rule_set told = some_rules(visit_rules(v), 1 + draw_below(d, 3), d);
        corpus_strategy(&strategy, told, d);
        note_branch(branches, "B", str_z(&strategy), v, told, d);
        str_free(&strategy);
    }
    return branches;
}

static struct json *user_prompt(const struct str *transcript)
{
    struct json *messages = json_new_array(), *m = json_new_object();
    json_set_string(m, "role", "user");
    json_set_string(m, "content", str_z(transcript));
    json_push(messages, m);
    return messages;
}

int corpus_line(struct str *out, const struct forms *f, uint64_t seed, const char *kind, uint64_t index, struct error *err)
{
    struct visit v;
    struct str transcript = {0}, id = {0};
    struct draw d;
    int result = visit_draw(&v, f, seed, kind, index, &transcript, err);
    if (result == 0) {
        draw_seed(&d, seed, "corpus notes", index);
        struct json *j = json_new_object();
        str_addf(&id, "corpus/%llu", (unsigned long long)index);
        json_set_string(j, "id", str_z(&id));
        json_set(j, "prompt", user_prompt(&transcript));
        json_set(j, "branches", corpus_branches(&v, &d));
        json_print(out, j);
        str_addc(out, '\n');
        json_free(j);
    }
    str_free(&transcript);
    str_free(&id);
    return result;
}
