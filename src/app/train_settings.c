/* Hyper-parameters: the options of `hinge-train fit` that a person sets, with what a new run has. */
#include <stdlib.h>
#include <string.h>

#include "app/train_parts.h"

const struct train_setting_row train_settings[] = {
    {"epochs", "N", "1", "passes over the data", true},
    {"batch", "N", "8", "examples an optimizer step", true},
    {"lr", "X", "2e-4", "learning rate", true},
    {"schedule", "constant|linear|cosine", "constant", "how the rate goes on after warm-up", true},
    {"warmup", "N", "0", "steps until the rate is reached", false},
    {"rank", "N", "256", "LoRA rank", true},
    {"alpha", "X", "32", "LoRA alpha", true},
    {"rslora", NULL, NULL, "scale by alpha / sqrt(rank)", false},
    {"targets", "LIST", "all", "linear layers with an adapter, such as q_proj,v_proj", false},
    {"full", NULL, NULL, "train all weights instead of an adapter", false},
    {"branch-weight", "token|branch", "token", "what weighs the same: every token or every branch", true},
    {"max-tokens", "N", "4096", "longest sequence", true},
    {"too-long", "stop|skip", "stop", "what to do with longer examples", false},
    {"clip", "X", "1.0", "largest gradient norm; 0 is none", false},
    {"decay", "X", "0", "weight decay", false},
    {"every", "N", "100", "steps between checkpoints", false},
    {"every-examples", "N", "0", "examples between checkpoints; 0: by steps", true},
    {"grid", "even|log", "even", "log: checkpoints after once, twice, four times, ... that many examples", true},
    {"row-tokens", "N", "2048", "tokens computed at once; changes memory and speed, not the result", false},
    {"recompute", "auto|on|off|N", "auto", "layers computed twice: as few as fit, all, none, or N", false},
    {"base-bits", "16|8|4", "16", "bits of frozen weights on a GPU: 8 by rows, 4 is NF4", false},
    {"shard-base", NULL, NULL, "divide the frozen layers over the GPUs of all processes", false},
    {"no-share", NULL, NULL, "compute each branch as a plain sequence", false},
    {"init", "model|random", "model", "start from the model's weights or from random ones", false},
    {"seed", "N", "0", "of adapters, random weights and order", true},
    {"threads", "N", "0", "threads; 0 is all cores", false},
    {"chat", "NAME", NULL, "chat format, where the model's template is not known", false},
    {.name = NULL},
};

const struct train_setting_row *train_setting_find(const char *name)
{
    for (const struct train_setting_row *r = train_settings; r->name; r++) {
        if (strcmp(r->name, name) == 0)
            return r;
    }
    return NULL;
}

static bool is_choice(const char *choices, const char *value)
{
    size_t len = strlen(value), digits = len ? strspn(value, "0123456789") : 1; /* N at the end: any whole number */
    for (const char *at = choices; *at; at += *at == '|') {
        size_t n = strcspn(at, "|");
        if ((n == len && strncmp(at, value, n) == 0) || (strcmp(at, "N") == 0 && digits == len))
            return true;
        at += n;
    }
    return false;
}

static int check_value(const struct train_setting_row *row, const char *value, struct error *err)
{
    char *end;
    if (!row->arg)
        return is_choice("yes|no", value) ? 0 : error_set(err, ERR_USAGE, "%s is yes or no, not '%.40s'", row->name, value);
    if (strchr(row->arg, '|'))
        return is_choice(row->arg, value)
                   ? 0
                   : error_set(err, ERR_USAGE, "%s is one of %s, not '%.40s'", row->name, row->arg, value);
    if (strlen(row->arg) > 1) /* a list or a name: hinge-train knows which there are */
        return *value ? 0 : error_set(err, ERR_USAGE, "%s needs a value", row->name);
    double number = strtod(value, &end);
    bool whole = *row->arg != 'N' || (number == (double)(long long)number && !strpbrk(value, ".eE"));
    if (end == value || *end || !(number >= 0 && number < 1e15) || !whole)
        return error_set(err, ERR_USAGE, "%s is a %s of 0 or more, not '%.40s'", row->name,
                         *row->arg == 'N' ? "whole number" : "number", value);
    return 0;
}

int train_settings_check(const struct train_request *q, struct error *err)
{
    for (size_t i = 0; i < q->n_settings; i++) {
        const struct train_setting_row *row = train_setting_find(q->settings[i].name);
        if (!row)
            return error_set(err, ERR_USAGE, "there is no setting '%.40s'", q->settings[i].name);
        if (check_value(row, q->settings[i].value, err) != 0)
            return -1;
    }
    return 0;
}

static const char *given(const struct train_request *q, const char *name)
{
    for (size_t i = q->n_settings; i > 0; i--) { /* the last one counts */
        if (strcmp(q->settings[i - 1].name, name) == 0)
            return q->settings[i - 1].value;
    }
    return NULL;
}

const char *train_setting_value(const struct train_request *q, const struct run *was, const char *name)
{
    const char *value = given(q, name);
    if (!value && was)
        value = run_option(was, name);
    if (!value)
        value = train_setting_find(name)->initial;
    return value && strcmp(value, "no") == 0 && !train_setting_find(name)->arg ? NULL : value;
}
