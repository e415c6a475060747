/* Any bytes as a file to import: nothing may crash, and a record that was accepted must come out
 * of its own line again. The first byte chooses the format, so that all converters are reached. */
#include <stdint.h>
#include <stdlib.h>

#include "pipeline/reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_line_is_stable(const struct record *r)
{
    struct str once = {0}, twice = {0};
    struct record again = {0};
    struct error err = {0};
    record_print(&once, r);
    if (record_parse(&again, str_slice(&once), NULL, &err) != 0)
        abort();
    record_print(&twice, &again);
    if (!slice_eq(str_slice(&once), str_slice(&twice)))
        abort();
    str_free(&once);
    str_free(&twice);
    record_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"hinge", "argilla", "labelstudio",
                                        "prodigy", "chat", "csv", NULL};
    if (size == 0)
        return 0;
    const char *name = names[data[0] % 7];
    struct error err = {0};
    struct reader *r = reader_of((struct slice){(const char *)data + 1, size - 1},
                                 name ? format_find(name) : NULL, &err);
    enum source_result result = r ? SOURCE_ITEM : SOURCE_END;
    while (result == SOURCE_ITEM || result == SOURCE_REFUSED) {
        struct record rec = {0};
        result = reader_next(r, &rec, &err);
        if (result == SOURCE_ITEM)
            check_line_is_stable(&rec);
        record_free(&rec);
    }
    reader_close(r);
    return 0;
}
