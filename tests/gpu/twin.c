/*
 * Every op of the CUDA backend beside its twin on the CPU, on fresh random inputs: tests/gpu/run calls it on a machine
 * with a GPU; `make check` links it with the CUDA of tests/gpu/emulate, which runs the same kernels on the CPU.
 *
 *     twin [--large] [--only PART] [--seed N] [--json FILE] [--device N] [--golden DIR]
 *
 * PART is rows, products, attention, losses, models, quant, graphs or golden; the last compares with what transformers and PEFT said of
 * the models in DIR (tests/golden). Inputs are rounded to bf16 first, so that both sides begin with the same numbers. Compared is |gpu - cpu| / |cpu|
 * over the whole result: 1e-2 where results are bf16, 1e-5 where they are fp32 all the way. Each op runs several times
 * and must give the same bits; here the order in which threads run is changed from time to time.
 */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "tests/gpu/twin.h"

struct twin {
    struct side sides[SIDES];
    struct rng rng;
    bool large, failed;
    int cases;
    FILE *json;
    const char *golden;
    int device;
};

#ifdef CUDA_EMULATED
#include <cuda_runtime_api.h>
void twin_order(int turn)
{
    emulate_order((unsigned)turn);
}
/* The GPU that is emulated becomes a Hopper. */
static bool other_attention(void)
{
    emulate_capability(90);
    return true;
}
#else
/* A Hopper takes the kernels for Ampere; on another GPU nothing changes. */
static bool other_attention(void)
{
    return setenv("HINGE_ATTENTION", "ampere", 1) == 0;
}

void twin_order(int turn)
{
    (void)turn;
}
#endif

bool twin_large(const struct twin *t)
{
    return t->large;
}

const char *twin_folder(const struct twin *t)
{
    return t->golden;
}

int twin_device(const struct twin *t)
{
    return t->device;
}

struct side *twin_side(struct twin *t, int which)
{
    return &t->sides[which];
}

static float rounded(float x)
{
    unsigned u;
    memcpy(&u, &x, sizeof u);
    u = (u + 0x7fffU + (u >> 16 & 1U)) & 0xffff0000U;
    memcpy(&x, &u, sizeof u);
    return x;
}

int twin_below(struct twin *t, int n)
{
    return (int)rng_below(&t->rng, (uint32_t)n);
}

struct pair twin_numbers(struct twin *t, size_t count, double scale)
{
    struct error err = {0};
    struct pair p = {.count = count};
    float *host = mem_alloc((count + 1) * sizeof *host);
    for (size_t i = 0; i < count; i++)
        host[i] = rounded((float)(scale * rng_normal(&t->rng)));
    for (int s = 0; s < SIDES; s++) {
        struct backend *b = t->sides[s].backend;
        p.at[s] = b->ops->alloc(b, count, &err);
        if (!p.at[s]) {
            fprintf(stderr, "twin: %s\n", err.text);
            exit(2);
        }
        b->ops->upload(b, p.at[s], host, count);
    }
    mem_free(host);
    return p;
}

struct pair twin_floats(struct twin *t, size_t count, double scale)
{
    struct error err = {0};
    struct pair p = {.count = count, .f32 = true};
    float *host = mem_alloc((count + 1) * sizeof *host);
    for (size_t i = 0; i < count; i++)
        host[i] = (float)(scale * rng_normal(&t->rng));
    for (int s = 0; s < SIDES; s++) {
        struct backend *b = t->sides[s].backend;
        p.at[s] = b->ops->alloc_f32(b, count, &err);
        if (!p.at[s]) {
            fprintf(stderr, "twin: %s\n", err.text);
            exit(2);
        }
        b->ops->upload_f32(b, p.at[s], host, count);
    }
    mem_free(host);
    return p;
}

void twin_release(struct twin *t, const struct pair *pairs, int count)
{
    for (int i = 0; i < count; i++) {
        for (int s = 0; s < SIDES; s++)
            t->sides[s].backend->ops->release(t->sides[s].backend, pairs[i].at[s]);
    }
}

float *twin_host(struct twin *t, int side, const struct pair *p)
{
    struct backend *b = t->sides[side].backend;
    float *host = mem_alloc((p->count + 1) * sizeof *host);
    if (p->f32)
        b->ops->download_f32(b, host, p->at[side], p->count);
    else
        b->ops->download(b, host, p->at[side], p->count);
    return host;
}

static void say(struct twin *t, const char *name, double off, double most, bool same)
{
    bool good = off <= most && same; /* a NaN is not */
    t->cases++;
    t->failed = t->failed || !good;
    printf("%-58s %9.2g of %-7.2g %s%s\n", name, off, most, same ? "" : "other bits when repeated ", good ? "ok" : "FAILED");
    if (!t->json)
        return;
    fprintf(t->json, "%s\n{\"op\":\"%s\",\"error\":%s%.4g%s,\"most\":%g,\"same_bits\":%s,\"ok\":%s}", t->cases > 1 ? "," : "",
            name, isfinite(off) ? "" : "\"", off, isfinite(off) ? "" : "\"", most, same ? "true" : "false",
            good ? "true" : "false");
}

double twin_distance(const float *a, const float *b, size_t count, double least)
{
    double off = 0, size = 0;
    for (size_t i = 0; i < count; i++) {
        off += ((double)a[i] - b[i]) * ((double)a[i] - b[i]);
        size += (double)b[i] * b[i];
    }
    double floor = least * least * (double)count;
    size = size > floor ? size : floor;
    return sqrt(off) / (size > 0 ? sqrt(size) : 1);
}

void twin_compare(struct twin *t, const char *name, const float *gpu, const float *again, const float *cpu, size_t count,
                  double most)
{
    say(t, name, twin_distance(gpu, cpu, count, 0), most, memcmp(gpu, again, count * sizeof *gpu) == 0);
}

/* Gives outs their numbers back. */
static void restore(struct twin *t, struct pair *outs, int count, float *const *was)
{
    struct backend *b = t->sides[GPU].backend;
    for (int i = 0; i < count; i++) {
        if (outs[i].f32)
            b->ops->upload_f32(b, outs[i].at[GPU], was[i], outs[i].count);
        else
            b->ops->upload(b, outs[i].at[GPU], was[i], outs[i].count);
    }
}

void twin_run(struct twin *t, twin_op *op, const void *ctx, struct pair *outs, int count, double most,
              const char *format, ...)
{
    char name[128];
    float *was[OUTS_MAX], *first[OUTS_MAX];
    bool same = true;
    va_list args;
    va_start(args, format);
    vsnprintf(name, sizeof name, format, args);
    va_end(args);
    for (int i = 0; i < count; i++)
        was[i] = twin_host(t, GPU, &outs[i]);
    op(t->sides[CPU].backend, CPU, ctx);
    for (int turn = 0; turn < REPEATS; turn++) {
        if (turn)
            restore(t, outs, count, was);
        twin_order(turn);
        op(t->sides[GPU].backend, GPU, ctx);
        for (int i = 0; i < count; i++) {
            float *now = twin_host(t, GPU, &outs[i]);
            if (turn == 0) {
                first[i] = now;
                continue;
            }
            same = same && memcmp(first[i], now, outs[i].count * sizeof *now) == 0;
            mem_free(now);
        }
    }
    twin_order(0);
    double worst = 0;
    for (int i = 0; i < count; i++) {
        float *want = twin_host(t, CPU, &outs[i]);
        double off = twin_distance(first[i], want, outs[i].count, outs[i].least);
        worst = off > worst || isnan(off) ? off : worst;
        mem_free(want);
        mem_free(was[i]);
        mem_free(first[i]);
    }
    say(t, name, worst, most, same);
}

static int finish(struct twin *t)
{
    struct error err = {0};
    struct backend *b = t->sides[GPU].backend;
    int failed = b->ops->finish(b, &err);
    if (failed)
        fprintf(stderr, "twin: %s\n", err.text);
    bool kept = b->bytes != (size_t)b->program;
    if (kept)
        fprintf(stderr, "twin: %.0f bytes were not given back\n", (double)b->bytes - b->program);
    printf("%d comparisons on %s: %s\n", t->cases, b->name, t->failed || failed ? "FAILED" : "all good");
    return t->failed || failed || kept;
}

static const struct {
    const char *name;
    void (*run)(struct twin *t);
} parts[] = {{"rows", twin_rows},
             {"products", twin_products},
             {"attention", twin_attention},
             {"losses", twin_losses},
             {"models", twin_models},
             {"golden", twin_golden},
             {"quant", twin_quant},
             {"graphs", twin_graphs}};

/* Attention, whole models and repeated ops once more, over the other kernels. */
static int again(struct twin *t, const char *only)
{
    struct error err = {0};
    if (!other_attention() || (only && strcmp(only, "attention") != 0 && strcmp(only, "models") != 0 &&
                               strcmp(only, "graphs") != 0))
        return 0;
    t->sides[GPU].backend = cuda_backend_new(t->device, &err);
    if (!t->sides[GPU].backend) {
        fprintf(stderr, "twin: %s\n", err.text);
        return 2;
    }
    printf("the other kernels of attention\n");
    if (!only || strcmp(only, "attention") == 0)
        twin_attention(t);
    if (!only || strcmp(only, "models") == 0)
        twin_models(t);
    if (!only || strcmp(only, "graphs") == 0)
        twin_graphs(t);
    int result = finish(t);
    backend_free(t->sides[GPU].backend);
    return result;
}

int main(int argc, char **argv)
{
#ifdef GOLDEN
    struct twin t = {.golden = GOLDEN};
#else
    struct twin t = {0};
#endif
    struct error err = {0};
#ifdef CUDA_EMULATED
    unsigned long long seed = 1; /* make check says the same every time */
#else
    unsigned long long seed = (unsigned long long)time(NULL);
#endif
    const char *json = NULL, *only = NULL;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--large") == 0)
            t.large = true;
        else if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc)
            seed = strtoull(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--json") == 0 && i + 1 < argc)
            json = argv[++i];
        else if (strcmp(argv[i], "--only") == 0 && i + 1 < argc)
            only = argv[++i];
        else if (strcmp(argv[i], "--golden") == 0 && i + 1 < argc)
            t.golden = argv[++i];
        else if (strcmp(argv[i], "--device") == 0 && i + 1 < argc)
            t.device = atoi(argv[++i]);
    }
    if (!cuda_built() || cuda_device_count() == 0) {
        fprintf(stderr, "twin: skipped: %s\n", cuda_built() ? "no GPU is here" : "built without CUDA");
        return 77;
    }
    t.sides[CPU].backend = cpu_backend_new(0);
    t.sides[GPU].backend = cuda_backend_new(t.device, &err);
    if (!t.sides[GPU].backend) {
        fprintf(stderr, "twin: %s\n", err.text);
        return 2;
    }
    t.json = json ? fopen(json, "we") : NULL;
    if (t.json)
        fprintf(t.json, "[");
    printf("seed %llu\n", seed);
    rng_seed(&t.rng, seed, 7);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (!only || strcmp(only, parts[i].name) == 0)
            parts[i].run(&t);
    }
    int result = finish(&t);
    backend_free(t.sides[GPU].backend);
    result = again(&t, only) || result;
    backend_free(t.sides[CPU].backend);
    if (t.json)
        fprintf(t.json, "\n]\n");
    if (t.json && fclose(t.json) != 0)
        result = 2;
    return result;
}
