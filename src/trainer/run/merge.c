/* hinge-train merge and convert. */
#include <string.h>

#include "base/file.h"
#include "trainer/run/checkpoint.h"
#include "trainer/run/commands.h"
#include "trainer/run/merge_gguf.h"
#include "trainer/run/session.h"

const struct option_spec merge_options[] = {
    FP32_OPTIONS,
    {"adapter", "PATH", NULL, "the adapter to merge in: a PEFT folder or a .gguf file"},
    {"out", "PATH", NULL, "a folder for the merged model, or where --model is a GGUF file a name that ends in .gguf"},
    {0},
};

const struct option_spec convert_options[] = {
    {"model", "PATH", NULL, "the model the adapter is for: a transformers folder or a GGUF file"},
    {"adapter", "PATH", NULL, "the adapter: a PEFT folder or a .gguf file"},
    {"out", "PATH", NULL, "what to write: a name that ends in .gguf for llama.cpp, else a folder for PEFT"},
    {0},
};

static bool holds(const char *folder, const char *name)
{
    struct str path = {0};
    str_addf(&path, "%s/%s", folder, name);
    bool there = file_exists(path.at);
    str_free(&path);
    return there;
}

static bool is_gguf(const char *path)
{
    size_t len = strlen(path);
    return len >= 5 && strcmp(path + len - 5, ".gguf") == 0;
}

static int merge(const struct options *o, struct session *s, struct error *err)
{
    struct lora_options lora;
    const char *out = option(o, "out"), *base = option(o, "model");
    bool file = is_gguf(out);
    if (file && !is_gguf(base))
        return error_set(err, ERR_USAGE, "--out %s: a GGUF file is made of a GGUF base, whose tokenizer it keeps; "
                                         "name a folder for this one", out);
    if (file ? file_exists(out) : holds(out, "config.json"))
        return error_set(err, ERR_CONFLICT, file ? "%s is already there" : "%s already holds a model", out);
    if (lora_load(s->model, option(o, "adapter"), &lora, NULL, err) != 0 || lora_merge(s->model, err) != 0)
        return -1;
    if (file)
        return merge_write_gguf(s->model, base, out, err);
    return file_make_dir(out, err) != 0 ? -1 : checkpoint_write_model(s->model, base, out, err);
}

int run_merge(const struct options *o, struct error *err)
{
    struct session s = {0};
    int result = option_need(o, "adapter", err) != 0 || option_need(o, "out", err) != 0 ||
                         session_open(o, true, &s, err) != 0
                     ? -1
                     : merge(o, &s, err);
    session_close(&s);
    return result;
}

static int convert(const struct options *o, struct model *m, struct error *err)
{
    struct lora_options lora;
    const char *out = option(o, "out");
    bool folder = !is_gguf(out);
    if (folder ? holds(out, "adapter_config.json") : file_exists(out))
        return error_set(err, ERR_CONFLICT, "%s is already there", out);
    if (lora_load(m, option(o, "adapter"), &lora, NULL, err) != 0 || (folder && file_make_dir(out, err) != 0))
        return -1;
    return lora_save(m, out, &lora, option(o, "model"), err);
}

int run_convert(const struct options *o, struct error *err)
{
    struct model_config c = {0};
    if (option_need(o, "model", err) != 0 || option_need(o, "adapter", err) != 0 ||
        option_need(o, "out", err) != 0 || model_config_of(option(o, "model"), &c, err) != 0)
        return -1;
    struct backend *b = cpu_backend_new(1);
    struct model *m = model_shell(b, &c);
    int result = convert(o, m, err);
    model_free(m);
    cpu_backend_free(b);
    return result;
}
