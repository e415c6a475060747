#include "trainer/run/companions.h"

#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"

enum { CONFIG_MAX = 1 << 24, COMPANION_MAX = 1 << 28 };

static const char *const names[] = {"tokenizer.json",         "tokenizer_config.json", "chat_template.jinja",
                                    "special_tokens_map.json", "added_tokens.json",    "vocab.json",
                                    "merges.txt",              "tokenizer.model",      "generation_config.json"};

/* NULL-terminated DIR/NAME; the caller frees. */
static char *join(const char *folder, const char *name)
{
    struct str path = {0};
    str_addf(&path, "%s/%s", folder, name);
    return str_take(&path);
}

static int copy(const char *source, const char *folder, const char *name, struct error *err)
{
    char *from = join(source, name), *to = join(folder, name);
    struct str bytes = {0};
    int result = 0;
    if (file_exists(from)) {
        result = file_read(from, COMPANION_MAX, &bytes, err);
        if (result == 0)
            result = file_write_atomic(to, 0600, str_slice(&bytes), err);
    }
    str_free(&bytes);
    mem_free(from);
    mem_free(to);
    return result;
}

/* The source's config keeps what is not read here: ids of special tokens and the like. */
static int edit_config(const char *path, struct str *out, struct error *err)
{
    struct str text = {0};
    struct json *j = NULL;
    if (file_read(path, CONFIG_MAX, &text, err) == 0)
        j = json_parse(str_slice(&text), NULL, err);
    str_free(&text);
    if (!j)
        return -1;
    bool newer = json_get(j, "dtype") != NULL; /* transformers 5's name */
    if (newer)
        json_set_string(j, "dtype", "float32");
    if (!newer || json_get(j, "torch_dtype"))
        json_set_string(j, "torch_dtype", "float32");
    json_print_pretty(out, j);
    json_free(j);
    return 0;
}

static void add_id(const struct gguf *g, const char *key, struct json *j, const char *name)
{
    double id = gguf_number(g, key, -1);
    if (id >= 0)
        json_set_number(j, name, id);
}

static int make_config(const struct model *m, const char *source, struct str *out, struct error *err)
{
    struct model_config named = m->config;
    if (!config_name_rope(&named, m->freqs))
        return error_set(err, ERR_INPUT, "%s scales RoPE in a way config.json cannot tell: start from the model's "
                                         "transformers folder instead", source);
    struct str text = {0};
    config_print(&named, &text);
    struct gguf *g = gguf_open(source, err);
    struct json *j = g ? json_parse(str_slice(&text), NULL, err) : NULL;
    if (j) {
        add_id(g, "tokenizer.ggml.bos_token_id", j, "bos_token_id");
        add_id(g, "tokenizer.ggml.eos_token_id", j, "eos_token_id");
        json_print_pretty(out, j);
    }
    str_free(&text);
    gguf_close(g);
    json_free(j);
    return j ? 0 : -1;
}

int companions_write(const struct model *m, const char *source, const char *folder, struct error *err)
{
    char *from = join(source, "config.json"), *to = join(folder, "config.json");
    bool is_folder = file_exists(from);
    struct str config = {0};
    int result = is_folder ? edit_config(from, &config, err) : make_config(m, source, &config, err);
    for (size_t i = 0; is_folder && result == 0 && i < sizeof names / sizeof *names; i++)
        result = copy(source, folder, names[i], err);
    if (result == 0) /* last: a folder that has it is whole */
        result = file_write_atomic(to, 0600, str_slice(&config), err);
    str_free(&config);
    mem_free(from);
    mem_free(to);
    return result;
}
