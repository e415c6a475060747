#include "trainer/model/gguf_order.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"

void gguf_name(const char *name, char out[GGUF_NAME_BYTES])
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
    out[0] = '\0';
    for (size_t i = 0; dot && i < sizeof map / sizeof *map; i++) {
        if (strlen(map[i].suffix) != (size_t)(dot - rest) ||
            strncmp(map[i].suffix, rest, (size_t)(dot - rest)) != 0)
            continue;
        if (in_layer)
            snprintf(out, GGUF_NAME_BYTES, "blk.%d.%s%s", layer, map[i].gguf, dot);
        else
            snprintf(out, GGUF_NAME_BYTES, "%s%s", map[i].gguf, dot);
    }
}

bool gguf_interleaves(const char *family, const char *name)
{
    return strcmp(family, "llama") == 0 &&
           (strstr(name, "q_proj.weight") != NULL || strstr(name, "k_proj.weight") != NULL);
}

/* Row 2 i + half of an interleaved head is row half * head_dim / 2 + i of the other order. */
static void turn(float *w, size_t rows, size_t cols, size_t head_dim, bool interleave)
{
    float *head = mem_alloc(head_dim * cols * sizeof *head);
    for (size_t start = 0; start < rows; start += head_dim, w += head_dim * cols) {
        memcpy(head, w, head_dim * cols * sizeof *head);
        for (size_t i = 0; i < head_dim / 2; i++) {
            for (size_t half = 0; half < 2; half++) {
                size_t apart = half * head_dim / 2 + i, mixed = 2 * i + half;
                memcpy(w + (interleave ? mixed : apart) * cols, head + (interleave ? apart : mixed) * cols,
                       cols * sizeof *w);
            }
        }
    }
    mem_free(head);
}

void gguf_deinterleave(float *w, size_t rows, size_t cols, size_t head_dim)
{
    turn(w, rows, cols, head_dim, false);
}

void gguf_interleave(float *w, size_t rows, size_t cols, size_t head_dim)
{
    turn(w, rows, cols, head_dim, true);
}
