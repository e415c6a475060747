#include "trainer/run/session.h"

#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "trainer/run/plan.h"

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

/* A backend, and what the model is. */
static int open_backend(const struct options *o, struct session *s, struct error *err)
{
    int threads;
    if (option_int(o, "threads", 0, 1024, &threads, err) != 0)
        return -1;
    if (!s->backend)
        s->backend = session_backend(o, threads, err);
    return s->backend ? model_config_of(option(o, "model"), &s->config, err) : -1;
}

static int check_room(const struct session *s, struct error *err)
{
    struct backend *b = s->backend;
    double need = plan_weights(&s->config, b), free_now = b->ops->available(b);
    if (free_now == 0 || need <= free_now)
        return 0;
    bool packs = b->ops->pack && !b->base_bits;
    return error_set(err, ERR_LIMIT, "the model's weights take %.2f GB and %.2f GB are free%s", need * 1e-9, free_now * 1e-9,
                     packs ? "; --base-bits 8 or 4 holds them in half or a quarter" : "");
}

int session_load(const struct options *o, struct session *s, struct error *err)
{
    int seed = 0;
    bool by_chance = wants_random(o);
    if (check_room(s, err) != 0 || (by_chance && option_int(o, "seed", 0, 1L << 30, &seed, err) != 0))
        return -1;
    s->model = by_chance ? model_random(s->backend, &s->config, (uint64_t)seed, err)
                         : model_load(s->backend, option(o, "model"), err);
    return s->model ? 0 : -1;
}

int session_open_model(const struct options *o, struct session *s, struct error *err)
{
    *s = (struct session){0};
    return option_need(o, "model", err) == 0 && open_backend(o, s, err) == 0 ? session_load(o, s, err) : -1;
}

/* Tokenizer and chat format. */
static int open_text(const struct options *o, struct session *s, struct error *err)
{
    struct str template = {0};
    if (option_need(o, "model", err) != 0)
        return -1;
    const char *path = option(o, "model");
    if (!file_exists(path))
        return error_set(err, ERR_ABSENT, "there is no %s: --model is a folder in the format of transformers or a "
                                          "GGUF file, and nothing is downloaded", path);
    int result = (is_gguf(path) ? open_gguf : open_folder)(path, s, &template, err);
    if (result == 0)
        result = open_chat(o, str_slice(&template), s, err);
    str_free(&template);
    return result;
}

static int open_all(const struct options *o, bool backend, struct session *s, struct error *err)
{
    int max_tokens;
    if (option_int(o, "max-tokens", 2, 1 << 24, &max_tokens, err) != 0 || open_text(o, s, err) != 0 ||
        (backend && open_backend(o, s, err) != 0))
        return -1;
    int vocab = backend ? s->config.vocab : tokenizer_size(s->tokenizer);
    if (backend && max_tokens > s->config.max_positions)
        max_tokens = s->config.max_positions;
    s->reader = (struct reader){s->tokenizer, s->chat, vocab, (size_t)max_tokens, false};
    return 0;
}

int session_prepare(const struct options *o, struct backend *b, struct session *s, struct error *err)
{
    *s = (struct session){.backend = b};
    return open_all(o, true, s, err);
}

int session_open(const struct options *o, bool weights, struct session *s, struct error *err)
{
    *s = (struct session){0};
    int result = open_all(o, weights, s, err);
    return result == 0 && weights ? session_load(o, s, err) : result;
}

void session_close(struct session *s)
{
    model_free(s->model);
    tokenizer_free(s->tokenizer);
    backend_free(s->backend);
    *s = (struct session){0};
}
