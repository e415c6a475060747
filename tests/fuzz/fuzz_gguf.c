/* The GGUF reader on arbitrary bytes: tensors, configuration and tokenizer of what it accepts are read. */
#include <stdint.h>
#include <stdlib.h>

#include "trainer/files/gguf.h"
#include "trainer/model/config.h"
#include "trainer/tokenizer/tokenizer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_all(const struct weight_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        float *out = malloc(set->items[i].count * sizeof *out + 1);
        dtype_read(set->items[i].dtype, set->items[i].data, set->items[i].count, out);
        free(out);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err = {0};
    struct gguf *g = gguf_parse((struct slice){(const char *)data, size}, &err);
    if (g) {
        struct model_config c;
        read_all(gguf_weights(g));
        config_from_gguf(g, &c, &err);
        tokenizer_free(tokenizer_from_gguf(g, &err));
    }
    gguf_close(g);
    return 0;
}
