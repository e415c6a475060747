#include "trainer/run/session.h"

#include <string.h>

#include "base/file.h"
#include "base/json.h"

enum { TOKENIZER_MAX = 1 << 28, CONFIG_MAX = 1 << 24 };

static bool is_gguf(const char *path)
{
    size_t len = strlen(path);
    return len > 5 && strcmp(path + len - 5, ".gguf") == 0;
}

static int read_in(const char *folder, const char *name, size_t max, struct str *out, struct error *err)
{
    struct str path = {0};
    str_addf(&path, "%s/%s", folder, name);
    int result = file_exists(path.at) ? file_read(path.at, max, out, err) : 0;
    str_free(&path);
    return result;
}

/* The template stands in chat_template.jinja or, in older folders, in tokenizer_config.json. */
static int folder_template(const char *folder, struct str *out, struct error *err)
{
    struct str text = {0};
    int result = read_in(folder, "chat_template.jinja", CONFIG_MAX, out, err);
    if (result == 0 && out->len == 0)
        result = read_in(folder, "tokenizer_config.json", CONFIG_MAX, &text, err);
    if (result == 0 && text.len) {
        struct json *j = json_parse(str_slice(&text), NULL, err);
        str_adds(out, json_string(json_get(j, "chat_template"), ""));
        result = j ? 0 : -1;
        json_free(j);
    }
    str_free(&text);
    return result;
}

static int open_folder(const char *path, struct session *s, struct str *template, struct error *err)
{
    struct str text = {0};
    int result = read_in(path, "tokenizer.json", TOKENIZER_MAX, &text, err);
    if (result == 0 && text.len == 0)
        result = error_set(err, ERR_ABSENT, "%s holds no tokenizer.json", path);
    if (result == 0) {
        s->tokenizer = tokenizer_from_json(str_slice(&text), err);
        result = s->tokenizer ? folder_template(path, template, err)
                              : error_prefix(err, "%s/tokenizer.json: ", path);
    }
    str_free(&text);
    return result;
}

static int open_gguf(const char *path, struct session *s, struct str *template, struct error *err)
{
    struct gguf *g = gguf_open(path, err);
    if (!g)
        return -1;
    s->tokenizer = tokenizer_from_gguf(g, err);
    str_add_slice(template, gguf_string(g, "tokenizer.chat_template"));
    gguf_close(g);
    return s->tokenizer ? 0 : error_prefix(err, "%s: ", path);
}

static int open_chat(const struct options *o, struct slice template, struct session *s, struct error *err)
{
    const char *name = option(o, "chat");
    s->chat = name ? chat_find(name, err) : chat_detect(template, err);
    return s->chat ? 0 : -1;
}

static int open_random(const struct options *o, const char *path, struct session *s, struct error *err)
{
    struct str text = {0};
    struct model_config c = {0};
    int seed = 0;
    if (option_int(o, "seed", 0, 1L << 30, &seed, err) == 0 &&
        read_in(path, "config.json", CONFIG_MAX, &text, err) == 0 &&
        config_from_json(str_slice(&text), &c, err) == 0)
        s->model = model_random(s->backend, &c, (uint64_t)seed, err);
    str_free(&text);
    return s->model ? 0 : -1;
}

/* NULL, too, when the command has no such option. */
static const char *option_if_any(const struct options *o, const char *name)
{
    for (int i = 0; o->specs[i].name; i++) {
        if (strcmp(o->specs[i].name, name) == 0)
            return o->values[i];
    }
    return NULL;
}

static bool wants_random(const struct options *o)
{
    const char *init = option_if_any(o, "init");
    return init && strcmp(init, "random") == 0;
}

struct backend *session_backend(const struct options *o, int threads, struct error *err)
{
    const char *device = option_if_any(o, "device");
    return session_backend_at(o, device ? device : "cpu", threads, err);
}

struct backend *session_backend_at(const struct options *o, const char *device, int threads, struct error *err)
{
    const char *bits = option_if_any(o, "base-bits");
    struct backend *b = backend_new(device, threads, err);
    if (!b || !bits || strcmp(bits, "16") == 0)
        return b;
    b->base_bits = *bits - '0';
    if (b->ops->pack)
        return b;
    error_set(err, ERR_USAGE, "--base-bits %s is for GPUs: the CPU computes in fp32", bits);
    backend_free(b);
    return NULL;
}

static int open_model(const struct options *o, const char *path, struct session *s, struct error *err)
{
    int threads;
    if (option_int(o, "threads", 0, 1024, &threads, err) != 0)
        return -1;
    if (!s->backend)
        s->backend = session_backend(o, threads, err);
    if (!s->backend)
        return -1;
    if (wants_random(o))
        return open_random(o, path, s, err);
    s->model = model_load(s->backend, path, err);
    return s->model ? 0 : -1;
}

int session_open_model(const struct options *o, struct session *s, struct error *err)
{
    *s = (struct session){0};
    return option_need(o, "model", err) == 0 ? open_model(o, option(o, "model"), s, err) : -1;
}

static int open_all(const struct options *o, bool weights, struct session *s, struct error *err)
{
    int max_tokens;
    struct str template = {0};
    if (option_need(o, "model", err) != 0 ||
        option_int(o, "max-tokens", 2, 1 << 24, &max_tokens, err) != 0)
        return -1;
    const char *path = option(o, "model");
    if (!file_exists(path))
        return error_set(err, ERR_ABSENT, "there is no %s: --model is a folder in the format of transformers or a "
                                          "GGUF file, and nothing is downloaded", path);
    int result = (is_gguf(path) ? open_gguf : open_folder)(path, s, &template, err);
    if (result == 0)
        result = open_chat(o, str_slice(&template), s, err);
    str_free(&template);
    if (result == 0 && weights)
        result = open_model(o, path, s, err);
    int vocab = s->model ? s->model->config.vocab : s->tokenizer ? tokenizer_size(s->tokenizer) : 0;
    if (s->model && max_tokens > s->model->config.max_positions)
        max_tokens = s->model->config.max_positions;
    s->reader = (struct reader){s->tokenizer, s->chat, vocab, (size_t)max_tokens, false};
    return result;
}

int session_open(const struct options *o, bool weights, struct session *s, struct error *err)
{
    *s = (struct session){0};
    return open_all(o, weights, s, err);
}

int session_open_on(const struct options *o, struct backend *b, struct session *s, struct error *err)
{
    *s = (struct session){.backend = b};
    return open_all(o, true, s, err);
}

void session_close(struct session *s)
{
    model_free(s->model);
    tokenizer_free(s->tokenizer);
    backend_free(s->backend);
    *s = (struct session){0};
}
