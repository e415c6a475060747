/* UTF-8 and what Unicode says of any bytes: decoding, repair, clusters, forms, visible text. */
#include <stdint.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "text/unicode.h"
#include "text/visible.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void check_clusters(struct slice text)
{
    size_t at = 0;
    while (at < text.len) {
        size_t len = unicode_grapheme(text, at);
        must(len > 0 && at + len <= text.len);
        must(unicode_grapheme_width(slice_sub(text, at, at + len)) <= 2);
        at += len;
    }
}

static void check_visible(struct slice text)
{
    struct str out = {0};
    visible_text(&out, text);
    must(utf8_valid(str_slice(&out)));
    for (size_t i = 0; i < out.len; i++)
        must((unsigned char)out.at[i] >= 0x20 && out.at[i] != 0x7F);
    str_free(&out);
}

static void check_forms(struct slice text)
{
    struct str once = {0}, twice = {0};
    unicode_compose(&once, text);
    unicode_compose(&twice, str_slice(&once));
    must(slice_eq(str_slice(&once), str_slice(&twice)));
    str_clear(&once);
    unicode_fold(&once, text);
    str_clear(&once);
    unicode_decompose(&once, text);
    str_free(&once);
    str_free(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = {(const char *)data, size};
    struct str repaired = {0};
    size_t faults = utf8_repair(&repaired, text);
    must(utf8_valid(str_slice(&repaired)));
    must((faults == 0) == utf8_valid(text));
    must(utf8_count(text) == utf8_count(str_slice(&repaired)));
    check_clusters(text);
    check_visible(text);
    check_forms(str_slice(&repaired));
    check_forms(text);
    str_free(&repaired);
    return 0;
}
