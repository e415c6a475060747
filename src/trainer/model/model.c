#include "trainer/model/model.h"

#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "base/file.h"
#include "base/mem.h"
#include "trainer/files/safetensors.h"
#include "trainer/tensor/rng.h"

enum { NAME_BYTES = 128, CONFIG_MAX = 1 << 20 };

const char *const linear_names[LINEARS] = {"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj",
                                           "up_proj", "down_proj"};
const char *const linear_parents[LINEARS] = {"self_attn", "self_attn", "self_attn", "self_attn",
                                             "mlp", "mlp", "mlp"};

void params_add(struct params *list, const char *name, float *value, float *grad, size_t rows,
                size_t cols)
{
    list->items = array_reserve(list->items, &list->cap, list->count + 1, sizeof *list->items);
    list->items[list->count++] = (struct param){
        .name = mem_strdup(name),
        .value = value,
        .grad = grad,
        .dims = rows ? 2 : 1,
        .shape = {rows ? rows : cols, rows ? cols : 0},
        .count = (rows ? rows : 1) * cols,
    };
}

void params_free(struct params *list)
{
    for (size_t i = 0; i < list->count; i++)
        mem_free(list->items[i].name);
    mem_free(list->items);
    *list = (struct params){0};
}

static int visit_layer(struct model *m, int index, model_visit_fn *visit, void *ctx)
{
    struct layer *l = &m->layers[index];
    size_t d = (size_t)m->config.hidden, head = (size_t)m->config.head_dim;
    char name[NAME_BYTES];
    struct {
        const char *suffix;
        struct norm *norm;
        size_t size;
    } norms[] = {{"input_layernorm", &l->before_attention, d},
                 {"post_attention_layernorm", &l->before_ffn, d},
                 {"self_attn.q_norm", &l->q, head},
                 {"self_attn.k_norm", &l->k, head}};
    int result = 0;
    for (int i = 0; i < (m->config.qk_norm ? 4 : 2) && result == 0; i++) {
        snprintf(name, sizeof name, "model.layers.%d.%s.weight", index, norms[i].suffix);
        result = visit(ctx, name, &norms[i].norm->w, &norms[i].norm->dw, 0, norms[i].size);
    }
    for (int k = 0; k < LINEARS && result == 0; k++) {
        struct linear *lin = &l->linears[k];
        snprintf(name, sizeof name, "model.layers.%d.%s.%s.weight", index, linear_parents[k],
                 linear_names[k]);
        result = visit(ctx, name, &lin->w, &lin->dw, (size_t)lin->out, (size_t)lin->in);
        if (k > LINEAR_V || !m->config.qkv_bias || result != 0)
            continue;
        snprintf(name, sizeof name, "model.layers.%d.self_attn.%s.bias", index, linear_names[k]);
        result = visit(ctx, name, &lin->bias, &lin->dbias, 0, (size_t)lin->out);
    }
    return result;
}

int model_visit(struct model *m, model_visit_fn *visit, void *ctx)
{
    size_t vocab = (size_t)m->config.vocab, d = (size_t)m->config.hidden;
    int result = visit(ctx, "model.embed_tokens.weight", &m->embed, &m->d_embed, vocab, d);
    for (int i = 0; i < m->config.layers && result == 0; i++)
        result = visit_layer(m, i, visit, ctx);
    if (result == 0)
        result = visit(ctx, "model.norm.weight", &m->last.w, &m->last.dw, 0, d);
    if (result == 0 && !m->config.tied)
        result = visit(ctx, "lm_head.weight", &m->head.w, &m->head.dw, vocab, d);
    return result;
}

static struct model *model_new(struct backend *b, const struct model_config *c)
{
    struct model *m = mem_zalloc(1, sizeof *m);
    int q = c->q_heads * c->head_dim, kv = c->kv_heads * c->head_dim;
    m->config = *c;
    m->backend = b;
    m->head = (struct linear){.in = c->hidden, .out = c->vocab};
    m->layers = mem_zalloc((size_t)c->layers, sizeof *m->layers);
    m->freqs = mem_zalloc((size_t)c->head_dim / 2, sizeof *m->freqs);
    config_rope_freqs(c, m->freqs);
    for (int i = 0; i < c->layers; i++) {
        const int sizes[LINEARS][2] = {{c->hidden, q},  {c->hidden, kv},     {c->hidden, kv},
                                       {q, c->hidden},  {c->hidden, c->ffn}, {c->hidden, c->ffn},
                                       {c->ffn, c->hidden}};
        for (int k = 0; k < LINEARS; k++) {
            m->layers[i].linears[k].in = sizes[k][0];
            m->layers[i].linears[k].out = sizes[k][1];
        }
    }
    return m;
}

static int free_one(void *ctx, const char *name, float **value, float **grad, size_t rows, size_t cols)
{
    struct backend *b = ctx;
    (void)name, (void)rows, (void)cols;
    b->ops->release(b, *value);
    b->ops->release(b, *grad);
    return 0;
}

void model_free(struct model *m)
{
    if (!m)
        return;
    struct backend *b = m->backend;
    model_visit(m, free_one, b);
    for (int i = 0; i < m->config.layers; i++) {
        for (int k = 0; k < LINEARS; k++) {
            struct low_rank *l = &m->layers[i].linears[k].lora;
            b->ops->release(b, l->a);
            b->ops->release(b, l->b);
            b->ops->release(b, l->da);
            b->ops->release(b, l->db);
        }
    }
    mem_free(m->layers);
    mem_free(m->freqs);
    mem_free(m);
}

/* What filling a model from a file or from chance has in common. */
struct fill {
    struct model *model;
    const struct weight_set *weights; /* NULL: random */
    bool gguf;
    struct rng rng;
    float *host;
    size_t host_cap;
    struct error *err;
};

/* transformers' names as GGUF has them. */
static void gguf_name(const char *name, char out[NAME_BYTES])
{
    static const struct {
        const char *suffix, *gguf;
    } map[] = {{"input_layernorm", "attn_norm"},      {"post_attention_layernorm", "ffn_norm"},
               {"self_attn.q_norm", "attn_q_norm"},   {"self_attn.k_norm", "attn_k_norm"},
               {"self_attn.q_proj", "attn_q"},        {"self_attn.k_proj", "attn_k"},
               {"self_attn.v_proj", "attn_v"},        {"self_attn.o_proj", "attn_output"},
               {"mlp.gate_proj", "ffn_gate"},         {"mlp.up_proj", "ffn_up"},
               {"mlp.down_proj", "ffn_down"},         {"model.embed_tokens", "token_embd"},
               {"model.norm", "output_norm"},         {"lm_head", "output"}};
    int layer, used = 0;
    bool in_layer = sscanf(name, "model.layers.%d.%n", &layer, &used) == 1 && used > 0;
    const char *rest = in_layer ? name + used : name, *dot = strrchr(rest, '.');
    for (size_t i = 0; i < sizeof map / sizeof *map; i++) {
        if (strlen(map[i].suffix) != (size_t)(dot - rest) ||
            strncmp(map[i].suffix, rest, (size_t)(dot - rest)) != 0)
            continue;
        if (in_layer)
            snprintf(out, NAME_BYTES, "blk.%d.%s%s", layer, map[i].gguf, dot);
        else
            snprintf(out, NAME_BYTES, "%s%s", map[i].gguf, dot);
    }
}

/* llama.cpp stores q and k of the llama family with each head's halves interleaved; transformers'
 * order is the one RoPE works on here. */
static void deinterleave(float *w, size_t rows, size_t cols, size_t head_dim)
{
    float *head = mem_alloc(head_dim * cols * sizeof *head);
    for (size_t start = 0; start < rows; start += head_dim, w += head_dim * cols) {
        memcpy(head, w, head_dim * cols * sizeof *head);
        for (size_t i = 0; i < head_dim / 2; i++) {
            for (size_t half = 0; half < 2; half++)
                memcpy(w + (half * head_dim / 2 + i) * cols, head + (2 * i + half) * cols,
                       cols * sizeof *w);
        }
    }
    mem_free(head);
}

static int read_host(struct fill *f, const char *name, size_t rows, size_t cols)
{
    if (!f->weights) {
        bool norm = strstr(name, "norm") != NULL, bias = strstr(name, ".bias") != NULL;
        size_t count = (rows ? rows : 1) * cols;
        for (size_t i = 0; i < count; i++)
            f->host[i] = norm ? 1.0F : bias ? 0.0F : (float)(0.02 * rng_normal(&f->rng));
        return 0;
    }
    char other[NAME_BYTES] = "";
    if (f->gguf)
        gguf_name(name, other);
    if (weights_read(f->weights, f->gguf ? other : name, rows, cols, f->host, f->err) != 0)
        return -1;
    bool turned = strstr(name, "q_proj.weight") || strstr(name, "k_proj.weight");
    if (f->gguf && turned && strcmp(f->model->config.family, "llama") == 0)
        deinterleave(f->host, rows, cols, (size_t)f->model->config.head_dim);
    return 0;
}

static int fill_one(void *ctx, const char *name, float **value, float **grad, size_t rows, size_t cols)
{
    struct fill *f = ctx;
    struct backend *b = f->model->backend;
    size_t count = (rows ? rows : 1) * cols;
    (void)grad;
    if (count > f->host_cap) {
        f->host = mem_resize(f->host, count * sizeof *f->host);
        f->host_cap = count;
    }
    if (read_host(f, name, rows, cols) != 0)
        return -1;
    *value = b->ops->alloc(b, count, f->err);
    if (!*value)
        return -1;
    b->ops->upload(b, *value, f->host, count);
    return 0;
}

static struct model *fill(struct fill *f)
{
    int result = model_visit(f->model, fill_one, f);
    mem_free(f->host);
    if (result != 0) {
        model_free(f->model);
        return NULL;
    }
    if (f->model->config.tied)
        f->model->head.w = f->model->embed;
    return f->model;
}

struct model *model_random(struct backend *b, const struct model_config *c, uint64_t seed,
                           struct error *err)
{
    struct fill f = {.model = model_new(b, c), .err = err};
    rng_seed(&f.rng, seed, 1);
    return fill(&f);
}

static struct model *load_gguf(struct backend *b, const char *path, struct error *err)
{
    struct gguf *g = gguf_open(path, err);
    struct model_config c;
    if (!g || config_from_gguf(g, &c, err) != 0) {
        gguf_close(g);
        return NULL;
    }
    struct fill f = {.model = model_new(b, &c), .weights = gguf_weights(g), .gguf = true, .err = err};
    struct model *m = fill(&f);
    if (m && weights_find(gguf_weights(g), "rope_freqs.weight")) {
        float factors[HEAD_DIM_MAX / 2];
        if (weights_read(gguf_weights(g), "rope_freqs.weight", 0, (size_t)c.head_dim / 2, factors,
                         err) != 0) {
            model_free(m);
            m = NULL;
        }
        for (int i = 0; m && i < c.head_dim / 2; i++)
            m->freqs[i] /= factors[i];
    }
    gguf_close(g);
    return m;
}

static struct model *load_folder(struct backend *b, const char *path, struct error *err)
{
    struct str text = {0}, name = {0};
    struct model_config c;
    struct model *m = NULL;
    struct weight_set weights = {0};
    str_addf(&name, "%s/config.json", path);
    if (file_read(name.at, CONFIG_MAX, &text, err) == 0 &&
        config_from_json(str_slice(&text), &c, err) == 0 &&
        safetensors_read_folder(path, &weights, err) == 0) {
        struct fill f = {.model = model_new(b, &c), .weights = &weights, .err = err};
        m = fill(&f);
    }
    weights_free(&weights);
    str_free(&text);
    str_free(&name);
    return m;
}

struct model *model_load(struct backend *b, const char *path, struct error *err)
{
    size_t len = strlen(path);
    bool gguf = len > 5 && strcmp(path + len - 5, ".gguf") == 0;
    struct model *m = gguf ? load_gguf(b, path, err) : load_folder(b, path, err);
    if (!m)
        error_prefix(err, "model %s: ", path);
    return m;
}

struct train_all {
    struct model *model;
    struct params *list;
    struct error *err;
};

static int train_one(void *ctx, const char *name, float **value, float **grad, size_t rows, size_t cols)
{
    struct train_all *t = ctx;
    struct backend *b = t->model->backend;
    *grad = b->ops->alloc(b, (rows ? rows : 1) * cols, t->err);
    if (!*grad)
        return -1;
    params_add(t->list, name, *value, *grad, rows, cols);
    return 0;
}

int model_train_all(struct model *m, struct params *list, struct error *err)
{
    struct train_all t = {m, list, err};
    if (model_visit(m, train_one, &t) != 0)
        return -1;
    if (m->config.tied)
        m->head.dw = m->d_embed; /* both uses add up in one gradient */
    return 0;
}
