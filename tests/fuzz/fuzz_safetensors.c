/* The safetensors reader on arbitrary bytes: what it accepts must be readable to the last byte. */
#include <stdint.h>
#include <stdlib.h>

#include "trainer/files/safetensors.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct weight_set set = {0};
    struct error err = {0};
    if (safetensors_parse((struct slice){(const char *)data, size}, &set, &err) == 0) {
        for (size_t i = 0; i < set.count; i++) {
            float *out = malloc(set.items[i].count * sizeof *out + 1);
            dtype_read(set.items[i].dtype, set.items[i].data, set.items[i].count, out);
            free(out);
        }
    }
    weights_free(&set);
    return 0;
}
