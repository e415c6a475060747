/* What a training takes of memory, settled before any of it is there. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "trainer/run/fit.h"
#include "trainer/run/peak.h"

/* Tokens of the longest example: it is computed at once, however few --row-tokens are. */
static int longest_example(const struct fit *f, bool share)
{
    const struct examples *lists[] = {&f->data, &f->valid};
    size_t longest = 0;
    for (size_t l = 0; l < 2; l++) {
        for (size_t i = 0; i < lists[l]->count; i++) {
            size_t rows = example_rows(&lists[l]->items[i], share);
            longest = rows > longest ? rows : longest;
        }
    }
    return (int)longest;
}

/* The adapter that is trained: a new one's options, or those of one that is there. */
static int adapter_options(struct fit *f, struct error *err)
{
    const char *path = option(f->options, "adapter");
    if (f->full || !path) {
        f->asked.lora = f->lora;
        return 0;
    }
    struct model *shell = model_shell(f->session.backend, &f->session.config);
    int result = lora_describe(shell, path, &f->asked.lora, err);
    model_free(shell);
    return result;
}

/* Layers that keep their activations, as --recompute says. */
static int choose_kept(struct fit *f, struct error *err)
{
    const char *text = option(f->options, "recompute");
    int layers = f->session.config.layers;
    if (strcmp(text, "auto") == 0)
        f->asked.kept = plan_choose(&f->asked);
    else if (strcmp(text, "on") == 0)
        f->asked.kept = PASS_CHECKPOINT;
    else if (strcmp(text, "off") == 0)
        f->asked.kept = layers;
    else {
        long again = strtol(text, NULL, 10);
        if (again > layers)
            return error_set(err, ERR_USAGE, "--recompute %.20s: the model has %d layers", text, layers);
        f->asked.kept = again < layers ? layers - (int)again : PASS_CHECKPOINT; /* the last is there when it is needed */
    }
    return 0;
}

static int too_large(const struct fit *f, int longest, double room, struct error *err)
{
    struct str advice = {0};
    double held = (double)f->session.backend->bytes, need = plan_total(&f->plan) - held;
    plan_advise(&f->asked, longest, room, &advice);
    error_set(err, ERR_LIMIT, "this training needs %.2f GB and %.2f GB are free. %s%s", need * 1e-9, (room - held) * 1e-9,
              advice.len ? "What would fit: " : "No fewer tokens at once and no smaller rank would fit", str_z(&advice));
    str_free(&advice);
    return -1;
}

int fit_plan(struct fit *f, struct error *err)
{
    struct backend *b = f->session.backend;
    int longest = longest_example(f, !option_flag(f->options, "no-share"));
    f->asked = (struct plan_request){
        .config = &f->session.config, .backend = b, .base_bits = b->base_bits, .full = f->full,
        .rows = longest > f->row_tokens ? longest : f->row_tokens,
    };
    if (f->full && b->base_bits)
        return error_set(err, ERR_USAGE, "weights in %d bits cannot train: --full needs --base-bits 16", b->base_bits);
    if (adapter_options(f, err) != 0 || choose_kept(f, err) != 0)
        return -1;
    f->plan = plan_of(&f->asked);
    double room = plan_room(b);
    f->memory_limit = isfinite(room) ? room : 0;
    if (plan_total(&f->plan) > room)
        return too_large(f, longest, room, err);
    f->peak = peak_rate(b); /* its matrices are gone before memory is taken */
    return b->ops->reserve ? b->ops->reserve(b, plan_total(&f->plan) - (double)b->bytes, f->plan.scratch, err) : 0;
}
