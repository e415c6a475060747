#include "trainer/model/model.h"

#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "base/file.h"
#include "base/mem.h"
#include "trainer/files/safetensors.h"
#include "trainer/model/gguf_order.h"
#include "trainer/model/shard.h"
#include "trainer/tensor/rng.h"

enum { NAME_BYTES = 128, CONFIG_MAX = 1 << 20 };

const char *const linear_names[LINEARS] = {"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj",
                                           "up_proj", "down_proj"};
const char *const linear_parents[LINEARS] = {"self_attn", "self_attn", "self_attn", "self_attn",
                                             "mlp", "mlp", "mlp"};

void params_add(struct params *list, const char *name, float *value, real *work, float *grad, size_t rows,
                size_t cols)
{
    list->items = array_reserve(list->items, &list->cap, list->count + 1, sizeof *list->items);
    list->items[list->count++] = (struct param){
        .name = mem_strdup(name),
        .value = value,
        .work = work,
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

static struct slot norm_slot(struct norm *n)
{
    return (struct slot){&n->w, &n->master, &n->dw, NULL};
}

static struct slot map_slot(struct linear *l)
{
    return (struct slot){&l->w, &l->master_w, &l->dw, l};
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
        result = visit(ctx, name, norm_slot(norms[i].norm), 0, norms[i].size);
    }
    for (int k = 0; k < LINEARS && result == 0; k++) {
        struct linear *lin = &l->linears[k];
        snprintf(name, sizeof name, "model.layers.%d.%s.%s.weight", index, linear_parents[k],
                 linear_names[k]);
        result = visit(ctx, name, map_slot(lin), (size_t)lin->out, (size_t)lin->in);
        if (k > LINEAR_V || !m->config.qkv_bias || result != 0)
            continue;
        snprintf(name, sizeof name, "model.layers.%d.self_attn.%s.bias", index, linear_names[k]);
        result = visit(ctx, name, (struct slot){&lin->bias, &lin->master_bias, &lin->dbias, NULL}, 0, (size_t)lin->out);
    }
    return result;
}

int model_visit(struct model *m, model_visit_fn *visit, void *ctx)
{
    size_t vocab = (size_t)m->config.vocab, d = (size_t)m->config.hidden;
    int result = visit(ctx, "model.embed_tokens.weight", (struct slot){&m->embed, &m->master_embed, &m->d_embed, NULL},
                       vocab, d);
    for (int i = 0; i < m->config.layers && result == 0; i++)
        result = visit_layer(m, i, visit, ctx);
    if (result == 0)
        result = visit(ctx, "model.norm.weight", norm_slot(&m->last), 0, d);
    if (result == 0 && !m->config.tied)
        result = visit(ctx, "lm_head.weight", (struct slot){&m->head.w, &m->head.master_w, &m->head.dw, NULL}, vocab, d);
    return result;
}

static void group_by_input(struct layer *l)
{
    static const int first[INPUTS + 1] = {LINEAR_Q, LINEAR_O, LINEAR_GATE, LINEAR_DOWN, LINEARS};
    for (int i = 0; i < INPUTS; i++)
        l->inputs[i] = (struct linears){.maps = &l->linears[first[i]], .count = first[i + 1] - first[i]};
}

int model_input_rank(const struct model *m, enum input_kind input)
{
    int widest = 0;
    for (int i = 0; i < m->config.layers; i++) {
        int r = linears_rank(&m->layers[i].inputs[input]);
        widest = r > widest ? r : widest;
    }
    return widest;
}

int model_widest_rank(const struct model *m)
{
    int widest = 0;
    for (int k = 0; k < INPUTS; k++) {
        int r = model_input_rank(m, k);
        widest = r > widest ? r : widest;
    }
    return widest;
}

/* GGUF interleaves the rows of a head of q and k; 64 numbers share a scale in 4 bits. */
static int unit_of(const struct model_config *c, int kind, int in)
{
    int unit = kind == LINEAR_Q || kind == LINEAR_K ? c->head_dim : 1;
    while ((long)unit * in % 64 != 0)
        unit *= 2;
    return unit;
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
            m->layers[i].linears[k].unit = unit_of(c, k, sizes[k][0]);
        }
        group_by_input(&m->layers[i]);
    }
    return m;
}

static int free_one(void *ctx, const char *name, struct slot s, size_t rows, size_t cols)
{
    struct backend *b = ctx;
    (void)name, (void)rows, (void)cols;
    pair_release(b, *s.value, *s.master);
    b->ops->release(b, *s.grad);
    if (s.map)
        b->ops->release(b, s.map->packed.at);
    return 0;
}

void model_free(struct model *m)
{
    if (!m)
        return;
    struct backend *b = m->backend;
    shard_end(m);
    model_visit(m, free_one, b);
    for (int i = 0; i < m->config.layers; i++) {
        for (int k = 0; k < INPUTS; k++) {
            struct linears *g = &m->layers[i].inputs[k];
            pair_release(b, g->a, g->master_a);
            b->ops->release(b, g->da);
        }
        for (int k = 0; k < LINEARS; k++) {
            struct low_rank *l = &m->layers[i].linears[k].lora;
            pair_release(b, l->b, l->master_b);
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
    bool *used;                       /* by number in weights */
    struct rng rng;
    float *host;
    size_t host_cap;
    struct error *err;
};

static float *host_room(struct fill *f, size_t count)
{
    if (count > f->host_cap) {
        f->host = mem_resize(f->host, count * sizeof *f->host);
        f->host_cap = count;
    }
    return f->host;
}

/* Rows of a tensor, and which of them are filled. */
struct part {
    size_t rows, cols; /* rows 0: of cols alone */
    struct rows own;
};

static size_t part_count(const struct part *p)
{
    return (p->rows ? p->own.count : 1) * p->cols;
}

static void fill_random(struct fill *f, const char *name, real *to, const struct part *p)
{
    size_t count = (p->rows ? p->rows : 1) * p->cols, from = p->own.first * p->cols;
    bool norm = strstr(name, "norm") != NULL, bias = strstr(name, ".bias") != NULL;
    float *host = host_room(f, count);
    for (size_t i = 0; i < count; i++)
        host[i] = norm ? 1.0F : bias ? 0.0F : (float)(0.02 * rng_normal(&f->rng));
    f->model->backend->ops->upload(f->model->backend, to, host + from, part_count(p));
}

/* From the file to the backend; rows that GGUF interleaves are put in order on the way. */
static int fill_read(struct fill *f, const char *name, real *to, const struct part *p)
{
    struct backend *b = f->model->backend;
    size_t count = part_count(p), before = 0;
    char other[GGUF_NAME_BYTES] = "";
    if (f->gguf)
        gguf_name(name, other);
    const struct weight *w = weights_want(f->weights, f->gguf ? other : name, p->rows, p->cols, f->err);
    if (!w)
        return -1;
    f->used[w - f->weights->items] = true;
    dtype_bytes(w->dtype, p->own.first * p->cols, &before);
    if (f->gguf && gguf_interleaves(f->model->config.family, name)) {
        float *host = host_room(f, count);
        dtype_read(w->dtype, w->data + before, count, host);
        gguf_deinterleave(host, count / p->cols, p->cols, (size_t)f->model->config.head_dim);
        b->ops->upload(b, to, host, count);
    } else {
        b->ops->read(b, to, w->dtype, w->data + before, count);
    }
    weights_done(f->weights, w);
    return 0;
}

/* The matrix in fewer bits, in its place. */
static int pack_one(struct fill *f, struct slot s, size_t rows, size_t cols)
{
    struct backend *b = f->model->backend;
    int result = b->ops->pack(b, *s.value, (int)rows, (int)cols, &s.map->packed, f->err);
    b->ops->release(b, *s.value);
    *s.value = NULL;
    return result;
}

static int fill_one(void *ctx, const char *name, struct slot s, size_t rows, size_t cols)
{
    struct fill *f = ctx;
    struct backend *b = f->model->backend;
    struct part p = {rows, cols, s.map ? shard_rows(b, s.map) : (struct rows){0, rows}};
    if (s.map)
        s.map->packed.bits = b->base_bits;
    *s.value = b->ops->alloc(b, part_count(&p), f->err);
    if (!*s.value)
        return -1;
    if (!f->weights)
        fill_random(f, name, *s.value, &p);
    else if (fill_read(f, name, *s.value, &p) != 0)
        return -1;
    return s.map && b->base_bits && p.own.count ? pack_one(f, s, p.own.count, cols) : 0;
}

/* What a model may hold that is computed here, or is the embedding once more. */
static bool harmless(const struct fill *f, const char *name)
{
    return strstr(name, "rotary_emb.inv_freq") || strcmp(name, "rope_freqs.weight") == 0 ||
           (f->model->config.tied && strcmp(name, "lm_head.weight") == 0);
}

/* A tensor that nobody asked for (a bias, a scale) would change what the model says: refused. */
static int check_all_used(const struct fill *f)
{
    for (size_t i = 0; f->weights && i < f->weights->count; i++) {
        const char *name = f->weights->items[i].name;
        if (!f->used[i] && !harmless(f, name))
            return error_set(f->err, ERR_INPUT, "the tensor %.100s is not known here for %s models", name,
                             f->model->config.family);
    }
    return 0;
}

static struct model *fill(struct fill *f)
{
    f->used = f->weights ? mem_zalloc(f->weights->count + 1, sizeof *f->used) : NULL;
    int result = model_visit(f->model, fill_one, f);
    if (result == 0)
        result = check_all_used(f);
    if (result == 0)
        result = shard_begin(f->model, f->err);
    mem_free(f->host);
    mem_free(f->used);
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

struct model *model_shell(struct backend *b, const struct model_config *c)
{
    return model_new(b, c);
}

/* The file's own RoPE factors: each frequency is divided by one. */
static int read_rope_factors(const struct gguf *g, struct model *m, struct error *err)
{
    float factors[HEAD_DIM_MAX / 2];
    size_t half = (size_t)m->config.head_dim / 2;
    if (!weights_find(gguf_weights(g), "rope_freqs.weight"))
        return 0;
    if (weights_read(gguf_weights(g), "rope_freqs.weight", 0, half, factors, err) != 0)
        return -1;
    for (size_t i = 0; i < half; i++) {
        if (!(factors[i] > 0))
            return error_set(err, ERR_INPUT, "rope_freqs.weight holds a factor that is not above 0");
        m->freqs[i] /= factors[i];
    }
    config_name_rope(&m->config, m->freqs);
    return 0;
}

static struct model *load_gguf(struct backend *b, const char *path, const struct model_config *c,
                               struct error *err)
{
    struct gguf *g = gguf_open(path, err);
    if (!g)
        return NULL;
    struct fill f = {.model = model_new(b, c), .weights = gguf_weights(g), .gguf = true, .err = err};
    struct model *m = fill(&f);
    if (m && read_rope_factors(g, m, err) != 0) {
        model_free(m);
        m = NULL;
    }
    gguf_close(g);
    return m;
}

static struct model *load_folder(struct backend *b, const char *path, const struct model_config *c,
                                 struct error *err)
{
    struct model *m = NULL;
    struct weight_set weights = {0};
    if (safetensors_read_folder(path, &weights, err) == 0) {
        struct fill f = {.model = model_new(b, c), .weights = &weights, .err = err};
        m = fill(&f);
    }
    weights_free(&weights);
    return m;
}

static bool is_gguf(const char *path)
{
    size_t len = strlen(path);
    return len > 5 && strcmp(path + len - 5, ".gguf") == 0;
}

static int config_of_gguf(const char *path, struct model_config *c, struct error *err)
{
    struct gguf *g = gguf_open(path, err);
    int result = g ? config_from_gguf(g, c, err) : -1;
    gguf_close(g);
    return result;
}

static int config_of_folder(const char *path, struct model_config *c, struct error *err)
{
    struct str text = {0}, name = {0};
    str_addf(&name, "%s/config.json", path);
    int result = file_read(name.at, CONFIG_MAX, &text, err);
    if (result == 0)
        result = config_from_json(str_slice(&text), c, err);
    str_free(&text);
    str_free(&name);
    return result;
}

int model_config_of(const char *path, struct model_config *c, struct error *err)
{
    int result = (is_gguf(path) ? config_of_gguf : config_of_folder)(path, c, err);
    return result == 0 ? 0 : error_prefix(err, "model %s: ", path);
}

struct model *model_load(struct backend *b, const char *path, struct error *err)
{
    struct model_config c = {0};
    if (model_config_of(path, &c, err) != 0)
        return NULL;
    struct model *m = (is_gguf(path) ? load_gguf : load_folder)(b, path, &c, err);
    if (!m)
        error_prefix(err, "model %s: ", path);
    return m;
}

struct train_all {
    struct model *model;
    struct params *list;
    struct error *err;
};

static int train_one(void *ctx, const char *name, struct slot s, size_t rows, size_t cols)
{
    struct train_all *t = ctx;
    struct backend *b = t->model->backend;
    size_t count = (rows ? rows : 1) * cols;
    if (!(*s.grad = b->ops->alloc_f32(b, count, t->err)) ||
        !(*s.master = b->ops->master(b, *s.value, count, t->err)))
        return -1;
    params_add(t->list, name, *s.master, *s.value, *s.grad, rows, cols);
    return 0;
}

int model_train_all(struct model *m, struct params *list, struct error *err)
{
    struct train_all t = {m, list, err};
    if (m->backend->base_bits)
        return error_set(err, ERR_USAGE, "weights in %d bits cannot train: --full needs --base-bits 16",
                         m->backend->base_bits);
    if (model_visit(m, train_one, &t) != 0)
        return -1;
    if (m->config.tied)
        m->head.dw = m->d_embed; /* both uses add up in one gradient */
    return 0;
}
