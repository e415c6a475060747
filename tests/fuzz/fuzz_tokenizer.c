/* tokenizer.json from arbitrary bytes; what is accepted encodes and decodes. */
#include <stdint.h>

#include "base/str.h"
#include "base/utf8.h"
#include "trainer/tokenizer/tokenizer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err = {0};
    struct ids ids = {0};
    struct str back = {0}, json = {0};
    utf8_repair(&json, (struct slice){(const char *)data, size});
    struct tokenizer *t = tokenizer_from_json(str_slice(&json), &err);
    if (t && tokenizer_encode(t, str_slice(&json), &ids, &err) == 0)
        tokenizer_decode(t, ids.items, ids.count, false, &back);
    tokenizer_free(t);
    ids_free(&ids);
    str_free(&back);
    str_free(&json);
    return 0;
}
